//! The demo receiver, asked over sockets as a client would.

#![allow(clippy::unwrap_used)]

mod answers;
mod changes;
mod client;
mod faults;
mod relay;
mod shapes;
mod stream_faults;
mod streams;
mod tuners;
