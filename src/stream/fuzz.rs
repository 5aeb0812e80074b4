//! A door for fuzzing (`tests/fuzz`): the way of received bytes to readers, without a socket.

use super::inspect::Inspector;
use super::intake::Intake;

/// What was seen of a stream.
#[derive(Debug, Default, PartialEq)]
pub struct Seen {
    /// The packets as readers get them.
    pub passed: Vec<u8>,
    /// Packets of picture or sound, readable and scrambled.
    pub packets: (u32, u32),
    /// Places where a decoder can begin.
    pub has_start: bool,
    /// The packets of the tables.
    pub tables: Vec<u8>,
    /// Whether the tables are known, it is sound alone, the program is empty.
    pub kind: (bool, bool, bool),
}

/// What becomes of a stream that is received in pieces; it is tuned anew after the piece number `joint`.
pub fn receive<'a>(pieces: impl Iterator<Item = &'a [u8]>, joint: Option<usize>) -> Seen {
    let (mut intake, mut inspector) = (Intake::new(), Inspector::new());
    let mut seen = Seen::default();
    for (number, mut piece) in pieces.enumerate() {
        while !piece.is_empty() {
            let room = intake.room();
            let count = piece.len().min(room.capacity() - room.len());
            let (now, later) = piece.split_at(count);
            room.extend_from_slice(now);
            piece = later;
            while let Some(mut packets) = intake.packets() {
                let found = inspector.look(&mut packets);
                seen.passed.extend_from_slice(&packets[found.begin..]);
                seen.packets.0 += found.clear;
                seen.packets.1 += found.scrambled;
                seen.has_start |= found.start.is_some();
                intake.give_back(packets);
            }
        }
        if joint == Some(number) {
            intake = Intake::new();
            seen.passed.extend(inspector.join());
        }
    }
    seen.tables = inspector.tables();
    seen.kind = (
        inspector.knows_tables(),
        inspector.is_sound(),
        inspector.is_empty(),
    );
    seen
}
