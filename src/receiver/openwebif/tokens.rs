//! nanoserde's tokens, with a reader of strings of our own.
//!
//! Most of an answer is strings. nanoserde takes them character by character; here they are copied from one backslash
//! to the next, which takes a tenth of the time.

use std::str::Chars;

use memchr::memchr3;
use nanoserde::{DeJsonErr, DeJsonState, DeJsonTok};

/// The tokens of a text; one is looked at, the character behind it is known.
pub(super) struct Tokens<'a> {
    state: DeJsonState,
    rest: Chars<'a>,
}

impl<'a> Tokens<'a> {
    /// Stands at the first token.
    pub(super) fn of(text: &'a str) -> Result<Tokens<'a>, DeJsonErr> {
        let mut tokens = Tokens {
            state: DeJsonState::default(),
            rest: text.chars(),
        };
        tokens.state.next(&mut tokens.rest);
        tokens.step()?;
        Ok(tokens)
    }

    /// The token looked at.
    pub(super) fn token(&self) -> &DeJsonTok {
        &self.state.tok
    }

    /// Steps over the token looked at.
    pub(super) fn step(&mut self) -> Result<(), DeJsonErr> {
        while matches!(self.state.cur, ' ' | '\n' | '\r' | '\t') {
            self.state.next(&mut self.rest);
        }
        if self.state.cur == '"' {
            self.read_string()
        } else {
            self.state.next_tok(&mut self.rest)
        }
    }

    /// Steps over the token looked at if it is `token`; an error otherwise.
    pub(super) fn expect(&mut self, token: DeJsonTok, name: &str) -> Result<(), DeJsonErr> {
        if self.state.tok != token {
            return Err(self.wrong(name));
        }
        self.step()
    }

    /// The text of the string looked at; can be taken once.
    pub(super) fn take_text(&mut self) -> String {
        std::mem::take(&mut self.state.strbuf)
    }

    /// The same, leaving another buffer to read the next string into.
    pub(super) fn swap_text(&mut self, text: &mut String) {
        std::mem::swap(text, &mut self.state.strbuf);
    }

    /// The error that something else than `name` was found.
    pub(super) fn wrong(&self, name: &str) -> DeJsonErr {
        self.state.err_token(name)
    }

    fn read_string(&mut self) -> Result<(), DeJsonErr> {
        let text = &mut self.state.strbuf;
        text.clear();
        loop {
            let rest = self.rest.as_str();
            let end = memchr3(b'"', b'\\', 0, rest.as_bytes());
            let Some((before, from)) = end.and_then(|end| rest.split_at_checked(end)) else {
                return Err(self.state.err_parse("string"));
            };
            text.push_str(before);
            if let Some(behind) = from.strip_prefix('"') {
                self.rest = behind.chars();
                self.state.next(&mut self.rest);
                self.state.tok = DeJsonTok::Str;
                return Ok(());
            }
            let Some((c, behind)) = unescape(from) else {
                return Err(self.state.err_parse("string"));
            };
            text.push(c);
            self.rest = behind.chars();
        }
    }
}

/// The character that an escape at the beginning of `text` stands for, and what follows it.
fn unescape(text: &str) -> Option<(char, &str)> {
    let mut rest = text.strip_prefix('\\')?.chars();
    let c = match rest.next()? {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'u' => {
            let unit = |text: &str| {
                let digits = text.get(2..6).filter(|digits| !digits.starts_with('+'))?;
                u32::from_str_radix(digits, 16).ok()
            };
            let (mut code, mut length) = (unit(text)?, 6);
            if (0xd800..0xdc00).contains(&code) {
                let low = text.get(6..).filter(|low| low.starts_with("\\u"));
                let low = low.and_then(unit).filter(|low| low & 0xfc00 == 0xdc00)?;
                (code, length) = (0x1_0000 + ((code & 0x3ff) << 10) + (low & 0x3ff), 12);
            }
            return Some((char::from_u32(code)?, text.get(length..)?));
        }
        c => c,
    };
    Some((c, rest.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(text: &str) -> Option<String> {
        Tokens::of(text).ok().map(|mut tokens| tokens.take_text())
    }

    #[test]
    fn strings_are_read_with_their_escapes() {
        for (text, means) in [
            (r#""""#, ""),
            (r#"" plain Ü "#, "-"),
            (r#""plain Ü" "#, "plain Ü"),
            (r#""\u00dc\n\t\"\\\/\r\b\f""#, "Ü\n\t\"\\/\r\u{8}\u{c}"),
            (r#""a\ud83d\ude00b""#, "a😀b"),
            (r#""\ü""#, "ü"),
            (r#""\ud83d""#, "-"),
            (r#""\ud83dx\ude00""#, "-"),
            (r#""\ud83d\u0041""#, "-"),
            (r#""\ude00""#, "-"),
            (r#""\u12""#, "-"),
            (r#""\u12ü4""#, "-"),
            (r#""\u+123""#, "-"),
            (r#""\"#, "-"),
            ("\"a\0b\"", "-"),
        ] {
            assert_eq!(string(text).unwrap_or("-".into()), means, "{text}");
        }
    }

    #[test]
    fn what_follows_a_string_is_found() {
        let mut tokens = Tokens::of("{ \"a\" : 1 }").unwrap();
        for token in [
            DeJsonTok::CurlyOpen,
            DeJsonTok::Str,
            DeJsonTok::Colon,
            DeJsonTok::U64(1),
        ] {
            tokens.expect(token, "").unwrap();
        }
        assert!(*tokens.token() == DeJsonTok::CurlyClose);
    }
}
