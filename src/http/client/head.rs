//! The head of an answer: what it says about the body, and the plain head async-h1 gets in its place.

use std::io::Write;

use surf::http::StatusCode;

use super::error::Error;
use super::framing::Framing;

/// The most bytes of all heads of one answer, interim ones (`100 Continue`) included.
pub(super) const HEAD_LIMIT: usize = 16 * 1024;
/// The most header lines of a head.
const HEADER_LIMIT: usize = 64;
/// async-h1 refuses heads of 8 KiB, so what does not fit into this is left out.
const PLAIN_LIMIT: usize = 6 * 1024;
/// The headers somebody reads; no other is passed on. What async-h1 would do about a missing `Date`
/// (it inserts one with a line end in it) stays inside the client.
const PASSED_ON: [&str; 5] = [
    "content-type",
    "content-encoding",
    "location",
    "retry-after",
    "set-cookie",
];

/// A head as it was understood.
#[derive(Debug)]
pub(super) struct Head {
    /// The real status, which http_types may not know.
    pub(super) status: u16,
    pub(super) framing: Framing,
    /// The same answer, as async-h1 can take it.
    pub(super) plain: Vec<u8>,
}

/// The length of the head in front of `bytes` once it is complete. `seen` remembers how far we looked.
pub(super) fn end(bytes: &[u8], seen: &mut usize) -> Option<usize> {
    // The blank line may have begun up to two bytes before what is new.
    let from = seen.saturating_sub(2);
    *seen = bytes.len();
    bytes[from..].iter().enumerate().find_map(|(at, &byte)| {
        let rest = &bytes[from + at..];
        match byte {
            b'\n' if rest.starts_with(b"\n\n") => Some(from + at + 2),
            b'\n' if rest.starts_with(b"\n\r\n") => Some(from + at + 3),
            _ => None,
        }
    })
}

/// Says at the first bytes, not at the deadline, that this is not HTTP.
pub(super) fn looks_like_http(bytes: &[u8]) -> Result<(), Error> {
    const START: &[u8] = b"HTTP/1.";
    // TLS records of type alert and handshake.
    if let [0x15 | 0x16, 0x03, ..] = bytes {
        return Err(Error::NeedsTls(
            "the receiver speaks TLS on this port".into(),
        ));
    }
    let known = bytes.len().min(START.len());
    // One byte may still become TLS.
    if bytes[..known] == START[..known] || matches!(bytes, [0x15 | 0x16]) {
        return Ok(());
    }
    let start = bytes[..bytes.len().min(20)].escape_ascii();
    Err(Error::Protocol(format!("it starts with \"{start}\"")))
}

/// Understands a complete head; `None` is an interim one, another follows.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<Head>, Error> {
    let protocol = |why: String| Err(Error::Protocol(why));
    let mut headers = [httparse::EMPTY_HEADER; HEADER_LIMIT];
    let mut parsed = httparse::Response::new(&mut headers);
    match parsed.parse(bytes) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => return protocol("the head is incomplete".into()),
        Err(httparse::Error::TooManyHeaders) => {
            return protocol(format!("the head has more than {HEADER_LIMIT} headers"))
        }
        Err(error) => return protocol(format!("{error} in the head")),
    }
    let status = match parsed.code.unwrap_or_default() {
        101 => return protocol("it switches protocols".into()),
        100..=199 => return Ok(None),
        status @ 200..=599 => status,
        status => return protocol(format!("status {status}")),
    };

    let framing = match status {
        204 | 304 => Framing::Length(0),
        _ => framing(parsed.headers)?,
    };
    let plain = plain(status, framing, parsed.headers);
    Ok(Some(Head {
        status,
        framing,
        plain,
    }))
}

/// How the body ends. What is ambiguous is refused: two parties reading it differently is an attack's start.
fn framing(headers: &[httparse::Header<'_>]) -> Result<Framing, Error> {
    let protocol = |why: String| Err(Error::Protocol(why));
    let mut length = None;
    for text in values(headers, "content-length") {
        // `u64::from_str` would take "+5".
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match (text.parse::<u64>(), length) {
            (Ok(new), None) if digits => length = Some(new),
            (Ok(new), Some(old)) if digits && new == old => {}
            (Ok(_), Some(_)) if digits => return protocol("two different Content-Length".into()),
            _ => return protocol(format!("Content-Length `{text}`")),
        }
    }
    let mut chunked = false;
    for coding in values(headers, "transfer-encoding") {
        if coding.eq_ignore_ascii_case("chunked") && !chunked {
            chunked = true;
        } else if !coding.eq_ignore_ascii_case("identity") {
            return protocol(format!("Transfer-Encoding `{coding}`"));
        }
    }
    match (chunked, length) {
        (true, Some(_)) => protocol("both Content-Length and Transfer-Encoding".into()),
        (true, None) => Ok(Framing::chunked()),
        (false, Some(length)) => Ok(Framing::Length(length)),
        (false, None) => Ok(Framing::Close),
    }
}

/// The members of a list header, over all its lines.
fn values<'a>(
    headers: &'a [httparse::Header<'_>],
    name: &'a str,
) -> impl Iterator<Item = String> + 'a {
    headers
        .iter()
        .filter(move |header| header.name.eq_ignore_ascii_case(name))
        .flat_map(|header| {
            String::from_utf8_lossy(header.value)
                .split(',')
                .map(|member| member.trim().to_owned())
                .collect::<Vec<_>>()
        })
}

/// The head async-h1 gets: HTTP/1.1, a status it knows, a length, ASCII.
///
/// The guard itself watches where the body ends and reports one that was cut, which async-h1 does not.
/// So a body of unknown length is announced as an endless one: no framing of async-h1's takes part.
fn plain(status: u16, framing: Framing, headers: &[httparse::Header<'_>]) -> Vec<u8> {
    let known = match StatusCode::try_from(status) {
        Ok(_) => status,
        // RFC 9110 section 15: treat an unknown code as x00 of its class.
        Err(_) => status / 100 * 100,
    };
    let length = match framing {
        Framing::Length(length) => usize::try_from(length).unwrap_or(usize::MAX),
        Framing::Close | Framing::Chunked(_) => usize::MAX,
    };
    let mut plain = format!("HTTP/1.1 {known} -\r\ncontent-length: {length}\r\n").into_bytes();
    for header in headers {
        let passed_on = PASSED_ON
            .iter()
            .any(|name| header.name.eq_ignore_ascii_case(name));
        if passed_on && plain.len() + header.name.len() + header.value.len() < PLAIN_LIMIT {
            // Writing into a Vec cannot fail.
            let _ = write!(plain, "{}: ", header.name);
            plain.extend(header.value.iter().filter(|byte| byte.is_ascii()));
            plain.extend_from_slice(b"\r\n");
        }
    }
    plain.extend_from_slice(b"\r\n");
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(lines: &str) -> Result<Option<Head>, Error> {
        parse(format!("{lines}\r\n\r\n").as_bytes())
    }

    fn framing_of(lines: &str) -> Result<Framing, Error> {
        head(&format!("HTTP/1.1 200 OK\r\n{lines}")).map(|head| head.unwrap().framing)
    }

    #[test]
    fn the_end_of_a_head_is_found_however_it_is_cut() {
        for text in [
            &b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody\n\n"[..],
            b"HTTP/1.1 200 OK\nA: b\n\nbody\n\n",
        ] {
            let expected = text.windows(4).position(|window| window == b"body");
            for at in 0..text.len() {
                let mut seen = 0;
                let early = end(&text[..at], &mut seen);
                assert_eq!(
                    early.or_else(|| end(text, &mut seen)),
                    expected,
                    "cut at {at}"
                );
            }
        }
    }

    #[test]
    fn one_length_said_twice_is_one_length() {
        assert_eq!(framing_of("Content-Length: 5, 5"), Ok(Framing::Length(5)));
        assert_eq!(
            framing_of("Content-Length: 5\r\ncontent-length: 5"),
            Ok(Framing::Length(5))
        );
    }

    #[test]
    fn an_ambiguous_length_is_refused() {
        for bad in [
            "Content-Length: 5, 6",
            "Content-Length: 5\r\nContent-Length: 6",
            "Content-Length: +5",
            "Content-Length: -1",
            "Content-Length:",
            "Content-Length: 5x",
            "Content-Length: 99999999999999999999",
            "Content-Length: 5\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: chunked, chunked",
            "Transfer-Encoding: gzip",
        ] {
            assert!(matches!(framing_of(bad), Err(Error::Protocol(_))), "{bad}");
        }
    }

    #[test]
    fn no_length_at_all_means_until_the_end() {
        assert_eq!(framing_of("A: b"), Ok(Framing::Close));
        assert_eq!(
            framing_of("Transfer-Encoding: identity"),
            Ok(Framing::Close)
        );
        assert_eq!(
            framing_of("transfer-encoding: Chunked"),
            Ok(Framing::chunked())
        );
        let empty = head("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked")
            .unwrap()
            .unwrap();
        assert_eq!(empty.framing, Framing::Length(0));
    }

    #[test]
    fn the_plain_head_holds_known_headers_in_ascii() {
        let head = head("HTTP/1.0 299 \u{e9}\r\nX-Name: \u{e9}\r\nContent-Type: text/\u{e9}plain")
            .unwrap()
            .unwrap();
        assert_eq!(head.status, 299);
        let plain = String::from_utf8(head.plain).unwrap();
        let length = usize::MAX;
        assert_eq!(
            plain,
            format!(
                "HTTP/1.1 200 -\r\ncontent-length: {length}\r\nContent-Type: text/plain\r\n\r\n"
            )
        );
    }

    #[test]
    fn a_header_that_would_be_too_much_for_async_h1_is_left_out() {
        let long = "x".repeat(9000);
        let head = head(&format!(
            "HTTP/1.1 200 OK\r\nSet-Cookie: {long}\r\nContent-Type: a/b"
        ))
        .unwrap()
        .unwrap();
        assert!(head.plain.len() < 100 && head.plain.ends_with(b"Content-Type: a/b\r\n\r\n"));
    }

    #[test]
    fn interim_answers_are_no_answers() {
        assert!(head("HTTP/1.1 100 Continue").unwrap().is_none());
        assert!(head("HTTP/1.1 103 Early Hints\r\nLink: x")
            .unwrap()
            .is_none());
        for bad in [
            "HTTP/1.1 101 Switching",
            "HTTP/1.1 099 x",
            "HTTP/1.1 600 x",
            "HTTP/1.1 20 x",
        ] {
            assert!(matches!(head(bad), Err(Error::Protocol(_))), "{bad}");
        }
    }

    #[test]
    fn sixty_five_headers_are_too_many() {
        let lines = |count| format!("HTTP/1.1 200 OK{}", "\r\nA: b".repeat(count));
        assert!(head(&lines(64)).is_ok());
        assert!(
            matches!(head(&lines(65)), Err(Error::Protocol(why)) if why.contains("64 headers"))
        );
    }

    #[test]
    fn what_is_not_http_is_known_by_its_first_bytes() {
        assert!(looks_like_http(b"").is_ok() && looks_like_http(b"HTT").is_ok());
        assert!(looks_like_http(b"\x15").is_ok());
        assert!(matches!(
            looks_like_http(b"\x15\x03\x03"),
            Err(Error::NeedsTls(_))
        ));
        assert!(
            matches!(looks_like_http(b"SSH-2.0\r\n"), Err(Error::Protocol(why)) if why.contains("SSH"))
        );
        assert!(matches!(
            looks_like_http(b"HTTP/2"),
            Err(Error::Protocol(_))
        ));
        assert!(matches!(looks_like_http(b"\x15X"), Err(Error::Protocol(_))));
    }
}
