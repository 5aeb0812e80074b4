//! The demo receiver, asked over sockets as a client would.

#![allow(clippy::unwrap_used)]

mod answers;
mod changes;
mod client;
mod faults;
mod shapes;
mod streams;
