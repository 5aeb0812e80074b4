//! WebSockets among the connections of a server.

use std::collections::VecDeque;

use super::*;
use xg2g::http::{handshake, switch, Texts};

const HANDSHAKE: &str =
    "GET /ws HTTP/1.1\r\nHost: box\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const PING: [u8; 2] = [0x89, 0];
/// Not masked by anything but zeros.
const PONG: [u8; 6] = [0x8A, 0x80, 0, 0, 0, 0];

/// Some texts, and then silence.
struct Few(VecDeque<&'static str>);

impl Texts for Few {
    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Rc<str>>> {
        match self.0.pop_front() {
            Some(text) => Poll::Ready(Some(text.into())),
            None => Poll::Pending,
        }
    }
}

fn telling(texts: &'static [&'static str]) -> Router {
    Router::new(vec![
        Route::get("/ws", move |request: Request, _| async move {
            handshake(&request).map(|key| switch(&key, Few(texts.iter().copied().collect())))
        }),
        Route::get("/hello", |_, _| async { Reply::empty(204) }),
    ])
}

/// A WebSocket whose handshake is over.
async fn open(server: &Server) -> Async<TcpStream> {
    let mut stream = connect(server).await;
    stream.write_all(HANDSHAKE.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).await.unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    assert!(
        head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"),
        "{head}"
    );
    for line in [
        "connection: upgrade\r\n",
        "upgrade: websocket\r\n",
        "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
    ] {
        assert!(head.contains(line), "{head}");
    }
    assert!(!head.contains("content-length") && !head.contains("close"));
    stream
}

async fn read(stream: &mut Async<TcpStream>, expected: &[u8]) {
    let mut bytes = vec![0; expected.len()];
    stream.read_exact(&mut bytes).await.unwrap();
    assert_eq!(bytes, expected);
}

#[test]
fn a_silent_client_is_pinged_and_cut_and_one_that_answers_stays() {
    let limits = Limits {
        silence: SHORT,
        idle: SHORT,
        ..patient()
    };
    with_router(telling(&["one", "two"]), limits, |server| async move {
        let (mut silent, mut awake) = (open(&server).await, open(&server).await);
        for stream in [&mut silent, &mut awake] {
            read(stream, b"\x81\x03one\x81\x03two").await;
        }
        for _ in 0..5 {
            read(&mut awake, &PING).await;
            awake.write_all(&PONG).await.unwrap();
        }
        read(&mut silent, &PING).await;
        let mut left = Vec::new();
        // A reset is an end too.
        let _ = silent.read_to_end(&mut left).await;
        assert_eq!(left, b"");
        read(&mut awake, &PING).await;
    });
}

#[test]
fn a_websocket_has_a_place_that_nobody_takes_away() {
    let limits = Limits {
        connections: 1,
        patience_for_place: SHORT,
        idle: SHORT,
        linger: SHORT,
        ..patient()
    };
    with_router(telling(&["one"]), limits, |server| async move {
        let mut stream = open(&server).await;
        read(&mut stream, b"\x81\x03one").await;
        let (head, _) = ask(&server, "GET /hello", "").await;
        assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
        stream.write_all(b"\x89\x80\0\0\0\0").await.unwrap();
        read(&mut stream, &[0x8A, 0]).await;
        drop(stream);
        // Its place is free again.
        while !ask(&server, "GET /hello", "")
            .await
            .0
            .starts_with("HTTP/1.1 204 ")
        {}
    });
}

#[test]
fn texts_of_every_length_have_their_head() {
    static LONG: [&str; 2] = [
        "0123456789012345678901234567890123456789012345678901234567890123456789\
         01234567890123456789012345678901234567890123456789012345",
        "",
    ];
    assert_eq!(LONG[0].len(), 126);
    with_router(telling(&LONG), patient(), |server| async move {
        let mut stream = open(&server).await;
        read(&mut stream, b"\x81\x7E\0\x7E").await;
        read(&mut stream, LONG[0].as_bytes()).await;
        read(&mut stream, b"\x81\0").await;
    });
}
