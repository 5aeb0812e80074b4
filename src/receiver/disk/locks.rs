//! Parental control: which services enigma2 shows only to who knows the PIN.
//!
//! It keeps them in `blacklist`, a reference a line; a bouquet there stands for all services in it, wherever else they
//! are (`Components/ParentalControl.py`). Images of long ago could be set to a `whitelist` instead.

use std::collections::HashSet;
use std::path::Path;

use super::{references, Error, Settings};
use crate::model::{Entry, EntryKind, Listing, ServiceRef};

/// What is locked.
#[derive(Debug, Default)]
pub(super) struct Locks {
    are_on: bool,
    /// The services named are those that are free.
    is_whitelist: bool,
    services: HashSet<ServiceRef>,
    /// Files of bouquets and groups of alternatives.
    files: HashSet<Box<str>>,
}

impl Locks {
    /// Reads the list if parental control is switched on. `config.ParentalControl.servicepinactive` is the same as
    /// `.configured` on current images, and what counts on old ones; either will do here, which rather locks too much.
    pub(super) fn read(dir: &Path, settings: &Settings) -> Result<Locks, Error> {
        let is_on = |key: &str| settings.flag(key) == Some(true);
        let mut locks = Locks {
            are_on: is_on("config.ParentalControl.configured")
                || is_on("config.ParentalControl.servicepinactive"),
            is_whitelist: settings.get("config.ParentalControl.type") == Some("whitelist"),
            ..Locks::default()
        };
        if !locks.are_on {
            return Ok(locks);
        }
        let file = if locks.is_whitelist {
            "whitelist"
        } else {
            "blacklist"
        };
        for reference in references(&dir.join(file))? {
            // Flags are no guide: enigma2 writes its form for comparing, which has none.
            match reference.bouquet_file() {
                Some(file) => locks.files.insert(file.into()),
                None => locks.services.insert(reference),
            };
        }
        Ok(locks)
    }

    /// Whether parental control is switched on.
    pub(super) fn are_on(&self) -> bool {
        self.are_on
    }

    /// Marks what is locked. What is marked already stays so.
    pub(super) fn apply(mut self, listing: &mut Listing) {
        if !self.are_on {
            return;
        }
        for bouquet in &listing.bouquets {
            let reference = ServiceRef::parse(&bouquet.reference);
            let file = reference.as_ref().and_then(ServiceRef::bouquet_file);
            let inside = file.is_some_and(|file| self.files.contains(file));
            self.gather(&bouquet.entries, inside);
        }
        for bouquet in &mut listing.bouquets {
            self.mark(&mut bouquet.entries);
        }
    }

    /// Adds the services inside of locked bouquets.
    fn gather(&mut self, entries: &[Entry], inside: bool) {
        for entry in entries {
            let file = entry.service.bouquet_file();
            let inside = inside || file.is_some_and(|file| self.files.contains(file));
            if inside {
                match file {
                    Some(file) => self.files.insert(file.into()),
                    None => self.services.insert(entry.service.clone()),
                };
            }
            self.gather(&entry.members, inside);
        }
    }

    fn mark(&self, entries: &mut [Entry]) {
        for entry in entries {
            self.mark(&mut entry.members);
            let is_listed = match entry.service.bouquet_file() {
                Some(file) => self.files.contains(file),
                None => self.services.contains(&entry.service),
            };
            entry.is_locked |= match entry.kind() {
                EntryKind::Service | EntryKind::HiddenService => is_listed != self.is_whitelist,
                // What can be had is one of the members.
                EntryKind::Group => {
                    let mut members = entry.members.iter();
                    is_listed && !self.is_whitelist
                        || !entry.members.is_empty() && members.all(|member| member.is_locked)
                }
                _ => false,
            };
        }
    }
}
