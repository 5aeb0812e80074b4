//! When to look whether a stream has brought something.
//!
//! A live stream comes in many small bursts. Waiting for each costs more than moving it: readiness must be asked for,
//! the task woken, the socket read until it is empty. So streams are read by the clock, all of them at the same moments:
//! one waking for all, one read for each. Figures: docs/BENCHMARKS.md.

use std::time::{Duration, Instant};

use smol::Timer;

/// Moments are multiples of this, counted from the first one.
const STEP: Duration = Duration::from_millis(10);
/// Steps from one look to the next.
const STEPS: u32 = 4;
/// After as much as this the next look comes a step later: more would not fit into the socket's buffer.
const MUCH: usize = 48 * 1024;

/// The times at which one stream is read.
#[derive(Default)]
pub(super) struct Pace {
    is_fast: bool,
}

impl Pace {
    /// So many bytes were there at the last look.
    pub(super) fn read(&mut self, bytes: usize) {
        self.is_fast = bytes >= MUCH;
    }

    /// Waits for the next look, and tells when that is.
    pub(super) async fn wait(&mut self) -> Instant {
        thread_local! {
            static FIRST: Instant = Instant::now();
        }
        let first = FIRST.with(|first| *first);
        let now = Instant::now().duration_since(first).as_millis();
        let steps = if self.is_fast { 1 } else { STEPS };
        let span = STEP.as_millis() * u128::from(steps);
        let left = span - now % span;
        Timer::after(Duration::from_millis(u64::try_from(left).unwrap_or(0))).await
    }
}
