//! What is counted of the questions to the receiver.

use std::cell::Cell;
use std::time::Duration;

use super::{Calls, Error, OpenWebif};
use crate::metrics::{micros, Collect, Counter, Kind, Text};

/// What the receiver is asked, as the last part of the path; logos, which are no call of the API, come last.
const ENDPOINTS: [&str; 14] = [
    "bouquets",
    "deviceinfo",
    "epgmulti",
    "epgnownext",
    "epgservice",
    "getallservices",
    "getpicon",
    "getservices",
    "message",
    "saveepg",
    "settings",
    "statusinfo",
    "timerlist",
    "picon",
];
/// The place of logos among them.
pub(super) const LOGO: usize = ENDPOINTS.len() - 1;

/// The place of what a path asks.
pub(super) fn endpoint(path: &str) -> usize {
    let path = path.split('?').next().unwrap_or_default();
    let name = path.strip_prefix("/api/").unwrap_or_default();
    let found = ENDPOINTS.iter().position(|endpoint| *endpoint == name);
    found.unwrap_or(LOGO)
}

/// What is counted of the questions.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    asked: [Asked; ENDPOINTS.len()],
    is_away: Cell<bool>,
    /// The last question was not answered in time: that it can be reached says nothing then.
    hangs: Cell<bool>,
}

#[derive(Debug, Default)]
struct Asked {
    calls: Counter,
    failures: Counter,
    /// Microseconds.
    took: Counter,
}

impl Metrics {
    /// A question was answered, or failed for good.
    pub(super) fn note(&self, endpoint: usize, took: Duration, error: Option<&Error>) {
        self.is_away.set(error.is_some_and(Error::is_away));
        self.hangs.set(error.is_some_and(Error::is_timeout));
        if let Some(asked) = self.asked.get(endpoint) {
            asked.calls.up();
            asked.failures.add(error.is_some().into());
            asked.took.add(micros(took));
        }
    }

    /// The receiver was knocked at, and is there or not.
    pub(super) fn note_knock(&self, is_there: bool) {
        if !is_there {
            self.is_away.set(true);
            self.hangs.set(false);
        } else if !self.hangs.get() {
            self.is_away.set(false);
        }
    }

    pub(super) fn calls(&self) -> Calls {
        let sum = |of: fn(&Asked) -> &Counter| {
            let all: u64 = self.asked.iter().map(|asked| of(asked).get()).sum();
            all as u32
        };
        Calls {
            total: sum(|asked| &asked.calls),
            failed: sum(|asked| &asked.failures),
        }
    }
}

impl Collect for OpenWebif {
    fn collect(&self, out: &mut Text) {
        let Metrics { asked, is_away, .. } = &*self.metrics;
        out.single(
            Kind::Gauge,
            "xg2g_receiver_up",
            "0 while the receiver cannot be reached (see receiver.probe) or left the last question unanswered, else 1.",
            (!is_away.get()).into(),
        );
        let all = || ENDPOINTS.iter().zip(asked);
        out.family(
            Kind::Counter,
            "xg2g_receiver_calls_total",
            "Questions to the receiver, each with its retries.",
        );
        for (name, asked) in all() {
            out.value(&[("endpoint", name)], asked.calls.get());
        }
        out.family(
            Kind::Counter,
            "xg2g_receiver_call_failures_total",
            "Questions to the receiver that failed for good.",
        );
        for (name, asked) in all() {
            out.value(&[("endpoint", name)], asked.failures.get());
        }
        out.family(
            Kind::Counter,
            "xg2g_receiver_call_seconds_total",
            "Seconds spent with questions to the receiver, without the pauses between them.",
        );
        for (name, asked) in all() {
            out.seconds(&[("endpoint", name)], asked.took.get());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_question_has_its_place() {
        for source in [
            include_str!("mod.rs"),
            include_str!("guide.rs"),
            include_str!("message.rs"),
            include_str!("relay.rs"),
            include_str!("situation.rs"),
        ] {
            let paths = source.split("\"/api/").skip(1);
            for name in paths.map(|rest| rest.split(['"', '?']).next().unwrap()) {
                let place = endpoint(&format!("/api/{name}?a=/b"));
                assert_eq!(ENDPOINTS[place], name);
            }
        }
        assert_eq!(endpoint("/picon/1_0_1.png"), LOGO);
    }
}
