//! Numbers about the running program: what is counted, and who tells it. Page: docs/METRICS.md.
//!
//! Each owner has its own numbers and tells them by [`Collect`]; the registry knows no names, owners know no HTTP. One
//! thread counts, so a number is a cell: MIPS32 has no atomics of 64 bits.

mod process;
mod text;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

pub use process::Process;
pub use text::{Kind, Labels, Text};

/// Whoever has numbers to tell.
pub trait Collect {
    /// Writes them, each family once.
    fn collect(&self, out: &mut Text);
}

/// All who have numbers to tell.
#[derive(Clone, Default)]
pub struct Registry(Vec<Rc<dyn Collect>>);

impl Registry {
    /// Those so far.
    pub fn new(owners: Vec<Rc<dyn Collect>>) -> Registry {
        Registry(owners)
    }

    /// One more.
    #[must_use]
    pub fn with(mut self, owner: Rc<dyn Collect>) -> Registry {
        self.0.push(owner);
        self
    }

    /// What they tell now, as Prometheus reads it.
    pub fn text(&self) -> String {
        let mut out = Text::default();
        self.0.iter().for_each(|owner| owner.collect(&mut out));
        out.finish()
    }
}

/// Counts up.
#[derive(Debug, Default)]
pub struct Counter(Cell<u64>);

impl Counter {
    /// One more.
    pub fn up(&self) {
        self.add(1);
    }

    /// So many more.
    pub fn add(&self, count: u64) {
        self.0.set(self.0.get().wrapping_add(count));
    }

    /// How many so far.
    pub fn get(&self) -> u64 {
        self.0.get()
    }
}

/// How many there are of something now.
#[derive(Debug, Default)]
pub struct Gauge(Cell<u32>);

impl Gauge {
    /// Counts one until the answer is dropped.
    pub fn hold(self: &Rc<Self>) -> Held {
        self.0.set(self.0.get() + 1);
        Held(self.clone())
    }

    /// How many there are.
    pub fn get(&self) -> u32 {
        self.0.get()
    }
}

/// One of those that a [`Gauge`] counts.
#[derive(Debug)]
pub struct Held(Rc<Gauge>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0 .0.set(self.0.get().saturating_sub(1));
    }
}

/// How long things took, in buckets.
#[derive(Debug)]
pub struct Histogram {
    /// Upper bounds of the buckets (milliseconds), ascending; the last bucket has none.
    bounds: &'static [u32],
    counts: Box<[Counter]>,
    /// Microseconds.
    sum: Counter,
}

impl Histogram {
    /// An empty one. `bounds` (milliseconds) are ascending.
    pub fn new(bounds: &'static [u32]) -> Histogram {
        Histogram {
            bounds,
            counts: (0..=bounds.len()).map(|_| Counter::default()).collect(),
            sum: Counter::default(),
        }
    }

    /// Something took so long.
    pub fn observe(&self, took: Duration) {
        let micros = micros(took);
        let is_in = |bound: &u32| micros <= u64::from(*bound) * 1_000;
        let found = self.bounds.iter().position(is_in);
        if let Some(count) = self.counts.get(found.unwrap_or(self.bounds.len())) {
            count.up();
        }
        self.sum.add(micros);
    }
}

/// A time in microseconds, in which seconds are counted.
pub fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Owner(Histogram);

    impl Collect for Owner {
        fn collect(&self, out: &mut Text) {
            out.family(Kind::Histogram, "t_seconds", "How long.");
            out.histogram(&[("a", "b")], &self.0);
        }
    }

    #[test]
    fn a_histogram_is_cumulative_and_its_bounds_are_inside() {
        let owner = Owner(Histogram::new(&[5, 100, 2_500]));
        for millis in [1, 5, 6, 3_000] {
            owner.0.observe(Duration::from_millis(millis));
        }
        let text = Registry::default().with(Rc::new(owner)).text();
        let expected = "# HELP t_seconds How long.\n\
             # TYPE t_seconds histogram\n\
             t_seconds_bucket{a=\"b\",le=\"0.005\"} 2\n\
             t_seconds_bucket{a=\"b\",le=\"0.1\"} 3\n\
             t_seconds_bucket{a=\"b\",le=\"2.5\"} 3\n\
             t_seconds_bucket{a=\"b\",le=\"+Inf\"} 4\n\
             t_seconds_sum{a=\"b\"} 3.012000\n\
             t_seconds_count{a=\"b\"} 4\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_gauge_counts_what_is_held() {
        let gauge = Rc::new(Gauge::default());
        let first = gauge.hold();
        let second = gauge.hold();
        assert_eq!(gauge.get(), 2);
        drop(first);
        assert_eq!(gauge.get(), 1);
        drop(second);
        assert_eq!(gauge.get(), 0);
    }
}
