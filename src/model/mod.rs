//! The field's words and how they relate.
//!
//! A *service* is what the receiver can tune, named by its [`ServiceRef`]. A *bouquet* is the user's ordered list of
//! services. A [`Listing`] is what a receiver says about both; [`Lineup::resolve`] turns it into *channels*: each
//! service once, with the number the receiver's screen shows. An [`Event`] is one entry of the guide.

mod base;
mod channel;
mod clock;
mod details;
mod device_id;
mod episode;
mod event;
mod genre;
mod label;
mod language;
mod lineup;
mod listing;
mod network;
mod numbers;
mod picon;
mod programs;
mod relay;
mod secret;
mod service;
mod service_ref;
mod source;
mod text;
mod tuner;

pub use base::Base;
pub use channel::{Channel, Media};
pub use clock::{
    clock_is_set, guide_begin, http_date, parse_rfc3339, rfc3339, unix_now, unix_seconds,
    xmltv_time,
};
pub use details::{Aspect, Credit, Details, Quality, Role, Sound, Translation};
pub use device_id::{DeviceId, NoDeviceId};
pub use episode::Episode;
pub use event::{EpgKey, Event};
pub use genre::{category, marker};
pub use label::Label;
pub use language::two_letters;
pub use lineup::{Bouquet, Lineup, Selection};
pub use listing::{Entry, EntryKind, ListedBouquet, Listing};
pub use network::{client_of, is_private, Network};
pub use numbers::Numbers;
pub use picon::picon_names;
pub use programs::{Offer, Program, Programs};
pub use relay::Relay;
pub use secret::Secret;
pub use service::{Codec, Service};
pub use service_ref::{fnv1a, ServiceRef, UrlKind};
pub use source::{authority, escape, is_loopback, seen_from_outside, stream_source, without_port};
pub use text::{clean_line, clean_text, player_name, player_text};
pub use tuner::{Planned, Situation, Transponder};
