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
