//! A place in a text, and the steps forward from it.

/// A place in a text and its line.
pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
    line: u32,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Cursor {
            text,
            at: 0,
            line: 1,
        }
    }

    /// The line, counted from 1.
    pub(super) fn line(&self) -> u32 {
        self.line
    }

    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        self.line += u32::from(c == '\n');
        Some(c)
    }

    pub(super) fn take(&mut self, token: &str) -> bool {
        let there = self.rest().starts_with(token);
        if there {
            token.chars().for_each(|_| _ = self.next());
        }
        there
    }

    pub(super) fn while_true(&mut self, belongs: impl Fn(char) -> bool) -> &'t str {
        let begin = self.at;
        while self.peek().is_some_and(&belongs) {
            self.next();
        }
        &self.text[begin..self.at]
    }

    pub(super) fn blanks(&mut self) {
        self.while_true(|c| c == ' ' || c == '\t');
    }

    /// A comment up to its line's end, which stays.
    pub(super) fn comment(&mut self) {
        if self.peek() == Some('#') {
            self.while_true(|c| c != '\n' && c != '\r');
        }
    }

    /// Whatever may stand between an array's items.
    pub(super) fn space(&mut self) {
        while self.peek().is_some_and(|c| " \t\r\n#".contains(c)) {
            self.while_true(|c| " \t\r\n".contains(c));
            self.comment();
        }
    }

    pub(super) fn skip_line(&mut self) {
        self.while_true(|c| c != '\n');
        self.next();
    }

    /// Back to the beginning of the line.
    pub(super) fn rewind_line(&mut self) {
        self.at = self.text[..self.at].rfind('\n').map_or(0, |end| end + 1);
    }
}
