//! JSON as Python writes it, made JSON as the grammar has it.

/// What Python's writer says and JSON's grammar or our tokenizer does not: `NaN` and `Infinity`, whole numbers beyond 64
/// bits, and halves of surrogate pairs, which stand for the bytes of a name that is no UTF-8 (`surrogateescape`). `None`
/// if there is nothing of the kind.
pub(super) fn tame(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut in_string = false;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        match c {
            '"' => {
                in_string = !in_string;
                out.push(c);
            }
            '\\' if in_string => {
                if let (Some(high), low) = (escape(rest), rest.get(6..).and_then(escape)) {
                    length = 6;
                    match (high, low) {
                        (0xd800..=0xdbff, Some(0xdc00..=0xdfff)) => {
                            length = 12;
                            out.push_str(&rest[..length]);
                        }
                        // Nobody knows the charset; the Western one is the best guess.
                        (0xdc80..=0xdcff, _) => out.push(char::from((high - 0xdc00) as u8)),
                        (0xd800..=0xdfff, _) => out.push(char::REPLACEMENT_CHARACTER),
                        _ => out.push_str(&rest[..length]),
                    }
                } else {
                    // The character behind a backslash ends no string.
                    length += rest[1..].chars().next().map_or(0, char::len_utf8);
                    out.push_str(&rest[..length]);
                }
            }
            'A'..='Z' | 'a'..='z' | '0'..='9' | '-' | '+' | '.' if !in_string => {
                let word = |byte: u8| byte.is_ascii_alphanumeric() || b"-+.".contains(&byte);
                length = rest.bytes().take_while(|byte| word(*byte)).count();
                let token = &rest[..length];
                let digits = token.bytes().filter(u8::is_ascii_digit).count();
                match token {
                    "NaN" | "Infinity" | "-Infinity" => out.push_str("null"),
                    _ if digits > 18 => out.push_str("null"),
                    _ => out.push_str(token),
                }
            }
            _ => out.push(c),
        }
        rest = &rest[length..];
    }
    (out != text).then_some(out)
}

/// The number of a `\uXXXX` that `text` begins with.
fn escape(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_python_writes_beyond_the_grammar_is_made_readable() {
        let text = r#"{"a":NaN,"b":99999999999999999999999,"c":"K\udcf6ln \ud800 \ud83d\ude00 \"NaN\" \\udc80","d":-Infinity,"e":1.5}"#;
        assert_eq!(
            tame(text).unwrap(),
            "{\"a\":null,\"b\":null,\"c\":\"Köln \u{fffd} \\ud83d\\ude00 \\\"NaN\\\" \\\\udc80\",\"d\":null,\"e\":1.5}"
        );
    }

    #[test]
    fn what_is_in_order_or_cut_stays_as_it_is() {
        for text in [
            "{\"a\":[1,-2.5e3,true,null,\"\\u00e9\\ud83d\\ude00 NaN\"]}",
            "\"\\",
            "\"\\u12",
            "\"\\ué",
            "é\\",
        ] {
            assert_eq!(tame(text), None, "{text}");
        }
    }
}
