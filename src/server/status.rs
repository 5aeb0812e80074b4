//! `/api/v1/status`: is it well, what is it doing.

use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use nanoserde::{SerJson, SerJsonState};

use super::device::Emulated;
use super::rendered::Rendered;
use crate::access::Refused;
use crate::cache::Counts;
use crate::config::Loaded;
use crate::discovery;
use crate::http::{Params, Reply, Request};
use crate::log::audit::Audit;
use crate::model::{rfc3339, unix_seconds, Media};
use crate::picons::Picons;
use crate::refresh;
use crate::store::Store;

#[derive(Clone)]
pub(super) struct Page {
    pub(super) store: Rc<Store>,
    pub(super) refresh: refresh::Handle,
    pub(super) picons: Rc<Picons>,
    pub(super) rendered: Rc<Rendered>,
    pub(super) emulated: Option<Emulated>,
    pub(super) found: Rc<discovery::State>,
    pub(super) loaded: Rc<Loaded>,
    pub(super) refused: Rc<Refused>,
    pub(super) audit: Audit,
    pub(super) started: Instant,
}

#[derive(SerJson)]
struct StatusJson {
    version: String,
    uptime_seconds: u64,
    receiver: ReceiverJson,
    refresh: RefreshJson,
    channels: ChannelsJson,
    guide: Option<GuideJson>,
    hdhomerun: Option<HdhomerunJson>,
    caches: CachesJson,
    refused: RefusedJson,
    audit: AuditJson,
    warnings: Vec<String>,
    may_change: bool,
}

#[derive(SerJson)]
struct AuditJson {
    dropped: u32,
}

#[derive(SerJson)]
struct RefusedJson {
    limited: u64,
    denied: u64,
}

#[derive(SerJson)]
struct ReceiverJson {
    url: String,
    files: Option<String>,
    reachable: Option<bool>,
    standby: Option<bool>,
    model: Option<String>,
    webif: Option<String>,
    image: Option<String>,
    calls: u32,
    failed_calls: u32,
}

#[derive(SerJson)]
struct RefreshJson {
    running: bool,
    phase: String,
    done: u32,
    total: u32,
    passes: u32,
    started: Option<String>,
    succeeded: Option<String>,
    error: Option<String>,
    calls: u32,
    took_seconds: Option<Seconds>,
    next_in_seconds: Option<u64>,
}

/// Seconds with three digits behind the point.
struct Seconds(Duration);

impl SerJson for Seconds {
    fn ser_json(&self, _: usize, state: &mut SerJsonState) {
        let (seconds, millis) = (self.0.as_secs(), self.0.subsec_millis());
        state.out.push_str(&format!("{seconds}.{millis:03}"));
    }
}

#[derive(SerJson)]
struct ChannelsJson {
    tv: usize,
    radio: usize,
    hidden: u32,
    locked: u32,
    bouquets: usize,
    changed: Option<String>,
}

#[derive(SerJson)]
struct GuideJson {
    events: u32,
    channels: u32,
    changed: String,
    bytes: u64,
    packed_bytes: u64,
    store_bytes: u64,
}

#[derive(SerJson)]
struct HdhomerunJson {
    device_id: String,
    name: String,
    tuners: u8,
    channels: usize,
    left_out: u32,
    discovery: String,
    warnings: Vec<String>,
}

#[derive(SerJson)]
struct CachesJson {
    answers: CacheJson,
    picons: CacheJson,
    outputs: CacheJson,
}

#[derive(SerJson)]
struct CacheJson {
    entries: u32,
    bytes: u32,
    hits: u32,
    misses: u32,
    evictions: u32,
}

impl From<Counts> for CacheJson {
    fn from(counts: Counts) -> CacheJson {
        let Counts {
            hits,
            misses,
            evictions,
            entries,
            bytes,
        } = counts;
        CacheJson {
            entries,
            bytes,
            hits,
            misses,
            evictions,
        }
    }
}

impl Page {
    pub(super) async fn get(self, request: Request, _: Params) -> Reply {
        let status = self.refresh.status();
        let snapshot = self.store.current();
        let lineup = &snapshot.lineup;
        let of = |media| {
            lineup
                .channels
                .iter()
                .filter(|channel| channel.media == media)
                .count()
        };
        let about = status.about.as_ref();
        let known = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let progress = status.progress;
        let json = StatusJson {
            version: env!("CARGO_PKG_VERSION").into(),
            uptime_seconds: self.started.elapsed().as_secs(),
            receiver: ReceiverJson {
                url: self.loaded.config.receiver.url.clone(),
                files: status.files.map(|path| path.display().to_string()),
                reachable: status.reachable,
                standby: status.standby,
                model: about.and_then(|about| known(&about.model)),
                webif: about.and_then(|about| known(&about.webif)),
                image: about.and_then(|about| known(&about.image)),
                calls: status.calls.total,
                failed_calls: status.calls.failed,
            },
            refresh: RefreshJson {
                running: status.running,
                phase: progress.phase.as_str().into(),
                done: progress.done,
                total: progress.total,
                passes: status.passes,
                started: status.started.map(time),
                succeeded: status.succeeded.map(time),
                error: status.error,
                calls: status.calls.total.wrapping_sub(status.calls_before.total),
                took_seconds: status.took.map(Seconds),
                next_in_seconds: status
                    .next
                    .map(|next| next.saturating_duration_since(Instant::now()).as_secs()),
            },
            channels: ChannelsJson {
                tv: of(Media::Tv),
                radio: of(Media::Radio),
                hidden: lineup.bouquets.iter().map(|bouquet| bouquet.hidden).sum(),
                locked: lineup.bouquets.iter().map(|bouquet| bouquet.locked).sum(),
                bouquets: lineup.bouquets.len(),
                changed: (snapshot.generation > 0).then(|| time(snapshot.made)),
            },
            guide: snapshot.guide.as_ref().map(|guide| GuideJson {
                events: guide.all().events,
                channels: guide.all().channels,
                changed: time(guide.made),
                bytes: guide.plain_bytes(),
                packed_bytes: guide.packed_bytes(),
                store_bytes: self.store.events().bytes(),
            }),
            hdhomerun: self.emulated.as_ref().map(|emulated| {
                let device = emulated.device();
                let programs = &snapshot.programs;
                let found = self.found.told();
                let unknown = programs.unknown.iter().map(|name| {
                    format!("hdhomerun.bouquets names `{name}`, which is not among the channels")
                });
                HdhomerunJson {
                    device_id: device.id.to_string(),
                    name: device.name,
                    tuners: device.tuners,
                    channels: programs.list.len(),
                    left_out: programs.left_out,
                    discovery: found.discovery,
                    warnings: unknown.chain(found.warnings).collect(),
                }
            }),
            caches: CachesJson {
                answers: status.kept.into(),
                picons: self.picons.counts().into(),
                outputs: self.rendered.counts().into(),
            },
            refused: RefusedJson {
                limited: self.refused.limited(),
                denied: self.refused.denied(),
            },
            audit: AuditJson {
                dropped: self.audit.dropped(),
            },
            warnings: status.warnings,
            may_change: request.may_change,
        };
        Reply::new(200, "application/json", json.serialize_json()).with("cache-control", "no-cache")
    }
}

fn time(at: SystemTime) -> String {
    rfc3339(unix_seconds(at))
}
