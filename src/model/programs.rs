//! What HDHomeRun clients are offered: the TV channels of some bouquets, with numbers that stay.

use std::collections::HashSet;

use super::{Channel, Lineup, Media, Numbers, UrlKind};

/// Which channels HDHomeRun clients are offered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offer {
    /// Names or stems of bouquets; empty means all of the lineup.
    pub bouquets: Vec<String>,
    /// How many at most: Plex and its kin take no more than 480 (rule G28).
    pub most: u32,
}

/// A channel with the number it has for HDHomeRun clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its number.
    pub number: u32,
    /// Index into [`Lineup::channels`].
    pub channel: u32,
    /// It is in the user's own bouquet.
    pub is_favourite: bool,
}

/// The channels HDHomeRun clients are offered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Programs {
    /// By number, ascending.
    pub list: Vec<Program>,
    /// Channels beyond the limit.
    pub left_out: u32,
    /// Names of bouquets in the offer that no bouquet has.
    pub unknown: Vec<String>,
}

/// The stem of the bouquet that enigma2 has from the beginning, for what the user likes best.
const FAVOURITES: &str = "favourites";

impl Programs {
    /// Makes the choice and gives the numbers. Radio is left out, and what is no transport stream: a tuner has neither.
    pub fn of(lineup: &Lineup, offer: &Offer, numbers: &mut Numbers) -> Programs {
        let wanted =
            |stem: &str, name: &str| offer.bouquets.iter().any(|one| one == stem || one == name);
        let mut chosen = HashSet::new();
        let mut favourites = HashSet::new();
        for bouquet in &lineup.bouquets {
            if offer.bouquets.is_empty() || wanted(&bouquet.stem, &bouquet.name) {
                chosen.extend(bouquet.channels.iter().copied());
            }
            if bouquet.stem == FAVOURITES {
                favourites.extend(bouquet.channels.iter().copied());
            }
        }
        let offered = lineup.channels.iter().zip(0..);
        let offered = offered.filter(|(channel, at)| is_television(channel) && chosen.contains(at));
        let mut offered: Vec<(&Channel, u32)> = offered.collect();
        let left_out = offered.len().saturating_sub(offer.most as usize) as u32;
        offered.truncate(offer.most as usize);
        let wishes: Vec<(&str, u32)> = offered
            .iter()
            .map(|(channel, _)| (&*channel.slug, channel.number))
            .collect();
        let numbered = numbers.assign(&wishes).into_iter().zip(&offered);
        let mut list: Vec<Program> = numbered
            .map(|(number, (_, channel))| Program {
                number,
                channel: *channel,
                is_favourite: favourites.contains(channel),
            })
            .collect();
        list.sort_unstable_by_key(|program| program.number);
        let is_known = |one: &&String| lineup.bouquet(one).is_some();
        Programs {
            list,
            left_out,
            unknown: offer
                .bouquets
                .iter()
                .filter(|one| !is_known(one))
                .cloned()
                .collect(),
        }
    }

    /// The one with this number.
    pub fn find(&self, number: u32) -> Option<&Program> {
        let at = self
            .list
            .binary_search_by_key(&number, |program| program.number);
        self.list.get(at.ok()?)
    }

    /// The one of a channel.
    pub fn of_channel(&self, channel: u32) -> Option<&Program> {
        self.list.iter().find(|program| program.channel == channel)
    }
}

fn is_television(channel: &Channel) -> bool {
    channel.media == Media::Tv && channel.service.url_kind() != Some(UrlKind::Other)
}
