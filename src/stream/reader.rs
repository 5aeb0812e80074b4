//! One player's place in a stream.

use std::cell::Cell;
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

use event_listener::EventListener;
use smol::future::Future;

use super::feed::{Feed, Phase};
use super::refusal::Refusal;
use super::ring::{At, Place};
use super::tuners::Audience;
use crate::http::{Live, Piece};

/// Who wants a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// The player's address.
    pub client: IpAddr,
    /// What it calls itself; empty if it does not.
    pub agent: String,
}

impl Who {
    /// Whether it records or scans: nobody waits in front of it. Tvheadend does both under one name.
    pub fn is_recorder(&self) -> bool {
        self.agent.starts_with("TVHeadend") || self.agent.starts_with("Tvheadend")
    }

    pub(super) fn kind(&self) -> Audience {
        if self.is_recorder() {
            Audience::Recorders
        } else {
            Audience::Viewers
        }
    }
}

/// What a reader does, for the list of streams.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) who: Who,
    pub(super) since: Instant,
    /// The first piece it has not had; `None` while it waits for the first packet.
    pub(super) next: Cell<Option<u64>>,
    /// Bytes it was given.
    pub(super) sent: Cell<u64>,
}

/// A reader of a stream; the body of an answer.
pub struct Reader {
    feed: Rc<Feed>,
    seat: Rc<Seat>,
    place: Place,
    /// The tables, sent first.
    tables: Option<Rc<Vec<u8>>>,
    news: Option<EventListener>,
}

impl Reader {
    pub(super) fn new(feed: Rc<Feed>, who: Who) -> Reader {
        let seat = Rc::new(Seat {
            who,
            since: Instant::now(),
            next: Cell::new(None),
            sent: Cell::new(0),
        });
        feed.join(seat.clone());
        Reader {
            feed,
            seat,
            place: Place::default(),
            tables: None,
            news: None,
        }
    }

    /// The place of its stream among the streams, from 0.
    pub fn slot(&self) -> usize {
        self.feed.slot
    }

    /// Waits for the first packets; the reader begins there.
    ///
    /// # Errors
    /// Why there are none.
    pub(super) async fn ready(&mut self) -> Result<(), Refusal> {
        loop {
            let news = self.feed.news.listen();
            match self.feed.phase() {
                Phase::Live | Phase::Mending => break,
                Phase::Over(why) => return Err(why.unwrap_or(Refusal::NoData)),
                Phase::Tuning => news.await,
            }
        }
        (self.place, self.tables) = self.feed.start();
        self.seat.next.set(Some(self.place.piece));
        Ok(())
    }

    fn give(&mut self, bytes: Rc<Vec<u8>>, from: usize) -> Poll<Option<Piece>> {
        let count = bytes.len().saturating_sub(from) as u64;
        self.seat.sent.set(self.seat.sent.get() + count);
        self.feed.metrics.sent.add(count);
        Poll::Ready(Some(Piece { bytes, from }))
    }
}

impl Live for Reader {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Piece>> {
        if let Some(tables) = self.tables.take().filter(|tables| !tables.is_empty()) {
            return self.give(tables, 0);
        }
        loop {
            match self.feed.at(self.place.piece) {
                At::Piece(piece) => {
                    let from = self.place.byte;
                    self.place = Place {
                        piece: self.place.piece + 1,
                        byte: 0,
                    };
                    self.seat.next.set(Some(self.place.piece));
                    return self.give(piece, from);
                }
                At::Gone => {
                    let Who { client, .. } = self.seat.who;
                    self.feed.metrics.dropped.up();
                    log::info!("{client} is too slow for {}: dropped", self.feed.name);
                    return Poll::Ready(None);
                }
                At::End if self.feed.is_over() => return Poll::Ready(None),
                At::End => {}
            }
            match &mut self.news {
                // Looked at once more: something may have come before the ear was there.
                None => self.news = Some(self.feed.news.listen()),
                Some(listener) => {
                    if Pin::new(listener).poll(context).is_pending() {
                        return Poll::Pending;
                    }
                    self.news = None;
                }
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.feed.leave(&self.seat);
    }
}
