//! The guard between the socket and async-h1's decoder.
//!
//! async-h1 trusts the other side: unlimited heads, panics on non-ASCII headers, HTTP/1.0 refused, bodies
//! without a length lost, cut bodies taken for whole ones, a chunked body that hangs when its last line is
//! split. So it never sees what came from the network, only what the guard made of it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{ready, Context, Poll};
use std::time::{Duration, Instant};

use smol::io::{AsyncRead, AsyncWrite};

use super::error::Error;
use super::framing::Framing;
use super::head;

/// What the guard learned from the head, beyond what http_types can say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    /// The real status.
    pub(super) status: u16,
    /// Bytes of body announced by a Content-Length.
    pub(super) length: Option<u64>,
    /// From the request's last byte written to the head's last byte read.
    pub(super) first_byte: Duration,
}

/// Reads one answer from a connection and yields it in a form async-h1 can take. Writes go through untouched.
pub(super) struct Guard<S> {
    socket: S,
    stage: Stage,
    framing: Framing,
    /// Bytes read and not yet used are `buffer[start..end]`; as long as the longest head.
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// When the request was complete.
    sent: Option<Instant>,
    facts: Arc<OnceLock<Facts>>,
}

enum Stage {
    /// The head is incomplete; so many of its bytes were searched for its end.
    Head {
        seen: usize,
    },
    /// The head for async-h1, and how much of it was read.
    Plain {
        text: Vec<u8>,
        at: usize,
    },
    Body,
}

impl<S> Guard<S> {
    /// Guards `socket`; the second value is filled when the head is complete.
    pub(super) fn new(socket: S) -> (Self, Arc<OnceLock<Facts>>) {
        let facts = Arc::new(OnceLock::new());
        let guard = Guard {
            socket,
            stage: Stage::Head { seen: 0 },
            framing: Framing::Close,
            buffer: vec![0; head::HEAD_LIMIT].into_boxed_slice(),
            start: 0,
            end: 0,
            sent: None,
            facts: Arc::clone(&facts),
        };
        (guard, facts)
    }

    /// Looks for a complete head in the buffer and takes it.
    fn take_head(&mut self) -> Result<(), Error> {
        while let Stage::Head { seen } = &mut self.stage {
            let bytes = &self.buffer[self.start..self.end];
            head::looks_like_http(bytes)?;
            let Some(length) = head::end(bytes, seen) else {
                break;
            };
            let head = head::parse(&bytes[..length])?;
            self.start += length;
            let Some(head) = head else {
                *seen = 0;
                continue;
            };
            let _ = self.facts.set(Facts {
                status: head.status,
                length: match head.framing {
                    Framing::Length(length) => Some(length),
                    Framing::Close | Framing::Chunked(_) => None,
                },
                first_byte: self.sent.map(|sent| sent.elapsed()).unwrap_or_default(),
            });
            self.framing = head.framing;
            self.stage = Stage::Plain {
                text: head.plain,
                at: 0,
            };
        }
        Ok(())
    }

    /// Moves body from the buffer to `out` as far as both go.
    fn take_body(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        let step = self
            .framing
            .step(&self.buffer[self.start..self.end], out.len())
            .map_err(Error::Protocol)?;
        self.start += step.skip;
        out[..step.data].copy_from_slice(&self.buffer[self.start..][..step.data]);
        self.start += step.data;
        Ok(step.data)
    }
}

impl<S: AsyncRead + Unpin> Guard<S> {
    /// Reads more into the buffer: how many bytes, 0 at the end of the connection.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let count = ready!(Pin::new(&mut self.socket).poll_read(cx, &mut self.buffer[self.end..]))?;
        self.end += count;
        Poll::Ready(Ok(count))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if out.is_empty() {
            return Poll::Ready(Ok(0));
        }
        this.sent.get_or_insert_with(Instant::now);
        loop {
            match &mut this.stage {
                Stage::Head { .. } => {
                    if this.end == this.buffer.len() {
                        let why = format!("the head is longer than {} bytes", head::HEAD_LIMIT);
                        return Poll::Ready(Err(Error::Protocol(why).into()));
                    }
                    if ready!(this.poll_fill(cx))? == 0 {
                        let why = match this.end {
                            0 => "it closed the connection without an answer",
                            _ => "it closed the connection within the head of its answer",
                        };
                        return Poll::Ready(Err(Error::Closed(why.into()).into()));
                    }
                    this.take_head()?;
                }
                Stage::Plain { text, at } => {
                    let rest = &text[*at..];
                    let count = rest.len().min(out.len());
                    out[..count].copy_from_slice(&rest[..count]);
                    *at += count;
                    if *at == text.len() {
                        this.stage = Stage::Body;
                    }
                    return Poll::Ready(Ok(count));
                }
                Stage::Body => {
                    if this.framing.is_complete() {
                        return Poll::Ready(Ok(0));
                    }
                    if this.start == this.end {
                        (this.start, this.end) = (0, 0);
                        if ready!(this.poll_fill(cx))? == 0 {
                            let end = this.framing.at_end().map(|()| 0);
                            return Poll::Ready(end.map_err(|why| Error::Closed(why).into()));
                        }
                    }
                    let count = this.take_body(out)?;
                    if count > 0 {
                        return Poll::Ready(Ok(count));
                    }
                }
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_close(cx)
    }
}

#[cfg(test)]
mod tests {
    use smol::io::AsyncReadExt;

    use super::*;

    /// A connection that yields `step` bytes at a time and is not ready before each.
    struct Drip {
        bytes: Vec<u8>,
        at: usize,
        step: usize,
        ready: bool,
    }

    impl AsyncRead for Drip {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            out: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            self.ready = !self.ready;
            if !self.ready {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let rest = &self.bytes[self.at..];
            let count = rest.len().min(out.len()).min(self.step);
            out[..count].copy_from_slice(&rest[..count]);
            self.at += count;
            Poll::Ready(Ok(count))
        }
    }

    /// Status and body of an answer that arrives `step` bytes at a time.
    fn decode(answer: &[u8], step: usize) -> Result<(u16, Vec<u8>), Error> {
        let (guard, facts) = Guard::new(Drip {
            bytes: answer.to_vec(),
            at: 0,
            step,
            ready: true,
        });
        smol::block_on(async {
            let mut response = async_h1::client::decode(guard).await?;
            let mut body = Vec::new();
            response.read_to_end(&mut body).await?;
            Ok((facts.get().unwrap().status, body))
        })
    }

    #[test]
    fn an_answer_is_the_same_however_it_is_cut() {
        let lengthy = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n{}",
            "x".repeat(20_000)
        );
        let chunks = format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2328;e=1\r\n{}\r\n2af8\r\n{}\r\n0\r\n\r\n",
            "x".repeat(9_000),
            "x".repeat(11_000)
        );
        let long = "x".repeat(20_000);
        for (answer, status, body) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello behind", 200, "hello"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, ""),
            ("HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", 200, "hello"),
            ("HTTP/1.1 200 OK\r\n\r\nuntil the end\r\n\r\n", 200, "until the end\r\n\r\n"),
            ("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nold", 200, "old"),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Ok\r\nContent-Length: 2\r\n\r\nhi", 201, "hi"),
            ("HTTP/1.1 299 Fine\r\nContent-Length: 2\r\n\r\nhi", 299, "hi"),
            ("HTTP/1.1 204 No\r\n\r\nnot a body", 204, ""),
            ("HTTP/1.1 200 Schön\r\nX-A: é\r\nContent-Type: text/é\r\nContent-Length: 2\r\n\r\nhi", 200, "hi"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: é\r\n\r\n", 200, "abcde"),
            (&lengthy, 200, &long),
            (&chunks, 200, &long),
        ] {
            // The long ones are about our buffers and async-h1's, not about single bytes.
            let steps: &[usize] = match answer.len() {
                0..1000 => &[1, 2, 3, 5, 1 << 20],
                _ => &[1021, 4096, 8191, 1 << 20],
            };
            for &step in steps {
                let decoded = decode(answer.as_bytes(), step);
                assert_eq!(decoded, Ok((status, body.as_bytes().to_vec())), "{answer:.60} by {step}");
            }
        }
    }

    #[test]
    fn an_answer_cut_short_anywhere_is_closed_early() {
        for answer in [
            &b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"[..],
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nT: x\r\n\r\n",
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
        ] {
            assert!(decode(answer, 1).is_ok());
            for at in 0..answer.len() {
                let decoded = decode(&answer[..at], 3);
                assert!(matches!(decoded, Err(Error::Closed(_))), "cut at {at}: {decoded:?}");
            }
        }
    }

    #[test]
    fn a_head_over_16_kib_is_an_error_with_and_without_line_ends() {
        let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(1 << 20));
        let lines = format!("HTTP/1.1 200 OK\r\n{}", "X: y\r\n".repeat(1 << 17));
        let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(1 << 10);
        for answer in [endless, lines, interim] {
            for step in [1, 1000, 1 << 20] {
                let decoded = decode(answer.as_bytes(), step);
                assert!(
                    matches!(&decoded, Err(Error::Protocol(why)) if why.contains("16384")),
                    "{decoded:?}"
                );
            }
        }
    }

    #[test]
    fn a_head_of_almost_16_kib_is_fine() {
        let padding = "x".repeat(16_000);
        let answer = format!("HTTP/1.1 200 OK\r\nX: {padding}\r\nContent-Length: 2\r\n\r\nhi");
        assert_eq!(decode(answer.as_bytes(), 4096), Ok((200, b"hi".to_vec())));
    }

    #[test]
    fn nonsense_is_a_protocol_error() {
        for answer in [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello!",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!",
            "HTTP/1.1 200 OK\r\nA\r\n\r\n",
            "HTTP/1.1 abc OK\r\n\r\n",
            "ICY 200 OK\r\n\r\n",
            "<html>hello</html>",
            "{\"bouquets\": []}",
        ] {
            for step in [1, 1 << 20] {
                let decoded = decode(answer.as_bytes(), step);
                assert!(matches!(decoded, Err(Error::Protocol(_))), "{answer}: {decoded:?}");
            }
        }
    }
}
