//! Spans of time: which block of events speaks for which.

use super::file::Block;
use crate::model::Event;

/// Seconds that an event may run into the next by the receiver's own rules (`eEPGCache` takes out what overlaps more).
pub(super) const OVERLAP: u32 = 60;

/// A block and the span of start times it speaks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) block: Block,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn event(start: u32, duration: u32, title: &str) -> Event {
        Event {
            id: start,
            start,
            duration,
            title: title.into(),
            ..Event::default()
        }
    }

    #[test]
    fn an_event_met_twice_still_ends_where_the_next_begins() {
        let mut events = vec![
            event(100, 60, "before"),
            event(200, 100, "a"),
            event(290, 50, "b"),
            event(200, 100, "a again"),
            event(290, 50, "b again"),
            event(400, 10, "c"),
        ];
        repair(&mut events, 1);
        let found: Vec<_> = events
            .iter()
            .map(|e| (e.start, e.duration, e.title.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                (100, 60, "before"),
                (200, 90, "a"),
                (290, 50, "b"),
                (400, 10, "c")
            ]
        );
    }
}
