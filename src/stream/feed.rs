//! The stream of one service: received once, for all its readers.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use event_listener::Event;
use smol::future::or;
use smol::Timer;

use super::inspect::Inspector;
use super::intake::Intake;
use super::metrics::Metrics;
use super::packet::null;
use super::reader::{Seat, Who};
use super::refusal::Refusal;
use super::ring::{At, Place, Ring};
use super::source::Source;
use super::tuners::Audience;
use super::upstream::Upstream;
use super::Streams;
use crate::model::{ServiceRef, Transponder};
use crate::notice::{Notice, Notices};

/// Packets of stuffing sent at a time while a stream is tuned anew: seven fill a datagram, as players like it.
const STUFFING: usize = 7;
/// How often they are sent.
const STUFFING_EVERY: Duration = Duration::from_millis(100);
/// The first pause before a stream is tuned again; doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Bytes received from one stream before the others have their turn.
const MOST_AT_ONCE: usize = 512 * 1024;

/// How a stream is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// No packet yet.
    Tuning,
    /// Packets come.
    Live,
    /// They stopped; it is tuned anew.
    Mending,
    /// It is over: why, if it never began or broke.
    Over(Option<Refusal>),
}

/// The stream of one service.
pub(super) struct Feed {
    pub(super) service: ServiceRef,
    pub(super) name: String,
    pub(super) since: Instant,
    /// Its place among the streams: the lowest that was free when it began.
    pub(super) slot: usize,
    /// What a tuner of the receiver is needed for; `None` if none is.
    pub(super) transponder: Option<Transponder>,
    ring: RefCell<Ring>,
    phase: RefCell<Phase>,
    /// Who reads it, those that wait for the first packet included.
    seats: RefCell<Vec<Rc<Seat>>>,
    /// The label of the source in use.
    source: Cell<&'static str>,
    /// Bytes received.
    received: Cell<u64>,
    /// How often it was tuned.
    tunes: Cell<u32>,
    /// There is something new in the ring, or the phase changed.
    pub(super) news: Event,
    /// A reader came or went.
    moved: Event,
    /// A reader of any stream came or went.
    moves: Rc<Event>,
    notices: Notices,
    /// What is counted of all streams.
    pub(super) metrics: Rc<Metrics>,
}

/// Why receiving ended.
enum Broken {
    /// The upstream ended, broke or fell silent.
    Off,
    /// It became unreadable.
    Scrambled,
}

impl Feed {
    /// `buffer` in bytes; `moves` is told of readers that come and go.
    pub(super) fn new(
        service: ServiceRef,
        name: String,
        slot: usize,
        buffer: usize,
        moves: Rc<Event>,
        notices: Notices,
        metrics: Rc<Metrics>,
    ) -> Feed {
        Feed {
            transponder: Transponder::of(&service),
            service,
            name,
            since: Instant::now(),
            slot,
            ring: RefCell::new(Ring::new(buffer)),
            phase: RefCell::new(Phase::Tuning),
            seats: RefCell::default(),
            source: Cell::new(""),
            received: Cell::new(0),
            tunes: Cell::new(0),
            news: Event::new(),
            moved: Event::new(),
            moves,
            notices,
            metrics,
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase.borrow().clone()
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(*self.phase.borrow(), Phase::Over(_))
    }

    pub(super) fn set_phase(&self, phase: Phase) {
        let before = self.phase();
        if matches!(before, Phase::Over(_)) {
            return;
        }
        match &phase {
            Phase::Mending => self.metrics.breaks.up(),
            // Those that wait for the first packet are told themselves.
            Phase::Over(Some(why)) if before != Phase::Tuning => {
                self.metrics.failed(why, self.readers());
            }
            _ => {}
        }
        self.tell(&before, &phase);
        *self.phase.borrow_mut() = phase;
        self.news.notify(usize::MAX);
    }

    /// Tells those who follow of its beginning and its end; one that never began has neither.
    fn tell(&self, before: &Phase, now: &Phase) {
        let (channel, name) = (|| self.service.slug(), || self.name.clone());
        match (before, now) {
            (Phase::Tuning, Phase::Live) => self.notices.push(&Notice::StreamStarted {
                channel: channel(),
                name: name(),
                source: self.source(),
            }),
            (Phase::Live | Phase::Mending, Phase::Over(why)) => {
                self.notices.push(&Notice::StreamEnded {
                    channel: channel(),
                    name: name(),
                    error: why.as_ref().map(Refusal::to_string),
                    seconds: self.since.elapsed().as_secs(),
                    received: self.received(),
                });
            }
            _ => {}
        }
    }

    pub(super) fn set_source(&self, label: &'static str) {
        self.source.set(label);
    }

    pub(super) fn source(&self) -> &'static str {
        self.source.get()
    }

    pub(super) fn received(&self) -> u64 {
        self.received.get()
    }

    /// Counts a try to tune.
    pub(super) fn begins_to_tune(&self) {
        self.tunes.set(self.tunes.get().wrapping_add(1));
        self.metrics.tunes.up();
    }

    pub(super) fn tunes(&self) -> u32 {
        self.tunes.get()
    }

    pub(super) fn buffered(&self) -> usize {
        self.ring.borrow().bytes()
    }

    /// Who reads it.
    pub(super) fn seats(&self) -> Vec<Rc<Seat>> {
        self.seats.borrow().clone()
    }

    /// How many read it.
    pub(super) fn readers(&self) -> usize {
        self.seats.borrow().len()
    }

    /// How many readers of a kind it has.
    pub(super) fn readers_that(&self, is_meant: impl Fn(&Who) -> bool) -> usize {
        let seats = self.seats.borrow();
        seats.iter().filter(|seat| is_meant(&seat.who)).count()
    }

    /// What kind of readers it has.
    pub(super) fn audience(&self) -> Audience {
        let seats = self.seats.borrow();
        let kinds = seats.iter().map(|seat| seat.who.kind());
        kinds.max().unwrap_or(Audience::Nobody)
    }

    /// Whether somebody at one address reads both.
    pub(super) fn shares_a_client_with(&self, other: &Feed) -> bool {
        let (ours, theirs) = (self.seats.borrow(), other.seats.borrow());
        let is_there = |seat: &Rc<Seat>| {
            theirs
                .iter()
                .any(|other| other.who.client == seat.who.client)
        };
        ours.iter().any(is_there)
    }

    /// Adds a reader.
    pub(super) fn join(&self, seat: Rc<Seat>) {
        self.seats.borrow_mut().push(seat);
        self.tell_of_a_move();
    }

    /// Removes a reader.
    pub(super) fn leave(&self, seat: &Rc<Seat>) {
        self.seats
            .borrow_mut()
            .retain(|other| !Rc::ptr_eq(other, seat));
        self.tell_of_a_move();
    }

    fn tell_of_a_move(&self) {
        self.moved.notify(usize::MAX);
        self.moves.notify(usize::MAX);
    }

    /// Where a reader that starts now begins, and what it gets before.
    pub(super) fn start(&self) -> (Place, Option<Rc<Vec<u8>>>) {
        self.ring.borrow().start()
    }

    /// The piece of this number.
    pub(super) fn at(&self, piece: u64) -> At {
        self.ring.borrow().at(piece)
    }

    /// Passes packets on; a start is where new readers may begin, and the tables they get before. Gives back buffers
    /// that nobody needs any more.
    pub(super) fn push(&self, packets: Vec<u8>, start: Option<(usize, Vec<u8>)>) -> Vec<Vec<u8>> {
        let mut ring = self.ring.borrow_mut();
        if let Some((byte, tables)) = start {
            ring.set_start(byte, tables);
        }
        // Who waits for the first packet holds nothing back.
        let slowest = self
            .seats
            .borrow()
            .iter()
            .filter_map(|seat| seat.next.get())
            .min();
        let free = ring.push(packets, slowest);
        drop(ring);
        self.news.notify(usize::MAX);
        free
    }

    /// Receives until nobody wants it any more or it breaks for good. The phase is `Over` then.
    pub(super) async fn run(
        self: Rc<Self>,
        streams: Streams,
        sources: Vec<Source>,
        linger: Duration,
    ) {
        let receive = async {
            let why = self.receive(&streams, &sources).await;
            self.set_phase(Phase::Over(Some(why)));
        };
        let desert = async {
            self.deserted(linger).await;
            self.set_phase(Phase::Over(None));
        };
        or(receive, desert).await;
    }

    /// Waits until there has been no reader for so long.
    async fn deserted(&self, linger: Duration) {
        loop {
            let change = self.moved.listen();
            if self.readers() > 0 {
                change.await;
                continue;
            }
            let is_over = async {
                Timer::after(linger).await;
                true
            };
            let came = async {
                change.await;
                false
            };
            if or(came, is_over).await && self.readers() == 0 {
                return;
            }
        }
    }

    async fn receive(&self, streams: &Streams, sources: &[Source]) -> Refusal {
        let mut inspector = Inspector::new();
        let (mut upstream, mut used) = match self.tune(streams, sources, 0, &mut inspector).await {
            Ok(tuned) => tuned,
            Err(refusal) => return refusal,
        };
        self.set_phase(Phase::Live);
        loop {
            let broken = self.carry(&mut upstream, &mut inspector, streams).await;
            // Closed before it is asked for again: the receiver has one tuner for it, not two.
            drop(upstream);
            log::info!("the stream of {} broke off; it is tuned anew", self.name);
            self.set_phase(Phase::Mending);
            if matches!(broken, Broken::Scrambled) {
                used = (used + 1) % sources.len();
            }
            self.join_on(&mut inspector);
            let again = async {
                let mut pause = FIRST_PAUSE;
                loop {
                    if streams.is_taken(self).await {
                        return Err(Refusal::TunersInUse);
                    }
                    match self.tune(streams, sources, used, &mut inspector).await {
                        Ok(tuned) => return Ok(tuned),
                        Err(refusal) => log::debug!("{}: {refusal}", self.name),
                    }
                    Timer::after(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            };
            let too_long = async {
                Timer::after(streams.settings().mend).await;
                Err(Refusal::NoData)
            };
            match or(self.stuffed(again), too_long).await {
                Ok(tuned) => (upstream, used) = tuned,
                Err(refusal) => {
                    log::warn!("the stream of {} does not come back: {refusal}", self.name);
                    return refusal;
                }
            }
            self.set_phase(Phase::Live);
        }
    }

    /// Does `work` while readers get stuffing.
    async fn stuffed<T>(&self, work: impl std::future::Future<Output = T>) -> T {
        let stuff = async {
            let stuffing = null().repeat(STUFFING);
            loop {
                self.push(stuffing.clone(), None);
                Timer::after(STUFFING_EVERY).await;
            }
        };
        or(work, stuff).await
    }

    /// Passes on what comes until it breaks.
    async fn carry(
        &self,
        upstream: &mut Upstream,
        inspector: &mut Inspector,
        streams: &Streams,
    ) -> Broken {
        let (settings, pace) = (streams.settings(), streams.pace());
        let mut now = Instant::now();
        let (mut heard, mut readable) = (now, now);
        let mut brought = 0;
        loop {
            let may_be_more = upstream.intake.is_full();
            match self.pass_on(&mut upstream.intake, inspector) {
                Some(true) => readable = heard,
                Some(false) if heard.duration_since(readable) > settings.descramble_wait => {
                    return Broken::Scrambled;
                }
                Some(false) | None => {}
            }
            if !may_be_more || brought >= MOST_AT_ONCE {
                pace.note(brought, || upstream.capacity());
                brought = 0;
                now = pace.wait().await;
            }
            match upstream.try_read() {
                Ok(Some(0)) | Err(_) => return Broken::Off,
                Ok(Some(count)) => {
                    self.count(count);
                    brought += count;
                    heard = now;
                }
                Ok(None) if now.duration_since(heard) > settings.stall => return Broken::Off,
                Ok(None) => {}
            }
        }
    }

    /// Passes on what was received; whether any of it can be read, `None` if it was nothing.
    fn pass_on(&self, intake: &mut Intake, inspector: &mut Inspector) -> Option<bool> {
        let mut is_readable = None;
        // Sound alone can begin anywhere.
        let mut before = inspector.is_sound().then(|| inspector.tables());
        while let Some(mut packets) = intake.packets() {
            let found = inspector.look(&mut packets);
            let is_scrambled = found.clear == 0 && found.scrambled > 0;
            is_readable = Some(is_readable == Some(true) || !is_scrambled);
            let start = found.start.or(before.take().map(|tables| (0, tables)));
            for free in self.push(packets, start) {
                intake.give_back(free);
            }
        }
        is_readable
    }

    /// What comes from now on is another stream; readers are told.
    pub(super) fn join_on(&self, inspector: &mut Inspector) {
        let joint = inspector.join();
        if !joint.is_empty() {
            self.push(joint, None);
        }
    }

    pub(super) fn has_start(&self) -> bool {
        self.ring.borrow().start().1.is_some()
    }

    pub(super) fn count(&self, bytes: usize) {
        self.received.set(self.received.get() + bytes as u64);
        self.metrics.received.add(bytes as u64);
    }
}
