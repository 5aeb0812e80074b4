//! What can go wrong with the receiver: its answers, its files.

use std::fmt;

use super::disk;
use crate::http::client;

/// Why what the receiver says cannot be used.
#[derive(Debug)]
pub enum Error {
    /// No answer, or none that HTTP calls good.
    Http(client::Error),
    /// An answer that is not what OpenWebif sends there: HTML, half JSON, wrong types. Path, and what is wrong.
    Malformed(String, String),
    /// `result: false`. Path, and the receiver's message.
    Refused(String, String),
    /// Not one question of a pass was answered. The first reason.
    Silent(String),
    /// The receiver's own files are not what they should be.
    Files(disk::Error),
    /// What was read could not be filed.
    Store(std::io::Error),
}

impl Error {
    pub(in crate::receiver) fn malformed(path: &str, what: &str) -> Error {
        Error::Malformed(path.into(), what.into())
    }

    /// Whether any other question would fail the same way: the receiver is away, hangs, or does not let us in.
    pub fn is_general(&self) -> bool {
        use client::Error::{Refused, Resolve, Timeout, Unauthorized, Unreachable};
        let Error::Http(error) = self else {
            return false;
        };
        matches!(
            error,
            Refused(_) | Resolve { .. } | Timeout(_) | Unauthorized { .. } | Unreachable(_)
        )
    }

    /// Whether there was no answer at all.
    pub fn is_away(&self) -> bool {
        use client::Error::{Closed, Refused, Resolve, Timeout, Unreachable};
        match self {
            Error::Http(error) => matches!(
                error,
                Closed(_) | Refused(_) | Resolve { .. } | Timeout(_) | Unreachable(_)
            ),
            Error::Silent(_) => true,
            _ => false,
        }
    }

    /// Whether the answer did not come in time.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Error::Http(client::Error::Timeout(_)))
    }

    /// Whether the receiver answered that there is no such thing.
    pub(in crate::receiver) fn is_not_found(&self) -> bool {
        matches!(self, Error::Http(client::Error::Status { status: 404, .. }))
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
            Error::Silent(why) => write!(f, "the receiver answers nothing: {why}"),
            Error::Files(error) => error.fmt(f),
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
