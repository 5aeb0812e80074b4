//! The integration tests: one binary, one module for each subject.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod demo; // the simulated receiver's answers against captured shapes
mod http; // the http room over real sockets
mod papers;
mod regressions; // receivers that are wrong in ways met once // sample file, reference page and help against the key table
