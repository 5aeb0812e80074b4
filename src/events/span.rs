//! Spans of time: which block of events speaks for which.

use super::file::Block;
use crate::model::Event;

/// Seconds that an event may run into the next by the receiver's own rules (`eEPGCache` takes out what overlaps more).
const OVERLAP: u32 = 60;

/// A block and the span of start times it speaks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) block: Block,
}

impl Span {
    /// Whether an event of it may run between `from` and `to`.
    pub(super) fn runs(&self, from: u32, to: u32) -> bool {
        self.from < to && from < self.to.saturating_add(OVERLAP)
    }
}

/// Until when an answer speaks that ends with `last`: an event known to begin in its last minute is the next one.
pub(super) fn reach(last: &Event) -> u32 {
    last.stop() - OVERLAP.min(last.duration / 2)
}

/// Gives `new` its span of time and cuts it out of the others.
pub(super) fn place(spans: &mut Vec<Span>, new: Span) {
    let mut kept = Vec::with_capacity(spans.len() + 2);
    for span in spans.iter() {
        if span.from < new.from {
            kept.push(Span {
                to: span.to.min(new.from),
                ..*span
            });
        }
        if span.to > new.to {
            kept.push(Span {
                from: span.from.max(new.to),
                ..*span
            });
        }
    }
    kept.push(new);
    kept.retain(|span| span.from < span.to);
    kept.sort_unstable_by_key(|span| span.from);
    *spans = kept;
}

/// Sorts the events from `begin` on, drops those with a start met before, ends each where the next begins.
pub(super) fn repair(events: &mut Vec<Event>, begin: usize) {
    events[begin..].sort_by_key(|event| event.start);
    let mut kept = begin;
    for at in begin..events.len() {
        if kept > begin && events[kept - 1].start == events[at].start {
            continue;
        }
        events.swap(kept, at);
        if kept > begin {
            let next = events[kept].start;
            let event = &mut events[kept - 1];
            event.duration = event.duration.min(next - event.start);
        }
        kept += 1;
    }
    events.truncate(kept);
}
