//! The simplest MPEG-2 pictures: now and then an intra coded one, each block one shade, and repetitions of it.

use super::paint::{colour, Emblem};

/// The picture in macroblocks of 16 x 16 dots.
const COLUMNS: usize = 11;
const ROWS: usize = 9;

/// 90 kHz ticks of a picture at 25 pictures a second.
pub(super) const PICTURE_TICKS: u64 = 3_600;

/// Pictures from one that a player can begin with to the next: about half a second.
pub(super) const GROUP: u64 = 12;

/// Draws the pictures of one service: its emblem on its colour, and a bar that moves.
pub(super) struct Painter {
    emblem: Emblem,
    luma: u8,
    /// Blue and red difference.
    chroma: [u8; 2],
}

impl Painter {
    pub(super) fn new(name: &str) -> Painter {
        let [red, green, blue] = colour(name).map(f32::from);
        let luma = 16.0 + 0.257 * red + 0.504 * green + 0.098 * blue;
        let difference_blue = 128.0 - 0.148 * red - 0.291 * green + 0.439 * blue;
        let difference_red = 128.0 + 0.439 * red - 0.368 * green - 0.071 * blue;
        let byte = |value: f32| value.clamp(16.0, 240.0) as u8;
        Painter {
            emblem: Emblem::new(name),
            luma: byte(luma),
            chroma: [byte(difference_blue), byte(difference_red)],
        }
    }

    /// Picture number `number`: the first of each group with all headers, so that a player can begin with it.
    pub(super) fn picture(&self, number: u64) -> Vec<u8> {
        match number % GROUP {
            0 => self.drawing(number),
            index => repetition(index as u32),
        }
    }

    fn drawing(&self, number: u64) -> Vec<u8> {
        let mut bits = Bits::default();
        sequence_headers(&mut bits);
        bits.start_code(0xB8);
        // A closed group of pictures; its time code stays zero.
        bits.put(1 << 12, 25);
        bits.put(0b10, 2);
        picture_headers(&mut bits, 0);
        for row in 0..ROWS {
            bits.start_code(1 + row as u32);
            // Quantiser scale; no extra information.
            bits.put(8, 5);
            bits.put(0, 1);
            let mut last_luma = 128;
            let mut last_chroma = [128, 128];
            for column in 0..COLUMNS {
                // The next macroblock, intra, quantiser unchanged.
                bits.put(0b11, 2);
                for block in 0..4 {
                    let shade = self.shade(column * 2 + block % 2, row * 2 + block / 2, number);
                    bits.block(&LUMA_SIZES, i32::from(shade) - last_luma);
                    last_luma = i32::from(shade);
                }
                for (last, value) in last_chroma.iter_mut().zip(self.chroma) {
                    bits.block(&CHROMA_SIZES, i32::from(value) - *last);
                    *last = i32::from(value);
                }
            }
        }
        bits.align();
        bits.bytes
    }

    /// The brightness of a block of 8 x 8 dots.
    fn shade(&self, x: usize, y: usize, number: u64) -> u8 {
        let (columns, rows) = self.emblem.size();
        let (left, top) = (COLUMNS.saturating_sub(columns / 2), ROWS - rows / 2 - 1);
        let lit = x >= left && y >= top && self.emblem.is_set(x - left, y - top);
        let bar = y == ROWS * 2 - 1 && x as u64 == number / GROUP % (COLUMNS as u64 * 2);
        if lit || bar {
            235
        } else {
            self.luma
        }
    }
}

/// Sequence header and extension: 176 x 144, 4:3, 25 pictures a second, main profile at main level.
fn sequence_headers(bits: &mut Bits) {
    bits.start_code(0xB3);
    bits.put(COLUMNS as u32 * 16, 12);
    bits.put(ROWS as u32 * 16, 12);
    bits.put(2, 4);
    bits.put(3, 4);
    // Bit rate in 400 bit/s, marker, buffer size, no own quantiser tables.
    bits.put(2_500, 18);
    bits.put(1, 1);
    bits.put(20, 10);
    bits.put(0, 3);
    bits.start_code(0xB5);
    bits.put(1, 4);
    // Profile and level, progressive, 4:2:0, no size extensions.
    bits.put(0x48, 8);
    bits.put(1, 1);
    bits.put(1, 2);
    bits.put(0, 4);
    // Bit rate extension, marker, buffer extension, no low delay, frame rate extensions.
    bits.put(0, 12);
    bits.put(1, 1);
    bits.put(0, 8);
    bits.put(0, 8);
}

/// A picture that is the last one again: in each row the first and the last macroblock are predicted without motion,
/// as they must not be missing, and those between them are skipped.
fn repetition(index: u32) -> Vec<u8> {
    let mut bits = Bits::default();
    picture_headers(&mut bits, index);
    for row in 0..ROWS {
        bits.start_code(1 + row as u32);
        // Quantiser scale; no extra information.
        bits.put(8, 5);
        bits.put(0, 1);
        // The next macroblock, and that ten further on.
        for (step, length) in [(0b1, 1), (0b0000_1011, 8)] {
            bits.put(step, length);
            // Predicted, nothing added; motion 0 and 0.
            bits.put(0b001, 3);
            bits.put(0b11, 2);
        }
    }
    bits.align();
    bits.bytes
}

/// Picture header and extension of a progressive picture: the first of a group intra coded, the others predicted.
fn picture_headers(bits: &mut Bits, index: u32) {
    let predicted = index > 0;
    bits.start_code(0x00);
    bits.put(index, 10);
    bits.put(if predicted { 2 } else { 1 }, 3);
    bits.put(0xFFFF, 16);
    if predicted {
        // Vectors in half dots, their range in the extension.
        bits.put(0b0111, 4);
    }
    bits.put(0, 1);
    bits.start_code(0xB5);
    bits.put(8, 4);
    // Motion vectors forward or none, DC of 8 bits, a whole frame.
    bits.put(if predicted { 0x11FF } else { 0xFFFF }, 16);
    bits.put(0, 2);
    bits.put(3, 2);
    // Frame prediction only; 4:2:0 and frame progressive; no composite display.
    bits.put(0b01_0000_0110, 10);
    bits.align();
}

/// Length and code of the number of bits of a DC difference, by that number.
type Sizes = [(u32, u32); 9];
const LUMA_SIZES: Sizes = [
    (3, 0b100),
    (2, 0b00),
    (2, 0b01),
    (3, 0b101),
    (3, 0b110),
    (4, 0b1110),
    (5, 0x1E),
    (6, 0x3E),
    (7, 0x7E),
];
const CHROMA_SIZES: Sizes = [
    (2, 0b00),
    (2, 0b01),
    (2, 0b10),
    (3, 0b110),
    (4, 0b1110),
    (5, 0x1E),
    (6, 0x3E),
    (7, 0x7E),
    (8, 0xFE),
];

/// Bits, the highest first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    pending: u64,
    count: u32,
}

impl Bits {
    fn put(&mut self, value: u32, length: u32) {
        self.pending = self.pending << length | u64::from(value);
        self.count += length;
        while self.count >= 8 {
            self.count -= 8;
            self.bytes.push((self.pending >> self.count & 0xFF) as u8);
        }
    }

    fn align(&mut self) {
        self.put(0, (8 - self.count) % 8);
    }

    fn start_code(&mut self, code: u32) {
        self.align();
        self.put(1, 24);
        self.put(code, 8);
    }

    /// A block with nothing but the difference of its DC value to the last one.
    fn block(&mut self, sizes: &Sizes, difference: i32) {
        let size = 32 - difference.unsigned_abs().leading_zeros();
        let (length, code) = sizes.get(size as usize).copied().unwrap_or(sizes[0]);
        self.put(code, length);
        let value = if difference < 0 {
            difference + (1 << size) - 1
        } else {
            difference
        };
        self.put(value.unsigned_abs(), size);
        // End of block.
        self.put(0b10, 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_coded_as_the_standard_says() {
        let mut bits = Bits::default();
        // Size 2, "10" for 2; end of block. Size 2, "01" for -2; end of block. Size 0; end of block.
        bits.block(&LUMA_SIZES, 2);
        bits.block(&LUMA_SIZES, -2);
        bits.block(&CHROMA_SIZES, 0);
        bits.align();
        assert_eq!(bits.bytes, [0b0110_1001, 0b0110_0010]);
    }

    #[test]
    fn groups_move_and_are_small() {
        let painter = Painter::new("Erste Welle HD");
        assert_ne!(painter.picture(0), painter.picture(GROUP));
        assert_eq!(painter.picture(GROUP)[..4], [0, 0, 1, 0xB3]);
        assert!(painter.picture(GROUP).len() < 1_200);
        for number in 1..GROUP {
            let picture = painter.picture(number);
            assert_eq!(picture[..4], [0, 0, 1, 0x00]);
            assert!(picture.len() < 150, "{}", picture.len());
        }
    }
}
