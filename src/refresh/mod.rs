//! The poller: the only clock of the program, the only one that asks the receiver for channels and guide.
//!
//! A pass: how is the receiver, which channels are there, what is on, what is missing of the guide; publish. Passes
//! come at start, every `refresh.interval`, on request, sooner while the receiver is away, and when it is there again. One
//! at a time.

mod channels;
mod facts;
mod files;
mod handle;
mod health;
mod knock;
mod metrics;
mod programme;
mod publish;
mod status;
mod trail;

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use async_channel::Receiver;
use smol::future::FutureExt;
use smol::Timer;

use crate::config;
use crate::health::{Board, Writing};
use crate::log::audit::Audit;
use crate::model::{clock_is_set, Listing};
use crate::notice::{Notice, Notices};
use crate::receiver::openwebif::{About, OpenWebif};
use crate::receiver::Error;
use crate::store::Store;

pub use facts::Facts;
pub use files::{Files, Looks};
pub use handle::{Busy, Handle, Wish};
pub use status::{Phase, Progress, Status};

/// How often the clock is looked at while it is wrong.
const CLOCK_LOOK: Duration = Duration::from_secs(5);
/// First pause after a pass that did not reach the receiver; doubles.
const FIRST_BACKOFF: Duration = Duration::from_secs(5);
/// The longest such pause: who switches a receiver on waits for its channels.
const LONGEST_BACKOFF: Duration = Duration::from_secs(300);

/// How often those who follow are told how far a phase of a pass is.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// What a pass works with.
pub(crate) struct Poller {
    web: Rc<OpenWebif>,
    store: Rc<Store>,
    settings: Settings,
    /// The receiver's own files, if channels and guide come from there.
    files: Option<Files>,
    files_read: RefCell<files::Read>,
    status: Rc<RefCell<Status>>,
    ended: Rc<RefCell<handle::Ended>>,
    plan: RefCell<programme::Plan>,
    /// What the guide was last made of in this run.
    published: RefCell<Option<publish::MadeOf>>,
    guard: RefCell<channels::Guard>,
    facts: RefCell<Facts>,
    /// When the list of the stream relay was last had.
    relay_asked: Cell<Option<Instant>>,
    tell: Tell,
    audit: Audit,
    notices: Notices,
    /// When the last notice told how far a pass is.
    progress_told: Cell<Option<Instant>>,
    metrics: Rc<metrics::Metrics>,
    health: Board,
}

/// Is told the receiver's facts in each pass.
pub type Tell = Box<dyn Fn(&Facts)>;

/// What the poller works with.
pub struct Needs {
    /// The receiver.
    pub web: Rc<OpenWebif>,
    /// Where it publishes.
    pub store: Rc<Store>,
    /// By what.
    pub settings: Settings,
    /// The receiver's own files, if channels and guide come from there.
    pub files: Option<Files>,
    /// Is told the receiver's facts.
    pub tell: Tell,
    /// The audit.
    pub audit: Audit,
    /// Is told how it goes.
    pub health: Board,
    /// What happens, for those who follow it.
    pub notices: Notices,
}

/// The settings of the poller.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long one answer may keep the receiver, awake and in standby.
    pub receiver: config::Receiver,
    /// Which bouquets, and the guard against shrunken ones.
    pub channels: config::Channels,
    /// How often.
    pub refresh: config::Refresh,
    /// Whether and how far.
    pub guide: config::Guide,
}

/// Why something is done.
enum Call {
    /// The program starts.
    Start,
    /// It is time.
    Time,
    /// Somebody wishes a pass.
    Wish(Wish),
    /// The receiver's files changed.
    Files,
    /// The receiver was away and is there again.
    Back,
}

/// The poller's task, which runs until it is dropped. Another one may then go on with the same handle: what was wished,
/// counted and known stays.
pub fn poll(handle: Handle, needs: Needs) -> impl Future<Output = ()> {
    let Needs {
        web,
        store,
        settings,
        files,
        tell,
        audit,
        health,
        notices,
    } = needs;
    let Handle {
        status,
        wishes: (_, wishes),
        ended,
        metrics,
    } = handle;
    let dir = files.as_ref().map(|files| files.disk.dir().to_owned());
    status.borrow_mut().begin_anew(dir);
    // A pass that was given up may have left some.
    store.events().rollback();
    let poller = Poller {
        web,
        store,
        settings,
        files,
        files_read: RefCell::default(),
        status,
        ended,
        plan: RefCell::default(),
        published: RefCell::default(),
        guard: RefCell::default(),
        facts: RefCell::default(),
        relay_asked: Cell::default(),
        tell,
        audit,
        notices,
        progress_told: Cell::default(),
        metrics,
        health,
    };
    poller.begin_health();
    async move { poller.run(wishes).await }
}

impl Poller {
    async fn run(self, wishes: Receiver<Wish>) {
        self.wait_for_the_clock().await;
        self.show_what_is_known().await;
        // Holds one: whoever looks sees all that changed.
        let (news, heard) = async_channel::bounded(1);
        let (back, returned) = async_channel::bounded(1);
        let knock = self.knock(|| {
            let _ = back.try_send(());
        });
        let passes = self.passes(wishes, heard, returned).or(knock);
        match &self.files {
            Some(files) => {
                // Full means that it is told already.
                let then = || {
                    let _ = news.try_send(());
                };
                passes.or(self.hear(files, then)).await;
            }
            None => passes.await,
        }
    }

    /// Pass after pass. `heard` tells that the receiver's files changed, `returned` that it is there again.
    async fn passes(&self, wishes: Receiver<Wish>, heard: Receiver<()>, returned: Receiver<()>) {
        // The pause after the last pass, if that failed, and how.
        let mut failing: Option<(Duration, Failure)> = None;
        let mut call = Call::Start;
        loop {
            let began = Instant::now();
            let pass = self.pass(call.wish(), failing.is_some());
            let result = self.audited(&call, "channels and guide", pass).await;
            let lineup = &self.store.current().lineup;
            self.metrics.note(began.elapsed(), result.is_ok(), lineup);
            self.health
                .ran(result.as_ref().err().map(|error| error as _));
            let interval = self.settings.refresh.interval;
            let pause = match &result {
                Ok(()) => {
                    // That it came back while it was asked is no news any more.
                    let _ = returned.try_recv();
                    if failing.take().is_some() {
                        log::info!("the receiver answers again");
                    }
                    interval
                }
                Err(error) => {
                    let failure = Failure::of(error);
                    let before = failing.as_ref();
                    // One line when it begins, not one a try.
                    if before.is_none_or(|(_, before)| *before != failure) {
                        log::warn!("the refresh failed, what is known is kept: {error}");
                    }
                    // One that is just back may still be starting.
                    let pause = before
                        .filter(|_| !matches!(call, Call::Back))
                        .map_or(FIRST_BACKOFF, |(pause, _)| *pause * 2)
                        .min(LONGEST_BACKOFF)
                        .min(interval);
                    failing = Some((pause, failure));
                    pause
                }
            };
            let pause = jitter(pause);
            let news = self.status.borrow_mut().finish(result.err(), pause);
            news.iter().for_each(|warning| log::warn!("{warning}"));
            self.tell_the_end();
            let next = Instant::now() + pause;
            call = loop {
                let call = async {
                    Timer::at(next).await;
                    Call::Time
                }
                .or(async {
                    // The handle may be gone in a run that only refreshes; then nobody asks any more.
                    match wishes.recv().await {
                        Ok(wish) => Call::Wish(wish),
                        Err(_) => std::future::pending().await,
                    }
                })
                .or(async {
                    match heard.recv().await {
                        Ok(()) => Call::Files,
                        Err(_) => std::future::pending().await,
                    }
                })
                .or(async {
                    match returned.recv().await {
                        Ok(()) => Call::Back,
                        Err(_) => std::future::pending().await,
                    }
                });
                match call.await {
                    Call::Files => self.look_again().await,
                    call => break call,
                }
            };
        }
    }

    /// The receiver's files changed; which channels they list was seen already.
    async fn look_again(&self) {
        let Some(files) = &self.files else {
            return;
        };
        let look = self.look_at_guide(files);
        if let Err(error) = self.audited(&Call::Files, "guide", look).await {
            log::warn!("the receiver's files changed, the guide is kept: {error}");
        }
        self.store.events().release();
        self.tell_the_end();
    }

    fn tell_the_end(&self) {
        let (ended, _) = self.ended.replace(async_channel::bounded(1));
        ended.close();
    }

    /// Makes the guide from the events of an earlier run, if the file of that run does not fit any more.
    async fn show_what_is_known(&self) {
        let snapshot = self.store.current();
        if snapshot.generation > 0 && snapshot.guide.is_none() && !self.store.events().is_empty() {
            if let Err(error) = self.publish_guide(true).await {
                log::warn!("{error}");
            }
        }
    }

    async fn wait_for_the_clock(&self) {
        let right = || clock_is_set(SystemTime::now());
        if right() {
            return;
        }
        log::warn!("the clock is not set yet; waiting for it");
        self.health.wait(Some("the clock is not set yet"));
        while !right() {
            Timer::after(CLOCK_LOOK).await;
        }
        self.health.wait(None);
    }

    /// One pass. One that was wished for looks afresh at everything that is remembered of the channels.
    async fn pass(&self, wish: Option<&Wish>, was_failing: bool) -> Result<(), Error> {
        let calls = self.web.calls();
        self.status.borrow_mut().begin(calls);
        if wish.is_some() {
            self.web.forget();
        }
        let mut result = self.steps(wish, was_failing).await;
        self.store.events().release();
        let now = self.web.calls();
        let asked = now.total.wrapping_sub(calls.total);
        if result.is_ok() && asked > 0 && now.failed.wrapping_sub(calls.failed) == asked {
            let why = self.status.borrow().warnings.first().cloned();
            result = Err(Error::Silent(why.unwrap_or_default()));
        }
        if result.is_ok() {
            // They are for a pass after one that failed half-way.
            self.web.forget();
        }
        let mut status = self.status.borrow_mut();
        status.calls = self.web.calls();
        status.kept = self.web.kept();
        drop(status);
        result
    }

    async fn steps(&self, wish: Option<&Wish>, was_failing: bool) -> Result<(), Error> {
        if let Some(files) = &self.files {
            if self.steps_with_files(files, wish, was_failing).await? {
                return Ok(());
            }
        }
        self.ask_standby().await?;
        self.ask_about(was_failing).await;
        self.ask_relay(wish).await?;
        let listing = self.fetch_listing(wish).await?;
        self.publish_channels(listing);
        if wish.is_some_and(|wish| wish.only_channels) {
            return self.publish_guide(self.store.current().complete).await;
        }
        let fetched = if self.settings.guide.enabled {
            self.fetch_guide().await
        } else {
            Ok(())
        };
        // What came before an error counts.
        self.publish_guide(fetched.is_ok()).await?;
        fetched
    }

    /// Asks whether the receiver is in standby, which bounds what an answer may cost it. Who cannot be told is taken for
    /// awake: somebody may be watching.
    async fn ask_standby(&self) -> Result<bool, Error> {
        let standby = match self.web.standby().await {
            Ok(standby) => Some(standby),
            Err(error) if error.is_general() => return Err(error),
            Err(error) => {
                self.warn(format!(
                    "whether the receiver is in standby cannot be told: {error}"
                ));
                None
            }
        };
        let receiver = &self.settings.receiver;
        let is_asleep = standby == Some(true);
        self.web.set_max_block(if is_asleep {
            receiver.max_block_standby
        } else {
            receiver.max_block
        });
        self.status.borrow_mut().standby = standby;
        self.health.set_standby(standby);
        Ok(is_asleep)
    }

    /// Publishes which channels there are.
    fn publish_channels(&self, listing: Listing) {
        let published = self
            .store
            .publish_listing(listing, SystemTime::now(), Instant::now());
        self.tell_outputs();
        let error = published.as_ref().err().map(|error| error as _);
        self.health.wrote(Writing::State, error);
        match published {
            Ok(true) => {
                let lineup = self.store.current().lineup.clone();
                let (channels, bouquets) = (lineup.channels.len(), lineup.bouquets.len());
                log::info!("{channels} channels in {bouquets} bouquets");
            }
            Ok(false) => {}
            Err(error) => self.warn(format!("the channels cannot be saved: {error}")),
        }
        for name in &self.store.current().lineup.unknown {
            self.warn(format!(
                "channels.bouquets names `{name}`, which the receiver does not have"
            ));
        }
    }

    fn progress(&self, phase: Phase, done: u32, total: u32) {
        let progress = Progress { phase, done, total };
        let before = std::mem::replace(&mut self.status.borrow_mut().progress, progress);
        let is_old = |told: Instant| told.elapsed() >= PROGRESS_EVERY;
        if before.phase != phase || self.progress_told.get().is_none_or(is_old) {
            self.progress_told.set(Some(Instant::now()));
            self.notices.push(&Notice::RefreshProgress {
                phase: phase.as_str(),
                done,
                total,
            });
        }
    }

    /// Notes something the user should see: in the status at once, in the log at the end of the pass.
    fn warn(&self, text: String) {
        self.status.borrow_mut().warn(text);
    }
}

/// How a pass failed, as far as it is worth a line of the log.
#[derive(Debug, PartialEq, Eq)]
enum Failure {
    /// No answer: one story from the receiver going down to its coming up again, whatever the network says meanwhile.
    Away,
    /// Anything else, in words.
    Other(String),
}

impl Failure {
    fn of(error: &Error) -> Failure {
        if error.is_away() {
            Failure::Away
        } else {
            Failure::Other(error.to_string())
        }
    }
}

/// The interval give or take a tenth, so that several programs do not ask in step.
fn jitter(pause: Duration) -> Duration {
    let tenth = pause.as_millis() as u64 / 10;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    // The sub-second digits of the clock are random enough for this.
    let random = u64::from(now.map_or(0, |now| now.subsec_nanos()) / 1_000);
    pause - Duration::from_millis(tenth) + Duration::from_millis(random % (2 * tenth + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_is_a_tenth_either_way() {
        for seconds in [0, 1, 60, 1800] {
            let pause = Duration::from_secs(seconds);
            for _ in 0..100 {
                let jittered = jitter(pause);
                assert!(jittered >= pause * 9 / 10 && jittered <= pause * 11 / 10);
            }
        }
    }
}
