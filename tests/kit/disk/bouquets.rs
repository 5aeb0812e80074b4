//! `bouquets.tv`, `bouquets.radio` and the files they name, as `eBouquet::flushChanges` writes them: CR LF, the name
//! inside the reference, and once more in the clear.

use std::path::Path;

use xg2g::model::{Entry, Listing, Media, ServiceRef};

use super::place;

/// Writes all files of bouquets: the two lists, the bouquets, and what lies below them.
pub(crate) fn bouquets(directory: &Path, listing: &Listing) {
    for (media, file, name) in [
        (Media::Tv, "bouquets.tv", "Bouquets (TV)"),
        (Media::Radio, "bouquets.radio", "Bouquets (Radio)"),
    ] {
        let of_media = || listing.bouquets.iter().filter(|one| one.media == media);
        for bouquet in of_media() {
            let list = ServiceRef::parse(&bouquet.reference).unwrap();
            files(directory, &list, &bouquet.name, &bouquet.entries);
        }
        let lines = of_media().map(|bouquet| format!("#SERVICE {}\r\n", bouquet.reference));
        let text = format!("#NAME {name}\r\n{}", lines.collect::<String>());
        place(directory, file, text);
    }
}

/// The text of one file.
pub(crate) fn bouquet(name: &str, entries: &[Entry]) -> String {
    let mut text = format!("#NAME {name}\r\n");
    for Entry { service, .. } in entries {
        text.push_str(&format!("#SERVICE {service}\r\n"));
        // The name of anything else is that of lamedb, or the one inside the file it leads to.
        if !service.name().is_empty() {
            text.push_str(&format!("#DESCRIPTION {}\r\n", service.name()));
        }
    }
    text
}

/// Writes the file a reference leads to and those below it.
fn files(directory: &Path, list: &ServiceRef, name: &str, entries: &[Entry]) {
    let file = list.bouquet_file().unwrap();
    for entry in entries {
        let is_list = entry.service.is_bouquet() || entry.service.is_group();
        if is_list {
            files(directory, &entry.service, &entry.name, &entry.members);
        }
    }
    place(directory, file, bouquet(name, entries));
}
