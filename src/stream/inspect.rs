//! What is in the packets of a service: its tables, whether they are readable, where a decoder can begin.

use super::mend::Mender;
use super::packet::{begins_unit, has_payload, is_random_access, is_scrambled, pid, PACKET};
use super::psi::Tables;

/// Looks at every packet of a service once, in its order, before readers get it.
pub(super) struct Inspector {
    tables: Tables,
    mender: Mender,
    has_begun: bool,
    /// Nothing was looked at since the last joint.
    is_joined: bool,
}

/// What a look at some packets found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The first packet that may be passed on: nothing before the first table is of use.
    pub(super) begin: usize,
    /// Packets of picture or sound that can be read.
    pub(super) clear: u32,
    /// Packets of picture or sound that are scrambled.
    pub(super) scrambled: u32,
    /// The last packet a decoder can begin with, and the tables it needs before.
    pub(super) start: Option<(usize, Vec<u8>)>,
}

impl Inspector {
    pub(super) fn new() -> Inspector {
        Inspector {
            tables: Tables::default(),
            mender: Mender::new(),
            has_begun: false,
            is_joined: true,
        }
    }

    /// Looks at whole packets and makes their counters go on.
    pub(super) fn look(&mut self, packets: &mut [u8]) -> Found {
        let mut found = Found::default();
        self.is_joined = false;
        let mut video = self.tables.video();
        for (number, packet) in packets.chunks_exact_mut(PACKET).enumerate() {
            let pid = pid(packet);
            if !self.has_begun {
                if pid != 0 || !begins_unit(packet) {
                    found.begin = (number + 1) * PACKET;
                    continue;
                }
                self.has_begun = true;
            }
            self.mender.mend(packet);
            if self.tables.look(packet) {
                video = self.tables.video();
                continue;
            }
            if !has_payload(packet) || !self.tables.carries(pid) {
                continue;
            }
            if is_scrambled(packet) {
                found.scrambled += 1;
                continue;
            }
            found.clear += 1;
            if video.is_some_and(|(its, kind)| its == pid && is_random_access(packet, kind)) {
                found.start = Some((number * PACKET, self.tables.packets()));
            }
        }
        found
    }

    /// The stream is tuned anew. Gives what readers get at the joint, once.
    pub(super) fn join(&mut self) -> Vec<u8> {
        if std::mem::replace(&mut self.is_joined, true) {
            return Vec::new();
        }
        self.has_begun = false;
        let pids = self.tables.pids().collect::<Vec<_>>();
        self.tables = Tables::default();
        self.mender.join(pids.into_iter())
    }

    /// Whether the tables are known.
    pub(super) fn knows_tables(&self) -> bool {
        self.tables.is_complete()
    }

    /// Whether it is sound alone, which can begin anywhere.
    pub(super) fn is_sound(&self) -> bool {
        self.tables.is_complete() && self.tables.video().is_none()
    }

    /// The packets of the tables as they came last.
    pub(super) fn tables(&self) -> Vec<u8> {
        self.tables.packets()
    }

    /// Whether the program has no streams at all, so that nothing readable is to be waited for.
    pub(super) fn is_empty(&self) -> bool {
        self.tables.is_complete() && self.tables.pids().next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::super::packet::null;
    use super::super::psi::tests::tables;
    use super::*;

    const PICTURE: u16 = 0x101;

    fn of(pid: u16, control: u8, begins: bool) -> [u8; PACKET] {
        let mut packet = null();
        packet[1] = (pid >> 8) as u8 | if begins { 0x40 } else { 0 };
        packet[2] = pid as u8;
        packet[3] = control;
        packet[4] = 1;
        packet[5] = 0x40;
        packet
    }

    fn look(inspector: &mut Inspector, packets: &[[u8; PACKET]]) -> Found {
        inspector.look(&mut packets.concat())
    }

    #[test]
    fn nothing_is_passed_on_before_the_tables() {
        let mut inspector = Inspector::new();
        let found = look(&mut inspector, &[of(PICTURE, 0x10, true), null()]);
        assert_eq!((found.begin, found.clear), (2 * PACKET, 0));
        let tables = tables(&[(PICTURE, 2)]);
        let mut packets = vec![null()];
        packets.extend(&tables);
        packets.push(of(PICTURE, 0x30, true));
        let found = look(&mut inspector, &packets);
        assert_eq!((found.begin, found.clear), (PACKET, 1));
        assert!(inspector.knows_tables() && !inspector.is_sound());
    }

    #[test]
    fn the_last_beginning_is_found_with_its_tables() {
        let mut inspector = Inspector::new();
        let tables = tables(&[(PICTURE, 2), (0x102, 4)]);
        look(&mut inspector, &tables);
        let found = look(
            &mut inspector,
            &[
                of(PICTURE, 0x31, true),
                of(0x102, 0x31, true),
                of(PICTURE, 0x32, true),
                of(PICTURE, 0x13, false),
            ],
        );
        assert_eq!(found.start, Some((2 * PACKET, tables.concat())));
        assert_eq!(found.clear, 4);
    }

    #[test]
    fn scrambled_packets_are_told_apart() {
        let mut inspector = Inspector::new();
        look(&mut inspector, &tables(&[(PICTURE, 2)]));
        let found = look(
            &mut inspector,
            &[of(PICTURE, 0xB1, true), of(0x500, 0x91, true)],
        );
        assert_eq!((found.clear, found.scrambled), (0, 1));
        assert!(found.start.is_none());
    }

    #[test]
    fn after_a_joint_the_tables_come_first_again() {
        let mut inspector = Inspector::new();
        let tables = tables(&[(PICTURE, 2)]);
        look(&mut inspector, &tables);
        look(&mut inspector, &[of(PICTURE, 0x31, true)]);
        let told = inspector.join();
        assert_eq!(pid(&told), PICTURE);
        assert!(inspector.join().is_empty(), "told already");
        let found = look(
            &mut inspector,
            &[of(PICTURE, 0x35, true), tables[0], tables[1]],
        );
        assert_eq!(found.begin, PACKET);
    }
}
