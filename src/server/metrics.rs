//! `/metrics`: all numbers there are.

use std::rc::Rc;
use std::time::Instant;

use super::rendered::Rendered;
use crate::cache::Counts;
use crate::health::{Board, Status, COMPONENTS};
use crate::http::{Params, Reply, Request};
use crate::log::audit::Audit;
use crate::metrics::{Collect, Kind, Registry, Text};
use crate::notice::Notices;
use crate::picons::Picons;
use crate::refresh;

/// The text format's media type (Prometheus, exposition formats).
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

#[derive(Clone)]
pub(super) struct Metrics {
    pub(super) registry: Registry,
}

impl Metrics {
    pub(super) async fn get(self, _: Request, _: Params) -> Reply {
        Reply::new(200, TEXT, self.registry.text()).with("cache-control", "no-store")
    }
}

/// The numbers of those who know nothing of metrics.
pub(super) struct Others {
    pub(super) refresh: refresh::Handle,
    pub(super) picons: Rc<Picons>,
    pub(super) rendered: Rc<Rendered>,
    pub(super) audit: Audit,
    pub(super) health: Board,
    pub(super) notices: Notices,
}

impl Collect for Others {
    fn collect(&self, out: &mut Text) {
        out.family(
            Kind::Gauge,
            "xg2g_build_info",
            "1; the version is its label.",
        );
        out.value(&[("version", env!("CARGO_PKG_VERSION"))], 1);
        out.single(
            Kind::Counter,
            "xg2g_audit_dropped_lines_total",
            "Lines of the audit that were lost.",
            self.audit.dropped().into(),
        );
        out.family(
            Kind::Gauge,
            "xg2g_health",
            "2: healthy, 1: degraded, 0: unhealthy; xmltv is healthy too where no guide is wanted.",
        );
        let checks = self.health.checks(Instant::now());
        for component in COMPONENTS {
            let check = checks.iter().find(|check| check.name == component);
            let value = match check.map_or(Status::Healthy, |check| check.status) {
                Status::Healthy => 2,
                Status::Degraded => 1,
                Status::Unhealthy => 0,
            };
            out.value(&[("component", component)], value);
        }
        let notices = self.notices.counts();
        for (kind, name, help, value) in [
            (
                Kind::Gauge,
                "xg2g_events_clients",
                "Clients that follow /api/v1/events.",
                self.notices.listeners() as u64,
            ),
            (
                Kind::Counter,
                "xg2g_events_pushed_total",
                "What happened of the kinds that /api/v1/events tells.",
                notices.pushed,
            ),
            (
                Kind::Counter,
                "xg2g_events_sent_total",
                "Events given to clients.",
                notices.sent,
            ),
            (
                Kind::Counter,
                "xg2g_events_dropped_clients_total",
                "Clients that were too slow for the events and were cut off.",
                notices.dropped,
            ),
        ] {
            out.single(kind, name, help, value);
        }
        let caches = [
            ("answers", self.refresh.kept()),
            ("picons", self.picons.counts()),
            ("outputs", self.rendered.counts()),
        ];
        type Count = fn(&Counts) -> u32;
        let families: [(Kind, &str, &str, Count); 5] = [
            (
                Kind::Counter,
                "xg2g_cache_hits_total",
                "What was asked of a cache and found.",
                |counts| counts.hits,
            ),
            (
                Kind::Counter,
                "xg2g_cache_misses_total",
                "What was asked of a cache and not found.",
                |counts| counts.misses,
            ),
            (
                Kind::Counter,
                "xg2g_cache_evictions_total",
                "What made room for others in a cache.",
                |counts| counts.evictions,
            ),
            (
                Kind::Gauge,
                "xg2g_cache_entries",
                "What a cache holds.",
                |counts| counts.entries,
            ),
            (
                Kind::Gauge,
                "xg2g_cache_bytes",
                "What a cache holds, in bytes.",
                |counts| counts.bytes,
            ),
        ];
        for (kind, name, help, count) in families {
            out.family(kind, name, help);
            for (cache, counts) in &caches {
                out.value(&[("cache", cache)], count(counts).into());
            }
        }
    }
}
