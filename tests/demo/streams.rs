//! The stream port.

use super::client::{get, open, packets, rest, still, stream, watch, with, FIRST};
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::Async;
use std::net::{Ipv4Addr, TcpStream};
use xg2g::receiver::demo::{Fault, Options, STREAMS};

#[test]
fn streams_are_packets_behind_a_head_of_1_0() {
    with(still(), |receiver| async move {
        let head = b"HTTP/1.0 200 OK\r\nConnection: Close\r\nContent-Type: video/mpeg\r\nServer: streamserver\r\n\r\n";
        let length = head.len() + 188 * 100;
        let bytes = stream(&receiver, &format!("GET /{FIRST} HTTP/1.1\r\n\r\n"), length).await;
        assert_eq!((bytes.len(), &bytes[..head.len()]), (length, &head[..]));
        assert!(bytes[head.len()..]
            .chunks(188)
            .all(|packet| packet[0] == 0x47));
        assert_eq!(receiver.stats().streams, 1);
    });
}

#[test]
fn a_stream_that_cannot_be_is_refused_inside_a_200() {
    with(still(), |receiver| async move {
        let bytes = stream(
            &receiver,
            "GET /1:0:1:DEAD:BEEF:1:C00000:0:0:0: HTTP/1.1\r\n\r\n",
            10_000,
        )
        .await;
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.starts_with("HTTP/1.0 200 OK\r\n"));
        assert!(text.ends_with("\r\n\r\nHTTP/1.0 400 Bad Request\r\n\r\n"));
        let head = stream(
            &receiver,
            &format!("HEAD /{FIRST} HTTP/1.1\r\n\r\n"),
            10_000,
        )
        .await;
        assert_eq!(head, b"HTTP/1.0 400 Bad Request\r\n\r\n");
        receiver.set_fault_on(STREAMS, Fault::Error500, Some(1));
        let busy = stream(&receiver, &format!("GET /{FIRST} HTTP/1.1\r\n\r\n"), 10_000).await;
        assert_eq!(busy, bytes);
    });
}

#[test]
fn viewers_show_in_the_receivers_status() {
    with(still(), |receiver| async move {
        let address = (Ipv4Addr::LOCALHOST, receiver.stream_port());
        let mut socket = Async::<TcpStream>::connect(address).await.unwrap();
        socket
            .write_all(format!("GET /{FIRST} HTTP/1.0\r\n\r\n").as_bytes())
            .await
            .unwrap();
        socket.read_exact(&mut [0; 1_000]).await.unwrap();
        let status = get(&receiver, "/api/statusinfo").await;
        assert_eq!(status.count("\"isStreaming\": \"true\""), 1);
        assert_eq!(status.count("::ffff:127.0.0.1: Erste Welle HD - "), 1);
        assert_eq!(
            get(&receiver, "/api/about")
                .await
                .count(&format!("\"ref\": \"{FIRST}\"")),
            2
        );
    });
}

#[test]
fn far_ends_of_urls_come_in_chunks_or_from_elsewhere() {
    with(still(), |receiver| async move {
        let port = receiver.stream_port();
        let moved = rest(open(port, "GET /moved/reise.ts HTTP/1.1\r\n\r\n").await).await;
        let location = format!("Location: http://127.0.0.1:{port}/live/reise.ts\r\n");
        assert!(String::from_utf8_lossy(&moved).contains(&location));
        packets(port, "live/reise.ts", 10).await;
        let mut chunks = watch(port, "chunked/reise.ts").await;
        let mut bytes = [0; 7];
        chunks.read_exact(&mut bytes).await.unwrap();
        // 40 packets in hexadecimal.
        assert_eq!(&bytes, b"1d60\r\nG");
        // A far end is not the receiver.
        assert!(receiver.tuners()[1].is_empty());
        let status = get(&receiver, "/api/statusinfo").await;
        assert_eq!(status.count("\"isStreaming\": \"false\""), 1);
    });
}

#[test]
fn streams_have_the_rate_asked_for() {
    let options = Options { rate: 8, ..still() };
    with(options, |receiver| async move {
        let mut socket = watch(receiver.stream_port(), FIRST).await;
        let mut bytes = vec![0; 10 * 213 * 188];
        // Ten bursts come at once.
        socket.read_exact(&mut bytes).await.unwrap();
        let begin = std::time::Instant::now();
        bytes.truncate(5 * 213 * 188);
        socket.read_exact(&mut bytes).await.unwrap();
        assert!(begin.elapsed().as_millis() >= 5 * 40 - 50);
    });
}
