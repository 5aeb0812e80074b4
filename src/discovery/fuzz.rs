//! A door for fuzzing (`tests/fuzz`): a packet in, without a socket.

use std::time::Duration;

use super::message::{answers, Search};

/// How long an answer to a packet may take and what it is; `None`: there is none.
pub fn search(packet: &[u8], uuid: &str, location: &str) -> Option<(Duration, Vec<String>)> {
    let Search { target, within } = Search::read(packet, uuid)?;
    Some((within, answers(target, uuid, location)))
}
