//! The guide: which event runs when. Nothing is stored; every event is a function of service and time.

use super::clock;
use super::plan::{plan, Genre, Kind, PRIME};
use super::world::{field, Entry};
use std::collections::BTreeMap;

/// Seconds of the past that the guide still knows (`config.epg.histminutes`).
const HISTORY: i64 = 2 * 3_600;
/// Days the showcase's guide reaches ahead, the running one included.
const DAYS: i64 = 8;
/// Days the evenly filled guide of scale mode reaches ahead.
const EVEN_DAYS: i64 = 7;
/// A television day starts at 04:00 UTC, when most schedules do.
const DAY_START: i64 = 4 * 3_600;
const DAY: i64 = 86_400;

/// One event of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// Unique within the service for well over a year; never 0.
    pub(super) id: i64,
    /// Seconds since 1970.
    pub(super) begin: i64,
    /// Seconds.
    pub(super) duration: i64,
    pub(super) kind: Kind,
    /// Chooses the texts.
    pub(super) seed: u64,
}

impl Event {
    pub(super) fn end(&self) -> i64 {
        self.begin + self.duration
    }
}

/// Scale mode: each service has exactly `count` events of `slot` seconds.
#[derive(Clone)]
pub(super) struct Even {
    start: i64,
    slot: i64,
    count: i64,
}

impl Even {
    pub(super) fn new(now: i64, count: usize) -> Even {
        let count = i64::try_from(count).unwrap_or(i64::MAX).max(1);
        let slot = (EVEN_DAYS * DAY / count / 300 * 300).max(300);
        Even {
            start: now.div_euclid(300) * 300,
            slot,
            count,
        }
    }

    /// The begin of the first event: running at the start, at another minute for each service.
    fn first(&self, key: u64) -> i64 {
        let steps = (self.slot / 300).unsigned_abs().max(1);
        let shift = i64::try_from(mix(key) % steps).unwrap_or(0);
        self.start - shift * 300
    }

    fn events(&self, key: u64, from: i64) -> impl Iterator<Item = Event> {
        let (first, slot) = (self.first(key), self.slot);
        let skipped = (from - first).div_euclid(slot).clamp(0, self.count);
        (skipped..self.count).map(move |index| {
            let seed = mix(key ^ index.unsigned_abs().wrapping_mul(0x9E37));
            Event {
                id: 1 + index % 65_535,
                begin: first + index * slot,
                duration: slot,
                kind: if seed % 3 == 0 {
                    Kind::Series
                } else {
                    Kind::Magazine
                },
                seed,
            }
        })
    }
}

/// The guide of all services.
#[derive(Clone, Default)]
pub(super) struct Programme {
    pub(super) even: Option<Even>,
    /// After a restart of the GUI only what runs now and next is known.
    pub(super) forgotten: bool,
    /// Titles that were changed afterwards, by service and begin.
    pub(super) retitled: BTreeMap<(u64, i64), String>,
}

impl Programme {
    /// The events that overlap `[from, to)`, in order. As in enigma2, a running event that nothing follows is invisible.
    pub(super) fn events(&self, entry: &Entry, now: i64, from: i64, to: i64) -> Vec<Event> {
        if !entry.guided {
            return Vec::new();
        }
        let from = from.max(now - HISTORY);
        if self.forgotten {
            let known = self.all(entry, now, now).take(2);
            return known
                .filter(|event| event.end() > from && event.begin < to)
                .collect();
        }
        let mut all = self.all(entry, now, from).peekable();
        let mut events = Vec::new();
        while let Some(event) = all.next() {
            let lonely = events.is_empty() && event.begin <= from && all.peek().is_none();
            if event.begin >= to || lonely {
                break;
            }
            events.push(event);
        }
        events
    }

    /// What runs at `now` and what follows it.
    pub(super) fn now_next(&self, entry: &Entry, now: i64) -> (Option<Event>, Option<Event>) {
        let mut coming = self.events(entry, now, now, now + 2 * DAY).into_iter();
        match coming.next() {
            Some(event) if event.begin > now => (None, Some(event)),
            first => (first, coming.next()),
        }
    }

    /// The changed title of an event, if it was changed.
    pub(super) fn title(&self, entry: &Entry, event: &Event) -> Option<&str> {
        self.retitled
            .get(&(key(&entry.sref), event.begin))
            .map(String::as_str)
    }

    /// Changes the title of the event that runs at `at`; `false` if there is none.
    pub(super) fn retitle(&mut self, entry: &Entry, now: i64, at: i64, title: &str) -> bool {
        let found = self.events(entry, now, at, at + 1).into_iter().next();
        if let Some(event) = &found {
            self.retitled
                .insert((key(&entry.sref), event.begin), title.to_owned());
        }
        found.is_some()
    }

    /// All events that end after `from`, up to the end of the guide.
    fn all(&self, entry: &Entry, now: i64, from: i64) -> Box<dyn Iterator<Item = Event>> {
        let key = key(&entry.sref);
        if let Some(even) = &self.even {
            return Box::new(even.events(key, from));
        }
        let genre = entry.genre;
        let last = (now - DAY_START).div_euclid(DAY) + DAYS;
        let days = (from - DAY_START).div_euclid(DAY)..last;
        let events = days.flat_map(move |day| Day {
            key,
            genre,
            day,
            index: 0,
            minute: 0,
        });
        Box::new(events.skip_while(move |event| event.end() <= from))
    }
}

/// The events of one television day of one service.
struct Day {
    key: u64,
    genre: Genre,
    /// Days since 1970.
    day: i64,
    index: i64,
    /// Minutes since the start of the day.
    minute: i64,
}

impl Iterator for Day {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        let left = DAY / 60 - self.minute;
        if left == 0 {
            return None;
        }
        let begin = self.day * DAY + DAY_START + self.minute * 60;
        let place = self.day.unsigned_abs().wrapping_mul(1_000) + self.index.unsigned_abs();
        let seed = mix(self.key ^ mix(place));
        let wall = clock::minute_of_day(begin);
        let (kind, wanted) = plan(self.genre, wall, seed);
        // Prime time starts on the minute, and no scrap is left over at the end of the day.
        let limit = if wall < PRIME {
            left.min(PRIME - wall)
        } else {
            left
        };
        let minutes = if limit - wanted < 10 {
            limit.min(wanted + 10)
        } else {
            wanted
        };
        self.index += 1;
        self.minute += minutes;
        // 300 events fit into the shortest-grained day; 200 days pass before an id comes again.
        let id = 1 + self.day.rem_euclid(200) * 300 + (self.index - 1);
        Some(Event {
            id,
            begin,
            duration: minutes * 60,
            kind,
            seed,
        })
    }
}

/// What enigma2 files events under: service, transport stream and network id. Type, flags and namespace do not count.
fn key(sref: &str) -> u64 {
    let number = |index| u64::from_str_radix(field(sref, index), 16).unwrap_or(0);
    number(3) << 32 | number(4) << 16 | number(5)
}

/// A well-spread number from any number (the finalizer of splitmix64).
pub(super) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const NOW: i64 = 1_795_374_280;

    fn entry(genre: Genre) -> Entry {
        Entry::new("1:0:19:2B01:3E9:1:C00000:0:0:0:".to_owned(), "Test", genre)
    }

    #[test]
    fn a_guide_is_eight_days_without_gaps_on_five_minute_marks() {
        let genres = [
            Genre::Mixed,
            Genre::News,
            Genre::Film,
            Genre::Series,
            Genre::Sport,
            Genre::Kids,
            Genre::Knowledge,
            Genre::Music,
            Genre::Talk,
            Genre::Concert,
        ];
        for genre in genres {
            let events = Programme::default().events(&entry(genre), NOW, NOW, i64::MAX);
            let ids: BTreeSet<i64> = events.iter().map(|event| event.id).collect();
            assert_eq!(ids.len(), events.len(), "{genre:?}");
            assert!(ids.iter().all(|id| (1..65_536).contains(id)));
            assert!(events[0].begin <= NOW && NOW < events[0].end());
            assert!(
                events.windows(2).all(|pair| pair[0].end() == pair[1].begin),
                "{genre:?}"
            );
            assert!(events
                .iter()
                .all(|event| event.begin % 300 == 0 && event.duration >= 300));
            let last = events.last().map_or(0, Event::end);
            assert!(last > NOW + 7 * DAY && last <= NOW + 8 * DAY, "{genre:?}");
        }
    }

    #[test]
    fn the_evening_starts_at_eight() {
        let events = Programme::default().events(&entry(Genre::Mixed), NOW, NOW, i64::MAX);
        let eight = |event: &&Event| clock::hh_mm(event.begin) == "20:00";
        assert!(events.iter().filter(eight).count() >= 7);
        assert!(events
            .iter()
            .filter(eight)
            .all(|event| event.kind == Kind::News));
    }

    #[test]
    fn the_same_event_is_the_same_whenever_asked() {
        let programme = Programme::default();
        let early = programme.events(&entry(Genre::Film), NOW, NOW, i64::MAX);
        let late = programme.events(&entry(Genre::Film), NOW + 7_200, NOW + 7_200, i64::MAX);
        let skipped = early.len() - early.iter().filter(|e| e.end() > NOW + 7_200).count();
        let shared = late.len().min(early.len() - skipped);
        assert_eq!(early[skipped..skipped + shared], late[..shared]);
    }

    #[test]
    fn a_window_holds_what_overlaps_it() {
        let programme = Programme::default();
        let all = programme.events(&entry(Genre::Series), NOW, NOW, i64::MAX);
        let (from, to) = (all[3].begin + 60, all[5].begin + 60);
        assert_eq!(
            programme.events(&entry(Genre::Series), NOW, from, to),
            all[3..6]
        );
        assert_eq!(
            programme.events(&entry(Genre::Series), NOW, from, all[5].begin),
            all[3..5]
        );
    }

    #[test]
    fn scale_mode_has_exactly_the_events_asked_for() {
        let even = Some(Even::new(NOW, 200));
        let programme = Programme {
            even,
            ..Programme::default()
        };
        for sid in ["1", "2", "AF"] {
            let sref = format!("1:0:19:{sid}:1:1:C00000:0:0:0:");
            let entry = Entry::new(sref, "Test", Genre::Mixed);
            let events = programme.events(&entry, NOW, NOW, i64::MAX);
            assert_eq!(events.len(), 200);
            assert!(events[0].begin <= NOW && NOW < events[0].end());
            let (now, next) = programme.now_next(&entry, NOW);
            assert_eq!(
                (now.as_ref(), next.as_ref()),
                (Some(&events[0]), Some(&events[1]))
            );
        }
    }

    #[test]
    fn the_last_event_is_invisible_while_it_runs() {
        let even = Some(Even::new(NOW, 1));
        let programme = Programme {
            even,
            ..Programme::default()
        };
        assert_eq!(programme.now_next(&entry(Genre::Mixed), NOW), (None, None));
    }

    #[test]
    fn a_forgotten_guide_knows_now_and_next() {
        let programme = Programme {
            forgotten: true,
            ..Programme::default()
        };
        assert_eq!(
            programme
                .events(&entry(Genre::Kids), NOW, NOW, i64::MAX)
                .len(),
            2
        );
        let full = Programme::default().now_next(&entry(Genre::Kids), NOW);
        assert_eq!(programme.now_next(&entry(Genre::Kids), NOW), full);
    }
}
