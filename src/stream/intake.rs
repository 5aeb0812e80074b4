//! From bytes as a socket gives them to whole packets.

use super::packet::{PACKET, SYNC};

/// Bytes received at once at most, and what a buffer holds. A tenth of a second of a usual HD service; more would be
/// asked from the system anew each time (`malloc` does from 128 kB on).
const SIZE: usize = 112 * 1024;
/// Packets in a row that must begin right before the place is believed.
const SURE: usize = 3;
/// Buffers kept for what comes next: what the ring drops at once when a picture begins that a decoder can begin with.
const SPARE: usize = 12;

/// What was received and is not yet passed on. Packets are received into the buffer that is passed on, so that they
/// are not copied once more.
pub(super) struct Intake {
    buffer: Vec<u8>,
    /// Where what is left begins.
    start: usize,
    is_aligned: bool,
    spare: Vec<Vec<u8>>,
}

impl Intake {
    pub(super) fn new() -> Intake {
        Intake {
            buffer: Vec::with_capacity(SIZE),
            start: 0,
            is_aligned: false,
            spare: Vec::new(),
        }
    }

    /// What is received next is to be appended to this, as far as it has capacity; there is some.
    pub(super) fn room(&mut self) -> &mut Vec<u8> {
        self.buffer.drain(..self.start);
        self.start = 0;
        &mut self.buffer
    }

    /// Whether the last room was used up.
    pub(super) fn is_full(&self) -> bool {
        self.buffer.len() == self.buffer.capacity()
    }

    /// What is left as it came.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Leaves bytes out: the head of an answer.
    pub(super) fn skip(&mut self, count: usize) {
        self.start = (self.start + count).min(self.buffer.len());
    }

    /// The next whole packets; `None` when more has to be received. Bytes between packets are left out.
    pub(super) fn packets(&mut self) -> Option<Vec<u8>> {
        loop {
            if !self.is_aligned {
                self.align();
            }
            let mut end = self.start;
            while self.is_aligned && end + PACKET <= self.buffer.len() {
                if self.buffer[end] == SYNC {
                    end += PACKET;
                } else {
                    self.is_aligned = false;
                }
            }
            if end > self.start {
                return Some(self.take(end));
            }
            // Aligned on what was no beginning: look on behind it.
            if self.is_aligned || self.bytes().len() <= (SURE - 1) * PACKET {
                return None;
            }
        }
    }

    /// Takes what is before `end`: the buffer itself if it is well filled, else a copy.
    fn take(&mut self, end: usize) -> Vec<u8> {
        if end - self.start < SIZE / 2 {
            let packets = self.buffer[self.start..end].to_vec();
            self.start = end;
            return packets;
        }
        let mut next = self.spare.pop().unwrap_or_else(|| Vec::with_capacity(SIZE));
        next.extend_from_slice(&self.buffer[end..]);
        let mut packets = std::mem::replace(&mut self.buffer, next);
        packets.truncate(end);
        packets.drain(..self.start);
        self.start = 0;
        packets
    }

    /// Takes a buffer that nobody needs any more, for what comes next.
    pub(super) fn give_back(&mut self, mut buffer: Vec<u8>) {
        if buffer.capacity() >= SIZE && self.spare.len() < SPARE {
            buffer.clear();
            self.spare.push(buffer);
        }
    }

    /// Moves to the first place where packets begin in a row; without one only as much is kept as may begin one.
    fn align(&mut self) {
        let bytes = self.bytes();
        let span = (SURE - 1) * PACKET;
        let places = bytes.len().saturating_sub(span);
        let begins = |at: &usize| (0..SURE).all(|n| bytes[at + n * PACKET] == SYNC);
        let found = (0..places).find(begins);
        self.is_aligned = found.is_some();
        self.start += found.unwrap_or(places);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packets(count: usize) -> Vec<u8> {
        let packet = |n: usize| {
            let mut packet = [n as u8; PACKET];
            packet[0] = SYNC;
            packet
        };
        (1..=count).flat_map(packet).collect()
    }

    /// Everything that comes out when `bytes` come in pieces.
    fn through(bytes: &[u8], size: usize) -> Vec<u8> {
        let mut intake = Intake::new();
        let mut out = Vec::new();
        for piece in bytes.chunks(size) {
            let room = intake.room();
            assert!(room.len() + piece.len() <= room.capacity());
            room.extend_from_slice(piece);
            while let Some(packets) = intake.packets() {
                assert_eq!(packets.len() % PACKET, 0);
                out.extend_from_slice(&packets);
                intake.give_back(packets);
            }
        }
        out
    }

    #[test]
    fn packets_come_out_whole_however_they_come_in() {
        let bytes = packets(2_000);
        for size in [1, 7, 187, 188, 189, 1000, 100_000, SIZE - PACKET] {
            assert!(through(&bytes, size) == bytes, "{size}");
        }
    }

    #[test]
    fn bytes_that_are_no_packets_are_left_out() {
        // With a byte that looks like a beginning.
        let noise = [b"HTTP 400 GGG".as_slice(), &[9; 300]].concat();
        let bytes = [&*noise, &packets(10), &noise, &packets(12)].concat();
        for size in [3, 188, 5000] {
            // The packet behind noise may hide one: three in a row are asked for, and 10 and 12 are there.
            let out = through(&bytes, size);
            assert_eq!(out, [packets(10), packets(12)].concat(), "{size}");
        }
    }

    #[test]
    fn packets_behind_noise_do_not_wait_for_more_than_makes_them_sure() {
        let bytes = [&*packets(3), b"noise", &packets(3)[..2 * PACKET + 1]].concat();
        for size in [1, 255, 600, 10_000] {
            let out = through(&bytes, size);
            assert_eq!(out, [packets(3), packets(2)].concat(), "{size}");
        }
    }

    #[test]
    fn garbage_gives_nothing_and_fills_nothing() {
        let noise: Vec<u8> = (0..300_000_u32)
            .map(|n| (n.wrapping_mul(7) >> 3) as u8 | 0x80)
            .collect();
        assert!(through(&noise, 4096).is_empty());
    }

    #[test]
    fn a_well_filled_buffer_is_passed_on_itself_and_used_again() {
        let mut intake = Intake::new();
        let bytes = packets(SIZE / PACKET);
        let filled = |intake: &mut Intake| {
            let room = intake.room();
            let at = room.as_ptr();
            room.extend_from_slice(&bytes[room.len()..]);
            (at, intake.packets().unwrap())
        };
        let (first, passed) = filled(&mut intake);
        assert_eq!(passed.as_ptr(), first);
        intake.give_back(passed);
        let (second, passed) = filled(&mut intake);
        assert_ne!(second, first);
        drop(passed);
        assert_eq!(filled(&mut intake).0, first);
    }
}
