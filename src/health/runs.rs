//! The component `last_job_run`: how the last pass over channels and guide ended, and how old the last good one is.

use std::fmt;
use std::time::{Duration, Instant, SystemTime};

use super::check::{ago, Check};
use super::{COMPONENTS, DAY};
use crate::model::{clock_is_set, rfc3339, unix_seconds};

/// Outputs of an earlier run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// When the guide among them was made, if there is one.
    pub guide: Option<SystemTime>,
}

#[derive(Debug)]
pub(super) struct Runs {
    /// Since when passes are expected.
    since: Instant,
    saved: Option<Saved>,
    /// What the first pass waits for.
    wait: Option<&'static str>,
    /// When a pass last ended well.
    good: Option<Instant>,
    /// When the last pass ended, if it failed, and why.
    failed: Option<(Instant, String)>,
}

impl Default for Runs {
    fn default() -> Runs {
        Runs {
            since: Instant::now(),
            saved: None,
            wait: None,
            good: None,
            failed: None,
        }
    }
}

impl Runs {
    /// Passes begin. If nothing is known, whatever ran before was for something else.
    pub(super) fn begin(&mut self, is_known: bool, saved: Option<Saved>) {
        if !is_known {
            *self = Runs::default();
        }
        self.saved = saved;
    }

    pub(super) fn wait(&mut self, what: Option<&'static str>) {
        self.wait = what;
    }

    pub(super) fn ended(&mut self, now: Instant, error: Option<&dyn fmt::Display>) {
        match error {
            None => (self.good, self.failed) = (Some(now), None),
            Some(error) => self.failed = Some((now, error.to_string())),
        }
    }

    pub(super) fn check(&self, now: Instant) -> Check {
        const NAME: &str = COMPONENTS[2];
        let age = |at: Instant| now.saturating_duration_since(at);
        let good = self.good.map(age);
        if let Some((at, why)) = &self.failed {
            let good = match good {
                Some(good) => format!("the last good one ended {} ago", ago(good)),
                None => "none ended well since the start".into(),
            };
            let when = ago(age(*at));
            return Check::degraded(NAME, format!("it failed {when} ago: {why}; {good}"));
        }
        if let Some(good) = good {
            let text = format!("it ended well {} ago", ago(good));
            return if good > DAY {
                Check::degraded(NAME, text + ", and none since")
            } else {
                Check::healthy(NAME, text)
            };
        }
        let none = match self.wait {
            Some(what) => format!("none has begun since the start: {what}"),
            None => "none has ended since the start".into(),
        };
        let Some(saved) = &self.saved else {
            return Check::degraded(NAME, none);
        };
        let text = match saved.guide {
            Some(at) => {
                let at = rfc3339(unix_seconds(at));
                format!("{none}; what is handed out was saved before, its guide made at {at}")
            }
            None => format!("{none}; what is handed out was saved before"),
        };
        // What was saved is as good as on the day it was saved; then a pass of this run has to say more.
        let old = saved.age().max(age(self.since));
        if self.wait.is_some() || old > DAY {
            Check::degraded(NAME, text)
        } else {
            Check::healthy(NAME, text)
        }
    }
}

impl Saved {
    /// How old it is; nothing where that cannot be told.
    fn age(&self) -> Duration {
        let now = SystemTime::now();
        let made = self.guide.filter(|_| clock_is_set(now));
        made.and_then(|made| now.duration_since(made).ok())
            .unwrap_or_default()
    }
}
