//! What can go wrong with a question to the receiver.

use std::fmt;

use crate::http::client;

/// Why the receiver's answer cannot be used.
#[derive(Debug)]
pub enum Error {
    /// No answer, or none that HTTP calls good.
    Http(client::Error),
    /// An answer that is not what OpenWebif sends there: HTML, half JSON, wrong types. Path, and what is wrong.
    Malformed(String, String),
    /// `result: false`. Path, and the receiver's message.
    Refused(String, String),
    /// What was read could not be filed.
    Store(std::io::Error),
}

impl Error {
    pub(super) fn malformed(path: &str, what: &str) -> Error {
        Error::Malformed(path.into(), what.into())
    }

    /// Whether the receiver is away or busy, as opposed to answering something wrong.
    pub fn is_away(&self) -> bool {
        matches!(self, Error::Http(error) if error.is_transient())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Http(error) => error.fmt(f),
            Error::Malformed(path, what) if path.is_empty() => {
                write!(f, "the receiver's answer cannot be read: {what}")
            }
            Error::Malformed(path, what) => {
                write!(f, "the receiver's answer to {path} cannot be read: {what}")
            }
            Error::Refused(path, message) => {
                write!(f, "the receiver refuses {path}: {message}")
            }
            Error::Store(error) => write!(f, "the guide cannot be filed: {error}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Http(error) => Some(error),
            Error::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl From<client::Error> for Error {
    fn from(error: client::Error) -> Error {
        Error::Http(error)
    }
}
