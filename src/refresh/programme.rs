//! The guide: what to ask for and when.
//!
//! The first pass asks for everything: what is on now, then a day, then the rest. Later passes ask what is on now; where
//! that is not what the store says, for the next hours; and for what is missing at the far end or for new channels. Once
//! a day everything is asked for again.

use std::collections::{HashMap, HashSet};
use std::time::SystemTime;

use super::{Phase, Poller};
use crate::model::{unix_now, unix_seconds, EpgKey, Lineup, ServiceRef};
use crate::receiver::openwebif::{Piece, Query};
use crate::receiver::Error;

pub(super) const HOUR: u32 = 3_600;
pub(super) const DAY: u32 = 24 * HOUR;
/// How far from now a guide is asked for again when what is on is not what was announced.
const CHANGED: u32 = 6 * HOUR;
/// The far end is extended when this much is missing.
const EXTEND: u32 = 6 * HOUR;
/// Bytes of two events of one service.
const TWO_EVENTS: usize = 900;
/// After so many wrong answers in a row the pass gives up on the guide.
const MOST_FAILURES: u32 = 5;
/// An answer that did not come in time counts for more: perhaps the receiver hangs, not only on this question.
const HANGS: u32 = 3;

/// What was asked for, so that a later pass need not ask again.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Until when each channel's guide was asked for.
    asked: HashMap<EpgKey, u32>,
}

impl Plan {
    /// What was asked for does not count any more.
    pub(super) fn forget(&mut self) {
        self.asked.clear();
    }
}

/// A bouquet as a unit of guide questions.
struct Unit {
    reference: Box<str>,
    /// The references under which an answer for the bouquet names its services.
    rows: HashMap<ServiceRef, EpgKey>,
    /// The reference to ask for one channel alone: of a group of alternatives its first member.
    alone: HashMap<EpgKey, ServiceRef>,
}

impl Unit {
    fn query(&self) -> Query<'_> {
        Query::Bouquet {
            reference: &self.reference,
            services: self.rows.len(),
        }
    }
}

impl Poller {
    /// Fetches what is missing of the guide.
    pub(super) async fn fetch_guide(&self) -> Result<(), Error> {
        let units = units(&self.store.current().lineup);
        let now = unix_now();
        let begin = now - now % 60;
        let end = begin + self.settings.guide.days * DAY;
        self.recall(&units);
        let wall = SystemTime::now();
        let age = self
            .store
            .last_full()
            .and_then(|last| wall.duration_since(last).ok());
        let is_full = age.is_none_or(|age| age >= self.settings.refresh.full_interval);
        let is_first = self.store.events().is_empty();

        let mut failures = 0;
        let changed = if is_full && !is_first {
            HashSet::new()
        } else {
            self.fetch_now_next(&units).await?
        };
        if is_first {
            self.publish_guide(false).await?;
        }
        if is_full {
            let soon = begin + DAY.min(end - begin);
            for (from, to) in [(begin, soon), (soon, end)] {
                let total = hours(&units, to - from);
                let mut done = 0;
                for unit in &units {
                    self.progress(Phase::Guide, done, total);
                    self.fetch_unit(unit, from, to, &mut failures).await?;
                    done += hours(std::slice::from_ref(unit), to - from);
                }
                if is_first && to == soon {
                    self.publish_guide(false).await?;
                }
            }
            if self.is_thin(&units, now) {
                log::info!("the receiver's own guide is only filling: all of it is asked for again next time");
            } else {
                self.store.set_last_full(wall);
            }
            return Ok(());
        }
        self.fetch_rest(&units, &changed, begin, end, &mut failures)
            .await
    }

    /// Whether most channels that have a guide have it for the next hours at best, as after a start of the receiver.
    fn is_thin(&self, units: &[Unit], now: u32) -> bool {
        let keys: HashSet<EpgKey> = units
            .iter()
            .flat_map(|unit| unit.rows.values().copied())
            .collect();
        let events = self.store.events();
        let known = keys.iter().map(|key| events.known_until(*key));
        let (mut short, mut all) = (0, 0);
        for until in known.filter(|until| *until > now) {
            all += 1;
            short += usize::from(until < now + CHANGED);
        }
        short * 2 >= all
    }

    /// Takes what the store holds for asked, after a restart within a day of a full pass.
    fn recall(&self, units: &[Unit]) {
        let mut plan = self.plan.borrow_mut();
        if !plan.asked.is_empty() {
            return;
        }
        if let Some(last) = self.store.last_full() {
            let since = unix_seconds(last) as u32;
            let until = since.saturating_add(self.settings.guide.days * DAY);
            let events = self.store.events();
            for key in units.iter().flat_map(|unit| unit.rows.values()) {
                if events.known_until(*key) > 0 {
                    plan.asked.insert(*key, until);
                }
            }
        }
    }

    /// Asks what is on. Returns the channels where that is news. A receiver that cannot say (images without
    /// `epgnownext`) is not asked further in this pass, and its guide not given up for it.
    async fn fetch_now_next(&self, units: &[Unit]) -> Result<HashSet<EpgKey>, Error> {
        let mut changed = HashSet::new();
        let mut failures = 0;
        for (at, unit) in units.iter().enumerate() {
            self.progress(Phase::NowNext, at as u32, units.len() as u32);
            if !self.web.affords(unit.rows.len() * TWO_EVENTS) {
                continue;
            }
            let mut news = HashSet::new();
            let result = self
                .web
                .now_next(&unit.reference, &mut |piece| {
                    self.file(unit, piece, &mut news)
                })
                .await;
            match self.settle(result, &mut failures) {
                Ok(true) => changed.extend(news),
                Ok(false) => {}
                Err(error) if error.is_general() || matches!(error, Error::Store(_)) => {
                    return Err(error)
                }
                Err(_) => break,
            }
        }
        Ok(changed)
    }

    /// What a later pass asks for: the next hours where something changed, all of new channels, the far end.
    async fn fetch_rest(
        &self,
        units: &[Unit],
        changed: &HashSet<EpgKey>,
        begin: u32,
        end: u32,
        failures: &mut u32,
    ) -> Result<(), Error> {
        for (at, unit) in units.iter().enumerate() {
            self.progress(Phase::Guide, at as u32, units.len() as u32);
            let keys: HashSet<EpgKey> = unit.rows.values().copied().collect();
            let asked = |key: &EpgKey| self.plan.borrow().asked.get(key).copied();
            let new: HashSet<EpgKey> = keys
                .iter()
                .filter(|key| asked(key).is_none())
                .copied()
                .collect();
            let stale: HashSet<EpgKey> = keys
                .intersection(changed)
                .filter(|key| !new.contains(key))
                .copied()
                .collect();
            self.fetch_some(unit, &new, begin, end, failures).await?;
            self.fetch_some(unit, &stale, begin, end.min(begin + CHANGED), failures)
                .await?;
            let far = keys.iter().filter_map(asked).min().unwrap_or(end);
            if far + EXTEND <= end && new.is_empty() {
                self.fetch_unit(unit, far.max(begin), end, failures).await?;
            }
        }
        Ok(())
    }

    /// Asks for some channels of a unit: one by one if they are few, else for all.
    async fn fetch_some(
        &self,
        unit: &Unit,
        keys: &HashSet<EpgKey>,
        from: u32,
        to: u32,
        failures: &mut u32,
    ) -> Result<(), Error> {
        if keys.len() * 4 > unit.rows.len().max(8) {
            return self.fetch_unit(unit, from, to, failures).await;
        }
        for key in keys {
            self.fetch_service(unit, *key, from, to, failures).await?;
        }
        Ok(())
    }

    /// Asks for a bouquet, window by window; service by service when even the shortest window would keep the receiver
    /// too long.
    async fn fetch_unit(
        &self,
        unit: &Unit,
        from: u32,
        to: u32,
        failures: &mut u32,
    ) -> Result<(), Error> {
        let mut at = from;
        while at < to {
            let Some(minutes) = self.web.window(unit.query()) else {
                return self.fetch_services(unit, at, to, failures).await;
            };
            let minutes = minutes.min((to - at).div_ceil(60));
            let mut file = |piece: Piece<'_>| self.file(unit, piece, &mut HashSet::new());
            let result = self.web.guide(unit.query(), at, minutes, &mut file).await;
            if !self.settle(result, failures)? {
                // One service can spoil the answer for its bouquet: the others have their guide all the same.
                return self.fetch_services(unit, at, to, failures).await;
            }
            at += minutes * 60;
        }
        let mut plan = self.plan.borrow_mut();
        unit.rows
            .values()
            .for_each(|key| note(&mut plan.asked, *key, to));
        Ok(())
    }

    /// Asks for the services of a bouquet one by one.
    async fn fetch_services(
        &self,
        unit: &Unit,
        from: u32,
        to: u32,
        failures: &mut u32,
    ) -> Result<(), Error> {
        let keys: HashSet<EpgKey> = unit.rows.values().copied().collect();
        for key in keys {
            self.fetch_service(unit, key, from, to, failures).await?;
        }
        Ok(())
    }

    async fn fetch_service(
        &self,
        unit: &Unit,
        key: EpgKey,
        from: u32,
        to: u32,
        failures: &mut u32,
    ) -> Result<(), Error> {
        let Some(service) = unit.alone.get(&key) else {
            return Ok(());
        };
        let mut at = from;
        while at < to {
            let query = Query::Service(service);
            let minutes = self
                .web
                .window(query)
                .unwrap_or(DAY / 60)
                .min((to - at).div_ceil(60));
            let mut file = |piece: Piece<'_>| {
                let mut events = self.store.events();
                match piece {
                    Piece::Begin => events.begin(),
                    // The answer spells URL services another way, so it is taken for what was asked.
                    Piece::Events { events: found, .. } => {
                        events.put(key, found)?;
                    }
                }
                Ok(())
            };
            let result = self.web.guide(query, at, minutes, &mut file).await;
            if !self.settle(result, failures)? {
                return Ok(());
            }
            at += minutes * 60;
        }
        note(&mut self.plan.borrow_mut().asked, key, to);
        Ok(())
    }

    /// Files a piece of an answer for a bouquet; notes the channels for which it was news.
    fn file(
        &self,
        unit: &Unit,
        piece: Piece<'_>,
        news: &mut HashSet<EpgKey>,
    ) -> std::io::Result<()> {
        let mut events = self.store.events();
        match piece {
            Piece::Begin => {
                events.begin();
                news.clear();
            }
            Piece::Events {
                service,
                events: found,
            } => {
                let key =
                    ServiceRef::parse(service).and_then(|service| unit.rows.get(&service).copied());
                if let Some(key) = key {
                    if events.put(key, found)? {
                        news.insert(key);
                    }
                }
            }
        }
        Ok(())
    }

    /// Ends an answer: it counts as a whole or not at all. Whether it counts; an error when the pass must end.
    fn settle(&self, result: Result<(), Error>, failures: &mut u32) -> Result<bool, Error> {
        let mut events = self.store.events();
        match result {
            Ok(()) => {
                events.commit();
                events.flush().map_err(Error::Store)?;
                *failures = 0;
                Ok(true)
            }
            Err(error) => {
                events.rollback();
                drop(events);
                *failures += if error.is_timeout() { HANGS } else { 1 };
                if (error.is_general() && !error.is_timeout())
                    || matches!(error, Error::Store(_))
                    || *failures >= MOST_FAILURES
                {
                    return Err(error);
                }
                self.warn(format!("a part of the guide is kept as it was: {error}"));
                Ok(false)
            }
        }
    }
}

fn note(asked: &mut HashMap<EpgKey, u32>, key: EpgKey, until: u32) {
    let known = asked.entry(key).or_default();
    *known = until.max(*known);
}

/// Hours of channels in a span, for the progress.
fn hours(units: &[Unit], seconds: u32) -> u32 {
    units
        .iter()
        .map(|unit| unit.rows.len() as u32 * (seconds / HOUR))
        .sum()
}

/// The bouquets to ask for so that every channel is asked for: largest first, those that add nothing left out.
fn units(lineup: &Lineup) -> Vec<Unit> {
    let mut bouquets: Vec<_> = lineup.bouquets.iter().collect();
    bouquets.sort_by_key(|bouquet| std::cmp::Reverse(bouquet.rows.len()));
    let mut covered: HashSet<EpgKey> = HashSet::new();
    let mut units = Vec::new();
    for bouquet in bouquets {
        let rows: HashMap<ServiceRef, EpgKey> = bouquet
            .rows
            .iter()
            .filter_map(|(service, channel)| {
                let channel = lineup.channels.get(*channel as usize)?;
                Some((service.clone(), channel.epg?))
            })
            .collect();
        let channels = bouquet
            .channels
            .iter()
            .filter_map(|at| lineup.channels.get(*at as usize));
        let alone = channels
            .filter_map(|channel| Some((channel.epg?, channel.service.clone())))
            .collect();
        let before = covered.len();
        covered.extend(rows.values());
        if covered.len() > before {
            units.push(Unit {
                reference: bouquet.reference.clone(),
                rows,
                alone,
            });
        }
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Entry, ListedBouquet, Listing, Media, Selection};

    #[test]
    fn bouquets_that_add_no_channel_are_not_asked_for() {
        let bouquet = |file: &str, sids: std::ops::Range<u32>| ListedBouquet {
            reference: format!("1:7:1:0:0:0:0:0:0:0:FROM BOUQUET \"{file}\" ORDER BY bouquet")
                .into(),
            name: file.into(),
            media: Media::Tv,
            entries: sids
                .map(|sid| Entry::new(&format!("1:0:1:{sid:X}:1:1:C00000:0:0:0:"), "n").unwrap())
                .collect(),
        };
        let listing = Listing {
            bouquets: vec![
                bouquet("favourites", 3..6),
                bouquet("all", 1..20),
                bouquet("other", 19..22),
            ],
        };
        let units = units(&Lineup::resolve(&listing, &Selection::default()));
        let rows: Vec<usize> = units.iter().map(|unit| unit.rows.len()).collect();
        assert_eq!(rows, [19, 3]);
    }
}
