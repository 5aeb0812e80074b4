//! The body of `POST /api/v1/config`: one object of JSON, keys and their new values.

use crate::config::{Edit, Value, KEYS};
use crate::http::ApiError;
use crate::json::{Token, Tokens};

/// Reads it. What is wrong with a key is kept in the edit, to be told with all else.
///
/// # Errors
/// When it is no such object, or holds more than there are keys.
pub(super) fn read(body: &[u8]) -> Result<Edit, ApiError> {
    let text = std::str::from_utf8(body).map_err(|_| ApiError::bad("the body is not UTF-8"))?;
    object(text).map_err(ApiError::bad)
}

fn object(text: &str) -> Result<Edit, String> {
    let tokens = &mut Tokens::of(text);
    let mut edit = Edit::default();
    if tokens.take()? != Token::Mark(b'{') {
        return Err("the body is an object such as {\"guide.days\":3}".into());
    }
    let mut members = 0;
    let mut token = tokens.take()?;
    while token != Token::Mark(b'}') {
        let Token::Text(key) = token else {
            return Err(tokens.wrong("a key"));
        };
        members += 1;
        if members > KEYS.len() {
            return Err(format!("more than {} keys: there are no more", KEYS.len()));
        }
        tokens.expect(b':')?;
        match value(tokens)? {
            Some(value) => edit.say(&key, value),
            None => edit.say_nonsense(&key),
        }
        token = match tokens.take()? {
            Token::Mark(b',') => match tokens.take()? {
                Token::Mark(b'}') => return Err(tokens.wrong("a key")),
                next => next,
            },
            end @ Token::Mark(b'}') => end,
            _ => return Err(tokens.wrong("a comma or the end")),
        };
    }
    match tokens.take()? {
        Token::End => Ok(edit),
        _ => Err(tokens.wrong("the end")),
    }
}

/// A value, `Some(None)` for `null`; `None`: it is one that no key has.
fn value(tokens: &mut Tokens<'_>) -> Result<Option<Option<Value>>, String> {
    Ok(match tokens.take()? {
        Token::Null => Some(None),
        Token::Text(text) => Some(Some(Value::Text(text.into_owned()))),
        Token::Flag(flag) => Some(Some(Value::Flag(flag))),
        Token::Number(number) => number
            .parse()
            .ok()
            .map(|number| Some(Value::Number(number))),
        Token::Mark(b'[') => list(tokens)?.map(|items| Some(Value::List(items))),
        Token::Mark(b'{') => {
            skip(tokens, 1)?;
            None
        }
        Token::Mark(_) | Token::End => return Err(tokens.wrong("a value")),
    })
}

/// The rest of a list; `None`: it holds something else than texts.
fn list(tokens: &mut Tokens<'_>) -> Result<Option<Vec<Value>>, String> {
    let mut items = Some(Vec::new());
    let mut token = tokens.take()?;
    if token == Token::Mark(b']') {
        return Ok(items);
    }
    loop {
        match token {
            Token::Text(text) => {
                if let Some(items) = &mut items {
                    items.push(Value::Text(text.into_owned()));
                }
            }
            Token::Mark(b'[' | b'{') => {
                skip(tokens, 1)?;
                items = None;
            }
            Token::Mark(_) | Token::End => return Err(tokens.wrong("a value")),
            Token::Number(_) | Token::Flag(_) | Token::Null => items = None,
        }
        match tokens.take()? {
            Token::Mark(b',') => token = tokens.take()?,
            Token::Mark(b']') => return Ok(items),
            _ => return Err(tokens.wrong("a comma or the end of the list")),
        }
    }
}

/// Steps over the rest of what is nested so deep; nobody wants to know whether it is in order.
fn skip(tokens: &mut Tokens<'_>, mut depth: usize) -> Result<(), String> {
    while depth > 0 {
        match tokens.take()? {
            Token::Mark(b'[' | b'{') => depth += 1,
            Token::Mark(b']' | b'}') => depth -= 1,
            Token::End => return Err(tokens.wrong("the end of what began")),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Loaded};

    /// The keys that are wrong.
    fn wrong(text: &str) -> Vec<String> {
        let edit = object(text).unwrap();
        let problems = edit.apply("", &Loaded::unsaid(Config::default()));
        let problems = problems.err().unwrap_or_default();
        problems.into_iter().map(|one| one.key).collect()
    }

    #[test]
    fn every_kind_of_value_is_read() {
        let text = r#" {"guide.days":3, "guide.enabled" : false,"receiver.user":"\u00fc",
            "channels.bouquets":["a","b"],"hdhomerun.bouquets":[],"log.level":null} "#;
        let edit = object(text).unwrap();
        let below = Loaded::unsaid(Config::default());
        let text = edit.apply("", &below).unwrap();
        for line in [
            "user = \"ü\"",
            "bouquets = [\"a\", \"b\"]",
            "enabled = false",
            "days = 3",
        ] {
            assert!(text.contains(&format!("\n{line}\n")), "{text}");
        }
        assert!(!text.contains("log") && !text.contains("hdhomerun"));
        assert_eq!(object("{}").unwrap().apply("", &below), Ok(String::new()));
    }

    #[test]
    fn values_that_no_key_has_are_told_by_their_keys() {
        for value in [
            "3.0",
            "1e1",
            "\"3\"",
            "{}",
            "{\"a\":[{}]}",
            "[]",
            "[3]",
            "[[\"a\"]]",
            "true",
            "-1",
            "99999999999999999999",
        ] {
            let text = format!("{{\"guide.days\":{value},\"log.level\":\"x\"}}");
            assert_eq!(wrong(&text), ["guide.days", "log.level"], "{value}");
        }
        for list in ["[1]", "[null]", "[\"a\",[]]", "[\"\"]", "\"a\"", "{}"] {
            let text = format!("{{\"channels.bouquets\":{list}}}");
            assert_eq!(wrong(&text), ["channels.bouquets"], "{list}");
        }
        assert_eq!(
            wrong(r#"{"log.level":null,"log.level":"warn"}"#),
            ["log.level"]
        );
        assert_eq!(wrong(r#"{"":1}"#), [""]);
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for text in [
            "",
            "[]",
            "3",
            "null",
            "{",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1",
            "{\"a\":1,",
            "{\"a\":1,}",
            "{a:1}",
            "{1:1}",
            "{\"a\" 1}",
            "{\"a\":1 \"b\":2}",
            "{\"a\":1}}",
            "{\"a\":1} x",
            "{\"a\":[1}",
            "{\"a\":[,]}",
            "{\"a\":[1,]}",
            "{\"a\":[}",
            "{\"a\":{}",
            "{\"a\":nul}",
            "{\"a\":,}",
            "{,}",
        ] {
            assert!(object(text).is_err(), "{text}");
        }
        let many: Vec<String> = (0..=KEYS.len()).map(|n| format!("\"{n}\":1")).collect();
        assert!(object(&format!("{{{}}}", many.join(","))).is_err());
        assert!(read(b"{\"a\":\"\xff\"}").is_err());
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(8000), "]".repeat(8000));
        assert!(object(&deep).is_ok());
    }
}
