//! Single values: strings with their escapes, and words without quotes.

use super::cursor::Cursor;
use super::Value;

/// A string in its quotes.
pub(super) fn string(from: &mut Cursor<'_>) -> Result<String, String> {
    if from.rest().starts_with("\"\"\"") || from.rest().starts_with("'''") {
        return Err("strings over several lines are not used here".into());
    }
    let quote = from.next();
    let mut text = String::new();
    loop {
        let c = match from.peek() {
            None | Some('\n') => return Err("a string lacks its closing quote".into()),
            Some(c) => c,
        };
        from.next();
        match c {
            c if Some(c) == quote => return Ok(text),
            '\\' if quote == Some('"') => text.push(escape(from)?),
            '\r' if from.peek() == Some('\n') => {}
            c if c.is_ascii_control() && c != '\t' => {
                return Err("a string holds a control character: write \\n, \\u001B ...".into())
            }
            c => text.push(c),
        }
    }
}

/// What a backslash in a basic string begins.
fn escape(from: &mut Cursor<'_>) -> Result<char, String> {
    let digits = match from.peek() {
        Some('u') => 4,
        Some('U') => 8,
        other => {
            let meant = match other {
                Some('b') => '\u{8}',
                Some('t') => '\t',
                Some('n') => '\n',
                Some('f') => '\u{c}',
                Some('r') => '\r',
                Some('"') => '"',
                Some('\\') => '\\',
                _ => return Err("a \\ begins \\b \\t \\n \\f \\r \\\" \\\\ \\uXXXX or \\UXXXXXXXX; 'single quotes' keep it plain".into()),
            };
            from.next();
            return Ok(meant);
        }
    };
    from.next();
    let mut code = 0;
    for _ in 0..digits {
        let digit = from.peek().and_then(|c| c.to_digit(16));
        code = code * 16 + digit.ok_or(format!("\\u or \\U lacks its {digits} hex digits"))?;
        from.next();
    }
    char::from_u32(code).ok_or("\\u or \\U names no character".into())
}

/// A value without quotes.
pub(super) fn word(word: &str) -> Result<Value, String> {
    let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
    match word {
        "" => return Err("a value is missing".into()),
        "true" => return Ok(Value::Flag(true)),
        "false" => return Ok(Value::Flag(false)),
        _ => {}
    }
    if !unsigned.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(match unsigned {
            "inf" | "nan" => "fractions are not used here".into(),
            _ => "text stands in quotes".into(),
        });
    }
    if unsigned.chars().all(|c| c.is_ascii_digit() || c == '_') {
        if unsigned.ends_with('_') || unsigned.contains("__") {
            return Err("in a number each _ stands between two digits".into());
        }
        if unsigned.len() > 1 && unsigned.starts_with('0') {
            return Err("a number does not begin with 0".into());
        }
        let number = word.replace('_', "").parse();
        return number
            .map(Value::Number)
            .map_err(|_| "the number is too large".into());
    }
    Err(match unsigned {
        based if based.starts_with("0x") || based.starts_with("0o") || based.starts_with("0b") => {
            "numbers are written in decimal here".into()
        }
        date if date.contains([':', '-']) && !date.contains(['e', 'E']) => {
            "dates and times are not used here".into()
        }
        fraction
            if fraction
                .chars()
                .all(|c| c.is_ascii_digit() || "._eE+-".contains(c)) =>
        {
            "fractions are not used here".into()
        }
        _ => "text stands in quotes".into(),
    })
}
