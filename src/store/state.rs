//! The saved state: what the receiver last said about its channels, so that they are there at once after a restart.
//!
//! Lines of text, gzipped: a head, then a line for each bouquet and entry, fields separated by tabs. 500 channels take
//! some 10 kB. gzip's checksum tells a damaged file. Fields behind the third are there only where there is something to
//! say: versions that do not know them read the file all the same. What they could not read has another number
//! (docs/MIGRATIONS.md).

use std::fmt::{self, Write as _};
use std::io::{Read, Write};
use std::path::Path;
use std::rc::Rc;
use std::str::{Lines, Split};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use flate2::Compression;

use crate::model::{
    unix_seconds, Codec, Entry, ListedBouquet, Listing, Media, Service, ServiceRef,
};

/// The file's name in the state directory.
pub const FILE: &str = "channels.gz";
const MARK: &str = "xg2g channels ";
/// The version that is written.
const VERSION: u32 = 2;
/// Every version that is read, with its reader. Only ever added to: whoever skips versions keeps what was saved.
const READERS: [(u32, Reader); 1] = [(2, version_2)];

/// Makes of the fields of the head behind the version, and of the lines, what is said today.
type Reader = fn(&mut Split<'_, char>, &mut Lines<'_>) -> Option<State>;

/// A file that unpacks to more is not ours: 20 000 services are 3 MB.
const LARGEST: u64 = 64 * 1024 * 1024;

/// What a state file says.
#[derive(Debug, PartialEq)]
pub struct State {
    /// Which receiver said so.
    pub receiver: String,
    /// The channels.
    pub listing: Rc<Listing>,
    /// When the lineup last changed.
    pub made: SystemTime,
    /// When the whole guide was last fetched.
    pub last_full: Option<SystemTime>,
}

/// Why a state file is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is cut, changed, or something else.
    Damaged,
    /// Its version is none of ours.
    Unknown(u32),
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unread::Damaged => f.write_str("is damaged"),
            Unread::Unknown(version) => write!(
                f,
                "is of version {version}, which this xg2g does not know ({VERSION})"
            ),
        }
    }
}

/// Whether the content of a state file would be taken.
///
/// # Errors
/// Why not.
pub fn check(content: &[u8]) -> Result<(), Unread> {
    unpack(content).map(drop)
}

/// Reads the state; `None` if there is none or it is damaged, which is logged.
pub(super) fn load(directory: &Path) -> Option<State> {
    let path = directory.join(FILE);
    let packed = match std::fs::read(&path) {
        Ok(packed) => packed,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => {
            log::warn!("{} cannot be read: {error}", path.display());
            return None;
        }
    };
    let told = |why: &Unread| {
        log::warn!(
            "{} {why}; the channels are asked from the receiver anew",
            path.display()
        );
    };
    unpack(&packed).inspect_err(told).ok()
}

/// The bytes of the file.
pub(super) fn pack(state: &State) -> Vec<u8> {
    let State {
        receiver,
        listing,
        made,
        last_full,
    } = state;
    let last_full = last_full.map_or(0, unix_seconds);
    let mut text = format!(
        "{MARK}{VERSION}\t{}\t{last_full}\t{receiver}\n",
        unix_seconds(*made)
    );
    for bouquet in &listing.bouquets {
        let ListedBouquet {
            reference,
            name,
            media,
            entries,
        } = bouquet;
        text.push_str(&format!("{}\t{reference}\t{name}\n", media.as_str()));
        add_entries(&mut text, entries, 0);
    }
    // Level 1: half the time of saving the channels of a large receiver is packing them.
    let mut packer = GzEncoder::new(Vec::new(), Compression::new(1));
    // Writing into memory cannot fail.
    let _ = packer.write_all(text.as_bytes());
    packer.finish().unwrap_or_default()
}

fn add_entries(text: &mut String, entries: &[Entry], depth: usize) {
    for entry in entries {
        // Cannot fail.
        let _ = write!(text, "{depth}\t{}\t{}", entry.service, entry.name);
        add_marks(text, entry);
        text.push('\n');
        add_entries(text, &entry.members, depth + 1);
    }
}

const LOCKED: char = 'l';
const KNOWN: char = 'k';
const SCRAMBLED: char = 's';
const CODECS: [(char, Codec); 3] = [('2', Codec::Mpeg2), ('4', Codec::H264), ('5', Codec::Hevc)];

/// A field of letters, then the provider; nothing for an entry that has no marks.
fn add_marks(text: &mut String, entry: &Entry) {
    if !entry.is_locked && entry.facts.is_none() {
        return;
    }
    text.push('\t');
    text.extend(entry.is_locked.then_some(LOCKED));
    if let Some(facts) = &entry.facts {
        text.push(KNOWN);
        text.extend(facts.is_scrambled.then_some(SCRAMBLED));
        let codecs = CODECS.iter();
        text.extend(
            codecs
                .filter(|(_, codec)| facts.codec == Some(*codec))
                .map(|(letter, _)| letter),
        );
        text.push('\t');
        text.push_str(&facts.provider);
    }
}

fn facts(marks: &str, provider: &str) -> Option<Arc<Service>> {
    marks.contains(KNOWN).then(|| {
        let mut codecs = CODECS.iter();
        Arc::new(Service {
            provider: provider.into(),
            is_scrambled: marks.contains(SCRAMBLED),
            codec: codecs
                .find(|(letter, _)| marks.contains(*letter))
                .map(|(_, codec)| *codec),
        })
    })
}

fn unpack(packed: &[u8]) -> Result<State, Unread> {
    let mut text = String::new();
    let read = GzDecoder::new(packed)
        .take(LARGEST)
        .read_to_string(&mut text);
    read.map_err(|_| Unread::Damaged)?;
    let mut lines = text.lines();
    let mut head = lines.next().unwrap_or_default().split('\t');
    let version = head.next().and_then(|mark| mark.strip_prefix(MARK));
    let version = version.and_then(|version| version.parse().ok());
    let version = version.ok_or(Unread::Damaged)?;
    let reader = READERS.iter().find(|(read, _)| *read == version);
    let (_, reader) = reader.ok_or(Unread::Unknown(version))?;
    reader(&mut head, &mut lines).ok_or(Unread::Damaged)
}

fn version_2(head: &mut Split<'_, char>, lines: &mut Lines<'_>) -> Option<State> {
    let mut time = || Some(UNIX_EPOCH + Duration::from_secs(head.next()?.parse().ok()?));
    let (made, last_full) = (time()?, time()?);
    let receiver = head.next()?.to_owned();
    let mut listing = Listing::default();
    for line in lines {
        let mut fields = line.split('\t');
        let (kind, reference, name) = (fields.next()?, fields.next()?, fields.next()?);
        let media = match kind {
            "tv" => Some(Media::Tv),
            "radio" => Some(Media::Radio),
            _ => None,
        };
        if let Some(media) = media {
            listing.bouquets.push(ListedBouquet {
                reference: reference.into(),
                name: name.into(),
                media,
                entries: Vec::new(),
            });
            continue;
        }
        let mut entries = &mut listing.bouquets.last_mut()?.entries;
        for _ in 0..kind.parse::<usize>().ok()? {
            entries = &mut entries.last_mut()?.members;
        }
        let (marks, provider) = (fields.next().unwrap_or(""), fields.next().unwrap_or(""));
        entries.push(Entry {
            service: ServiceRef::parse(reference)?,
            name: name.into(),
            members: Vec::new(),
            is_locked: marks.contains(LOCKED),
            facts: facts(marks, provider),
        });
    }
    Some(State {
        receiver,
        listing: Rc::new(listing),
        made,
        last_full: Some(last_full).filter(|time| *time != UNIX_EPOCH),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing() -> Listing {
        let mut sub = Entry::new(
            "1:7:1:0:0:0:0:0:0:0:FROM BOUQUET \"userbouquet.sub1.tv\" ORDER BY bouquet",
            "Sub",
        )
        .unwrap();
        sub.members = vec![Entry::new("1:0:19:1:2:3:C00000:0:0:0:", "in sub").unwrap()];
        let known = |provider: &str, is_scrambled, codec| {
            Some(Arc::new(Service {
                provider: provider.into(),
                is_scrambled,
                codec,
            }))
        };
        sub.members[0].is_locked = true;
        sub.members[0].facts = known("Sky, \"x\"", true, Some(Codec::Hevc));
        sub.members.push(sub.members[0].clone());
        sub.members[1].facts = None;
        sub.members.push(sub.members[0].clone());
        sub.members[2].is_locked = false;
        sub.members[2].facts = known("", false, None);
        let entries = vec![
            Entry::new("1:512:19:9:2:3:C00000:0:0:0:", "hidden").unwrap(),
            Entry::new(
                "4097:0:1:0:0:0:0:0:0:0:http%3a//h/x?a=%2541:IPTV «D»",
                "IPTV",
            )
            .unwrap(),
            sub,
            Entry::new("1:64:1:0:0:0:0:0:0:0::T", "T").unwrap(),
        ];
        let bouquet = |media, reference: &str, entries| ListedBouquet {
            reference: reference.into(),
            name: "Ä & B".into(),
            media,
            entries,
        };
        Listing {
            bouquets: vec![
                bouquet(Media::Tv, "r1", entries),
                bouquet(Media::Radio, "r2", vec![]),
            ],
        }
    }

    fn state(made: SystemTime, last_full: Option<SystemTime>) -> State {
        State {
            receiver: "http://box".into(),
            listing: Rc::new(listing()),
            made,
            last_full,
        }
    }

    #[test]
    fn what_was_saved_is_read_again() {
        let made = UNIX_EPOCH + Duration::from_secs(1_795_000_000);
        let read = unpack(&pack(&state(made, Some(made)))).unwrap();
        assert_eq!(read, state(made, Some(made)));
        assert!(read.listing.bouquets[0].entries[0].service.is_invisible());
        assert_eq!(
            read.listing.bouquets[0].entries[1].service.name(),
            "IPTV «D»"
        );
        assert_eq!(unpack(&pack(&state(made, None))).unwrap().last_full, None);
    }

    #[test]
    fn what_older_versions_saved_is_read() {
        let text =
            "xg2g channels 2\t5\t0\thttp://box\ntv\tr1\tÄ\n0\t1:0:19:1:2:3:C00000:0:0:0:\tA\n";
        let mut packer = GzEncoder::new(Vec::new(), Compression::new(6));
        packer.write_all(text.as_bytes()).unwrap();
        let read = unpack(&packer.finish().unwrap()).unwrap();
        let entry = Entry::new("1:0:19:1:2:3:C00000:0:0:0:", "A").unwrap();
        assert_eq!(read.listing.bouquets[0].entries, [entry]);
    }

    #[test]
    fn the_version_that_is_written_is_read_and_an_unknown_one_is_told() {
        let of = |head: &str| {
            let text = format!("{head}\t5\t0\thttp://box\ntv\tr1\tA\n");
            let mut packer = GzEncoder::new(Vec::new(), Compression::new(1));
            packer.write_all(text.as_bytes()).unwrap();
            check(&packer.finish().unwrap())
        };
        assert!(READERS.iter().any(|(version, _)| *version == VERSION));
        for (version, _) in READERS {
            assert_eq!(of(&format!("xg2g channels {version}")), Ok(()));
        }
        let newer = VERSION + 1;
        let told = of(&format!("xg2g channels {newer}")).unwrap_err();
        assert_eq!(told, Unread::Unknown(newer));
        assert_eq!(
            told.to_string(),
            "is of version 3, which this xg2g does not know (2)"
        );
        assert_eq!(of("xg2g channels"), Err(Unread::Damaged));
        assert_eq!(of("something else"), Err(Unread::Damaged));
    }

    #[test]
    fn damage_is_noticed() {
        let packed = pack(&state(UNIX_EPOCH, None));
        for at in 0..packed.len() {
            assert_eq!(unpack(&packed[..at]), Err(Unread::Damaged), "cut at {at}");
        }
        // Behind the ten bytes of gzip's head, which say nothing that matters.
        for at in 10..packed.len() {
            let mut bytes = packed.clone();
            bytes[at] ^= 0x10;
            // Bits that fill up the last byte of the deflated text mean nothing.
            let read = unpack(&bytes).ok().map(|state| state.listing);
            assert!(read.is_none_or(|read| *read == listing()), "byte {at}");
        }
    }
}
