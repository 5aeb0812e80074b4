//! A file seen through a window of a few pages: it is never in memory as a whole, however large it is.

use std::fs::{File, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::Error;

/// A receiver has not the memory for the events of a larger file.
const LARGEST: u64 = 256 * 1024 * 1024;
/// Bytes read at once.
const SIGHT: u32 = 32 * 1024;

/// A file that is read in pieces.
#[derive(Debug)]
pub(super) struct Window {
    file: File,
    path: PathBuf,
    stamp: Stamp,
    /// Where the bytes in sight begin.
    from: u32,
    /// How many they are.
    filled: usize,
    buffer: Vec<u8>,
}

/// What tells whether a file is still the one that was opened.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    inode: (u64, u64),
    length: u64,
    modified: (i64, i64),
}

impl Stamp {
    fn of(about: &Metadata) -> Stamp {
        Stamp {
            inode: (about.dev(), about.ino()),
            length: about.len(),
            modified: (about.mtime(), about.mtime_nsec()),
        }
    }
}

impl Window {
    /// Opens a file.
    pub(super) fn open(path: &Path) -> Result<Window, Error> {
        let file = File::open(path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(Error::Foreign);
        }
        if about.len() > LARGEST {
            return Err(Error::Implausible("it is too large"));
        }
        Ok(Window {
            file,
            path: path.to_owned(),
            stamp: Stamp::of(&about),
            from: 0,
            filled: 0,
            buffer: vec![0; SIGHT as usize],
        })
    }

    /// The `count` bytes at `at`; never more than a few hundred.
    pub(super) fn bytes(&mut self, at: u32, count: usize) -> Result<&[u8], Error> {
        let begin = match at.checked_sub(self.from) {
            Some(begin) if begin as usize + count <= self.filled => begin as usize,
            _ => {
                self.look(at, SIGHT)?;
                0
            }
        };
        match self.buffer[..self.filled].get(begin..begin + count) {
            Some(bytes) => Ok(bytes),
            None => Err(Error::Cut),
        }
    }

    /// The number at `at`, in the byte order of this machine: enigma2 writes it as it has it.
    pub(super) fn number(&mut self, at: u32) -> Result<u32, Error> {
        let bytes = self.bytes(at, 4)?.try_into();
        Ok(u32::from_ne_bytes(bytes.unwrap_or_default()))
    }

    /// Whether the file is still what it was when it was opened. It may have another name for a while: enigma2 renames
    /// it to read it.
    pub(super) fn is_unchanged(&self) -> bool {
        let is_same = |about: Metadata| Stamp::of(&about) == self.stamp;
        let has_name = match std::fs::metadata(&self.path) {
            Ok(about) => is_same(about),
            Err(error) => error.kind() == ErrorKind::NotFound,
        };
        has_name && self.file.metadata().is_ok_and(is_same)
    }

    /// Brings up to `count` bytes from `at` on into sight; gives where the sight ends.
    pub(super) fn look(&mut self, at: u32, count: u32) -> Result<u32, Error> {
        let buffer = &mut self.buffer[..count.min(SIGHT) as usize];
        (self.from, self.filled) = (at, 0);
        while self.filled < buffer.len() {
            let from = u64::from(at) + self.filled as u64;
            match self.file.read_at(&mut buffer[self.filled..], from) {
                Ok(0) => break,
                Ok(more) => self.filled += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(at + self.filled as u32)
    }
}
