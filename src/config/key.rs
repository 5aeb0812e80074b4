//! A setting: its name, its environment variable, what it may hold.

use super::toml::Value;
use super::{nearest, Config, Kind, KEYS};

/// A setting.
#[derive(Clone, Copy)]
pub struct Key {
    /// Its name in the file: section and key.
    pub path: &'static str,
    /// Its environment variable.
    pub env: &'static str,
    /// What it may hold, and where that is kept.
    pub kind: Kind,
    /// What it is for, in a sentence or two.
    pub about: &'static str,
}

impl Key {
    /// The key of this name.
    pub fn find(path: &str) -> Option<&'static Key> {
        KEYS.iter().find(|key| key.path == path)
    }

    /// Its section and its name within it.
    pub fn parts(&self) -> (&'static str, &'static str) {
        self.path.split_once('.').unwrap_or(("", self.path))
    }

    /// Its value in a configuration as the file would have it; a secret is masked.
    pub fn value(&self, config: &Config) -> Value {
        self.kind.show(config)
    }

    /// Whether it may have this value.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what is allowed.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        self.kind.store(&mut Config::default(), value)
    }

    /// Whether it says where the settings changed over HTTP are kept, and so cannot be one of them.
    pub fn is_place_of_settings(&self) -> bool {
        self.path == "files.state"
    }

    /// Whether another value counts only after a restart: the port is opened once, and the directories are in use.
    pub fn is_cold(&self) -> bool {
        matches!(self.path, "server.listen" | "files.data" | "files.state")
    }

    /// Whether a bare number in its environment variable is a time in milliseconds.
    pub(super) fn is_in_milliseconds(&self) -> bool {
        self.env.ends_with("_MS")
    }
}

/// What is wrong with a key that there is not, and which was meant perhaps.
pub(super) fn unknown(path: &str) -> String {
    let paths = || KEYS.iter().map(|key| key.path);
    let last = path.rsplit('.').next().unwrap_or(path);
    let same_name = || paths().find(|path| path.ends_with(&format!(".{last}")));
    // Whoever sends kilobytes meant none.
    let near = if path.len() < 100 {
        nearest(path, paths())
    } else {
        None
    };
    format!("no such key{}", meant(near.or_else(same_name)))
}

/// The end of a message about a name that there is not.
pub(super) fn meant(near: Option<&str>) -> String {
    near.map_or(String::new(), |near| format!("; is {near} meant?"))
}
