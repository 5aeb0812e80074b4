//! `epg.dat`, as `eEPGCache::save` writes it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use xg2g::model::Event;

use super::descriptors::{descriptors, Coding, Descriptor};
use super::Events;

const MAGIC: u32 = 0x9876_5432;
/// An event of the schedule of its own transponder.
const SCHEDULE: u8 = 2;
/// 1970-01-01 in days of the modified Julian calendar.
const EPOCH: u32 = 40_587;

/// Which of the two forms there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// Until 2021: a type of one byte.
    V7,
    /// Since then: two bytes.
    V8,
}

/// How to write a guide.
pub(crate) struct Style {
    pub(crate) version: Version,
    /// How the texts are coded that enigma2 keeps as they were broadcast.
    pub(crate) coding: Coding,
    /// Cuts texts wherever a descriptor is full, within characters too, as importers of guides do.
    pub(crate) cuts_characters: bool,
    /// The language of events that tell none.
    pub(crate) language: &'static str,
}

impl Default for Style {
    fn default() -> Style {
        Style {
            version: Version::V8,
            coding: Coding::Utf8,
            cuts_characters: false,
            language: "deu",
        }
    }
}

/// The bytes of the file. Services come in no order that means anything.
pub(crate) fn epg(events: &Events, style: &Style) -> Vec<u8> {
    let mut table: BTreeMap<u32, (i32, Descriptor)> = BTreeMap::new();
    let mut file = MAGIC.to_le_bytes().to_vec();
    file.extend(tag(style.version, "ENIGMA_EPG"));
    file.extend(count(events.len()));
    for (key, events) in events.iter().rev() {
        let [sid, tsid, onid] = key.0;
        for word in [sid, onid, tsid] {
            file.extend(word.to_le_bytes());
        }
        file.extend(count(events.len()));
        for event in events {
            let descriptors = descriptors(event, style);
            // The writer's own byte wraps at more.
            assert!(descriptors.len() <= 61, "{event:?}");
            match style.version {
                Version::V7 => file.push(SCHEDULE),
                Version::V8 => file.extend(u16::from(SCHEDULE).to_le_bytes()),
            }
            file.push(u8::try_from(10 + 4 * descriptors.len()).unwrap());
            file.extend(head(event));
            for descriptor in descriptors {
                let crc = descriptor.crc();
                file.extend(crc.to_le_bytes());
                table.entry(crc).or_insert((0, descriptor)).0 += 1;
            }
        }
    }
    file.extend(count(table.len()));
    for (crc, (uses, descriptor)) in table {
        file.extend(crc.to_le_bytes());
        file.extend(uses.to_le_bytes());
        file.extend(descriptor.bytes());
    }
    file.extend(b"PRIVATE_EPG");
    file.extend(count(0));
    file
}

/// Writes the file as enigma2 does: in place, and what it is comes last.
pub(crate) fn save_epg(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let _ = fs::remove_file(path);
    let mut file = File::create(path).unwrap();
    file.write_all(&unfinished(bytes)).unwrap();
    file.seek(SeekFrom::Start(4)).unwrap();
    file.write_all(&bytes[4..17]).unwrap();
}

/// The file as it is while it is being written.
pub(crate) fn unfinished(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[4..14].copy_from_slice(b"UNFINISHED");
    bytes
}

fn tag(version: Version, what: &str) -> Vec<u8> {
    format!("{what}_{version:?}").into_bytes()
}

fn count(number: usize) -> [u8; 4] {
    i32::try_from(number).unwrap().to_le_bytes()
}

/// The head of an event as it is broadcast: id, begin, duration.
fn head(event: &Event) -> Vec<u8> {
    let day = u16::try_from(EPOCH + event.start / 86_400).unwrap();
    let mut head = u16::try_from(event.id).unwrap().to_be_bytes().to_vec();
    head.extend(day.to_be_bytes());
    head.extend(clock(event.start % 86_400));
    head.extend(clock(event.duration));
    head
}

/// Hours, minutes and seconds, a decimal digit in each half of a byte.
fn clock(seconds: u32) -> [u8; 3] {
    [seconds / 3_600, seconds / 60 % 60, seconds % 60].map(|number| {
        assert!(number < 100);
        u8::try_from(number / 10 * 16 + number % 10).unwrap()
    })
}
