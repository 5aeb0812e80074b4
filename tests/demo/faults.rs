//! What goes wrong on request, and what is noticed.

use super::client::{ask, bouquet, connect, get, still, with, Reply, FAVOURITES};
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::Async;
use std::io;
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;
use xg2g::receiver::demo::Fault;

#[test]
fn faults_strike_where_and_as_often_as_told() {
    with(still(), |receiver| async move {
        receiver.set_fault_on("/api/bouquets", Fault::Error500, Some(2));
        assert_eq!(get(&receiver, "/api/about").await.status(), "200");
        for expected in ["500", "500", "200"] {
            assert_eq!(get(&receiver, "/api/bouquets").await.status(), expected);
        }
        receiver.set_fault_on("/api/bouquets", Fault::Html, None);
        assert!(get(&receiver, "/api/bouquets")
            .await
            .body
            .starts_with("<!DOCTYPE html>"));
        receiver.set_fault(None);
        assert!(get(&receiver, "/api/bouquets").await.body.starts_with('{'));
    });
}

#[test]
fn faults_of_the_answer_look_as_named() {
    with(still(), |receiver| async move {
        let path = format!("/api/getservices?sRef={}", bouquet(FAVOURITES));
        let whole = get(&receiver, &path).await;
        let with_fault = |fault| {
            receiver.set_fault(Some(fault));
            get(&receiver, &path)
        };
        let announced = |reply: &Reply| -> usize {
            let length = reply
                .head
                .split("Content-Length: ")
                .nth(1)
                .and_then(|rest| rest.lines().next());
            length.unwrap().parse().unwrap()
        };
        assert_eq!(with_fault(Fault::Unauthorized).await.status(), "401");
        assert_eq!(
            with_fault(Fault::ResultFalse)
                .await
                .count("\"result\": false"),
            1
        );
        assert_eq!(
            with_fault(Fault::EmptyList).await.count("\"services\": []"),
            1
        );
        let empty = with_fault(Fault::EmptyBody).await;
        assert_eq!(
            (empty.status(), announced(&empty), empty.body.len()),
            ("200", 0, 0)
        );
        let half = with_fault(Fault::HalfJson).await;
        assert_eq!(announced(&half), whole.body.len());
        assert_eq!(half.body.len(), whole.body.len() / 2);
        let cut = with_fault(Fault::CutJson).await;
        assert_eq!(
            (announced(&cut), cut.body.as_str()),
            (cut.body.len(), half.body.as_str())
        );
        assert!(with_fault(Fault::WrongTypes)
            .await
            .body
            .contains("\"pos\": \"0\""));
        assert!(get(&receiver, &path)
            .await
            .body
            .contains("\"services\": null"));
        assert!(get(&receiver, &path)
            .await
            .body
            .contains("\"servicename\": {}"));
    });
}

#[test]
fn faults_of_the_connection_look_as_named() {
    with(still(), |receiver| async move {
        receiver.set_fault(Some(Fault::Reset));
        let reset = ask(&receiver, "/api/about", "")
            .await
            .err()
            .map(|error| error.kind());
        assert_eq!(reset, Some(io::ErrorKind::ConnectionReset));

        receiver.set_fault(Some(Fault::Hang));
        let mut socket = connect(&receiver).await.unwrap();
        socket
            .write_all(b"GET /api/about HTTP/1.1\r\n\r\n")
            .await
            .unwrap();
        socket
            .get_ref()
            .shutdown(std::net::Shutdown::Write)
            .unwrap();
        let mut bytes = Vec::new();
        socket.read_to_end(&mut bytes).await.unwrap();
        assert!(bytes.is_empty());

        receiver.set_fault(Some(Fault::SlowDrip));
        let mut socket = connect(&receiver).await.unwrap();
        socket
            .write_all(b"GET /api/about HTTP/1.1\r\n\r\n")
            .await
            .unwrap();
        for expected in [b'H', b'T'] {
            let mut bytes = [0; 512];
            assert_eq!(
                (socket.read(&mut bytes).await.unwrap(), bytes[0]),
                (1, expected)
            );
        }
    });
}

#[test]
fn a_refusing_receiver_comes_back_on_the_same_ports() {
    with(still(), |receiver| async move {
        assert_eq!(get(&receiver, "/api/about").await.status(), "200");
        receiver.set_fault(Some(Fault::Refused));
        let refused = connect(&receiver).await.err().map(|error| error.kind());
        assert_eq!(refused, Some(io::ErrorKind::ConnectionRefused));
        let streams =
            Async::<TcpStream>::connect((Ipv4Addr::LOCALHOST, receiver.stream_port())).await;
        assert_eq!(
            streams.err().map(|error| error.kind()),
            Some(io::ErrorKind::ConnectionRefused)
        );
        receiver.set_fault(None);
        assert_eq!(get(&receiver, "/api/about").await.status(), "200");
    });
}

#[test]
fn impolite_clients_are_noticed() {
    with(still(), |receiver| async move {
        get(&receiver, "/api/about").await;
        let bytes = get(&receiver, "/api/about").await.body.len() as u64;
        let stats = receiver.stats();
        assert_eq!((stats.calls, stats.calls_by_path["/api/about"]), (2, 2));
        assert_eq!((stats.bytes, stats.overlapping), (2 * bytes, 0));
        assert_eq!(stats.longest_block, bytes * 110 / 1_000);

        receiver.reset_stats();
        receiver.set_delay(Duration::from_millis(5));
        smol::future::zip(get(&receiver, "/api/about"), get(&receiver, "/api/about")).await;
        assert_eq!(
            (receiver.stats().calls, receiver.stats().overlapping),
            (2, 1)
        );
    });
}
