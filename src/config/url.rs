//! The little of a URL that a setting holds: scheme, login, host, port, path.

use std::net::Ipv6Addr;

/// A URL taken apart as far as the settings need it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Url {
    /// Whether it asks for TLS.
    pub(super) https: bool,
    /// User and password, if it carries them.
    pub(super) login: Option<(String, String)>,
    /// The URL without login and without slashes at its end.
    pub(super) bare: String,
}

/// Takes a URL apart.
///
/// # Errors
/// A sentence saying what is wrong; it never repeats the login.
pub(super) fn parse(text: &str) -> Result<Url, String> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err("must begin with http:// or https://".into());
    };
    let scheme = scheme.to_ascii_lowercase();
    let https = match scheme.as_str() {
        "http" => false,
        "https" => true,
        _ => return Err("must begin with http:// or https://".into()),
    };
    if text.contains(['?', '#']) {
        return Err("must have no query (?) and no fragment (#); in a login write %3F, %23".into());
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("must have no blanks".into());
    }
    let (authority, path) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, ""),
    };
    let (login, host) = match authority.rsplit_once('@') {
        Some((login, host)) => (Some(decode_login(login)?), host),
        None => (None, authority),
    };
    check_host(host)?;
    let path = path.trim_end_matches('/');
    Ok(Url {
        https,
        login,
        bare: format!("{scheme}://{host}{path}"),
    })
}

/// The text with everything that may be a login replaced, for messages; `text` need not be a URL.
pub(super) fn masked(text: &str) -> String {
    let Some((before, host)) = text.rsplit_once('@') else {
        return text.into();
    };
    match before.split_once("://") {
        Some((scheme, _)) => format!("{scheme}://***@{host}"),
        None => format!("***@{host}"),
    }
}

fn check_host(host: &str) -> Result<(), String> {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let (inner, after) = rest.split_once(']').unwrap_or((rest, "x"));
            if inner.parse::<Ipv6Addr>().is_err() {
                return Err("has no valid IPv6 address between [ and ]".into());
            }
            ("[]", after)
        }
        None => match host.find(':') {
            Some(colon) => host.split_at(colon),
            None => (host, ""),
        },
    };
    if name.is_empty() {
        return Err("needs a host, such as http://192.168.1.20".into());
    }
    if !name.is_ascii() {
        return Err("must have an ASCII host name (others are written xn--...)".into());
    }
    let odd = |c: char| !(c.is_ascii_alphanumeric() || "-._".contains(c));
    if name != "[]" && name.contains(odd) {
        return Err("has a host that is neither a name nor an address".into());
    }
    let digits = port.strip_prefix(':').unwrap_or(port);
    let number = digits.parse::<u16>().unwrap_or(0);
    if !port.is_empty() && (number == 0 || !port.starts_with(':') || digits.starts_with('+')) {
        return Err("needs a port from 1 to 65535 behind the colon".into());
    }
    Ok(())
}

fn decode_login(login: &str) -> Result<(String, String), String> {
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    Ok((decode(user)?, decode(password)?))
}

fn decode(text: &str) -> Result<String, String> {
    let bad = || "has a login with a broken %-escape (a plain % is written %25)".to_string();
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let (Some(high), Some(low)) = (digit(), digit()) else {
            return Err(bad());
        };
        bytes.push((high * 16 + low) as u8);
    }
    String::from_utf8(bytes).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_split_off_and_decoded() {
        let url = parse("HTTP://ro%6Ft:p%40ss%3Aw@box.lan:8081/web/").unwrap();
        assert_eq!(url.login, Some(("root".into(), "p@ss:w".into())));
        assert_eq!(url.bare, "http://box.lan:8081/web");
        assert!(!url.https);
    }

    #[test]
    fn addresses_and_names_are_hosts() {
        for text in [
            "http://127.0.0.1",
            "http://[::1]:80",
            "http://[fe80::1]",
            "http://vu_duo2",
        ] {
            assert_eq!(parse(text).map(|url| url.bare).as_deref(), Ok(text));
        }
        assert!(parse("https://tv.example.org/xg2g").unwrap().https);
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for text in [
            "",
            "box",
            "192.168.1.20",
            "ftp://box",
            "http://",
            "http:///web",
            "http://:80",
            "http://box:0",
            "http://box:",
            "http://box:65536",
            "http://box:+80",
            "http://[::1",
            "http://[::1]80",
            "http://[box]",
            "http://b ox",
            "http://b,ox",
            "http://böx",
            "http://box?x=1",
            "http://box/#a",
            "http://u:%zz@box",
            "http://u:%f@box",
            "http://u:%ff@box",
            "http://::1",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_login_is_masked_even_in_what_is_no_url() {
        assert_eq!(masked("http://a:b@c@box/x"), "http://***@box/x");
        assert_eq!(masked("a:b@box"), "***@box");
        assert_eq!(masked("http://a:b/c@box"), "http://***@box");
        assert_eq!(masked("http://box"), "http://box");
    }
}
