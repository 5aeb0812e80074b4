//! More connections than there may be: who makes room, and who is left in peace.

use super::*;
use crate::kit::{connect_from, Flood};

const HELLO: &[u8] = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

/// A connection from 127.0.0.`source` that has been answered once, and is idle.
pub(super) async fn idle(server: &Server, source: u8) -> Async<TcpStream> {
    let mut stream = Async::new(connect_from(source, server.local_addr())).unwrap();
    greet(&mut stream).await;
    stream
}

pub(super) async fn greet(stream: &mut Async<TcpStream>) {
    stream.write_all(HELLO).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"hello") {
        let mut byte = [0];
        stream.read_exact(&mut byte).await.unwrap();
        answer.push(byte[0]);
    }
    assert!(answer.starts_with(b"HTTP/1.1 200 "));
}

/// A connection that is being answered, for as long as it does not read.
async fn answered(server: &Server) -> Async<TcpStream> {
    let mut stream = connect(server).await;
    let request = b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n";
    stream.write_all(request).await.unwrap();
    stream.read_exact(&mut [0; 12]).await.unwrap();
    stream
}

#[test]
fn only_when_all_are_being_answered_and_nobody_may_wait_is_one_more_refused() {
    let limits = Limits {
        connections: 2,
        waiting: 0,
        ..patient()
    };
    with_server(limits, |server| async move {
        let open = [answered(&server).await, answered(&server).await];
        let mut refused = Vec::new();
        for _ in 0..16 {
            let mut stream = connect(&server).await;
            let mut answer = vec![0; 12];
            stream.read_exact(&mut answer).await.unwrap();
            assert_eq!(answer, b"HTTP/1.1 503");
            refused.push(stream);
        }
        // There is an end to courtesy.
        assert_eq!(rest(&mut connect(&server).await).await, "");
        let mut last = refused.pop().unwrap();
        assert!(rest(&mut last).await.contains("\"code\":\"E008\""));
        drop((open, refused, last));
        // The places are free again as soon as the server has seen the ends.
        loop {
            let mut stream = connect(&server).await;
            let mut answer = vec![0; 12];
            let asked = stream.write_all(HELLO).await.is_ok();
            let read = stream.read_exact(&mut answer).await.is_ok();
            if asked && read && answer == b"HTTP/1.1 200" {
                return;
            }
        }
    });
}

#[test]
fn a_client_with_all_it_may_have_gives_up_what_waited_longest() {
    let limits = Limits {
        connections_per_client: 3,
        ..patient()
    };
    with_server(limits, |server| async move {
        let running = answered(&server).await;
        let mut first = idle(&server, 1).await;
        let mut second = idle(&server, 1).await;
        let mut other = idle(&server, 2).await;
        // Now the second has waited longer.
        greet(&mut first).await;
        let mut newcomer = idle(&server, 1).await;
        assert_eq!(rest(&mut second).await, "");
        for stream in [&mut first, &mut other, &mut newcomer] {
            greet(stream).await;
        }
        drop(running);
    });
}

#[test]
fn a_trusted_peer_may_have_more() {
    let limits = Limits {
        connections_per_client: 1,
        trusted: Rc::new(|peer| peer == std::net::Ipv4Addr::new(127, 0, 0, 2)),
        ..patient()
    };
    with_server(limits, |server| async move {
        let mut proxy = [idle(&server, 2).await, idle(&server, 2).await];
        let mut first = idle(&server, 3).await;
        let _second = idle(&server, 3).await;
        assert_eq!(rest(&mut first).await, "");
        for stream in &mut proxy {
            greet(stream).await;
        }
    });
}

#[test]
fn a_full_house_is_cleared_from_the_client_that_has_most() {
    let limits = Limits {
        connections: 4,
        ..patient()
    };
    with_server(limits, |server| async move {
        let mut modest = idle(&server, 1).await;
        let mut greedy = Vec::new();
        for _ in 0..3 {
            greedy.push(idle(&server, 2).await);
        }
        let mut newcomer = idle(&server, 3).await;
        assert_eq!(rest(&mut greedy.remove(0)).await, "");
        for stream in greedy.iter_mut().chain([&mut modest, &mut newcomer]) {
            greet(stream).await;
        }
    });
}

/// Reads numbers of `/live`; each must be one more than the last.
async fn watch(stream: &mut Async<TcpStream>, next: &mut u32) {
    let mut piece = [0; 64 * 1024];
    stream.read_exact(&mut piece).await.unwrap();
    for number in piece.chunks_exact(4) {
        assert_eq!(number, next.to_le_bytes(), "a gap");
        *next += 1;
    }
}

#[test]
fn a_thousand_slow_connections_hurt_neither_a_stream_nor_a_request() {
    with_server(patient(), |server| async move {
        let mut viewer = connect(&server).await;
        let request = b"GET /live HTTP/1.1\r\nHost: a\r\n\r\n";
        viewer.write_all(request).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            viewer.read_exact(&mut byte).await.unwrap();
            head.push(byte[0]);
        }
        let mut next = 0;
        let mut flood = Flood::new(server.local_addr());
        for _ in 0..50 {
            flood.rise(20);
            flood.drip();
            watch(&mut viewer, &mut next).await;
            let (head, body) = ask(&server, "GET /hello", "").await;
            assert!(
                head.starts_with("HTTP/1.1 200 ") && body == "hello",
                "{head}"
            );
        }
        let open = flood.open();
        // An eighth of the line, and some of the places.
        let share = |count| (1..=64 + 64).contains(count);
        assert!(open.values().all(share), "{open:?}");
        let all: usize = open.values().sum();
        assert!((200..256 + 512).contains(&all), "{open:?}");
        watch(&mut viewer, &mut next).await;
        drop((flood, viewer));
        // Comes to an end only when every connection has.
        server.stop(PATIENT).await;
    });
}

#[test]
fn a_flood_from_one_address_is_held_at_what_one_client_may_have() {
    let limits = Limits {
        connections_per_client: 5,
        waiting: 8 * 3,
        ..patient()
    };
    with_server(limits, |server| async move {
        let mut flood = Flood::new(server.local_addr());
        flood.rise(200);
        ask(&server, "GET /hello", "").await;
        let open = flood.open();
        assert!(open.values().all(|count| *count <= 5 + 3), "{open:?}");
        assert!(open.values().sum::<usize>() >= 8 * 5 - 1, "{open:?}");
    });
}

#[test]
fn a_request_that_came_before_a_flood_is_answered_before_it() {
    let limits = Limits {
        connections_per_client: 5,
        ..patient()
    };
    with_server(limits, |server| async move {
        let mut stream = connect_from(1, server.local_addr());
        std::io::Write::write_all(&mut stream, HELLO).unwrap();
        // All of this waits to be accepted: the server has its turn when we wait for it.
        let mut flood = Flood::new(server.local_addr());
        flood.rise(200);
        let answer = rest(&mut Async::new(stream).unwrap()).await;
        assert_eq!(statuses(&answer), ["200"]);
    });
}
