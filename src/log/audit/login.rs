//! Masks logins.

use std::borrow::Cow;

/// The two slashes before a login, and the sign behind it; as they are and percent-encoded.
const SLASHES: [&str; 2] = ["//", "%2f%2f"];
const AT: [&str; 2] = ["@", "%40"];

/// The text with the login of every URL in it masked. Rather too much is masked than too little: a password may hold
/// whatever somebody did not encode.
pub(super) fn without_login(text: &str) -> Cow<'_, str> {
    if AT.iter().all(|at| !text.contains(at)) {
        return text.into();
    }
    let masked: String = text.split_inclusive(ends_word).map(word).collect();
    masked.into()
}

fn ends_word(c: char) -> bool {
    c.is_whitespace() || c == '"'
}

fn word(word: &str) -> Cow<'_, str> {
    // As long as the word, whatever is in it.
    let lower = word.to_ascii_lowercase();
    let begin = SLASHES
        .iter()
        .filter_map(|slashes| Some(lower.find(slashes)? + slashes.len()))
        .min();
    let end = AT.iter().filter_map(|at| lower.rfind(at)).max();
    match begin.zip(end) {
        Some((begin, end)) if begin < end => {
            format!("{}***{}", &word[..begin], &word[end..]).into()
        }
        _ => word.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_masked_encoded_ones_too() {
        for (text, masked) in [
            (
                "cannot reach http://a:b@box/x now",
                "cannot reach http://***@box/x now",
            ),
            (
                "http://a:b/c@d@box \"rtsp://e:f@g\"",
                "http://***@box \"rtsp://***@g\"",
            ),
            (
                "to /api?sRef=4097%3A0%3Ahttp%253a%2F%2Fu%253Ap%40tv.example%2Fx cannot be read",
                "to /api?sRef=4097%3A0%3Ahttp%253a%2F%2F***%40tv.example%2Fx cannot be read",
            ),
            ("/api/v1/refresh", "/api/v1/refresh"),
            ("tv@home http://box", "tv@home http://box"),
            ("Ö@ //Ö:ß@é", "Ö@ //***@é"),
            ("", ""),
        ] {
            assert_eq!(without_login(text), masked);
        }
    }
}
