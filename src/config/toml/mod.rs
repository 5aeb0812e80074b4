//! The part of TOML that a settings file needs, with the line of everything.
//!
//! Tables, bare, quoted and dotted keys, one-line strings, whole numbers, true and false, arrays of
//! these over several lines, comments. The rest of TOML (fractions, dates, strings over several
//! lines, inline tables, arrays of tables) is refused by name, never misread. After an error the
//! reader goes on with the next line, so that all errors are found at once.

mod cursor;
mod names;
mod reader;
mod scalar;

pub(super) use reader::parse;

use std::fmt::{self, Write};

/// A value as it is written in a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A string.
    Text(String),
    /// A whole number.
    Number(i64),
    /// `true` or `false`.
    Flag(bool),
    /// An array.
    List(Vec<Value>),
}

/// Prints TOML that reads back as the same value.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(number) => number.fmt(f),
            Value::Flag(flag) => flag.fmt(f),
            Value::List(items) => {
                f.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(f, "{comma}{item}")?;
                }
                f.write_char(']')
            }
            Value::Text(text) => {
                f.write_char('"')?;
                for c in text.chars() {
                    match c {
                        '"' | '\\' => write!(f, "\\{c}")?,
                        '\n' => f.write_str("\\n")?,
                        c if c.is_control() => write!(f, "\\u{:04X}", u32::from(c))?,
                        c => f.write_char(c)?,
                    }
                }
                f.write_char('"')
            }
        }
    }
}

/// What a text holds.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// Its values in the order they are written.
    pub(super) entries: Vec<Entry>,
    /// Its `[tables]` with their lines.
    pub(super) tables: Vec<(String, u32)>,
    /// What is wrong with it.
    pub(super) faults: Vec<Fault>,
}

/// A key and its value.
#[derive(Debug, PartialEq)]
pub(super) struct Entry {
    /// The whole key, table included: `guide.days`. Parts that need quotes have them.
    pub(super) key: String,
    /// Its line, counted from 1.
    pub(super) line: u32,
    /// The line on which its value ends.
    pub(super) last: u32,
    /// The value.
    pub(super) value: Value,
}

/// A place that is no TOML, or none that is read here.
#[derive(Debug, PartialEq)]
pub(super) struct Fault {
    /// Its line, counted from 1.
    pub(super) line: u32,
    /// The key it belongs to, as far as it was read; else empty.
    pub(super) key: String,
    /// The value as it is written, as far as one begins; else empty.
    pub(super) value: String,
    /// A sentence for the user.
    pub(super) problem: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `key@line=value` of every entry.
    fn entries(text: &str) -> Vec<String> {
        let document = parse(text);
        assert_eq!(document.faults, [], "{text}");
        let entries = document.entries.iter();
        entries
            .map(|entry| format!("{}@{}={}", entry.key, entry.line, entry.value))
            .collect()
    }

    /// `line: key: problem` of every fault.
    fn faults(text: &str) -> Vec<String> {
        let faults = parse(text).faults.into_iter();
        faults
            .map(|fault| format!("{}: {}: {}", fault.line, fault.key, fault.problem))
            .collect()
    }

    #[test]
    fn tables_and_all_kinds_of_keys_are_read_with_their_lines() {
        let text = "# top\ntop = 1\r\n[ guide ] # why\r\n\tdays=7\n\"enabled\" = true\n\
                    [a.'b']\nc . \"d e\" = -1_000 # end\n\"f.g\" = ''";
        assert_eq!(
            entries(text),
            [
                "top@2=1",
                "guide.days@4=7",
                "guide.enabled@5=true",
                "a.b.c.\"d e\"@7=-1000",
                "a.b.\"f.g\"@8=\"\"",
            ]
        );
    }

    #[test]
    fn strings_keep_what_they_say() {
        let text = r#"a = "q\" b\\ \u00e9 \U0001F600 \t.\n.\r.\b.\f" # no
b = 'C:\new "x" # not a comment'"#;
        let values: Vec<Value> = parse(text).entries.into_iter().map(|e| e.value).collect();
        assert_eq!(
            values,
            [
                Value::Text("q\" b\\ é 😀 \t.\n.\r.\u{8}.\u{c}".into()),
                Value::Text("C:\\new \"x\" # not a comment".into()),
            ]
        );
    }

    #[test]
    fn a_printed_value_reads_back_as_itself() {
        let odd = Value::Text("a\"b\\c\nd\te\u{1b}\u{7f}ü#='".into());
        let list = Value::List(vec![odd, Value::Number(i64::MIN), Value::Flag(false)]);
        let document = parse(&format!("x = {list}"));
        assert_eq!(document.faults, []);
        assert_eq!(document.entries[0].value, list);
    }

    #[test]
    fn arrays_span_lines_with_comments_and_a_last_comma() {
        let text = "a = [ # first\n  \"x\", # one\r\n\n  'y',\n]\nb = [1,2]\nc = []";
        assert_eq!(
            entries(text),
            ["a@1=[\"x\", \"y\"]", "b@6=[1, 2]", "c@7=[]"]
        );
    }

    #[test]
    fn the_rest_of_toml_is_refused_by_name() {
        for (value, name) in [
            ("1.5", "fractions"),
            ("6e23", "fractions"),
            ("-inf", "fractions"),
            ("1979-05-27", "dates"),
            ("07:32:00", "dates"),
            ("0xFF", "decimal"),
            ("\"\"\"x\"\"\"", "over several lines"),
            ("'''x'''", "over several lines"),
            ("{ a = 1 }", "inline tables"),
            ("[[1]]", "arrays in arrays"),
            ("01", "begin with 0"),
            ("1__0", "between two digits"),
            ("9223372036854775808", "too large"),
            ("redirect", "quotes"),
            ("30s", "quotes"),
            ("\"x", "closing quote"),
            ("\"\\x\"", "begins \\b"),
            ("\"\\u12\"", "hex digits"),
            ("\"\\uD800\"", "no character"),
            ("\"\u{1}\"", "control character"),
            ("", "missing"),
            ("1 2", "only a comment"),
        ] {
            let found = faults(&format!("k = {value}\nnext = 1"));
            assert_eq!(found.len(), 1, "{value}: {found:?}");
            assert!(found[0].starts_with("1: k: "), "{value}: {found:?}");
            assert!(found[0].contains(name), "{value}: {found:?}");
            assert_eq!(
                parse(&format!("k = {value}\nnext = 1"))
                    .entries
                    .pop()
                    .unwrap()
                    .key,
                "next"
            );
        }
        assert!(faults("[[x]]\na = 1")[0].contains("arrays of tables"));
    }

    #[test]
    fn every_line_in_error_is_reported_and_the_others_are_read() {
        let text = "a = 1\nb\n= 2\n[c\nd = x\n[e]\nf = 3";
        let document = parse(text);
        let lines: Vec<u32> = document.faults.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [2, 3, 4, 5]);
        let keys: Vec<_> = document.entries.iter().map(|e| e.key.as_str()).collect();
        assert_eq!(keys, ["a", "e.f"]);
    }

    #[test]
    fn an_error_in_an_array_hides_only_the_array() {
        let text = "a = [\n  \"x\" \"y\",\n  \"z=1\",\n]\nb = 1.5\nc = [\n 1,\n[d]\ne = 1";
        let found = faults(text);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("2: a: the array that begins on line 1"));
        assert!(found[1].starts_with("5: b: "));
        assert!(found[2].starts_with("8: c: "));
        assert_eq!(parse(text).entries[0].key, "d.e");
        assert!(faults("x = 1\na = [1,\n\n")[0].starts_with("2: a: "));
    }

    #[test]
    fn nothing_may_be_said_twice() {
        for (text, problem) in [
            ("a = 1\na = 2", "2: a: was already set on line 1"),
            ("[t]\n[t]", "2: : [t] was already begun on line 1"),
            ("t.a = 1\n[t]", "2: : [t] was already begun on line 1"),
            ("t = 1\n[t]", "2: : [t] is already a value, set on line 1"),
            (
                "t = 1\n[t.u]",
                "2: : [t.u] a table above it is already a value, set on line 1",
            ),
            (
                "[a.b]\n[a]\nb.c = 1",
                "3: a.b.c: belongs to the table of line 1",
            ),
            ("a = 1\na.b = 2", "2: a.b: was already set on line 1"),
            ("a = 1\na = [\n1,\n]", "2: a: was already set on line 1"),
        ] {
            assert_eq!(faults(text), [problem], "{text}");
        }
        assert_eq!(entries("[a.b]\n[a]\nc.d = 1\nc.e = 2").len(), 2);
    }

    #[test]
    fn a_byte_order_mark_is_named() {
        let found = faults("\u{feff}a = 1");
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("byte order mark"));
    }

    #[test]
    fn a_text_cut_anywhere_is_read_to_its_end() {
        let text = "[a.'é']\r\nb = [ \"x\\u00e9\", # c\n 'y', 1_0 ]\n\"k\" = -1 # end\n";
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            let document = parse(&text[..end]);
            assert!(document.faults.len() <= 1, "{end}: {:?}", document.faults);
        }
    }
}
