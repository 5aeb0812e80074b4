//! The receiver's own files: whether channels and guide come from them, and what they hold.

use std::time::SystemTime;

use super::receiver::{count, lacking};
use super::{Finding, Needs, Tell};
use crate::health::ago;
use crate::model::Lineup;
use crate::receiver::disk::epg::EpgFile;
use crate::receiver::disk::Disk;

/// Where channels and guide come from. Returns the channels, if that is files.
pub(super) fn source(needs: &Needs, tell: Tell<'_>) -> Option<Lineup> {
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
            return None;
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
            return Some(Lineup::default());
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
    Some(lineup)
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
    let channels = lineup.channels.iter();
    let mut without: Vec<&str> = Vec::new();
    for channel in channels {
        // What has no slot in a guide has none.
        if !channel.epg.is_some_and(known) {
            without.push(&channel.name);
        }
    }
    let all = lineup.channels.len();
    let known = all - without.len();
    let text = format!(
        "{path} has events of {known} of {all} channels and was written {}; what came later is asked from OpenWebif{}",
        age.map_or("in the future".into(), |age| format!("{} ago", ago(age))),
        lacking(&without),
    );
    if known * 2 >= all {
        Finding::ok(CHECK, text)
    } else {
        Finding::warning(CHECK, text)
    }
}
