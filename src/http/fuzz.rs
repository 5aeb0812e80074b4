//! A door for fuzzing (`tests/fuzz`): the way of a request head, without a socket.

use std::net::SocketAddr;

use super::head::scan;
use super::request::Request;

/// A head that passed every check.
#[derive(Debug)]
pub struct Passed {
    /// Bytes it took.
    pub len: usize,
    /// Bytes of body that follow.
    pub content_length: usize,
    /// Whether the connection ends with the answer.
    pub close: bool,
    /// What the decoder was given.
    pub clean: Vec<u8>,
    /// What it made of that, or the status of its refusal.
    pub decoded: Result<Request, u16>,
}

/// What becomes of received bytes: `None` while the head is not complete.
///
/// # Errors
/// The status of a refusal.
pub async fn request(bytes: &[u8], local: SocketAddr) -> Result<Option<Passed>, u16> {
    let Some(head) = scan(bytes, local).map_err(|refusal| refusal.status)? else {
        return Ok(None);
    };
    let (len, content_length, close) = (head.len, head.content_length, head.close);
    let clean = head.clean.clone();
    let decoded = Request::decode(head, Vec::new(), local, String::new()).await;
    Ok(Some(Passed {
        len,
        content_length,
        close,
        clean,
        decoded: decoded.map_err(|refusal| refusal.status),
    }))
}
