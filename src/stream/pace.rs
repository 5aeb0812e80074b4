//! When to look whether streams have brought something.
//!
//! A live stream comes in many small bursts. Waiting for each costs more than moving it: readiness must be asked for,
//! the task woken, the socket read until it is empty. So streams are read by the clock, all of them at the same moment:
//! one timer for all, one read for each. Figures: docs/BENCHMARKS.md.

use std::cell::Cell;
use std::time::{Duration, Instant};

use event_listener::Event;
use smol::Timer;

/// From one look to the next: what a usual HD service brings meanwhile, 100 kB, is worth a look.
const USUAL: Duration = Duration::from_millis(100);
/// The same at least, while a stream brings so much that it would not fit into its socket's buffer.
const FASTEST: Duration = Duration::from_millis(10);
/// Less than this fits into any socket's buffer.
const LITTLE: usize = 32 * 1024;

/// The moments at which streams are read.
pub(super) struct Pace {
    beat: Event,
    /// From one look to the next.
    step: Cell<Duration>,
    /// A stream has brought too much for such a step.
    is_crowded: Cell<bool>,
    is_running: Cell<bool>,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            beat: Event::new(),
            step: Cell::new(FASTEST),
            is_crowded: Cell::new(false),
            is_running: Cell::new(false),
        }
    }
}

impl Pace {
    /// Waits for the next moment.
    pub(super) async fn wait(&self) -> Instant {
        self.beat.listen().await;
        Instant::now()
    }

    /// A stream has brought so many bytes at the last one, out of a buffer of this `capacity`. The system makes it four
    /// times as large as what is taken out at a time, if it may; when more than a third of it was filled, it may not, and
    /// whoever sends will soon have to wait.
    pub(super) fn note(&self, bytes: usize, capacity: impl FnOnce() -> usize) {
        if bytes > LITTLE && bytes > capacity() / 3 {
            self.is_crowded.set(true);
        }
    }

    /// Whether somebody has to [`Pace::run`] it: it stands still.
    pub(super) fn stands(&self) -> bool {
        !self.is_running.replace(true)
    }

    /// Gives the moments for as long as `wanted` says.
    pub(super) async fn run(&self, wanted: impl Fn() -> bool) {
        while wanted() {
            Timer::after(self.next_step()).await;
            self.beat.notify(usize::MAX);
        }
        self.step.set(FASTEST);
        self.is_running.set(false);
    }

    /// The time to the next look: half of the last one if that was too long, else a little more.
    fn next_step(&self) -> Duration {
        let step = self.step.get();
        let next = if self.is_crowded.take() {
            step / 2
        } else {
            step + step / 4
        };
        self.step.set(next.clamp(FASTEST, USUAL));
        self.step.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_grow_until_a_buffer_is_too_small_for_them() {
        let pace = Pace::default();
        // 3 MB/s into a buffer that does not grow.
        let look = |pace: &Pace| {
            let step = pace.next_step();
            pace.note(step.as_millis() as usize * 3_000, || 400_000);
            step
        };
        let steps: Vec<Duration> = (0..40).map(|_| look(&pace)).collect();
        assert!(steps.iter().all(|step| *step < Duration::from_millis(60)));
        assert!(steps[10..]
            .iter()
            .all(|step| *step > Duration::from_millis(20)));
        // One that grows.
        for _ in 0..20 {
            let step = pace.next_step();
            pace.note(step.as_millis() as usize * 3_000, || 1_200_000);
        }
        assert_eq!(pace.next_step(), USUAL);
    }
}
