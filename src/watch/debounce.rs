//! When to look after news: soon, but not at each of them.

use std::time::{Duration, Instant};

/// When to look after news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// So long after the last news: who writes one file often writes another.
    pub quiet: Duration,
    /// So long after the first, even if there is no end of news.
    pub longest: Duration,
    /// So long after a look that followed news comes one more, for what came while the first was under way.
    pub again: Duration,
}

/// For files that enigma2 writes: several in a row when a bouquet is edited.
impl Default for Timing {
    fn default() -> Timing {
        Timing {
            quiet: Duration::from_secs(10),
            longest: Duration::from_secs(60),
            again: Duration::from_secs(90),
        }
    }
}

/// Turns news into a few moments at which to look. It knows no clock: it is told the time.
#[derive(Clone, Debug)]
pub struct Debounce {
    timing: Timing,
    /// The first and the last news since the last look.
    news: Option<(Instant, Instant)>,
    /// When the second look is due.
    second: Option<Instant>,
}

impl Debounce {
    /// Without news there is nothing to look at.
    pub fn new(timing: Timing) -> Debounce {
        Debounce {
            timing,
            news: None,
            second: None,
        }
    }

    /// Something changed.
    pub fn news(&mut self, now: Instant) {
        let first = self.news.map_or(now, |(first, _)| first);
        self.news = Some((first, now));
    }

    /// When to look; `None` until there is news.
    pub fn due(&self) -> Option<Instant> {
        match self.news {
            // The second look is not for what is still being written: it comes after this one.
            Some((first, last)) => {
                Some((first + self.timing.longest).min(last + self.timing.quiet))
            }
            None => self.second,
        }
    }

    /// Whether it is time to look. It is told once for each time.
    pub fn take(&mut self, now: Instant) -> bool {
        if self.due().is_none_or(|due| due > now) {
            return false;
        }
        self.second = self.news.take().map(|_| now + self.timing.again);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seconds at which there is a look, up to ten minutes, after news at these seconds.
    fn looks(news: &[u64]) -> Vec<u64> {
        let start = Instant::now();
        let mut debounce = Debounce::new(Timing::default());
        let looks = (0..600).filter(|second| {
            let now = start + Duration::from_secs(*second);
            let taken = debounce.take(now);
            for _ in news.iter().filter(|news| *news == second) {
                debounce.news(now);
            }
            taken
        });
        looks.collect()
    }

    #[test]
    fn without_news_there_is_no_look() {
        assert_eq!(looks(&[]), [0; 0]);
        assert_eq!(Debounce::new(Timing::default()).due(), None);
    }

    #[test]
    fn one_change_is_looked_at_when_it_is_quiet_and_once_more() {
        assert_eq!(looks(&[5]), [15, 105]);
    }

    #[test]
    fn files_written_one_after_the_other_are_looked_at_together() {
        assert_eq!(looks(&[5, 5, 8, 17, 26]), [36, 126]);
    }

    #[test]
    fn endless_news_is_looked_at_all_the_same() {
        let news: Vec<u64> = (5..130).collect();
        assert_eq!(looks(&news), [65, 125, 139, 229]);
    }

    #[test]
    fn a_second_look_waits_for_what_is_being_written() {
        // The second look after the news at 5 is due at 105.
        assert_eq!(looks(&[5, 104]), [15, 114, 204]);
        assert_eq!(looks(&[5, 106]), [15, 105, 116, 206]);
    }

    #[test]
    fn a_look_that_comes_late_is_one_look() {
        let start = Instant::now();
        let mut debounce = Debounce::new(Timing::default());
        debounce.news(start);
        assert_eq!(debounce.due(), Some(start + Timing::default().quiet));
        let late = start + Duration::from_secs(1000);
        assert!(debounce.take(late) && !debounce.take(late));
        assert_eq!(debounce.due(), Some(late + Timing::default().again));
    }
}
