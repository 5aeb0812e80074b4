//! Where a value came from, and what was wrong with one.

use std::fmt;
use std::path::PathBuf;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Nobody said anything.
    Default,
    /// A line of the file, counted from 1; 0 stands for the whole file.
    File {
        /// The file as it was named.
        path: PathBuf,
        /// The line.
        line: u32,
    },
    /// This environment variable.
    Environment(String),
    /// The command line.
    Flag,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Default => f.write_str("default"),
            Source::File { path, line: 0 } => path.display().fmt(f),
            Source::File { path, line } => write!(f, "{}:{line}", path.display()),
            Source::Environment(name) => f.write_str(name),
            Source::Flag => f.write_str("command line"),
        }
    }
}

/// One thing that is wrong with the configuration. It never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Where it was said.
    pub at: Source,
    /// The key it is about (`guide.days`); empty where the text makes no key.
    pub key: String,
    /// The value as it was written, masked if it is secret; empty where it does not matter.
    pub value: String,
    /// What is wrong, and what is allowed.
    pub problem: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.at)?;
        match (self.key.as_str(), self.value.as_str()) {
            ("", _) => {}
            (key, "") => write!(f, "{key}: ")?,
            (key, value) => write!(f, "{key} = {value}: ")?,
        }
        f.write_str(&self.problem)
    }
}

impl std::error::Error for Error {}
