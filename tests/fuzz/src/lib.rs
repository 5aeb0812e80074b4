//! What the targets share.

pub mod m3u;
mod words;

pub use words::{address, line, lines};

/// More than a receiver has to spare, whatever it is sent: asking for more ends the run as a panic does.
#[global_allocator]
static HEAP: cap::Cap<std::alloc::System> = cap::Cap::new(std::alloc::System, 192 * 1024 * 1024);

/// Splits off the first byte: in how large pieces the rest arrives.
pub fn sized(data: &[u8]) -> Option<(usize, &[u8])> {
    let (size, rest) = data.split_first()?;
    Some((usize::from(*size).max(1), rest))
}
