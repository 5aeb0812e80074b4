//! HTTP: the connections we serve and the answers they get.
//!
//! async-h1 decodes requests and encodes the heads of answers. The loop around it is ours (`conn`), and
//! so is a guard in front of the decoder (`head`): pipelining, HTTP/1.0, limits, time-outs and error
//! answers are not async-h1's. Bodies go straight from shared memory or a file to the socket.
//!
//! ```text
//! listen -> server (accept) -> line -> conn -> head -> async-h1 decode -> router -> your handler
//!                                       `----- wire <- async-h1 encode (head) <- reply (body) <-'
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
mod line;
mod listen;
mod open;
mod reply;
mod request;
mod room;
mod router;
mod seen;
mod server;
mod target;
mod websocket;
mod wire;

use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

pub use entity::{accepts_gzip, Entity};
pub use error::{code, ApiError, Code, CODES};
pub use listen::listen;
pub use reply::{Body, Chunks, Live, Part, Piece, Reply};
pub use request::{Client, Method, Request};
pub use router::{Access, Cost, Gate, Handler, Headers, IntoAnswer, Params, Route, Router};
pub use seen::Seen;
pub use server::Server;
pub use websocket::{handshake, switch, wants_websocket, websocket_needed, Texts};

/// How long and how much a client may ask for.
#[derive(Clone)]
pub struct Limits {
    /// An idle connection is closed after this time.
    pub idle: Duration,
    /// A head must be complete this long after its first byte.
    pub head: Duration,
    /// A body must be complete this long after its head.
    pub body: Duration,
    /// How long an answer may wait for its client to read on; the client earns that back at 4 kB a second. Each piece
    /// of a live body has all of it.
    pub write: Duration,
    /// A WebSocket whose client has been silent for this time is pinged, after as long again it is cut.
    pub silence: Duration,
    /// How long a refused client may go on sending before it is cut off.
    pub linger: Duration,
    /// Connections at once. One more takes the place of one that waits for a request, of the client that has most;
    /// when all are being answered, it waits.
    pub connections: usize,
    /// Connections at once from one IPv4 address or IPv6 /64.
    pub connections_per_client: usize,
    /// Connections that wait for a place. They are fewer when there are so many places that the sockets would not
    /// suffice. One more pushes out one of the client that has most of them.
    pub waiting: usize,
    /// How long they wait before they are refused.
    pub patience_for_place: Duration,
    /// Peers that may have more than that: reverse proxies. An IPv4 address is never given in its IPv6 form.
    pub trusted: Rc<dyn Fn(IpAddr) -> bool>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            idle: Duration::from_secs(60),
            head: Duration::from_secs(10),
            body: Duration::from_secs(10),
            write: Duration::from_secs(30),
            silence: Duration::from_secs(25),
            linger: Duration::from_secs(1),
            connections: 256,
            connections_per_client: 64,
            waiting: 512,
            patience_for_place: Duration::from_secs(60),
            trusted: Rc::new(|_| false),
        }
    }
}
