//! What is counted of the passes.

use std::time::Duration;

use super::Handle;
use crate::metrics::{Collect, Counter, Histogram, Kind, Text};
use crate::model::{unix_seconds, Lineup};

/// Upper bounds of the times of passes, in milliseconds: the first one takes minutes on purpose.
const BOUNDS: &[u32] = &[
    100, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000,
];

/// What is counted of the passes.
#[derive(Debug)]
pub(super) struct Metrics {
    successes: Histogram,
    failures: Histogram,
    channels: Counter,
    bouquets: Counter,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics {
            successes: Histogram::new(BOUNDS),
            failures: Histogram::new(BOUNDS),
            channels: Counter::default(),
            bouquets: Counter::default(),
        }
    }
}

impl Metrics {
    /// A pass ended; `lineup` is what is known after it.
    pub(super) fn note(&self, took: Duration, is_success: bool, lineup: &Lineup) {
        if !is_success {
            return self.failures.observe(took);
        }
        self.successes.observe(took);
        self.channels.add(lineup.channels.len() as u64);
        self.bouquets.add(lineup.bouquets.len() as u64);
    }
}

impl Collect for Handle {
    fn collect(&self, out: &mut Text) {
        let (metrics, status) = (&*self.metrics, self.status.borrow());
        out.family(
            Kind::Histogram,
            "xg2g_refresh_duration_seconds",
            "How long passes over channels and guide took.",
        );
        out.histogram(&[("status", "success")], &metrics.successes);
        out.histogram(&[("status", "failure")], &metrics.failures);
        let succeeded = status.succeeded.map_or(0, unix_seconds);
        for (kind, name, help, value) in [
            (
                Kind::Counter,
                "xg2g_refresh_channels_total",
                "Channels found by passes that ended well, summed over them.",
                metrics.channels.get(),
            ),
            (
                Kind::Counter,
                "xg2g_refresh_bouquets_total",
                "Bouquets found by passes that ended well, summed over them.",
                metrics.bouquets.get(),
            ),
            (
                Kind::Gauge,
                "xg2g_refresh_running",
                "1 while a pass runs.",
                status.running.into(),
            ),
            (
                Kind::Gauge,
                "xg2g_refresh_last_success_timestamp_seconds",
                "When a pass last ended well, in seconds since 1970; 0 if none did since the start.",
                succeeded,
            ),
            (
                Kind::Gauge,
                "xg2g_refresh_warnings",
                "What the running or last pass warns of; /api/v1/status has the words.",
                status.warnings.len() as u64,
            ),
        ] {
            out.single(kind, name, help, value);
        }
    }
}
