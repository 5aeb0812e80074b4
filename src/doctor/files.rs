//! The receiver's own files: whether channels and guide come from them, and what they hold.

use std::time::{Duration, SystemTime};

use super::receiver::count;
use super::{Finding, Needs, Tell};
use crate::model::Lineup;
use crate::receiver::disk::epg::EpgFile;
use crate::receiver::disk::Disk;

/// Where channels and guide come from. Returns whether that is files.
pub(super) fn source(needs: &Needs, tell: Tell<'_>) -> bool {
    const CHECK: &str = "source";
    let disk = match &needs.disk {
        Ok(disk) => disk,
        Err(why) => {
            tell(Finding::ok(
                CHECK,
                format!(
                    "channels and guide are asked from OpenWebif, because {why}; it does not tell providers, nor \
                     cast, year and further languages of events"
                ),
            ));
            return false;
        }
    };
    let listing = match disk.listing() {
        Ok(listing) => listing,
        Err(error) => {
            tell(Finding::problem(
                CHECK,
                format!(
                    "{error} (receiver.dir; receiver.source = \"openwebif\" does without files)"
                ),
            ));
            return true;
        }
    };
    tell(Finding::ok(
        CHECK,
        format!(
            "channels and guide are read from the receiver's own files in {}",
            disk.dir().display()
        ),
    ));
    let lineup = Lineup::resolve(&listing, &needs.selection());
    tell(count(&listing, &lineup));
    if needs.loaded.config.guide.enabled {
        tell(guide(disk, &lineup));
    }
    true
}

/// What the file of events holds.
fn guide(disk: &Disk, lineup: &Lineup) -> Finding {
    const CHECK: &str = "guide";
    let path = match disk.epg_file() {
        Ok(Some(path)) => path,
        Ok(None) => {
            return Finding::warning(
                CHECK,
                "the receiver has no epg.dat yet (it writes it when it restarts or goes into deep standby): the guide \
                 is asked from OpenWebif until then",
            );
        }
        Err(error) => return Finding::problem(CHECK, error.to_string()),
    };
    let written = path.metadata().and_then(|data| data.modified()).ok();
    let age = written.and_then(|at| SystemTime::now().duration_since(at).ok());
    let opened = EpgFile::open(&path);
    let path = path.display();
    let file = match opened {
        Ok(file) => file,
        Err(error) => {
            return Finding::warning(
                CHECK,
                format!("{path}: {error}: the guide is asked from OpenWebif"),
            )
        }
    };
    let known = |key| {
        let mut services = file.services().iter();
        services.any(|service| service.key == key && service.events > 0)
    };
    let keys = lineup.channels.iter().filter_map(|channel| channel.epg);
    let known = keys.filter(|key| known(*key)).count();
    let all = lineup.channels.len();
    let text = format!(
        "{path} has events of {known} of {all} channels and was written {}; what came later is asked from OpenWebif",
        age.map_or("in the future".into(), ago)
    );
    if known * 2 >= all {
        Finding::ok(CHECK, text)
    } else {
        Finding::warning(CHECK, text)
    }
}

fn ago(age: Duration) -> String {
    match age.as_secs() / 60 {
        minutes @ 0..=119 => format!("{minutes} minutes ago"),
        minutes => format!("{} hours ago", minutes / 60),
    }
}
