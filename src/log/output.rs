//! Where the lines go.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where the lines go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// Standard error.
    #[default]
    Stderr,
    /// The system's log.
    Syslog,
    /// A file of bounded size; the path is absolute.
    File(PathBuf),
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Output::Stderr => f.write_str("stderr"),
            Output::Syslog => f.write_str("syslog"),
            Output::File(path) => path.display().fmt(f),
        }
    }
}

impl FromStr for Output {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "stderr" => Ok(Output::Stderr),
            "syslog" => Ok(Output::Syslog),
            path if is_file(path) => Ok(Output::File(path.into())),
            _ => Err(()),
        }
    }
}

/// Whether it can be a file. A relative path would depend on where the init script stood.
pub(super) fn is_file(path: &str) -> bool {
    Path::new(path).is_absolute() && !path.ends_with('/') && !path.contains('\0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_read_as_they_are_shown() {
        for text in ["stderr", "syslog", "/var/log/xg2g.log"] {
            assert_eq!(text.parse::<Output>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "Syslog",
            "xg2g.log",
            "./xg2g.log",
            "/",
            "/tmp/",
            "/a\0b",
        ] {
            assert_eq!(text.parse::<Output>(), Err(()), "{text}");
        }
    }
}
