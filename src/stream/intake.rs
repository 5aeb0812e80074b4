//! From bytes as a socket gives them to whole packets.

use std::ops::Range;

use super::packet::{PACKET, SYNC};

/// Bytes read at once at most; a multiple of nothing, since the beginning is found by looking.
const SIZE: usize = 64 * 1024;
/// Packets in a row that must begin right before the place is believed.
const SURE: usize = 3;

/// What was received and is not yet passed on.
pub(super) struct Intake {
    buffer: Vec<u8>,
    /// Where what is left begins and ends.
    left: Range<usize>,
    is_aligned: bool,
}

impl Intake {
    pub(super) fn new() -> Intake {
        Intake {
            buffer: vec![0; SIZE],
            left: 0..0,
            is_aligned: false,
        }
    }

    /// Room for what comes next, never empty.
    pub(super) fn room(&mut self) -> &mut [u8] {
        if self.left.start > 0 {
            self.buffer.copy_within(self.left.clone(), 0);
            self.left = 0..self.left.len();
        }
        &mut self.buffer[self.left.end..]
    }

    /// So many bytes were written into the room.
    pub(super) fn received(&mut self, count: usize) {
        self.left.end = (self.left.end + count).min(self.buffer.len());
    }

    /// What is left as it came.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.left.clone()]
    }

    /// Leaves bytes out: the head of an answer.
    pub(super) fn skip(&mut self, count: usize) {
        self.left.start = (self.left.start + count).min(self.left.end);
    }

    /// The next whole packets, which may be changed; empty when more has to be received. Bytes between packets are
    /// left out.
    pub(super) fn packets(&mut self) -> &mut [u8] {
        if !self.is_aligned {
            self.align();
        }
        let start = self.left.start;
        let mut end = start;
        while self.is_aligned && end + PACKET <= self.left.end {
            if self.buffer[end] == SYNC {
                end += PACKET;
            } else {
                self.is_aligned = false;
            }
        }
        self.left.start = end;
        if start == end && !self.is_aligned && self.left.len() > SURE * PACKET {
            // Aligned on what was no beginning: look on behind it.
            self.align();
            if self.is_aligned {
                return self.packets();
            }
        }
        &mut self.buffer[start..end]
    }

    /// Moves to the first place where packets begin in a row; without one only as much is kept as may begin one.
    fn align(&mut self) {
        let bytes = &self.buffer[self.left.clone()];
        let span = (SURE - 1) * PACKET;
        let places = bytes.len().saturating_sub(span);
        let begins = |at: &usize| (0..SURE).all(|n| bytes[at + n * PACKET] == SYNC);
        let found = (0..places).find(begins);
        self.is_aligned = found.is_some();
        self.left.start += found.unwrap_or(places);
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
            intake.room()[..piece.len()].copy_from_slice(piece);
            intake.received(piece.len());
            loop {
                let packets = intake.packets();
                assert_eq!(packets.len() % PACKET, 0);
                if packets.is_empty() {
                    break;
                }
                out.extend_from_slice(packets);
            }
        }
        out
    }

    #[test]
    fn packets_come_out_whole_however_they_come_in() {
        let bytes = packets(40);
        for size in [1, 7, 187, 188, 189, 1000, 100_000] {
            assert_eq!(through(&bytes, size.min(SIZE)), bytes, "{size}");
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
    fn garbage_gives_nothing_and_fills_nothing() {
        let noise: Vec<u8> = (0..300_000_u32)
            .map(|n| (n.wrapping_mul(7) >> 3) as u8 | 0x80)
            .collect();
        assert!(through(&noise, 4096).is_empty());
    }
}
