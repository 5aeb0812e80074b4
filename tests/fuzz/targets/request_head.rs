//! A request head: what the guard lets through is what every reader of HTTP understands in one way.
//!
//! The first byte says where the bytes are cut for a first look.
#![no_main]

use std::net::SocketAddr;

use libfuzzer_sys::fuzz_target;
use smol::future::block_on;
use xg2g::http::fuzz::{request, Passed};

/// The longest head and the most headers that are served.
const MOST: (usize, usize) = (8 * 1024, 100);

fuzz_target!(|data: &[u8]| {
    let Some((cut, bytes)) = xg2g_fuzz::sized(data) else {
        return;
    };
    let local = SocketAddr::from(([10, 0, 0, 2], 8080));
    let look = |bytes: &[u8]| block_on(request(bytes, local));
    let whole = look(bytes);
    // What has come first can only be incomplete or decide it all.
    let first = look(&bytes[..bytes.len().min(cut * 8)]);
    match (&first, &whole) {
        (Ok(None), _) => {}
        (Ok(Some(one)), Ok(Some(two))) => assert_eq!(one.clean, two.clean),
        (Err(_), Err(_)) => {}
        other => panic!("more bytes changed it: {other:?}"),
    }
    let Ok(Some(passed)) = whole else {
        return;
    };
    assert!(passed.len <= bytes.len() && passed.len <= MOST.0);
    if let Ok(None) | Err(_) = look(&bytes[..passed.len]) {
        panic!("what follows a head belongs to it");
    }
    let (line, headers) = parts(&passed.clean);
    let decoded = passed.decoded.as_ref();
    let decoded = decoded.expect("what passes the guard is decoded");
    assert_eq!(line[0], decoded.method.to_string());
    assert_eq!(line[2], "HTTP/1.1");
    assert!(line[1].starts_with('/'), "{line:?}");
    let values = |name: &str| -> Vec<&str> {
        let found = headers
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value).collect()
    };
    assert_eq!(values("host"), ["h"]);
    for framing in ["transfer-encoding", "content-length", "expect"] {
        assert!(values(framing).is_empty(), "{framing}");
    }
    let segments = decoded.path.split('/');
    assert!(
        !segments.clone().any(|part| part == ".." || part == "."),
        "{}",
        decoded.path
    );
    assert!(!decoded.path.contains(char::is_control) && !decoded.id.contains(char::is_control));
    again(&passed, headers.len(), look(&passed.clean));
});

/// The first line's words and the headers of a clean head, taken apart as plainly as can be.
fn parts(clean: &[u8]) -> (Vec<&str>, Vec<(&str, &str)>) {
    assert!(clean
        .iter()
        .all(|byte| matches!(byte, b'\r' | b'\n' | b'\t' | b' '..=b'~')));
    let text = std::str::from_utf8(clean).expect("ASCII");
    let text = text.strip_suffix("\r\n\r\n").expect("an end");
    let mut lines = text.split("\r\n");
    let first: Vec<&str> = lines.next().expect("a line").split(' ').collect();
    assert_eq!(first.len(), 3, "{first:?}");
    let header = |line: &'_ str| -> bool { !line.contains(['\r', '\n']) };
    let headers = lines.map(|line| {
        assert!(header(line), "{line:?}");
        let (name, value) = line.split_once(':').expect("a colon");
        let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        assert!(!name.is_empty() && name.bytes().all(is_token), "{line:?}");
        (name, value.trim_matches([' ', '\t']))
    });
    (first, headers.collect())
}

/// A clean head is read once more as it was.
fn again(passed: &Passed, headers: usize, second: Result<Option<Passed>, u16>) {
    let second = match second {
        // Blanks and a Host that were not there before take their room.
        Err(431) if passed.clean.len() > MOST.0 || headers > MOST.1 => return,
        Ok(Some(second)) => second,
        other => panic!("{other:?} of {}", passed.clean.escape_ascii()),
    };
    assert_eq!(
        second.clean.escape_ascii().to_string(),
        passed.clean.escape_ascii().to_string()
    );
    let (Ok(one), Ok(two)) = (&passed.decoded, &second.decoded) else {
        panic!("read once only");
    };
    assert_eq!(one.method, two.method);
    if one.path != "*" {
        assert_eq!((&one.path, &one.raw_path), (&two.path, &two.raw_path));
    }
}
