//! The open connections: what each is doing, how many there may be, and which one goes when there are too many.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr, Shutdown, TcpStream};
use std::rc::Rc;
use std::time::Instant;

use async_channel::{Receiver, Sender};
use smol::{Async, Task};

use super::Limits;

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// It waits for a request of which nothing has come; such a connection may be closed at any time.
    Idle,
    /// It waits for the rest of a request.
    Reading,
    /// It is being answered, and is left in peace.
    Answering,
}

/// What a connection is doing, and since when.
pub(super) struct Standing(Cell<(Phase, Instant)>);

impl Standing {
    /// That of a new connection, whose first bytes may be there already.
    pub(super) fn new() -> Rc<Self> {
        Rc::new(Standing(Cell::new((Phase::Reading, Instant::now()))))
    }

    pub(super) fn enter(&self, phase: Phase) {
        if self.0.get().0 != phase {
            self.0.set((phase, Instant::now()));
        }
    }

    fn waits_since(&self) -> Option<Instant> {
        let (phase, since) = self.0.get();
        (phase != Phase::Answering).then_some(since)
    }
}

/// Whom an address belongs to: an IPv6 client has a whole /64.
pub(super) fn client_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
        }
        address => address,
    }
}

/// A connection in the table.
pub(super) struct Entry {
    pub(super) client: IpAddr,
    pub(super) stream: Rc<Async<TcpStream>>,
    pub(super) standing: Rc<Standing>,
    pub(super) task: Task<()>,
    /// It is only told that there is no place for it.
    pub(super) is_turned_away: bool,
}

/// The open connections.
pub(super) struct Open {
    entries: RefCell<BTreeMap<u32, Entry>>,
    next: Cell<u32>,
    /// A message says that a connection ended.
    ended: (Sender<()>, Receiver<()>),
}

impl Default for Open {
    fn default() -> Self {
        Open {
            entries: RefCell::default(),
            next: Cell::new(0),
            ended: async_channel::bounded(1),
        }
    }
}

impl Open {
    /// A key that no other connection has.
    pub(super) fn next_key(&self) -> u32 {
        self.next.replace(self.next.get().wrapping_add(1))
    }

    pub(super) fn insert(&self, key: u32, entry: Entry) {
        self.entries.borrow_mut().insert(key, entry);
    }

    /// How many are being told that there is no place for them.
    pub(super) fn turned_away(&self) -> usize {
        let entries = self.entries.borrow();
        entries.values().filter(|one| one.is_turned_away).count()
    }

    /// Makes a place for one more connection, if need be by closing one that waits; tells whether there is one.
    pub(super) fn make_room(&self, peer: IpAddr, limits: &Limits) -> bool {
        let per_client = if (limits.trusted)(peer.to_canonical()) {
            usize::MAX
        } else {
            limits.connections_per_client
        };
        let seats: Vec<Seat> = {
            let entries = self.entries.borrow();
            let counted = entries.iter().filter(|(_, one)| !one.is_turned_away);
            let seat = |(key, one): (&u32, &Entry)| Seat {
                key: *key,
                client: one.client,
                waits_since: one.standing.waits_since(),
            };
            counted.map(seat).collect()
        };
        match room(&seats, client_of(peer), per_client, limits.connections) {
            Room::Free => true,
            Room::InsteadOf(key) => {
                // Its task ends at the executor's next turn, and closes the socket.
                let shed = self.entries.borrow_mut().remove(&key);
                log::debug!("closed a waiting connection for one of {peer}");
                drop(shed);
                true
            }
            Room::None => false,
        }
    }

    /// Forgets a connection from within its own task.
    pub(super) fn ended(&self, key: u32) {
        if let Some(entry) = self.entries.borrow_mut().remove(&key) {
            entry.task.detach();
        }
        // A full channel already says it.
        let _ = self.ended.0.try_send(());
    }

    pub(super) fn close_idle(&self) {
        let entries = self.entries.borrow();
        let idle = |one: &&Entry| one.standing.0.get().0 == Phase::Idle;
        for entry in entries.values().filter(idle) {
            // Fails only if the client was faster.
            let _ = entry.stream.get_ref().shutdown(Shutdown::Both);
        }
    }

    /// Cuts every connection.
    pub(super) fn cut(&self) {
        // Taken out first: a cancelled task must not find the table borrowed.
        drop(self.entries.take());
    }

    pub(super) async fn all_ended(&self) {
        while !self.entries.borrow().is_empty() && self.ended.1.recv().await.is_ok() {}
    }
}

/// A connection as far as room is concerned.
struct Seat {
    key: u32,
    client: IpAddr,
    /// `None` while it is being answered.
    waits_since: Option<Instant>,
}

/// Where one more connection may go.
#[derive(Debug, PartialEq, Eq)]
enum Room {
    Free,
    InsteadOf(u32),
    None,
}

/// A client that has all it may have gives up what has waited longest. When all places are taken, whoever has most of
/// them does: a flood pushes out itself first.
fn room(seats: &[Seat], newcomer: IpAddr, per_client: usize, total: usize) -> Room {
    let mut counts = BTreeMap::new();
    for seat in seats {
        *counts.entry(seat.client).or_insert(0_usize) += 1;
    }
    let count = |client: IpAddr| counts.get(&client).copied().unwrap_or(0);
    let has_enough = count(newcomer) >= per_client;
    if !has_enough && seats.len() < total {
        return Room::Free;
    }
    let may_go = seats
        .iter()
        .filter(|seat| !has_enough || seat.client == newcomer)
        .filter_map(|seat| Some((seat, seat.waits_since?)));
    may_go
        .min_by_key(|(seat, since)| (Reverse(count(seat.client)), *since))
        .map_or(Room::None, |(seat, _)| Room::InsteadOf(seat.key))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const ANSWERING: Option<u64> = None;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// `all`: client and seconds it has been waiting; keys count from 0.
    fn seats(all: &[(&str, Option<u64>)]) -> Vec<Seat> {
        let now = Instant::now() + Duration::from_secs(1000);
        let seat = |(key, (client, waited)): (usize, &(&str, Option<u64>))| Seat {
            key: key as u32,
            client: ip(client),
            waits_since: waited.map(|waited| now - Duration::from_secs(waited)),
        };
        all.iter().enumerate().map(seat).collect()
    }

    #[test]
    fn a_client_with_all_it_may_have_gives_up_what_waited_longest() {
        let all = seats(&[
            ("10.0.0.1", Some(1)),
            ("10.0.0.2", Some(9)),
            ("10.0.0.1", Some(5)),
            ("10.0.0.1", ANSWERING),
        ]);
        assert_eq!(room(&all, ip("10.0.0.1"), 3, 9), Room::InsteadOf(2));
        assert_eq!(room(&all, ip("10.0.0.1"), 4, 9), Room::Free);
        assert_eq!(room(&all, ip("10.0.0.2"), 3, 9), Room::Free);
        assert_eq!(room(&all, ip("10.0.0.3"), 3, 9), Room::Free);
    }

    #[test]
    fn what_is_being_answered_stays_and_the_newcomer_goes() {
        let all = seats(&[("10.0.0.1", ANSWERING), ("10.0.0.2", Some(3))]);
        assert_eq!(room(&all, ip("10.0.0.1"), 1, 9), Room::None);
        assert_eq!(room(&all[..1], ip("10.0.0.3"), 9, 1), Room::None);
        assert_eq!(room(&[], ip("10.0.0.3"), 9, 0), Room::None);
    }

    #[test]
    fn a_full_house_is_cleared_from_the_client_that_has_most() {
        let all = seats(&[
            ("10.0.0.1", Some(900)),
            ("10.0.0.2", Some(3)),
            ("10.0.0.2", Some(7)),
            ("10.0.0.2", Some(5)),
            ("10.0.0.3", ANSWERING),
            ("10.0.0.3", ANSWERING),
            ("10.0.0.3", ANSWERING),
            ("10.0.0.3", ANSWERING),
        ]);
        assert_eq!(room(&all, ip("10.0.0.4"), 9, 8), Room::InsteadOf(2));
        assert_eq!(room(&all, ip("10.0.0.1"), 9, 8), Room::InsteadOf(2));
        assert_eq!(room(&all[..2], ip("10.0.0.4"), 9, 2), Room::InsteadOf(0));
    }

    #[test]
    fn a_client_is_an_ipv4_address_or_64_bits_of_ipv6() {
        assert_eq!(client_of(ip("::ffff:10.0.0.1")), ip("10.0.0.1"));
        assert_eq!(client_of(ip("10.0.0.1")), ip("10.0.0.1"));
        assert_eq!(client_of(ip("2001:db8:1:2:3:4:5:6")), ip("2001:db8:1:2::"));
    }

    #[test]
    fn a_standing_counts_from_its_last_change() {
        let standing = Standing::new();
        let first = standing.waits_since();
        standing.enter(Phase::Reading);
        assert_eq!(standing.waits_since(), first);
        standing.enter(Phase::Answering);
        assert_eq!(standing.waits_since(), None);
        standing.enter(Phase::Idle);
        assert!(standing.waits_since() >= first);
    }
}
