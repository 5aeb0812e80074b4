//! Room for streams: whose tuner may be given up for whom, and what the receiver needs for itself.
//!
//! The receiver comes first: what it took is not taken back, and a tuner that a timer needs is free in time. Then
//! viewers, then recorders, then streams that nobody reads any more.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use smol::future::or;
use smol::Timer;

use super::feed::{Feed, Phase};
use super::refusal::Refusal;
use super::tuners::{Audience, Purpose, Tuners, Use};
use super::{Running, Streams};
use crate::model::{unix_seconds, Situation, Transponder};

/// So long the receiver may take to say what it does; readers wait for it.
const PATIENCE: Duration = Duration::from_secs(2);
/// What is known for longer is asked again before somebody is cut off or refused.
const FRESH: Duration = Duration::from_secs(5);

/// Asks the receiver what it does for itself; `None` if it does not say.
pub type Ask = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Option<Situation>>>>>;

/// How the receiver is watched.
#[derive(Clone, Copy, Debug)]
pub struct Watch {
    /// How often it is asked what it does, while a stream holds a tuner.
    pub every: Duration,
    /// How long its last word counts.
    pub good_for: Duration,
    /// How long before a timer its tuner is freed.
    pub ahead: Duration,
}

impl Default for Watch {
    fn default() -> Watch {
        let minute = Duration::from_secs(60);
        Watch {
            every: minute,
            good_for: minute * 2,
            ahead: minute,
        }
    }
}

impl Streams {
    /// Who has which tuner, as far as is known.
    pub fn tuners(&self) -> Tuners {
        self.tuners_without(None)
    }

    /// How long ago the receiver said what it does for itself; `None` if that is too long to count.
    pub fn looked(&self) -> Option<Duration> {
        let known = self.0.situation.borrow();
        let age = known.as_ref().map(|(at, _)| at.elapsed());
        age.filter(|age| *age <= self.0.watch.good_for)
    }

    fn tuners_without(&self, left_out: Option<&Feed>) -> Tuners {
        let inner = &self.0;
        let feeds = inner.feeds.borrow();
        let feeds = feeds.iter().map(|running| &*running.feed);
        let others = feeds.filter(|feed| {
            !feed.is_over() && !left_out.is_some_and(|left_out| std::ptr::eq(*feed, left_out))
        });
        let streams = others.map(|feed| Use {
            purpose: Purpose::Stream,
            service: feed.service.clone(),
            readers: feed.readers(),
            audience: feed.audience(),
            since: feed.since,
        });
        let is_fresh = self.looked().is_some();
        let known = inner.situation.borrow();
        let situation = known.as_ref().filter(|_| is_fresh).map(|(_, known)| known);
        let now = unix_seconds(SystemTime::now());
        Tuners::count(
            inner.tuners.get(),
            situation,
            streams,
            now,
            inner.watch.ahead,
        )
    }

    /// Makes room for a stream before the receiver is asked for it, if it is known to have no tuner left. Whether
    /// something was given up: the receiver then needs a moment.
    ///
    /// # Errors
    /// `TunersInUse` when a timer needs the tuner.
    pub(super) async fn clear_the_way(
        &self,
        feed: &Feed,
        leaving: Instant,
    ) -> Result<bool, Refusal> {
        let Some(wanted) = feed.transponder else {
            return Ok(false);
        };
        let mut tuners = self.tuners_without(Some(feed));
        if !tuners.lacks(wanted) {
            return Ok(false);
        }
        let is_idle = |tuners: &Tuners| {
            let least = tuners.least(Some(wanted));
            least.is_some_and(|least| least.audience() == Audience::Nobody)
        };
        let is_fresh = self.looked().is_some_and(|age| age <= FRESH);
        if !is_idle(&tuners) && !is_fresh {
            self.look().await;
            tuners = self.tuners_without(Some(feed));
            if !tuners.lacks(wanted) {
                return Ok(false);
            }
        }
        let made = self.make_room(feed, leaving).await;
        if !made && self.tuners_without(None).lacking_for_timers() > 0 {
            return Err(Refusal::TunersInUse);
        }
        Ok(made)
    }

    /// Gives up the tuner that matters least, if it matters less than the stream of `feed`; until `leaving` the player
    /// of `feed` may still be seen to leave another one. Whether there was one.
    pub(super) async fn make_room(&self, feed: &Feed, leaving: Instant) -> bool {
        loop {
            let change = self.0.moves.listen();
            let tuners = self.tuners_without(Some(feed));
            let least = tuners.least(feed.transponder);
            if let Some(least) = least.filter(|least| least.audience() < feed.audience()) {
                self.give_up(least.transponder, "another one").await;
                return true;
            }
            if least.is_none() || !self.is_zapping(feed) {
                return false;
            }
            let changed = async {
                change.await;
                true
            };
            let late = async {
                Timer::at(leaving).await;
                false
            };
            if !or(changed, late).await {
                return false;
            }
        }
    }

    /// Whether a reader of `feed` is at the address of one of another stream with a tuner.
    fn is_zapping(&self, feed: &Feed) -> bool {
        let feeds = self.0.feeds.borrow();
        let others = feeds.iter().map(|running| &*running.feed);
        let mut others =
            others.filter(|other| other.transponder.is_some() && !std::ptr::eq(*other, feed));
        others.any(|other| other.shares_a_client_with(feed))
    }

    /// Whether the receiver took the tuner of a stream that broke off for itself, and there is no other for it.
    pub(super) async fn is_taken(&self, feed: &Feed) -> bool {
        let (Some(wanted), Some(_)) = (feed.transponder, self.0.tuners.get()) else {
            return false;
        };
        // Without an answer nothing is known.
        if !self.look().await {
            return false;
        }
        loop {
            let tuners = self.tuners_without(Some(feed));
            if !tuners.lacks(wanted) || !tuners.has_own() {
                return false;
            }
            if !self.make_room(feed, Instant::now()).await {
                return true;
            }
        }
    }

    /// Asks the receiver what it does for itself. Whether it said so.
    async fn look(&self) -> bool {
        let late = async {
            Timer::after(PATIENCE).await;
            None
        };
        let asked = (self.0.ask.borrow())();
        let found = or(asked, late).await;
        let said = found.is_some();
        if let Some(situation) = found {
            *self.0.situation.borrow_mut() = Some((Instant::now(), situation));
        }
        said
    }

    /// Watches the receiver while a stream holds a tuner, and frees one in time for each timer. Runs until it is
    /// dropped.
    pub async fn watch(self) {
        loop {
            let change = self.0.moves.listen();
            let has_tuner = |running: &Running| running.feed.transponder.is_some();
            let is_busy = self.0.feeds.borrow().iter().any(has_tuner);
            if !is_busy || self.0.tuners.get().is_none() {
                change.await;
                continue;
            }
            self.look().await;
            self.free_for_timers().await;
            Timer::after(self.until_next_look()).await;
        }
    }

    async fn free_for_timers(&self) {
        loop {
            let tuners = self.tuners();
            let least = match tuners.lacking_for_timers() {
                0 => None,
                _ => tuners.least(None),
            };
            match least {
                Some(least) => self.give_up(least.transponder, "a timer").await,
                None => return,
            }
        }
    }

    fn until_next_look(&self) -> Duration {
        let Watch { every, ahead, .. } = self.0.watch;
        let now = unix_seconds(SystemTime::now());
        let known = self.0.situation.borrow();
        let timers = known.as_ref().map(|(_, situation)| &situation.timers);
        let waits = timers.into_iter().flatten().filter_map(|timer| {
            let wait = timer.begin.checked_sub(now + ahead.as_secs())?;
            Some(Duration::from_secs(wait)).filter(|wait| !wait.is_zero())
        });
        waits.min().map_or(every, |soonest| soonest.min(every))
    }

    /// Ends our streams on a transponder and waits until they are closed.
    async fn give_up(&self, transponder: Transponder, for_what: &str) {
        let is_on_it = |feed: &Feed| feed.transponder == Some(transponder);
        while self.end_one(is_on_it, for_what).await {}
    }

    /// Ends that one of some streams that matters least. Whether there was one.
    pub(super) async fn end_one(&self, may_end: impl Fn(&Feed) -> bool, for_what: &str) -> bool {
        let found = {
            let mut feeds = self.0.feeds.borrow_mut();
            let candidates = feeds
                .iter()
                .enumerate()
                .filter(|(_, running)| may_end(&running.feed));
            let weight = |feed: &Rc<Feed>| (feed.audience(), feed.readers());
            let least = candidates.min_by_key(|(_, running)| weight(&running.feed));
            least.map(|(at, _)| at).map(|at| feeds.remove(at))
        };
        let Some(Running { feed, task }) = found else {
            return false;
        };
        log::info!("the stream of {} is given up for {for_what}", feed.name);
        feed.set_phase(Phase::Over(Some(Refusal::TunersInUse)));
        task.cancel().await;
        true
    }
}
