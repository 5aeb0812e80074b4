//! `/stream/<channel>.ts` and the addresses of HDHomeRun streams: the stream of a channel, or where it is.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use smol::future::or;
use smol::Timer;

use super::address::Addresses;
use crate::config::Mode;
use crate::http::{ApiError, Body, Live, Method, Params, Piece, Reply, Request};
use crate::model::{escape, seen_from_outside, stream_source, ServiceRef, UrlKind};
use crate::store::Store;
use crate::stream::{Refusal, Streams, Who};

/// For what is in no lineup.
pub(super) const UNKNOWN_CHANNEL: &str = "801 Unknown Channel";
/// The field's media type of a transport stream.
const TRANSPORT_STREAM: &str = "video/mp2t";

#[derive(Clone)]
pub(super) struct Stations {
    pub(super) store: Rc<Store>,
    pub(super) streams: Streams,
    pub(super) addresses: Rc<Addresses>,
}

impl Stations {
    pub(super) async fn get(self, request: Request, params: Params) -> Result<Reply, ApiError> {
        let snapshot = self.store.current();
        let Some(channel) = snapshot.lineup.find(params.get("channel")) else {
            return Ok(refused(UNKNOWN_CHANNEL, 404));
        };
        let (service, name) = (channel.service.clone(), channel.name.clone());
        // What is known may change while it is tuned.
        drop(snapshot);
        self.send(request, &service, &name, None).await
    }

    /// A stream, for `duration` if it is to end. HEAD is answered from what is known, without a tuner (rule G2). Errors
    /// have an empty body, for players that take any body for a stream (rule G5), and say in a header what is wrong.
    pub(super) async fn send(
        self,
        request: Request,
        service: &ServiceRef,
        name: &str,
        duration: Option<Duration>,
    ) -> Result<Reply, ApiError> {
        let mode = self.addresses.mode(&request)?;
        let is_stream = service.url_kind() != Some(UrlKind::Other);
        if request.method == Method::Head && is_stream {
            return Ok(stream(Unopened));
        }
        let port = self.addresses.streams(&request);
        if mode != Mode::Proxy || !is_stream {
            return Ok(elsewhere(stream_source(service, &port)));
        }
        let agent = request.header("user-agent").unwrap_or("");
        let who = Who {
            client: request.asker,
            agent: agent.chars().take(120).collect(),
        };
        let gone = async {
            request.client.gone().await;
            None
        };
        let open = async { Some(self.streams.open(service, name, who).await) };
        Ok(match or(open, gone).await {
            Some(Ok(reader)) => {
                let tuner = format!("tuner{}", reader.slot());
                let reply = match duration {
                    None => stream(reader),
                    Some(duration) => stream(Limited {
                        body: reader,
                        end: Timer::after(duration),
                    }),
                };
                reply.with("x-hdhomerun-resource", tuner)
            }
            Some(Err(Refusal::Elsewhere(url))) => {
                elsewhere(escape(&seen_from_outside(&url, &port)))
            }
            Some(Err(refusal)) => {
                log::warn!(
                    "no stream of {name} for {}: {refusal} {}",
                    request.asker,
                    request.id
                );
                refused(refusal.header().unwrap_or_default(), 503)
            }
            // Nobody is left to read it.
            None => Reply::empty(503),
        })
    }
}

/// A stream that ends at a time.
struct Limited<B> {
    body: B,
    end: Timer,
}

impl<B: Live + Unpin> Live for Limited<B> {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        match Pin::new(&mut self.end).poll(cx) {
            Poll::Ready(_) => Poll::Ready(None),
            Poll::Pending => self.body.poll_next(cx),
        }
    }
}

/// What HEAD tells of: a stream, which has no length, but nobody opens it.
struct Unopened;

impl Live for Unopened {
    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Piece>> {
        Poll::Ready(None)
    }
}

fn stream(body: impl Live + 'static) -> Reply {
    Reply {
        body: Body::Live(Box::new(body)),
        ..Reply::empty(200)
    }
    .with("content-type", TRANSPORT_STREAM)
    .with("cache-control", "no-store")
}

/// No stream, for a reason in HDHomeRun's words.
pub(super) fn refused(header: &'static str, status: u16) -> Reply {
    Reply::empty(status).with("x-hdhomerun-error", header)
}

fn elsewhere(url: String) -> Reply {
    Reply::empty(302)
        .with("location", url)
        .with("cache-control", "no-store")
}
