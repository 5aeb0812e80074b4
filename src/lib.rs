//! xg2g turns an Enigma2 receiver into an IPTV server, from inside the box.

pub mod cache;
pub mod events;
pub mod log;
pub mod model;
pub mod replace;
