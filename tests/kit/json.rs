//! What the API says, as far as tests look at it.

// The derive knows no narrower word than `pub`, and writes its code its own way.
#![allow(unreachable_pub, clippy::question_mark)]

use std::collections::HashMap;

use nanoserde::DeJson;

#[derive(Debug, DeJson)]
pub struct Status {
    pub version: String,
    pub receiver: ReceiverStatus,
    pub refresh: RefreshStatus,
    pub channels: ChannelsStatus,
    pub guide: Option<GuideStatus>,
    pub hdhomerun: Option<HdhomerunStatus>,
    pub caches: CachesStatus,
    pub refused: RefusedStatus,
    pub warnings: Vec<String>,
}

#[derive(Debug, DeJson)]
pub struct HdhomerunStatus {
    pub device_id: String,
    pub tuners: u32,
    pub channels: usize,
    pub left_out: u32,
    pub discovery: String,
    pub warnings: Vec<String>,
}

#[derive(Debug, DeJson)]
pub struct RefusedStatus {
    pub limited: u32,
    pub denied: u32,
}

#[derive(Debug, DeJson)]
pub struct ReceiverStatus {
    pub url: String,
    pub files: Option<String>,
    pub reachable: Option<bool>,
    pub standby: Option<bool>,
    pub model: Option<String>,
    pub webif: Option<String>,
    pub calls: u32,
    pub failed_calls: u32,
}

#[derive(Debug, DeJson)]
pub struct RefreshStatus {
    pub running: bool,
    pub phase: String,
    pub passes: u32,
    pub succeeded: Option<String>,
    pub error: Option<String>,
    pub calls: u32,
    pub next_in_seconds: Option<u64>,
}

#[derive(Debug, DeJson)]
pub struct ChannelsStatus {
    pub tv: usize,
    pub radio: usize,
    pub hidden: usize,
}

#[derive(Debug, DeJson)]
pub struct GuideStatus {
    pub events: usize,
    pub channels: usize,
    pub bytes: u64,
}

#[derive(Debug, DeJson)]
pub struct CachesStatus {
    pub picons: CacheStatus,
}

#[derive(Debug, DeJson)]
pub struct CacheStatus {
    pub hits: u32,
}

#[derive(Debug, DeJson)]
pub struct Channels {
    pub total: usize,
    pub channels: Vec<ChannelJson>,
}

#[derive(Debug, DeJson)]
pub struct ChannelJson {
    pub id: String,
    pub slug: String,
    pub number: u32,
    pub name: String,
    pub media: String,
    pub bouquets: Vec<String>,
    pub service: String,
    pub logo: String,
    pub stream: String,
    pub guide_until: Option<String>,
    pub quality: Option<String>,
    pub codec: Option<String>,
    pub scrambled: Option<bool>,
    pub provider: Option<String>,
}

#[derive(Debug, DeJson)]
pub struct Bouquets {
    pub bouquets: Vec<BouquetJson>,
}

#[derive(Debug, DeJson)]
pub struct BouquetJson {
    pub stem: String,
    pub name: String,
    pub media: String,
    pub channels: usize,
    pub hidden: u32,
    pub locked: u32,
    pub playlist: String,
}

#[derive(Debug, DeJson)]
pub struct Epg {
    pub events: Vec<EventJson>,
}

#[derive(Debug, DeJson)]
pub struct EventJson {
    pub channel: String,
    pub start: String,
    pub stop: String,
    pub title: String,
}

#[derive(Debug, DeJson)]
pub struct Now {
    pub total: usize,
    pub channels: Vec<NowJson>,
}

#[derive(Debug, DeJson)]
pub struct NowJson {
    pub channel: String,
    pub name: String,
    pub now: Option<EventJson>,
    pub next: Option<EventJson>,
}

#[derive(Debug, DeJson)]
pub struct ErrorJson {
    pub error: String,
    pub code: String,
    pub request_id: String,
}

/// A line of the audit. A field that is missing is an error.
#[derive(Debug, PartialEq, DeJson)]
pub struct AuditLine {
    pub timestamp: String,
    pub log_type: String,
    pub event_type: String,
    pub actor: String,
    pub action: String,
    pub resource: String,
    pub result: String,
    pub remote_addr: String,
    pub request_id: String,
    pub details: HashMap<String, String>,
}

#[derive(Debug, DeJson)]
pub struct Streams {
    pub streams: Vec<StreamStatus>,
}

#[derive(Debug, DeJson)]
pub struct StreamStatus {
    pub readers: Vec<ReaderStatus>,
}

#[derive(Debug, DeJson)]
pub struct ReaderStatus {
    pub agent: String,
    pub sent: u64,
}

impl Streams {
    /// What the reader of this name was given; `None` if there is none.
    pub fn sent(&self, agent: &str) -> Option<u64> {
        let mut readers = self.streams.iter().flat_map(|stream| &stream.readers);
        Some(readers.find(|reader| reader.agent == agent)?.sent)
    }
}
