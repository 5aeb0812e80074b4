//! When something is to be said. Nothing here knows a clock: it is told the time.

use std::net::SocketAddrV4;
use std::time::{Duration, Instant};

use super::message::{Search, Target};

/// Packets get lost, so the first announcement is made twice.
const REPEAT: Duration = Duration::from_secs(1);
/// Between two announcements. What they say holds six times as long.
const EVERY: Duration = Duration::from_secs(300);
/// Answers that wait for their time; more are not given.
const MOST: usize = 32;

/// When to announce.
#[derive(Debug)]
pub(super) struct Announcements {
    due: Instant,
    is_first: bool,
}

impl Announcements {
    /// The first is due at once.
    pub(super) fn new(now: Instant) -> Announcements {
        Announcements {
            due: now,
            is_first: true,
        }
    }

    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// Whether it is time. It is told once for each time.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let is_due = self.due <= now;
        if is_due {
            self.due = now + if self.is_first { REPEAT } else { EVERY };
            self.is_first = false;
        }
        is_due
    }
}

/// Answers that wait for their time, so that not all devices of a network answer at once.
#[derive(Debug, Default)]
pub(super) struct Answers(Vec<Answer>);

#[derive(Debug)]
struct Answer {
    to: SocketAddrV4,
    target: Option<Target>,
    due: Instant,
}

impl Answers {
    /// Answers a search at a time within the one it gives; `chance` of 65,536 says when. The same search of the same
    /// asker, which is sent several times because packets get lost, is answered once. `false`: too many wait.
    pub(super) fn add(
        &mut self,
        now: Instant,
        to: SocketAddrV4,
        search: Search,
        chance: u16,
    ) -> bool {
        let Search { target, within } = search;
        if self
            .0
            .iter()
            .any(|known| (known.to, known.target) == (to, target))
        {
            return true;
        }
        let has_room = self.0.len() < MOST;
        if has_room {
            let due = now + within * chance.into() / (1 << 16);
            self.0.push(Answer { to, target, due });
        }
        has_room
    }

    /// When the next is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.0.iter().map(|answer| answer.due).min()
    }

    /// Takes one out that is due.
    pub(super) fn take(&mut self, now: Instant) -> Option<(SocketAddrV4, Option<Target>)> {
        let at = self.0.iter().position(|answer| answer.due <= now)?;
        let answer = self.0.swap_remove(at);
        Some((answer.to, answer.target))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn announcements_come_twice_and_then_every_five_minutes() {
        let start = Instant::now();
        let mut announcements = Announcements::new(start);
        let said = (0..1000).filter(|second| announcements.take(start + seconds(*second)));
        assert_eq!(said.collect::<Vec<_>>(), [0, 1, 301, 601, 901]);
        assert_eq!(announcements.due(), start + seconds(1201));
    }

    #[test]
    fn a_late_announcement_is_one() {
        let start = Instant::now();
        let mut announcements = Announcements::new(start);
        assert!(announcements.take(start) && announcements.take(start + seconds(1)));
        let late = start + seconds(5000);
        assert!(announcements.take(late) && !announcements.take(late));
        assert_eq!(announcements.due(), late + EVERY);
    }

    fn asker(port: u16) -> SocketAddrV4 {
        SocketAddrV4::new([192, 168, 1, 9].into(), port)
    }

    fn search(target: Option<Target>) -> Search {
        Search {
            target,
            within: seconds(4),
        }
    }

    #[test]
    fn an_answer_waits_for_its_time() {
        let now = Instant::now();
        let mut answers = Answers::default();
        assert_eq!(answers.due(), None);
        assert!(answers.add(now, asker(1), search(None), 1 << 15));
        assert!(answers.add(now, asker(2), search(Some(Target::Root)), 1 << 14));
        assert_eq!(answers.due(), Some(now + seconds(1)));
        assert_eq!(answers.take(now), None);
        let due = now + seconds(1);
        assert_eq!(answers.take(due), Some((asker(2), Some(Target::Root))));
        assert_eq!(answers.take(due), None);
        assert_eq!(answers.due(), Some(now + seconds(2)));
        assert_eq!(answers.take(now + seconds(2)), Some((asker(1), None)));
        assert_eq!(answers.due(), None);
    }

    #[test]
    fn no_answer_is_later_than_asked_for() {
        let now = Instant::now();
        for (chance, latest) in [(0, 0), (u16::MAX, 4_000)] {
            let mut answers = Answers::default();
            answers.add(now, asker(1), search(None), chance);
            assert!(answers.due() <= Some(now + Duration::from_millis(latest)));
        }
    }

    #[test]
    fn who_asks_again_is_answered_once() {
        let now = Instant::now();
        let mut answers = Answers::default();
        for chance in [0, 9, 99] {
            assert!(answers.add(now, asker(1), search(None), chance));
        }
        assert!(answers.add(now, asker(1), search(Some(Target::Kind)), 0));
        assert!(answers.take(now).is_some() && answers.take(now).is_some());
        assert_eq!(answers.take(now), None);
        // It may have been lost.
        assert!(answers.add(now, asker(1), search(None), 0));
        assert!(answers.take(now).is_some());
    }

    #[test]
    fn a_flood_is_not_kept() {
        let now = Instant::now();
        let mut answers = Answers::default();
        let kept = (0..1000).filter(|port| answers.add(now, asker(*port), search(None), 9));
        assert_eq!(kept.count(), MOST);
        // Those that wait are not pushed out, nor refused.
        assert!(answers.add(now, asker(0), search(None), 9));
    }
}
