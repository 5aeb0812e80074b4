//! JSON as OpenWebif really sends it, one object at a time from the socket.
//!
//! An answer is an object with one long list of objects. [`Splitter`] cuts these out of the pieces as they arrive, so
//! memory holds one object, not the answer; [`read_fields`] reads one. All quirks of types (numbers as strings, nulls,
//! objects in the place of text) are met here and nowhere else.
//!
//! Not with nanoserde, which panics (`unimplemented!`) on some broken values of fields it skips, and loops for ever on
//! others: its readers are never given text from outside.

use std::borrow::Cow;

use memchr::memchr3;

use super::tame::tame;
use crate::json::{Token, Tokens};

/// An object larger than this is not OpenWebif's: its longest event is some 10 kB, a listed bouquet of 1 000 services
/// 170 kB.
const LARGEST_OBJECT: usize = 512 * 1024;
/// What is outside of the list: a few fields.
const LARGEST_SHELL: usize = 256 * 1024;
const DEEPEST: usize = 32;

/// Cuts the objects of the list out of an answer.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    open: Vec<u8>,
    in_string: bool,
    escaped: bool,
    in_object: bool,
    object: Vec<u8>,
    shell: Vec<u8>,
}

impl Splitter {
    /// Takes a piece of the answer and hands out each object of the list that it completes.
    ///
    /// # Errors
    /// A sentence, when it is no JSON or out of bounds, or the error of `each`.
    pub(super) fn push(
        &mut self,
        piece: &[u8],
        mut each: impl FnMut(&str) -> Result<(), String>,
    ) -> Result<(), String> {
        let (mut begin, mut next) = (0, 0);
        while let Some(byte) = piece.get(next).copied() {
            let at = next;
            next += 1;
            if self.in_string {
                if self.escaped && byte != 0 {
                    self.escaped = false;
                    continue;
                }
                // Most of an answer is passed over here.
                let Some(length) = memchr3(b'"', b'\\', 0, &piece[at..]) else {
                    break;
                };
                next = at + length + 1;
                match piece[at + length] {
                    b'"' => self.in_string = false,
                    b'\\' => self.escaped = true,
                    _ => return Err("a NUL in the answer".into()),
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => {
                    if byte == b'{' && !self.in_object && self.open == *b"{[" {
                        self.shell.extend_from_slice(&piece[begin..at]);
                        begin = at;
                        self.in_object = true;
                    }
                    if self.open.is_empty() && byte == b'[' || self.open.len() == DEEPEST {
                        return Err("not the JSON expected".into());
                    }
                    self.open.push(byte);
                }
                b'}' | b']' => {
                    // `{` and `}`, `[` and `]` are two apart in ASCII.
                    if self.open.pop() != Some(byte - 2) {
                        return Err("broken JSON: brackets do not match".into());
                    }
                    if self.in_object && self.open.len() == 2 {
                        self.in_object = false;
                        let end = &piece[begin..=at];
                        begin = at + 1;
                        if self.object.is_empty() {
                            each(&text_of(end))?;
                        } else {
                            self.object.extend_from_slice(end);
                            each(&text_of(&self.object))?;
                            self.object.clear();
                        }
                    }
                }
                b',' if !self.in_object && self.open == *b"{[" => {
                    self.shell.extend_from_slice(&piece[begin..at]);
                    begin = at + 1;
                }
                b' ' | b'\n' | b'\r' | b'\t' => {}
                // A byte order mark before the answer says nothing.
                0xef | 0xbb | 0xbf
                    if self.shell.is_empty() && self.open.is_empty() && begin == at =>
                {
                    begin = at + 1;
                }
                _ if self.open.is_empty() => return Err("this is no JSON object".into()),
                // A comment, for some readers of JSON.
                b'/' => return Err("broken JSON: a stray /".into()),
                0..=0x1f => return Err("a control character in the answer".into()),
                _ => {}
            }
        }
        let rest = piece.get(begin..).unwrap_or(&[]);
        if self.in_object {
            self.object.extend_from_slice(rest);
        } else {
            self.shell.extend_from_slice(rest);
        }
        if self.object.len() > LARGEST_OBJECT || self.shell.len() > LARGEST_SHELL {
            return Err("an object in the answer is too large".into());
        }
        Ok(())
    }

    /// Ends the answer and gives what is outside of the objects: `{"events":[],"result":true}`.
    ///
    /// # Errors
    /// When the answer is empty or cut.
    pub(super) fn finish(self) -> Result<String, String> {
        let shell = text_of(&self.shell).into_owned();
        if !self.open.is_empty() || self.in_string {
            return Err("the answer is cut short".into());
        }
        if shell.trim().is_empty() {
            return Err("the answer is empty".into());
        }
        Ok(shell)
    }
}

/// UTF-8, or else what the byte values are in Latin-1: OpenWebif writes ASCII, so this is a proxy or an old image.
fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}

/// A value of a field, as far as anybody asks.
#[derive(Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// Also a number, as written.
    Text(Cow<'a, str>),
    Flag(bool),
    Null,
    /// A list; its items if they are lists of texts (`bouquets`), otherwise skipped.
    List(Vec<Vec<String>>),
    /// An object, skipped.
    Object,
}

impl Value<'_> {
    /// Text; nothing for null and for what cannot be text.
    pub(super) fn text(self) -> String {
        match self {
            Value::Text(text) => text.into_owned(),
            _ => String::new(),
        }
    }

    /// A whole number, what follows its point left out; `None` for anything else.
    pub(super) fn number(&self) -> Option<i64> {
        let Value::Text(text) = self else {
            return None;
        };
        let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
        whole
            .parse()
            .ok()
            .filter(|_| fraction.bytes().all(|byte| byte.is_ascii_digit()))
    }

    /// True, also as `"true"` or `"True"` or 1; `None` for what is no flag.
    pub(super) fn flag(&self) -> Option<bool> {
        match self {
            Value::Flag(flag) => Some(*flag),
            Value::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "1" => Some(true),
                "false" | "0" | "" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Reads one object and hands out its fields, lists of objects and nested objects left out.
///
/// # Errors
/// A sentence, when it is no JSON object.
pub(super) fn read_fields(text: &str, mut each: impl FnMut(&str, Value)) -> Result<(), String> {
    match read_strict(text, &mut each) {
        Ok(()) => Ok(()),
        // Fields that were handed out come again.
        Err(error) => read_strict(&tame(text).ok_or(error)?, &mut each),
    }
}

fn read_strict(text: &str, each: &mut impl FnMut(&str, Value)) -> Result<(), String> {
    let mut tokens = Tokens::of(text);
    tokens.expect(b'{')?;
    loop {
        let key = match tokens.take()? {
            Token::Text(key) => key,
            Token::Mark(b'}') => break,
            _ => return Err(tokens.wrong("a key")),
        };
        tokens.expect(b':')?;
        each(&key, read_value(&mut tokens)?);
        match tokens.take()? {
            Token::Mark(b',') => {}
            Token::Mark(b'}') => break,
            _ => return Err(tokens.wrong(", or }")),
        }
    }
    // What is behind the object is not looked at: the splitter has seen that it ends here.
    Ok(())
}

/// Reads the list of objects under `key` of an object, each handed out as text. Used for the one answer with lists in
/// a list (`getallservices`).
pub(super) fn split_list(
    text: &str,
    each: impl FnMut(&str) -> Result<(), String>,
) -> Result<(), String> {
    let mut splitter = Splitter::default();
    splitter.push(text.as_bytes(), each)?;
    splitter.finish().map(|_| ())
}

fn read_value<'a>(tokens: &mut Tokens<'a>) -> Result<Value<'a>, String> {
    Ok(match tokens.take()? {
        Token::Text(text) => Value::Text(text),
        Token::Number(number) => Value::Text(number.into()),
        Token::Flag(flag) => Value::Flag(flag),
        Token::Null => Value::Null,
        Token::Mark(b'[') => Value::List(read_list(tokens)?),
        Token::Mark(b'{') => {
            read_list(tokens)?;
            Value::Object
        }
        _ => return Err(tokens.wrong("a value")),
    })
}

/// Walks an opened list or object to its end, gathering the texts of each inner list.
fn read_list(tokens: &mut Tokens<'_>) -> Result<Vec<Vec<String>>, String> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut depth = 1;
    while depth > 0 {
        match tokens.take()? {
            Token::Mark(b'[' | b'{') => {
                depth += 1;
                if depth == 2 {
                    rows.push(Vec::new());
                }
            }
            Token::Mark(b']' | b'}') => depth -= 1,
            Token::Text(text) if depth == 2 => {
                if let Some(row) = rows.last_mut() {
                    row.push(text.into_owned());
                }
            }
            Token::End => return Err(tokens.wrong("the end of a list")),
            _ => {}
        }
    }
    Ok(rows)
}

/// Undoes the HTML escaping of OpenWebif's guide texts, once: `&amp; &lt; &gt; &quot; &#x27;` and numbers.
pub(super) fn unescape(text: String) -> String {
    if !text.contains('&') {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        // Entities are short: text with many lone `&` is not searched to its end for each.
        let end = rest.bytes().take(10).position(|byte| byte == b';');
        let entity = end.and_then(|end| rest.get(1..end));
        let c = entity.and_then(|name| match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => {
                let number = name.strip_prefix('#')?;
                let code = match number.strip_prefix(['x', 'X']) {
                    Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(code)
            }
        });
        match (c, entity) {
            (Some(c), Some(name)) => {
                out.push(c);
                rest = &rest[name.len() + 2..];
            }
            _ => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str, step: usize) -> Result<(Vec<String>, String), String> {
        let mut splitter = Splitter::default();
        let mut objects = Vec::new();
        for piece in text.as_bytes().chunks(step) {
            splitter.push(piece, |object| {
                objects.push(object.to_owned());
                Ok(())
            })?;
        }
        Ok((objects, splitter.finish()?))
    }

    fn owned(value: Value<'_>) -> Value<'static> {
        match value {
            Value::Text(text) => Value::Text(text.into_owned().into()),
            Value::Flag(flag) => Value::Flag(flag),
            Value::Null => Value::Null,
            Value::List(rows) => Value::List(rows),
            Value::Object => Value::Object,
        }
    }

    fn fields(text: &str) -> Vec<(String, Value<'static>)> {
        let mut fields = Vec::new();
        read_fields(text, |key, value| {
            fields.push((key.to_owned(), owned(value)));
        })
        .unwrap();
        fields
    }

    #[test]
    fn objects_are_cut_out_however_the_pieces_fall() {
        let text = "{\n \"events\": [\n  {\"a\": \"}]\\\"{\", \"b\": {\"c\": [1]}},\n {}],\n \"result\": true}";
        for step in 1..text.len() {
            let (objects, shell) = split(text, step).unwrap();
            assert_eq!(
                objects,
                ["{\"a\": \"}]\\\"{\", \"b\": {\"c\": [1]}}", "{}"],
                "{step}"
            );
            assert_eq!(
                fields(&shell),
                [
                    ("events".into(), Value::List(vec![])),
                    ("result".into(), Value::Flag(true))
                ]
            );
        }
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for text in [
            "",
            "  ",
            "<html>",
            "[]",
            "{\"events\": [",
            "{\"events\": [{\"a\":\"b",
            "{]",
            "{\"a\": [}]",
            "{/*}*/}",
            "null",
            "{\"a\":1}x",
            "{\"a\": \"\0\"}",
        ] {
            assert!(split(text, 3).is_err(), "{text}");
        }
        let endless = format!("{{\"events\": [{{\"a\": \"{}", "x".repeat(LARGEST_OBJECT));
        assert!(split(&endless, 4096).is_err());
        assert!(split(&"[".repeat(100), 7).is_err());
        assert!(split(&format!("{{\"a\":{}", "[".repeat(100)), 7).is_err());
    }

    #[test]
    fn types_may_vary() {
        let text = r#"{"a":"12","b":12.9,"c":null,"d":true,"e":"True","f":{"x":[1]},"g":[["r","n"],["s"]],"h":-3}"#;
        let fields = fields(text);
        let value = |at: usize| &fields[at].1;
        assert_eq!(
            (value(0).number(), value(1).number(), value(2).number()),
            (Some(12), Some(12), None)
        );
        assert_eq!(
            (value(3).flag(), value(4).flag(), value(5).flag()),
            (Some(true), Some(true), None)
        );
        assert_eq!(
            *value(6),
            Value::List(vec![vec!["r".into(), "n".into()], vec!["s".into()]])
        );
        assert_eq!(value(7).number(), Some(-3));
        for no in ["1e3", "1.x", "12 s", "", "99999999999999999999"] {
            assert_eq!(Value::Text(no.into()).number(), None, "{no}");
        }
        for (text, number) in [(" 7 ", 7), ("7.", 7), ("-1.5", -1)] {
            assert_eq!(Value::Text(text.into()).number(), Some(number));
        }
        assert_eq!(Value::Text("7.30".into()).text(), "7.30");
    }

    #[test]
    fn text_that_is_no_utf_8_is_latin_1() {
        assert_eq!(text_of("Köln".as_bytes()), "Köln");
        assert_eq!(text_of(b"K\xf6ln"), "Köln");
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        let text = "\u{feff}{\"events\": [{}], \"result\": true}";
        for step in 1..text.len() {
            let (objects, shell) = split(text, step).unwrap();
            assert_eq!(objects.len(), 1, "{step}");
            assert!(shell.starts_with('{'));
        }
        for text in ["\u{feff}{} \u{feff}{}", "{}\u{feff}", " \u{feff}{}"] {
            for step in 1..=text.len() {
                assert!(split(text, step).is_err(), "{text:?} {step}");
            }
        }
    }

    #[test]
    fn broken_objects_are_errors_and_end() {
        for text in [
            "{",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":}",
            "{\"a\":,}",
            "{\"a\":foo}",
            "{\"a\"::1}",
            "{\"a\":[[1]",
            "{\"a\":[\0]}",
            "{\"a\":1e}",
            "{\"a\":NaNa}",
            "{\"a\":\"\\ud800}",
            "{\"a\":\"\\ud80\"}",
            "{\"a\":{/*}*/",
            "{\"a\":1",
        ] {
            assert!(read_fields(text, |_, _| ()).is_err(), "{text}");
        }
    }

    #[test]
    fn text_is_unescaped_exactly_once() {
        let once = |text: &str| unescape(text.to_owned());
        assert_eq!(
            once("Who&#x27;s &quot;Who&quot; &amp; &lt;F&gt;"),
            "Who's \"Who\" & <F>"
        );
        assert_eq!(once("&amp;amp; schon"), "&amp; schon");
        assert_eq!(
            once("A & B; &ä; &unknown; &#xZZ; &#1114112; &"),
            "A & B; &ä; &unknown; &#xZZ; &#1114112; &"
        );
        assert_eq!(once("&#39;&#xE4;"), "'ä");
    }
}
