//! enigma2's `settings`: a line `key=value` for each setting that differs from its default.

use std::io::{self, BufRead};
use std::path::Path;

use super::lines::{decode, Lines};
use super::Error;

/// What the file says. It is written when enigma2 saves or stops, so it can lag behind the running box.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    pairs: Vec<(Box<str>, Box<str>)>,
}

impl Settings {
    /// Reads the file; no file says nothing.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub(super) fn read(dir: &Path) -> Result<Settings, Error> {
        let path = dir.join("settings");
        let settings = match Lines::open(&path) {
            Ok(Some(lines)) => Settings::parse(lines),
            Ok(None) => Ok(Settings::default()),
            Err(error) => Err(error),
        };
        settings.map_err(|error| Error::new(&path, &error))
    }

    fn parse<R: BufRead>(mut lines: Lines<R>) -> io::Result<Settings> {
        let mut settings = Settings::default();
        while let Some(line) = lines.next()? {
            if let Some((key, value)) = decode(line.bytes).split_once('=') {
                let pair = (key.trim().into(), value.trim().into());
                settings.pairs.push(pair);
            }
        }
        Ok(settings)
    }

    /// The value of a key; `None` where it is enigma2's default. The last of several counts.
    pub fn get(&self, key: &str) -> Option<&str> {
        let mut pairs = self.pairs.iter().rev();
        pairs
            .find(|(known, _)| **known == *key)
            .map(|(_, value)| &**value)
    }

    /// A yes or no: `True` since Python 3, `true` before.
    pub fn flag(&self, key: &str) -> Option<bool> {
        match self.get(key)?.to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" => Some(true),
            "false" | "no" | "0" => Some(false),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_pairs_and_flags_are_written_either_way() {
        let text = "config.a.name=Wohnzimmer = oben\r\nnothing\nconfig.a.on=True\nconfig.a.off=false\nconfig.a.on2=true\nconfig.a.name2=\n";
        let settings = Settings::parse(Lines::new(text.as_bytes())).unwrap();
        assert_eq!(settings.get("config.a.name"), Some("Wohnzimmer = oben"));
        assert_eq!(settings.get("config.a.name2"), Some(""));
        assert_eq!(settings.get("config.a"), None);
        assert_eq!(settings.flag("config.a.on"), Some(true));
        assert_eq!(settings.flag("config.a.on2"), Some(true));
        assert_eq!(settings.flag("config.a.off"), Some(false));
        assert_eq!(settings.flag("config.a.name"), None);
    }
}
