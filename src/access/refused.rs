//! What was refused, and for what.

use crate::http::{code, Code};
use crate::metrics::{Collect, Counter, Kind, Text};

/// What the gate refuses for, other than the rate limit.
const REASONS: [&Code; 6] = [
    code::NO_TOKEN,
    code::WRONG_TOKEN,
    code::OUTSIDE,
    code::ONLY_HERE,
    code::FOREIGN_HOST,
    code::FOREIGN_ORIGIN,
];

/// How many requests were refused since the start.
#[derive(Debug, Default)]
pub struct Refused {
    /// One too many.
    pub(super) limited: Counter,
    denied: [Counter; REASONS.len()],
}

impl Refused {
    /// How many there were too many.
    pub fn limited(&self) -> u64 {
        self.limited.get()
    }

    /// How many were refused for where they came from, or for their token.
    pub fn denied(&self) -> u64 {
        self.denied.iter().map(Counter::get).sum()
    }

    pub(super) fn deny(&self, code: &Code) {
        let mut counters = REASONS.iter().zip(&self.denied);
        if let Some((_, counter)) = counters.find(|(reason, _)| **reason == code) {
            counter.up();
        }
    }
}

impl Collect for Refused {
    fn collect(&self, out: &mut Text) {
        out.single(
            Kind::Counter,
            "xg2g_ratelimit_refused_total",
            "Requests refused because there were too many.",
            self.limited(),
        );
        out.family(
            Kind::Counter,
            "xg2g_access_refused_total",
            "Requests refused for where they came from or for their token, by code of the error.",
        );
        for (reason, counter) in REASONS.iter().zip(&self.denied) {
            out.value(&[("code", reason.name)], counter.get());
        }
    }
}
