//! Channels and guide from the receiver's own files.

pub mod epg;
mod text;
