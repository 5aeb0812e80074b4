//! HTTP: the connections we serve and the answers they get.
//!
//! async-h1 decodes requests and encodes the heads of answers. The loop around it is ours (`conn`), and
//! so is a guard in front of the decoder (`head`): pipelining, HTTP/1.0, limits, time-outs and error
//! answers are not async-h1's. Bodies go straight from shared memory or a file to the socket.
//!
//! ```text
//! listen -> server (accept) -> conn -> head -> async-h1 decode -> router -> your handler
//!                               `----- wire <- async-h1 encode (head) <- reply (body) <-'
//! ```
//!
//! Nothing outside of this room names async-h1 or http_types.

pub mod client;
mod conn;
mod date;
mod entity;
mod error;
#[cfg(fuzzing)]
pub mod fuzz;
mod head;
mod listen;
mod reply;
mod request;
mod router;
mod server;
mod target;
mod wire;

use std::time::Duration;

pub use entity::{accepts_gzip, Entity};
pub use error::code;
pub use listen::listen;
pub use reply::{Body, Chunks, Live, Part, Piece, Reply};
pub use request::{Client, Method, Request};
pub use router::{Handler, Params, Route, Router};
pub use server::Server;

/// How long and how much a client may ask for.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// An idle connection is closed after this time.
    pub idle: Duration,
    /// A head must be complete this long after its first byte.
    pub head: Duration,
    /// A body must be complete this long after its head.
    pub body: Duration,
    /// A write may make no progress for this time.
    pub write: Duration,
    /// How long a refused client may go on sending before it is cut off.
    pub linger: Duration,
    /// Connections at once.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            idle: Duration::from_secs(60),
            head: Duration::from_secs(10),
            body: Duration::from_secs(10),
            write: Duration::from_secs(30),
            linger: Duration::from_secs(1),
            connections: 256,
        }
    }
}
