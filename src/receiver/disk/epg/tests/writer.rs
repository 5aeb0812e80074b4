//! An independent writer of `epg.dat`, from the description of the format.

use std::path::PathBuf;

use crate::model::EpgKey;

/// 2026-11-22 18:55:00 UTC as a modified Julian date and in decimal digits.
pub(super) const HEAD: [u8; 10] = [0x1d, 0x97, 0xef, 0xb6, 0x18, 0x55, 0, 0x00, 0x45, 0];
/// The same in seconds since 1970.
pub(super) const START: u32 = 1_795_373_700;

/// A descriptor: tag and content.
pub(super) type Descriptor = (u8, Vec<u8>);

/// A file in the making.
#[derive(Clone, Debug, Default)]
pub(super) struct Writer {
    services: Vec<(EpgKey, Vec<Vec<u8>>)>,
    descriptors: Vec<Descriptor>,
    /// Before 2021.
    is_v7: bool,
}

impl Writer {
    /// An empty file of one of the two versions.
    pub(super) fn new(is_v7: bool) -> Writer {
        Writer {
            is_v7,
            ..Writer::default()
        }
    }

    /// Begins the next service: its id, that of its transponder, that of its network.
    pub(super) fn service(&mut self, sid: u32, tsid: u32, onid: u32) -> &mut Writer {
        self.services.push((EpgKey([sid, tsid, onid]), Vec::new()));
        self
    }

    /// Adds an event to the service.
    pub(super) fn event(&mut self, source: u16, head: [u8; 10], descriptors: &[Descriptor]) {
        let mut record = match self.is_v7 {
            true => vec![source as u8],
            false => source.to_ne_bytes().to_vec(),
        };
        record.push(10 + 4 * descriptors.len() as u8);
        record.extend(head);
        for descriptor in descriptors {
            record.extend(key(descriptor).to_ne_bytes());
            if !self.descriptors.contains(descriptor) {
                // In no order, as from a hash table.
                let at = key(descriptor) as usize % (self.descriptors.len() + 1);
                self.descriptors.insert(at, descriptor.clone());
            }
        }
        self.services.last_mut().unwrap().1.push(record);
    }

    /// Where the table of descriptors begins.
    pub(super) fn table(&self) -> usize {
        let services = self.services.iter();
        21 + services
            .map(|(_, events)| 16 + events.iter().map(Vec::len).sum::<usize>())
            .sum::<usize>()
    }

    /// The file, without the private part that may follow.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut out = 0x9876_5432u32.to_ne_bytes().to_vec();
        out.extend(if self.is_v7 {
            b"ENIGMA_EPG_V7"
        } else {
            b"ENIGMA_EPG_V8"
        });
        let number = |out: &mut Vec<u8>, n: u32| out.extend(n.to_ne_bytes());
        number(&mut out, self.services.len() as u32);
        for (EpgKey([sid, tsid, onid]), events) in &self.services {
            for n in [*sid, *onid, *tsid, events.len() as u32] {
                number(&mut out, n);
            }
            out.extend(events.iter().flatten());
        }
        number(&mut out, self.descriptors.len() as u32);
        for descriptor in &self.descriptors {
            number(&mut out, key(descriptor));
            number(&mut out, 1);
            out.extend([descriptor.0, descriptor.1.len() as u8]);
            out.extend(&descriptor.1);
        }
        out
    }
}

/// The checksum that enigma2 files a descriptor under.
fn key((tag, content): &Descriptor) -> u32 {
    let head = [*tag, content.len() as u8];
    head.iter().chain(content).fold(0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte) << 24, |crc, _| {
            crc << 1 ^ if crc >> 31 == 1 { 0x04c1_1db7 } else { 0 }
        })
    })
}

/// A title as enigma2 stores it.
pub(super) fn title(language: &str, text: &str) -> Descriptor {
    let mut content = language.as_bytes().to_vec();
    content.extend([text.len() as u8 + 1, 0x15]);
    content.extend(text.bytes());
    content.push(0);
    (0x4d, content)
}

/// A short text as enigma2 stores it.
pub(super) fn short(language: &str, text: &str) -> Descriptor {
    let mut content = language.as_bytes().to_vec();
    content.extend([0, text.len() as u8 + 1, 0x15]);
    content.extend(text.bytes());
    (0x4d, content)
}

/// A piece of the long text as broadcast: its number and that of the last, items, text.
pub(super) fn long(
    (number, last): (u8, u8),
    language: &str,
    items: &[(&[u8], &[u8])],
    text: &[u8],
) -> Descriptor {
    let mut content = vec![number << 4 | last];
    content.extend(language.bytes());
    let items: Vec<u8> = items
        .iter()
        .flat_map(|(label, text)| [*label, *text])
        .flat_map(|field| [&[field.len() as u8], field].concat())
        .collect();
    for field in [&items, text] {
        content.push(field.len() as u8);
        content.extend(field);
    }
    (0x4e, content)
}

/// A file on this machine, gone when it is dropped.
#[derive(Debug)]
pub(super) struct Scratch(pub(super) PathBuf);

impl Scratch {
    pub(super) fn new(name: &str, bytes: &[u8]) -> Scratch {
        let path = std::env::temp_dir().join(format!("xg2g-epg-{name}-{}", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
