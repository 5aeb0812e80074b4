//! Clients of `/api/v1/events`: by WebSocket and as Server-Sent Events.

// The derive knows no narrower word than `pub`.
#![allow(unreachable_pub, clippy::question_mark)]

use std::net::{SocketAddr, TcpStream};

use nanoserde::DeJson;
use rustix::net::{self, sockopt, AddressFamily, SocketType};
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::Async;

use super::{Answer, Kit};

pub(crate) const EVENTS: &str = "/api/v1/events";
/// What asks for a WebSocket, but for the key.
pub(crate) const UPGRADE: &str =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
/// That of RFC 6455 section 1.3, and the answer to it.
pub(crate) const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const PROOF: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const ACCEPT: &str = "Accept: text/event-stream\r\n";

/// A notice, as far as tests look at it.
#[derive(Clone, Debug, DeJson)]
pub struct Happened {
    pub id: u64,
    #[nserde(rename = "type")]
    pub kind: String,
    pub time: String,
    pub version: Option<String>,
    pub generation: Option<u32>,
    pub streams: Option<Vec<Running>>,
    pub by: Option<String>,
    pub result: Option<String>,
    pub error: Option<String>,
    pub channels: Option<Named>,
    pub channel: Option<String>,
    pub name: Option<String>,
    pub source: Option<String>,
    pub changes: Option<Vec<String>>,
}

#[derive(Clone, Debug, DeJson)]
pub struct Running {
    pub channel: String,
    pub state: String,
}

/// Channels: how many, or which.
#[derive(Clone, Debug, PartialEq)]
pub enum Named {
    Count(u64),
    Slugs(Vec<String>),
}

impl DeJson for Named {
    fn de_json(
        state: &mut nanoserde::DeJsonState,
        input: &mut std::str::Chars<'_>,
    ) -> Result<Self, nanoserde::DeJsonErr> {
        match state.tok {
            nanoserde::DeJsonTok::U64(_) => u64::de_json(state, input).map(Named::Count),
            _ => Vec::de_json(state, input).map(Named::Slugs),
        }
    }
}

/// A frame of a WebSocket.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    Text(String),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>),
    /// The connection ended.
    End,
}

/// An open connection that follows.
pub(crate) struct Follower {
    pub(crate) answer: Answer,
    pub(crate) socket: Async<TcpStream>,
    left: Vec<u8>,
    is_websocket: bool,
}

impl Kit {
    /// Follows by WebSocket.
    pub(crate) async fn follow(&self) -> Follower {
        let follower = self.ask_to_follow(&format!("{UPGRADE}{KEY}")).await;
        assert_eq!(follower.answer.status, 101, "{}", follower.answer.text());
        assert_eq!(follower.answer.head("sec-websocket-accept"), PROOF);
        follower
    }

    /// Follows by Server-Sent Events.
    pub(crate) async fn follow_as_events(&self) -> Follower {
        let follower = self.ask_to_follow(ACCEPT).await;
        assert_eq!(follower.answer.status, 200);
        assert_eq!(follower.answer.head("content-type"), "text/event-stream");
        follower
    }

    /// What comes of a request with these headers.
    pub(crate) async fn ask_to_follow(&self, headers: &str) -> Follower {
        let request = format!("GET {EVENTS} HTTP/1.1\r\nHost: box:8080\r\n{headers}\r\n");
        self.ask_to_follow_with(request.as_bytes()).await
    }

    /// The same, byte for byte.
    pub(crate) async fn ask_to_follow_with(&self, request: &[u8]) -> Follower {
        let socket = Async::<TcpStream>::connect(self.address()).await.unwrap();
        Follower::begin(socket, request).await
    }
}

impl Follower {
    /// Over a socket that keeps next to nothing of what is not read.
    pub(crate) async fn narrowly(to: SocketAddr, request: &str) -> Follower {
        let socket = net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        sockopt::set_socket_recv_buffer_size(&socket, 4096).unwrap();
        net::connect(&socket, &to).unwrap();
        let socket = Async::new(TcpStream::from(socket)).unwrap();
        Follower::begin(socket, request.as_bytes()).await
    }

    /// Sends a request and reads the head of its answer.
    async fn begin(mut socket: Async<TcpStream>, request: &[u8]) -> Follower {
        socket.write_all(request).await.unwrap();
        let mut follower = Follower {
            answer: Answer::parse(b"HTTP/1.1 0 \r\n\r\n"),
            socket,
            left: Vec::new(),
            is_websocket: request.windows(9).any(|part| part == b"websocket"),
        };
        let head = follower.until(b"\r\n\r\n").await.expect("a head");
        follower.answer = Answer::parse(&head);
        follower
    }

    /// The next notice; `None` when no more come.
    pub(crate) async fn next(&mut self) -> Option<Happened> {
        let text = if self.is_websocket {
            loop {
                match self.frame().await {
                    Frame::Text(text) => break text,
                    Frame::Close(_) | Frame::End => return None,
                    Frame::Ping(_) | Frame::Pong(_) => {}
                }
            }
        } else {
            let event = String::from_utf8(self.until(b"\n\n").await?).unwrap();
            let id = event.lines().find_map(|line| line.strip_prefix("id: "));
            let data = event.lines().find_map(|line| line.strip_prefix("data: "));
            let text = data.expect("data").to_owned();
            assert!(text.starts_with(&format!("{{\"id\":{},", id.expect("an id"))));
            text
        };
        let told = Happened::deserialize_json(&text);
        Some(told.unwrap_or_else(|error| panic!("{error}: {text}")))
    }

    /// The notices up to the first of a kind.
    pub(crate) async fn all_until(&mut self, kind: &str) -> Vec<Happened> {
        let mut all = Vec::new();
        loop {
            all.push(self.next().await.expect("the notices ended"));
            if all.last().is_some_and(|last| last.kind == kind) {
                return all;
            }
        }
    }

    /// The first notice of a kind.
    pub(crate) async fn one(&mut self, kind: &str) -> Happened {
        self.all_until(kind).await.pop().unwrap()
    }

    /// The next frame; one that is cut counts for the end.
    pub(crate) async fn frame(&mut self) -> Frame {
        self.whole_frame().await.unwrap_or(Frame::End)
    }

    async fn whole_frame(&mut self) -> Option<Frame> {
        let head = self.take(2).await?;
        assert_eq!(head[0] & 0x70, 0, "reserved bits");
        assert_eq!(head[1] & 0x80, 0, "a server masks nothing");
        let length = match head[1] {
            126 => {
                let long = self.take(2).await?;
                usize::from(u16::from_be_bytes([long[0], long[1]]))
            }
            127 => panic!("a long frame"),
            short => usize::from(short),
        };
        let payload = self.take(length).await?;
        Some(match head[0] {
            0x81 => Frame::Text(String::from_utf8(payload).unwrap()),
            0x88 if payload.is_empty() => Frame::Close(None),
            0x88 => Frame::Close(Some(u16::from_be_bytes([payload[0], payload[1]]))),
            0x89 => Frame::Ping(payload),
            0x8A => Frame::Pong(payload),
            other => panic!("a frame of {other:x}"),
        })
    }

    /// The code by which the connection is closed, which ends after it.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        loop {
            match self.frame().await {
                Frame::Close(code) => {
                    assert_eq!(self.frame().await, Frame::End);
                    return code;
                }
                Frame::End => panic!("it ended without a word"),
                _ => {}
            }
        }
    }

    /// Sends bytes as they are.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).await.unwrap();
    }

    /// Exactly `count` bytes; `None` at the end.
    async fn take(&mut self, count: usize) -> Option<Vec<u8>> {
        while self.left.len() < count {
            self.more().await?;
        }
        Some(self.left.drain(..count).collect())
    }

    /// All up to an ending, which is there too; `None` at the end.
    async fn until(&mut self, ending: &[u8]) -> Option<Vec<u8>> {
        loop {
            let found = self
                .left
                .windows(ending.len())
                .position(|part| part == ending);
            match found {
                Some(at) => return Some(self.left.drain(..at + ending.len()).collect()),
                None => self.more().await?,
            }
        }
    }

    async fn more(&mut self) -> Option<()> {
        let mut piece = [0; 4096];
        // A reset is an end too.
        let count = self.socket.read(&mut piece).await.unwrap_or(0);
        self.left.extend_from_slice(&piece[..count]);
        (count > 0).then_some(())
    }
}

/// A client's frame, masked; the first byte as it is.
pub(crate) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x21, 0x43, 0x65, 0x87];
    let mut frame = vec![first];
    match payload.len() {
        short @ ..126 => frame.push(0x80 | short as u8),
        long => {
            frame.push(0x80 | 126);
            frame.extend((long as u16).to_be_bytes());
        }
    }
    frame.extend(mask);
    let bytes = payload.iter().zip(mask.iter().cycle());
    frame.extend(bytes.map(|(byte, mask)| byte ^ mask));
    frame
}
