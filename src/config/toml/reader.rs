//! The reader: statement by statement, on to the next line after an error.

use super::cursor::Cursor;
use super::names::{full, Names};
use super::scalar::{string, word};
use super::{Document, Entry, Fault, Value};

/// Reads a whole text.
pub(in super::super) fn parse(text: &str) -> Document {
    let mut reader = Reader {
        cursor: Cursor::new(text),
        table: Some(String::new()),
        names: Names::default(),
        key: String::new(),
        written: "",
        array: None,
        document: Document::default(),
    };
    if text.starts_with('\u{feff}') {
        reader.fault(
            1,
            "the file begins with a byte order mark: save it as UTF-8 without BOM".into(),
        );
        reader.cursor.next();
    }
    while reader.cursor.peek().is_some() {
        reader.key.clear();
        reader.written = "";
        reader.array = None;
        if let Err(problem) = reader.statement() {
            reader.fault(reader.line_of_fault(), problem);
            reader.recover();
        }
    }
    reader.document
}

struct Reader<'t> {
    cursor: Cursor<'t>,
    /// The table the next keys belong to; `None` below a header that could not be read.
    table: Option<String>,
    names: Names,
    /// The key being read and its value's line as it is written: for the fault, should one come.
    key: String,
    written: &'t str,
    /// The line on which the array being read begins.
    array: Option<u32>,
    document: Document,
}

impl Reader<'_> {
    /// One line, or several where an array spans them.
    fn statement(&mut self) -> Result<(), String> {
        self.cursor.blanks();
        match self.cursor.peek() {
            Some('[') => self.header()?,
            None | Some('\n' | '\r' | '#') => {}
            Some(_) => self.pair()?,
        }
        self.cursor.blanks();
        self.cursor.comment();
        if self.cursor.take("\r\n") || self.cursor.take("\n") || self.cursor.peek().is_none() {
            return Ok(());
        }
        Err("only a comment may follow on this line".into())
    }

    fn header(&mut self) -> Result<(), String> {
        self.table = None;
        let line = self.cursor.line();
        if self.cursor.take("[[") {
            return Err("[[arrays of tables]] are not used here".into());
        }
        self.cursor.next();
        let parts = self.parts()?;
        if !self.cursor.take("]") {
            return Err("a table's name ends with ]".into());
        }
        let whole = parts.join(".");
        self.table = Some(whole.clone());
        self.names
            .table(&parts, line)
            .map_err(|problem| format!("[{whole}] {problem}"))?;
        self.document.tables.push((whole, line));
        Ok(())
    }

    fn pair(&mut self) -> Result<(), String> {
        let line = self.cursor.line();
        let parts = self.parts()?;
        let table = self.table.clone();
        self.key = full(table.as_deref().unwrap_or(""), &parts.join("."));
        if !self.cursor.take("=") {
            return Err("a key is followed by = and its value".into());
        }
        self.cursor.blanks();
        self.written = self.cursor.rest().lines().next().unwrap_or("").trim();
        let value = self.value()?;
        let last = self.cursor.line();
        let Some(table) = table else {
            return Ok(());
        };
        match self.names.key(&table, &parts, line) {
            Err(problem) => self.fault(line, problem),
            Ok(()) => {
                let key = self.key.clone();
                self.document.entries.push(Entry {
                    key,
                    line,
                    last,
                    value,
                });
            }
        }
        Ok(())
    }

    /// A key's parts, each as it is written in the shortest way, with the blanks around them.
    fn parts(&mut self) -> Result<Vec<String>, String> {
        let mut parts = Vec::new();
        loop {
            self.cursor.blanks();
            let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            let part = match self.cursor.peek() {
                Some('"' | '\'') => match string(&mut self.cursor)? {
                    part if !part.is_empty() && part.chars().all(bare) => part,
                    part => Value::Text(part).to_string(),
                },
                _ => self.cursor.while_true(bare).to_string(),
            };
            if part.is_empty() {
                return Err("a key is made of letters, digits, _ and -".into());
            }
            parts.push(part);
            self.cursor.blanks();
            if !self.cursor.take(".") {
                return Ok(parts);
            }
        }
    }

    fn value(&mut self) -> Result<Value, String> {
        match self.cursor.peek() {
            Some('"' | '\'') => string(&mut self.cursor).map(Value::Text),
            Some('[') if self.array.is_none() => self.array(),
            Some('[') => Err("arrays in arrays are not used here".into()),
            Some('{') => Err("{inline tables} are not used here".into()),
            _ => word(
                self.cursor
                    .while_true(|c| !c.is_whitespace() && !",]#".contains(c)),
            ),
        }
    }

    fn array(&mut self) -> Result<Value, String> {
        let begin = self.cursor.line();
        self.array = Some(begin);
        self.cursor.next();
        let mut items = Vec::new();
        loop {
            self.cursor.space();
            if self.cursor.take("]") {
                self.array = None;
                return Ok(Value::List(items));
            }
            if self.cursor.peek().is_some() {
                items.push(self.value()?);
                self.cursor.space();
            }
            if !self.cursor.take(",") && self.cursor.peek() != Some(']') {
                return Err(format!(
                    "the array that begins on line {begin} lacks a comma or its ]"
                ));
            }
        }
    }

    /// Where to look: at this place, but for an array that never ends, where it begins.
    fn line_of_fault(&self) -> u32 {
        match self.array {
            Some(begin) if self.cursor.peek().is_none() => begin,
            _ => self.cursor.line(),
        }
    }

    /// Notes what is wrong with the current statement.
    fn fault(&mut self, line: u32, problem: String) {
        self.document.faults.push(Fault {
            line,
            key: self.key.clone(),
            value: self.written.into(),
            problem,
        });
    }

    /// Goes to where reading can go on: the next line, in an array the next that looks like no item.
    fn recover(&mut self) {
        let begin = self.array.unwrap_or(self.cursor.line());
        match self.cursor.line() > begin {
            true => self.cursor.rewind_line(),
            false => self.cursor.skip_line(),
        }
        while self.array.is_some()
            && self.cursor.peek().is_some()
            && !resembles_statement(self.cursor.rest())
        {
            self.cursor.skip_line();
        }
    }
}

/// Whether a line could be a header or a key with its value, rather than an array's rest.
fn resembles_statement(text: &str) -> bool {
    let line = text.lines().next().unwrap_or("").trim();
    let bare = |c: char| c.is_ascii_alphanumeric() || "_-. \t".contains(c);
    let is_key = |(key, _): (&str, &str)| key.chars().all(bare);
    line.starts_with('[') || line.split_once('=').is_some_and(is_key)
}
