//! Politeness: how much to ask of the receiver at once.
//!
//! OpenWebif answers in enigma2's main thread: while it works on an answer, the remote control waits. What an answer
//! costs is learnt from the time to its first byte, less the time of the quickest answer (the way there and back), and
//! never believed to be less than 0.11 ms for each kB (measured on a PC; receivers are 10 to 40 times slower).

use std::time::{Duration, Instant};

/// Microseconds of the receiver's main thread for each kB of an answer, at least.
const CHEAPEST: f64 = 110.0;
/// Share of the allowed time that is aimed at: guides are denser at some hours than at others.
const AIM: f64 = 0.6;
/// Bytes of the first guide answer; later ones at most double.
const FIRST_BYTES: f64 = 48_000.0;
/// Bytes of guide for a service and hour before anything is known: two events.
const FIRST_DENSITY: f64 = 900.0;
/// Answers smaller than this tell nothing about the cost of a kB.
const TELLING: u64 = 8_000;
/// The shortest window, in minutes.
pub(super) const SHORTEST: u32 = 30;

/// What is known about the receiver's speed and the guide's density.
#[derive(Debug)]
pub(super) struct Pace {
    max_block: Duration,
    cost: f64,
    quickest: Option<Duration>,
    density: f64,
    last_bytes: f64,
    ready: Option<Instant>,
}

impl Pace {
    /// Nothing known yet; no answer is to take the receiver longer than `max_block`.
    pub(super) fn new(max_block: Duration) -> Pace {
        Pace {
            max_block,
            cost: CHEAPEST,
            quickest: None,
            density: FIRST_DENSITY,
            last_bytes: FIRST_BYTES / 2.0,
            ready: None,
        }
    }

    /// Changes the bound, as the receiver goes to standby or wakes.
    pub(super) fn set_max_block(&mut self, max_block: Duration) {
        self.max_block = max_block;
    }

    /// Notes an answer of `bytes` whose first byte came after `first_byte` and whose last came `total` after the
    /// request.
    pub(super) fn note(&mut self, bytes: u64, first_byte: Duration, total: Duration, now: Instant) {
        let quickest = self
            .quickest
            .map_or(first_byte, |quickest| quickest.min(first_byte));
        self.quickest = Some(quickest);
        if bytes >= TELLING {
            let block = (first_byte - quickest).as_secs_f64() * 1e6;
            let sample = (block / (bytes as f64 / 1000.0)).max(CHEAPEST);
            self.cost = (self.cost + sample) / 2.0;
        }
        // A pause at least as long as the answer took.
        self.ready = Some(now + total);
    }

    /// Notes that a guide answer of `bytes` was for that many services and minutes.
    pub(super) fn note_guide(&mut self, services: usize, minutes: u32, bytes: u64) {
        let hours = services.max(1) as f64 * f64::from(minutes.max(1)) / 60.0;
        // Forgets slowly: the next bouquet may be as dense as the last but one.
        self.density = (bytes as f64 / hours).max(self.density * 0.8);
        self.last_bytes = (bytes as f64).max(FIRST_BYTES / 2.0);
    }

    /// When the receiver may be asked again.
    pub(super) fn ready(&self) -> Option<Instant> {
        self.ready
    }

    /// Bytes that an answer may have by the time they take.
    fn bound(&self) -> f64 {
        self.max_block.as_secs_f64() * 1e6 * AIM / self.cost * 1000.0
    }

    /// Whether an answer of about this many bytes keeps the receiver no longer than allowed.
    pub(super) fn affords(&self, bytes: usize) -> bool {
        bytes as f64 / 1000.0 * self.cost <= self.max_block.as_secs_f64() * 1e6 * AIM
    }

    /// The length of the next guide window for that many services, in minutes; `None` when even the shortest asks too
    /// much and there is something smaller to ask.
    pub(super) fn window(&self, services: usize) -> Option<u32> {
        let minute = (services.max(1) as f64 * self.density / 60.0).max(0.001);
        // Growing slowly is for what is not known yet. It makes a window short, but not so short that there is none.
        let minutes = self.bound().min(self.last_bytes * 2.0) / minute;
        let shortest = minute * f64::from(SHORTEST);
        if shortest > self.bound() && services > 1 {
            return None;
        }
        Some((minutes as u32).max(SHORTEST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn windows_start_small_and_grow_to_the_bound() {
        let now = Instant::now();
        let mut pace = Pace::new(100 * MS);
        let density = 450.0;
        let mut minutes = pace.window(50).unwrap();
        assert!(minutes < 24 * 60);
        for _ in 0..10 {
            let bytes = (50.0 * density * f64::from(minutes) / 60.0) as u64;
            assert!(
                bytes as f64 * 0.11 / 1000.0 < 100.0,
                "{minutes} min, {bytes} B"
            );
            pace.note(bytes, MS, 2 * MS, now);
            pace.note_guide(50, minutes, bytes);
            minutes = pace.window(50).unwrap();
        }
        assert!(minutes > 20 * 60, "{minutes}");
    }

    #[test]
    fn a_large_bouquet_begins_with_the_shortest_window() {
        let pace = Pace::new(100 * MS);
        assert_eq!(pace.window(400), Some(SHORTEST));
        assert_eq!(pace.window(4_000), None);
    }

    #[test]
    fn a_slow_receiver_is_asked_less_and_then_service_by_service() {
        let now = Instant::now();
        let mut pace = Pace::new(100 * MS);
        pace.note(100, MS, MS, now);
        for _ in 0..6 {
            // 3 ms a kB.
            pace.note(100_000, 301 * MS, 310 * MS, now);
            pace.note_guide(100, 60, 100_000);
        }
        assert_eq!(pace.window(500), None);
        assert!(pace.window(1).unwrap() >= SHORTEST);
        assert!(!pace.affords(100_000) && pace.affords(10_000));
        assert_eq!(pace.ready(), Some(now + 310 * MS));
    }

    #[test]
    fn a_long_way_to_the_receiver_is_not_taken_for_work() {
        let now = Instant::now();
        let mut pace = Pace::new(100 * MS);
        pace.note(100, 80 * MS, 80 * MS, now);
        pace.note(100_000, 91 * MS, 95 * MS, now);
        assert!(pace.affords(500_000));
    }

    #[test]
    fn the_smallest_question_is_always_asked() {
        let now = Instant::now();
        let mut pace = Pace::new(MS);
        pace.note(10, Duration::ZERO, MS, now);
        pace.note(
            1_000_000,
            Duration::from_secs(60),
            Duration::from_secs(60),
            now,
        );
        assert_eq!(pace.window(1), Some(SHORTEST));
    }
}
