//! What HDHomeRun clients are offered: the TV channels of some bouquets, with numbers that stay.

use std::collections::HashSet;

use super::{Bouquet, Channel, Lineup, Media, Numbers, UrlKind};

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

    /// Those in a bouquet, or else all.
    pub fn of_bouquet(&self, bouquet: Option<&Bouquet>) -> impl Iterator<Item = &Program> {
        let members =
            bouquet.map(|bouquet| bouquet.channels.iter().copied().collect::<HashSet<u32>>());
        let is_member = move |channel| {
            members
                .as_ref()
                .is_none_or(|members| members.contains(&channel))
        };
        self.list.iter().filter(move |one| is_member(one.channel))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Entry, ListedBouquet, Listing, Selection};

    const A: (&str, &str) = ("1:0:19:A:3FB:1:C00000:0:0:0:", "a");
    const B: (&str, &str) = ("1:0:1:B:3FB:1:C00000:0:0:0:", "b");
    const C: (&str, &str) = ("1:0:16:C:3FB:1:C00000:0:0:0:", "c");
    const RADIO: (&str, &str) = ("1:0:2:D:3FB:1:C00000:0:0:0:", "r");
    const STREAM: (&str, &str) = ("4097:0:1:1:0:0:0:0:0:0:http%3a//h/live.ts:s", "s");
    const RELAYED: (&str, &str) = ("1:0:1:2:0:0:0:0:0:0:http%3a//127.0.0.1%3a17999/1:e", "e");
    const PLAYLIST: (&str, &str) = ("4097:0:1:3:0:0:0:0:0:0:http%3a//h/live.m3u8:p", "p");
    const FILM: (&str, &str) = ("4097:0:1:4:0:0:0:0:0:0:http%3a//h/film.mkv:f", "f");

    fn bouquet(file: &str, name: &str, entries: &[(&str, &str)]) -> ListedBouquet {
        let entries = entries.iter();
        ListedBouquet {
            reference: format!(
                "1:7:1:0:0:0:0:0:0:0:FROM BOUQUET \"userbouquet.{file}\" ORDER BY bouquet"
            )
            .into(),
            name: name.into(),
            media: match file.ends_with("radio") {
                true => Media::Radio,
                false => Media::Tv,
            },
            entries: entries.map(|(r, n)| Entry::new(r, n).unwrap()).collect(),
        }
    }

    fn lineup() -> Lineup {
        let bouquets = vec![
            bouquet("one.tv", "Eins", &[A, PLAYLIST, B]),
            bouquet("favourites.tv", "Favoriten", &[B, STREAM, FILM]),
            bouquet("two.tv", "Zwei", &[C, RELAYED]),
            bouquet("favourites.radio", "Radio", &[RADIO]),
        ];
        Lineup::resolve(&Listing { bouquets }, &Selection::default())
    }

    fn programs(bouquets: &[&str], most: u32) -> Programs {
        let offer = Offer {
            bouquets: bouquets.iter().map(|one| (*one).to_owned()).collect(),
            most,
        };
        Programs::of(&lineup(), &offer, &mut Numbers::default())
    }

    /// Their names and numbers, in order.
    fn told<'a>(programs: impl IntoIterator<Item = &'a Program>) -> String {
        let lineup = lineup();
        let word = |one: &Program| {
            let channel = &lineup.channels[one.channel as usize];
            format!("{}{}", channel.name, one.number)
        };
        let words: Vec<String> = programs.into_iter().map(word).collect();
        words.join(" ")
    }

    #[test]
    fn television_is_offered_radio_and_what_is_no_transport_stream_are_not() {
        let all = programs(&[], 480);
        assert_eq!(told(&all.list), "a1 b3 s5 c7 e8");
        assert_eq!((all.left_out, all.unknown.len()), (0, 0));
        let none = programs(&["favourites.radio"], 480);
        assert_eq!((none.list.len(), none.unknown.len()), (0, 0));
    }

    #[test]
    fn what_is_beyond_the_limit_is_counted_and_has_no_number() {
        let some = programs(&[], 3);
        assert_eq!((told(&some.list).as_str(), some.left_out), ("a1 b3 s5", 2));
        let exact = programs(&[], 5);
        assert_eq!((exact.list.len(), exact.left_out), (5, 0));
        assert_eq!(programs(&[], 0).left_out, 5);
        let mut numbers = Numbers::default();
        let offer = Offer {
            bouquets: vec![],
            most: 3,
        };
        Programs::of(&lineup(), &offer, &mut numbers);
        assert_eq!(numbers.to_string().lines().count(), 1 + 3);
    }

    #[test]
    fn bouquets_are_chosen_by_stem_or_name_and_those_that_are_not_there_are_told() {
        assert_eq!(told(&programs(&["two"], 480).list), "c7 e8");
        assert_eq!(told(&programs(&["Zwei", "one"], 480).list), "a1 b3 c7 e8");
        let wrong = programs(&["two", "Drei", "TWO"], 480);
        assert_eq!(wrong.unknown, ["Drei", "TWO"]);
        assert_eq!(told(&wrong.list), "c7 e8");
        let none = programs(&["Drei"], 480);
        assert_eq!(none.list, [], "no choice is not all");
    }

    #[test]
    fn favourites_are_those_in_the_users_own_bouquet() {
        let all = programs(&[], 480);
        let liked = all.list.iter().filter(|one| one.is_favourite);
        assert_eq!(told(liked), "b3 s5");
        // Also when that bouquet is not what is offered.
        let one = programs(&["one"], 480);
        let liked = one.list.iter().filter(|one| one.is_favourite);
        assert_eq!(told(liked), "b3");
    }

    #[test]
    fn numbers_that_belong_to_services_decide_the_order() {
        let slug = |name: &str| {
            let lineup = lineup();
            let channel = lineup.channels.iter().find(|one| &*one.name == name);
            channel.unwrap().slug.to_string()
        };
        let text = format!("xg2g numbers 1\n900\t{}\n1\t{}\n", slug("a"), slug("e"));
        let mut numbers = Numbers::parse(&text).unwrap();
        let offer = Offer {
            bouquets: vec![],
            most: 480,
        };
        let programs = Programs::of(&lineup(), &offer, &mut numbers);
        assert_eq!(told(&programs.list), "e1 b3 s5 c7 a900");
    }

    #[test]
    fn a_program_is_found_by_number_by_channel_and_by_bouquet() {
        let (lineup, all) = (lineup(), programs(&[], 480));
        for program in &all.list {
            assert_eq!(all.find(program.number), Some(program));
            assert_eq!(all.of_channel(program.channel), Some(program));
        }
        assert_eq!((all.find(0), all.find(2), all.find(99)), (None, None, None));
        let radio = lineup.channels.iter().position(|one| &*one.name == "r");
        assert_eq!(all.of_channel(radio.unwrap() as u32), None);
        assert_eq!(all.of_channel(99), None);
        assert_eq!(told(all.of_bouquet(None)), told(&all.list));
        assert_eq!(told(all.of_bouquet(lineup.bouquet("favourites"))), "b3 s5");
        assert_eq!(told(all.of_bouquet(lineup.bouquet("Radio"))), "");
    }
}
