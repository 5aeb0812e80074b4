//! xg2g turns an Enigma2 receiver into an IPTV server, from inside the box.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod cache;
pub mod events;
pub mod guide;
pub mod http;
pub mod log;
pub mod model;
pub mod playlist;
pub mod receiver;
pub mod replace;
pub mod store;
