//! Which files there are to look at, and where `epg.dat` is.

use std::path::{Path, PathBuf};

use super::{Disk, Error};

/// Where images keep the guide, if their settings do not say: the default of enigma2, then where it goes when there is
/// no hard disk.
const USUAL: [&str; 3] = [
    "/media/hdd/epg.dat",
    "/media/usb/epg.dat",
    "/media/mmc/epg.dat",
];
/// What enigma2 falls back to.
const LAST: &str = "/epg.dat";
/// The names of the files that say which channels there are: what they begin with, or are.
const NAMES: [&str; 8] = [
    "bouquets.",
    "userbouquet.",
    "alternatives.",
    "lamedb",
    "whitelist_streamrelay",
    "blacklist",
    "whitelist",
    "settings",
];

impl Disk {
    /// enigma2's file of events: the one that its settings name, else the first of the usual ones that is there; `None`
    /// if none is.
    ///
    /// # Errors
    /// When the settings are there and cannot be read.
    pub fn epg_file(&self) -> Result<Option<PathBuf>, Error> {
        let settings = self.settings()?;
        let named = settings
            .get("config.misc.epgcache_filename")
            .map(PathBuf::from);
        let usual = USUAL.iter().map(PathBuf::from);
        let here = self.dir().join("epg.dat");
        let mut places = named.into_iter().chain(usual).chain([here, LAST.into()]);
        Ok(places.find(|path| path.is_file()))
    }

    /// Where enigma2 would write its events next; the file need not exist.
    ///
    /// # Errors
    /// When the settings are there and cannot be read.
    pub fn epg_place(&self) -> Result<PathBuf, Error> {
        let settings = self.settings()?;
        let named = settings.get("config.misc.epgcache_filename");
        Ok(named.unwrap_or(USUAL[0]).into())
    }

    /// Whether a file of this name in the directory has to do with channels. What is still being written
    /// (`.writing`) has not, yet.
    pub fn concerns(name: &str) -> bool {
        !name.ends_with(".writing") && NAMES.iter().any(|known| name.starts_with(known))
    }
}

/// Whether a file lies on a disk that turns, and perhaps sleeps: `/sys` says so of its block device. The file need not
/// exist yet.
pub fn may_sleep(file: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let Some(device) = file.ancestors().find_map(|path| path.metadata().ok()) else {
        return false;
    };
    let number = device.dev();
    let (major, minor) = (rustix::fs::major(number), rustix::fs::minor(number));
    // Of a partition the disk above it is asked.
    ["queue", "../queue"].iter().any(|queue| {
        let path = format!("/sys/dev/block/{major}:{minor}/{queue}/rotational");
        std::fs::read_to_string(path).is_ok_and(|text| text.trim() == "1")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_finished_files_of_channels_concern() {
        for name in [
            "bouquets.tv",
            "userbouquet.favourites.radio",
            "alternatives.a.tv",
            "lamedb",
            "lamedb5",
            "settings",
        ] {
            assert!(Disk::concerns(name), "{name}");
        }
        for name in ["bouquets.tv.writing", "timers.xml", "profile", "epg.dat"] {
            assert!(!Disk::concerns(name), "{name}");
        }
    }
}
