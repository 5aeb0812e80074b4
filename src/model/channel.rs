//! A channel: a service at a number in the lineup.

use std::sync::Arc;

use super::{EpgKey, Service, ServiceRef};

/// Television or radio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Media {
    /// Television.
    Tv,
    /// Radio.
    Radio,
}

impl Media {
    /// `tv` or `radio`, as in file names of bouquets.
    pub fn as_str(self) -> &'static str {
        match self {
            Media::Tv => "tv",
            Media::Radio => "radio",
        }
    }
}

/// A service as players see it: once, however many bouquets it is in.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// What to tune. For a group of alternatives its first member.
    pub service: ServiceRef,
    /// The stable part of every id and address: [`ServiceRef::slug`].
    pub slug: Box<str>,
    /// The name to show: one line, no controls.
    pub name: Box<str>,
    /// The number the receiver's screen shows; unique, never 0.
    pub number: u32,
    /// Television or radio.
    pub media: Media,
    /// Where its events are filed; `None` for a service that has no guide slot of its own.
    pub epg: Option<EpgKey>,
    /// What the receiver's list of services says about it, where that was read.
    pub facts: Option<Arc<Service>>,
    /// Indices into [`super::Lineup::bouquets`], ascending.
    pub bouquets: Vec<u16>,
}

impl Channel {
    /// The id used by playlist and guide alike. The suffix makes it valid for `tv_validate_file`, which wants a dot
    /// (rule G15).
    pub fn id(&self) -> String {
        format!("{}.e2", self.slug)
    }
}
