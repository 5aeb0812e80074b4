//! What is counted of the streams.

use super::refusal::Refusal;
use super::Streams;
use crate::metrics::{Collect, Counter, Kind, Text};

/// Why there is no stream; the last one is no refusal.
const REASONS: [&str; 6] = [
    "system_busy",
    "tuners_in_use",
    "tune_failed",
    "no_data",
    "scrambled",
    "too_slow",
];

/// What is counted of the streams since the start.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    /// Readers that began a stream from the receiver.
    new: Counter,
    /// Readers that joined one.
    shared: Counter,
    /// Tries to tune.
    pub(super) tunes: Counter,
    /// Streams that broke off.
    pub(super) breaks: Counter,
    /// Bytes received.
    pub(super) received: Counter,
    /// Bytes given to readers.
    pub(super) sent: Counter,
    /// Readers refused or cut off, as in `REASONS` but the last.
    failed: [Counter; REASONS.len() - 1],
    /// Readers dropped because they were too slow.
    pub(super) dropped: Counter,
}

impl Metrics {
    /// A reader has its stream, or not; `shared`: it was there already.
    pub(super) fn opened(&self, shared: bool, refusal: Option<&Refusal>) {
        match refusal {
            Some(refusal) => self.failed(refusal, 1),
            None if shared => self.shared.up(),
            None => self.new.up(),
        }
    }

    /// So many readers have no stream.
    pub(super) fn failed(&self, why: &Refusal, readers: usize) {
        let reason = match why {
            Refusal::SystemBusy => 0,
            Refusal::TunersInUse => 1,
            Refusal::TuneFailed(_) => 2,
            Refusal::NoData => 3,
            Refusal::Scrambled => 4,
            // They get their stream, from elsewhere.
            Refusal::Elsewhere(_) => return,
        };
        self.failed[reason].add(readers as u64);
    }
}

impl Collect for Streams {
    fn collect(&self, out: &mut Text) {
        let inner = &self.0;
        let metrics = &*inner.metrics;
        let feeds = inner.feeds.borrow();
        let active = feeds.iter().filter(|one| !one.feed.is_over()).count();
        let tuners = self.tuners();
        let total = tuners.total.unwrap_or(0);
        for (kind, name, help, value) in [
            (
                Kind::Gauge,
                "xg2g_streams_active",
                "Streams from the receiver, those that linger included.",
                active as u64,
            ),
            (
                Kind::Gauge,
                "xg2g_stream_readers",
                "Players that have a stream or wait for one.",
                self.readers(|_| true) as u64,
            ),
            (
                Kind::Counter,
                "xg2g_stream_received_bytes_total",
                "Bytes of streams from the receiver.",
                metrics.received.get(),
            ),
            (
                Kind::Counter,
                "xg2g_stream_sent_bytes_total",
                "Bytes of streams given to players.",
                metrics.sent.get(),
            ),
            (
                Kind::Counter,
                "xg2g_stream_tunes_total",
                "Tries to open a stream from the receiver.",
                metrics.tunes.get(),
            ),
            (
                Kind::Counter,
                "xg2g_stream_breaks_total",
                "Streams from the receiver that broke off and were tuned anew.",
                metrics.breaks.get(),
            ),
            (
                Kind::Gauge,
                "xg2g_tuners",
                "Tuners of the receiver; 0 if it did not say.",
                total as u64,
            ),
            (
                Kind::Gauge,
                "xg2g_tuners_free",
                "Tuners of the receiver that nothing is known to hold.",
                total.saturating_sub(tuners.held.len()) as u64,
            ),
        ] {
            out.single(kind, name, help, value);
        }
        out.family(
            Kind::Counter,
            "xg2g_streams_opened_total",
            "Players that got a stream: one of its own (new), or one that was there already (shared).",
        );
        for (upstream, count) in [("new", &metrics.new), ("shared", &metrics.shared)] {
            out.value(&[("upstream", upstream)], count.get());
        }
        out.family(
            Kind::Counter,
            "xg2g_stream_errors_total",
            "Players that got no stream, or were cut off from it, and why.",
        );
        let counters = metrics.failed.iter().chain([&metrics.dropped]);
        for (reason, count) in REASONS.iter().zip(counters) {
            out.value(&[("reason", reason)], count.get());
        }
    }
}
