//! Who may have a place, and who gives one up, when there are too few.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Instant;

/// A connection as far as room is concerned.
pub(super) struct Seat {
    pub(super) key: u32,
    pub(super) client: IpAddr,
    /// `None` while it is being answered.
    pub(super) waits_since: Option<Instant>,
}

/// Where one more connection may go.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Room {
    Free,
    InsteadOf(u32),
    None,
}

/// What a client has.
#[derive(Clone, Copy, Default)]
struct Share {
    count: usize,
    /// The connection that has waited longest for a request.
    waits: Option<(Instant, u32)>,
}

/// Who has how many places.
pub(super) struct Rooms {
    shares: BTreeMap<IpAddr, Share>,
    /// What may go first when all places are taken.
    greediest: Share,
    is_full: bool,
}

impl Rooms {
    pub(super) fn new(seats: impl Iterator<Item = Seat>, total: usize) -> Self {
        let mut shares: BTreeMap<IpAddr, Share> = BTreeMap::new();
        let mut taken = 0;
        for seat in seats {
            let share = shares.entry(seat.client).or_default();
            share.count += 1;
            let waits = seat.waits_since.map(|since| (since, seat.key));
            share.waits = share.waits.into_iter().chain(waits).min();
            taken += 1;
        }
        let may_go = shares.values().filter(|share| share.waits.is_some());
        let most = may_go.clone().map(|share| share.count).max();
        let greediest = may_go
            .filter(|share| Some(share.count) == most)
            .min_by_key(|share| share.waits);
        Rooms {
            greediest: greediest.copied().unwrap_or_default(),
            shares,
            is_full: taken >= total,
        }
    }

    /// How many places a client has.
    pub(super) fn count(&self, client: IpAddr) -> usize {
        self.share(client).count
    }

    /// A client that has all it may have gives up what has waited longest. When all places are taken, whoever has most
    /// of them does, but not for one that has as many: a flood pushes out itself first.
    pub(super) fn find(&self, newcomer: IpAddr, per_client: usize) -> Room {
        let own = self.share(newcomer);
        let has_enough = own.count >= per_client;
        if !has_enough && !self.is_full {
            return Room::Free;
        }
        let others_have_more = self.greediest.count > own.count;
        let from = if !has_enough && others_have_more {
            self.greediest
        } else {
            own
        };
        from.waits
            .map_or(Room::None, |(_, key)| Room::InsteadOf(key))
    }

    fn share(&self, client: IpAddr) -> Share {
        self.shares.get(&client).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const ANSWERING: Option<u64> = None;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// Where one of `newcomer` may go. `all`: client and seconds it has been waiting; keys count from 0.
    fn room(all: &[(&str, Option<u64>)], newcomer: &str, per_client: usize, total: usize) -> Room {
        let now = Instant::now() + Duration::from_secs(1000);
        let seat = |(key, (client, waited)): (usize, &(&str, Option<u64>))| Seat {
            key: key as u32,
            client: ip(client),
            waits_since: waited.map(|waited| now - Duration::from_secs(waited)),
        };
        let seats = all.iter().enumerate().map(seat);
        Rooms::new(seats, total).find(ip(newcomer), per_client)
    }

    #[test]
    fn a_client_with_all_it_may_have_gives_up_what_waited_longest() {
        let all = [
            ("10.0.0.1", Some(1)),
            ("10.0.0.2", Some(9)),
            ("10.0.0.1", Some(5)),
            ("10.0.0.1", ANSWERING),
        ];
        assert_eq!(room(&all, "10.0.0.1", 3, 9), Room::InsteadOf(2));
        assert_eq!(room(&all, "10.0.0.1", 4, 9), Room::Free);
        assert_eq!(room(&all, "10.0.0.2", 3, 9), Room::Free);
        assert_eq!(room(&all, "10.0.0.3", 3, 9), Room::Free);
    }

    #[test]
    fn what_is_being_answered_stays_and_the_newcomer_has_no_place() {
        let all = [("10.0.0.1", ANSWERING), ("10.0.0.2", Some(3))];
        assert_eq!(room(&all, "10.0.0.1", 1, 9), Room::None);
        assert_eq!(room(&all[..1], "10.0.0.3", 9, 1), Room::None);
        assert_eq!(room(&[], "10.0.0.3", 9, 0), Room::None);
    }

    #[test]
    fn a_full_house_is_cleared_from_the_client_that_has_most() {
        let all = [
            ("10.0.0.1", Some(900)),
            ("10.0.0.2", Some(3)),
            ("10.0.0.2", Some(7)),
            ("10.0.0.2", Some(5)),
            ("10.0.0.3", ANSWERING),
            ("10.0.0.3", ANSWERING),
            ("10.0.0.3", ANSWERING),
            ("10.0.0.3", ANSWERING),
        ];
        assert_eq!(room(&all, "10.0.0.4", 9, 8), Room::InsteadOf(2));
        assert_eq!(room(&all, "10.0.0.1", 9, 8), Room::InsteadOf(2));
        assert_eq!(room(&all[..2], "10.0.0.4", 9, 2), Room::InsteadOf(0));
    }

    #[test]
    fn nobody_gives_up_a_place_for_one_that_has_as_many() {
        let all = [
            ("10.0.0.1", ANSWERING),
            ("10.0.0.2", Some(9)),
            ("10.0.0.3", ANSWERING),
            ("10.0.0.3", Some(2)),
        ];
        assert_eq!(room(&all, "10.0.0.1", 9, 4), Room::InsteadOf(3));
        assert_eq!(room(&all[..2], "10.0.0.1", 9, 2), Room::None);
        assert_eq!(room(&all[..2], "10.0.0.2", 9, 2), Room::InsteadOf(1));
        assert_eq!(room(&all, "10.0.0.3", 9, 4), Room::InsteadOf(3));
    }
}
