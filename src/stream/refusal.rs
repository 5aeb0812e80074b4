//! Why there is no stream, in the words of HDHomeRun devices, which players know.

use std::fmt;

/// Why there is no stream. The numbers are those of HDHomeRun's `X-HDHomeRun-Error` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// As many readers or upstreams as are allowed (803).
    SystemBusy,
    /// The receiver has no tuner for it (805).
    TunersInUse,
    /// It cannot be opened, for this reason (806).
    TuneFailed(String),
    /// Nothing came in time (807).
    NoData,
    /// It stays scrambled (811).
    Scrambled,
    /// It is no transport stream: players have to open this address themselves.
    Elsewhere(String),
}

impl Refusal {
    /// Whether the receiver failed to do what it could have done.
    pub(super) fn is_fault(&self) -> bool {
        matches!(self, Refusal::TuneFailed(_) | Refusal::NoData)
    }

    /// The value of the header. For `Elsewhere` there is none.
    pub fn header(&self) -> Option<&'static str> {
        match self {
            Refusal::SystemBusy => Some("803 System Busy"),
            Refusal::TunersInUse => Some("805 All Tuners In Use"),
            Refusal::TuneFailed(_) => Some("806 Tune Failed"),
            Refusal::NoData => Some("807 No Video Data"),
            Refusal::Scrambled => Some("811 Content Protection Required"),
            Refusal::Elsewhere(_) => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::SystemBusy => f.write_str("there are as many streams as are allowed"),
            Refusal::TunersInUse => f.write_str("all tuners are in use"),
            Refusal::TuneFailed(why) => write!(f, "it cannot be opened: {why}"),
            Refusal::NoData => f.write_str("no data came"),
            Refusal::Scrambled => f.write_str("it stays scrambled"),
            Refusal::Elsewhere(_) => f.write_str("it is no transport stream"),
        }
    }
}

impl std::error::Error for Refusal {}
