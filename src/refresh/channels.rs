//! Which channels there are: asked from the receiver, and believed only as far as it is plausible.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use super::{Phase, Poller, Wish};
use crate::model::{Entry, EntryKind, ListedBouquet, Listing, Media, ServiceRef};
use crate::receiver::openwebif::Named;
use crate::receiver::Error;

/// Bytes of an entry in a list answer.
const ENTRY_BYTES: usize = 170;
/// Sub-bouquets deeper than this are not asked for.
const DEEPEST: usize = 8;
/// Lists asked for below one bouquet.
const MOST_LISTS: u32 = 1_000;

/// Remembers since when the receiver has said something that is not believed.
#[derive(Debug, Default)]
pub(super) struct Guard {
    doubts: HashMap<String, (Instant, Vec<ServiceRef>)>,
}

impl Guard {
    /// Whether `new` may replace `old` in the bouquet `name`. A list that lost more than `share` percent of its services is
    /// believed only when the receiver has said the same for `patience`; an empty one never.
    fn believes(
        &mut self,
        name: &str,
        old: &[&ServiceRef],
        new: &[&ServiceRef],
        share: u32,
        patience: Duration,
        now: Instant,
    ) -> bool {
        let kept: HashSet<&ServiceRef> = new.iter().copied().collect();
        let lost = old
            .iter()
            .filter(|service| !kept.contains(*service))
            .count();
        let doubtful = lost * 100 > old.len() * share as usize;
        if !doubtful && (old.is_empty() || !new.is_empty()) {
            self.doubts.remove(name);
            return true;
        }
        if new.is_empty() {
            return false;
        }
        let same = |said: &[ServiceRef]| said.iter().eq(new.iter().copied());
        match self.doubts.get(name) {
            Some((since, said)) if same(said) => now.duration_since(*since) >= patience,
            _ => {
                let said = new.iter().copied().cloned().collect();
                self.doubts.insert(name.to_owned(), (now, said));
                false
            }
        }
    }
}

/// The way from a bouquet down to the list that is looked at: bouquets can contain each other, and enigma2 has no guard.
struct Descent {
    path: Vec<ServiceRef>,
    lists: u32,
}

impl Descent {
    fn from(bouquet: &str) -> Descent {
        Descent {
            path: ServiceRef::parse(bouquet).into_iter().collect(),
            lists: 0,
        }
    }

    /// Goes down, unless there is no end to it.
    fn enter(&mut self, list: &ServiceRef) -> bool {
        let same = |outer: &ServiceRef| match (outer.bouquet_file(), list.bouquet_file()) {
            (Some(outer), Some(file)) => outer == file,
            _ => outer == list,
        };
        if self.path.len() > DEEPEST || self.lists >= MOST_LISTS || self.path.iter().any(same) {
            return false;
        }
        self.path.push(list.clone());
        self.lists += 1;
        true
    }

    fn leave(&mut self) {
        self.path.pop();
    }
}

impl Poller {
    /// The channels as the receiver lists them now. After the first time one short look at each list tells which
    /// bouquets changed; only these are asked for again. A pass that was wished for asks for the members of groups again
    /// too.
    pub(super) async fn fetch_listing(&self, wish: Option<&Wish>) -> Result<Listing, Error> {
        let old = self.store.listing();
        let mut listing = Listing::default();
        let first = self.status.borrow().succeeded.is_none();
        self.progress(Phase::Channels, 0, old.bouquets.len().max(1) as u32);
        for media in [Media::Tv, Media::Radio] {
            let known: Vec<&ListedBouquet> = old
                .bouquets
                .iter()
                .filter(|bouquet| bouquet.media == media)
                .collect();
            let quick = !first && !known.is_empty() && {
                let entries: usize = known.iter().map(|bouquet| bouquet.entries.len() + 2).sum();
                self.web.affords(entries * ENTRY_BYTES)
            };
            let mut lists = Vec::new();
            if quick {
                match self.web.all_services(media).await {
                    Ok(all) => lists = all,
                    Err(error) if error.is_general() => return Err(error),
                    Err(error) => log::debug!("{error}"),
                }
            }
            let named = if lists.is_empty() {
                match self.web.bouquets(media).await {
                    Ok(named) => named,
                    Err(error) if !error.is_general() && !known.is_empty() => {
                        self.warn(format!(
                            "the {} bouquets are kept as they were: {error}",
                            media.as_str()
                        ));
                        listing.bouquets.extend(known.into_iter().cloned());
                        continue;
                    }
                    // A receiver may have trouble with a list that nobody uses.
                    Err(error) if !error.is_general() && media == Media::Radio => {
                        self.warn(format!("there is no radio: {error}"));
                        continue;
                    }
                    Err(error) => return Err(error),
                }
            } else {
                lists.iter().map(|(named, _)| named.clone()).collect()
            };
            if self.is_a_loss(media, &known, &named, wish) {
                listing.bouquets.extend(known.into_iter().cloned());
                continue;
            }
            let total = (listing.bouquets.len() + named.len()) as u32;
            for (at, bouquet) in named.iter().enumerate() {
                self.progress(Phase::Channels, listing.bouquets.len() as u32, total);
                let before = known
                    .iter()
                    .find(|known| *known.reference == *bouquet.reference)
                    .copied();
                let seen = lists.get(at).map(|(_, entries)| entries.as_slice());
                let is_last = at + 1 == named.len();
                let entries = self
                    .fetch_bouquet(bouquet, before, seen, is_last, wish)
                    .await?;
                listing.bouquets.push(ListedBouquet {
                    reference: bouquet.reference.as_str().into(),
                    name: bouquet.name.as_str().into(),
                    media,
                    entries,
                });
            }
        }
        if listing
            .bouquets
            .iter()
            .all(|bouquet| bouquet.services().is_empty())
        {
            return Err(Error::Malformed(
                "/api/bouquets".into(),
                "the receiver has no bouquet with a service in it".into(),
            ));
        }
        Ok(listing)
    }

    /// Whether a list of bouquets lost so many at once that it is not believed.
    fn is_a_loss(
        &self,
        media: Media,
        known: &[&ListedBouquet],
        named: &[Named],
        wish: Option<&Wish>,
    ) -> bool {
        let there = |bouquet: &&&ListedBouquet| {
            named
                .iter()
                .any(|named| named.reference == *bouquet.reference)
        };
        let old: Vec<ServiceRef> = known
            .iter()
            .filter_map(|b| ServiceRef::parse(&b.reference))
            .collect();
        let new: Vec<ServiceRef> = known
            .iter()
            .filter(there)
            .filter_map(|b| ServiceRef::parse(&b.reference))
            .collect();
        // One bouquet out of two or three is an edit, not an accident; none left of any is one.
        let share = if known.len() < 4 {
            100
        } else {
            self.share(wish)
        };
        let name = format!("all {} bouquets", media.as_str());
        let believed = self.guard.borrow_mut().believes(
            &name,
            &old.iter().collect::<Vec<_>>(),
            &if named.is_empty() {
                Vec::new()
            } else {
                new.iter().collect::<Vec<_>>()
            },
            share,
            self.settings.refresh.full_interval,
            Instant::now(),
        );
        if !believed && !old.is_empty() {
            let (had, has) = (known.len(), named.len());
            self.warn(format!(
                "the receiver lists {has} {} bouquets after {had}; all are kept",
                media.as_str()
            ));
        }
        !believed && !old.is_empty()
    }

    /// The entries of a bouquet; the old ones where the receiver gives none that can be believed.
    async fn fetch_bouquet(
        &self,
        bouquet: &Named,
        before: Option<&ListedBouquet>,
        seen: Option<&[Entry]>,
        is_last: bool,
        wish: Option<&Wish>,
    ) -> Result<Vec<Entry>, Error> {
        let old = before.map_or(&[][..], |before| before.entries.as_slice());
        if self.is_skipped(bouquet, is_last) {
            return Ok(Vec::new());
        }
        let mut entries = match seen {
            Some(seen) if looks_the_same(old, seen) => old.to_vec(),
            // What the short look shows to have changed is not taken from what was kept.
            _ => match self.web.services(&bouquet.reference, seen.is_some()).await {
                Ok(entries) => (*entries).clone(),
                Err(error) if error.is_general() => return Err(error),
                Err(error) => {
                    self.warn(format!(
                        "the bouquet `{}` is kept as it was: {error}",
                        bouquet.name
                    ));
                    return Ok(old.to_vec());
                }
            },
        };
        let mut descent = Descent::from(&bouquet.reference);
        self.fetch_members(&mut entries, old, wish.is_some(), &mut descent)
            .await?;

        let listed = |entries: Vec<Entry>| ListedBouquet {
            reference: bouquet.reference.as_str().into(),
            name: bouquet.name.as_str().into(),
            media: Media::Tv,
            entries,
        };
        let (old, new) = (listed(old.to_vec()), listed(entries));
        let (had, has) = (old.services(), new.services());
        let believed = self.guard.borrow_mut().believes(
            &bouquet.reference,
            &had,
            &has,
            self.share(wish),
            self.settings.refresh.full_interval,
            Instant::now(),
        );
        if believed {
            return Ok(new.entries);
        }
        self.warn(format!(
            "the receiver lists {} services in the bouquet `{}` after {}; it is kept as it was (POST /api/v1/refresh?believe=true accepts it)",
            has.len(),
            bouquet.name,
            had.len()
        ));
        Ok(old.entries)
    }

    /// The share of services, in percent, that may go at once and be believed.
    fn share(&self, wish: Option<&Wish>) -> u32 {
        if wish.is_some_and(|wish| wish.believe) {
            100
        } else {
            self.settings.channels.guard
        }
    }

    /// Fills in the members of sub-bouquets and groups. Those of groups are known from before, unless `thorough`.
    async fn fetch_members(
        &self,
        entries: &mut [Entry],
        old: &[Entry],
        thorough: bool,
        descent: &mut Descent,
    ) -> Result<(), Error> {
        for entry in entries.iter_mut() {
            let kind = entry.kind();
            if !matches!(kind, EntryKind::Bouquet | EntryKind::Group)
                || !descent.enter(&entry.service)
            {
                continue;
            }
            let before = old.iter().find(|old| old.service == entry.service);
            let members = before.map_or(&[][..], |before| before.members.as_slice());
            if kind == EntryKind::Group && !members.is_empty() && !thorough {
                entry.members = members.to_vec();
                descent.leave();
                continue;
            }
            match self.web.services(&entry.service.address(), false).await {
                Ok(new) if new.is_empty() && !members.is_empty() => {
                    self.warn(format!(
                        "`{}` is empty on the receiver; it is kept as it was",
                        entry.name
                    ));
                    entry.members = members.to_vec();
                }
                Ok(new) => {
                    let mut new = (*new).clone();
                    Box::pin(self.fetch_members(&mut new, members, thorough, descent)).await?;
                    entry.members = new;
                }
                Err(error) if error.is_general() => return Err(error),
                Err(error) => {
                    self.warn(format!("`{}` is kept as it was: {error}", entry.name));
                    entry.members = members.to_vec();
                }
            }
            descent.leave();
        }
        Ok(())
    }

    /// The list of the last scan is not asked for, unless it is wanted or takes numbers before others. It can hold
    /// thousands.
    fn is_skipped(&self, bouquet: &Named, is_last: bool) -> bool {
        let file = ServiceRef::parse(&bouquet.reference);
        let file = file
            .as_ref()
            .and_then(ServiceRef::bouquet_file)
            .unwrap_or("");
        is_last
            && file.starts_with("userbouquet.LastScanned")
            && self.settings.channels.bouquets.is_empty()
    }
}

/// Whether a short look (hidden entries left out) shows what is known.
fn looks_the_same(old: &[Entry], seen: &[Entry]) -> bool {
    let visible = old.iter().filter(|entry| !entry.service.is_invisible());
    !old.is_empty()
        && visible
            .map(|entry| (&entry.service, entry.kind(), &entry.name))
            .eq(seen
                .iter()
                .map(|entry| (&entry.service, entry.kind(), &entry.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn services(count: u32) -> Vec<ServiceRef> {
        (1..=count)
            .map(|sid| ServiceRef::dvb(1, sid, 1, 1, 0xc0_0000))
            .collect()
    }

    #[test]
    fn a_bouquet_that_lost_most_is_believed_after_a_day_and_an_empty_one_never() {
        let (old, few) = (services(10), services(4));
        let (old, few): (Vec<_>, Vec<_>) = (old.iter().collect(), few.iter().collect());
        let day = Duration::from_secs(86_400);
        let start = Instant::now();
        let mut guard = Guard::default();
        let mut ask = |new: &[&ServiceRef], hours: u64| {
            guard.believes(
                "b",
                &old,
                new,
                50,
                day,
                start + Duration::from_secs(hours * 3_600),
            )
        };
        assert!(ask(&old[..5], 0), "half is an edit");
        assert!(!ask(&few, 1));
        assert!(!ask(&few, 20));
        assert!(ask(&few, 25));
        assert!(!ask(&[], 26) && !ask(&[], 99));
        assert!(!ask(&old[7..], 100), "another list begins to wait anew");
        assert!(
            guard.believes("b", &old, &few, 100, day, start),
            "100 switches it off"
        );
        assert!(!guard.believes("b", &old, &[], 100, day, start));
        assert!(
            guard.believes("new", &[], &[], 50, day, start),
            "there was nothing to lose"
        );
    }

    #[test]
    fn a_bouquet_inside_itself_is_not_entered() {
        let list = |file: &str| {
            let text = format!("1:7:1:0:0:0:0:0:0:0:FROM BOUQUET \"{file}\" ORDER BY bouquet");
            ServiceRef::parse(&text).unwrap()
        };
        let mut descent = Descent::from(&list("a").to_string());
        assert!(!descent.enter(&list("a")));
        assert!(descent.enter(&list("b")));
        assert!(!descent.enter(&list("a")) && !descent.enter(&list("b")));
        descent.leave();
        assert!(descent.enter(&list("b")), "beside itself is no loop");
        let entered = (0..20).filter(|n| descent.enter(&list(&n.to_string())));
        assert_eq!(entered.count(), DEEPEST - 1);
    }

    #[test]
    fn a_short_look_sees_names_kinds_and_order() {
        let entry = |r: &str, n: &str| Entry::new(r, n).unwrap();
        let a = entry("1:0:19:1:2:3:C00000:0:0:0:", "A");
        let b = entry("1:0:19:2:2:3:C00000:0:0:0:", "B");
        let hidden = entry("1:512:19:9:2:3:C00000:0:0:0:", "H");
        let renamed = entry("1:0:19:2:2:3:C00000:0:0:0:", "B2");
        let old = [a.clone(), hidden, b.clone()];
        assert!(looks_the_same(&old, &[a.clone(), b.clone()]));
        assert!(!looks_the_same(&old, &[b, a.clone()]));
        assert!(!looks_the_same(&old, &[a, renamed]));
        assert!(!looks_the_same(&[], &[]));
    }
}
