//! One connection: read a head, read its body, answer, again.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use log::{debug, log_enabled, warn, Level};
use smol::future::yield_now;

use super::date::Now;
use super::error::{code, ApiError, Refusal};
use super::head::{scan, Head, MAX_HEAD};
use super::line::Caller;
use super::open::{Phase, Standing};
use super::reply::{encode_head, Body, Chunks, Framing, Live, Part, Reply};
use super::request::{Client, Method, Request};
use super::router::Router;
use super::websocket::{self, Texts};
use super::wire::Wire;
use super::Limits;
use crate::metrics::Held;

/// Slices given to one `writev`; far below the kernel's 1024.
const SLICES: usize = 64;
/// A connection's buffer is given back above this; only a request body makes it so large.
const KEPT_BUFFER: usize = 2 * MAX_HEAD;

/// By what a server answers: replaced as one.
pub(super) struct Terms {
    pub(super) router: Rc<Router>,
    pub(super) limits: Limits,
}

/// What all connections of a server have in common.
pub(super) struct Shared {
    /// What answers and what is allowed, both of the same configuration.
    pub(super) terms: RefCell<Rc<Terms>>,
    /// Set once: answers still running are the last of their connections.
    pub(super) stopping: Cell<bool>,
    now: RefCell<Now>,
    scratch: RefCell<Vec<u8>>,
    /// Start of the server in seconds and the requests since, which together make an id.
    started: u64,
    requests: Cell<u32>,
}

impl Shared {
    pub(super) fn new(terms: Terms) -> Self {
        let started = SystemTime::now().duration_since(UNIX_EPOCH);
        Shared {
            terms: RefCell::new(Rc::new(terms)),
            stopping: Cell::new(false),
            now: RefCell::default(),
            scratch: RefCell::new(vec![0; MAX_HEAD]),
            started: started.map_or(0, |since| since.as_secs()),
            requests: Cell::new(0),
        }
    }

    /// Those in force; a request that has begun goes on with the ones it began with.
    pub(super) fn terms(&self) -> Rc<Terms> {
        self.terms.borrow().clone()
    }

    fn next_id(&self) -> String {
        self.requests.set(self.requests.get().wrapping_add(1));
        format!("{:x}-{:x}", self.started, self.requests.get())
    }
}

/// Why a connection ends without a further exchange.
enum End {
    /// The client is gone, or has been silent for too long.
    Silent,
    /// The request cannot be served; the client is told.
    Refused(Refusal),
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        End::Silent
    }
}

impl From<Refusal> for End {
    fn from(refusal: Refusal) -> Self {
        End::Refused(refusal)
    }
}

/// What sending an answer needs to know of its request.
struct Asked {
    id: String,
    head_only: bool,
    http_1_0: bool,
    close: bool,
}

/// A connection between two polls.
pub(super) struct Connection {
    shared: Rc<Shared>,
    wire: Wire,
    peer: SocketAddr,
    local: SocketAddr,
    /// Received and not yet used: the start of the next request, or pipelined ones.
    buffer: Vec<u8>,
    standing: Rc<Standing>,
    /// Counts it among those that are open.
    _open: Held,
}

impl Connection {
    /// Fails if the client is already gone.
    pub(super) fn new(
        shared: &Rc<Shared>,
        caller: &Caller,
        standing: Rc<Standing>,
    ) -> io::Result<Self> {
        let terms = shared.terms();
        Ok(Connection {
            _open: terms.router.seen().connection(),
            local: caller.stream.get_ref().local_addr()?,
            wire: Wire::new(caller.stream.clone(), terms.limits.write),
            shared: shared.clone(),
            peer: caller.peer,
            buffer: Vec::new(),
            standing,
        })
    }

    /// Answers requests in their order until the connection ends.
    pub(super) async fn serve(mut self) {
        loop {
            match self.exchange().await {
                Ok(true) if self.buffer.is_empty() => {}
                // Whoever pipelines waits for its turn like everybody else.
                Ok(true) => yield_now().await,
                Ok(false) if self.buffer.is_empty() => return,
                Ok(false) => return self.linger().await,
                Err(End::Silent) => return,
                Err(End::Refused(refusal)) => return self.refuse(refusal).await,
            }
        }
    }

    /// Tells the client that it cannot be served, and ends the connection.
    pub(super) async fn refuse(mut self, refusal: Refusal) {
        let asked = Asked {
            id: self.shared.next_id(),
            head_only: self.buffer.starts_with(b"HEAD "),
            http_1_0: false,
            close: true,
        };
        debug!(
            "refused {}: {} {} {}",
            self.peer, refusal.status, refusal.message, asked.id
        );
        self.shared.terms().router.seen().refused(refusal.status);
        if self
            .send(ApiError::from(refusal).reply(&asked.id, true), &asked)
            .await
            .is_ok()
        {
            self.linger().await;
        }
    }

    async fn linger(mut self) {
        let time = self.shared.terms().limits.linger;
        self.standing.enter(Phase::Idle);
        self.wire.linger(&self.shared.scratch, time).await;
    }

    /// One request and its answer; tells whether another may follow.
    async fn exchange(&mut self) -> Result<bool, End> {
        let head = self.read_head().await?;
        let (started, before) = (Instant::now(), self.wire.sent);
        let terms = self.shared.terms();
        let router = &terms.router;
        if head.content_length > router.longest_body(head.method, &head.target.segments) {
            return Err(Refusal::new(413, "the body is too long").into());
        }
        let body = self.read_body(&head).await?;
        self.standing.enter(Phase::Answering);
        let mut asked = Asked {
            id: String::new(),
            head_only: head.method == Method::Head,
            http_1_0: head.http_1_0,
            close: head.close,
        };
        let id = self.shared.next_id();
        let mut request = Request::decode(head, body, self.peer, id).await?;
        request.client = Client::new(self.wire.stream());
        asked.id.clone_from(&request.id);
        let line =
            log_enabled!(Level::Debug).then(|| format!("{} {}", request.method, request.raw_path));

        let reply = router.answer(request).await;
        // A stream may last for days, and the configuration change meanwhile.
        drop(terms);
        asked.close |= self.shared.stopping.get() || matches!(reply.body, Body::Live(_));
        let is_last = asked.close || matches!(reply.body, Body::WebSocket(_));
        let status = reply.status;
        let sent = self.send(reply, &asked).await;
        if let Some(line) = line {
            let (bytes, took) = (self.wire.sent - before, started.elapsed());
            let cut = if sent.is_err() { " cut" } else { "" };
            debug!(
                "{line} {status} {bytes} B{cut} {} us {}",
                took.as_micros(),
                asked.id
            );
        }
        sent?;
        Ok(!is_last)
    }

    async fn read_head(&mut self) -> Result<Head, End> {
        let terms = self.shared.terms();
        let (idle_limit, head_limit) = (terms.limits.idle, terms.limits.head);
        drop(terms);
        let mut until = Instant::now() + head_limit;
        let mut may_be_whole = true;
        loop {
            let idle = self.buffer.is_empty();
            if !idle && may_be_whole {
                if let Some(head) = scan(&self.buffer, self.local)? {
                    self.buffer.drain(..head.len);
                    return Ok(head);
                }
            } else if idle && self.shared.stopping.get() {
                return Err(End::Silent);
            }
            let (phase, wait) = if idle {
                (Phase::Idle, Instant::now() + idle_limit)
            } else {
                (Phase::Reading, until)
            };
            self.standing.enter(phase);
            let before = self.buffer.len();
            let read = self
                .wire
                .read(&mut self.buffer, &self.shared.scratch, wait)
                .await;
            self.standing.enter(Phase::Reading);
            match read {
                Ok(1..) if idle => until = Instant::now() + head_limit,
                // Single bytes are not worth looking at all before them again.
                Ok(1..) => {
                    let news = self.buffer.get(before..).unwrap_or_default();
                    may_be_whole = news.contains(&b'\n') || self.buffer.len() >= MAX_HEAD;
                }
                Err(error) if !idle && error.kind() == ErrorKind::TimedOut => {
                    return Err(Refusal::new(408, "the head took too long").into());
                }
                Ok(0) | Err(_) => return Err(End::Silent),
            }
        }
    }

    async fn read_body(&mut self, head: &Head) -> Result<Vec<u8>, End> {
        let length = head.content_length;
        if head.expects_continue && self.buffer.len() < length {
            let go = b"HTTP/1.1 100 Continue\r\n\r\n";
            self.wire.write(&mut [IoSlice::new(go)]).await?;
        }
        let until = Instant::now() + self.shared.terms().limits.body;
        while self.buffer.len() < length {
            match self
                .wire
                .read(&mut self.buffer, &self.shared.scratch, until)
                .await
            {
                Ok(1..) => {}
                Err(error) if error.kind() == ErrorKind::TimedOut => {
                    return Err(Refusal::new(408, "the body took too long").into());
                }
                Ok(0) | Err(_) => return Err(End::Silent),
            }
        }
        let body = self.buffer.drain(..length).collect();
        if self.buffer.capacity() > KEPT_BUFFER {
            self.buffer.shrink_to(MAX_HEAD);
        }
        Ok(body)
    }

    async fn send(&mut self, mut reply: Reply, asked: &Asked) -> io::Result<()> {
        let mut first = Vec::new();
        let mut more = true;
        if let (Body::Stream(chunks), false) = (&mut reply.body, asked.head_only) {
            match chunks.next(&mut first) {
                Ok(next) => more = next,
                Err(error) => {
                    let failed = ApiError::new(code::INTERNAL, "the answer could not be made");
                    reply = failed.because(error).reply(&asked.id, true);
                }
            }
        }
        let framing = reply.framing(asked.http_1_0);
        let head = self.head(&reply, framing, asked).await?;
        match reply.body {
            Body::WebSocket(texts) if !asked.head_only => self.tell(&head, texts).await,
            _ if asked.head_only || framing == Framing::None => self.send_parts(&head, &[]).await,
            Body::Empty | Body::WebSocket(_) => self.send_parts(&head, &[]).await,
            Body::Bytes(bytes) => self.send_parts(&head, &[Part::Bytes(bytes)]).await,
            Body::Parts(parts) => self.send_parts(&head, &parts).await,
            Body::Stream(chunks) => {
                let chunked = framing == Framing::Chunked;
                self.send_stream(head, chunks, first, more, chunked).await
            }
            Body::Live(live) => self.send_live(head, live).await,
        }
    }

    async fn head(&self, reply: &Reply, framing: Framing, asked: &Asked) -> io::Result<Vec<u8>> {
        let date = self.shared.now.borrow_mut().text().to_owned();
        let mut headers = Vec::with_capacity(reply.headers.len() + 3);
        headers.extend([("date", &*date), ("x-request-id", &*asked.id)]);
        if asked.close && !matches!(reply.body, Body::WebSocket(_)) {
            headers.push(("connection", "close"));
        }
        headers.extend(reply.headers.iter().map(|(name, value)| (*name, &**value)));
        encode_head(reply.status, &headers, framing).await
    }

    /// Sends a head and the parts after it, what lies in memory gathered into one call.
    async fn send_parts(&mut self, head: &[u8], parts: &[Part]) -> io::Result<()> {
        let mut slices = vec![IoSlice::new(head)];
        for part in parts {
            match part {
                _ if part.is_empty() => {}
                Part::Bytes(bytes) => slices.push(IoSlice::new(bytes)),
                Part::File { file, offset, len } => {
                    self.wire.write(&mut slices).await?;
                    slices.clear();
                    self.wire.write_file(file, *offset, *len).await?;
                }
            }
            if slices.len() == SLICES {
                self.wire.write(&mut slices).await?;
                slices.clear();
            }
        }
        self.wire.write(&mut slices).await
    }

    async fn send_live(&mut self, head: Vec<u8>, mut live: Box<dyn Live>) -> io::Result<()> {
        self.wire.write(&mut [IoSlice::new(&head)]).await?;
        drop(head);
        while let Some(piece) = poll_fn(|context| live.poll_next(context)).await {
            let bytes = piece.bytes.get(piece.from..).unwrap_or_default();
            self.wire.be_patient();
            self.wire.write(&mut [IoSlice::new(bytes)]).await?;
        }
        Ok(())
    }

    /// Tells `texts`, then says goodbye: the client closes too, but the end of the connection is ours.
    async fn tell(&mut self, head: &[u8], texts: Box<dyn Texts>) -> io::Result<()> {
        self.wire.write(&mut [IoSlice::new(head)]).await?;
        let (silence, linger) = {
            let limits = &self.shared.terms().limits;
            (limits.silence, limits.linger)
        };
        let scratch = &self.shared.scratch;
        let (wire, buffer) = (&mut self.wire, &mut self.buffer);
        websocket::serve(wire, buffer, scratch, silence, texts).await?;
        buffer.clear();
        wire.linger(scratch, linger).await;
        Ok(())
    }

    async fn send_stream(
        &mut self,
        head: Vec<u8>,
        mut chunks: Box<dyn Chunks>,
        mut chunk: Vec<u8>,
        mut more: bool,
        chunked: bool,
    ) -> io::Result<()> {
        let mut before = head;
        loop {
            if chunked && !chunk.is_empty() {
                before.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            }
            let after: &[u8] = match (chunked, chunk.is_empty(), more) {
                (false, _, _) | (true, true, true) => b"",
                (true, false, true) => b"\r\n",
                (true, true, false) => b"0\r\n\r\n",
                (true, false, false) => b"\r\n0\r\n\r\n",
            };
            let slices = [&*before, &*chunk, after];
            let filled = slices.into_iter().filter(|slice| !slice.is_empty());
            let mut slices: Vec<_> = filled.map(IoSlice::new).collect();
            self.wire.write(&mut slices).await?;
            if !more {
                return Ok(());
            }
            yield_now().await;
            before.clear();
            chunk.clear();
            more = chunks.next(&mut chunk).inspect_err(|error| {
                warn!("an answer was cut: {error}");
            })?;
        }
    }
}
