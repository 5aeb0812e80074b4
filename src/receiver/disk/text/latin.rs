//! The ISO 8859 tables: what stands at 0xA0 to 0xFF.

/// 96 characters as UTF-16; 0 where the standard has none.
type Table = [u16; 96];

/// The character of ISO 8859-`part` at `byte`, which is 0xA0 or higher. A part that does not exist is read as the first.
pub(super) fn character(part: u8, byte: u8) -> Option<char> {
    let at = usize::from(byte.checked_sub(0xa0)?);
    let code = u32::from(byte);
    let code = match part {
        2 => u32::from(*LATIN_2.get(at)?),
        3 => u32::from(*LATIN_3.get(at)?),
        4 => u32::from(*LATIN_4.get(at)?),
        5 => match byte {
            0xa0 | 0xad => code,
            0xf0 => 0x2116,
            0xfd => 0xa7,
            _ => code + 0x360,
        },
        6 => match byte {
            0xa0 | 0xa4 | 0xad => code,
            0xac | 0xbb | 0xbf | 0xc1..=0xda | 0xe0..=0xf2 => code + 0x560,
            _ => return None,
        },
        7 => u32::from(*GREEK.get(at)?),
        8 => match byte {
            0xe0..=0xfa => code + 0x4f0,
            0xaa => 0xd7,
            0xba => 0xf7,
            0xa0 | 0xa2..=0xbe => code,
            _ => return None,
        },
        9 => match byte {
            0xd0 => 0x11e,
            0xdd => 0x130,
            0xde => 0x15e,
            0xf0 => 0x11f,
            0xfd => 0x131,
            0xfe => 0x15f,
            _ => code,
        },
        10 => u32::from(*LATIN_6.get(at)?),
        11 => match byte {
            0xa0 => code,
            0xa1..=0xda | 0xdf..=0xfb => code + 0xd60,
            _ => return None,
        },
        13 => u32::from(*LATIN_7.get(at)?),
        14 => u32::from(*LATIN_8.get(at)?),
        15 => match byte {
            0xa4 => 0x20ac,
            0xa6 => 0x160,
            0xa8 => 0x161,
            0xb4 => 0x17d,
            0xb8 => 0x17e,
            0xbc => 0x152,
            0xbd => 0x153,
            0xbe => 0x178,
            _ => code,
        },
        16 => u32::from(*LATIN_10.get(at)?),
        _ => code,
    };
    char::from_u32(code).filter(|c| *c != '\0')
}

/// A table from its characters in order; `.` stands for none.
pub(super) const fn table(text: &str) -> Table {
    let bytes = text.as_bytes();
    let mut out = [0; 96];
    let (mut at, mut from) = (0, 0);
    while from < bytes.len() {
        let lead = bytes[from] as u16;
        let (length, mut code) = match lead {
            0..=0x7f => (1, lead),
            0x80..=0xdf => (2, lead & 0x1f),
            _ => (3, lead & 0x0f),
        };
        let mut next = 1;
        while next < length {
            code = code << 6 | (bytes[from + next] & 0x3f) as u16;
            next += 1;
        }
        out[at] = if code == b'.' as u16 { 0 } else { code };
        at += 1;
        from += length;
    }
    assert!(at == 96);
    out
}

static LATIN_2: Table = table(concat!(
    "\u{a0}Ą˘Ł¤ĽŚ§¨ŠŞŤŹ\u{ad}ŽŻ°ą˛ł´ľśˇ¸šşťź˝žż",
    "ŔÁÂĂÄĹĆÇČÉĘËĚÍÎĎĐŃŇÓÔŐÖ×ŘŮÚŰÜÝŢß",
    "ŕáâăäĺćçčéęëěíîďđńňóôőö÷řůúűüýţ˙",
));
static LATIN_3: Table = table(concat!(
    "\u{a0}Ħ˘£¤.Ĥ§¨İŞĞĴ\u{ad}.Ż°ħ²³´µĥ·¸ışğĵ½.ż",
    "ÀÁÂ.ÄĊĈÇÈÉÊËÌÍÎÏ.ÑÒÓÔĠÖ×ĜÙÚÛÜŬŜß",
    "àáâ.äċĉçèéêëìíîï.ñòóôġö÷ĝùúûüŭŝ˙",
));
static LATIN_4: Table = table(concat!(
    "\u{a0}ĄĸŖ¤ĨĻ§¨ŠĒĢŦ\u{ad}Ž¯°ą˛ŗ´ĩļˇ¸šēģŧŊžŋ",
    "ĀÁÂÃÄÅÆĮČÉĘËĖÍÎĪĐŅŌĶÔÕÖ×ØŲÚÛÜŨŪß",
    "āáâãäåæįčéęëėíîīđņōķôõö÷øųúûüũū˙",
));
static GREEK: Table = table(concat!(
    "\u{a0}‘’£€₯¦§¨©ͺ«¬\u{ad}.―°±²³΄΅Ά·ΈΉΊ»Ό½ΎΏ",
    "ΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡ.ΣΤΥΦΧΨΩΪΫάέήί",
    "ΰαβγδεζηθικλμνξοπρςστυφχψωϊϋόύώ.",
));
static LATIN_6: Table = table(concat!(
    "\u{a0}ĄĒĢĪĨĶ§ĻĐŠŦŽ\u{ad}ŪŊ°ąēģīĩķ·ļđšŧž―ūŋ",
    "ĀÁÂÃÄÅÆĮČÉĘËĖÍÎÏÐŅŌÓÔÕÖŨØŲÚÛÜÝÞß",
    "āáâãäåæįčéęëėíîïðņōóôõöũøųúûüýþĸ",
));
static LATIN_7: Table = table(concat!(
    "\u{a0}”¢£¤„¦§Ø©Ŗ«¬\u{ad}®Æ°±²³“µ¶·ø¹ŗ»¼½¾æ",
    "ĄĮĀĆÄÅĘĒČÉŹĖĢĶĪĻŠŃŅÓŌÕÖ×ŲŁŚŪÜŻŽß",
    "ąįāćäåęēčéźėģķīļšńņóōõö÷ųłśūüżž’",
));
static LATIN_8: Table = table(concat!(
    "\u{a0}Ḃḃ£ĊċḊ§Ẁ©ẂḋỲ\u{ad}®ŸḞḟĠġṀṁ¶ṖẁṗẃṠỳẄẅṡ",
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏŴÑÒÓÔÕÖṪØÙÚÛÜÝŶß",
    "àáâãäåæçèéêëìíîïŵñòóôõöṫøùúûüýŷÿ",
));
static LATIN_10: Table = table(concat!(
    "\u{a0}ĄąŁ€„Š§š©Ș«Ź\u{ad}źŻ°±ČłŽ”¶·žčș»ŒœŸż",
    "ÀÁÂĂÄĆÆÇÈÉÊËÌÍÎÏĐŃÒÓÔŐÖŚŰÙÚÛÜĘȚß",
    "àáâăäćæçèéêëìíîïđńòóôőöśűùúûüęțÿ",
));

#[cfg(test)]
mod tests {
    use super::*;

    /// What the bytes of `hex` are in a part.
    fn read(part: u8, bytes: &[u8]) -> String {
        bytes
            .iter()
            .filter_map(|byte| character(part, *byte))
            .collect()
    }

    #[test]
    fn each_part_has_the_letters_of_its_languages() {
        let words: [(u8, &[u8], &str); 14] = [
            (1, b"\xc4\xe9\xff", "Äéÿ"),
            (2, b"\xb1\xe6\xea\xb3\xf1\xb6\xbf\xff", "ąćęłńśż˙"),
            (3, b"\xa1\xbb\xf5", "Ħğġ"),
            (4, b"\xe0\xba\xf3", "āēķ"),
            (5, b"\xbf\xe0\xd8\xd2\xd5\xe2\xf0\xf1", "Приве\u{442}№ё"),
            (6, b"\xd3\xe4\xc7\xe5", "سلام"),
            (7, b"\xca\xe1\xeb\xe7\xec\xdd", "Καλημέ"),
            (8, b"\xf9\xec\xe5\xed\xa1", "שלום"),
            (9, b"\xdd\xfe\xf0\xfd", "İşğı"),
            (10, b"\xe0\xff\xbd", "āĸ―"),
            (11, b"\xca\xc7\xd1", "สวั"),
            (13, b"\xe0\xe6\xff", "ąę’"),
            (15, b"\xa4\xbd\xbe", "€œŸ"),
            (16, b"\xba\xfe", "șț"),
        ];
        for (part, bytes, text) in words {
            assert_eq!(read(part, bytes), text, "part {part}");
        }
        assert_eq!(read(14, b"\xa1\xf0\xff"), "Ḃŵÿ");
        assert_eq!(read(3, b"\xa5\xc3"), "");
    }
}
