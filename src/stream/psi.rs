//! Program association and program map: which packets carry the picture and the sound (ISO/IEC 13818-1, 2.4.4).

use super::packet::{begins_unit, is_scrambled, payload, pid, Video, PACKET};

/// The longest section of these tables, with its head (2.4.4.1).
const LONGEST: usize = 1024;

/// The tables of a stream with one program, as received.
#[derive(Debug, Default)]
pub(super) struct Tables {
    association: Section,
    map: Section,
    map_pid: Option<u16>,
    streams: Vec<(u16, u8)>,
    is_complete: bool,
}

impl Tables {
    /// Looks at a packet. Whether it was part of a table.
    pub(super) fn look(&mut self, packet: &[u8]) -> bool {
        let pid = pid(packet);
        if pid == 0 {
            if let Some(section) = self.association.add(packet) {
                let found = first_program(section);
                if found.is_some() && found != self.map_pid {
                    self.map_pid = found;
                    self.map = Section::default();
                    self.is_complete = false;
                }
            }
            return true;
        }
        if self.map_pid != Some(pid) {
            return false;
        }
        if let Some(section) = self.map.add(packet) {
            if let Some(streams) = streams(section) {
                self.streams = streams;
                self.is_complete = true;
            }
        }
        true
    }

    /// Whether both tables are known.
    pub(super) fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// The packets that carried the tables last, the association first.
    pub(super) fn packets(&self) -> Vec<u8> {
        [&*self.association.packets, &*self.map.packets].concat()
    }

    /// Whether a packet id carries picture, sound or anything else of the program.
    pub(super) fn carries(&self, pid: u16) -> bool {
        self.streams.iter().any(|(known, _)| *known == pid)
    }

    /// The packet ids of the program's streams.
    pub(super) fn pids(&self) -> impl Iterator<Item = u16> + '_ {
        self.streams.iter().map(|(pid, _)| *pid)
    }

    /// The packet id of the picture and its kind; `None` for radio.
    pub(super) fn video(&self) -> Option<(u16, Video)> {
        self.streams
            .iter()
            .find_map(|(pid, kind)| Some((*pid, Video::of(*kind)?)))
    }
}

/// A section that arrives in packets.
#[derive(Debug, Default)]
struct Section {
    bytes: Vec<u8>,
    /// The packets it came in so far.
    coming: Vec<u8>,
    /// The packets of the last whole one.
    packets: Vec<u8>,
}

impl Section {
    /// Adds a packet; gives the section when that completes it.
    fn add(&mut self, packet: &[u8]) -> Option<&[u8]> {
        let mut payload = payload(packet);
        if is_scrambled(packet) || payload.is_empty() {
            return None;
        }
        if begins_unit(packet) {
            // The pointer tells where the new section begins, after the rest of an older one.
            let start = 1 + usize::from(payload[0]);
            payload = payload.get(start..)?;
            self.bytes.clear();
            self.coming.clear();
        } else if self.bytes.is_empty() {
            return None;
        }
        if self.bytes.len() > LONGEST {
            self.bytes.clear();
            return None;
        }
        self.bytes.extend_from_slice(payload);
        self.coming.extend_from_slice(&packet[..PACKET]);
        let length =
            3 + (usize::from(*self.bytes.get(1)? & 0x0F) << 8) + usize::from(*self.bytes.get(2)?);
        if self.bytes.len() < length {
            return None;
        }
        self.bytes.truncate(length);
        std::mem::swap(&mut self.packets, &mut self.coming);
        self.coming.clear();
        Some(&self.bytes)
    }
}

/// The entries of a section: what is between its head of eight bytes and the checksum of four.
fn body(section: &[u8], table: u8) -> Option<&[u8]> {
    let is_current = section.first() == Some(&table) && section.get(5)? & 1 == 1;
    section
        .get(8..section.len().checked_sub(4)?)
        .filter(|_| is_current)
}

/// The packet id of the map of the first program; program 0 is the network.
fn first_program(section: &[u8]) -> Option<u16> {
    body(section, 0x00)?
        .chunks_exact(4)
        .find(|entry| entry[..2] != [0, 0])
        .map(|entry| u16::from_be_bytes([entry[2] & 0x1F, entry[3]]))
}

/// Packet ids and stream types of a program map.
fn streams(section: &[u8]) -> Option<Vec<(u16, u8)>> {
    let body = body(section, 0x02)?;
    let length = |at: usize| {
        Some((usize::from(*body.get(at)? & 0x0F) << 8) + usize::from(*body.get(at + 1)?))
    };
    let mut at = 4 + length(2)?;
    let mut found = Vec::new();
    while let Some(entry) = body.get(at..at + 5) {
        found.push((u16::from_be_bytes([entry[1] & 0x1F, entry[2]]), entry[0]));
        at += 5 + length(at + 3)?;
    }
    Some(found)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::packet::{null, SYNC};
    use super::*;

    /// Packets of a section; the checksum is not looked at.
    fn packets(pid: u16, section: &[u8]) -> Vec<[u8; PACKET]> {
        let bytes = [&[0], section].concat();
        let pieces = bytes.chunks(PACKET - 4).enumerate();
        pieces
            .map(|(number, piece)| {
                let mut packet = null();
                packet[0] = SYNC;
                packet[1] = (pid >> 8) as u8 | if number == 0 { 0x40 } else { 0 };
                packet[2] = pid as u8;
                packet[3] = 0x10 | number as u8;
                packet[4..4 + piece.len()].copy_from_slice(piece);
                packet
            })
            .collect()
    }

    fn section(table: u8, body: &[u8]) -> Vec<u8> {
        let length = body.len() + 9;
        let mut section = vec![
            table,
            0xB0 | (length >> 8) as u8,
            length as u8,
            0,
            1,
            0xC1,
            0,
            0,
        ];
        section.extend_from_slice(body);
        section.extend_from_slice(&[0; 4]);
        section
    }

    /// A program association and a program map on packet id 0x100 with the given streams.
    pub(in crate::stream) fn tables(streams: &[(u16, u8)]) -> Vec<[u8; PACKET]> {
        let association = section(0, &[0, 0, 0xE0, 0x10, 0, 1, 0xE1, 0x00]);
        let mut body = vec![0xE1, 0x01, 0xF0, 0x00];
        for (pid, kind) in streams {
            body.extend_from_slice(&[*kind, 0xE0 | (pid >> 8) as u8, *pid as u8, 0xF0, 2, 9, 0]);
        }
        [packets(0, &association), packets(0x100, &section(2, &body))].concat()
    }

    #[test]
    fn picture_and_sound_are_found() {
        let mut tables = Tables::default();
        let packets = super::tests::tables(&[(0x102, 4), (0x101, 0x1B), (0x103, 6)]);
        assert!(tables.look(&packets[0]) && !tables.is_complete());
        assert!(!tables.look(&null()));
        assert!(tables.look(&packets[1]) && tables.is_complete());
        assert_eq!(tables.video(), Some((0x101, Video::Avc)));
        assert!(tables.carries(0x103) && !tables.carries(0x104));
        assert_eq!(tables.packets(), packets.concat());
    }

    #[test]
    fn a_map_over_several_packets_is_put_together() {
        let streams: Vec<(u16, u8)> = (0..60).map(|n| (0x200 + n, 3)).collect();
        let packets = super::tests::tables(&streams);
        assert_eq!(packets.len(), 4);
        let mut tables = Tables::default();
        // It began in the middle.
        tables.look(&packets[0]);
        tables.look(&packets[2]);
        tables.look(&packets[3]);
        assert!(!tables.is_complete());
        for packet in &packets {
            tables.look(packet);
        }
        assert!(tables.is_complete() && tables.carries(0x200 + 59));
        assert_eq!((tables.video(), tables.packets().len()), (None, 4 * PACKET));
    }

    #[test]
    fn hostile_tables_are_survived() {
        let mut state = 7_u32;
        for _ in 0..20_000 {
            let mut tables = Tables::default();
            for mut packet in super::tests::tables(&[(0x101, 2), (0x102, 4)]) {
                for _ in 0..4 {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    packet[3 + (state >> 8) as usize % 60] = (state >> 16) as u8;
                }
                tables.look(&packet);
            }
        }
    }
}
