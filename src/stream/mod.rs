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
mod inspect;
mod intake;
mod mend;
mod pace;
mod packet;
mod psi;
mod reader;
mod refusal;
mod ring;
mod source;
mod upstream;

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

use smol::{LocalExecutor, Task};

use crate::config;
use crate::model::ServiceRef;
use feed::{Feed, Phase};
use pace::Pace;
use source::sources;

pub use reader::{Reader, Who};
pub use refusal::Refusal;
pub use source::Ports;

/// The streams. Cheap to clone.
#[derive(Clone)]
pub struct Streams(Rc<Inner>);

struct Inner {
    /// Weak, or the executor and the tasks on it would keep each other alive.
    executor: Weak<LocalExecutor<'static>>,
    settings: config::Stream,
    ports: Ports,
    /// Services that come from the stream relay.
    relayed: RefCell<HashSet<ServiceRef>>,
    feeds: RefCell<Vec<Running>>,
    pace: Pace,
}

struct Running {
    feed: Rc<Feed>,
    task: Task<()>,
}

/// A stream that is received now.
#[derive(Clone, Debug)]
pub struct Active {
    /// The service.
    pub service: ServiceRef,
    /// Its name.
    pub name: String,
    /// `tuning`, `live` or `mending`.
    pub phase: &'static str,
    /// `stream port`, `stream relay` or `URL`; empty before it is known.
    pub source: &'static str,
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
    /// No streams yet. Tasks run on `executor`, which the caller keeps.
    pub fn new(
        executor: &Rc<LocalExecutor<'static>>,
        settings: config::Stream,
        ports: Ports,
    ) -> Streams {
        Streams(Rc::new(Inner {
            executor: Rc::downgrade(executor),
            settings,
            ports,
            relayed: RefCell::default(),
            feeds: RefCell::default(),
            pace: Pace::default(),
        }))
    }

    /// Which services come from the stream relay (`whitelist_streamrelay`).
    pub fn set_relayed(&self, services: impl IntoIterator<Item = ServiceRef>) {
        *self.0.relayed.borrow_mut() = services.into_iter().collect();
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
        let inner = &self.0;
        let active = self.list();
        let seats = || active.iter().flat_map(|stream| &stream.readers);
        let of_client = seats()
            .filter(|reader| reader.who.client == who.client)
            .count();
        let settings = &inner.settings;
        if seats().count() >= settings.max_readers as usize
            || of_client >= settings.max_readers_per_client as usize
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

    /// What is received now.
    pub fn list(&self) -> Vec<Active> {
        let feeds = self.0.feeds.borrow();
        let now = Instant::now();
        let show = |running: &Running| {
            let feed = &running.feed;
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
                phase,
                source: feed.source(),
                age: now.duration_since(feed.since),
                received: feed.received(),
                buffered: feed.buffered(),
                tunes: feed.tunes(),
                readers: readers.collect(),
            })
        };
        feeds.iter().filter_map(show).collect()
    }

    /// Ends all streams.
    pub async fn stop(&self) {
        let running = self.0.feeds.take();
        for Running { feed, task } in running {
            feed.set_phase(Phase::Over(None));
            task.cancel().await;
        }
    }

    fn pace(&self) -> &Pace {
        &self.0.pace
    }

    fn settings(&self) -> &config::Stream {
        &self.0.settings
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
        let sources = sources(service, is_relayed, &inner.ports);
        let Some(first) = sources.first() else {
            return Err(Refusal::TuneFailed("no way to it is known".into()));
        };
        while inner.feeds.borrow().len() >= inner.settings.max_upstreams as usize {
            // One that nobody reads any more makes room first, then recordings for viewers.
            if !self
                .give_up(|feed| feed.readers() == 0 || !who.is_recorder() && feed.is_recorded())
                .await
            {
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
            inner.settings.linger
        };
        let buffer = inner.settings.buffer as usize * 1024;
        let feed = Rc::new(Feed::new(
            service.clone(),
            name.to_owned(),
            !first.is_url,
            buffer,
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

    /// Gives up a stream that holds a tuner and matters less than the one of `feed`: one that nobody reads any more,
    /// else for a viewer one that is only recorded. Whether there was one.
    async fn make_room(&self, feed: &Feed) -> bool {
        let is_viewed = !feed.is_recorded();
        let matters_less = |other: &Feed| {
            !std::ptr::eq(other, feed)
                && other.has_tuner
                && (other.readers() == 0 || is_viewed && other.is_recorded())
        };
        self.give_up(matters_less).await
    }

    /// Ends one of the streams that may end, the one nobody reads for preference, and waits until it is closed.
    /// Whether there was one.
    async fn give_up(&self, may_end: impl Fn(&Feed) -> bool) -> bool {
        let found = {
            let mut feeds = self.0.feeds.borrow_mut();
            let candidates = feeds
                .iter()
                .enumerate()
                .filter(|(_, running)| may_end(&running.feed));
            let least = candidates.min_by_key(|(_, running)| running.feed.readers());
            least.map(|(at, _)| at).map(|at| feeds.remove(at))
        };
        let Some(Running { feed, task }) = found else {
            return false;
        };
        log::info!("the stream of {} is given up for another one", feed.name);
        feed.set_phase(Phase::Over(Some(Refusal::TunersInUse)));
        task.cancel().await;
        true
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
    }
}
