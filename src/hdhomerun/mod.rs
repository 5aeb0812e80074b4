//! What HDHomeRun clients are told, in bytes and texts. Pure: what is asked and how things are in, the answer out.
//!
//! Sources: libhdhomerun (packets, checksums, names) and Silicondust's pages on its HTTP interface.

pub mod control;
mod description;
pub mod discover;
pub mod frame;
pub mod lineup;
mod variable;

use std::net::IpAddr;

use crate::model::DeviceId;

pub use description::description;

/// The model over HTTP and as `/sys/hwmodel`: one that cannot transcode (rule G26).
pub const MODEL: &str = "HDHR4-2DT";
/// The model for programs that look what it receives (`/sys/model`).
pub const FIRMWARE: &str = "hdhomerun4_dvbt";
/// The version of the firmware, a date: clients compare it with what their features need.
pub const VERSION: &str = "20260101";

/// The device that is played.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// Its name for people.
    pub name: String,
    /// How many streams can be had at once, as things are.
    pub tuners: u8,
}

impl Device {
    /// What stands for an account with Silicondust's guide, which there is none with: clients want a text, of at most 24
    /// characters, always the same.
    pub fn auth(&self) -> String {
        format!("xg2g-{}", self.id)
    }
}

/// One of its tuners and what it is used for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tuner {
    /// What it receives; `None`: it is free.
    pub program: Option<Tuned>,
}

/// What a tuner receives.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuned {
    /// The channel's number in the lineup; `None` for a service that is not in it.
    pub number: Option<u32>,
    /// The channel's name.
    pub name: String,
    /// Its transponder, as in the API, where it has one.
    pub transponder: Option<String>,
    /// What for: `stream`, or what the receiver uses it for itself, as in the API (`television`, `recording`, `timer`).
    pub purpose: &'static str,
    /// Who reads it; `None`: nobody any more, or the receiver uses it for itself.
    pub client: Option<IpAddr>,
    /// Bits a second.
    pub rate: u32,
}

/// A device for tests.
#[cfg(test)]
mod sample {
    use super::{Device, Tuned, Tuner};
    use crate::model::DeviceId;

    pub(super) fn device() -> Device {
        Device {
            id: DeviceId::of_mac([0x00, 0x1d, 0xec, 0x12, 0x34, 0x56]),
            name: "Living room".to_owned(),
            tuners: 3,
        }
    }

    /// One that is in use, and one that is not.
    pub(super) fn tuners() -> [Tuner; 2] {
        let busy = Tuner {
            program: Some(Tuned {
                purpose: "stream",
                number: Some(7),
                name: "Das Erste".to_owned(),
                transponder: Some("3FB-1-C00000".to_owned()),
                client: Some([192, 168, 1, 20].into()),
                rate: 10_528_000,
            }),
        };
        [busy, Tuner::default()]
    }
}
