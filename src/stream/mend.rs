//! Continuity over joints: after a stream was tuned anew its counters go on where the old ones stopped.

use super::packet::{counter, discontinuity, has_payload, pid, NULL};

/// There are so many packet ids (13 bits).
const PIDS: usize = 1 << 13;

/// The counters of a stream as its readers see them.
pub(super) struct Mender {
    counters: Box<[Counter]>,
    /// Counts the joints, around.
    joint: u8,
}

#[derive(Clone, Copy, Default)]
struct Counter {
    /// The last one that was passed on.
    last: u8,
    /// What is added to what comes in.
    shift: u8,
    /// The joint after which `shift` was found.
    joint: u8,
    is_known: bool,
}

impl Mender {
    pub(super) fn new() -> Mender {
        Mender {
            counters: vec![Counter::default(); PIDS].into(),
            joint: 0,
        }
    }

    /// What comes from now on is another stream. Gives the packets that tell decoders so, one for each of `pids`
    /// that was sent before.
    pub(super) fn join(&mut self, pids: impl Iterator<Item = u16>) -> Vec<u8> {
        self.joint = self.joint.wrapping_add(1);
        let mut told = Vec::new();
        for pid in pids {
            match self.counters.get(usize::from(pid)) {
                Some(counter) if counter.is_known => {
                    told.extend_from_slice(&discontinuity(pid, counter.last));
                }
                _ => {}
            }
        }
        told
    }

    /// Makes a packet's counter go on from the one before it.
    pub(super) fn mend(&mut self, packet: &mut [u8]) {
        let pid = pid(packet);
        let Some(known) = self
            .counters
            .get_mut(usize::from(pid))
            .filter(|_| pid != NULL)
        else {
            return;
        };
        let came = counter(packet);
        let step = u8::from(has_payload(packet));
        if known.joint != self.joint || !known.is_known {
            known.shift = match known.is_known {
                true => known.last.wrapping_add(step).wrapping_sub(came) & 0x0F,
                false => 0,
            };
            known.joint = self.joint;
            known.is_known = true;
        }
        known.last = came.wrapping_add(known.shift) & 0x0F;
        if known.shift != 0 {
            packet[3] = packet[3] & 0xF0 | known.last;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::packet::{null, PACKET};
    use super::*;

    fn packet(pid: u16, counter: u8) -> [u8; PACKET] {
        let mut packet = null();
        packet[1] = (pid >> 8) as u8;
        packet[2] = pid as u8;
        packet[3] = 0x10 | counter;
        packet
    }

    fn mended(mender: &mut Mender, mut packet: [u8; PACKET]) -> u8 {
        mender.mend(&mut packet);
        counter(&packet)
    }

    #[test]
    fn a_stream_is_passed_on_as_it_is() {
        let mut mender = Mender::new();
        for number in [14, 15, 0, 1, 1, 5] {
            assert_eq!(mended(&mut mender, packet(0x101, number)), number);
        }
    }

    #[test]
    fn after_a_joint_counters_go_on() {
        let mut mender = Mender::new();
        mended(&mut mender, packet(0x101, 4));
        mended(&mut mender, packet(0x102, 15));
        let told = mender.join([0x101, 0x102, 0x103].into_iter());
        assert_eq!(told.len(), 2 * PACKET);
        assert_eq!(counter(&told), 4);
        assert_eq!(mended(&mut mender, packet(0x101, 11)), 5);
        assert_eq!(mended(&mut mender, packet(0x101, 12)), 6);
        assert_eq!(mended(&mut mender, packet(0x102, 3)), 0);
        // A packet id that was not there before begins as it likes.
        assert_eq!(mended(&mut mender, packet(0x103, 7)), 7);
    }

    #[test]
    fn a_packet_without_payload_does_not_count() {
        let mut mender = Mender::new();
        mended(&mut mender, packet(0x101, 4));
        mender.join([].into_iter());
        let mut clock = packet(0x101, 9);
        clock[3] = 0x20 | 9;
        assert_eq!(mended(&mut mender, clock), 4);
        assert_eq!(mended(&mut mender, packet(0x101, 10)), 5);
    }

    #[test]
    fn stuffing_is_not_counted() {
        let mut mender = Mender::new();
        mender.join([].into_iter());
        assert_eq!(mended(&mut mender, null()), 0);
    }
}
