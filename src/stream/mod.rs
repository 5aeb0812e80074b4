//! Streams: one from the receiver for all readers of a service, true errors, no end while there is a way on.
//!
//! ```text
//! source -> upstream -> intake (whole packets) -> inspect (tables, beginnings, counters) -> ring -> readers
//!           `--------------------- feed: tunes, mends, lingers ---------------------'
//! ```
//!
//! A feed has a task of its own, readers are bodies of answers. Nobody waits for a reader: who is further behind than
//! the ring is long is dropped.

mod feed;
#[cfg(fuzzing)]
pub mod fuzz;
mod inspect;
mod intake;
mod list;
mod mend;
mod metrics;
mod pace;
mod packet;
mod psi;
mod reader;
mod refusal;
mod ring;
mod room;
mod source;
mod tune;
mod tuners;
mod upstream;

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

use event_listener::Event;
use smol::{LocalExecutor, Task};

use crate::config;
use crate::health::Board;
use crate::model::{ServiceRef, Situation};
use crate::notice::Notices;
use feed::{Feed, Phase};
use metrics::Metrics;
use pace::Pace;
use source::sources;

pub use list::{Active, ActiveReader};
pub use reader::{Reader, Who};
pub use refusal::Refusal;
pub use room::{Ask, Watch};
pub use source::Ports;
pub use tuners::{Audience, Held, Purpose, Tuners, Use};

/// The streams. Cheap to clone.
#[derive(Clone)]
pub struct Streams(Rc<Inner>);

struct Inner {
    /// Weak, or the executor and the tasks on it would keep each other alive.
    executor: Weak<LocalExecutor<'static>>,
    settings: RefCell<Rc<config::Stream>>,
    ports: RefCell<Ports>,
    /// The port of the stream relay as the receiver says; counts unless one is configured.
    told_relay: Cell<Option<u16>>,
    /// Services that come from the stream relay.
    relayed: RefCell<HashSet<ServiceRef>>,
    /// How many tuners the receiver has, if that is known.
    tuners: Cell<Option<usize>>,
    ask: RefCell<Ask>,
    watch: Watch,
    /// What the receiver last said that it does for itself.
    situation: RefCell<Option<(Instant, Situation)>>,
    feeds: RefCell<Vec<Running>>,
    /// A reader came or went, or the number of tuners is known.
    moves: Rc<Event>,
    pace: Pace,
    notices: Notices,
    metrics: Rc<Metrics>,
    health: Board,
}

impl Inner {
    /// The lowest place that no stream has.
    fn free_slot(&self) -> usize {
        let feeds = self.feeds.borrow();
        let is_taken = |slot: &usize| feeds.iter().any(|running| running.feed.slot == *slot);
        (0..).find(|slot| !is_taken(slot)).unwrap_or_default()
    }
}

struct Running {
    feed: Rc<Feed>,
    task: Task<()>,
}

impl Streams {
    /// No streams yet, and no receiver ([`Streams::set_receiver`]). Tasks run on `executor`, which the caller keeps;
    /// `health` is told whether streams come, `notices` hears of those that begin and end.
    pub fn new(
        executor: &Rc<LocalExecutor<'static>>,
        watch: Watch,
        health: Board,
        notices: Notices,
    ) -> Streams {
        Streams(Rc::new(Inner {
            executor: Rc::downgrade(executor),
            settings: RefCell::default(),
            ports: RefCell::default(),
            told_relay: Cell::default(),
            relayed: RefCell::default(),
            tuners: Cell::default(),
            ask: RefCell::new(Box::new(|| Box::pin(async { None }))),
            watch,
            situation: RefCell::default(),
            feeds: RefCell::default(),
            moves: Rc::default(),
            pace: Pace::default(),
            notices,
            metrics: Rc::default(),
            health,
        }))
    }

    /// Which services come from the stream relay (`whitelist_streamrelay`).
    pub fn set_relayed(&self, services: impl IntoIterator<Item = ServiceRef>) {
        *self.0.relayed.borrow_mut() = services.into_iter().collect();
    }

    /// The port of the stream relay as the receiver says. Who configured another one than the usual means that.
    pub fn set_relay_port(&self, port: Option<u16>) {
        self.0.told_relay.set(port);
    }

    /// From now on by these settings. Streams that run go on; how long they linger and how much they hold was settled
    /// when they began.
    pub fn set(&self, settings: config::Stream) {
        *self.0.settings.borrow_mut() = Rc::new(settings);
    }

    /// From now on from there; `ask` tells what the receiver does for itself. Streams that run stay with the receiver they
    /// came from.
    pub fn set_receiver(&self, ports: Ports, ask: Ask) {
        *self.0.ports.borrow_mut() = ports;
        *self.0.ask.borrow_mut() = ask;
    }

    /// The port of the stream relay, as far as is known.
    pub fn relay_port(&self) -> u16 {
        self.ports().relay
    }

    fn ports(&self) -> Ports {
        let mut ports = self.0.ports.borrow().clone();
        if ports.relay == config::Stream::default().relay_port {
            ports.relay = self.0.told_relay.get().unwrap_or(ports.relay);
        }
        ports
    }

    /// How many tuners the receiver has; `None` if that is not known.
    pub fn set_tuners(&self, tuners: Option<usize>) {
        self.0.tuners.set(tuners);
        self.0.moves.notify(usize::MAX);
    }

    /// A reader of a service's stream, when its first packets are there. Begins the stream if nobody reads it yet.
    ///
    /// # Errors
    /// Why there are none, within `stream.tune_timeout`. Dropped, it leaves the stream to linger.
    pub async fn open(
        &self,
        service: &ServiceRef,
        name: &str,
        who: Who,
    ) -> Result<Reader, Refusal> {
        let shared = self.find(service).is_some();
        let opened = self.reader(service, name, who).await;
        self.0.metrics.opened(shared, opened.as_ref().err());
        match &opened {
            Ok(_) => self.0.health.stream_came(),
            // No fault of anybody: no tuner, too many players, no card, not ours to receive.
            Err(why) if !why.is_fault() => {}
            Err(why) => self.0.health.stream_failed(&service.slug(), why),
        }
        opened
    }

    async fn reader(&self, service: &ServiceRef, name: &str, who: Who) -> Result<Reader, Refusal> {
        let settings = self.settings();
        if self.readers(|_| true) >= settings.max_readers as usize
            || self.readers(|reader| reader.client == who.client)
                >= settings.max_readers_per_client as usize
        {
            return Err(Refusal::SystemBusy);
        }
        let feed = match self.find(service) {
            Some(feed) => feed,
            None => self.begin(service, name, &who).await?,
        };
        let mut reader = Reader::new(feed, who);
        reader.ready().await?;
        Ok(reader)
    }

    /// Ends all streams.
    pub async fn stop(&self) {
        let running = self.0.feeds.take();
        for Running { feed, task } in running {
            feed.set_phase(Phase::Over(None));
            task.cancel().await;
        }
    }

    /// How many readers there are of a kind.
    fn readers(&self, is_meant: impl Fn(&Who) -> bool) -> usize {
        let feeds = self.0.feeds.borrow();
        feeds
            .iter()
            .filter(|running| !running.feed.is_over())
            .map(|running| running.feed.readers_that(&is_meant))
            .sum()
    }

    fn pace(&self) -> &Pace {
        &self.0.pace
    }

    fn settings(&self) -> Rc<config::Stream> {
        self.0.settings.borrow().clone()
    }

    fn find(&self, service: &ServiceRef) -> Option<Rc<Feed>> {
        let feeds = self.0.feeds.borrow();
        let found = feeds
            .iter()
            .find(|running| running.feed.service == *service && !running.feed.is_over());
        found.map(|running| running.feed.clone())
    }

    /// Begins the stream of a service that nobody reads.
    async fn begin(
        &self,
        service: &ServiceRef,
        name: &str,
        who: &Who,
    ) -> Result<Rc<Feed>, Refusal> {
        let inner = &self.0;
        let is_relayed = inner.relayed.borrow().contains(service);
        let (settings, sources) = (self.settings(), sources(service, is_relayed, &self.ports()));
        let Some(first) = sources.first() else {
            return Err(Refusal::TuneFailed("no way to it is known".into()));
        };
        while inner.feeds.borrow().len() >= settings.max_upstreams as usize {
            // One that nobody reads any more makes room first, then recordings for viewers.
            let matters_less = |feed: &Feed| feed.audience() < who.kind();
            if !self.end_one(matters_less, "another one").await {
                return Err(Refusal::SystemBusy);
            }
        }
        // While one was given up somebody else may have begun this one.
        if let Some(feed) = self.find(service) {
            return Ok(feed);
        }
        // A URL holds no tuner, and providers count connections.
        let linger = if first.is_url {
            Duration::ZERO
        } else {
            settings.linger
        };
        let buffer = settings.buffer as usize * 1024;
        let feed = Rc::new(Feed::new(
            service.clone(),
            name.to_owned(),
            inner.free_slot(),
            buffer,
            inner.moves.clone(),
            inner.notices.clone(),
            inner.metrics.clone(),
        ));
        let Some(executor) = inner.executor.upgrade() else {
            return Err(Refusal::SystemBusy);
        };
        let (streams, own) = (self.clone(), feed.clone());
        let task = executor.spawn(async move {
            own.clone().run(streams.clone(), sources, linger).await;
            streams.forget(&own);
        });
        inner.feeds.borrow_mut().push(Running {
            feed: feed.clone(),
            task,
        });
        if inner.pace.stands() {
            let inner = inner.clone();
            let beat = async move { inner.pace.run(|| !inner.feeds.borrow().is_empty()).await };
            executor.spawn(beat).detach();
        }
        Ok(feed)
    }

    /// Forgets a stream from within its own task.
    fn forget(&self, feed: &Rc<Feed>) {
        let mut feeds = self.0.feeds.borrow_mut();
        if let Some(at) = feeds
            .iter()
            .position(|running| Rc::ptr_eq(&running.feed, feed))
        {
            feeds.remove(at).task.detach();
        }
        self.0.moves.notify(usize::MAX);
    }
}
