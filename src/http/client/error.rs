//! Why a fetch failed.

use std::fmt;
use std::io;
use std::time::Duration;

/// Why a fetch failed, in words an operator can act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The client cannot be built from these settings.
    Settings(String),
    /// The path is not percent-encoded, so it could not be sent as it was given.
    Path(String),
    /// The name of the receiver has no address.
    Resolve {
        /// The name that was looked up.
        host: String,
        /// What the system says.
        why: String,
    },
    /// Nothing listens there: the address tried.
    Refused(String),
    /// The network does not lead there, or broke on the way.
    Unreachable(String),
    /// The deadline passed before the body was complete.
    Timeout(Duration),
    /// The connection ended before the answer was complete.
    Closed(String),
    /// The body is longer than allowed (bytes).
    TooLarge(u64),
    /// The answer is not HTTP as it should be.
    Protocol(String),
    /// The receiver wants TLS, which this build cannot speak.
    NeedsTls(String),
    /// The receiver refuses us (401, 403).
    Unauthorized {
        /// 401 or 403.
        status: u16,
        /// What to do about it.
        advice: &'static str,
    },
    /// Any other status than 2xx.
    Status {
        /// The status code.
        status: u16,
        /// The start of the body as plain text, at most 200 characters.
        text: String,
        /// How long the receiver wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// The reader of the body refused it: its words.
    Sink(String),
}

impl Error {
    /// Whether the same request may succeed a little later: network errors, deadlines, cut answers, 429 and 5xx.
    pub fn is_transient(&self) -> bool {
        match self {
            Error::Resolve { .. }
            | Error::Refused(_)
            | Error::Unreachable(_)
            | Error::Timeout(_)
            | Error::Closed(_) => true,
            Error::Status { status, .. } => *status == 429 || *status >= 500,
            Error::Settings(_)
            | Error::Path(_)
            | Error::TooLarge(_)
            | Error::Protocol(_)
            | Error::NeedsTls(_)
            | Error::Unauthorized { .. }
            | Error::Sink(_) => false,
        }
    }

    /// What the receiver asked to be left alone for, if it did.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Error::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Settings(why) => write!(f, "{why}"),
            Error::Path(path) => write!(f, "the path `{path}` is not percent-encoded"),
            Error::Resolve { host, why } => {
                write!(f, "no address is known for {host}: {why}")
            }
            Error::Refused(address) => {
                write!(f, "nothing listens on {address} (connection refused)")
            }
            Error::Unreachable(why) => write!(f, "cannot reach the receiver: {why}"),
            Error::Timeout(limit) => {
                let limit = limit.as_millis();
                write!(
                    f,
                    "the receiver did not finish its answer within {limit} ms"
                )
            }
            Error::Closed(why) => write!(f, "the receiver broke off: {why}"),
            Error::TooLarge(limit) => {
                write!(f, "the answer is larger than the allowed {limit} bytes")
            }
            Error::Protocol(why) => write!(f, "the answer is not valid HTTP: {why}"),
            Error::NeedsTls(why) => {
                write!(f, "{why}, but this build has no TLS (cargo feature `tls`)")
            }
            Error::Unauthorized { status, advice } => {
                write!(f, "the receiver refuses us ({status}): {advice}")
            }
            Error::Status { status, text, .. } if text.is_empty() => {
                write!(f, "the receiver answers {status}")
            }
            Error::Status { status, text, .. } => {
                write!(f, "the receiver answers {status}: {text}")
            }
            Error::Sink(why) => write!(f, "{why}"),
        }
    }
}

impl std::error::Error for Error {}

/// Our guard hands its errors through readers that only know `io::Error`.
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        io::Error::other(error)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        let text = error.to_string();
        match error.kind() {
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => Error::Closed(text),
            _ => match error.into_inner().map(|inner| inner.downcast::<Error>()) {
                Some(Ok(ours)) => *ours,
                _ => Error::Unreachable(text),
            },
        }
    }
}

/// surf's error is a box around whatever went wrong: ours, a socket's, or async-h1's words.
impl From<surf::Error> for Error {
    fn from(error: surf::Error) -> Self {
        match error.downcast::<Error>() {
            Ok(ours) => ours,
            Err(error) => match error.downcast::<io::Error>() {
                Ok(error) => error.into(),
                Err(error) => Error::Protocol(error.to_string()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_error_survives_the_trip_through_io_and_surf() {
        let error = Error::Protocol("two lengths".into());
        assert_eq!(Error::from(io::Error::from(error.clone())), error);
        assert_eq!(Error::from(surf::Error::from(error.clone())), error);
        let boxed = surf::Error::from(io::Error::from(error.clone()));
        assert_eq!(Error::from(boxed), error);
    }

    #[test]
    fn only_trouble_that_may_pass_is_transient() {
        let status = |status| Error::Status {
            status,
            text: String::new(),
            retry_after: None,
        };
        for error in [
            Error::Refused("x".into()),
            Error::Timeout(Duration::ZERO),
            Error::Closed("x".into()),
            status(429),
            status(500),
            status(503),
        ] {
            assert!(error.is_transient(), "{error}");
        }
        for error in [
            status(404),
            status(302),
            Error::TooLarge(1),
            Error::Protocol("x".into()),
            Error::Unauthorized {
                status: 401,
                advice: "",
            },
            Error::Sink("x".into()),
        ] {
            assert!(!error.is_transient(), "{error}");
        }
    }
}
