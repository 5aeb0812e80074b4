//! The request target: which host, path and query the client means.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::error::Refusal;

/// A request target, taken apart and decoded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// The host of an absolute target, as sent.
    pub(super) host: Option<String>,
    /// The path as sent, without the query.
    pub(super) raw_path: String,
    /// Path and query as sent.
    pub(super) origin: String,
    /// The decoded segments; empty for the target `*`.
    pub(super) segments: Vec<String>,
    /// The decoded query, in the order sent.
    pub(super) query: Vec<(String, String)>,
}

impl Target {
    /// Takes `target` apart. Dot segments are refused, plain or encoded: no honest client sends them and
    /// nothing behind may ever see one as a parameter.
    pub(super) fn parse(target: &str) -> Result<Self, Refusal> {
        if target == "*" {
            return Ok(Target {
                host: None,
                raw_path: "*".to_owned(),
                origin: "/".to_owned(),
                segments: Vec::new(),
                query: Vec::new(),
            });
        }
        let (host, origin) = split_absolute(target)?;
        let origin = origin.split('#').next().unwrap_or_default();
        let (path, query) = origin.split_once('?').unwrap_or((origin, ""));
        let path = if path.is_empty() { "/" } else { path };
        let segments = path[1..]
            .split('/')
            .map(|segment| match decode(segment, false) {
                Some(text) if !has_dots(&text) => Ok(text),
                _ => Err(Refusal::bad("the path is not valid")),
            })
            .collect::<Result<_, _>>()?;
        let pairs = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                decode(name, true)
                    .zip(decode(value, true))
                    .ok_or(Refusal::bad("the query is not valid"))
            })
            .collect::<Result<_, _>>()?;
        Ok(Target {
            host: host.map(str::to_owned),
            raw_path: path.to_owned(),
            origin: match query {
                "" => path.to_owned(),
                _ => format!("{path}?{query}"),
            },
            segments,
            query: pairs,
        })
    }
}

/// Whether a decoded segment is, or holds behind encoded slashes, a dot segment.
fn has_dots(segment: &str) -> bool {
    let mut parts = segment.split(['/', '\\']);
    parts.any(|part| part == "." || part == "..")
}

/// `http://host/path` to host and the rest; a target that starts with `/` has no host.
fn split_absolute(target: &str) -> Result<(Option<&str>, &str), Refusal> {
    if target.starts_with('/') {
        return Ok((None, target));
    }
    let (scheme, rest) = target
        .split_once("://")
        .ok_or(Refusal::bad("the request target is not valid"))?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Err(Refusal::bad("the request target is not valid"));
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    Ok((Some(&rest[..end]), &rest[end..]))
}

/// Whether `host` can be a Host header: a name or address with an optional port. What gets through here
/// may be put into links, so the character set is narrow and userinfo, spaces and paths are out.
pub(super) fn is_host(host: &str) -> bool {
    let (is_named, port) = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) => (address.parse::<Ipv6Addr>().is_ok(), port),
            None => return false,
        },
        None => {
            let (name, port) = host.split_at(host.find(':').unwrap_or(host.len()));
            let in_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
            let is_name = !name.is_empty() && name.len() <= 253 && name.bytes().all(in_name);
            // No name ends in a number (RFC 1123, 2.1).
            let last = name.rsplit('.').next().unwrap_or_default();
            let ends_in_number = last.starts_with(|c: char| c.is_ascii_digit())
                && last.bytes().all(|byte| byte.is_ascii_digit());
            let is_address = || name.parse::<Ipv4Addr>().is_ok();
            (is_name && (!ends_in_number || is_address()), port)
        }
    };
    let is_port = |port: &str| {
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        digits && (port.is_empty() || port.parse::<u16>().is_ok())
    };
    is_named && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

/// Undoes percent encoding (and `+` for a space in a query). `None` on a cut escape, bytes that are not
/// UTF-8, and control characters: they have no use here and could forge log lines.
fn decode(text: &str, plus: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            b'+' if plus => b' ',
            byte => byte,
        });
    }
    let text = String::from_utf8(bytes).ok()?;
    (!text.contains(char::is_control)).then_some(text)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(target: &str) -> Option<Vec<String>> {
        Target::parse(target).ok().map(|target| target.segments)
    }

    #[test]
    fn a_path_is_decoded_segment_by_segment() {
        assert_eq!(segments("/a%20b/c%2Fd+e").unwrap(), ["a b", "c/d+e"]);
        assert_eq!(segments("/").unwrap(), [""]);
        assert_eq!(segments("//x/").unwrap(), ["", "x", ""]);
        assert_eq!(segments("/%C3%A9").unwrap(), ["é"]);
    }

    #[test]
    fn a_path_that_could_confuse_is_refused() {
        for target in [
            "/x/../y",
            "/%2e%2e/y",
            "/x/.%2E",
            "/./y",
            "/a%2f..",
            "/%2e%2e%5cx",
            "/%00",
            "/%0a",
            "/%7f",
            "/%ff",
            "/%c3",
            "/%",
            "/%4",
            "/%zz",
            "/%+1",
            "/%C2%85",
            "",
            "x",
            "ftp://h/",
            "h:80",
        ] {
            assert_eq!(segments(target), None, "{target}");
        }
    }

    #[test]
    fn a_query_is_decoded_in_order() {
        let target = Target::parse("/p?b=1+2&a=%26&&flag&b=3#frag").unwrap();
        let expected = [("b", "1 2"), ("a", "&"), ("flag", ""), ("b", "3")];
        let pairs = target.query.iter().map(|(k, v)| (&**k, &**v));
        assert!(pairs.eq(expected));
        assert_eq!(target.origin, "/p?b=1+2&a=%26&&flag&b=3");
        assert!(Target::parse("/p?a=%ff").is_err());
    }

    #[test]
    fn an_absolute_target_brings_its_host() {
        let target = Target::parse("http://box:80/a?b").unwrap();
        assert_eq!(target.host.as_deref(), Some("box:80"));
        assert_eq!((&*target.raw_path, &*target.origin), ("/a", "/a?b"));
        let bare = Target::parse("HTTP://box?x=1").unwrap();
        assert_eq!((&*bare.raw_path, &*bare.origin), ("/", "/?x=1"));
    }

    #[test]
    fn a_host_has_a_narrow_character_set() {
        for host in [
            "box",
            "box.local:8080",
            "[fe80::1]:80",
            "[::1]",
            "10.0.0.1",
            "box:",
            "my_box",
        ] {
            assert!(is_host(host), "{host}");
        }
        for host in [
            "",
            "a b",
            "a/hello?",
            "user@box",
            "a,b",
            "é",
            "a\tb",
            "a%41",
            ":80",
            "a:b",
            "a:1:2",
            "a:65536",
            "256.1.1.1",
            "1.2.3",
            "fe80::1",
            "[::1",
            "::1]",
            "[box]",
            "[]",
            "[::1]80",
            "[::1]:+8",
            "a[::1]",
        ] {
            assert!(!is_host(host), "{host}");
        }
    }
}
