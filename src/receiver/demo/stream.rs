//! The stream port, as enigma2's port 8001 behaves: it says 200 before it knows whether it can.

use super::faults::Fault;
use super::query::unquote;
use super::state::State;
use super::ts::Muxer;
use super::world::{field, Entry};
use super::STREAMS;
use smol::future;
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::{Async, Timer};
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::time::{Duration, Instant};

const BAD_REQUEST: &[u8] = b"HTTP/1.0 400 Bad Request\r\n\r\n";
const HEAD: &str = "HTTP/1.0 200 OK\r\nConnection: Close\r\nContent-Type: video/mpeg\r\nServer: streamserver\r\n\r\n";

/// Time of one picture.
const PICTURE: Duration = Duration::from_millis(40);
/// Pictures sent at once, so that players can start.
const HEAD_START: u32 = 10;
/// A reader that takes nothing for so long is dropped (`TCP_USER_TIMEOUT` of enigma2's socket).
const PATIENCE: Duration = Duration::from_secs(10);

/// What is to be sent.
struct Feed {
    sid: u16,
    name: String,
    radio: bool,
}

/// Answers one connection.
pub(super) async fn serve(
    state: Rc<State>,
    mut socket: Async<TcpStream>,
    peer: SocketAddr,
) -> io::Result<()> {
    let Some(target) = read_target(&mut socket).await? else {
        return socket.write_all(BAD_REQUEST).await;
    };
    state.stats.borrow_mut().streams += 1;
    let fault = state.faults.borrow_mut().strike(STREAMS);
    match fault {
        None => {}
        Some(Fault::Hang) => {
            socket.write_all(HEAD.as_bytes()).await?;
            while socket.read(&mut [0; 512]).await? > 0 {}
            return Ok(());
        }
        Some(Fault::Reset | Fault::Refused) => {
            return rustix::net::sockopt::set_socket_linger(&socket, Some(Duration::ZERO))
                .map_err(Into::into);
        }
        Some(Fault::Unauthorized) => {
            let refusal = b"HTTP/1.0 401 Authorization Required\r\nWWW-Authenticate: Basic realm=\"streamserver\"\r\n\r\n";
            return socket.write_all(refusal).await;
        }
        // No free tuner: the refusal comes as the content of a 200.
        Some(_) => {
            socket.write_all(HEAD.as_bytes()).await?;
            return socket.write_all(BAD_REQUEST).await;
        }
    }
    let (path, parameters) = target.split_once('?').unwrap_or((&target, ""));
    if let Some(list) = camera_list(path) {
        return socket.write_all(list.as_bytes()).await;
    }
    socket.write_all(HEAD.as_bytes()).await?;
    let sref = unquote(path.trim_start_matches('/'));
    let Some(feed) = find(&state, &sref) else {
        return socket.write_all(BAD_REQUEST).await;
    };
    let _viewer = Viewer::enter(&state, sref, peer);
    send(&mut socket, &feed, duration(parameters)).await
}

/// The path of a GET, from the first line; enigma2 looks at nothing else.
async fn read_target(socket: &mut Async<TcpStream>) -> io::Result<Option<String>> {
    let mut received = Vec::new();
    while !received.contains(&b'\n') {
        let mut piece = [0; 512];
        let length = socket.read(&mut piece).await?;
        if length == 0 || received.len() > 8 * 1024 {
            return Ok(None);
        }
        received.extend_from_slice(&piece[..length]);
    }
    let text = String::from_utf8_lossy(&received);
    let target = text
        .strip_prefix("GET ")
        .and_then(|rest| rest.split([' ', '\r', '\n']).next());
    Ok(target
        .filter(|target| target.starts_with('/'))
        .map(str::to_owned))
}

fn find(state: &State, sref: &str) -> Option<Feed> {
    // The far ends of the URL services.
    if let Some(name) = sref.strip_prefix("live/") {
        return Some(Feed {
            sid: 1,
            name: name.to_owned(),
            radio: name.starts_with("radio"),
        });
    }
    let world = state.world.borrow();
    let describe = |entry: &Entry| Feed {
        sid: entry.sid().max(1),
        name: entry.name.clone(),
        radio: matches!(field(&entry.sref, 2), "2" | "A"),
    };
    world.service(sref).map(describe)
}

/// Sends packets at their own pace; catches up after a pause of the reader, but not with more than a second's worth.
async fn send(socket: &mut Async<TcpStream>, feed: &Feed, limit: Option<u32>) -> io::Result<()> {
    let mut muxer = Muxer::new(feed.sid, &feed.name, feed.radio);
    let mut start = Instant::now();
    let mut number: u32 = 0;
    while limit.is_none_or(|limit| number < limit) {
        let due = start + PICTURE * number.saturating_sub(HEAD_START);
        let now = Instant::now();
        if due > now {
            Timer::at(due).await;
        } else if now - due > Duration::from_secs(1) {
            start += now - due;
        }
        let packets = muxer.next();
        let late = async {
            Timer::after(PATIENCE).await;
            Err(io::ErrorKind::TimedOut.into())
        };
        future::or(socket.write_all(&packets), late).await?;
        number = number.wrapping_add(1);
    }
    Ok(())
}

/// `duration=SECONDS` in pictures; parameters are separated by `?` or `&`.
fn duration(parameters: &str) -> Option<u32> {
    let seconds = parameters
        .split(['?', '&'])
        .find_map(|part| part.strip_prefix("duration="))?;
    Some(seconds.parse::<u32>().ok()?.saturating_mul(25))
}

/// The HLS list behind the camera service: pieces of six seconds from this same port.
fn camera_list(path: &str) -> Option<String> {
    let name = path.strip_suffix(".m3u8")?;
    let piece = format!("#EXT-X-DISCONTINUITY\n#EXTINF:6.0,\n{name}.ts?duration=6\n");
    let list = format!(
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:6\n{}#EXT-X-ENDLIST\n",
        piece.repeat(100)
    );
    let length = list.len();
    Some(format!("HTTP/1.0 200 OK\r\nConnection: Close\r\nContent-Type: application/vnd.apple.mpegurl\r\nContent-Length: {length}\r\n\r\n{list}"))
}

/// Keeps a stream in the receiver's list of streams.
struct Viewer<'a> {
    state: &'a State,
    entry: (String, String),
}

impl<'a> Viewer<'a> {
    fn enter(state: &'a State, sref: String, peer: SocketAddr) -> Viewer<'a> {
        // enigma2 listens on both families and prints IPv4 peers this way.
        let entry = (sref, format!("::ffff:{}", peer.ip()));
        state.viewers.borrow_mut().push(entry.clone());
        Viewer { state, entry }
    }
}

impl Drop for Viewer<'_> {
    fn drop(&mut self) {
        let mut viewers = self.state.viewers.borrow_mut();
        if let Some(index) = viewers.iter().position(|viewer| *viewer == self.entry) {
            viewers.remove(index);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn durations_stand_between_question_marks_too() {
        assert_eq!(duration("bitrate=1?duration=6"), Some(150));
        assert_eq!(duration("duration=x"), None);
    }

    #[test]
    fn the_camera_is_a_list_of_pieces() {
        let list = camera_list("/live/berg.m3u8").unwrap();
        assert!(
            list.contains("\n/live/berg.ts?duration=6\n") && list.ends_with("#EXT-X-ENDLIST\n")
        );
        assert!(camera_list("/live/berg.ts").is_none());
    }
}
