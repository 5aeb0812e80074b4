//! How the refresh is doing: what the status page shows.

use std::path::PathBuf;

use super::{About, Duration, Error, Instant, SystemTime};
use crate::cache::Counts;
use crate::receiver::openwebif::Calls;

/// Warnings kept; more would be noise.
const MOST_WARNINGS: usize = 32;

/// What a pass is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// No pass runs.
    #[default]
    Idle,
    /// Asking how the receiver is.
    Receiver,
    /// Fetching bouquets and services; counted in bouquets.
    Channels,
    /// Fetching the running and next events; counted in bouquets.
    NowNext,
    /// Fetching the guide; counted in hours of channels.
    Guide,
    /// Writing the guide; counted in channels.
    Publish,
}

impl Phase {
    /// As the API names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Idle => "idle",
            Phase::Receiver => "receiver",
            Phase::Channels => "channels",
            Phase::NowNext => "now_next",
            Phase::Guide => "guide",
            Phase::Publish => "publish",
        }
    }
}

/// How far a pass is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// What it is doing.
    pub phase: Phase,
    /// Steps of the phase that are done.
    pub done: u32,
    /// Steps of the phase.
    pub total: u32,
}

/// How the refresh is doing.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// A pass is running.
    pub running: bool,
    /// How far it is.
    pub progress: Progress,
    /// Passes ended since the start.
    pub passes: u32,
    /// When the running or last pass began.
    pub started: Option<SystemTime>,
    /// When a pass last ended well.
    pub succeeded: Option<SystemTime>,
    /// Why the last pass failed.
    pub error: Option<String>,
    /// Whether the receiver answered the last pass.
    pub reachable: Option<bool>,
    /// The directory of the receiver's own files, if channels and guide come from them.
    pub files: Option<PathBuf>,
    /// What the receiver is.
    pub about: Option<About>,
    /// Whether it is in standby.
    pub standby: Option<bool>,
    /// What the user should know: kept bouquets, unknown names.
    pub warnings: Vec<String>,
    /// Requests to the receiver since the start.
    pub calls: Calls,
    /// Requests before the running or last pass.
    pub calls_before: Calls,
    /// Statistics of the receiver's answers that are kept.
    pub kept: Counts,
    /// How long the last pass took.
    pub took: Option<Duration>,
    /// When the next pass begins.
    pub next: Option<Instant>,
    began: Option<Instant>,
    former_warnings: Vec<String>,
    /// Warnings that stand in the log.
    told: Vec<String>,
}

impl Status {
    /// A poller begins, perhaps in the place of one that was in the middle of a pass. What the receiver is has to be
    /// asked anew; `files` is the directory of its own files.
    pub(super) fn begin_anew(&mut self, files: Option<PathBuf>) {
        self.running = false;
        self.progress = Progress::default();
        self.next = None;
        self.files = files;
        self.about = None;
        self.standby = None;
        self.warnings.clear();
    }

    pub(super) fn begin(&mut self, calls: Calls) {
        self.running = true;
        self.progress = Progress {
            phase: Phase::Receiver,
            done: 0,
            total: 1,
        };
        self.started = Some(SystemTime::now());
        self.began = Some(Instant::now());
        self.calls_before = calls;
        self.next = None;
        self.former_warnings = std::mem::take(&mut self.warnings);
    }

    /// Ends a pass. Returns what is to be told in the log: warnings that are new, but none of a pass that found the
    /// receiver away, whose error says it all.
    pub(super) fn finish(&mut self, error: Option<Error>, pause: Duration) -> Vec<String> {
        self.running = false;
        self.progress = Progress::default();
        self.passes = self.passes.wrapping_add(1);
        let is_away = error.as_ref().is_some_and(Error::is_away);
        // A pass that needed nothing of it has not seen how it is.
        if error.is_some() || self.calls.total != self.calls_before.total {
            self.reachable = Some(!is_away);
        }
        self.took = self.began.map(|began| began.elapsed());
        self.next = Some(Instant::now() + pause);
        match error {
            None => {
                self.succeeded = Some(SystemTime::now());
                self.error = None;
            }
            Some(error) => {
                // A pass that was cut short has not seen what the one before warned of.
                let former = std::mem::take(&mut self.former_warnings);
                former.into_iter().for_each(|text| self.warn(text));
                self.error = Some(error.to_string());
            }
        }
        if is_away {
            return Vec::new();
        }
        let told = std::mem::replace(&mut self.told, self.warnings.clone());
        let mut news = self.warnings.clone();
        news.retain(|text| !told.contains(text));
        news
    }

    /// Adds a warning.
    pub(super) fn warn(&mut self, text: String) {
        if self.warnings.len() < MOST_WARNINGS && !self.warnings.contains(&text) {
            self.warnings.push(text);
        }
    }
}
