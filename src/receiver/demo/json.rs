//! JSON as OpenWebif prints it: `json.dumps(..., indent=1)`, ASCII only.

use std::fmt::Write;

/// A JSON document under construction.
#[derive(Default)]
pub(super) struct Json {
    text: String,
    depth: usize,
    /// Whether the innermost list or object already holds something.
    filled: bool,
}

impl Json {
    /// A whole document that is one object.
    pub(super) fn document(fill: impl FnOnce(&mut Json)) -> Vec<u8> {
        let mut json = Json::default();
        json.block('{', '}', fill);
        json.text.into_bytes()
    }

    pub(super) fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        self.string(value, false);
    }

    /// A text that went through Python's `html.escape(quote=True)`, as guide texts do.
    pub(super) fn html(&mut self, key: &str, value: &str) {
        self.key(key);
        self.string(value, true);
    }

    pub(super) fn int(&mut self, key: &str, value: i64) {
        self.key(key);
        let _ = write!(self.text, "{value}");
    }

    pub(super) fn flag(&mut self, key: &str, value: bool) {
        self.key(key);
        self.text.push_str(if value { "true" } else { "false" });
    }

    pub(super) fn null(&mut self, key: &str) {
        self.key(key);
        self.text.push_str("null");
    }

    pub(super) fn object(&mut self, key: &str, fill: impl FnOnce(&mut Json)) {
        self.key(key);
        self.block('{', '}', fill);
    }

    pub(super) fn list(&mut self, key: &str, fill: impl FnOnce(&mut Json)) {
        self.key(key);
        self.block('[', ']', fill);
    }

    /// An object as an element of a list.
    pub(super) fn row(&mut self, fill: impl FnOnce(&mut Json)) {
        self.next();
        self.block('{', '}', fill);
    }

    /// A list of texts as an element of a list.
    pub(super) fn tuple(&mut self, values: &[&str]) {
        self.next();
        self.block('[', ']', |json| {
            for value in values {
                json.element(value);
            }
        });
    }

    /// A pair of a text and a number as an element of a list.
    pub(super) fn pair(&mut self, name: &str, value: i64) {
        self.next();
        self.block('[', ']', |json| {
            json.element(name);
            json.next();
            let _ = write!(json.text, "{value}");
        });
    }

    /// A text as an element of a list.
    pub(super) fn element(&mut self, value: &str) {
        self.next();
        self.string(value, false);
    }

    fn block(&mut self, open: char, close: char, fill: impl FnOnce(&mut Json)) {
        self.text.push(open);
        self.depth += 1;
        self.filled = false;
        fill(self);
        self.depth -= 1;
        if self.filled {
            self.line();
        }
        self.text.push(close);
        self.filled = true;
    }

    fn key(&mut self, key: &str) {
        self.next();
        self.text.push('"');
        self.text.push_str(key);
        self.text.push_str("\": ");
    }

    fn next(&mut self) {
        if self.filled {
            self.text.push(',');
        }
        self.filled = true;
        self.line();
    }

    fn line(&mut self) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n(' ', self.depth));
    }

    fn string(&mut self, value: &str, html: bool) {
        self.text.push('"');
        for c in value.chars() {
            match c {
                '&' if html => self.text.push_str("&amp;"),
                '<' if html => self.text.push_str("&lt;"),
                '>' if html => self.text.push_str("&gt;"),
                '"' if html => self.text.push_str("&quot;"),
                '\'' if html => self.text.push_str("&#x27;"),
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                ' '..='~' => self.text.push(c),
                _ => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        let _ = write!(self.text, "\\u{unit:04x}");
                    }
                }
            }
        }
        self.text.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_like_python_with_indent_1() {
        let text = Json::document(|json| {
            json.flag("result", true);
            json.list("services", |json| {
                json.row(|json| {
                    json.int("pos", 1);
                    json.text("name", "\u{d6} \"1\" \u{1f600}");
                });
                json.tuple(&["a", "b"]);
            });
            json.list("none", |_| {});
            json.null("id");
        });
        let expected = "{\n \"result\": true,\n \"services\": [\n  {\n   \"pos\": 1,\n   \"name\": \"\\u00d6 \\\"1\\\" \\ud83d\\ude00\"\n  },\n  [\n   \"a\",\n   \"b\"\n  ]\n ],\n \"none\": [],\n \"id\": null\n}";
        assert_eq!(String::from_utf8_lossy(&text), expected);
    }

    #[test]
    fn guide_texts_are_html_escaped_once() {
        let text = Json::document(|json| json.html("title", "<Ö> & \"Co\" it's"));
        let expected = "{\n \"title\": \"&lt;\\u00d6&gt; &amp; &quot;Co&quot; it&#x27;s\"\n}";
        assert_eq!(String::from_utf8_lossy(&text), expected);
    }
}
