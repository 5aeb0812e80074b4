//! The file of a backup: a line that says what it is, one that says who made it, each file behind a line of its own, a
//! checksum of it all.
//!
//! ```text
//! xg2g-backup 1
//! by 0.1.0
//! keys 600 83
//! (83 bytes)
//! end 1a2b3c4d
//! ```
//!
//! Not packed: the channels are already, the rest is a few kB. So every bit is checked, and nothing unpacks to more than
//! was read.

use super::{Entry, NAMES};

/// What a backup of any format begins with.
pub(super) const MARK: &str = "xg2g-backup ";
const FORMAT: u32 = 1;
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// `end`, a blank, the CRC-32 of all before it in eight hexadecimal digits, a line feed.
const END: usize = 13;

/// The bytes of a backup.
pub(super) fn pack(entries: &[Entry]) -> Vec<u8> {
    let mut all = format!("{MARK}{FORMAT}\nby {VERSION}\n").into_bytes();
    for entry in entries {
        let mode = if entry.is_private { "600" } else { "644" };
        let line = format!("{} {mode} {}\n", entry.name, entry.content.len());
        all.extend_from_slice(line.as_bytes());
        all.extend_from_slice(&entry.content);
    }
    let end = end(&all);
    all.extend_from_slice(end.as_bytes());
    all
}

/// Which version made a backup, and what is in it; or what is wrong with it.
pub(super) fn unpack(bytes: &[u8]) -> Result<(String, Vec<Entry>), String> {
    let damaged = || "is damaged or cut short".to_owned();
    let mut rest = bytes
        .strip_prefix(MARK.as_bytes())
        .ok_or("is no backup of xg2g")?;
    // First of all: a newer format may have another checksum.
    let format = line(&mut rest).ok_or_else(damaged)?;
    match format.parse::<u32>() {
        Ok(FORMAT) => {}
        Ok(other) => {
            return Err(format!(
                "is of format {other}, which xg2g {VERSION} does not know ({FORMAT}): restore it with a newer one"
            ))
        }
        Err(_) => return Err(damaged()),
    }
    let (mut rest, last) = rest.split_last_chunk::<END>().ok_or_else(damaged)?;
    if end(&bytes[..bytes.len() - END]).as_bytes() != last {
        return Err(damaged());
    }
    let by = line(&mut rest).and_then(|line| line.strip_prefix("by "));
    let by = by.ok_or_else(damaged)?.to_owned();
    let mut entries: Vec<Entry> = Vec::new();
    while !rest.is_empty() {
        let head = line(&mut rest).ok_or_else(damaged)?;
        let mut words = head.split(' ');
        let name = words.next().unwrap_or_default();
        let known = NAMES.into_iter().find(|known| *known == name);
        let name = known.ok_or_else(|| format!("holds `{name}`, which is no file of xg2g"))?;
        if entries.iter().any(|entry| entry.name == name) {
            return Err(format!("holds {name} twice"));
        }
        let is_private = match words.next() {
            Some("600") => true,
            Some("644") => false,
            _ => return Err(damaged()),
        };
        let length = words.next().and_then(|length| length.parse().ok());
        let parts = length.and_then(|length| rest.split_at_checked(length));
        let (content, behind) = parts.ok_or_else(damaged)?;
        rest = behind;
        entries.push(Entry {
            name,
            is_private,
            content: content.to_owned(),
        });
    }
    Ok((by, entries))
}

fn end(all: &[u8]) -> String {
    format!("end {:08x}\n", crc32fast::hash(all))
}

/// Takes a line off the front.
fn line<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let at = memchr::memchr(b'\n', rest)?;
    let line = std::str::from_utf8(&rest[..at]).ok()?;
    *rest = &rest[at + 1..];
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &'static str, is_private: bool, content: &[u8]) -> Entry {
        Entry {
            name,
            is_private,
            content: content.into(),
        }
    }

    fn some() -> Vec<Entry> {
        vec![
            entry("keys", true, b"token a\n"),
            entry("channels.gz", false, b"\x1f\x8b\0end 00000000\n"),
            entry("xg2g.toml", false, b""),
        ]
    }

    /// A backup of these files, whatever they are called.
    fn forged(files: &str) -> Vec<u8> {
        let mut all = format!("xg2g-backup 1\nby 9\n{files}").into_bytes();
        let end = end(&all);
        all.extend_from_slice(end.as_bytes());
        all
    }

    #[test]
    fn what_was_packed_is_unpacked() {
        for entries in [some(), vec![]] {
            let (by, read) = unpack(&pack(&entries)).unwrap();
            assert_eq!((by.as_str(), read), (VERSION, entries));
        }
    }

    #[test]
    fn every_bit_counts_and_so_does_the_end() {
        let packed = pack(&some());
        for at in 0..packed.len() {
            assert!(unpack(&packed[..at]).is_err(), "cut at {at}");
            for bit in 0..8 {
                let mut bytes = packed.clone();
                bytes[at] ^= 1 << bit;
                assert!(unpack(&bytes).is_err(), "byte {at}, bit {bit}");
            }
        }
        assert!(unpack(&[packed, b"\n".to_vec()].concat()).is_err());
    }

    #[test]
    fn a_newer_format_is_told_before_anything_else() {
        let told = unpack(b"xg2g-backup 2\nwhatever").unwrap_err();
        assert!(told.starts_with("is of format 2, which xg2g"), "{told}");
        let told = unpack(b"#!/bin/sh\n").unwrap_err();
        assert_eq!(told, "is no backup of xg2g");
    }

    #[test]
    fn only_our_own_names_are_taken_each_once_and_whole() {
        for name in [
            "../keys",
            "/etc/passwd",
            "keys/",
            ".",
            "",
            "state/keys",
            "KEYS",
        ] {
            let told = unpack(&forged(&format!("{name} 600 1\nx"))).unwrap_err();
            assert_eq!(told, format!("holds `{name}`, which is no file of xg2g"));
        }
        assert!(unpack(&forged("keys 600 1\nx")).is_ok());
        for (files, says) in [
            ("keys 600 1\nxkeys 600 1\nx", "keys twice"),
            ("keys 777 1\nx", "damaged"),
            ("keys 600 2\nx", "damaged"),
            ("keys 600 18446744073709551616\nx", "damaged"),
            ("keys 600", "damaged"),
        ] {
            let told = unpack(&forged(files)).unwrap_err();
            assert!(told.contains(says), "{files}: {told}");
        }
    }
}
