//! The lines of the box's text files: either line end, any length, UTF-8 or not.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::path::Path;

/// Bytes of a line that are kept: addresses of IPTV services are long, what is longer is damage.
const LONGEST: usize = 16 * 1024;

/// Reads lines one by one into the same memory.
pub(super) struct Lines<R> {
    source: R,
    line: Vec<u8>,
}

/// Those of a file.
pub(super) type FileLines = Lines<BufReader<File>>;

/// A line.
pub(super) struct Line<'a> {
    /// Without its end, which is LF or CR LF.
    pub(super) bytes: &'a [u8],
    /// How long it is with its end.
    pub(super) length: usize,
}

impl FileLines {
    /// The lines of a file; `None` if there is none.
    ///
    /// # Errors
    /// Those of the file system; what is no file is one.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        // A FIFO of that name would be waited for.
        match std::fs::metadata(path) {
            Ok(metadata) if !metadata.is_file() => {
                return Err(io::Error::new(ErrorKind::InvalidInput, "it is no file"))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        match File::open(path) {
            Ok(file) => Ok(Some(Lines::new(BufReader::with_capacity(32 * 1024, file)))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(source: R) -> Lines<R> {
        Lines {
            source,
            line: Vec::new(),
        }
    }

    /// The next line, cut where it is longer than any is; `None` at the end.
    ///
    /// # Errors
    /// Those of the source.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        let mut length = 0;
        loop {
            let piece = match self.source.fill_buf() {
                Ok(piece) => piece,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let end = piece.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(piece.len(), |end| end + 1);
            let room = LONGEST.saturating_sub(self.line.len());
            self.line
                .extend_from_slice(piece.get(..taken.min(room)).unwrap_or(piece));
            self.source.consume(taken);
            length += taken;
            if end.is_some() || taken == 0 {
                break;
            }
        }
        let bytes = self.line.as_slice();
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        Ok((length > 0).then_some(Line { bytes, length }))
    }
}

/// The text of a line: UTF-8, or else Latin-1, as old editors wrote.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<(String, usize)> {
        // So small a buffer that every line spans it.
        let mut lines = Lines::new(BufReader::with_capacity(3, text));
        let mut read = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            read.push((decode(line.bytes).into_owned(), line.length));
        }
        read
    }

    #[test]
    fn both_line_ends_are_taken_off_and_counted() {
        let lines = read(b"one\r\n\ntwo\n\r\nlast");
        let expected = [("one", 5), ("", 1), ("two", 4), ("", 2), ("last", 4)];
        assert_eq!(lines, expected.map(|(text, n)| (text.to_owned(), n)));
        assert!(read(b"").is_empty());
    }

    #[test]
    fn a_line_without_end_takes_no_memory_without_end() {
        let mut text = vec![b'x'; 3 * LONGEST];
        text.extend(b"\nnext\n");
        let lines = read(&text);
        assert_eq!((lines[0].0.len(), lines[0].1), (LONGEST, 3 * LONGEST + 1));
        assert_eq!(lines[1].0, "next");
    }

    #[test]
    fn what_is_no_utf_8_is_latin_1() {
        assert_eq!(decode("Österreich".as_bytes()), "Österreich");
        assert_eq!(
            decode(b"\xd6sterreich \x86x\x87"),
            "Österreich \u{86}x\u{87}"
        );
    }
}
