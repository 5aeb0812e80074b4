//! What is received now, as others see it.

use std::time::{Duration, Instant};

use super::feed::{Feed, Phase};
use super::reader::Who;
use super::Streams;
use crate::model::{ServiceRef, Transponder};

/// A stream that is received now.
#[derive(Clone, Debug)]
pub struct Active {
    /// The service.
    pub service: ServiceRef,
    /// Its name.
    pub name: String,
    /// Its place among the streams, from 0; it keeps it, and another gets it afterwards.
    pub slot: usize,
    /// `tuning`, `live` or `mending`.
    pub phase: &'static str,
    /// `stream port`, `stream relay` or `URL`; empty before it is known.
    pub source: &'static str,
    /// What its tuner receives; `None` if it needs none.
    pub transponder: Option<Transponder>,
    /// For how long.
    pub age: Duration,
    /// Bytes received.
    pub received: u64,
    /// Bytes kept for readers.
    pub buffered: usize,
    /// How often it was tuned.
    pub tunes: u32,
    /// Who reads it; nobody while it lingers.
    pub readers: Vec<ActiveReader>,
}

/// A reader of a stream.
#[derive(Clone, Debug)]
pub struct ActiveReader {
    /// Who it is.
    pub who: Who,
    /// For how long.
    pub age: Duration,
    /// Bytes given to it.
    pub sent: u64,
}

impl Streams {
    /// What is received now.
    pub fn list(&self) -> Vec<Active> {
        let feeds = self.0.feeds.borrow();
        feeds
            .iter()
            .filter_map(|running| show(&running.feed))
            .collect()
    }
}

/// `None` for a stream that is over.
fn show(feed: &Feed) -> Option<Active> {
    let now = Instant::now();
    let phase = match feed.phase() {
        Phase::Tuning => "tuning",
        Phase::Live => "live",
        Phase::Mending => "mending",
        Phase::Over(_) => return None,
    };
    let seats = feed.seats();
    let readers = seats.iter().map(|seat| ActiveReader {
        who: seat.who.clone(),
        age: now.duration_since(seat.since),
        sent: seat.sent.get(),
    });
    Some(Active {
        service: feed.service.clone(),
        name: feed.name.clone(),
        slot: feed.slot,
        phase,
        source: feed.source(),
        transponder: feed.transponder,
        age: now.duration_since(feed.since),
        received: feed.received(),
        buffered: feed.buffered(),
        tunes: feed.tunes(),
        readers: readers.collect(),
    })
}
