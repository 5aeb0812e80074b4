//! Picons drawn in code: white letters on the colour of the service, as a palette PNG.

use super::paint::{colour, Emblem};
use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use std::io::Write;

/// The usual size of a picon in dots.
const WIDTH: usize = 220;
const HEIGHT: usize = 132;
/// Dots of the picon for one dot of the emblem.
const SCALE: usize = 10;

/// The PNG for a service of this name.
pub(super) fn draw(name: &str) -> Vec<u8> {
    let emblem = Emblem::new(name);
    let (columns, rows) = emblem.size();
    let (left, top) = ((WIDTH - columns * SCALE) / 2, (HEIGHT - rows * SCALE) / 2);
    let mut dots = Vec::with_capacity((WIDTH + 1) * HEIGHT);
    for y in 0..HEIGHT {
        // Each line starts with its filter: none.
        dots.push(0);
        for x in 0..WIDTH {
            let inside = x >= left && y >= top;
            let lit = inside && emblem.is_set((x - left) / SCALE, (y - top) / SCALE);
            dots.push(if lit { 2 } else { u8::from(y > HEIGHT - 10) });
        }
    }
    let [red, green, blue] = colour(name);
    let palette = [
        red,
        green,
        blue,
        red / 2,
        green / 2,
        blue / 2,
        255,
        255,
        255,
    ];

    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = Vec::new();
    header.extend_from_slice(&(WIDTH as u32).to_be_bytes());
    header.extend_from_slice(&(HEIGHT as u32).to_be_bytes());
    // Eight bits a dot, palette, deflate, no filter method but the first, not interlaced.
    header.extend_from_slice(&[8, 3, 0, 0, 0]);
    chunk(&mut png, b"IHDR", &header);
    chunk(&mut png, b"PLTE", &palette);
    chunk(&mut png, b"IDAT", &compress(&dots));
    chunk(&mut png, b"IEND", &[]);
    png
}

fn chunk(png: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    let mut crc = Crc::new();
    crc.update(kind);
    crc.update(data);
    png.extend_from_slice(&u32::try_from(data.len()).unwrap_or(0).to_be_bytes());
    png.extend_from_slice(kind);
    png.extend_from_slice(data);
    png.extend_from_slice(&crc.sum().to_be_bytes());
}

fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    // Writing into memory does not fail.
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use flate2::read::ZlibDecoder;
    use std::io::Read;

    #[test]
    fn a_picon_is_a_png_of_the_usual_size() {
        let png = draw("Erste Welle HD");
        assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
        assert_eq!(&png[12..24], b"IHDR\0\0\0\xdc\0\0\0\x84");
        let data = png.windows(4).position(|window| window == b"IDAT").unwrap() + 4;
        let mut dots = Vec::new();
        ZlibDecoder::new(&png[data..])
            .read_to_end(&mut dots)
            .unwrap();
        assert_eq!(dots.len(), (WIDTH + 1) * HEIGHT);
        assert!(dots.contains(&2) && png.len() < 2_000);
    }
}
