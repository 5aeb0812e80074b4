//! A versioned thing to hand out: conditional requests, ranges, and the choice of gzip.

use std::fs::File;
use std::sync::Arc;
use std::time::SystemTime;

use super::date;
use super::error::{ApiError, Refusal};
use super::reply::{Body, Part, Reply};
use super::request::{Method, Request};

/// Something with a version, answered with 200, 206, 304 or 416 as the request asks.
#[derive(Debug, Clone)]
pub struct Entity {
    /// The bytes as stored, encoded if `encoding` says so; ranges count in them.
    pub parts: Vec<Part>,
    /// A strong tag with its quotes, different for each encoding.
    pub etag: String,
    /// When the content last changed.
    pub last_modified: SystemTime,
    /// Media type.
    pub content_type: &'static str,
    /// `Content-Encoding`.
    pub encoding: Option<&'static str>,
    /// `Cache-Control`.
    pub cache_control: &'static str,
    /// The same path has other encodings, so caches must look at `Accept-Encoding`.
    pub varies: bool,
}

impl Entity {
    /// The answer to `request`, which must be a GET or HEAD.
    pub fn reply(self, request: &Request) -> Reply {
        let total = self.parts.iter().map(Part::len).sum();
        let range = if self.is_known(request) {
            return self.head(304);
        } else {
            self.range(request, total)
        };
        match range {
            Range::Whole => self.typed(200, |parts| parts),
            Range::Some { start, end } => self.typed(206, |parts| cut(parts, start, end)).with(
                "content-range",
                format!("bytes {start}-{}/{total}", end - 1),
            ),
            Range::Nowhere => {
                let refusal = Refusal::new(416, "the range is outside of the content");
                let mut reply = ApiError::from(refusal).reply(&request.id, true);
                reply.headers.append(&mut self.head(416).headers);
                reply.with("content-range", format!("bytes */{total}"))
            }
        }
    }

    /// The headers of every status.
    fn head(&self, status: u16) -> Reply {
        let reply = Reply::empty(status)
            .with("etag", self.etag.clone())
            .with("last-modified", date::format(self.last_modified))
            .with("cache-control", self.cache_control);
        match self.varies {
            true => reply.with("vary", "accept-encoding"),
            false => reply,
        }
    }

    fn typed(self, status: u16, choose: impl FnOnce(Vec<Part>) -> Vec<Part>) -> Reply {
        let mut reply = self
            .head(status)
            .with("accept-ranges", "bytes")
            .with("content-type", self.content_type);
        if let Some(encoding) = self.encoding {
            reply = reply.with("content-encoding", encoding);
        }
        reply.body = Body::Parts(choose(self.parts));
        reply
    }

    /// Whether the client already has this version. A tag, when sent, decides alone (RFC 9110 section 13.2.2).
    fn is_known(&self, request: &Request) -> bool {
        if request.header("if-none-match").is_some() {
            return request
                .list("if-none-match")
                .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.etag);
        }
        let since = request.header("if-modified-since").and_then(date::parse);
        since.is_some_and(|since| date::seconds(self.last_modified) <= date::seconds(since))
    }

    fn range(&self, request: &Request, total: u64) -> Range {
        let Some(asked) = request
            .header("range")
            .filter(|_| request.method == Method::Get)
        else {
            return Range::Whole;
        };
        let unchanged = request
            .header("if-range")
            .is_none_or(|known| match date::parse(known) {
                Some(time) => date::seconds(time) == date::seconds(self.last_modified),
                None => known == self.etag,
            });
        if unchanged {
            Range::parse(asked, total).unwrap_or(Range::Whole)
        } else {
            Range::Whole
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Range {
    Whole,
    /// From `start` up to, not including, `end`.
    Some {
        start: u64,
        end: u64,
    },
    /// Nothing of what was asked exists.
    Nowhere,
}

impl Range {
    /// One range of bytes; `None` for several, other units and bad syntax, which are all ignored.
    fn parse(text: &str, total: u64) -> Option<Self> {
        let (unit, range) = text.split_once('=')?;
        let (first, last) = range.trim().split_once('-')?;
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return None;
        }
        let (start, end) = if first.is_empty() {
            (total.saturating_sub(position(last)?), total)
        } else {
            let start = position(first)?;
            let last = if last.is_empty() {
                u64::MAX
            } else {
                position(last)?
            };
            if last < start {
                return None;
            }
            (start, last.saturating_add(1).min(total))
        };
        Some(if start < end {
            Range::Some { start, end }
        } else {
            Range::Nowhere
        })
    }
}

/// A number of digits only; one too long for us is beyond every file.
fn position(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// The bytes from `start` up to `end`.
fn cut(parts: Vec<Part>, start: u64, end: u64) -> Vec<Part> {
    let mut at = 0;
    let mut cut = Vec::new();
    for part in parts {
        let len = part.len();
        let from = start.saturating_sub(at).min(len);
        let to = end.saturating_sub(at).min(len);
        at += len;
        if from < to {
            cut.push(match part {
                // Both fit: they are within a slice.
                Part::Bytes(bytes) => Part::Bytes(bytes[from as usize..to as usize].into()),
                Part::File { file, offset, .. } => Part::File {
                    file,
                    offset: offset + from,
                    len: to - from,
                },
            });
        }
    }
    cut
}

impl From<Arc<[u8]>> for Part {
    fn from(bytes: Arc<[u8]>) -> Self {
        Part::Bytes(bytes)
    }
}

impl Part {
    /// A whole file as it is now. Fails if its length cannot be read.
    pub fn file(file: Arc<File>) -> std::io::Result<Self> {
        let len = file.metadata()?.len();
        Ok(Part::File {
            file,
            offset: 0,
            len,
        })
    }
}

/// Whether the client takes gzip, and does not like the plain form better.
pub fn accepts_gzip(request: &Request) -> bool {
    let (mut gzip, mut any, mut plain) = (None, None, None);
    for element in request.list("accept-encoding") {
        let mut fields = element.split(';').map(str::trim);
        let name = fields.next().unwrap_or_default();
        let quality = fields.find_map(|field| {
            let (key, value) = field.split_once('=')?;
            key.trim()
                .eq_ignore_ascii_case("q")
                .then(|| thousandths(value.trim()).unwrap_or(0))
        });
        let quality = quality.unwrap_or(1000);
        if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
            gzip = Some(quality);
        } else if name.eq_ignore_ascii_case("identity") {
            plain = Some(quality);
        } else if name == "*" {
            any = Some(quality);
        }
    }
    let gzip = gzip.or(any).unwrap_or(0);
    gzip > 0 && gzip >= plain.unwrap_or(0)
}

/// A quality: 0 to 1 with at most three digits behind the point (RFC 9110, section 12.4.2); more are passed over.
fn thousandths(quality: &str) -> Option<u16> {
    let (whole, fraction) = quality.split_once('.').unwrap_or((quality, ""));
    let whole = whole.parse::<u16>().ok()?.min(1);
    let digits = fraction.chars().map(|c| c.to_digit(10));
    let mut digits = digits.chain(std::iter::repeat(Some(0))).take(3);
    digits.try_fold(whole, |sum, digit| {
        Some(sum * 10 + u16::try_from(digit?).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::super::request::tests::request;
    use super::*;

    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    fn reply(line: &str, headers: &str) -> Reply {
        let bytes = |text: &str| Part::Bytes(text.as_bytes().into());
        let entity = Entity {
            parts: vec![bytes("0123"), bytes("456789")],
            etag: "\"v1\"".to_owned(),
            last_modified: UNIX_EPOCH + Duration::from_millis(784_111_777_900),
            content_type: "text/plain",
            encoding: Some("gzip"),
            cache_control: "no-cache",
            varies: true,
        };
        entity.reply(&request(line, headers))
    }

    fn get(headers: &str) -> (u16, String) {
        let reply = reply("GET /", headers);
        (reply.status, text(&reply))
    }

    fn text(reply: &Reply) -> String {
        let Body::Parts(parts) = &reply.body else {
            return String::new();
        };
        let bytes = parts.iter().flat_map(|part| match part {
            Part::Bytes(bytes) => bytes.to_vec(),
            Part::File { .. } => Vec::new(),
        });
        String::from_utf8(bytes.collect()).unwrap()
    }

    fn header<'r>(reply: &'r Reply, name: &str) -> Option<&'r str> {
        let found = reply.headers.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| &**value)
    }

    #[test]
    fn a_known_tag_is_304_whatever_the_date_says() {
        for tags in ["\"v1\"", "W/\"v1\"", "\"v0\", \"v1\"", "*"] {
            let known = reply("GET /", &format!("If-None-Match: {tags}\r\n"));
            assert_eq!(known.status, 304, "{tags}");
            assert_eq!(header(&known, "etag"), Some("\"v1\""));
            assert_eq!(header(&known, "vary"), Some("accept-encoding"));
            assert_eq!(header(&known, "content-type"), None);
        }
        let newer = format!("If-None-Match: \"v0\"\r\nIf-Modified-Since: {DATE}\r\n");
        assert_eq!(get(&newer).0, 200);
        let lines = "If-None-Match: \"v0\"\r\nIf-None-Match: \"v1\"\r\n";
        assert_eq!(get(lines).0, 304);
    }

    #[test]
    fn a_known_date_is_304_in_whole_seconds() {
        assert_eq!(get(&format!("If-Modified-Since: {DATE}\r\n")).0, 304);
        assert_eq!(
            get("If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n").0,
            200
        );
        assert_eq!(get("If-Modified-Since: yesterday\r\n").0, 200);
    }

    #[test]
    fn a_range_is_cut_across_parts() {
        for (range, expected) in [
            ("bytes=2-5", "2345"),
            ("bytes=0-0", "0"),
            ("bytes=8-", "89"),
            ("bytes=-3", "789"),
            ("bytes=-99", "0123456789"),
            ("bytes=4-99999999999999999999999", "456789"),
        ] {
            let expected = (206, expected.to_owned());
            assert_eq!(get(&format!("Range: {range}\r\n")), expected, "{range}");
        }
        let part = reply("GET /", "Range: bytes=2-5\r\n");
        assert_eq!(header(&part, "content-range"), Some("bytes 2-5/10"));
    }

    #[test]
    fn a_range_outside_is_416_and_a_strange_one_is_ignored() {
        for range in ["bytes=10-", "bytes=-0", "bytes=99-100"] {
            let outside = reply("GET /", &format!("Range: {range}\r\n"));
            assert_eq!(outside.status, 416, "{range}");
            assert_eq!(header(&outside, "content-range"), Some("bytes */10"));
        }
        for range in [
            "bytes=5-2",
            "bytes=0-1,3-4",
            "lines=0-1",
            "bytes=+1-2",
            "bytes=-",
        ] {
            assert_eq!(get(&format!("Range: {range}\r\n")).0, 200, "{range}");
        }
        assert_eq!(reply("HEAD /", "Range: bytes=0-0\r\n").status, 200);
    }

    #[test]
    fn if_range_of_another_version_gets_the_whole() {
        for (known, status) in [
            ("\"v1\"", 206),
            ("\"v0\"", 200),
            ("W/\"v1\"", 200),
            (DATE, 206),
        ] {
            let headers = format!("Range: bytes=0-0\r\nIf-Range: {known}\r\n");
            assert_eq!(get(&headers).0, status, "{known}");
        }
    }

    #[test]
    fn a_whole_answer_tells_what_a_cache_needs() {
        let whole = reply("GET /", "");
        assert_eq!(header(&whole, "last-modified"), Some(DATE));
        assert_eq!(header(&whole, "content-encoding"), Some("gzip"));
        assert_eq!(header(&whole, "accept-ranges"), Some("bytes"));
        assert_eq!(text(&whole), "0123456789");
    }

    #[test]
    fn gzip_is_taken_when_the_client_says_so() {
        for (value, expected) in [
            ("gzip", true),
            ("deflate, gzip, br, zstd", true),
            ("GZIP;q=0.5", true),
            ("x-gzip", true),
            ("*", true),
            ("identity;q=0, *;q=0.1", true),
            ("gzip;q=0", false),
            ("gzip;q=0, *", false),
            ("gzip; q=0.000", false),
            ("*;q=0", false),
            ("identity", false),
            ("identity;q=1, gzip;q=0.5", false),
            ("br", false),
            ("gzip;q=x", false),
            ("gzip;q=0.x", false),
            ("gzip;q=0.001", true),
            ("gzip;q=2", true),
            ("gzip;q=0.25, identity;q=0.3", false),
            ("gzip;q=0.3, identity;q=0.25", true),
            ("", false),
        ] {
            let request = request("GET /", &format!("Accept-Encoding: {value}\r\n"));
            assert_eq!(accepts_gzip(&request), expected, "{value}");
        }
        assert!(!accepts_gzip(&request("GET /", "")));
    }
}
