//! The lineup: which channels there are, their numbers and their groups.

use std::collections::HashMap;

use super::listing::stem;
use super::{Channel, Entry, EntryKind, EpgKey, ListedBouquet, Listing, Media, ServiceRef};

/// URL services above which a bouquet is left out unless chosen: on-demand catalogues with tens of thousands.
const CATALOGUE: usize = 1_000;
/// Sub-bouquets deeper than this are left out: enigma2 itself has no guard against a bouquet that contains itself.
const DEEPEST: usize = 8;

/// Which bouquets the user wants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// Names or stems; empty means all but `LastScanned` and catalogues.
    pub bouquets: Vec<String>,
    /// Whether services under the receiver's parental control are offered all the same.
    pub shows_locked: bool,
}

impl Selection {
    fn takes(&self, bouquet: &ListedBouquet) -> bool {
        if bouquet.is_hidden() {
            return false;
        }
        if self.bouquets.is_empty() {
            let urls = bouquet
                .services()
                .iter()
                .filter(|service| service.url().is_some())
                .count();
            return !bouquet.stem().starts_with("LastScanned") && urls <= CATALOGUE;
        }
        let stem = bouquet.stem();
        self.bouquets
            .iter()
            .any(|wanted| *wanted == stem || *wanted == *bouquet.name)
    }
}

/// A bouquet of the lineup.
#[derive(Clone, Debug, PartialEq)]
pub struct Bouquet {
    /// Names it in addresses; unique.
    pub stem: String,
    /// The name to show.
    pub name: String,
    /// TV or radio list.
    pub media: Media,
    /// The reference to ask the receiver with.
    pub reference: Box<str>,
    /// Indices into [`Lineup::channels`] in the bouquet's order, those of sub-bouquets at their place.
    pub channels: Vec<u32>,
    /// The channels the receiver itself finds in this bouquet (not those of sub-bouquets), with the reference under
    /// which its guide rows come.
    pub rows: Vec<(ServiceRef, u32)>,
    /// Services that are hidden: left out, but counted.
    pub hidden: u32,
    /// Services under parental control that are left out for it.
    pub locked: u32,
}

/// Channels and bouquets of the selection. Immutable; made anew when the listing changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lineup {
    /// In order of their numbers: TV, then radio.
    pub channels: Vec<Channel>,
    /// TV, then radio; a sub-bouquet follows the one it is in.
    pub bouquets: Vec<Bouquet>,
    /// Selected names that no bouquet has.
    pub unknown: Vec<String>,
    by_slug: HashMap<Box<str>, u32>,
}

impl Lineup {
    /// Applies the selection and the receiver's way of counting: every service and group takes a number, so do hidden
    /// and locked services and numbered markers, sub-bouquets count their members in place, bouquets that are hidden or
    /// not selected count too. Radio goes on after the highest TV number. A service met again keeps its first number.
    pub fn resolve(listing: &Listing, selection: &Selection) -> Lineup {
        let mut lineup = Lineup::default();
        let mut next = 1;
        for media in [Media::Tv, Media::Radio] {
            if media == Media::Radio {
                next = lineup
                    .channels
                    .iter()
                    .map(|channel| channel.number)
                    .max()
                    .unwrap_or(0)
                    + 1;
            }
            for bouquet in listing
                .bouquets
                .iter()
                .filter(|bouquet| bouquet.media == media)
            {
                if selection.takes(bouquet) {
                    let source = Source {
                        reference: &bouquet.reference,
                        name: &bouquet.name,
                        media,
                        entries: &bouquet.entries,
                    };
                    lineup.add_bouquet(&source, selection, &mut next, 0);
                } else {
                    next += count(&bouquet.entries, 0);
                }
            }
        }
        let known = |wanted: &String| {
            listing
                .bouquets
                .iter()
                .any(|b| !b.is_hidden() && (b.stem() == *wanted || *b.name == **wanted))
        };
        lineup.unknown = selection
            .bouquets
            .iter()
            .filter(|wanted| !known(wanted))
            .cloned()
            .collect();
        lineup.settle_shared_slot();
        lineup.sort();
        lineup
    }

    /// The channel with this slug; `_` is taken for `-`.
    pub fn find(&self, slug: &str) -> Option<&Channel> {
        let at = if slug.contains('_') {
            self.by_slug.get(slug.replace('_', "-").as_str())
        } else {
            self.by_slug.get(slug)
        }?;
        self.channels.get(*at as usize)
    }

    /// The bouquet with this stem, or else this name.
    pub fn bouquet(&self, name: &str) -> Option<&Bouquet> {
        self.bouquets
            .iter()
            .find(|b| b.stem == name)
            .or_else(|| self.bouquets.iter().find(|b| b.name == name))
    }

    fn add_bouquet(
        &mut self,
        source: &Source<'_>,
        selection: &Selection,
        next: &mut u32,
        depth: usize,
    ) -> Vec<u32> {
        let at = self.bouquets.len();
        let mut stem = stem(source.reference, source.name, source.media);
        while self.bouquets.iter().any(|bouquet| bouquet.stem == stem) {
            stem.push('_');
        }
        let name = if source.name.is_empty() {
            stem.clone()
        } else {
            source.name.to_owned()
        };
        self.bouquets.push(Bouquet {
            stem,
            name,
            media: source.media,
            reference: source.reference.into(),
            channels: Vec::new(),
            rows: Vec::new(),
            hidden: 0,
            locked: 0,
        });
        let mut channels: Vec<u32> = Vec::new();
        for entry in source.entries {
            match entry.kind() {
                EntryKind::Ignored => *next += count_members(entry, depth),
                EntryKind::NumberedMarker => *next += 1,
                EntryKind::HiddenService => {
                    *next += 1;
                    self.bouquets[at].hidden += 1;
                }
                EntryKind::Bouquet if depth < DEEPEST => {
                    let reference = entry.service.address();
                    let inner = Source {
                        reference: &reference,
                        name: &entry.name,
                        media: source.media,
                        entries: &entry.members,
                    };
                    channels.extend(self.add_bouquet(&inner, selection, next, depth + 1));
                }
                EntryKind::Bouquet => {}
                EntryKind::Service | EntryKind::Group
                    if entry.is_locked && !selection.shows_locked =>
                {
                    *next += 1;
                    self.bouquets[at].locked += 1;
                }
                EntryKind::Service | EntryKind::Group => {
                    let number = *next;
                    *next += 1;
                    if let Some(channel) = self.add_channel(entry, selection, number, source.media)
                    {
                        channels.push(channel);
                        self.bouquets[at]
                            .rows
                            .push((entry.service.clone(), channel));
                    }
                }
            }
        }
        let mut seen = std::collections::HashSet::new();
        channels.retain(|channel| seen.insert(*channel));
        for channel in &channels {
            let bouquets = &mut self.channels[*channel as usize].bouquets;
            if !bouquets.contains(&(at as u16)) {
                bouquets.push(at as u16);
            }
        }
        self.bouquets[at].channels.clone_from(&channels);
        channels
    }

    /// Adds a channel or finds it again. A group of alternatives is tuned at its first member that may be; without one
    /// there is nothing to tune.
    fn add_channel(
        &mut self,
        entry: &Entry,
        selection: &Selection,
        number: u32,
        media: Media,
    ) -> Option<u32> {
        let tuned = match entry.kind() {
            EntryKind::Group => entry.members.iter().find(|member| {
                member.kind() == EntryKind::Service && (selection.shows_locked || !member.is_locked)
            })?,
            _ => entry,
        };
        let service = &tuned.service;
        let slug: Box<str> = service.slug().into();
        if let Some(at) = self.by_slug.get(&slug) {
            return Some(*at);
        }
        let at = self.channels.len() as u32;
        let radio = media == Media::Radio || matches!(service.service_type(), 2 | 10);
        let name = if entry.name.is_empty() {
            format!("Service {:X}", service.triple()[0]).into()
        } else {
            entry.name.clone()
        };
        self.channels.push(Channel {
            service: service.clone(),
            slug: slug.clone(),
            name,
            number,
            media: if radio { Media::Radio } else { Media::Tv },
            epg: Some(EpgKey::of(service)),
            facts: tuned.facts.clone(),
            bouquets: Vec::new(),
        });
        self.by_slug.insert(slug, at);
        Some(at)
    }

    /// URL services without ids share one slot of the receiver's guide: its events can be meant for one of them only,
    /// so they are believed when there is just one.
    fn settle_shared_slot(&mut self) {
        let shared = |channel: &Channel| channel.epg.is_some_and(|key| key.is_shared_slot());
        if self
            .channels
            .iter()
            .filter(|channel| shared(channel))
            .count()
            > 1
        {
            for channel in self.channels.iter_mut().filter(|channel| shared(channel)) {
                channel.epg = None;
            }
        }
    }

    fn sort(&mut self) {
        let mut order: Vec<u32> = (0..self.channels.len() as u32).collect();
        order.sort_by_key(|at| self.channels[*at as usize].number);
        let mut place = vec![0u32; order.len()];
        for (new, old) in order.iter().enumerate() {
            place[*old as usize] = new as u32;
        }
        self.channels
            .iter_mut()
            .for_each(|channel| channel.bouquets.sort_unstable());
        let mut old: Vec<Option<Channel>> = std::mem::take(&mut self.channels)
            .into_iter()
            .map(Some)
            .collect();
        self.channels = order
            .iter()
            .filter_map(|at| old[*at as usize].take())
            .collect();
        for bouquet in &mut self.bouquets {
            bouquet
                .channels
                .iter_mut()
                .for_each(|at| *at = place[*at as usize]);
            bouquet
                .rows
                .iter_mut()
                .for_each(|row| row.1 = place[row.1 as usize]);
        }
        self.by_slug
            .values_mut()
            .for_each(|at| *at = place[*at as usize]);
    }
}

struct Source<'a> {
    reference: &'a str,
    name: &'a str,
    media: Media,
    entries: &'a [Entry],
}

/// Numbers that a bouquet outside the selection takes.
fn count(entries: &[Entry], depth: usize) -> u32 {
    entries
        .iter()
        .map(|entry| match entry.kind() {
            EntryKind::Ignored | EntryKind::Bouquet => count_members(entry, depth),
            _ => 1,
        })
        .sum()
}

/// Numbers that the members of a bouquet take, hidden ones included; a title has none.
fn count_members(entry: &Entry, depth: usize) -> u32 {
    if depth < DEEPEST {
        count(&entry.members, depth + 1)
    } else {
        0
    }
}

#[cfg(test)]
mod tests;
