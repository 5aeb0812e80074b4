//! Text in and out of URLs, and the readable part of an error page.

use std::fmt::Write;

/// The most characters of an error page worth showing.
const EXCERPT: usize = 200;

/// Percent-encodes a query value: everything but RFC 3986's unreserved characters becomes `%XX`.
///
/// A service reference that itself holds `%3a` thus arrives as `%3a` after the receiver's one decoding.
///
/// ```
/// assert_eq!(xg2g::http::client::quote("1:0:\"a%3a b\"/~"), "1%3A0%3A%22a%253a%20b%22%2F~");
/// ```
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() * 3 / 2);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                quoted.push(char::from(byte))
            }
            // Writing into a String cannot fail.
            _ => drop(write!(quoted, "%{byte:02X}")),
        }
    }
    quoted
}

/// Undoes percent-encoding once; what is no valid escape stays.
pub fn unquote(text: &str) -> String {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match tail {
            [high, low, ..] if *first == b'%' => digit(*high).zip(digit(*low)),
            _ => None,
        };
        match escaped {
            Some((high, low)) => {
                bytes.push(high << 4 | low);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The readable start of an error page: no tags, no control characters, blanks joined.
pub(super) fn excerpt(page: &[u8]) -> String {
    let mut text = String::new();
    let mut in_tag = false;
    for char in String::from_utf8_lossy(page).chars() {
        match char {
            '<' => in_tag = true,
            '>' if in_tag => {
                in_tag = false;
                text.push(' ');
            }
            _ if in_tag => {}
            _ if char.is_control() => text.push(' '),
            _ => text.push(char),
        }
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(EXCERPT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quote_and_unquote_are_opposites() {
        for text in [
            "",
            "1:0:19:283D:3FB:1:C00000:0:0:0:",
            "a%3a%2541\"'&+ü/€",
            "%",
            "%4",
            "%zz",
        ] {
            assert_eq!(unquote(&quote(text)), text);
            assert!(quote(text)
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)));
        }
    }

    #[test]
    fn unquote_leaves_alone_what_is_no_escape() {
        assert_eq!(unquote("100%&%4&%zz%41"), "100%&%4&%zzA");
    }

    #[test]
    fn an_error_page_becomes_one_short_line() {
        let page = b"\n<html>\n<title>500</title><b class=\"x\">Processing\tFailed</b>\x1b[31m \xff</html>";
        assert_eq!(excerpt(page), "500 Processing Failed [31m \u{fffd}");
        assert_eq!(excerpt("ä".repeat(5000).as_bytes()).chars().count(), 200);
        assert_eq!(excerpt(b"a cut <tag"), "a cut");
    }
}
