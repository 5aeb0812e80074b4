//! How a component is, in one word and in plain ones.

use std::time::Duration;

/// How well a component is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// As it should be.
    Healthy,
    /// Something is wrong, but there is something to hand out.
    Degraded,
    /// There is nothing to hand out.
    Unhealthy,
}

impl Status {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Healthy => "healthy",
            Status::Degraded => "degraded",
            Status::Unhealthy => "unhealthy",
        }
    }
}

/// How a component is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The component.
    pub name: &'static str,
    /// How well it is.
    pub status: Status,
    /// Why, in plain words.
    pub message: String,
}

impl Check {
    pub(super) fn healthy(name: &'static str, message: impl Into<String>) -> Check {
        Check::new(name, Status::Healthy, message)
    }

    pub(super) fn degraded(name: &'static str, message: impl Into<String>) -> Check {
        Check::new(name, Status::Degraded, message)
    }

    pub(super) fn unhealthy(name: &'static str, message: impl Into<String>) -> Check {
        Check::new(name, Status::Unhealthy, message)
    }

    fn new(name: &'static str, status: Status, message: impl Into<String>) -> Check {
        Check {
            name,
            status,
            message: message.into(),
        }
    }
}

/// How the program is: as its worst component.
pub fn overall(checks: &[Check]) -> Status {
    let all = checks.iter().map(|check| check.status);
    all.max().unwrap_or(Status::Healthy)
}

/// `5 minutes`; in the largest unit of which there are two.
pub fn ago(age: Duration) -> String {
    let seconds = age.as_secs();
    let (count, unit) = match seconds {
        0..=119 => (seconds, "second"),
        120..=7_199 => (seconds / 60, "minute"),
        7_200..=172_799 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}
