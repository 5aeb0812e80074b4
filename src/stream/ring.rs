//! The last seconds of a stream, shared by its readers.

use std::collections::VecDeque;
use std::rc::Rc;

/// A place in a stream: a piece, counted from its beginning, and a byte in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) piece: u64,
    pub(super) byte: usize,
}

/// What is at a place.
#[derive(Debug)]
pub(super) enum At {
    /// A piece.
    Piece(Rc<Vec<u8>>),
    /// Nothing yet.
    End,
    /// Nothing any more: who reads there is too slow.
    Gone,
}

/// The pieces, each whole packets.
#[derive(Debug)]
pub(super) struct Ring {
    pieces: VecDeque<Rc<Vec<u8>>>,
    /// The number of the first one.
    first: u64,
    bytes: usize,
    limit: usize,
    /// Where a new reader begins, and the tables it gets before.
    start: Option<(Place, Rc<Vec<u8>>)>,
}

impl Ring {
    /// `limit` in bytes.
    pub(super) fn new(limit: usize) -> Ring {
        Ring {
            pieces: VecDeque::new(),
            first: 0,
            bytes: 0,
            limit,
            start: None,
        }
    }

    /// Appends a piece, drops what nobody needs: what is before the place where new readers begin and before
    /// `slowest`, the first piece a reader has not had; and whatever is above the limit. Gives back what was dropped
    /// and is in nobody's hands.
    pub(super) fn push(&mut self, piece: Vec<u8>, slowest: Option<u64>) -> Vec<Vec<u8>> {
        self.bytes += piece.len();
        self.pieces.push_back(Rc::new(piece));
        let mut free = Vec::new();
        let end = self.end().piece;
        let start = self
            .start
            .as_ref()
            .map_or(end - 1, |(place, _)| place.piece);
        let needed = slowest.unwrap_or(end).min(start);
        while self.bytes > self.limit || self.first < needed {
            let Some(gone) = self.pieces.pop_front() else {
                break;
            };
            self.bytes -= gone.len();
            self.first += 1;
            free.extend(Rc::into_inner(gone));
        }
        if self
            .start
            .as_ref()
            .is_some_and(|(place, _)| place.piece < self.first)
        {
            self.start = None;
        }
        free
    }

    /// New readers begin at this byte of the next piece and get `tables` before it.
    pub(super) fn set_start(&mut self, byte: usize, tables: Vec<u8>) {
        let piece = self.end().piece;
        self.start = Some((Place { piece, byte }, Rc::new(tables)));
    }

    /// Where a new reader begins, and what it gets before: the last place a decoder can begin at, else what comes
    /// next.
    pub(super) fn start(&self) -> (Place, Option<Rc<Vec<u8>>>) {
        match &self.start {
            Some((place, tables)) => (*place, Some(tables.clone())),
            None => (self.end(), None),
        }
    }

    /// The place behind the last piece.
    pub(super) fn end(&self) -> Place {
        Place {
            piece: self.first + self.pieces.len() as u64,
            byte: 0,
        }
    }

    /// The piece of this number.
    pub(super) fn at(&self, piece: u64) -> At {
        let Some(index) = piece.checked_sub(self.first) else {
            return At::Gone;
        };
        let found = usize::try_from(index)
            .ok()
            .and_then(|index| self.pieces.get(index));
        found.map_or(At::End, |piece| At::Piece(piece.clone()))
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(number: u8) -> Vec<u8> {
        vec![number; 100]
    }

    fn number(at: At) -> Option<u8> {
        match at {
            At::Piece(piece) => Some(piece[0]),
            _ => None,
        }
    }

    #[test]
    fn what_no_reader_needs_is_dropped() {
        let mut ring = Ring::new(1000);
        for n in 0..4 {
            ring.push(piece(n), Some(2));
        }
        assert!(matches!(ring.at(1), At::Gone));
        assert_eq!((number(ring.at(2)), number(ring.at(3))), (Some(2), Some(3)));
        assert!(matches!(ring.at(4), At::End));
        assert_eq!(ring.bytes(), 200);
    }

    #[test]
    fn from_the_last_start_on_all_is_kept() {
        let mut ring = Ring::new(1000);
        ring.push(piece(0), None);
        ring.set_start(7, piece(9));
        for n in 1..5 {
            ring.push(piece(n), None);
        }
        let (place, tables) = ring.start();
        assert_eq!(
            (place, tables.unwrap()[0]),
            (Place { piece: 1, byte: 7 }, 9)
        );
        assert_eq!(ring.bytes(), 400);
        ring.set_start(0, piece(9));
        ring.push(piece(5), None);
        assert_eq!((ring.start().0.piece, ring.bytes()), (5, 100));
    }

    #[test]
    fn above_the_limit_the_slow_lose() {
        let mut ring = Ring::new(300);
        ring.set_start(0, piece(9));
        for n in 0..5 {
            ring.push(piece(n), Some(0));
        }
        assert_eq!(ring.bytes(), 300);
        assert!(matches!(ring.at(1), At::Gone));
        assert_eq!(number(ring.at(2)), Some(2));
        assert_eq!(ring.start(), (ring.end(), None));
    }

    #[test]
    fn what_is_dropped_comes_back_unless_a_reader_has_it() {
        let mut ring = Ring::new(1000);
        assert!(ring.push(piece(0), None).is_empty());
        let held = ring.at(0);
        ring.set_start(0, piece(9));
        assert!(ring.push(piece(1), None).is_empty());
        ring.set_start(0, piece(9));
        assert_eq!(ring.push(piece(2), None), [piece(1)]);
        drop(held);
    }
}
