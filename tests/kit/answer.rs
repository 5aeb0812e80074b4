//! An answer as it came over the socket, and its body read.

use std::collections::BTreeMap;
use std::io::Read;

use nanoserde::DeJson;

use super::read::{Guide, Item};

/// An answer, chunks joined.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(super) fn parse(bytes: &[u8]) -> Answer {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.expect("a head");
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let headers: BTreeMap<String, String> = lines
            .map(|line| line.split_once(':').unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut body = bytes[end + 4..].to_vec();
        if headers.get("transfer-encoding").map(String::as_str) == Some("chunked") {
            body = join_chunks(&body);
        }
        Answer {
            status: status.parse().unwrap(),
            headers,
            body,
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// All headers, their names in small letters.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let headers = self.headers.iter();
        headers.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A header that must be there.
    pub(crate) fn head(&self, name: &str) -> &str {
        let value = self.header(name);
        value.unwrap_or_else(|| panic!("no {name} in {:?}", self.headers))
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The body of a good answer as JSON.
    pub(crate) fn json<T: DeJson>(&self) -> T {
        let text = self.text();
        assert_eq!(self.head("content-type"), "application/json", "{text}");
        T::deserialize_json(text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    pub(crate) fn unzipped(&self) -> String {
        let mut text = String::new();
        let mut reader = flate2::read::GzDecoder::new(&self.body[..]);
        reader.read_to_string(&mut text).unwrap();
        text
    }

    /// The body of a good answer as a playlist.
    pub(crate) fn playlist(&self) -> Vec<Item> {
        assert_eq!(self.status, 200, "{}", self.text());
        Item::all(self.text())
    }

    /// The body of a good answer as a guide.
    pub(crate) fn guide(&self) -> Guide {
        assert_eq!(self.status, 200, "{}", self.text());
        Guide::parse(self.text())
    }
}

fn join_chunks(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n");
        let end = end.expect("a chunk");
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            return body;
        }
        body.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 4 + size..];
    }
}
