//! enigma2's file of events, `epg.dat`, versions 7 and 8.
//!
//! enigma2 writes all it knows into one file when it stops or is asked to. It is read here in pieces and service by
//! service, so that it costs the same memory however large it is. Facts: `eEPGCache::save` and `eEPGCache::load`
//! (`lib/dvb/epgcache.cpp`), `eServiceEvent` (`lib/service/event.cpp`); what a descriptor says: ETSI EN 300 468.

mod abbreviation;
mod component;
mod decoder;
mod error;
mod extended;
mod facts;
mod index;
mod items;
mod language;
mod layout;
mod reading;
mod shelf;
mod texts;
mod window;

use std::collections::HashSet;
use std::path::Path;

pub use error::Error;
pub use reading::Reading;

use crate::model::EpgKey;
use layout::Version;
use window::Window;

/// A file of events whose outline has been read and found sound.
#[derive(Debug)]
pub struct EpgFile {
    window: Window,
    version: Version,
    services: Vec<Service>,
    /// Where the table of descriptors begins.
    table: u32,
}

/// A service that the file has events of.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// What its events are filed under.
    pub key: EpgKey,
    /// How many they are.
    pub events: u32,
    /// Where they begin in the file.
    at: u32,
}

impl EpgFile {
    /// Opens a file and walks over its services: every count and every length fits the file.
    ///
    /// # Errors
    /// [`Error`]; a file that enigma2 is just writing is `Error::Unfinished` or `Error::Cut`.
    pub fn open(path: &Path) -> Result<EpgFile, Error> {
        let mut window = Window::open(path)?;
        let (version, at) = layout::header(&mut window)?;
        let (services, table) = layout::services(&mut window, version, at)?;
        Ok(EpgFile {
            window,
            version,
            services,
            table,
        })
    }

    /// The services in the order of the file.
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// The events of the services in `wanted`; the others cost nothing. Before the first are handed out the rest of the file
    /// is walked over, so that a file cut short gives no events at all.
    ///
    /// `languages` are codes of three letters, the best first: the first of them that an event has gives its texts, the
    /// others are its translations; if it has none of them, its texts are in the language that is broadcast first, as with
    /// enigma2.
    pub fn read(self, wanted: &HashSet<EpgKey>, languages: &[String]) -> Reading {
        Reading::new(self, wanted, languages)
    }
}

#[cfg(test)]
mod tests;
