//! The stream ports. 8001 behaves as enigma2's (`streamserver.cpp`): it says 200 before it knows whether it can.
//! The other one is the softcam's stream relay, which is 8001 behind a card.

use super::far::{self, Far};
use super::query::unquote;
use super::sender::{self, Feed, Manner};
use super::state::State;
use super::stream_fault::StreamFault;
use super::world::{field, Entry};
use super::{Port, STREAMS};
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::{future, Async};
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::time::Duration;

const BAD_REQUEST: &[u8] = b"HTTP/1.0 400 Bad Request\r\n\r\n";
const UNAUTHORIZED: &[u8] = b"HTTP/1.0 401 Authorization Required\r\nWWW-Authenticate: Basic realm=\"streamserver\"\r\n\r\n";
const HEAD: &[u8] = b"HTTP/1.0 200 OK\r\nConnection: Close\r\nContent-Type: video/mpeg\r\nServer: streamserver\r\n\r\n";
/// The lines of the relay's head end without a carriage return (OSCam's `module-streamrelay.c`).
const RELAY_HEAD: &[u8] =
    b"HTTP/1.0 200 OK\nConnection: Close\nContent-Type: video/mpeg\nServer: stream_enigma2\n\n";

/// Enigma2 reads so many bytes at once, and looks for the login in what has come by the end of the first line.
const FIRST_READ: usize = 512;
/// Longest request without a line end.
const LINE_LIMIT: usize = 8 * 1024;

/// Answers one connection.
pub(super) async fn serve(
    state: Rc<State>,
    port: Port,
    socket: Async<TcpStream>,
    peer: SocketAddr,
) -> io::Result<()> {
    let socket = Rc::new(socket);
    let request = read_request(&socket).await?;
    let Some(target) = target(&request) else {
        return send(&socket, BAD_REQUEST).await;
    };
    state.stats.borrow_mut().streams += 1;
    let (path, parameters) = target.split_once('?').unwrap_or((target, ""));
    let sref = unquote(path.trim_start_matches('/'));
    let id = state
        .connections
        .borrow_mut()
        .enter(&sref, port, peer, &socket);
    let _visit = Visit { state: &state, id };
    let mut fault = state.stream_faults.borrow_mut().strike(&sref);
    if fault.is_none() {
        let old = state.faults.borrow_mut().strike(STREAMS);
        fault = old.map(StreamFault::from);
    }
    let answer = async {
        match fault {
            Some(StreamFault::Reset) => {
                // Closing with this set sends RST instead of FIN.
                rustix::net::sockopt::set_socket_linger(&*socket, Some(Duration::ZERO))?;
                return Ok(());
            }
            Some(StreamFault::Mute) => return future::pending().await,
            Some(StreamFault::Unauthorized) => return send(&socket, UNAUTHORIZED).await,
            _ => {}
        }
        match far::find(&state, &sref) {
            Some(far) => far_end(&state, &socket, far, parameters, fault).await,
            None => service(&state, port, &socket, id, &request, &sref, fault).await,
        }
    };
    // Enigma2 ends a stream when its reader closes its side.
    future::or(gone(&socket), answer).await
}

/// Streams a service of this receiver.
async fn service(
    state: &State,
    port: Port,
    socket: &Async<TcpStream>,
    id: u32,
    request: &str,
    sref: &str,
    fault: Option<StreamFault>,
) -> io::Result<()> {
    let asks = port == Port::Streams && state.stream_authentication.get();
    if asks && !state.sessions.borrow().accepts(authorization(request)) {
        return send(socket, UNAUTHORIZED).await;
    }
    match port {
        Port::Streams => send(socket, HEAD).await?,
        Port::Relay => send(socket, RELAY_HEAD).await?,
    }
    let feed = feed(state, sref);
    match (fault, feed) {
        (Some(StreamFault::Closed), _) => Ok(()),
        (Some(StreamFault::Busy), _) => send(socket, BAD_REQUEST).await,
        (_, Some(feed)) if state.tune_stream(id, sref) => {
            let clear = state.relay.borrow().is_clear(sref, port);
            let manner = Manner {
                scrambled: !clear || fault == Some(StreamFault::Scrambled),
                fault,
                ..Manner::default()
            };
            sender::send(state, socket, &feed, manner).await
        }
        // The refusal comes as the content of a 200; the relay keeps what is no packet to itself.
        _ if port == Port::Streams => send(socket, BAD_REQUEST).await,
        _ => Ok(()),
    }
}

/// Plays the far end of a URL service, which is somebody else's server: no login, no tuner.
async fn far_end(
    state: &State,
    socket: &Async<TcpStream>,
    far: Far,
    parameters: &str,
    fault: Option<StreamFault>,
) -> io::Result<()> {
    let (head, chunked, feed) = match far {
        Far::Text(text) => return send(socket, text.as_bytes()).await,
        Far::Stream(feed) => (HEAD, false, feed),
        Far::Chunks(feed) => (far::CHUNKED_HEAD, true, feed),
    };
    send(socket, head).await?;
    match fault {
        Some(StreamFault::Closed) => Ok(()),
        Some(StreamFault::Busy) => send(socket, BAD_REQUEST).await,
        _ => {
            let manner = Manner {
                scrambled: fault == Some(StreamFault::Scrambled),
                fault,
                chunked,
                pictures: far::duration(parameters),
            };
            sender::send(state, socket, &feed, manner).await
        }
    }
}

/// What has come by the end of the first line.
async fn read_request(mut socket: &Async<TcpStream>) -> io::Result<String> {
    let mut received = Vec::new();
    while !received.contains(&b'\n') && received.len() < LINE_LIMIT {
        let mut piece = [0; FIRST_READ];
        let length = socket.read(&mut piece).await?;
        if length == 0 {
            break;
        }
        received.extend_from_slice(&piece[..length]);
    }
    Ok(String::from_utf8_lossy(&received).into_owned())
}

/// The path of a GET; nothing else is answered, not even HEAD.
fn target(request: &str) -> Option<&str> {
    let line = request.split_once('\n')?.0;
    let target = line.strip_prefix("GET ")?.split([' ', '\r']).next();
    target.filter(|target| target.starts_with('/'))
}

/// The login, whose header is found only as it is spelled here.
fn authorization(request: &str) -> Option<&str> {
    let at = request.find("Authorization: Basic ")? + "Authorization: ".len();
    request.get(at..)?.lines().next()
}

fn feed(state: &State, sref: &str) -> Option<Feed> {
    let world = state.world.borrow();
    let describe = |entry: &Entry| Feed {
        program: entry.sid().max(1),
        name: entry.name.clone(),
        radio: matches!(field(&entry.sref, 2), "2" | "A"),
    };
    world.service(sref).map(describe)
}

async fn send(mut socket: &Async<TcpStream>, bytes: &[u8]) -> io::Result<()> {
    socket.write_all(bytes).await
}

/// Waits for the end of the other side; what it sends is not looked at.
async fn gone(mut socket: &Async<TcpStream>) -> io::Result<()> {
    while socket.read(&mut [0; FIRST_READ]).await? > 0 {}
    Ok(())
}

/// A connection as long as it is known.
struct Visit<'a> {
    state: &'a State,
    id: u32,
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.state.leave(self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_get_names_a_stream() {
        assert_eq!(target("GET /1:0 HTTP/1.0\r\n"), Some("/1:0"));
        assert_eq!(target("GET /1:0\n"), Some("/1:0"));
        for other in ["HEAD /1:0 HTTP/1.0\r\n", "GET x\r\n", "GET /1:0", ""] {
            assert_eq!(target(other), None, "{other}");
        }
    }

    #[test]
    fn the_login_is_found_in_one_spelling() {
        let request = "GET / HTTP/1.1\r\nAuthorization: Basic YTpi\r\n\r\n";
        assert_eq!(authorization(request), Some("Basic YTpi"));
        assert_eq!(authorization(&request.to_lowercase()), None);
    }
}
