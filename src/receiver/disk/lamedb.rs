//! `lamedb`: all services enigma2 ever found, of which only those in bouquets are looked up.
//!
//! Versions 3 and 4 have three lines for a service: reference, name, data. Version 5 has one. All say the same (enigma2
//! `lib/dvb/db.cpp`, `loadServicelist`, `loadServiceListV5`, `parseServiceData`).

use std::collections::{HashMap, HashSet};
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::lines::{decode, FileLines, Lines};
use super::Error;
use crate::model::{clean_line, Codec, Entry, EntryKind, Listing, Service};

/// The file in use, and the copy in version 5 that newer images write beside it.
const FILES: [&str; 2] = ["lamedb", "lamedb5"];
/// `dxDontshow`: shown in no list.
const HIDDEN: u32 = 2;
/// `dxIsParentalProtected`: hidden until the PIN is known.
const LOCKED: u32 = 0x100;
/// What the cache of version 4 and 5 keeps under this number is the type of the video stream (`lib/dvb/idvb.h`).
const VIDEO_TYPE: &[u8] = b"05";

/// Opens the list of services.
///
/// # Errors
/// When there is none or it cannot be read.
pub(super) fn open(dir: &Path) -> Result<(FileLines, PathBuf), Error> {
    for file in FILES {
        let path = dir.join(file);
        match Lines::open(&path) {
            Ok(Some(lines)) => return Ok((lines, path)),
            Ok(None) => {}
            Err(error) => return Err(Error::new(&path, &error)),
        }
    }
    Err(Error::new(&dir.join(FILES[0]), &"there is none"))
}

/// Gives the entries of a listing what `lamedb` says of their services: names where they have none, facts, hidden ones.
/// `with_locks`: its mark of parental control counts.
pub(super) fn fill(dir: &Path, listing: &mut Listing, with_locks: bool) -> Result<(), Error> {
    let (lines, path) = open(dir)?;
    let mut list = Services::default();
    for bouquet in &listing.bouquets {
        list.want(&bouquet.entries);
    }
    list.read(lines)
        .map_err(|error| Error::new(&path, &error))?;
    if list.damaged > 0 {
        log::warn!(
            "{} lines of {} cannot be read and are left out",
            list.damaged,
            path.display()
        );
    }
    for bouquet in &mut listing.bouquets {
        list.fill(&mut bouquet.entries, with_locks);
    }
    Ok(())
}

/// Service type, SID, TSID, ONID, namespace: what tells services apart.
type Key = [u32; 5];

/// The key under which a service is listed; only those that are broadcast are.
fn key_of(entry: &Entry) -> Option<Key> {
    let service = &entry.service;
    let is_service = matches!(entry.kind(), EntryKind::Service | EntryKind::HiddenService);
    let [sid, tsid, onid] = service.triple();
    let key = [service.service_type(), sid, tsid, onid, service.namespace()];
    (is_service && service.path().is_empty()).then_some(key)
}

/// What is said about a service.
struct Known {
    name: Box<str>,
    flags: u32,
    facts: Arc<Service>,
}

/// The services that bouquets use.
#[derive(Default)]
struct Services {
    wanted: HashMap<Key, Option<Known>>,
    /// Few differ: providers have many services each.
    facts: HashSet<Arc<Service>>,
    damaged: u32,
}

impl Services {
    fn want(&mut self, entries: &[Entry]) {
        for entry in entries {
            if let Some(key) = key_of(entry) {
                self.wanted.insert(key, None);
            }
            self.want(&entry.members);
        }
    }

    fn fill(&self, entries: &mut [Entry], with_locks: bool) {
        for entry in entries {
            self.fill(&mut entry.members, with_locks);
            let known = key_of(entry).and_then(|key| self.wanted.get(&key)?.as_ref());
            if let Some(known) = known {
                if entry.name.is_empty() {
                    entry.name = known.name.clone();
                }
                if known.flags & HIDDEN != 0 {
                    entry.service.hide();
                }
                entry.is_locked |= with_locks && known.flags & LOCKED != 0;
                entry.facts = Some(known.facts.clone());
            }
            // A group without a name is called as its first member is.
            if let Some(member) = entry.members.first().filter(|_| entry.service.is_group()) {
                if entry.name.is_empty() {
                    entry.name = member.name.clone();
                }
            }
        }
    }

    fn read<R: BufRead>(&mut self, mut lines: Lines<R>) -> io::Result<()> {
        let version = match lines.next()? {
            Some(line) => version(line.bytes),
            None => None,
        };
        match version {
            Some(1..=4) => self.read_by_threes(lines),
            Some(5) => self.read_by_lines(lines),
            _ => Err(damaged("it is no list of services of version 3, 4 or 5")),
        }
    }

    fn read_by_threes<R: BufRead>(&mut self, mut lines: Lines<R>) -> io::Result<()> {
        // Transponders come first.
        loop {
            match lines.next()? {
                Some(line) if line.bytes == b"services" => break,
                Some(_) => {}
                None => return Err(damaged("it ends before its services")),
            }
        }
        let mut state = State::Between;
        let mut name = Vec::new();
        while let Some(line) = lines.next()? {
            state = match state {
                State::Begun(key) => {
                    name.clear();
                    name.extend_from_slice(line.bytes);
                    State::Named(key)
                }
                State::Between if line.bytes == b"end" => return Ok(()),
                State::Between => match reference(line.bytes) {
                    Some(key) => State::Begun(key),
                    None => {
                        self.damaged += 1;
                        State::Between
                    }
                },
                // Where the data is missing the next service is there.
                State::Named(key) => match reference(line.bytes) {
                    Some(next) => {
                        self.add(key, &name, b"");
                        State::Begun(next)
                    }
                    None => {
                        self.add(key, &name, line.bytes);
                        State::Between
                    }
                },
            };
        }
        Err(damaged("it ends within its services"))
    }

    fn read_by_lines<R: BufRead>(&mut self, mut lines: Lines<R>) -> io::Result<()> {
        while let Some(line) = lines.next()? {
            let Some(text) = line.bytes.strip_prefix(b"s:") else {
                continue;
            };
            match service(text) {
                Some((key, name, data)) => self.add(key, name, data),
                None => self.damaged += 1,
            }
        }
        Ok(())
    }

    /// Keeps a service if it is wanted; the first of two counts.
    fn add(&mut self, key: Key, name: &[u8], data: &[u8]) {
        let Some(place @ None) = self.wanted.get_mut(&key) else {
            return;
        };
        let (facts, flags) = read_data(data);
        let facts = match self.facts.get(&facts) {
            Some(known) => known.clone(),
            None => {
                let facts = Arc::new(facts);
                self.facts.insert(facts.clone());
                facts
            }
        };
        *place = Some(Known {
            name: clean_line(&decode(name)).into(),
            flags,
            facts,
        });
    }
}

/// Which line of a service is next.
enum State {
    Between,
    Begun(Key),
    Named(Key),
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// The version in the first line.
fn version(line: &[u8]) -> Option<u32> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let rest = line.strip_prefix(b"eDVB services /")?;
    number(rest.split(|byte| *byte == b'/').next()?, 10)
}

/// `SID:NS:TSID:ONID:TYPE:NUMBER[:SOURCE]`, the first four hexadecimal.
fn reference(text: &[u8]) -> Option<Key> {
    let mut fields = text.split(|byte| *byte == b':');
    let mut field = |radix| number(fields.next()?, radix);
    let (sid, namespace, tsid, onid) = (field(16)?, field(16)?, field(16)?, field(16)?);
    let (kind, _number) = (field(10)?, field(10)?);
    Some([kind, sid, tsid, onid, namespace])
}

/// A line of version 5 behind its `s:`: `reference,"name"[,data]`. A quote inside the name is not escaped, so it ends at
/// the first one with data or nothing behind it.
fn service(text: &[u8]) -> Option<(Key, &[u8], &[u8])> {
    let comma = text.iter().position(|byte| *byte == b',')?;
    let (head, rest) = text.split_at(comma);
    let rest = rest.strip_prefix(b",\"")?;
    let is_end = |at: &usize| {
        rest.get(*at) == Some(&b'"')
            && matches!(rest.get(at + 1..), Some([] | [b',', _, b':', ..] | [b',']))
    };
    let end = (0..rest.len()).find(is_end)?;
    let data = rest.get(end + 1..)?;
    let data = data.strip_prefix(b",").unwrap_or(data);
    Some((reference(head)?, rest.get(..end)?, data))
}

/// Provider, cached video type, scrambled or not, and flags. Data whose second byte is no colon is a bare provider, as
/// long ago.
fn read_data(data: &[u8]) -> (Service, u32) {
    let mut facts = Service::default();
    let mut flags = 0;
    if data.get(1) != Some(&b':') {
        facts.provider = clean_line(&decode(data)).into();
        return (facts, flags);
    }
    // A provider with a comma ends there for enigma2, and what follows is no item.
    for item in data.split(|byte| *byte == b',') {
        match item {
            [b'p', b':', provider @ ..] => facts.provider = clean_line(&decode(provider)).into(),
            [b'f', b':', value @ ..] => flags = number(value, 16).unwrap_or(flags),
            [b'C', b':', ..] => facts.is_scrambled = true,
            [b'c', b':', cached @ ..] => {
                let value = cached.strip_prefix(VIDEO_TYPE);
                facts.codec = value
                    .and_then(|value| number(value, 16))
                    .map_or(facts.codec, codec);
            }
            [_, b':', ..] => {}
            _ => break,
        }
    }
    (facts, flags)
}

/// The types of `lib/dvb/decoder.h`; others are met hardly ever.
fn codec(video_type: u32) -> Option<Codec> {
    match video_type {
        0 => Some(Codec::Mpeg2),
        1 => Some(Codec::H264),
        7 => Some(Codec::Hevc),
        _ => None,
    }
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(digits).ok()?.trim(), radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOUR: &str =
        "eDVB services /4/\ntransponders\n00c00000:03e9:0001\n\ts 1:2\n/\nend\nservices\n";

    fn entry(sid: u32) -> Entry {
        Entry::new(&format!("1:0:1:{sid:X}:3E9:1:C00000:0:0:0:"), "").unwrap()
    }

    /// The names of the services 1, 2 and 3, and how many lines are damaged.
    fn names(text: &[u8]) -> io::Result<(Vec<String>, u32)> {
        let mut entries = vec![entry(1), entry(2), entry(3)];
        let mut services = Services::default();
        services.want(&entries);
        services.read(Lines::new(text))?;
        services.fill(&mut entries, false);
        let names = entries.iter().map(|entry| entry.name.to_string());
        Ok((names.collect(), services.damaged))
    }

    fn line(sid: u32) -> String {
        format!("{sid:04x}:00c00000:03e9:0001:1:0:0\n")
    }

    #[test]
    fn damaged_lines_cost_no_other_service() {
        let (one, two, three) = (line(1), line(2), line(3));
        let text = format!("{FOUR}{one}One\np:P\ngarbage\n\n{two}Two\n{three}Three\n\nend\n");
        let (names, damaged) = names(text.as_bytes()).unwrap();
        assert_eq!(names, ["One", "Two", "Three"], "the data of two is missing");
        assert_eq!(damaged, 2);

        let five = format!(
            "eDVB services /5/\ns:{},\"One\"\ns:0002,\"x\"\ns:\ns:{},\"Two\ns:{},\"Three\",p:\n",
            one.trim(),
            two.trim(),
            three.trim()
        );
        let (names, damaged) = super::tests::names(five.as_bytes()).unwrap();
        assert_eq!(
            (names, damaged),
            (vec!["One".into(), String::new(), "Three".into()], 3)
        );
    }

    #[test]
    fn names_are_utf_8_or_latin_1_of_any_length() {
        let mut text = format!("{FOUR}{}", line(1)).into_bytes();
        text.extend(b"\x86\xd6ster\x87reich\np:\n");
        text.extend(format!("{}{}\np:\nend\n", line(2), "ü".repeat(40_000)).bytes());
        let (names, damaged) = names(&text).unwrap();
        assert_eq!((names[0].as_str(), damaged), ("Österreich", 0));
        assert!(names[1].starts_with("üüü"));
    }

    #[test]
    fn a_list_cut_anywhere_is_an_error_or_fewer_services() {
        let text = format!(
            "{FOUR}{}One\np:P,c:050001,f:2,C:98d\n{}Two\np:\nend\n",
            line(1),
            line(2)
        );
        for at in 0..text.len() - 1 {
            // What is cut in the last word only has all services.
            assert!(names(&text.as_bytes()[..at]).is_err(), "cut at {at}");
        }
        let five = format!(
            "eDVB services /5/\ns:{},\"O\"\"\",p:P,c:050001",
            line(1).trim()
        );
        for at in 0..five.len() {
            let _ = names(&five.as_bytes()[..at]);
            let mut bytes = five.clone().into_bytes();
            bytes[at] ^= 0x55;
            let _ = names(&bytes);
        }
    }

    #[test]
    fn data_is_read_as_enigma2_reads_it() {
        let read = |data: &str| {
            let (facts, flags) = read_data(data.as_bytes());
            (
                facts.provider.to_string(),
                facts.is_scrambled,
                facts.codec,
                flags,
            )
        };
        let (h264, hevc) = (Some(Codec::H264), Some(Codec::Hevc));
        assert_eq!(
            read("p:ARD,c:0013ed,c:050001,f:140"),
            ("ARD".into(), false, h264, 0x140)
        );
        assert_eq!(read("p:A,B,C:98d"), ("A".into(), false, None, 0));
        assert_eq!(read("C:98d,c:057,p:X"), ("X".into(), true, hevc, 0));
        assert_eq!(read("c:050003"), (String::new(), false, None, 0));
        assert_eq!(read("Premiere"), ("Premiere".into(), false, None, 0));
        assert_eq!(read(""), (String::new(), false, None, 0));
        assert_eq!(read("p:"), (String::new(), false, None, 0));
    }

    #[test]
    fn only_what_bouquets_use_is_kept() {
        let mut text = String::from(FOUR);
        for sid in 1..100 {
            text.push_str(&format!("{}Name {sid}\np:P\n", line(sid)));
        }
        text.push_str("end\n");
        let entries = [entry(7), entry(7), entry(500)];
        let mut services = Services::default();
        services.want(&entries);
        services.read(Lines::new(text.as_bytes())).unwrap();
        let known = services.wanted.values().flatten().count();
        assert_eq!(
            (services.wanted.len(), known, services.facts.len()),
            (2, 1, 1)
        );
    }
}
