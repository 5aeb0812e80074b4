//! How often the configuration was read again.

use crate::metrics::{Collect, Counter, Kind, Text};

/// How often the configuration was read again. It outlives what a new configuration starts anew.
#[derive(Debug, Default)]
pub struct Reloads {
    taken: Counter,
    refused: Counter,
}

impl Reloads {
    /// It was read again: whether it is in force.
    pub fn count(&self, is_taken: bool) {
        let counter = if is_taken { &self.taken } else { &self.refused };
        counter.up();
    }
}

impl Collect for Reloads {
    fn collect(&self, out: &mut Text) {
        out.family(
            Kind::Counter,
            "xg2g_config_reload_total",
            "Times the configuration was read again, whether it had changed or not.",
        );
        out.value(&[("status", "success")], self.taken.get());
        out.value(&[("status", "failure")], self.refused.get());
    }
}
