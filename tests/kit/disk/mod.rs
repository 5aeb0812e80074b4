//! A receiver's own files, written from our model as enigma2 writes them, by nobody who reads them: what a reader
//! makes of them can be compared with the model they came from.

mod bouquets;
pub(crate) mod copy;
mod descriptors;
mod epg;
mod lamedb;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use xg2g::model::{EpgKey, Event, Listing, ServiceRef};

pub(crate) use bouquets::{bouquet, bouquets};
pub(crate) use copy::copy_of;
pub(crate) use descriptors::Coding;
pub(crate) use epg::{epg, save_epg, unfinished, Style, Version};
pub(crate) use lamedb::{Known, Lamedb};

/// The events of a receiver, by what enigma2 files them under.
pub(crate) type Events = BTreeMap<EpgKey, Vec<Event>>;

/// Writes the bouquets and both lamedbs to `directory` (`/etc/enigma2` of a receiver), the guide to the file `epg`, and
/// the settings that say so.
pub(crate) fn write(directory: &Path, listing: &Listing, events: &Events, epg_file: &Path) {
    fs::create_dir_all(directory).unwrap();
    bouquets(directory, listing);
    Lamedb::of(listing).save(directory);
    let epg_path = epg_file.to_str().unwrap();
    settings(
        directory,
        &[
            ("config.misc.epgcache_filename", epg_path),
            ("config.misc.startCounter", "42"),
        ],
    );
    save_epg(epg_file, &epg(events, &Style::default()));
}

/// Replaces a file as enigma2 does: beside, then renamed. A reader sees the old or the new one.
pub(crate) fn place(directory: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let beside = directory.join(format!("{name}.writing"));
    fs::write(&beside, bytes).unwrap();
    fs::rename(&beside, directory.join(name)).unwrap();
}

/// Writes `settings`: what differs from the defaults.
pub(crate) fn settings(directory: &Path, values: &[(&str, &str)]) {
    let lines = values.iter().map(|(key, value)| format!("{key}={value}\n"));
    place(directory, "settings", lines.collect::<String>());
}

/// Writes `whitelist_streamrelay`, in place as the extension does.
pub(crate) fn relayed(directory: &Path, services: &[&ServiceRef]) {
    references(&directory.join("whitelist_streamrelay"), services);
}

/// Writes `blacklist`, what parental control locks: services and whole bouquets. In place, as enigma2 does.
pub(crate) fn locked(directory: &Path, services: &[&ServiceRef]) {
    references(&directory.join("blacklist"), services);
}

fn references(file: &Path, services: &[&ServiceRef]) {
    let lines = services.iter().map(|service| format!("{service}\n"));
    fs::write(file, lines.collect::<String>()).unwrap();
}
