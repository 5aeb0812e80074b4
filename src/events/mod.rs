//! The event store: the guide's events, compressed, in one append-only file; only an index is in memory.
//!
//! A week of 500 channels is 100 000 events, 20 MB and more as text, on a machine with 256 MB. So the events of one
//! channel and one answer of the receiver are one *block* (deflate), and memory holds for each block where it is and
//! which span of time it speaks for. A later answer takes over the span it covers and nothing else: an answer that
//! knows less can shorten no guide. Blocks that speak for nothing any more go when the file is rewritten.

mod block;
mod file;
mod span;

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;

use crate::model::{EpgKey, Event};
use block::Codec;
use file::BlockFile;
use span::{place, reach, repair, Span, OVERLAP};

/// Fewer dead bytes are not worth a rewrite.
const SMALLEST_REWRITE: u64 = 256 * 1024;

/// What the channels that an answer touched had before.
type Touched = HashMap<EpgKey, Option<Vec<Span>>>;

/// The event store.
#[derive(Debug)]
pub struct Events {
    file: BlockFile,
    spans: HashMap<EpgKey, Vec<Span>>,
    codec: Codec,
    /// The length of the file and the spans of each channel touched, as they were when the answer began.
    undo: Option<(u64, Touched)>,
}

impl Events {
    /// Opens the store in `directory`, or begins an empty one. What a crash left half-written is cut off.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn open(directory: &Path) -> io::Result<Events> {
        let mut spans: HashMap<EpgKey, Vec<Span>> = HashMap::new();
        let file = BlockFile::open(&directory.join("events.dat"), |key, from, to, block| {
            place(spans.entry(key).or_default(), Span { from, to, block });
        })?;
        Ok(Events {
            file,
            spans,
            codec: Codec::default(),
            undo: None,
        })
    }

    /// Begins an answer: until [`Events::commit`] all that is put can be taken back.
    pub fn begin(&mut self) {
        self.rollback();
        self.undo = Some((self.file.len(), HashMap::new()));
    }

    /// Ends an answer that is whole.
    pub fn commit(&mut self) {
        self.undo = None;
    }

    /// Takes back what was put since [`Events::begin`]: the answer was cut or wrong.
    pub fn rollback(&mut self) {
        if let Some((length, touched)) = self.undo.take() {
            for (key, spans) in touched {
                match spans {
                    Some(spans) => self.spans.insert(key, spans),
                    None => self.spans.remove(&key),
                };
            }
            self.file.truncate(length);
        }
    }

    /// Files what one answer says about `key`. `events` is sorted by start; they take over the time from the first
    /// start to the end of the last. Returns whether anything changed; known events are not written again.
    ///
    /// # Errors
    /// Those of the file system; the store is then as before.
    pub fn put(&mut self, key: EpgKey, events: &[Event]) -> io::Result<bool> {
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            return Ok(false);
        };
        let (from, to) = (first.start, reach(last));
        if self.speaks_for(key, from, to) {
            let mut known = Vec::new();
            self.collect(key, from, to, &mut known)?;
            known.retain(|event| event.start >= from);
            if known == events {
                return Ok(false);
            }
        }
        let packed = self.codec.pack(events);
        let block = self.file.append(key, from, to, packed)?;
        if let Some((_, touched)) = &mut self.undo {
            touched
                .entry(key)
                .or_insert_with(|| self.spans.get(&key).cloned());
        }
        place(self.spans.entry(key).or_default(), Span { from, to, block });
        Ok(true)
    }

    /// Appends the events of `key` that run between `from` and `to` (seconds since 1970) to `into`: sorted, no two
    /// with the same start, none running into the next (rule G10).
    ///
    /// # Errors
    /// Those of the file system. A damaged block is left out, with a line in the log.
    pub fn read(
        &mut self,
        key: EpgKey,
        from: u32,
        to: u32,
        into: &mut Vec<Event>,
    ) -> io::Result<()> {
        let begin = into.len();
        self.collect(key, from, to, into)?;
        repair(into, begin);
        let mut at = begin;
        while at < into.len() {
            if into[at].stop() <= from {
                into.remove(at);
            } else {
                at += 1;
            }
        }
        Ok(())
    }

    /// Until when events of `key` are known; 0 if none are.
    pub fn known_until(&self, key: EpgKey) -> u32 {
        let spans = self.spans.get(&key).map_or(&[][..], Vec::as_slice);
        spans.iter().map(|span| span.to).max().unwrap_or(0)
    }

    /// Whether there is nothing at all.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Bytes of the file.
    pub fn bytes(&self) -> u64 {
        self.file.len()
    }

    /// Writes out what is buffered, so that a crash of the program loses nothing.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }

    /// Whether more than half of the file speaks for nothing, or channels are cut into too many blocks.
    pub fn needs_rewrite(&self) -> bool {
        let spans = self.spans.values().map(Vec::len).sum::<usize>();
        let live: u64 = self
            .spans
            .values()
            .flatten()
            .map(|span| span.block.bytes())
            .sum();
        let dead = self.file.len().saturating_sub(live);
        (dead > SMALLEST_REWRITE && dead > live) || spans > 24 * self.spans.len().max(8)
    }

    /// Begins a rewrite that keeps the channels of `keep` and the events that end after `since`. The caller feeds it
    /// channel by channel with [`Rewrite::step`], so that other work gets its turn.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn rewrite(&self, keep: &HashSet<EpgKey>, since: u32) -> io::Result<Rewrite> {
        let mut keys: Vec<EpgKey> = self
            .spans
            .keys()
            .filter(|key| keep.contains(key))
            .copied()
            .collect();
        keys.sort_unstable();
        Ok(Rewrite {
            file: self.file.draft()?,
            spans: HashMap::new(),
            keys,
            since,
        })
    }

    fn speaks_for(&self, key: EpgKey, from: u32, to: u32) -> bool {
        self.spans
            .get(&key)
            .is_some_and(|spans| spans.iter().any(|span| span.from < to && from < span.to))
    }

    /// The events that run between `from` and `to`, as they were filed. However long one runs, it ends before the time
    /// of its span does, or where the next span begins.
    fn collect(
        &mut self,
        key: EpgKey,
        from: u32,
        to: u32,
        into: &mut Vec<Event>,
    ) -> io::Result<()> {
        let Some(spans) = self.spans.get(&key) else {
            return Ok(());
        };
        let late = from.saturating_sub(OVERLAP);
        for span in spans.iter().filter(|span| span.from < to && late < span.to) {
            let packed = self.file.read(span.block)?;
            let starts = span.from..span.to.min(to);
            let whole = packed.is_some_and(|packed| {
                self.codec.unpack(packed, |event| {
                    if starts.contains(&event.start) && event.stop() > from {
                        into.push(event);
                    }
                })
            });
            if !whole {
                log::warn!("the event store has a damaged block; a part of the guide is missing until the next full pass");
            }
        }
        Ok(())
    }
}

/// A rewrite of the store under way.
#[derive(Debug)]
pub struct Rewrite {
    file: BlockFile,
    spans: HashMap<EpgKey, Vec<Span>>,
    keys: Vec<EpgKey>,
    since: u32,
}

impl Rewrite {
    /// Carries one channel over, as one block. False when none is left.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn step(&mut self, events: &mut Events) -> io::Result<bool> {
        let Some(key) = self.keys.pop() else {
            return Ok(false);
        };
        let mut kept = Vec::new();
        events.read(key, self.since, u32::MAX, &mut kept)?;
        if let (Some(first), Some(last)) = (kept.first(), kept.last()) {
            let (from, to) = (first.start, reach(last));
            let block = self.file.append(key, from, to, events.codec.pack(&kept))?;
            self.spans.insert(key, vec![Span { from, to, block }]);
        }
        Ok(true)
    }

    /// Makes the new file the store's.
    ///
    /// # Errors
    /// Those of the file system; the store is then as before.
    pub fn finish(mut self, events: &mut Events) -> io::Result<()> {
        self.file.publish()?;
        events.file = self.file;
        events.spans = self.spans;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    const KEY: EpgKey = EpgKey([1, 2, 3]);

    fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("xg2g-events-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    fn event(start: u32, duration: u32, title: &str) -> Event {
        Event {
            id: start,
            start,
            duration,
            title: title.into(),
            ..Event::default()
        }
    }

    fn titles(events: &mut Events, from: u32, to: u32) -> Vec<String> {
        let mut found = Vec::new();
        events.read(KEY, from, to, &mut found).unwrap();
        found
            .iter()
            .map(|e| format!("{} {}+{}", e.title, e.start, e.duration))
            .collect()
    }

    #[test]
    fn an_answer_takes_over_only_the_time_it_covers() {
        let directory = directory("covers");
        let mut events = Events::open(&directory).unwrap();
        let week: Vec<Event> = (0..10).map(|n| event(1000 + n * 100, 100, "old")).collect();
        assert!(events.put(KEY, &week).unwrap());
        // Now and next only, as after a restart of the receiver's GUI.
        assert!(events
            .put(KEY, &[event(1200, 150, "now"), event(1350, 50, "next")])
            .unwrap());
        assert_eq!(
            titles(&mut events, 1100, 1600),
            [
                "old 1100+100",
                "now 1200+150",
                "next 1350+50",
                "old 1400+100",
                "old 1500+100"
            ]
        );
        assert_eq!(events.known_until(KEY), 1950);
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn an_event_that_runs_a_minute_into_the_next_does_not_hide_it() {
        let directory = directory("minute");
        let mut events = Events::open(&directory).unwrap();
        let all = [
            event(1000, 660, "now"),
            event(1600, 660, "next"),
            event(2200, 600, "later"),
        ];
        events.put(KEY, &all).unwrap();
        let changed = [event(1000, 660, "now"), event(1600, 660, "another")];
        assert!(events.put(KEY, &changed).unwrap());
        assert_eq!(
            titles(&mut events, 1000, 9999),
            ["now 1000+600", "another 1600+600", "later 2200+600"]
        );
        assert_eq!(titles(&mut events, 2190, 2195), ["another 1600+660"]);
        let day = [event(900, 9000, "day"), event(1000, 600, "new")];
        assert!(events.put(KEY, &day).unwrap());
        assert_eq!(titles(&mut events, 2200, 9999), ["later 2200+600"]);
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn an_event_of_days_is_found_while_it_runs() {
        let directory = directory("long");
        let mut events = Events::open(&directory).unwrap();
        let day = 86_400;
        let all = [event(day, 100, "x"), event(day + 100, 3 * day, "long")];
        events.put(KEY, &all).unwrap();
        let late = day * 4;
        assert_eq!(titles(&mut events, late, late + 50), ["long 86500+259200"]);
        assert!(!events.put(KEY, &all[1..]).unwrap());
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn what_is_known_is_not_written_again() {
        let directory = directory("known");
        let mut events = Events::open(&directory).unwrap();
        let week: Vec<Event> = (0..10).map(|n| event(1000 + n * 100, 100, "old")).collect();
        events.put(KEY, &week).unwrap();
        let bytes = events.bytes();
        assert!(!events.put(KEY, &week[3..5]).unwrap());
        assert!(!events.put(KEY, &[]).unwrap());
        assert_eq!(events.bytes(), bytes);
        assert!(events.put(KEY, &[event(1300, 100, "changed")]).unwrap());
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn an_answer_that_was_cut_is_taken_back() {
        let directory = directory("undo");
        let mut events = Events::open(&directory).unwrap();
        events.put(KEY, &[event(1000, 100, "good")]).unwrap();
        events.flush().unwrap();
        events.begin();
        events.put(KEY, &[event(1000, 50, "half")]).unwrap();
        events
            .put(EpgKey([7, 7, 7]), &[event(1000, 50, "half")])
            .unwrap();
        events.flush().unwrap();
        events.rollback();
        assert_eq!(titles(&mut events, 0, 9999), ["good 1000+100"]);
        assert_eq!(events.known_until(EpgKey([7, 7, 7])), 0);
        events.begin();
        events.put(KEY, &[event(1100, 50, "next")]).unwrap();
        events.commit();
        events.flush().unwrap();
        let mut again = Events::open(&directory).unwrap();
        assert_eq!(
            titles(&mut again, 0, 9999),
            ["good 1000+100", "next 1100+50"]
        );
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn overlaps_and_doubles_are_repaired() {
        let directory = directory("repair");
        let mut events = Events::open(&directory).unwrap();
        let messy = [
            event(1000, 500, "a"),
            event(1200, 100, "b"),
            event(1200, 300, "b"),
            event(1300, 100, "c"),
        ];
        events.put(KEY, &messy).unwrap();
        assert_eq!(
            titles(&mut events, 0, 9999),
            ["a 1000+200", "b 1200+100", "c 1300+100"]
        );
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn the_store_is_found_again_and_a_torn_end_is_cut_off() {
        let directory = directory("again");
        let mut events = Events::open(&directory).unwrap();
        events
            .put(KEY, &[event(1000, 100, "a"), event(1100, 100, "b")])
            .unwrap();
        events.put(KEY, &[event(1100, 100, "B")]).unwrap();
        events.flush().unwrap();
        let path = directory.join("events.dat");
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let mut events = Events::open(&directory).unwrap();
            let found = titles(&mut events, 0, 9999);
            assert!(matches!(found.len(), 0 | 2), "{cut}: {found:?}");
            events.put(KEY, &[event(5000, 10, "after")]).unwrap();
            events.flush().unwrap();
            let mut events = Events::open(&directory).unwrap();
            assert_eq!(titles(&mut events, 4000, 9999), ["after 5000+10"], "{cut}");
        }
        std::fs::write(&path, &whole).unwrap();
        let mut events = Events::open(&directory).unwrap();
        assert_eq!(titles(&mut events, 0, 9999), ["a 1000+100", "B 1100+100"]);
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn damage_loses_a_block_and_nothing_else() {
        let directory = directory("damage");
        let mut events = Events::open(&directory).unwrap();
        events
            .put(KEY, &[event(1000, 100, "first of all")])
            .unwrap();
        events
            .put(EpgKey([9, 9, 9]), &[event(1000, 100, "other")])
            .unwrap();
        events.flush().unwrap();
        let path = directory.join("events.dat");
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x55;
            std::fs::write(&path, &bytes).unwrap();
            let mut events = Events::open(&directory).unwrap();
            for key in [KEY, EpgKey([9, 9, 9])] {
                let mut found = Vec::new();
                events.read(key, 0, u32::MAX, &mut found).unwrap();
                assert!(found
                    .iter()
                    .all(|e| e.title == "first of all" || e.title == "other"));
            }
        }
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_rewrite_drops_the_past_and_channels_that_went() {
        let directory = directory("rewrite");
        let mut events = Events::open(&directory).unwrap();
        let gone = EpgKey([9, 9, 9]);
        events.put(gone, &[event(1000, 100, "gone")]).unwrap();
        for n in 0..50 {
            events.put(KEY, &[event(1000 + n * 100, 100, "e")]).unwrap();
        }
        let before = events.bytes();
        let mut rewrite = events.rewrite(&HashSet::from([KEY]), 2050).unwrap();
        while rewrite.step(&mut events).unwrap() {}
        rewrite.finish(&mut events).unwrap();
        assert!(events.bytes() < before);
        assert_eq!(events.known_until(gone), 0);
        assert_eq!(
            titles(&mut events, 0, 2250),
            ["e 2000+100", "e 2100+100", "e 2200+100"]
        );
        let mut events = Events::open(&directory).unwrap();
        assert_eq!(titles(&mut events, 5000, 9999).len(), 10);
        std::fs::remove_dir_all(directory).unwrap();
    }
}
