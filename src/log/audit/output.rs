//! Where the lines go.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::super::output::is_file;

/// The name of the file among the outputs.
const FILE: &str = "audit.log";

/// Where the lines go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// A file among the outputs, which are in RAM on a box.
    #[default]
    Data,
    /// The program's own log.
    Log,
    /// Nowhere.
    Off,
    /// This file; the path is absolute.
    File(PathBuf),
}

impl Output {
    /// The file, if it is one; outputs are in the directory `data`.
    pub(super) fn file(&self, data: &Path) -> Option<PathBuf> {
        match self {
            Output::Data => Some(data.join(FILE)),
            Output::File(path) => Some(path.clone()),
            Output::Log | Output::Off => None,
        }
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Output::Data => Ok(()),
            Output::Log => f.write_str("log"),
            Output::Off => f.write_str("off"),
            Output::File(path) => path.display().fmt(f),
        }
    }
}

impl FromStr for Output {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "" => Ok(Output::Data),
            "log" => Ok(Output::Log),
            "off" => Ok(Output::Off),
            path if is_file(path) => Ok(Output::File(path.into())),
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_read_as_they_are_shown() {
        for text in ["", "log", "off", "/var/log/xg2g-audit.log"] {
            assert_eq!(text.parse::<Output>().unwrap().to_string(), text);
        }
        for text in ["stderr", "Off", "audit.log", "/", "/tmp/", "/a\0b"] {
            assert_eq!(text.parse::<Output>(), Err(()), "{text}");
        }
    }

    #[test]
    fn the_file_is_among_the_outputs_unless_another_is_named() {
        let file = |text: &str| text.parse::<Output>().unwrap().file(Path::new("/tmp/xg2g"));
        assert_eq!(file(""), Some("/tmp/xg2g/audit.log".into()));
        assert_eq!(file("/x/y"), Some("/x/y".into()));
        assert_eq!((file("log"), file("off")), (None, None));
    }
}
