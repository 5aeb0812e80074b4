//! The file of the numbers that stick to services: plain text, so that people can read and correct it.

use std::io::ErrorKind;
use std::path::Path;

use crate::model::Numbers;

/// The file's name in the state directory.
pub(super) const FILE: &str = "numbers";

/// Reads the file; no numbers if there is none or it is damaged, which is logged.
pub(super) fn load(directory: &Path) -> Numbers {
    let path = directory.join(FILE);
    let told = |why: &str| {
        log::warn!(
            "{} {why}; channels get the receiver's numbers",
            path.display()
        );
        Numbers::default()
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => Numbers::parse(&text).unwrap_or_else(|| told("is damaged")),
        Err(error) if error.kind() == ErrorKind::NotFound => Numbers::default(),
        Err(error) => told(&format!("cannot be read: {error}")),
    }
}
