//! A door for fuzzing (`tests/fuzz`): answers laid out in memory in the place of those from a socket.

use std::cell::RefCell;
use std::time::Duration;

use super::{Error, Fetched, Head, Sink};

thread_local! {
    static ANSWER: RefCell<Option<Vec<Vec<u8>>>> = const { RefCell::new(None) };
}

/// Lays out what every request is answered with from now on, in the pieces in which it arrives.
pub fn lay_out(pieces: Vec<Vec<u8>>) {
    ANSWER.set(Some(pieces));
}

/// The answer laid out, whatever is asked.
pub(super) fn answer(path: &str, sink: &mut dyn Sink) -> Option<Result<Fetched, Error>> {
    ANSWER.with_borrow(|pieces| Some(give(pieces.as_ref()?, path, sink)))
}

fn give(pieces: &[Vec<u8>], path: &str, sink: &mut dyn Sink) -> Result<Fetched, Error> {
    sink.start(&Head {
        status: 200,
        content_type: String::new(),
        length: None,
    });
    for piece in pieces {
        sink.piece(piece)
            .map_err(|what| Error::Malformed(path.into(), what))?;
    }
    Ok(Fetched {
        status: 200,
        content_type: String::new(),
        bytes: pieces.iter().map(Vec::len).sum::<usize>() as u64,
        first_byte: Duration::ZERO,
        total: Duration::ZERO,
        attempts: 1,
    })
}
