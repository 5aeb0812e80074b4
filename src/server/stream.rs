//! `/stream/<channel>.ts`: the stream of a channel, or where it is.

use std::rc::Rc;
use std::task::{Context, Poll};

use smol::future::or;

use super::address::Addresses;
use crate::config::Mode;
use crate::http::{ApiError, Body, Live, Method, Params, Piece, Reply, Request};
use crate::model::{escape, seen_from_outside, stream_source, UrlKind};
use crate::store::Store;
use crate::stream::{Refusal, Streams, Who};

/// The field's media type of a transport stream.
const TRANSPORT_STREAM: &str = "video/mp2t";

#[derive(Clone)]
pub(super) struct Stations {
    pub(super) store: Rc<Store>,
    pub(super) streams: Streams,
    pub(super) addresses: Rc<Addresses>,
}

impl Stations {
    /// HEAD is answered from what is known, without a tuner (rule G2). Errors have an empty body, for players that
    /// take any body for a stream (rule G5), and say in a header what is wrong.
    pub(super) async fn get(self, request: Request, params: Params) -> Result<Reply, ApiError> {
        let snapshot = self.store.current();
        let Some(channel) = snapshot.lineup.find(params.get("channel")) else {
            return Ok(refused("801 Unknown Channel", 404));
        };
        let mode = self.addresses.mode(&request)?;
        let service = &channel.service;
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
        let (service, name) = (service.clone(), channel.name.clone());
        // What is known may change while it is tuned.
        drop(snapshot);
        let gone = async {
            request.client.gone().await;
            None
        };
        let open = async { Some(self.streams.open(&service, &name, who).await) };
        Ok(match or(open, gone).await {
            Some(Ok(reader)) => stream(reader),
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

fn refused(header: &'static str, status: u16) -> Reply {
    Reply::empty(status).with("x-hdhomerun-error", header)
}

fn elsewhere(url: String) -> Reply {
    Reply::empty(302)
        .with("location", url)
        .with("cache-control", "no-store")
}
