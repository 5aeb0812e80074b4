//! The line of those that have been accepted and wait for a place. Nothing is read from them, and they hold no buffer.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

use smol::Async;

use super::room::{Room, Rooms};

/// Who is at the other end of a connection.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) stream: Rc<Async<TcpStream>>,
    pub(super) peer: SocketAddr,
    /// Whom the address belongs to.
    pub(super) client: IpAddr,
    /// Places that its client may have.
    pub(super) may_have: usize,
    /// When it was accepted.
    pub(super) since: Instant,
}

/// One that waits.
pub(super) struct Waiting {
    pub(super) caller: Caller,
    /// Something of its request is there.
    pub(super) has_spoken: bool,
}

/// Those that wait, the one that came first in front.
#[derive(Default)]
pub(super) struct Line(RefCell<Vec<Waiting>>);

impl Line {
    /// Adds one at its place by age: it may have had a place before.
    pub(super) fn join(&self, caller: Caller) {
        let mut line = self.0.borrow_mut();
        let at = line.partition_point(|one| one.caller.since <= caller.since);
        let has_spoken = false;
        line.insert(at, Waiting { caller, has_spoken });
    }

    /// Ready when somebody has begun to speak. Who has hung up without a word leaves the line.
    pub(super) fn poll_spoken(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut news = Poll::Pending;
        self.0.borrow_mut().retain_mut(|one| {
            let stream = &one.caller.stream;
            while !one.has_spoken && stream.poll_readable(context).is_ready() {
                match stream.get_ref().peek(&mut [0]) {
                    Ok(1..) => {
                        one.has_spoken = true;
                        news = Poll::Ready(());
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Ok(0) | Err(_) => return false,
                }
            }
            true
        });
        news
    }

    /// Takes out who gets a place next, and says which: of those whose clients have fewest, the first in the line. Only
    /// who has spoken is worth the place of another.
    pub(super) fn next(&self, rooms: &Rooms) -> Option<(Waiting, Room)> {
        let mut line = self.0.borrow_mut();
        let places = line.iter().enumerate().filter_map(|(at, one)| {
            let client = one.caller.client;
            match rooms.find(client, one.caller.may_have) {
                Room::None => None,
                Room::InsteadOf(_) if !one.has_spoken => None,
                room => Some((at, room, rooms.count(client))),
            }
        });
        let (at, room, _) = places.min_by_key(|(.., count)| *count)?;
        Some((line.remove(at), room))
    }

    /// Takes out who has to go from a line of more than `most`: one of the client that has most in it, and of these
    /// the silent one that came first, else the last.
    pub(super) fn one_too_many(&self, most: usize) -> Option<Waiting> {
        let mut line = self.0.borrow_mut();
        if line.len() <= most {
            return None;
        }
        let mut counts = BTreeMap::new();
        for one in line.iter() {
            *counts.entry(one.caller.client).or_insert(0_usize) += 1;
        }
        let (at, _) = line.iter().enumerate().max_by_key(|(at, one)| {
            let silent = (!one.has_spoken).then_some(Reverse(*at));
            (counts.get(&one.caller.client), silent, *at)
        })?;
        Some(line.remove(at))
    }

    /// When the first in the line came.
    pub(super) fn since(&self) -> Option<Instant> {
        self.0.borrow().first().map(|one| one.caller.since)
    }

    /// Takes out the first.
    pub(super) fn pop_first(&self) -> Option<Waiting> {
        let mut line = self.0.borrow_mut();
        (!line.is_empty()).then(|| line.remove(0))
    }

    /// Sends everybody home.
    pub(super) fn clear(&self) {
        self.0.take();
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Duration;

    use super::super::room::Seat;
    use super::*;

    /// A line of callers a second apart, from 10.0.0.x with a port that counts from 0, and who of them has spoken.
    fn line(all: &[(u8, bool)]) -> Line {
        let to = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(to.local_addr().unwrap()).unwrap();
        let stream = Rc::new(Async::new(stream).unwrap());
        let start = Instant::now();
        let one = |(port, (client, has_spoken)): (usize, &(u8, bool))| {
            let client = IpAddr::from([10, 0, 0, *client]);
            let caller = Caller {
                stream: stream.clone(),
                peer: SocketAddr::new(client, port as u16),
                client,
                may_have: 2,
                since: start + Duration::from_secs(port as u64),
            };
            Waiting {
                caller,
                has_spoken: *has_spoken,
            }
        };
        Line(RefCell::new(all.iter().enumerate().map(one).collect()))
    }

    /// Places of 10.0.0.x, waiting for a request or being answered.
    fn rooms(all: &[(u8, bool)], total: usize) -> Rooms {
        let seat = |(key, (client, waits)): (usize, &(u8, bool))| Seat {
            key: key as u32,
            client: IpAddr::from([10, 0, 0, *client]),
            waits_since: waits.then(Instant::now),
        };
        Rooms::new(all.iter().enumerate().map(seat), total)
    }

    fn next(line: &Line, rooms: &Rooms) -> Option<(u16, Room)> {
        let (one, room) = line.next(rooms)?;
        Some((one.caller.peer.port(), room))
    }

    #[test]
    fn the_first_whose_client_has_room_is_next() {
        let line = line(&[(1, true), (1, true), (2, false), (2, false)]);
        let rooms = rooms(&[(1, false), (1, false)], 9);
        assert_eq!(next(&line, &rooms), Some((2, Room::Free)));
        assert_eq!(next(&line, &rooms), Some((3, Room::Free)));
        assert_eq!(next(&line, &rooms), None);
    }

    #[test]
    fn of_two_clients_the_one_with_fewer_places_is_next() {
        let line = line(&[(1, true), (2, true), (1, true), (2, true)]);
        let rooms = rooms(&[(1, false)], 9);
        assert_eq!(next(&line, &rooms), Some((1, Room::Free)));
        assert_eq!(next(&line, &rooms), Some((3, Room::Free)));
        assert_eq!(next(&line, &rooms), Some((0, Room::Free)));
    }

    #[test]
    fn the_silent_get_nobody_elses_place() {
        let line = line(&[(1, false), (1, true), (2, false)]);
        let rooms = rooms(&[(1, false), (1, true)], 2);
        assert_eq!(next(&line, &rooms), Some((1, Room::InsteadOf(1))));
        assert_eq!(next(&line, &rooms), None);
    }

    #[test]
    fn from_a_line_too_long_goes_one_of_the_client_with_most_in_it() {
        let line = line(&[
            (1, false),
            (2, true),
            (2, false),
            (2, false),
            (2, true),
            (3, true),
        ]);
        let gone: Vec<_> = (0..5)
            .map(|left| {
                let one = line.one_too_many(5 - left).unwrap();
                assert!(line.one_too_many(5 - left).is_none());
                one.caller.peer.port()
            })
            .collect();
        // The silent ones, the last that spoke; then all have one.
        assert_eq!(gone, [2, 3, 4, 0, 5]);
    }

    #[test]
    fn who_comes_back_stands_where_it_stood() {
        let line = line(&[(1, true), (1, true), (1, true)]);
        let start = line.since().unwrap();
        let (first, _) = line.next(&rooms(&[], 9)).unwrap();
        assert!(line.since().unwrap() > start);
        line.join(first.caller);
        assert_eq!(line.since(), Some(start));
        assert_eq!(line.pop_first().unwrap().caller.peer.port(), 0);
        assert_eq!(line.pop_first().unwrap().caller.peer.port(), 1);
        line.clear();
        assert!(line.since().is_none() && line.pop_first().is_none());
    }
}
