//! xg2g turns an Enigma2 receiver into an IPTV server, from inside the box.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod cli;
pub mod config;
