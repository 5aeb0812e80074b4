//! The integration tests: one binary, one module for each subject.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod access; // who may ask, how often, and what the others get
mod audit; // what the audit is told, and where it is written
mod away; // a receiver that goes away between two passes, and comes back
mod backup; // configuration and state saved, destroyed and put back
mod box_files; // channels and guide from files of the receiver itself
mod channels; // from the bouquets of the receiver to channels
mod demo; // the simulated receiver's answers against captured shapes
mod discovery; // the HDHomeRun tuner is found by UDP, TCP and UPnP
mod doctor; // what `xg2g check` finds
mod durable; // files that cannot be written, and how often they are
mod events; // what those who follow /api/v1/events are told
mod faults; // what a receiver in trouble may and may not do to what is known
mod guide_file; // the file of events of a receiver, read back
mod hdhomerun; // the HDHomeRun tuner over HTTP
mod health; // what /healthz, /readyz and `check --ready` say
mod hostile; // clients that mean harm to the running program
mod house; // who may import whom, sizes, what nobody may use
mod http; // the http room over real sockets
mod kit; // the program against the simulated receiver
mod log_lines; // what the log said, over HTTP
mod metrics; // what /metrics tells
mod monitoring; // dashboards and alerts against the metrics and their page
mod page; // what a browser gets of the web page before any script runs
mod pairing; // a code on the television, and the token for who types it
mod papers; // sample file, reference pages and help against the tables
mod politeness; // what is asked of the receiver, and how often
mod program; // the built program as a process
mod regressions; // receivers that are wrong in ways met once
mod reload; // the configuration is changed while the program runs
mod serving; // every route of the running program
mod settings; // settings are changed over HTTP, in a file of their own
mod setup; // the doctor of the running program
mod stopping; // the program ends in order, and in time
mod streaming; // streams through the running program
mod versions; // files of a newer version, met by this one
mod written; // the files that the tests write for a receiver
