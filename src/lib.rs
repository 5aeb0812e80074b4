//! xg2g turns an Enigma2 receiver into an IPTV server, from inside the box.

pub mod cli;
pub mod config;
