//! xg2g turns an Enigma2 receiver into an IPTV server, from inside the box.
//!
//! The floor plan, from the cellar up; who may use whom is in `docs/ARCHITECTURE.md` and enforced by a test.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

// Cellar: uses nothing of ours but, for `events`, the model.
pub mod cache;
pub mod events;
pub mod health;
pub mod json;
pub mod log;
pub mod metrics;
pub mod model;
pub mod notice;
pub mod replace;
pub mod shutdown;
pub mod watch;
pub mod xml;

// First floor: foundations.
pub mod config;
pub mod http;

// Second floor: sources and writers.
pub mod access;
pub mod guide;
pub mod hdhomerun;
pub mod page;
pub mod playlist;
pub mod receiver;

// Third floor: what is known.
pub mod picons;
pub mod store;
pub mod stream;

// Fourth floor: what happens by itself, and what is looked at once.
pub mod backup;
pub mod discovery;
pub mod doctor;
pub mod refresh;

// Fifth floor: what is asked.
pub mod server;

// Roof.
pub mod app;
pub mod cli;
pub mod run;
