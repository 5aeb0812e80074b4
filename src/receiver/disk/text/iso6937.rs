//! ISO 6937 with the euro sign: the default table of DVB (EN 300 468, figure A.1). A letter with a mark is two bytes,
//! the mark first.

use super::latin::table;

/// What stands at 0xA0 to 0xFF; 0 for nothing and for the marks at 0xC1 to 0xCF.
static UPPER: [u16; 96] = table(concat!(
    "\u{a0}¡¢£€¥.§¤‘“«←↑→↓°±²³×µ¶·÷’”»¼½¾¿",
    "................—¹®©™♪¬¦....⅛⅜⅝⅞",
    "ΩÆĐªĦ.ĲĿŁØŒºÞŦŊŉĸæđðħıĳŀłøœßþŧŋ\u{ad}",
));

/// For each mark the letters that take it, each with what it becomes.
static MARKED: [&str; 15] = [
    "AÀEÈIÌOÒUÙaàeèiìoòuù",
    " ´AÁCĆEÉIÍLĹNŃOÓRŔSŚUÚYÝZŹaácćeéiílĺnńoórŕsśuúyýzźgģ",
    "AÂCĈEÊGĜHĤIÎJĴOÔSŜUÛWŴYŶaâcĉeêgĝhĥiîjĵoôsŝuûwŵyŷ",
    "AÃIĨNÑOÕUŨaãiĩnñoõuũ",
    " ¯AĀEĒIĪOŌUŪaāeēiīoōuū",
    " ˘AĂGĞUŬaăgğuŭ",
    " ˙CĊEĖGĠIİZŻcċeėgġzż",
    " ¨AÄEËIÏOÖUÜYŸaäeëiïoöuüyÿ",
    // The umlaut of older editions.
    "AÄEËIÏOÖUÜYŸaäeëiïoöuüyÿ",
    " ˚AÅUŮaåuů",
    " ¸CÇGĢKĶLĻNŅRŖSŞTŢcçkķlļnņrŗsştţ",
    "",
    " ˝OŐUŰoőuű",
    " ˛AĄEĘIĮUŲaąeęiįuų",
    " ˇCČDĎEĚLĽNŇRŘSŠTŤZŽcčdďeělľnňrřsštťzž",
];

/// Whether a byte is a mark that the next letter takes.
pub(super) fn is_mark(byte: u8) -> bool {
    matches!(byte, 0xc1..=0xcf)
}

/// The letter with the mark, if there is such a letter.
pub(super) fn marked(mark: u8, letter: u8) -> Option<char> {
    let mut pairs = MARKED.get(usize::from(mark.checked_sub(0xc1)?))?.chars();
    while let (Some(plain), Some(with)) = (pairs.next(), pairs.next()) {
        if plain == char::from(letter) {
            return Some(with);
        }
    }
    None
}

/// The character at `byte`, which is 0xA0 or higher and no mark.
pub(super) fn character(byte: u8) -> Option<char> {
    let code = *UPPER.get(usize::from(byte.checked_sub(0xa0)?))?;
    char::from_u32(u32::from(code)).filter(|c| *c != '\0')
}

/// Whether text without a word about its table is ISO 6937, as the standard has it, and not the ISO 8859 that broadcasters
/// without care send: all marks stand before letters that take them, and what speaks for letters of ISO 8859-1 is less.
pub(super) fn is_likely(bytes: &[u8], western: bool) -> bool {
    let (mut for_it, mut against) = (0u32, 0u32);
    let mut before = 0u8;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        if is_mark(byte) {
            match bytes.get(at) {
                Some(letter) if marked(byte, *letter).is_some() => at += 1,
                _ => return false,
            }
            for_it += 1;
        } else {
            against += u32::from(match byte {
                // Nothing, fractions, and letters of Iceland, Malta and Greenland: Western capitals, `ß ð ó ô õ ö ü ý þ ÿ`.
                0xc0 | 0xd6..=0xdf | 0xe5 | 0xf0 | 0xf3..=0xf6 | 0xfc..=0xff => true,
                // Capitals and signs, hardly within a word: small letters with marks, `Ñ Ó`.
                0xe0..=0xef => before.is_ascii_lowercase() || before == b' ',
                0xd1 | 0xd3 => before.is_ascii_alphabetic(),
                _ => false,
            });
        }
        before = byte;
    }
    match western {
        true => against == 0 || for_it > against,
        false => for_it > 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_and_a_letter_are_one_character() {
        assert_eq!(marked(0xc2, b'e'), Some('é'));
        assert_eq!(marked(0xc8, b'O'), Some('Ö'));
        assert_eq!(marked(0xcf, b'z'), Some('ž'));
        assert_eq!(marked(0xca, b'x'), None);
        assert_eq!(marked(0xcc, b'a'), None);
        assert_eq!(character(0xfb), Some('ß'));
        assert_eq!(character(0xa4), Some('€'));
        assert_eq!(character(0xff), Some('\u{ad}'));
        assert_eq!(character(0xd8), None);
    }

    #[test]
    fn western_text_is_told_from_the_standards() {
        for text in [
            &b"Caf\xc2e"[..],
            b"Gr\xc8o\xfbe",
            b"\xe9rsted",
            b"plain",
            b"Wei\xfb",
        ] {
            assert!(is_likely(text, true), "{text:x?}");
        }
        for text in [
            &b"Gr\xf6\xdfe"[..],
            b"Caf\xe9",
            b"\xc9tat",
            b"\xc4rzte",
            b"\xd6sterreich",
            b"ACCI\xd3N",
            b"cut\xc2",
        ] {
            assert!(!is_likely(text, true), "{text:x?}");
        }
    }
}
