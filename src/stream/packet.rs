//! The fields of a transport stream packet (ISO/IEC 13818-1, 2.4.3).

/// Bytes of a packet.
pub(super) const PACKET: usize = 188;
/// The first byte of every packet.
pub(super) const SYNC: u8 = 0x47;
/// The packet id of stuffing.
pub(super) const NULL: u16 = 0x1FFF;

/// What kind of picture a stream carries, to find where a decoder can begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Video {
    /// MPEG-1 and MPEG-2.
    Mpeg2,
    /// H.264.
    Avc,
    /// H.265.
    Hevc,
    /// Anything else: only its own marks are believed.
    Other,
}

impl Video {
    /// Of a stream type in a program map; `None` for what is no picture (2.4.4.9, table 2-34).
    pub(super) fn of(stream_type: u8) -> Option<Video> {
        match stream_type {
            0x01 | 0x02 => Some(Video::Mpeg2),
            0x1B => Some(Video::Avc),
            0x24 => Some(Video::Hevc),
            0x10 | 0x42 | 0xD1 | 0xEA => Some(Video::Other),
            _ => None,
        }
    }
}

/// The packet id.
pub(super) fn pid(packet: &[u8]) -> u16 {
    u16::from_be_bytes([packet[1] & 0x1F, packet[2]])
}

/// Whether a section or an elementary packet begins in it.
pub(super) fn begins_unit(packet: &[u8]) -> bool {
    packet[1] & 0x40 != 0
}

/// Whether its payload is scrambled.
pub(super) fn is_scrambled(packet: &[u8]) -> bool {
    packet[3] & 0xC0 != 0
}

/// Whether it has a payload, which its counter counts.
pub(super) fn has_payload(packet: &[u8]) -> bool {
    packet[3] & 0x10 != 0
}

/// The continuity counter, 0 to 15.
pub(super) fn counter(packet: &[u8]) -> u8 {
    packet[3] & 0x0F
}

/// The payload; empty if there is none.
pub(super) fn payload(packet: &[u8]) -> &[u8] {
    if !has_payload(packet) {
        return &[];
    }
    let start = match packet[3] & 0x20 {
        0 => 4,
        _ => 5 + usize::from(packet[4]),
    };
    packet.get(start..).unwrap_or(&[])
}

/// Whether a decoder can begin with this packet of a picture stream: it says so itself, or the first bytes of
/// the picture are those that stand before one which needs no other. Many broadcasters never say so.
pub(super) fn is_random_access(packet: &[u8], video: Video) -> bool {
    if !begins_unit(packet) || is_scrambled(packet) {
        return false;
    }
    let marked = packet[3] & 0x20 != 0 && packet[4] > 0 && packet[5] & 0x40 != 0;
    marked || begins_with_headers(payload(packet), video)
}

/// Whether sequence headers or parameter sets, which encoders send before a picture that needs no other, begin in
/// this elementary packet.
fn begins_with_headers(unit: &[u8], video: Video) -> bool {
    let is_header = |code: u8| match video {
        Video::Mpeg2 => code == 0xB3,
        // Sequence parameter set, picture of its own.
        Video::Avc => matches!(code & 0x1F, 5 | 7),
        // Video and sequence parameter set, pictures of their own.
        Video::Hevc => matches!(code >> 1 & 0x3F, 16..=21 | 32 | 33),
        Video::Other => false,
    };
    unit.windows(4)
        .skip(6)
        .any(|code| code[..3] == [0, 0, 1] && is_header(code[3]))
}

/// A packet of stuffing.
pub(super) const fn null() -> [u8; PACKET] {
    let mut packet = [0xFF; PACKET];
    packet[0] = SYNC;
    packet[1] = 0x1F;
    packet[3] = 0x10;
    packet
}

/// A packet without payload that says: what follows on this packet id does not go on from what was before
/// (discontinuity_indicator, 2.4.3.5). `counter` is that of the last packet with a payload.
pub(super) fn discontinuity(pid: u16, counter: u8) -> [u8; PACKET] {
    let mut packet = [0xFF; PACKET];
    packet[0] = SYNC;
    packet[1] = (pid >> 8) as u8 & 0x1F;
    packet[2] = pid as u8;
    packet[3] = 0x20 | counter & 0x0F;
    packet[4] = (PACKET - 5) as u8;
    packet[5] = 0x80;
    packet
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A packet that begins a unit on packet id 0x101, with the given adaptation field and unit.
    fn packet(adaptation: Option<u8>, unit: &[u8]) -> [u8; PACKET] {
        let mut packet = null();
        packet[1] = 0x41;
        packet[2] = 0x01;
        let start = match adaptation {
            Some(flags) => {
                packet[3] = 0x37;
                packet[4] = 1;
                packet[5] = flags;
                6
            }
            None => {
                packet[3] = 0x17;
                4
            }
        };
        packet[start..start + unit.len()].copy_from_slice(unit);
        packet
    }

    #[test]
    fn the_fields_are_where_the_standard_puts_them() {
        let packet = packet(Some(0), &[1, 2, 3]);
        assert_eq!(pid(&packet), 0x101);
        assert!(begins_unit(&packet) && has_payload(&packet) && !is_scrambled(&packet));
        assert_eq!(counter(&packet), 7);
        assert_eq!(payload(&packet)[..3], [1, 2, 3]);
        assert_eq!(pid(&null()), NULL);
    }

    #[test]
    fn a_field_longer_than_the_packet_leaves_no_payload() {
        let mut packet = packet(Some(0), &[]);
        packet[4] = 255;
        assert!(payload(&packet).is_empty());
    }

    #[test]
    fn a_decoder_can_begin_where_the_packet_says_so() {
        assert!(is_random_access(&packet(Some(0x40), &[]), Video::Other));
        assert!(!is_random_access(&packet(Some(0x00), &[]), Video::Other));
    }

    #[test]
    fn a_decoder_can_begin_where_headers_stand_before_the_picture() {
        let pes = |after: &[u8]| {
            let mut unit = vec![0, 0, 1, 0xE0, 0, 0, 0x80, 0x80, 5, 0x21, 0, 1, 0, 1];
            unit.extend_from_slice(after);
            packet(None, &unit)
        };
        for (video, header, other) in [
            (Video::Mpeg2, &[0, 0, 1, 0xB3][..], &[0, 0, 1, 0x00][..]),
            // An access unit delimiter first, as everybody sends it.
            (
                Video::Avc,
                &[0, 0, 0, 1, 9, 0xF0, 0, 0, 0, 1, 0x67],
                &[0, 0, 0, 1, 9, 0xF0, 0, 0, 0, 1, 0x41],
            ),
            (
                Video::Hevc,
                &[0, 0, 0, 1, 0x46, 1, 0x50, 0, 0, 0, 1, 0x40],
                &[0, 0, 0, 1, 0x46, 1, 0x50, 0, 0, 0, 1, 0x02],
            ),
        ] {
            assert!(is_random_access(&pes(header), video), "{video:?}");
            assert!(!is_random_access(&pes(other), video), "{video:?}");
        }
    }

    #[test]
    fn a_scrambled_packet_is_no_beginning() {
        let mut packet = packet(Some(0x40), &[]);
        packet[3] |= 0x80;
        assert!(!is_random_access(&packet, Video::Avc));
    }

    #[test]
    fn a_discontinuity_is_told_without_a_payload() {
        let packet = discontinuity(0x1ABC, 9);
        assert_eq!((pid(&packet), counter(&packet)), (0x1ABC, 9));
        assert!(!has_payload(&packet) && packet[5] & 0x80 != 0);
    }
}
