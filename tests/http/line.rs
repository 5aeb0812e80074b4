//! Who waits for a place, and who gets it.

use super::flood::{greet, idle};
use super::*;
use crate::kit::connect_from;

/// What the requests for `/held` wait for.
struct Held {
    /// A message for each that has come.
    came: async_channel::Receiver<()>,
    /// A message lets one of them go, the end of the channel all.
    go: async_channel::Sender<()>,
}

/// A server whose answers to `/held` are held until the test lets them go.
fn with_held<T: Future<Output = ()>>(limits: Limits, test: impl FnOnce(Server, Held) -> T) {
    let (comes, came) = async_channel::unbounded();
    let (go, goes) = async_channel::unbounded();
    let held = Route::get("/held", move |_, _| {
        let (comes, goes) = (comes.clone(), goes.clone());
        async move {
            comes.send(()).await.unwrap();
            let _ = goes.recv().await;
            Reply::new(200, "text/plain", "held".to_owned())
        }
    });
    let hello = Route::get("/hello", |_, _| async {
        Reply::new(200, "text/plain", "hello".to_owned())
    });
    with_router(Router::new(vec![held, hello]), limits, |server| {
        test(server, Held { came, go })
    });
}

/// A connection from 127.0.0.`source` that has asked.
async fn asks(server: &Server, source: u8, path: &str) -> Async<TcpStream> {
    let mut stream = Async::new(connect_from(source, server.local_addr())).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Whoever came before this has been accepted after it. Needs a place for 127.0.0.9.
async fn all_accepted(server: &Server) {
    greet(&mut idle(server, 9).await).await;
}

async fn is_answered(stream: &mut Async<TcpStream>, status: &str) {
    assert_eq!(statuses(&rest(stream).await), [status]);
}

#[test]
fn five_hundred_requests_at_once_from_one_address_are_all_answered() {
    let limits = Limits {
        patience_for_place: PATIENT,
        ..Limits::default()
    };
    with_held(limits, |server, held| async move {
        let mut all = Vec::new();
        for _ in 0..500 {
            all.push(connect(&server).await);
        }
        // The last ones speak first.
        for stream in all.iter_mut().rev() {
            let request = b"GET /held HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
            stream.write_all(request).await.unwrap();
        }
        for _ in 0..64 {
            held.came.recv().await.unwrap();
        }
        all_accepted(&server).await;
        assert!(held.came.is_empty(), "more than one client may have");
        drop(held.go);
        for stream in &mut all {
            is_answered(stream, "200").await;
        }
    });
}

#[test]
fn one_place_that_is_free_goes_to_the_first_in_the_line() {
    let limits = Limits {
        connections_per_client: 1,
        ..patient()
    };
    with_held(limits, |server, held| async move {
        let mut first = asks(&server, 1, "/held").await;
        held.came.recv().await.unwrap();
        let mut second = asks(&server, 1, "/held").await;
        all_accepted(&server).await;
        let mut third = asks(&server, 1, "/hello").await;
        all_accepted(&server).await;
        held.go.send(()).await.unwrap();
        is_answered(&mut first, "200").await;
        held.came.recv().await.unwrap();
        let unheard = smol::future::poll_once(third.read(&mut [0])).await;
        assert!(unheard.is_none());
        held.go.send(()).await.unwrap();
        is_answered(&mut second, "200").await;
        is_answered(&mut third, "200").await;
    });
}

#[test]
fn a_connection_that_has_been_answered_gives_up_its_place() {
    let limits = Limits {
        connections: 1,
        ..patient()
    };
    with_held(limits, |server, held| async move {
        let mut keeps = Async::new(connect_from(1, server.local_addr())).unwrap();
        let request = b"GET /held HTTP/1.1\r\nHost: a\r\n\r\n";
        keeps.write_all(request).await.unwrap();
        held.came.recv().await.unwrap();
        let mut waits = asks(&server, 1, "/hello").await;
        held.go.send(()).await.unwrap();
        is_answered(&mut waits, "200").await;
        is_answered(&mut keeps, "200").await;
    });
}

#[test]
fn a_connection_that_has_not_asked_yet_loses_its_place_but_is_not_cut() {
    let limits = Limits {
        connections_per_client: 1,
        ..patient()
    };
    with_held(limits, |server, _held| async move {
        let mut slow = Async::new(connect_from(1, server.local_addr())).unwrap();
        all_accepted(&server).await;
        let mut quick = idle(&server, 1).await;
        greet(&mut slow).await;
        assert_eq!(rest(&mut quick).await, "");
        greet(&mut slow).await;
    });
}

#[test]
fn the_silent_take_nobodys_place() {
    let limits = Limits {
        connections_per_client: 1,
        ..patient()
    };
    with_held(limits, |server, _held| async move {
        let mut polite = idle(&server, 1).await;
        let mut silent = Async::new(connect_from(1, server.local_addr())).unwrap();
        all_accepted(&server).await;
        greet(&mut polite).await;
        drop(polite);
        greet(&mut silent).await;
    });
}

#[test]
fn who_has_waited_for_too_long_is_told_so_if_it_asked() {
    let limits = Limits {
        connections_per_client: 1,
        patience_for_place: SHORT,
        ..patient()
    };
    with_held(limits, |server, held| async move {
        let mut running = asks(&server, 1, "/held").await;
        held.came.recv().await.unwrap();
        let mut silent = Async::new(connect_from(1, server.local_addr())).unwrap();
        let mut late = asks(&server, 1, "/hello").await;
        let answer = rest(&mut late).await;
        assert_eq!(statuses(&answer), ["503"]);
        assert!(answer.contains("\"code\":\"E008\""), "{answer}");
        assert_eq!(rest(&mut silent).await, "");
        drop((silent, late));
        held.go.send(()).await.unwrap();
        is_answered(&mut running, "200").await;
        greet(&mut idle(&server, 1).await).await;
    });
}

#[test]
fn who_hangs_up_in_the_line_is_in_nobodys_way() {
    let limits = Limits {
        connections_per_client: 1,
        waiting: 3,
        ..patient()
    };
    with_held(limits, |server, held| async move {
        let mut running = asks(&server, 1, "/held").await;
        held.came.recv().await.unwrap();
        for _ in 0..10 {
            drop(connect_from(1, server.local_addr()));
            all_accepted(&server).await;
        }
        drop(asks(&server, 1, "/hello").await);
        let mut waits = asks(&server, 1, "/hello").await;
        all_accepted(&server).await;
        held.go.send(()).await.unwrap();
        is_answered(&mut running, "200").await;
        is_answered(&mut waits, "200").await;
    });
}

#[test]
fn a_full_line_takes_no_more_of_the_client_that_has_most_in_it() {
    let limits = Limits {
        connections_per_client: 1,
        waiting: 4,
        ..patient()
    };
    with_held(limits, |server, held| async move {
        let mut running = Vec::new();
        for source in [1, 2] {
            running.push(asks(&server, source, "/held").await);
            held.came.recv().await.unwrap();
        }
        let mut greedy = Vec::new();
        for _ in 0..4 {
            greedy.push(asks(&server, 1, "/hello").await);
            all_accepted(&server).await;
        }
        let mut modest = asks(&server, 2, "/hello").await;
        // The last of the greedy ones has gone for it, and as many as are there may wait.
        is_answered(&mut greedy.pop().unwrap(), "503").await;
        is_answered(&mut asks(&server, 1, "/hello").await, "503").await;
        drop(held.go);
        for stream in running.iter_mut().chain(&mut greedy).chain([&mut modest]) {
            is_answered(stream, "200").await;
        }
    });
}

#[test]
fn when_all_places_are_taken_the_next_is_for_the_client_with_fewest() {
    let limits = Limits {
        connections: 3,
        waiting: 3,
        ..patient()
    };
    with_held(limits, |server, held| async move {
        let mut greedy = Vec::new();
        for _ in 0..3 {
            greedy.push(asks(&server, 1, "/held").await);
            held.came.recv().await.unwrap();
        }
        greedy.push(asks(&server, 1, "/held").await);
        let mut modest = asks(&server, 2, "/hello").await;
        // The line is one too long when these have come, so that the others have, too.
        let silent = [3, 3].map(|source| connect_from(source, server.local_addr()));
        let [mut pushed_out, _stays] = silent.map(|stream| Async::new(stream).unwrap());
        is_answered(&mut pushed_out, "503").await;
        held.go.send(()).await.unwrap();
        is_answered(&mut modest, "200").await;
        drop(held.go);
        for stream in &mut greedy {
            is_answered(stream, "200").await;
        }
    });
}

#[test]
fn stopping_sends_the_line_home_and_ends_what_is_being_answered() {
    let limits = Limits {
        connections_per_client: 1,
        ..patient()
    };
    with_held(limits, |server, held| async move {
        let mut running = asks(&server, 1, "/held").await;
        held.came.recv().await.unwrap();
        let mut silent = Async::new(connect_from(1, server.local_addr())).unwrap();
        all_accepted(&server).await;
        let client = async {
            assert_eq!(rest(&mut silent).await, "");
            held.go.send(()).await.unwrap();
            is_answered(&mut running, "200").await;
        };
        smol::future::zip(server.stop(PATIENT), client).await;
    });
}
