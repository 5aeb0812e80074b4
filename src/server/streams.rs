//! `/api/v1/streams`: what is received, and for whom.

use nanoserde::SerJson;

use crate::http::{Params, Reply, Request};
use crate::stream::{Active, Streams};

#[derive(Clone)]
pub(super) struct Activity {
    pub(super) streams: Streams,
}

impl Activity {
    pub(super) async fn streams(self, _: Request, _: Params) -> Reply {
        let streams = self.streams.list().into_iter().map(Stream::from).collect();
        let body = Listed { streams };
        Reply::new(200, "application/json", body.serialize_json())
    }
}

#[derive(SerJson)]
struct Listed {
    streams: Vec<Stream>,
}

#[derive(SerJson)]
struct Stream {
    channel: String,
    name: String,
    state: String,
    source: String,
    transponder: Option<String>,
    seconds: u64,
    received: u64,
    buffered: u64,
    tunes: u32,
    readers: Vec<Watcher>,
}

#[derive(SerJson)]
struct Watcher {
    client: String,
    agent: String,
    seconds: u64,
    sent: u64,
}

impl From<Active> for Stream {
    fn from(active: Active) -> Stream {
        let readers = active.readers.into_iter().map(|reader| Watcher {
            client: reader.who.client.to_string(),
            agent: reader.who.agent,
            seconds: reader.age.as_secs(),
            sent: reader.sent,
        });
        Stream {
            channel: active.service.slug(),
            name: active.name,
            state: active.phase.into(),
            source: active.source.into(),
            transponder: active.transponder.map(|one| one.to_string()),
            seconds: active.age.as_secs(),
            received: active.received,
            buffered: active.buffered as u64,
            tunes: active.tunes,
            readers: readers.collect(),
        }
    }
}
