//! Where channels and guide come from.

pub mod demo;
