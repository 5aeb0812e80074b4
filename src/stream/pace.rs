//! When to look whether streams have brought something.
//!
//! A live stream comes in many small bursts. Waiting for each costs more than moving it: readiness must be asked for,
//! the task woken, the socket read until it is empty. So streams are read by the clock, all of them at the same moment:
//! one timer for all, one read for each. Figures: docs/BENCHMARKS.md.

use std::cell::Cell;
use std::time::{Duration, Instant};

use event_listener::Event;
use smol::Timer;

/// From one look to the next.
const USUAL: Duration = Duration::from_millis(40);
/// The same while a stream brings so much that it would not fit into its socket's buffer.
const FAST: Duration = Duration::from_millis(10);
/// As much as this at one look.
const MUCH: usize = 48 * 1024;

/// The moments at which streams are read.
#[derive(Default)]
pub(super) struct Pace {
    beat: Event,
    is_fast: Cell<bool>,
    is_running: Cell<bool>,
}

impl Pace {
    /// Waits for the next moment.
    pub(super) async fn wait(&self) -> Instant {
        self.beat.listen().await;
        Instant::now()
    }

    /// So many bytes were there at the last one.
    pub(super) fn read(&self, bytes: usize) {
        if bytes >= MUCH {
            self.is_fast.set(true);
        }
    }

    /// Whether somebody has to [`Pace::run`] it: it stands still.
    pub(super) fn stands(&self) -> bool {
        !self.is_running.replace(true)
    }

    /// Gives the moments for as long as `wanted` says.
    pub(super) async fn run(&self, wanted: impl Fn() -> bool) {
        while wanted() {
            Timer::after(if self.is_fast.take() { FAST } else { USUAL }).await;
            self.beat.notify(usize::MAX);
        }
        self.is_running.set(false);
    }
}
