//! How well it is: a board of components that their owners push to. Page: docs/HEALTH_CHECKS.md.
//!
//! Whoever looks at it asks nobody and touches no disk: what was pushed lies here, only ages are counted when it is
//! looked at. The board is older than what pushes to it: it stays when the poller is made anew.

mod check;
mod runs;

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::time::{Duration, Instant};

pub use check::{ago, overall, Check, Status};
pub use runs::Saved;

use runs::Runs;

/// The components, in the order they are told.
pub const COMPONENTS: [&str; 6] = [
    "playlist",
    "xmltv",
    "last_job_run",
    "receiver",
    "streams",
    "disk",
];

/// The board. Cheap to clone; all clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Board(Rc<RefCell<Known>>);

/// What can be handed out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outputs {
    /// Channels that are offered; `None` before any are known.
    pub channels: Option<usize>,
    /// The guide.
    pub guide: Guide,
}

/// How far the guide is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Guide {
    /// None is wanted (`guide.enabled`).
    Unwanted,
    /// It does not hold yet all that was to be had.
    #[default]
    Incomplete,
    /// It holds so many programmes.
    Whole(u32),
}

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    /// Outputs and events (`files.data`).
    Outputs,
    /// The small state that outlives a restart (`files.state`).
    State,
}

#[derive(Debug, Default)]
struct Known {
    outputs: Outputs,
    runs: Runs,
    receiver: Receiver,
    standby: Option<bool>,
    streams: Streams,
    /// What could last not be written, by [`Writing`].
    unwritten: [Option<Trouble>; 2],
}

/// Something that goes wrong.
#[derive(Debug)]
struct Trouble {
    since: Instant,
    why: String,
}

#[derive(Debug, Default)]
enum Receiver {
    /// Nothing was asked yet.
    #[default]
    Unasked,
    Answers,
    /// It does not answer at all, or not us.
    Fails {
        is_away: bool,
        trouble: Trouble,
    },
}

#[derive(Debug, Default)]
enum Streams {
    /// Nobody asked for one yet.
    #[default]
    Unasked,
    /// The last one came.
    Came,
    /// One channel does not come, which happens to a channel.
    Doubtful(String),
    /// Two channels in a row did not come.
    Failing(String),
}

impl Board {
    /// The poller begins with these outputs; `saved` tells of those of an earlier run.
    pub fn begin(&self, outputs: Outputs, saved: Option<Saved>) {
        let mut known = self.0.borrow_mut();
        known.outputs = outputs;
        known.runs.begin(outputs.channels.is_some(), saved);
    }

    /// These outputs are handed out from now on.
    pub fn publish(&self, outputs: Outputs) {
        self.0.borrow_mut().outputs = outputs;
    }

    /// The poller waits for something, or no more.
    pub fn wait(&self, what: Option<&'static str>) {
        self.0.borrow_mut().runs.wait(what);
    }

    /// A pass ended, with this error if it failed.
    pub fn ran(&self, error: Option<&dyn fmt::Display>) {
        self.0.borrow_mut().runs.ended(Instant::now(), error);
    }

    /// A receiver is there that nothing was asked yet.
    pub fn meet_receiver(&self) {
        let mut known = self.0.borrow_mut();
        (known.receiver, known.standby) = (Receiver::Unasked, None);
    }

    /// The receiver answered.
    pub fn receiver_answered(&self) {
        self.0.borrow_mut().receiver = Receiver::Answers;
    }

    /// The receiver did not answer (`is_away`), or does not let us in.
    pub fn receiver_failed(&self, is_away: bool, why: &dyn fmt::Display) {
        let receiver = &mut self.0.borrow_mut().receiver;
        let since = match receiver {
            Receiver::Fails {
                is_away: was_away,
                trouble,
            } if *was_away == is_away => trouble.since,
            _ => Instant::now(),
        };
        let why = why.to_string();
        *receiver = Receiver::Fails {
            is_away,
            trouble: Trouble { since, why },
        };
    }

    /// Whether the receiver is in standby; `None` if it does not say.
    pub fn set_standby(&self, standby: Option<bool>) {
        self.0.borrow_mut().standby = standby;
    }

    /// A stream came that somebody asked for.
    pub fn stream_came(&self) {
        self.0.borrow_mut().streams = Streams::Came;
    }

    /// A channel's stream did not come. One channel may be off the air; a second one in a row is no chance.
    pub fn stream_failed(&self, channel: &str, why: &dyn fmt::Display) {
        let streams = &mut self.0.borrow_mut().streams;
        *streams = match streams {
            Streams::Failing(_) => Streams::Failing(why.to_string()),
            Streams::Doubtful(other) if other != channel => Streams::Failing(why.to_string()),
            _ => Streams::Doubtful(channel.to_owned()),
        };
    }

    /// Something was written, or could not be.
    pub fn wrote(&self, what: Writing, error: Option<&dyn fmt::Display>) {
        let mut known = self.0.borrow_mut();
        let Some(trouble) = known.unwritten.get_mut(what as usize) else {
            return;
        };
        *trouble = error.map(|error| Trouble {
            since: trouble
                .as_ref()
                .map_or_else(Instant::now, |trouble| trouble.since),
            why: error.to_string(),
        });
    }

    /// All components as they are at `now`; `xmltv` only where a guide is wanted.
    pub fn checks(&self, now: Instant) -> Vec<Check> {
        let known = self.0.borrow();
        let mut checks = vec![playlist(known.outputs.channels)];
        checks.extend(xmltv(known.outputs.guide));
        checks.push(known.runs.check(now));
        checks.push(receiver(&known.receiver, known.standby, now));
        checks.push(streams(&known.streams));
        checks.push(disk(&known.unwritten, now));
        checks
    }
}

fn playlist(channels: Option<usize>) -> Check {
    const NAME: &str = COMPONENTS[0];
    match channels {
        None => Check::unhealthy(NAME, "the receiver has not told its channels yet"),
        Some(0) => Check::degraded(NAME, "no channel is offered: see channels.bouquets"),
        Some(count) => Check::healthy(NAME, format!("{count} channels are offered")),
    }
}

fn xmltv(guide: Guide) -> Option<Check> {
    const NAME: &str = COMPONENTS[1];
    match guide {
        Guide::Unwanted => None,
        Guide::Incomplete => Some(Check::unhealthy(NAME, "the guide is not complete yet")),
        Guide::Whole(0) => Some(Check::degraded(
            NAME,
            "the receiver knows no programme of these channels",
        )),
        Guide::Whole(count) => Some(Check::healthy(
            NAME,
            format!("{count} programmes are in the guide"),
        )),
    }
}

fn receiver(receiver: &Receiver, standby: Option<bool>, now: Instant) -> Check {
    const NAME: &str = COMPONENTS[3];
    match (receiver, standby) {
        (Receiver::Unasked, _) => Check::healthy(NAME, "it was not asked anything yet"),
        (Receiver::Answers, Some(true)) => Check::healthy(NAME, "it answers, in standby"),
        (Receiver::Answers, _) => Check::healthy(NAME, "it answers"),
        (Receiver::Fails { is_away, trouble }, _) => {
            let what = if *is_away {
                "it does not answer"
            } else {
                "it answers, but not us"
            };
            let since = ago(now.saturating_duration_since(trouble.since));
            Check::degraded(NAME, format!("{what}, for {since} now: {}", trouble.why))
        }
    }
}

fn streams(streams: &Streams) -> Check {
    const NAME: &str = COMPONENTS[4];
    match streams {
        Streams::Unasked => Check::healthy(NAME, "nobody asked for one yet"),
        Streams::Came => Check::healthy(NAME, "the last one that was asked for came"),
        Streams::Doubtful(_) => Check::healthy(NAME, "the last channel asked for did not come"),
        Streams::Failing(why) => Check::degraded(
            NAME,
            format!("the last channels that were asked for did not come: {why}"),
        ),
    }
}

fn disk(unwritten: &[Option<Trouble>], now: Instant) -> Check {
    const NAME: &str = COMPONENTS[5];
    let told: Vec<String> = ["outputs and events", "the saved channels"]
        .iter()
        .zip(unwritten)
        .filter_map(|(what, trouble)| {
            let trouble = trouble.as_ref()?;
            let since = ago(now.saturating_duration_since(trouble.since));
            let why = &trouble.why;
            Some(format!("{what} cannot be written, for {since} now: {why}"))
        })
        .collect();
    if told.is_empty() {
        Check::healthy(NAME, "what was to be written was written")
    } else {
        Check::degraded(NAME, told.join("; "))
    }
}

/// A good pass is older than this: what is handed out is no more what is on.
const DAY: Duration = Duration::from_secs(24 * 3_600);

#[cfg(test)]
mod tests;
