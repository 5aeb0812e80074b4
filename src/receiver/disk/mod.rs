//! The receiver's own files: no request, no load, no wait.
//!
//! enigma2 keeps its list of services (`lamedb`), its bouquets and its settings in one directory, `/etc/enigma2`. It
//! writes each as `<file>.writing` and renames it, so a reader sees the old or the new, never half.

mod bouquets;
pub mod epg;
mod lamedb;
mod lines;
mod locks;
mod places;
mod settings;
mod text;

use std::fmt;
use std::path::{Path, PathBuf};

use crate::model::{Listing, Relay, ServiceRef};
use lines::{decode, Lines};
use locks::Locks;

pub use places::may_sleep;
pub use settings::Settings;

/// The directory of enigma2's files on this machine.
#[derive(Clone, Debug)]
pub struct Disk {
    dir: PathBuf,
}

/// A file that is missing or makes no sense.
#[derive(Debug)]
pub struct Error {
    path: PathBuf,
    why: String,
}

impl Error {
    fn new(path: &Path, why: &dyn fmt::Display) -> Error {
        Error {
            path: path.into(),
            why: why.to_string(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.why)
    }
}

impl std::error::Error for Error {}

impl Disk {
    /// The files in a directory, usually `/etc/enigma2`.
    pub fn new(dir: impl Into<PathBuf>) -> Disk {
        Disk { dir: dir.into() }
    }

    /// Where they are.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether a list of services and one of bouquets are there and can be read: then this machine is a receiver.
    pub fn is_there(&self) -> bool {
        lamedb::open(&self.dir).is_ok() && bouquets::are_there(&self.dir)
    }

    /// Bouquets and services as enigma2 lists them, with what only its files tell: hidden bouquets, locks, providers,
    /// codings. Blocks for as long as the files take to read.
    ///
    /// # Errors
    /// When a file that must be there is not, or one that is there cannot be read: what is known is then kept.
    pub fn listing(&self) -> Result<Listing, Error> {
        let settings = self.settings()?;
        let locks = Locks::read(&self.dir, &settings)?;
        let mut listing = bouquets::read(&self.dir, &settings)?;
        lamedb::fill(&self.dir, &mut listing, locks.are_on())?;
        locks.apply(&mut listing);
        Ok(listing)
    }

    /// enigma2's settings.
    ///
    /// # Errors
    /// When they are there and cannot be read.
    pub fn settings(&self) -> Result<Settings, Error> {
        Settings::read(&self.dir)
    }

    /// What comes from the softcam's stream relay: the services of `whitelist_streamrelay`, a reference a line.
    ///
    /// # Errors
    /// When that file or the settings are there and cannot be read.
    pub fn relay(&self) -> Result<Relay, Error> {
        let port = self
            .settings()?
            .get("config.misc.softcam_streamrelay_port")
            .and_then(|port| port.parse().ok())
            .filter(|port| *port > 0);
        let services = references(&self.dir.join("whitelist_streamrelay"))?;
        Ok(Relay { services, port })
    }
}

/// The references in a file that has one a line; none without the file. Other lines are passed over.
fn references(path: &Path) -> Result<Vec<ServiceRef>, Error> {
    let fault = |error| Error::new(path, &error);
    let mut references = Vec::new();
    let Some(mut lines) = Lines::open(path).map_err(fault)? else {
        return Ok(references);
    };
    while let Some(line) = lines.next().map_err(fault)? {
        references.extend(ServiceRef::parse(decode(line.bytes).trim()));
    }
    Ok(references)
}

#[cfg(test)]
mod tests;
