//! `xg2g backup` and `xg2g restore`.

use std::io;
use std::num::NonZeroU16;
use std::path::Path;

use crate::backup::{self, Backup, Done, Homes};
use crate::cli::{self, Failure, Places};
use crate::config::{Error, Loaded};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const RUNNING: &str =
    "a running xg2g takes configuration and keys in a few seconds; its channels it saves over \
                       those restored, unless it was stopped before";

/// What became of a restore.
pub struct Restored {
    /// File by file.
    pub done: Vec<Done>,
    /// What else is to be said, a sentence each.
    pub remarks: Vec<String>,
}

/// Saves configuration and small state in `file`; `keep` backups stay.
///
/// # Errors
/// When something cannot be read or written; the backup before is then still there.
pub fn backup(loaded: &Loaded, file: &Path, keep: NonZeroU16) -> io::Result<Vec<Done>> {
    let homes = Homes {
        configuration: loaded.file.clone(),
        settings: loaded.settings.clone(),
        state: Places::of(false, loaded).state,
    };
    backup::save(file, keep, &homes)
}

/// Puts a backup back, the configuration at `place`. `loaded` is the configuration that is there now: it counts only if
/// the backup has none of it.
///
/// # Errors
/// When the backup, or a file in it, is not as it should be, or cannot be written: nothing is touched then.
pub fn restore(
    loaded: Result<Loaded, Vec<Error>>,
    place: &Path,
    file: &Path,
    dry_run: bool,
) -> io::Result<Restored> {
    let backup = Backup::read(file)?;
    let loaded = match (backup.configuration(), backup.settings()) {
        (None, None) => loaded.map_err(Failure::Config),
        (configuration, settings) => cli::read_restored(place, configuration, settings),
    };
    let loaded = loaded.map_err(|why| {
        let file = file.display();
        io::Error::other(format!(
            "with {file} the configuration would be wrong:\n{why}"
        ))
    })?;
    let homes = Homes {
        configuration: Some(place.to_owned()),
        settings: loaded.settings.clone(),
        state: Places::of(false, &loaded).state,
    };
    let done = backup.restore(&homes, dry_run)?;
    let mut remarks = Vec::new();
    if backup.by != VERSION {
        let by = &backup.by;
        remarks.push(format!(
            "the backup was made by xg2g {by}, this is {VERSION}"
        ));
    }
    if dry_run {
        remarks.push("nothing was touched".into());
    } else if done.iter().any(|done| done.what != "same") {
        remarks.push(RUNNING.into());
    }
    Ok(Restored { done, remarks })
}
