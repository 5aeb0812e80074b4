//! A request as handlers see it.

use std::fmt;
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::rc::Rc;

use rustix::net::sockopt::set_socket_send_buffer_size;
use smol::io::Cursor;
use smol::Async;

use super::error::Refusal;
use super::head::Head;

/// The methods served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `HEAD`, answered by every `GET` route.
    Head,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `DELETE`
    Delete,
    /// `OPTIONS`, answered for every path by the router.
    Options,
}

impl Method {
    const ALL: [(Method, &'static str); 6] = [
        (Method::Get, "GET"),
        (Method::Head, "HEAD"),
        (Method::Post, "POST"),
        (Method::Put, "PUT"),
        (Method::Delete, "DELETE"),
        (Method::Options, "OPTIONS"),
    ];

    pub(super) fn parse(text: &str) -> Option<Self> {
        let found = Method::ALL.iter().find(|(_, name)| *name == text);
        found.map(|(method, _)| *method)
    }

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        let found = Method::ALL.iter().find(|(method, _)| *method == self);
        found.map_or("", |(_, name)| name)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One request, its body (at most 64 KiB) already read.
#[derive(Debug)]
pub struct Request {
    /// What is to be done.
    pub method: Method,
    /// The decoded path; `*` for `OPTIONS *`. A `%2F` in it looks like a `/`: match routes, not this.
    pub path: String,
    /// The path as sent, without the query; plain ASCII, fit for a log line.
    pub raw_path: String,
    /// The pattern of the route that matched, e.g. `/playlist/{name}`.
    pub route: Option<&'static str>,
    /// The checked Host header, with the port if one was sent.
    pub host: String,
    /// The other end of the connection; an IPv4 address is never in its IPv6 form.
    pub peer: SocketAddr,
    /// Who asks: the other end's address, or whom a proxy that is trusted asks for.
    pub asker: IpAddr,
    /// The gate would let them change things, as they ask.
    pub may_change: bool,
    /// The client speaks HTTP/1.0.
    pub http_1_0: bool,
    /// The body; empty when there was none.
    pub body: Vec<u8>,
    /// The request id: the client's `X-Request-ID` if it is sane, else our own.
    pub id: String,
    /// Whether the client is still there.
    pub client: Client,
    pub(super) segments: Vec<String>,
    query: Vec<(String, String)>,
    headers: http_types::Request,
}

impl Request {
    /// Decodes a checked head. `id` is used unless the client brought its own.
    pub(super) async fn decode(
        head: Head,
        body: Vec<u8>,
        peer: SocketAddr,
        id: String,
    ) -> Result<Self, Refusal> {
        let decoded = async_h1::server::decode(Cursor::new(head.clean)).await;
        let Ok(Some((headers, _))) = decoded else {
            return Err(Refusal::bad("the head is not valid"));
        };
        let own = headers.header("x-request-id").map(|values| values.as_str());
        let id = own.filter(|id| is_id(id)).map_or(id, str::to_owned);
        Ok(Request {
            method: head.method,
            path: match &*head.target.raw_path {
                "*" => "*".to_owned(),
                _ => format!("/{}", head.target.segments.join("/")),
            },
            raw_path: head.target.raw_path,
            route: None,
            host: head.host,
            peer: SocketAddr::new(peer.ip().to_canonical(), peer.port()),
            asker: peer.ip().to_canonical(),
            may_change: false,
            http_1_0: head.http_1_0,
            body,
            id,
            client: Client::default(),
            segments: head.target.segments,
            query: head.target.query,
            headers,
        })
    }

    /// The value of a header, the last one if it was sent more than once. `name` in any case.
    pub fn header(&self, name: &'static str) -> Option<&str> {
        self.headers
            .header(name)
            .map(|values| values.last().as_str())
    }

    /// The elements of a header that is a comma-separated list, over all its lines.
    pub fn list(&self, name: &'static str) -> impl Iterator<Item = &str> {
        let lines = self.headers.header(name).into_iter();
        lines
            .flat_map(|values| values.iter())
            .flat_map(|value| value.as_str().split(','))
            .map(str::trim)
            .filter(|element| !element.is_empty())
    }

    /// The decoded value of the first query parameter called `name`; empty if it has none.
    pub fn query(&self, name: &str) -> Option<&str> {
        let pair = self.query.iter().find(|(key, _)| key == name);
        pair.map(|(_, value)| &**value)
    }
}

/// The client while it waits for an answer that takes its time.
#[derive(Clone, Debug, Default)]
pub struct Client(Option<Rc<Async<TcpStream>>>);

impl Client {
    pub(super) fn new(socket: Rc<Async<TcpStream>>) -> Client {
        Client(Some(socket))
    }

    /// Has the kernel keep no more than about `bytes` that the client does not read.
    pub fn keep_little(&self, bytes: usize) {
        if let Some(socket) = &self.0 {
            // Where that cannot be said it keeps what it likes.
            let _ = set_socket_send_buffer_size(socket, bytes);
        }
    }

    /// Ends the connection at once, whatever is being sent.
    pub fn cut(&self) {
        if let Some(socket) = &self.0 {
            // Fails only if the client was faster.
            let _ = socket.get_ref().shutdown(Shutdown::Both);
        }
    }

    /// Waits until the client has gone. One that sent more already cannot be watched: for ever.
    pub async fn gone(&self) {
        let Some(socket) = &self.0 else {
            return std::future::pending().await;
        };
        // An error means the same as an end.
        if let Ok(1..) = socket.peek(&mut [0]).await {
            std::future::pending().await
        }
    }
}

/// Whether a client's request id may be kept and logged.
fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::head::scan;
    use super::*;

    /// A request made from bytes, without a socket.
    pub(in crate::http) fn request(line: &str, headers: &str) -> Request {
        let bytes = format!("{line} HTTP/1.1\r\nHost: box\r\n{headers}\r\n");
        let peer = "[::ffff:10.0.0.9]:5000".parse().unwrap();
        let head = scan(bytes.as_bytes(), peer).unwrap().unwrap();
        smol::block_on(Request::decode(head, Vec::new(), peer, "own".to_owned())).unwrap()
    }

    #[test]
    fn a_request_shows_its_parts_decoded() {
        let request = request("GET /a%20b/c?x=%31&x=2&y", "X-Thing: v\r\n");
        assert_eq!(request.path, "/a b/c");
        assert_eq!(request.raw_path, "/a%20b/c");
        assert_eq!(request.query("x"), Some("1"));
        assert_eq!(request.query("y"), Some(""));
        assert_eq!(request.query("z"), None);
        assert_eq!(request.query.len(), 3);
        assert_eq!(request.header("x-thing"), Some("v"));
        assert_eq!(request.header("X-THING"), Some("v"));
        assert_eq!(request.header("x-other"), None);
        assert_eq!(request.peer.to_string(), "10.0.0.9:5000");
    }

    #[test]
    fn only_a_sane_request_id_is_kept() {
        assert_eq!(request("GET /", "X-Request-ID: a.B_9-\r\n").id, "a.B_9-");
        for bad in ["", "a b", "a\"b", &"a".repeat(65)] {
            let headers = format!("X-Request-ID: {bad}\r\n");
            assert_eq!(request("GET /", &headers).id, "own", "{bad}");
        }
    }

    #[test]
    fn no_mutation_of_a_request_gets_a_panic_out_of_the_decoder() {
        let seed = "POST http://a:1/b%20c?d=e HTTP/1.1\r\nHost: a:1\r\nContent-Length: 5\r\n\
                    Connection: close\r\nX-Request-ID: x\r\nExpect: 100-continue\r\n\r\nabcde";
        let peer = "10.0.0.9:5000".parse().unwrap();
        let (mut served, mut state) = (0, 1_u32);
        let mut random = |below: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as usize % below
        };
        for _ in 0..5_000 {
            let mut bytes = seed.as_bytes().to_vec();
            for _ in 0..=random(3) {
                let at = random(bytes.len());
                match random(3) {
                    0 => bytes[at] = random(256) as u8,
                    1 => bytes.insert(at, b" \r\n:/%\0\xc3"[random(8)]),
                    _ => drop(bytes.drain(at..(at + random(9)).min(bytes.len()))),
                }
            }
            if let Ok(Some(head)) = scan(&bytes, peer) {
                let request = Request::decode(head, Vec::new(), peer, String::new());
                served += u32::from(smol::block_on(request).is_ok());
            }
        }
        assert!(served > 100, "{served}");
    }
}
