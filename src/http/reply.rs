//! An answer: status, headers, and a body that is never copied.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use http_types::{Method as EncodedMethod, Response, StatusCode};
use smol::io::AsyncReadExt;

use super::websocket::Texts;

/// A body made while it is sent, for what is too large to keep.
pub trait Chunks {
    /// Appends the next piece, up to about 32 KiB, to the empty `out`. `false`: this was the last one.
    /// Runs between two writes of the one thread, so it must not block. An error ends the connection
    /// (or becomes a 500 if nothing was sent yet), so that a cut body is never taken for a whole one.
    fn next(&mut self, out: &mut Vec<u8>) -> io::Result<bool>;
}

/// A body that comes into being while it is sent, without an end that could be told beforehand: neither length nor
/// chunks, the connection closes after it.
pub trait Live {
    /// The next piece, when there is one; `None` ends the body.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Piece>>;
}

/// A piece of a live body.
#[derive(Debug, Clone)]
pub struct Piece {
    /// Bytes shared with all who get them.
    pub bytes: Rc<Vec<u8>>,
    /// The first of them that is sent.
    pub from: usize,
}

/// A piece of a body.
#[derive(Debug, Clone)]
pub enum Part {
    /// Bytes shared with whoever keeps them.
    Bytes(Arc<[u8]>),
    /// `len` bytes of a file from `offset`, sent by the kernel. The file must not shrink meanwhile:
    /// replace it by renaming another over it.
    File {
        /// Open for reading; its position is not used.
        file: Arc<File>,
        /// First byte.
        offset: u64,
        /// Number of bytes.
        len: u64,
    },
}

impl Part {
    /// Length in bytes.
    pub fn len(&self) -> u64 {
        match self {
            Part::Bytes(bytes) => bytes.len() as u64,
            Part::File { len, .. } => *len,
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The body of an answer.
pub enum Body {
    /// Nothing.
    Empty,
    /// One piece in memory.
    Bytes(Arc<[u8]>),
    /// Pieces of memory and files, one after the other.
    Parts(Vec<Part>),
    /// Made on the way: chunked for HTTP/1.1, ended by closing for HTTP/1.0.
    Stream(Box<dyn Chunks>),
    /// Sent as it comes, ended by closing.
    Live(Box<dyn Live>),
    /// None: the connection becomes a WebSocket that tells these.
    WebSocket(Box<dyn Texts>),
}

impl Body {
    /// Length in bytes, if it is known beforehand.
    pub(super) fn len(&self) -> Option<u64> {
        match self {
            Body::Empty => Some(0),
            Body::Bytes(bytes) => Some(bytes.len() as u64),
            Body::Parts(parts) => Some(parts.iter().map(Part::len).sum()),
            Body::Stream(_) | Body::Live(_) | Body::WebSocket(_) => None,
        }
    }
}

impl From<Arc<[u8]>> for Body {
    fn from(bytes: Arc<[u8]>) -> Self {
        Body::Bytes(bytes)
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Body::Bytes(bytes.into())
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Body::Bytes(text.into_bytes().into())
    }
}

/// An answer. `Date`, `X-Request-ID`, `Connection` and the framing are added when it is sent.
pub struct Reply {
    /// Status code, one that http_types knows; any other is sent as 500.
    pub status: u16,
    /// Headers in any order. A value with anything but visible ASCII, spaces and tabs is not sent.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// Body; not sent, but counted, for HEAD.
    pub body: Body,
}

impl Reply {
    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Reply {
            status,
            headers: Vec::new(),
            body: Body::Empty,
        }
    }

    /// An answer with a body.
    pub fn new(
        status: u16,
        content_type: impl Into<Cow<'static, str>>,
        body: impl Into<Body>,
    ) -> Self {
        Reply {
            body: body.into(),
            ..Reply::empty(status)
        }
        .with("content-type", content_type)
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// How the end of the body is told to this client.
    pub(super) fn framing(&self, http_1_0: bool) -> Framing {
        match self.body.len() {
            _ if matches!(self.status, 100..=199 | 204 | 304) => Framing::None,
            Some(len) => Framing::Length(len),
            None if http_1_0 || matches!(self.body, Body::Live(_)) => Framing::Close,
            None => Framing::Chunked,
        }
    }
}

/// How the end of a body is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// The status says that there is none.
    None,
    Length(u64),
    Chunked,
    /// By the end of the connection.
    Close,
}

/// Encodes the head of an answer. The status line and the framing are ours: the encoder calls 304
/// "Modified", gives 204 and 304 a length, and cannot send a body of shared bytes without copying it.
pub(super) async fn encode_head(
    status: u16,
    headers: &[(&str, &str)],
    framing: Framing,
) -> io::Result<Vec<u8>> {
    let status = StatusCode::try_from(status).unwrap_or(StatusCode::InternalServerError);
    let reason = match status {
        StatusCode::NotModified => "Not Modified",
        other => other.canonical_reason(),
    };
    let framed = match framing {
        Framing::None | Framing::Close => String::new(),
        Framing::Length(len) => format!("content-length: {len}\r\n"),
        Framing::Chunked => "transfer-encoding: chunked\r\n".to_owned(),
    };
    let mut response = Response::new(status);
    for (name, value) in headers {
        if is_safe(name, value) {
            response.append_header(*name, *value);
        }
    }
    let mut encoded = Vec::with_capacity(512);
    let mut encoder = async_h1::server::Encoder::new(response, EncodedMethod::Head);
    encoder.read_to_end(&mut encoded).await?;

    let lines = encoded.windows(2).position(|end| end == b"\r\n");
    let lines = &encoded[lines.map_or(0, |end| end + 2)..];
    let empty = b"content-length: 0\r\n";
    let at = lines.windows(empty.len()).position(|line| line == empty);
    let (before, after) = match at {
        Some(at) => (&lines[..at], &lines[at + empty.len()..]),
        None => (lines, &[][..]),
    };
    let mut head = format!("HTTP/1.1 {} {reason}\r\n{framed}", u16::from(status)).into_bytes();
    head.extend_from_slice(before);
    head.extend_from_slice(after);
    Ok(head)
}

/// Whether a header can be sent: the encoder would write a line break as it is and panic on what is not
/// ASCII. Framing headers are never a handler's.
fn is_safe(name: &str, value: &str) -> bool {
    const OURS: [&str; 3] = ["content-length", "transfer-encoding", "trailer"];
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !OURS.iter().any(|ours| ours.eq_ignore_ascii_case(name))
        && value
            .bytes()
            .all(|byte| matches!(byte, b'\t' | b' '..=b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(status: u16, headers: &[(&str, &str)], framing: Framing) -> String {
        let all = [headers, &[("date", "now")]].concat();
        String::from_utf8(smol::block_on(encode_head(status, &all, framing)).unwrap()).unwrap()
    }

    #[test]
    fn a_head_carries_exactly_the_framing_asked_for() {
        for (framing, line) in [
            (Framing::Length(5), "content-length: 5\r\n"),
            (
                Framing::Length(u64::MAX),
                "content-length: 18446744073709551615\r\n",
            ),
            (Framing::Chunked, "transfer-encoding: chunked\r\n"),
            (Framing::Close, ""),
        ] {
            let expected = format!("HTTP/1.1 200 OK\r\n{line}a: b\r\ndate: now\r\n\r\n");
            assert_eq!(head(200, &[("A", "b")], framing), expected);
        }
    }

    #[test]
    fn a_304_has_its_own_reason_and_no_length() {
        let expected = "HTTP/1.1 304 Not Modified\r\ndate: now\r\n\r\n";
        assert_eq!(head(304, &[], Framing::None), expected);
        assert_eq!(Reply::empty(304).framing(false), Framing::None);
        assert_eq!(Reply::empty(200).framing(false), Framing::Length(0));
    }

    #[test]
    fn a_header_that_would_break_the_head_is_dropped() {
        let headers = [
            ("x-a", "a\r\nX-Evil: 1"),
            ("x-b", "é"),
            ("x c", "v"),
            ("é", "v"),
            ("", "v"),
            ("Content-Length", "7"),
            ("x-d", "kept\tas is"),
        ];
        let expected = "HTTP/1.1 200 OK\r\ndate: now\r\nx-d: kept\tas is\r\n\r\n";
        assert_eq!(head(200, &headers, Framing::Close), expected);
    }

    #[test]
    fn an_unknown_status_is_sent_as_500() {
        assert!(head(299, &[], Framing::None).starts_with("HTTP/1.1 500 "));
    }
}
