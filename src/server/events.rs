//! `/api/v1/events`: what happens, while it happens, by WebSocket or as Server-Sent Events.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use nanoserde::SerJson;
use smol::future::{BoxedLocal, FutureExt};
use smol::stream::StreamExt;
use smol::Timer;

use crate::http::{
    code, handshake, switch, wants_websocket, websocket_needed, ApiError, Body, Client, Live,
    Params, Piece, Reply, Request, Texts,
};
use crate::model::{rfc3339, unix_seconds};
use crate::notice::{Ear, Notices, Queue, Refusal, Told};
use crate::refresh;
use crate::store::Store;
use crate::stream::Streams;

/// What the kernel keeps for a client that does not read (bytes), besides the notices in its queue.
const BACKLOG: usize = 32 * 1024;
/// A stream of events that is silent for this long says that it lives.
const SILENCE: Duration = Duration::from_secs(20);
/// How soon a browser that lost the stream comes again (milliseconds).
const RETRY: u32 = 3_000;

/// What happens.
#[derive(Clone)]
pub(super) struct Events {
    pub(super) notices: Notices,
    pub(super) store: Rc<Store>,
    pub(super) refresh: refresh::Handle,
    pub(super) streams: Streams,
}

impl Events {
    /// A WebSocket where one is asked for, an event stream where `Accept` names it, else 426.
    pub(super) async fn follow(self, request: Request, _: Params) -> Result<Reply, ApiError> {
        if wants_websocket(&request) {
            let key = handshake(&request)?;
            return Ok(switch(&key, self.begin(&request.client)?));
        }
        if !accepts_event_stream(&request) {
            let message = "ask for a WebSocket, or for Accept: text/event-stream";
            return Err(websocket_needed(message));
        }
        let stream = EventStream {
            heard: self.begin(&request.client)?,
            head: Some(format!("retry: {RETRY}\n")),
            silence: Timer::interval(SILENCE),
            gone: Box::pin(async move { request.client.gone().await }),
        };
        let reply = Reply {
            body: Body::Live(Box::new(stream)),
            ..Reply::empty(200)
        };
        Ok(reply
            .with("content-type", "text/event-stream")
            .with("cache-control", "no-store")
            // nginx would keep events until it has a buffer full.
            .with("x-accel-buffering", "no"))
    }

    /// A place among those who follow. How things are is told first, as of the moment from which on nothing is missed.
    fn begin(&self, client: &Client) -> Result<Heard, ApiError> {
        let cut = client.clone();
        let ear = self.notices.listen(move || cut.cut());
        let ear = ear.map_err(|refusal| match refusal {
            Refusal::Full => ApiError::new(code::FULL_HOUSE, "too many follow the events already")
                .with("retry-after", "30"),
            Refusal::Closed => ApiError::new(code::STOPPING, "the program stops"),
        })?;
        client.keep_little(BACKLOG);
        Ok(Heard {
            hello: Some(self.hello()),
            queue: Box::pin(ear.queue().clone()),
            _ear: ear,
        })
    }

    fn hello(&self) -> Told {
        let status = self.refresh.status();
        let snapshot = self.store.current();
        let progress = status.progress;
        let hello = Hello {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            generation: snapshot.generation,
            channels: snapshot.lineup.channels.len(),
            refresh: Pass {
                running: status.running,
                phase: progress.phase.as_str().to_owned(),
                done: progress.done,
                total: progress.total,
                succeeded: status.succeeded.map(|at| rfc3339(unix_seconds(at))),
                error: status.error,
            },
            streams: self
                .streams
                .list()
                .into_iter()
                .map(|stream| Stream {
                    channel: stream.service.slug(),
                    name: stream.name,
                    state: stream.phase.into(),
                })
                .collect(),
        };
        let json = hello.serialize_json();
        let fields = json.trim_start_matches('{').strip_suffix('}');
        self.notices.hello(fields.unwrap_or_default())
    }
}

/// How things are, for who begins to follow.
#[derive(SerJson)]
struct Hello {
    version: String,
    generation: u32,
    channels: usize,
    refresh: Pass,
    streams: Vec<Stream>,
}

#[derive(SerJson)]
struct Pass {
    running: bool,
    phase: String,
    done: u32,
    total: u32,
    succeeded: Option<String>,
    error: Option<String>,
}

#[derive(SerJson)]
struct Stream {
    channel: String,
    name: String,
    state: String,
}

/// What one client hears.
struct Heard {
    hello: Option<Told>,
    queue: Pin<Box<Queue>>,
    /// Its place.
    _ear: Ear,
}

impl Heard {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Told>> {
        match self.hello.take() {
            Some(hello) => Poll::Ready(Some(hello)),
            None => self.queue.poll_next(context),
        }
    }
}

impl Texts for Heard {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Rc<str>>> {
        self.poll(context).map(|told| told.map(|told| told.text))
    }
}

/// Notices as Server-Sent Events.
struct EventStream {
    heard: Heard,
    /// What stands before the first one.
    head: Option<String>,
    silence: Timer,
    gone: BoxedLocal<()>,
}

impl Live for EventStream {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Piece>> {
        if self.gone.poll(context).is_ready() {
            return Poll::Ready(None);
        }
        let text = match self.heard.poll(context) {
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Ready(Some(told)) => {
                self.silence.set_interval(SILENCE);
                let head = self.head.take().unwrap_or_default();
                format!("{head}id: {}\ndata: {}\n\n", told.id, told.text)
            }
            Poll::Pending => match self.silence.poll_next(context) {
                Poll::Ready(_) => ":\n\n".to_owned(),
                Poll::Pending => return Poll::Pending,
            },
        };
        Poll::Ready(Some(Piece {
            bytes: Rc::new(text.into_bytes()),
            from: 0,
        }))
    }
}

/// Whether `Accept` names event streams; one that takes anything means a document.
fn accepts_event_stream(request: &Request) -> bool {
    request.list("accept").any(|element| {
        let name = element.split(';').next().unwrap_or_default();
        name.trim().eq_ignore_ascii_case("text/event-stream")
    })
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;
    use crate::notice::Notice;

    #[test]
    fn an_event_stream_says_that_it_lives_and_what_happens() {
        let notices = Notices::new(|| "t".to_owned());
        let ear = notices.listen(|| ()).unwrap();
        let mut stream = EventStream {
            heard: Heard {
                hello: None,
                queue: Box::pin(ear.queue().clone()),
                _ear: ear,
            },
            head: Some("retry: 1\n".to_owned()),
            silence: Timer::interval(Duration::from_millis(1)),
            gone: Box::pin(std::future::pending()),
        };
        let mut next = || {
            let piece = smol::block_on(poll_fn(|context| stream.poll_next(context)));
            piece.map(|piece| String::from_utf8(piece.bytes.to_vec()).unwrap())
        };
        assert_eq!(next().as_deref(), Some(":\n\n"));
        notices.push(&Notice::ConfigReloaded {
            success: true,
            changes: Vec::new(),
        });
        let told = next().unwrap();
        assert!(told.starts_with("retry: 1\nid: 1\ndata: {\"id\":1,"));
        assert!(told.ends_with("}\n\n"));
        notices.close();
        assert_eq!(next(), None);
    }
}
