//! The words of JSON, read from outside: answers of the receiver, bodies of requests.
//!
//! Most of an answer is strings. They are borrowed from it, or copied from one backslash to the next. Numbers stay as
//! written: nobody asks for more than the whole ones, and what the standard library reads and writes of floating point
//! is large.

use std::borrow::Cow;

use memchr::memchr3;

/// What the grammar of JSON is made of.
#[derive(Debug, PartialEq)]
pub enum Token<'a> {
    /// One of `{}[]:,`.
    Mark(u8),
    /// A string, unescaped.
    Text(Cow<'a, str>),
    /// As written.
    Number(&'a str),
    /// `true` or `false`.
    Flag(bool),
    /// `null`.
    Null,
    /// There is no more.
    End,
}

/// The tokens of a text.
pub struct Tokens<'a> {
    text: &'a str,
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    /// Of this text.
    pub fn of(text: &'a str) -> Tokens<'a> {
        Tokens { text, rest: text }
    }

    /// The next token; [`Token::End`] for ever behind the last.
    pub fn take(&mut self) -> Result<Token<'a>, String> {
        self.rest = self.rest.trim_start_matches([' ', '\n', '\r', '\t']);
        let (length, token) = match self.rest.as_bytes().first() {
            None => (0, Token::End),
            Some(mark @ (b'{' | b'}' | b'[' | b']' | b':' | b',')) => (1, Token::Mark(*mark)),
            Some(b'"') => {
                let string = string(&self.rest[1..]).ok_or_else(|| self.wrong("a string"))?;
                (string.0 + 1, Token::Text(string.1))
            }
            Some(_) => {
                let in_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
                let word = &self.rest[..self.rest.bytes().take_while(in_word).count()];
                let token = match word {
                    "true" => Token::Flag(true),
                    "false" => Token::Flag(false),
                    "null" => Token::Null,
                    _ if is_number(word) => Token::Number(word),
                    _ => return Err(self.wrong("a value")),
                };
                (word.len(), token)
            }
        };
        self.rest = &self.rest[length..];
        Ok(token)
    }

    /// Steps over `mark`; an error if something else is there.
    pub fn expect(&mut self, mark: u8) -> Result<(), String> {
        match self.take()? {
            Token::Mark(found) if found == mark => Ok(()),
            _ => Err(self.wrong(char::from(mark).encode_utf8(&mut [0; 4]))),
        }
    }

    /// The error that something else than `name` was found.
    pub fn wrong(&self, name: &str) -> String {
        let at = self.text.len() - self.rest.len();
        format!("broken JSON: not {name} at byte {at}")
    }
}

/// The string whose inside `text` begins with, and the length up to behind its closing quote.
fn string(text: &str) -> Option<(usize, Cow<'_, str>)> {
    let mut string = Cow::default();
    let mut rest = text;
    loop {
        let end = memchr3(b'"', b'\\', 0, rest.as_bytes())?;
        // Borrowed as long as there is one piece only.
        string += &rest[..end];
        rest = &rest[end..];
        if let Some(behind) = rest.strip_prefix('"') {
            return Some((text.len() - behind.len(), string));
        }
        let (c, behind) = unescape(rest)?;
        string.to_mut().push(c);
        rest = behind;
    }
}

/// Whether a word is one of JSON's numbers. `012`, which is none, may pass.
fn is_number(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = word.split_once(['e', 'E']).unwrap_or((word, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    digits(whole.strip_prefix('-').unwrap_or(whole))
        && digits(fraction)
        && digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))
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

    fn first(text: &str) -> Option<Token<'_>> {
        Tokens::of(text).take().ok()
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
            assert_eq!(
                first(text).unwrap_or(Token::Text("-".into())),
                Token::Text(means.into()),
                "{text}"
            );
        }
    }

    #[test]
    fn only_what_has_escapes_is_copied() {
        let borrowed = |text| match first(text) {
            Some(Token::Text(text)) => matches!(text, Cow::Borrowed(_)),
            other => panic!("{other:?}"),
        };
        assert!(borrowed(r#""plain Ü""#));
        assert!(borrowed(r#""""#));
        assert!(!borrowed(r#""a\nb""#));
    }

    #[test]
    fn numbers_stay_as_written() {
        for number in [
            "0",
            "-7",
            "12.90",
            "1e5",
            "1.5E+10",
            "-0.25e-3",
            "99999999999999999999999",
        ] {
            assert_eq!(first(number), Some(Token::Number(number)));
        }
        for text in [
            "-",
            "1.",
            ".5",
            "1e",
            "1e+",
            "1.2.3",
            "1-2",
            "--1",
            "1e5e5",
            "NaN",
            "-Infinity",
            "1x",
            "tru",
            "True",
            "ü",
            "'",
        ] {
            assert_eq!(first(text), None, "{text}");
        }
    }

    #[test]
    fn tokens_follow_one_another_to_the_end() {
        let mut tokens = Tokens::of("{ \"a\" :[1,true\n,false],\t\"b\":null} ");
        for token in [
            Token::Mark(b'{'),
            Token::Text("a".into()),
            Token::Mark(b':'),
            Token::Mark(b'['),
            Token::Number("1"),
            Token::Mark(b','),
            Token::Flag(true),
            Token::Mark(b','),
            Token::Flag(false),
            Token::Mark(b']'),
            Token::Mark(b','),
            Token::Text("b".into()),
            Token::Mark(b':'),
            Token::Null,
            Token::Mark(b'}'),
            Token::End,
            Token::End,
        ] {
            assert_eq!(tokens.take(), Ok(token));
        }
    }
}
