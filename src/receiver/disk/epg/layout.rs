//! Where things are in `epg.dat`: header, services with their events, descriptors. Facts: `eEPGCache::save` and
//! `eventData::save` of enigma2 (`lib/dvb/epgcache.cpp`).

use super::window::Window;
use super::{Error, Service};
use crate::model::EpgKey;

/// What every such file begins with.
const MAGIC: u32 = 0x9876_5432;
/// Services that a receiver could have events for are fewer.
const MOST_SERVICES: u32 = 32_768;
/// One service has a tenth of these events in a week, at most; their numbers fit in 16 bits.
const MOST_EVENTS: u32 = 20_000;
/// The head of an event as broadcast: id, start, duration.
pub(super) const EVENT_HEAD: usize = 10;
/// Checksum, count of users, tag and length of a descriptor.
pub(super) const DESCRIPTOR_HEAD: usize = 10;

/// How an event begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// One byte says where it is from (until March 2021).
    V7,
    /// Two bytes.
    V8,
}

/// An event as it is filed, not yet read.
#[derive(Debug)]
pub(super) struct Record<'a> {
    /// Where it is from, by the bit of enigma2's sources. The lower, the nearer to the service: 0 what a plugin put
    /// there, 1 now and next, 2 the service's own schedule, 4 one from another transponder.
    pub(super) source: u16,
    pub(super) head: &'a [u8; EVENT_HEAD],
    /// The keys of its descriptors.
    keys: &'a [u8],
}

impl Record<'_> {
    /// The keys of its descriptors in broadcast order.
    pub(super) fn keys(&self) -> impl Iterator<Item = u32> + '_ {
        self.keys
            .chunks_exact(4)
            .map(|key| u32::from_ne_bytes(key.try_into().unwrap_or_default()))
    }
}

impl Version {
    /// The event at `at`, and where the next begins.
    pub(super) fn record(self, window: &mut Window, at: u32) -> Result<(Record<'_>, u32), Error> {
        let lead = match self {
            Version::V7 => 2,
            Version::V8 => 3,
        };
        let length = window.bytes(at, lead)?[lead - 1];
        let length = usize::from(length);
        let whole = window.bytes(at, lead + length)?;
        let source = match whole {
            [low, high, ..] if self == Version::V8 => u16::from_ne_bytes([*low, *high]),
            _ => u16::from(whole[0]),
        };
        // The length is wrong where there are more than 61 descriptors: enigma2 itself cannot read that.
        match whole[lead..].split_first_chunk() {
            Some((head, keys)) if keys.len() % 4 == 0 => {
                Ok((Record { source, head, keys }, at + (lead + length) as u32))
            }
            _ => Err(Error::Implausible("the length of an event")),
        }
    }
}

/// Reads what the file begins with; gives the version and where the services begin.
pub(super) fn header(window: &mut Window) -> Result<(Version, u32), Error> {
    // Shorter than its header: somebody is about to write it, or it is something else.
    let magic = window.number(0)?;
    if magic == MAGIC.swap_bytes() {
        return Err(Error::ByteOrder);
    }
    if magic != MAGIC {
        return Err(Error::Foreign);
    }
    let version = match window.bytes(4, 13)? {
        b"ENIGMA_EPG_V8" => Version::V8,
        b"ENIGMA_EPG_V7" => Version::V7,
        word if word.starts_with(b"UNFINISHED") => return Err(Error::Unfinished),
        word => return Err(Error::Version(word.escape_ascii().to_string())),
    };
    Ok((version, 17))
}

/// Walks over all services and their events; gives the services and where they end: there the table of
/// descriptors begins.
pub(super) fn services(
    window: &mut Window,
    version: Version,
    mut at: u32,
) -> Result<(Vec<Service>, u32), Error> {
    let count = window.number(at)?;
    at += 4;
    if count > MOST_SERVICES {
        return Err(Error::Implausible("the number of services"));
    }
    let mut services = Vec::new();
    for _ in 0..count {
        let [sid, onid, tsid, events] = [0, 4, 8, 12].map(|n| window.number(at + n));
        let (sid, onid, tsid, events) = (sid?, onid?, tsid?, events?);
        at += 16;
        if events > MOST_EVENTS {
            return Err(Error::Implausible("the number of events of a service"));
        }
        services.push(Service {
            key: EpgKey([sid, tsid, onid]),
            events,
            at,
        });
        for _ in 0..events {
            at = version.record(window, at)?.1;
        }
    }
    Ok((services, at))
}

/// Walks over the table of descriptors at `at` and hands out the key and the place of each that is of use here. What
/// follows, enigma2's private part, may be missing and is not read.
pub(super) fn descriptors(
    window: &mut Window,
    mut at: u32,
    mut each: impl FnMut(u32, u32) -> Result<(), Error>,
) -> Result<(), Error> {
    let count = window.number(at)?;
    at += 4;
    for _ in 0..count {
        let head = window.bytes(at, DESCRIPTOR_HEAD)?;
        let &[a, b, c, d, .., tag, length] = head else {
            return Err(Error::Cut);
        };
        let whole = DESCRIPTOR_HEAD + usize::from(length);
        window.bytes(at, whole)?;
        // The others are links and recorder labels.
        if matches!(tag, 0x4d | 0x4e | 0x50 | 0x54 | 0x55 | 0x76) {
            each(u32::from_ne_bytes([a, b, c, d]), at)?;
        }
        at += whole as u32;
    }
    Ok(())
}
