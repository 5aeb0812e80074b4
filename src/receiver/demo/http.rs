//! HTTP/1.1 as Twisted speaks it, on a raw socket, because faults need the socket.

use super::answers::Answer;
use super::clock;
use super::faults::{warp, Fault};
use super::query::Query;
use super::state::State;
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::{Async, Timer};
use std::io;
use std::net::TcpStream;
use std::rc::Rc;
use std::time::Duration;

/// Longest head of a request, as in Twisted.
const HEAD_LIMIT: usize = 16 * 1024;
/// Pause after each byte of a slow answer.
const DRIP: Duration = Duration::from_millis(50);

/// The head of a request.
struct Request {
    method: String,
    target: String,
    /// HTTP/1.1, which knows chunks and keeps the connection.
    modern: bool,
    headers: Vec<(String, String)>,
}

impl Request {
    fn parse(head: &str) -> Option<Request> {
        let mut lines = head.lines();
        let mut words = lines.next()?.split(' ');
        let (method, target, version) = (words.next()?, words.next()?, words.next()?);
        let headers = lines.filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        });
        Some(Request {
            method: method.to_owned(),
            target: target.to_owned(),
            modern: version == "HTTP/1.1",
            headers: headers.collect(),
        })
    }

    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    fn session(&self) -> Option<&str> {
        let cookies = self.header("cookie")?.split(';');
        cookies
            .filter_map(|cookie| cookie.trim().strip_prefix("TWISTED_SESSION="))
            .next()
    }

    fn keeps_alive(&self) -> bool {
        let asked = self.header("connection").unwrap_or("").to_ascii_lowercase();
        self.modern && asked != "close"
    }
}

/// What an answer becomes on the wire.
struct Wire {
    bytes: Vec<u8>,
    keep: bool,
}

/// Answers the requests of one connection until either side ends it.
pub(super) async fn serve(state: Rc<State>, mut socket: Async<TcpStream>) -> io::Result<()> {
    let mut received = Vec::new();
    while let Some(request) = read_request(&mut socket, &mut received).await? {
        let query = Query::parse(&request.target);
        let visit = state.enter(&query.path);
        let fault = state.faults.borrow_mut().strike(&query.path);
        state.work().await;
        match fault {
            Some(Fault::Hang) => {
                drop(visit);
                // Nothing is answered; the end of the client is noticed.
                while socket.read(&mut [0; 512]).await? > 0 {}
                return Ok(());
            }
            Some(Fault::Reset | Fault::Refused) => {
                // Closing with this set sends RST instead of FIN.
                rustix::net::sockopt::set_socket_linger(&socket, Some(Duration::ZERO))?;
                return Ok(());
            }
            Some(Fault::SlowDrip) => {
                drop(visit);
                for byte in wire(&state, &request, &query, fault).bytes {
                    socket.write_all(&[byte]).await?;
                    Timer::after(DRIP).await;
                }
                return Ok(());
            }
            _ => {
                let wire = wire(&state, &request, &query, fault);
                socket.write_all(&wire.bytes).await?;
                if !wire.keep {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// Reads up to the end of a request's head and skips its body; `None` at the end of the connection.
async fn read_request(
    socket: &mut Async<TcpStream>,
    received: &mut Vec<u8>,
) -> io::Result<Option<Request>> {
    let end = loop {
        if let Some(end) = find(received, b"\r\n\r\n") {
            break end + 4;
        }
        let mut piece = [0; 2048];
        let length = socket.read(&mut piece).await?;
        if length == 0 || received.len() > HEAD_LIMIT {
            return Ok(None);
        }
        received.extend_from_slice(&piece[..length]);
    };
    let head: Vec<u8> = received.drain(..end).collect();
    let Some(request) = Request::parse(&String::from_utf8_lossy(&head)) else {
        socket
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await?;
        return Ok(None);
    };
    let mut body: usize = request
        .header("content-length")
        .and_then(|n| n.parse().ok())
        .unwrap_or(0);
    while body > 0 {
        let known = received.len().min(body);
        received.drain(..known);
        body -= known;
        if body > 0 {
            let mut piece = [0; 2048];
            let length = socket.read(&mut piece).await?;
            if length == 0 {
                return Ok(None);
            }
            received.extend_from_slice(&piece[..length]);
        }
    }
    Ok(Some(request))
}

/// The bytes of an answer, with the faults that change them.
fn wire(state: &State, request: &Request, query: &Query, fault: Option<Fault>) -> Wire {
    let mut sessions = state.sessions.borrow_mut();
    let admission = sessions.admit(request.header("authorization"), request.session());
    let host = request.header("host").unwrap_or("127.0.0.1");
    let mut answer = match fault {
        _ if !admission.granted => Answer::unauthorized(),
        Some(Fault::Unauthorized) => Answer::unauthorized(),
        Some(Fault::Error500) => Answer::processing_failed(),
        Some(Fault::Html) => Answer::login_page(),
        Some(Fault::ResultFalse) => Answer::failure("Something went wrong"),
        Some(Fault::EmptyList) => state.empty_answer(query, host),
        _ => state.answer(query, host),
    };
    match fault {
        Some(Fault::WrongTypes) => {
            let how = state.faults.borrow_mut().next_warp();
            answer.body = warp(&answer.body, how);
        }
        Some(Fault::EmptyBody) => answer.body.clear(),
        Some(Fault::CutJson) => answer.body.truncate(answer.body.len() / 2),
        _ => {}
    }
    state.stats.borrow_mut().count_answer(answer.body.len());

    let keep = request.keeps_alive();
    let chunked = answer.chunked && request.modern && fault.is_none();
    let mut bytes = format!(
        "HTTP/1.1 {} {}\r\nServer: TwistedWeb/24.3.0\r\nDate: {}\r\nContent-Type: {}\r\n{}",
        answer.status,
        reason(answer.status),
        clock::http_date(state.clock.epoch()),
        answer.content_type,
        answer.headers
    )
    .into_bytes();
    let framing = match chunked {
        true => "Transfer-Encoding: chunked\r\n".to_owned(),
        false => format!("Content-Length: {}\r\n", answer.body.len()),
    };
    bytes.extend_from_slice(framing.as_bytes());
    if let Some(session) = admission.new_session {
        bytes.extend_from_slice(
            format!("Set-Cookie: TWISTED_SESSION={session}; Path=/\r\n").as_bytes(),
        );
    }
    if !keep {
        bytes.extend_from_slice(b"Connection: close\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    if request.method == "HEAD" {
        return Wire { bytes, keep };
    }
    match fault {
        Some(Fault::HalfJson) => {
            bytes.extend_from_slice(&answer.body[..answer.body.len() / 2]);
            return Wire { bytes, keep: false };
        }
        _ if chunked => {
            bytes.extend_from_slice(format!("{:x}\r\n", answer.body.len()).as_bytes());
            bytes.extend_from_slice(&answer.body);
            bytes.extend_from_slice(b"\r\n0\r\n\r\n");
        }
        _ => bytes.append(&mut answer.body),
    }
    Wire { bytes, keep }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        401 => "Unauthorized",
        404 => "Not Found",
        _ => "Internal Server Error",
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_as_they_come() {
        let head = "GET /api/about?x=1 HTTP/1.1\r\nHost: box:80\r\nCookie: a=b; TWISTED_SESSION=ff\r\n\r\n";
        let request = Request::parse(head).unwrap();
        assert_eq!(
            (request.method.as_str(), request.target.as_str()),
            ("GET", "/api/about?x=1")
        );
        assert_eq!(
            (request.header("host"), request.session()),
            (Some("box:80"), Some("ff"))
        );
        assert!(request.keeps_alive());
        assert!(!Request::parse("GET / HTTP/1.0\r\n\r\n")
            .unwrap()
            .keeps_alive());
        assert!(Request::parse("nonsense\r\n\r\n").is_none());
    }
}
