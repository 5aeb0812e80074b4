//! WebSockets (RFC 6455) that tell and do not listen: texts go out as they come, of a client only control frames count.
//!
//! The socket stays with its connection, so limits, deadlines and the stop hold for it as for any answer.

mod frame;

use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use sha1_smol::Sha1;
use smol::future::{or, yield_now};

use super::error::{code, ApiError};
use super::reply::{Body, Reply};
use super::request::{Method, Request};
use super::wire::Wire;
use frame::{close, Reader, Said};

/// What a server proves to have read the handshake with (RFC 6455 section 1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// The version of the protocol.
const VERSION: &str = "13";

/// What a WebSocket tells.
pub trait Texts {
    /// The next text, when there is one; `None` closes with 1001 (going away).
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Rc<str>>>;
}

/// Whether a request asks for a WebSocket. HTTP/1.0 has no upgrades.
pub fn wants_websocket(request: &Request) -> bool {
    request.method == Method::Get && !request.http_1_0 && has(request, "upgrade", "websocket")
}

/// Why a WebSocket does not come about, for whoever should ask for one in the right way.
pub fn websocket_needed(message: &'static str) -> ApiError {
    ApiError::new(code::UPGRADE, message)
        .with("connection", "upgrade")
        .with("upgrade", "websocket")
        .with("sec-websocket-version", VERSION)
}

/// The key of a handshake that is right.
///
/// # Errors
/// 426 for another version, 400 for all else.
pub fn handshake(request: &Request) -> Result<String, ApiError> {
    if !has(request, "connection", "upgrade") {
        return Err(ApiError::bad("Connection does not say Upgrade"));
    }
    if request.header("sec-websocket-version") != Some(VERSION) {
        return Err(websocket_needed("only version 13 of WebSockets is served"));
    }
    let mut keys = request.list("sec-websocket-key");
    match (keys.next(), keys.next()) {
        (Some(key), None) if base64::decode(key).is_ok_and(|key| key.len() == 16) => {
            Ok(key.to_owned())
        }
        _ => Err(ApiError::bad("Sec-WebSocket-Key is not 16 bytes in Base64")),
    }
}

/// The answer to a handshake: from then on the connection tells `texts`.
pub fn switch(key: &str, texts: impl Texts + 'static) -> Reply {
    Reply {
        body: Body::WebSocket(Box::new(texts)),
        ..Reply::empty(101)
    }
    .with("connection", "upgrade")
    .with("upgrade", "websocket")
    .with("sec-websocket-accept", accept(key))
}

fn accept(key: &str) -> String {
    base64::encode(Sha1::from(format!("{key}{GUID}")).digest().bytes())
}

fn has(request: &Request, name: &'static str, word: &str) -> bool {
    request
        .list(name)
        .any(|element| element.eq_ignore_ascii_case(word))
}

/// What happens next on an open WebSocket.
enum Next {
    Text(Option<Rc<str>>),
    Read(io::Result<usize>),
}

/// Tells `texts` until they end, the client closes, breaks the protocol, or has been silent for twice `silence`, after half
/// of which it is pinged. `buffer` holds what came behind the handshake.
///
/// # Errors
/// Those of the socket: the client is gone.
pub(super) async fn serve(
    wire: &mut Wire,
    buffer: &mut Vec<u8>,
    scratch: &std::cell::RefCell<Vec<u8>>,
    silence: Duration,
    mut texts: Box<dyn Texts>,
) -> io::Result<()> {
    let mut reader = Reader::default();
    let (mut until, mut is_pinged) = (Instant::now() + silence, false);
    let farewell = 'open: loop {
        loop {
            match reader.next(buffer) {
                Ok(None) => break,
                Ok(Some(Said::Nothing)) => {}
                Ok(Some(Said::Ping(payload))) => send(wire, &[&frame::pong(&payload)]).await?,
                Ok(Some(Said::Close(code))) => break 'open code,
                Err(code) => break 'open Some(code),
            }
        }
        let text = async { Next::Text(poll_fn(|context| texts.poll_next(context)).await) };
        let read = async { Next::Read(wire.read(buffer, scratch, until).await) };
        match or(text, read).await {
            Next::Text(Some(text)) => {
                let head = frame::text_head(text.len());
                send(wire, &[&head, text.as_bytes()]).await?;
            }
            Next::Text(None) => break Some(close::GOING_AWAY),
            Next::Read(Ok(1..)) => {
                (until, is_pinged) = (Instant::now() + silence, false);
                // Whoever sends without end waits for its turn like everybody else.
                yield_now().await;
            }
            Next::Read(Err(error)) if error.kind() == ErrorKind::TimedOut && !is_pinged => {
                (until, is_pinged) = (Instant::now() + silence, true);
                send(wire, &[&frame::ping()]).await?;
            }
            Next::Read(Ok(0)) => return Err(ErrorKind::UnexpectedEof.into()),
            Next::Read(Err(error)) => return Err(error),
        }
    };
    send(wire, &[&frame::close(farewell)]).await
}

/// Sends a frame, for which the client may take as long as for any answer.
async fn send(wire: &mut Wire, parts: &[&[u8]]) -> io::Result<()> {
    let filled = parts.iter().filter(|part| !part.is_empty());
    let mut slices: Vec<_> = filled.map(|part| IoSlice::new(part)).collect();
    wire.be_patient();
    wire.write(&mut slices).await
}

#[cfg(test)]
mod tests {
    use super::super::request::tests::request;
    use super::*;

    const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

    #[test]
    fn the_proof_is_that_of_the_standard() {
        let proof = accept("dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(proof, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_handshake_is_right_in_every_part_or_refused() {
        let good = "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n";
        let whole = request("GET /", &format!("{good}{KEY}"));
        assert!(wants_websocket(&whole));
        assert_eq!(handshake(&whole).unwrap(), "dGhlIHNhbXBsZSBub25jZQ==");
        assert!(!wants_websocket(&request("HEAD /", good)));
        assert!(!wants_websocket(&request("GET /", "Upgrade: h2c\r\n")));
        for (wrong, code) in [
            (good.to_owned(), "E002"),
            (good.replace("Upgrade\r\n", "x\r\n") + KEY, "E002"),
            (good.replace("13", "8") + KEY, "E016"),
            (
                good.replace("Sec-WebSocket-Version: 13\r\n", "") + KEY,
                "E016",
            ),
            (format!("{good}{KEY}{KEY}"), "E002"),
            (format!("{good}Sec-WebSocket-Key: dGhl\r\n"), "E002"),
            (format!("{good}Sec-WebSocket-Key: ###\r\n"), "E002"),
        ] {
            let error = handshake(&request("GET /", &wrong)).unwrap_err();
            assert_eq!(error.code().name, code, "{wrong}");
        }
    }
}
