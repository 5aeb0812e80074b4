//! Going through the file service by service.

use std::collections::HashSet;

use super::decoder::Decoder;
use super::index::Index;
use super::shelf::Shelf;
use super::{EpgFile, Error, Service};
use crate::model::{EpgKey, Event};

/// Bytes of descriptors that the events of one service have together; a week has a tenth of that, at most.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// The wanted services of a file one after another, each with its events: sorted by start, no two with the same.
///
/// After an error nothing that was handed out counts, and nothing follows. The last thing looked at is whether the file
/// is still the one that was opened.
#[derive(Debug)]
pub struct Reading {
    file: EpgFile,
    /// Those to come, the next one last.
    services: Vec<Service>,
    /// For how many of them the descriptors are on the shelf.
    fetched: usize,
    shelf: Shelf,
    /// Built when the first is asked for.
    index: Option<Index>,
    decoder: Decoder,
    has_ended: bool,
}

impl Reading {
    pub(super) fn new(file: EpgFile, wanted: &HashSet<EpgKey>, languages: &[String]) -> Reading {
        let mut services = file.services.clone();
        services.retain(|service| service.events > 0 && wanted.contains(&service.key));
        services.reverse();
        Reading {
            file,
            services,
            fetched: 0,
            shelf: Shelf::new(),
            index: None,
            decoder: Decoder::new(languages),
            has_ended: false,
        }
    }

    /// The next service; `None` at the end.
    fn step(&mut self) -> Result<Option<(EpgKey, Vec<Event>)>, Error> {
        while !self.services.is_empty() {
            if self.fetched == 0 {
                self.fetch()?;
            }
            let Some(service) = self.services.pop() else {
                break;
            };
            self.fetched = self.fetched.saturating_sub(1);
            let events = self.events(service)?;
            if !events.is_empty() {
                return Ok(Some((service.key, events)));
            }
        }
        match self.file.window.is_unchanged() {
            true => Ok(None),
            false => Err(Error::Changed),
        }
    }

    /// Fetches the descriptors of some of the next services.
    fn fetch(&mut self) -> Result<(), Error> {
        let index = match &mut self.index {
            Some(index) => index,
            none => none.insert(Index::build(&mut self.file, self.services.iter().rev())?),
        };
        self.shelf.clear();
        for service in self.services.iter().rev() {
            let mut at = service.at;
            for _ in 0..service.events {
                let (record, next) = self.file.version.record(&mut self.file.window, at)?;
                for key in record.keys() {
                    self.shelf.want(key)?;
                }
                at = next;
            }
            self.fetched += 1;
            if self.shelf.is_full() {
                break;
            }
        }
        self.shelf.fetch(&mut self.file.window, index)
    }

    fn events(&mut self, service: Service) -> Result<Vec<Event>, Error> {
        let mut events: Vec<Event> = Vec::new();
        // Start, source and place of each: enigma2 lets no event take the place of one from a lower source.
        let mut order: Vec<u64> = Vec::new();
        let mut at = service.at;
        let mut bytes = 0;
        for _ in 0..service.events {
            let (record, next) = self.file.version.record(&mut self.file.window, at)?;
            at = next;
            let descriptors = record.keys().filter_map(|key| self.shelf.get(key));
            let descriptors = descriptors.inspect(|(_, content)| bytes += content.len());
            if let Some(event) = self.decoder.event(record.head, descriptors) {
                let rank = u64::from(event.start) << 32 | u64::from(record.source) << 16;
                order.push(rank | events.len() as u64);
                events.push(event);
            }
            // A few descriptors that all events share would make much of a small file.
            if bytes > MOST_BYTES {
                return Err(Error::Implausible("the texts of a service"));
            }
        }
        let start = |rank: u64| rank >> 32;
        if order.windows(2).all(|two| start(two[0]) < start(two[1])) {
            return Ok(events);
        }
        order.sort_unstable();
        order.dedup_by_key(|rank| start(*rank));
        let mut events: Vec<_> = events.into_iter().map(Some).collect();
        let in_order = order
            .iter()
            .filter_map(|rank| events[(rank & 0xffff) as usize].take());
        Ok(in_order.collect())
    }
}

impl Iterator for Reading {
    type Item = Result<(EpgKey, Vec<Event>), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        let step = self.step().transpose();
        self.has_ended = !matches!(step, Some(Ok(_)));
        step
    }
}
