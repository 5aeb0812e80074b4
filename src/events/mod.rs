//! The event store: the guide's events, compressed, in one append-only file; only an index is in memory.
//!
//! A week of 500 channels is 100 000 events, 20 MB and more as text, on a machine with 256 MB. So the events of one
//! channel and one answer of the receiver are one *block* (deflate), and memory holds for each block where it is and
//! which span of time it speaks for. A later answer takes over the span it covers and nothing else: an answer that
//! knows less can shorten no guide. Blocks that speak for nothing any more go when the file is rewritten.

mod block;
mod bytes;
mod details;
mod file;
mod merge;
mod span;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;

use crate::model::{EpgKey, Event};
use block::Codec;
use file::BlockFile;
use merge::keep_details;
use span::{place, reach, repair, Span};

/// Dead bytes below this are not worth a rewrite.
const SMALLEST_REWRITE: u64 = 256 * 1024;

/// What the channels that an answer touched had before.
type Touched = HashMap<EpgKey, Option<Vec<Span>>>;

/// The event store.
#[derive(Debug)]
pub struct Events {
    file: BlockFile,
    spans: HashMap<EpgKey, Vec<Span>>,
    codec: Codec,
    /// How often something changed.
    changes: u32,
    /// What changed, for [`Events::take_news`].
    news: HashSet<EpgKey>,
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
            changes: 0,
            news: HashSet::new(),
            undo: None,
        })
    }

    /// Forgets everything.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn clear(&mut self) -> io::Result<()> {
        self.spans.clear();
        self.changes = self.changes.wrapping_add(1);
        self.undo = None;
        self.file.clear()
    }

    /// Begins an answer: until [`Events::commit`] all that is put can be taken back.
    pub fn begin(&mut self) {
        self.rollback();
        self.undo = Some((self.file.len(), HashMap::new()));
    }

    /// Ends an answer that is whole.
    pub fn commit(&mut self) {
        let touched = self.undo.take().map(|(_, touched)| touched);
        self.news.extend(touched.unwrap_or_default().into_keys());
    }

    /// The channels of which something changed since the last time; they are forgotten.
    pub fn take_news(&mut self) -> HashSet<EpgKey> {
        std::mem::take(&mut self.news)
    }

    /// Takes back what was put since [`Events::begin`]: the answer was cut or wrong.
    pub fn rollback(&mut self) {
        if let Some((length, touched)) = self.undo.take() {
            self.changes = self.changes.wrapping_add(u32::from(!touched.is_empty()));
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
    /// start to the end of the last. Of an event that is told without details those known of it stay. Returns whether
    /// anything changed; known events are not written again.
    ///
    /// # Errors
    /// Those of the file system; the store is then as before.
    pub fn put(&mut self, key: EpgKey, events: &[Event]) -> io::Result<bool> {
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            return Ok(false);
        };
        let (from, to) = (first.start, reach(last));
        let mut merged = Cow::Borrowed(events);
        // Often news begins where the known ends: that is seen without a look at what is known.
        let is_covered = self.speaks_for(key, first.start) && self.speaks_for(key, last.start);
        let may_lose = self.has_details(key, from, to) && lacks_details(events);
        if is_covered || may_lose {
            let mut known = Vec::new();
            self.collect(key, from, to, &mut known)?;
            if may_lose {
                merged = keep_details(events, &known);
            }
            known.retain(|event| event.start >= from);
            if is_covered && *known == *merged {
                return Ok(false);
            }
        }
        let packed = self.codec.pack(&merged);
        let block = self.file.append(key, from, to, packed)?;
        if let Some((_, touched)) = &mut self.undo {
            touched
                .entry(key)
                .or_insert_with(|| self.spans.get(&key).cloned());
        } else {
            self.news.insert(key);
        }
        self.changes = self.changes.wrapping_add(1);
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
        // Sorted and none running into the next: those that have ended by `from` come first.
        let past = into[begin..].partition_point(|event| event.stop() <= from);
        into.drain(begin..begin + past);
        Ok(())
    }

    /// Until when events of `key` are known; 0 if none are.
    pub fn known_until(&self, key: EpgKey) -> u32 {
        let spans = self.spans.get(&key).map_or(&[][..], Vec::as_slice);
        spans.iter().map(|span| span.to).max().unwrap_or(0)
    }

    /// Changes with everything that is filed or taken back.
    pub fn changes(&self) -> u32 {
        self.changes
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

    /// Gives the memory of packing and of buffers back, some 500 kB, until they are needed again.
    pub fn release(&mut self) {
        self.codec.release();
        self.file.release();
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

    fn speaks_for(&self, key: EpgKey, at: u32) -> bool {
        self.spans
            .get(&key)
            .is_some_and(|spans| spans.iter().any(|span| (span.from..span.to).contains(&at)))
    }

    /// Whether a block that tells of this time has details: the index says so.
    fn has_details(&self, key: EpgKey, from: u32, to: u32) -> bool {
        let mut spans = self.spans.get(&key).into_iter().flatten();
        spans.any(|span| span.runs(from, to) && span.block.has_details())
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
        for span in spans.iter().filter(|span| span.runs(from, to)) {
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

/// Whether any of the events is told without details.
fn lacks_details(events: &[Event]) -> bool {
    events.iter().any(|event| event.details.is_none())
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
mod tests;
