//! The guard in front of async-h1's decoder: a request head is checked here, and what is passed on is a
//! clean one.
//!
//! The decoder panics on a header that is not ASCII, takes a second Host or Content-Length, ignores
//! unknown transfer codings, knows only HTTP/1.1 and answers nothing it refuses.

use std::io::Write;
use std::net::SocketAddr;

use httparse::{Error as ParseError, Status, EMPTY_HEADER};

use super::error::Refusal;
use super::request::Method;
use super::target::{is_host, Target};

/// The longest head served, in bytes.
pub(super) const MAX_HEAD: usize = 8 * 1024;
/// The longest request body served, in bytes.
pub(super) const MAX_BODY: usize = 64 * 1024;
const MAX_HEADERS: usize = 100;

/// A request head that passed every check.
#[derive(Debug)]
pub(super) struct Head {
    /// Bytes it took.
    pub(super) len: usize,
    pub(super) method: Method,
    pub(super) target: Target,
    /// Host and optional port.
    pub(super) host: String,
    pub(super) http_1_0: bool,
    /// The client wants the connection closed after the answer.
    pub(super) close: bool,
    /// The client waits for `100 Continue` before it sends the body.
    pub(super) expects_continue: bool,
    pub(super) content_length: usize,
    /// The head as the decoder gets it: HTTP/1.1, no framing (the body is read by us), no Expect, and always the same
    /// Host: what the client wrote there is no business of the decoder's reader of addresses.
    pub(super) clean: Vec<u8>,
}

/// Looks for a head at the start of `bytes`: `None` while it is not complete, an error as soon as it can
/// only be refused. `local` stands in for the Host an HTTP/1.0 client need not send.
pub(super) fn scan(bytes: &[u8], local: SocketAddr) -> Result<Option<Head>, Refusal> {
    // Empty lines before a request are allowed (RFC 9112 section 2.2).
    let skip = bytes.chunks(2).take_while(|pair| pair == b"\r\n").count() * 2;
    let window = &bytes[..bytes.len().min(MAX_HEAD)];
    let window = window.get(skip..).unwrap_or_default();
    let end = window.windows(4).position(|end| end == b"\r\n\r\n");
    let head = end.map_or(window, |end| &window[..end + 4]);

    if head.iter().any(|byte| !byte.is_ascii() || *byte == 0) {
        return Err(Refusal::bad("the head is not plain ASCII"));
    }
    let mut before = b' ';
    for byte in head {
        if *byte == b'\n' && before != b'\r' {
            return Err(Refusal::bad("a line does not end in CR LF"));
        }
        before = *byte;
    }

    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(head) {
        Ok(Status::Complete(len)) => check(&request, skip + len, local).map(Some),
        Ok(Status::Partial) if bytes.len() >= MAX_HEAD => Err(if head.contains(&b'\n') {
            Refusal::new(431, "the head is too long")
        } else {
            Refusal::new(414, "the request line is too long")
        }),
        Ok(Status::Partial) => Ok(None),
        Err(ParseError::TooManyHeaders) => Err(Refusal::new(431, "too many headers")),
        Err(ParseError::Version) if names_a_version(head) => {
            Err(Refusal::new(505, "the version is not served"))
        }
        Err(_) => Err(Refusal::bad("the head is not valid")),
    }
}

/// Whether the request line ends in `HTTP/` and a digit, so that only the version is wrong.
fn names_a_version(head: &[u8]) -> bool {
    let word = head.splitn(3, |byte| *byte == b' ').nth(2);
    let version = word.and_then(|word| word.strip_prefix(b"HTTP/"));
    version
        .and_then(|version| version.first())
        .is_some_and(u8::is_ascii_digit)
}

fn check(
    request: &httparse::Request<'_, '_>,
    len: usize,
    local: SocketAddr,
) -> Result<Head, Refusal> {
    let http_1_0 = request.version == Some(0);
    let name = request.method.unwrap_or_default();
    let method = Method::parse(name).ok_or(Refusal::new(501, "the method is not served"))?;
    let target = Target::parse(request.path.unwrap_or_default())?;
    if target.segments.is_empty() && method != Method::Options {
        return Err(Refusal::bad("the request target is not valid"));
    }

    let (mut host, mut content_length, mut coding) = (None, None, None);
    let (mut close, mut expects_continue) = (http_1_0, false);
    let mut kept = Vec::with_capacity(len);
    for header in request.headers.iter() {
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        let value = std::str::from_utf8(header.value)
            .map_err(|_| Refusal::bad("the head is not plain ASCII"))?;
        if is("host") {
            if host.replace(value).is_some() || !is_host(value) {
                return Err(Refusal::bad("the Host header is not valid"));
            }
        } else if is("content-length") {
            if content_length.replace(value).is_some() {
                return Err(Refusal::bad("more than one Content-Length"));
            }
        } else if is("transfer-encoding") {
            // Of two, neither is believed.
            coding = Some(if coding.is_some() { "" } else { value });
        } else if is("expect") {
            if !value.eq_ignore_ascii_case("100-continue") {
                return Err(Refusal::new(417, "the expectation is not known"));
            }
            expects_continue = !http_1_0;
        } else {
            if is("connection") {
                let mut options = value.split(',').map(str::trim);
                close |= options.any(|option| option.eq_ignore_ascii_case("close"));
            }
            // Writing into a Vec cannot fail.
            let _ = write!(kept, "{}:{value}\r\n", header.name);
        }
    }

    if let Some(coding) = coding {
        return Err(match (content_length, http_1_0) {
            (Some(_), _) => Refusal::bad("both Transfer-Encoding and Content-Length"),
            (None, true) => Refusal::bad("HTTP/1.0 has no Transfer-Encoding"),
            (None, false) if coding.eq_ignore_ascii_case("chunked") => {
                Refusal::new(411, "send the body with a Content-Length")
            }
            (None, false) => Refusal::new(501, "the transfer coding is not served"),
        });
    }
    let content_length = content_length.map_or(Ok(0), body_length)?;
    let host = match (target.host.as_deref(), host) {
        (_, None) if !http_1_0 => return Err(Refusal::bad("the Host header is missing")),
        (Some(one), Some(other)) if !one.eq_ignore_ascii_case(other) => {
            return Err(Refusal::bad("the request target is not of the Host"));
        }
        (Some(host), None) if !is_host(host) => {
            return Err(Refusal::bad("the request target is not valid"));
        }
        (_, Some(host)) | (Some(host), None) => host.to_owned(),
        (None, None) => SocketAddr::new(local.ip().to_canonical(), local.port()).to_string(),
    };

    // No blanks: a head that is just short enough for us must be so for the decoder.
    let origin = &target.origin;
    let mut clean = format!("{name} {origin} HTTP/1.1\r\nhost:h\r\n").into_bytes();
    clean.append(&mut kept);
    clean.extend_from_slice(b"\r\n");
    Ok(Head {
        len,
        method,
        target,
        host,
        http_1_0,
        close,
        expects_continue,
        content_length,
        clean,
    })
}

fn body_length(value: &str) -> Result<usize, Refusal> {
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::bad("the Content-Length is not a number"));
    }
    // All digits, so what does not parse is too long.
    let length = value.parse().ok().filter(|length| *length <= MAX_BODY);
    length.ok_or(Refusal::new(413, "the body is too long"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local() -> SocketAddr {
        "[::ffff:10.0.0.2]:8080".parse().unwrap()
    }

    fn status(bytes: impl AsRef<[u8]>) -> u16 {
        match scan(bytes.as_ref(), local()) {
            Ok(Some(_)) => 200,
            Ok(None) => 0,
            Err(refusal) => refusal.status,
        }
    }

    fn with(headers: &str) -> String {
        format!("GET /x HTTP/1.1\r\nHost: a\r\n{headers}\r\n")
    }

    #[test]
    fn a_plain_head_is_served_and_its_length_known() {
        let bytes = "\r\nGET /x?y=1 HTTP/1.1\r\nHost: a:1\r\nX-A: b\r\n\r\nrest";
        let head = scan(bytes.as_bytes(), local()).unwrap().unwrap();
        assert_eq!(head.len, bytes.len() - 4);
        assert_eq!(head.host, "a:1");
        assert!(!head.close && !head.http_1_0 && !head.expects_continue);
        let clean = String::from_utf8(head.clean).unwrap();
        assert_eq!(clean, "GET /x?y=1 HTTP/1.1\r\nhost:h\r\nX-A:b\r\n\r\n");
    }

    #[test]
    fn every_prefix_of_a_good_head_is_only_incomplete() {
        let whole = with("Accept: */*\r\n");
        for end in 0..whole.len() {
            assert_eq!(status(&whole[..end]), 0, "{end}");
        }
    }

    #[test]
    fn garbage_is_refused_before_the_head_is_complete() {
        assert_eq!(status(b"\x16\x03\x01\x02"), 400);
        assert_eq!(status("GET /x\r\n"), 400);
        assert_eq!(status("GET /x HTTP/1.1\nHost"), 400);
        assert_eq!(status(b"GET /x HTTP/1.1\r\nX-A: \xc3\xa9"), 400);
        assert_eq!(status(b"GET /x HTTP/1.1\r\nX-A: \0"), 400);
        assert_eq!(status("GET /x HTXP/1.1\r\n"), 400);
        assert_eq!(status("PRI * HTTP/2.0\r\n"), 505);
        assert_eq!(status("GET /x HTTP/1.2\r\n"), 505);
        assert_eq!(status("PATCH /x HTTP/1.1\r\nHost: a\r\n\r\n"), 501);
        assert_eq!(status("GET * HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
    }

    #[test]
    fn a_head_over_8_kib_is_431() {
        let pad = |len: usize| with(&format!("X: {}\r\n", "a".repeat(len)));
        let frame = pad(0).len();
        assert_eq!(status(pad(MAX_HEAD - frame)), 200);
        assert_eq!(status(pad(MAX_HEAD - frame + 1)), 431);
        assert_eq!(status(with(&"X: y\r\n".repeat(99))), 200);
        assert_eq!(status(with(&"X: y\r\n".repeat(100))), 431);
    }

    #[test]
    fn a_request_line_over_8_kib_is_414() {
        assert_eq!(status("A".repeat(MAX_HEAD)), 414);
        assert_eq!(status("\r\n".repeat(MAX_HEAD)), 414);
        let line = |len: usize| format!("GET /{} HTTP/1.1\r\n", "a".repeat(len));
        let frame = line(0).len();
        assert_eq!(status(line(MAX_HEAD - frame)), 431);
        assert_eq!(status(line(MAX_HEAD - frame + 1)), 414);
    }

    #[test]
    fn host_is_exactly_one_and_valid() {
        for host in ["", "Host:\r\n", "Host: a/b?\r\n", "Host: a\r\nHost: a\r\n"] {
            let head = format!("GET /x HTTP/1.1\r\n{host}\r\n");
            assert_eq!(status(head), 400, "{host}");
        }
    }

    #[test]
    fn an_absolute_target_must_be_of_the_host() {
        let absolute = |host| format!("GET http://{host}/x HTTP/1.1\r\nHost: a:80\r\n\r\n");
        assert_eq!(status(absolute("A:80")), 200);
        for host in ["a", "b:80", "u@a:80", ""] {
            assert_eq!(status(absolute(host)), 400, "{host}");
        }
        assert_eq!(status("GET http://a/x HTTP/1.0\r\n\r\n"), 200);
        assert_eq!(status("GET http://u@a/x HTTP/1.0\r\n\r\n"), 400);
        assert_eq!(
            status("GET http://a/x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
            400
        );
    }

    #[test]
    fn framing_that_two_readers_could_understand_differently_is_refused() {
        for (headers, expected) in [
            ("Content-Length: 5\r\nContent-Length: 6\r\n", 400),
            ("Content-Length: 5\r\nContent-Length: 5\r\n", 400),
            ("Content-Length: +5\r\n", 400),
            ("Content-Length: 5, 5\r\n", 400),
            ("Content-Length:\r\n", 400),
            ("Content-Length: 18446744073709551616\r\n", 413),
            ("Content-Length: 65537\r\n", 413),
            ("Content-Length: 65536\r\n", 200),
            ("Transfer-Encoding: Chunked\r\n", 411),
            ("Transfer-Encoding: gzip\r\n", 501),
            ("Transfer-Encoding:\r\n", 501),
            (
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                501,
            ),
            ("Transfer-Encoding: gzip, chunked\r\n", 501),
            ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400),
            ("X : y\r\n", 400),
            ("X: y\r\n z\r\n", 400),
            ("Expect: 100-Continue\r\n", 200),
            ("Expect: something\r\n", 417),
        ] {
            assert_eq!(status(with(headers)), expected, "{headers}");
        }
    }

    #[test]
    fn http_1_0_needs_no_host_and_is_closed() {
        let bytes = b"GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
        let head = scan(bytes, local()).unwrap().unwrap();
        assert!(head.http_1_0 && head.close);
        assert_eq!(head.host, "10.0.0.2:8080");
        assert!(head.clean.starts_with(b"GET /x HTTP/1.1\r\nhost:h\r\n"));
    }

    #[test]
    fn close_is_found_among_other_connection_options() {
        let head = |headers| scan(with(headers).as_bytes(), local()).unwrap().unwrap();
        assert!(head("Connection: TE, Close\r\n").close);
        assert!(!head("Connection: keep-alive\r\n").close);
    }
}
