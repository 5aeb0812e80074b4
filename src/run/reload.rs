//! What becomes of a configuration that is read again.

use crate::cli::{self, Command};
use crate::config::{self, Loaded, Reloads};
use crate::log::audit::{Audit, Event, Kind};
use crate::notice::Notice;

/// The names of the first errors in the audit; the log has all of them.
const FIRST: [&str; 3] = ["first", "second", "third"];

/// What became of it.
#[derive(Debug)]
pub(super) enum Report {
    /// It is in force: the keys that changed, with what they are now and were before.
    Taken(Vec<(&'static str, String)>),
    /// It is not, for these reasons.
    Refused(Vec<String>),
}

impl Report {
    /// For those who follow what happens: keys, no values.
    pub(super) fn notice(&self) -> Notice {
        let changes = match self {
            Report::Taken(changes) => &changes[..],
            Report::Refused(_) => &[],
        };
        Notice::ConfigReloaded {
            success: matches!(self, Report::Taken(_)),
            changes: changes.iter().map(|(key, _)| (*key).to_owned()).collect(),
        }
    }

    /// Counts it and tells the audit; `loaded` is in force.
    pub(super) fn record(self, audit: &Audit, loaded: &Loaded, reloads: &Reloads) {
        reloads.count(matches!(self, Report::Taken(_)));
        let (kind, details) = match self {
            Report::Taken(changes) => (Kind::ConfigReload, changes),
            Report::Refused(reasons) => {
                let count = ("errors", reasons.len().to_string());
                let first = FIRST.into_iter().zip(reasons);
                let details = std::iter::once(count).chain(first).collect();
                (Kind::ConfigReloadError, details)
            }
        };
        let file = loaded.file.as_ref();
        let file = file.map(|file| file.display().to_string());
        audit.record(Event {
            actor: "signal",
            action: "reload",
            resource: file.as_deref().unwrap_or("configuration"),
            details: &details,
            ..Event::of(kind)
        });
    }
}

/// The configuration as it is said now, unless it is wrong or the same, and what is to be reported once it is in force.
/// `has_new_keys`: `xg2g token` made some meanwhile.
pub(super) fn reread(loaded: &Loaded, has_new_keys: bool) -> (Report, Option<Loaded>) {
    let new = match cli::read() {
        Ok(Command::Run { loaded, .. }) => loaded,
        // The same arguments mean the same command.
        Ok(_) => return (Report::Taken(Vec::new()), None),
        Err(failure) => {
            log::error!("the configuration is wrong, the one in force stays:");
            let errors: Vec<String> = failure.to_string().lines().map(str::to_owned).collect();
            errors.iter().for_each(|error| log::error!("{error}"));
            return (Report::Refused(errors), None);
        }
    };
    let changes = config::changes(&loaded.config, &new.config);
    if changes.is_empty() && new.file == loaded.file && !has_new_keys {
        log::info!("the configuration has not changed");
        return (Report::Taken(Vec::new()), None);
    }
    log::info!("the configuration has changed, starting again");
    let mut told = Vec::new();
    if has_new_keys {
        log::info!("token or stream key were made");
        told.push(("keys", "new".to_owned()));
    }
    for key in changes {
        let (old, new) = (key.value(&loaded.config), key.value(&new.config));
        let change = format!("{new}, was {old}");
        log::info!("{} = {change}", key.path);
        told.push((key.path, change));
    }
    (Report::Taken(told), Some(new))
}
