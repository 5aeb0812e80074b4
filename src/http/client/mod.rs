//! The client that asks the receiver: one GET at a time, bounded in time and size.
//!
//! ```text
//! fetch (deadline, retries, size) -> surf -> redirect -> session -> login -> transport -> guard -> socket
//! ```
//!
//! Nothing here runs two requests at once by itself, and nothing keeps a body in memory: pieces go to a
//! [`Sink`] as they arrive. Dropping the future of a fetch closes its socket.

mod dial;
mod error;
mod fetch;
mod framing;
mod guard;
mod head;
mod middleware;
mod settings;
#[cfg(test)]
mod tests;
mod text;
mod transport;

use std::time::Duration;

pub use dial::dial;
pub use error::Error;
pub use fetch::Client;
pub use middleware::basic;
pub use settings::Settings;
pub use text::{quote, unquote};

/// The head of an answer whose body is about to arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// A status of 200 to 299.
    pub status: u16,
    /// The Content-Type as sent; empty if there is none.
    pub content_type: String,
    /// Bytes of body, if the receiver says so beforehand.
    pub length: Option<u64>,
}

/// A complete answer. The times are those of the attempt that succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// A status of 200 to 299.
    pub status: u16,
    /// The Content-Type as sent; empty if there is none.
    pub content_type: String,
    /// Bytes of body.
    pub bytes: u64,
    /// From the request sent to the head read: about as long as the receiver's main thread was busy with it.
    pub first_byte: Duration,
    /// From before connecting to after the last byte.
    pub total: Duration,
    /// 1 if the first attempt succeeded.
    pub attempts: u32,
}

/// Where the body of an answer goes.
pub trait Sink {
    /// A body begins. After a broken attempt it begins anew: forget what came before.
    fn start(&mut self, head: &Head);

    /// The next bytes of the body.
    ///
    /// # Errors
    /// A text ends the fetch with [`Error::Sink`], without another attempt.
    fn piece(&mut self, bytes: &[u8]) -> Result<(), String>;
}

/// A whole body, for answers known to be small.
impl Sink for Vec<u8> {
    fn start(&mut self, _: &Head) {
        self.clear();
    }

    fn piece(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.extend_from_slice(bytes);
        Ok(())
    }
}
