//! What picons and pictures of the simulated receiver look like: a colour and the initials of a service.

use super::programme::mix;

/// Dots of a letter, and of a letter with the gap after it.
const LETTER: (usize, usize) = (5, 7);
const STEP: usize = LETTER.0 + 1;
/// Most letters that are drawn.
const LETTERS: usize = 3;

/// Rows of five dots, the highest of five bits on the left.
const FONT: &[(u8, [u8; 7])] = &[
    (b'0', [0x0E, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0E]),
    (b'1', [0x04, 0x0C, 0x04, 0x04, 0x04, 0x04, 0x0E]),
    (b'2', [0x0E, 0x11, 0x01, 0x06, 0x08, 0x10, 0x1F]),
    (b'3', [0x1E, 0x01, 0x01, 0x0E, 0x01, 0x01, 0x1E]),
    (b'4', [0x02, 0x06, 0x0A, 0x12, 0x1F, 0x02, 0x02]),
    (b'5', [0x1F, 0x10, 0x1E, 0x01, 0x01, 0x11, 0x0E]),
    (b'6', [0x0E, 0x10, 0x10, 0x1E, 0x11, 0x11, 0x0E]),
    (b'7', [0x1F, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08]),
    (b'8', [0x0E, 0x11, 0x11, 0x0E, 0x11, 0x11, 0x0E]),
    (b'9', [0x0E, 0x11, 0x11, 0x0F, 0x01, 0x01, 0x0E]),
    (b'A', [0x0E, 0x11, 0x11, 0x1F, 0x11, 0x11, 0x11]),
    (b'B', [0x1E, 0x11, 0x11, 0x1E, 0x11, 0x11, 0x1E]),
    (b'C', [0x0E, 0x11, 0x10, 0x10, 0x10, 0x11, 0x0E]),
    (b'D', [0x1E, 0x11, 0x11, 0x11, 0x11, 0x11, 0x1E]),
    (b'E', [0x1F, 0x10, 0x10, 0x1E, 0x10, 0x10, 0x1F]),
    (b'F', [0x1F, 0x10, 0x10, 0x1E, 0x10, 0x10, 0x10]),
    (b'G', [0x0E, 0x11, 0x10, 0x17, 0x11, 0x11, 0x0E]),
    (b'H', [0x11, 0x11, 0x11, 0x1F, 0x11, 0x11, 0x11]),
    (b'I', [0x0E, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0E]),
    (b'J', [0x07, 0x02, 0x02, 0x02, 0x02, 0x12, 0x0C]),
    (b'K', [0x11, 0x12, 0x14, 0x18, 0x14, 0x12, 0x11]),
    (b'L', [0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x1F]),
    (b'M', [0x11, 0x1B, 0x15, 0x15, 0x11, 0x11, 0x11]),
    (b'N', [0x11, 0x19, 0x15, 0x15, 0x13, 0x11, 0x11]),
    (b'O', [0x0E, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0E]),
    (b'P', [0x1E, 0x11, 0x11, 0x1E, 0x10, 0x10, 0x10]),
    (b'Q', [0x0E, 0x11, 0x11, 0x11, 0x15, 0x12, 0x0D]),
    (b'R', [0x1E, 0x11, 0x11, 0x1E, 0x14, 0x12, 0x11]),
    (b'S', [0x0F, 0x10, 0x10, 0x0E, 0x01, 0x01, 0x1E]),
    (b'T', [0x1F, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04]),
    (b'U', [0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0E]),
    (b'V', [0x11, 0x11, 0x11, 0x11, 0x11, 0x0A, 0x04]),
    (b'W', [0x11, 0x11, 0x11, 0x15, 0x15, 0x1B, 0x11]),
    (b'X', [0x11, 0x11, 0x0A, 0x04, 0x0A, 0x11, 0x11]),
    (b'Y', [0x11, 0x11, 0x0A, 0x04, 0x04, 0x04, 0x04]),
    (b'Z', [0x1F, 0x01, 0x02, 0x04, 0x08, 0x10, 0x1F]),
];

/// A question mark, for what has no letter.
const UNKNOWN: [u8; 7] = [0x0E, 0x11, 0x01, 0x06, 0x04, 0x00, 0x04];

/// The emblem of a service: some letters as a grid of dots.
pub(super) struct Emblem {
    letters: Vec<[u8; 7]>,
}

impl Emblem {
    /// The emblem for a name: the initials of its words and its leading digits.
    pub(super) fn new(name: &str) -> Emblem {
        let known = initials(name).into_iter().filter_map(|letter| {
            let found = FONT.iter().find(|(known, _)| *known == letter);
            found.map(|(_, rows)| *rows)
        });
        let mut letters: Vec<_> = known.take(LETTERS).collect();
        if letters.is_empty() {
            letters.push(UNKNOWN);
        }
        Emblem { letters }
    }

    /// Columns and rows of the grid.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.letters.len() * STEP - 1, LETTER.1)
    }

    /// Whether there is a dot; nothing is set outside of the grid.
    pub(super) fn is_set(&self, column: usize, row: usize) -> bool {
        let rows = self.letters.get(column / STEP);
        let bits = rows.and_then(|rows| rows.get(row)).copied().unwrap_or(0);
        let column = column % STEP;
        column < LETTER.0 && bits >> (LETTER.0 - 1 - column) & 1 == 1
    }
}

fn initials(name: &str) -> Vec<u8> {
    let words = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    let words = words.filter(|word| !matches!(*word, "HD" | "UHD" | "TV"));
    let mut letters = Vec::new();
    for word in words {
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            letters.extend(word.bytes().take_while(u8::is_ascii_digit));
        } else {
            letters.extend(word.chars().next().map(plain));
        }
    }
    letters
}

/// A letter without its marks, as far as our names have them.
fn plain(c: char) -> u8 {
    match c {
        'Ä' | 'ä' | 'À' | 'à' => b'A',
        'É' | 'é' | 'È' | 'è' => b'E',
        'Ö' | 'ö' => b'O',
        'Ü' | 'ü' => b'U',
        c => u8::try_from(c).unwrap_or(0).to_ascii_uppercase(),
    }
}

/// The colour of a name as red, green and blue: never too light for white letters.
pub(super) fn colour(name: &str) -> [u8; 3] {
    let hash = name
        .bytes()
        .fold(0, |hash, byte| mix(hash ^ u64::from(byte)));
    let hue = usize::try_from(hash % 6).unwrap_or(0);
    let blend = u8::try_from(hash >> 8 & 0x7F).unwrap_or(0);
    // One strong part, one weak, one in between.
    let (strong, between, weak) = (0xB0, 0x20 + blend, 0x20);
    match hue {
        0 => [strong, between, weak],
        1 => [between, strong, weak],
        2 => [weak, strong, between],
        3 => [weak, between, strong],
        4 => [between, weak, strong],
        _ => [strong, weak, between],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_those_of_the_words() {
        let text = |name| String::from_utf8(initials(name)).unwrap_or_default();
        assert_eq!(text("Erste Welle HD"), "EW");
        assert_eq!(text("5 Plus"), "5P");
        assert_eq!(text("News 24/7"), "N247");
        assert_eq!(text("Ö-Klassik"), "OK");
    }

    #[test]
    fn an_emblem_is_a_grid_of_dots() {
        let emblem = Emblem::new("T");
        assert_eq!(emblem.size(), (5, 7));
        let top: Vec<bool> = (0..6).map(|column| emblem.is_set(column, 0)).collect();
        assert_eq!(top, [true, true, true, true, true, false]);
        assert!(emblem.is_set(2, 6) && !emblem.is_set(0, 6) && !emblem.is_set(2, 7));
        assert_eq!(Emblem::new("😀").size(), (5, 7));
    }
}
