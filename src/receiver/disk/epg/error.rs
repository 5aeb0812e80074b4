//! Why a file of events cannot be used.

use std::fmt;
use std::io;

/// Why `epg.dat` cannot be used. Nothing that was read of it before counts.
#[derive(Debug)]
pub enum Error {
    /// The file system's word.
    Io(io::Error),
    /// It does not begin as such a file does.
    Foreign,
    /// It was written by a receiver of the other byte order.
    ByteOrder,
    /// enigma2 is writing it, or was stopped while it did.
    Unfinished,
    /// A version that is not known: the word in its place.
    Version(String),
    /// It ends before what it announces.
    Cut,
    /// A count or a length that cannot be; which.
    Implausible(&'static str),
    /// It was written anew while it was read.
    Changed,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io(error) => error.fmt(f),
            Error::Foreign => f.write_str("it is no epg.dat"),
            Error::ByteOrder => f.write_str("it is from a receiver of another byte order"),
            Error::Unfinished => f.write_str("it is not finished"),
            Error::Version(word) => write!(f, "its version is not known: {word}"),
            Error::Cut => f.write_str("it is cut short"),
            Error::Implausible(what) => write!(f, "it is damaged: {what}"),
            Error::Changed => f.write_str("it changed while it was read"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        Error::Io(error)
    }
}
