//! The text of DVB (EN 300 468, annex A) as UTF-8. The first byte may name the character table; without it the language
//! does, as enigma2's `encoding.conf` has it.

mod iso6937;
mod latin;

use std::borrow::Cow;

/// How the bytes of a text are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset {
    /// Nobody says: UTF-8 if it is that, else ISO 6937 if that makes sense, else this part of ISO 8859.
    Unsaid(u8),
    /// ISO 6937, the default of DVB.
    Iso6937,
    /// A part of ISO 8859.
    Iso8859(u8),
    /// UTF-8.
    Utf8,
    /// UTF-16, high byte first.
    Utf16,
    /// UTF-16, low byte first: outside the standard, but known to enigma2.
    Utf16Le,
    /// KS X 1001, GB 2312 or Big5: their tables are larger than all the rest; one sign stands for each character.
    EastAsian,
    /// Packed in a way that is not known here (Freesat).
    Packed,
}

impl Charset {
    /// The table of text that names none, by its language (three lower-case letters).
    pub(super) fn of_language(language: &[u8; 3]) -> Charset {
        match language {
            b"rus" | b"bul" | b"ukr" | b"bel" | b"mkd" | b"mac" => Charset::Iso8859(5),
            b"ara" => Charset::Iso8859(6),
            b"gre" | b"ell" => Charset::Iso8859(7),
            b"tur" => Charset::Iso8859(9),
            b"tha" => Charset::Iso8859(11),
            b"hun" | b"cze" | b"ces" | b"slo" | b"slk" => Charset::Iso6937,
            b"chi" | b"zho" | b"chn" => Charset::EastAsian,
            b"fas" | b"per" | b"pes" => Charset::Utf8,
            b"pol" => Charset::Unsaid(2),
            _ => Charset::Unsaid(1),
        }
    }

    /// The table that the first bytes name, and the text behind them; `None` if they name none.
    pub(super) fn named(text: &[u8]) -> Option<(Charset, &[u8])> {
        let (first, rest) = text.split_first()?;
        let charset = match first {
            0x01..=0x07 => Charset::Iso8859(first + 4),
            0x09..=0x0b => Charset::Iso8859(first + 4),
            0x10 => match rest {
                [_, part, rest @ ..] => return Some((Charset::Iso8859(*part), rest)),
                _ => return Some((Charset::Packed, &[])),
            },
            0x11 | 0x16 => Charset::Utf16,
            0x12..=0x14 => Charset::EastAsian,
            0x15 => Charset::Utf8,
            0x17 => Charset::Utf16Le,
            0x1f => Charset::Packed,
            _ => return None,
        };
        Some((charset, rest))
    }

    /// Text in this table as UTF-8. What the table does not know is left out; so are emphasis marks; the line break of DVB
    /// becomes one.
    pub(super) fn decode(self, text: &[u8]) -> Cow<'_, str> {
        match self {
            Charset::Utf8 => plain(whole(text)),
            Charset::Unsaid(part) => match std::str::from_utf8(text) {
                Ok(text) => plain(Cow::Borrowed(text)),
                Err(_) if iso6937::is_likely(text, part == 1) => Charset::Iso6937.decode(text),
                Err(_) => Charset::Iso8859(part).decode(text),
            },
            Charset::Iso8859(part) => bytewise(text, |byte| latin::character(part, byte)).into(),
            Charset::Iso6937 => marked(text).into(),
            Charset::Utf16 => wide(text, u16::from_be_bytes).into(),
            Charset::Utf16Le => wide(text, u16::from_le_bytes).into(),
            Charset::EastAsian => double(text).into(),
            Charset::Packed => Cow::Borrowed(""),
        }
    }
}

/// A text field: its table as it names it or else `unnamed`, as UTF-8.
pub(super) fn read(field: &[u8], unnamed: Charset) -> Cow<'_, str> {
    let (charset, text) = Charset::named(field).unwrap_or((unnamed, field));
    charset.decode(text)
}

/// UTF-8 without what is none: importers cut it within a character.
fn whole(text: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(text) {
        return Cow::Borrowed(text);
    }
    text.utf8_chunks().map(|chunk| chunk.valid()).collect()
}

/// Without the controls of DVB, which are U+0080 to U+009F or U+E080 to U+E09F.
fn plain(text: Cow<'_, str>) -> Cow<'_, str> {
    let is_control = |c: char| matches!(c, '\u{80}'..='\u{9f}' | '\u{e080}'..='\u{e09f}');
    if memchr::memchr2(0xc2, 0xee, text.as_bytes()).is_none() || !text.contains(is_control) {
        return text;
    }
    text.chars()
        .filter_map(|c| match c {
            '\u{8a}' | '\u{e08a}' => Some('\n'),
            c => (!is_control(c)).then_some(c),
        })
        .collect()
}

/// A character below 0xA0, which most tables share.
fn low(byte: u8) -> Option<char> {
    match byte {
        0x8a => Some('\n'),
        0x80.. => None,
        _ => Some(char::from(byte)),
    }
}

fn bytewise(text: &[u8], high: impl Fn(u8) -> Option<char>) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut rest = text;
    while !rest.is_empty() {
        let plain = rest.iter().position(|byte| *byte >= 0x80);
        let (plain, after) = rest.split_at(plain.unwrap_or(rest.len()));
        out.push_str(std::str::from_utf8(plain).unwrap_or_default());
        rest = after;
        if let Some((byte, after)) = after.split_first() {
            out.extend(match byte {
                0xa0.. => high(*byte),
                _ => low(*byte),
            });
            rest = after;
        }
    }
    out
}

fn marked(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut mark = None;
    for byte in text {
        // A mark on what takes none is left out.
        let with = mark.take().and_then(|mark| iso6937::marked(mark, *byte));
        match (with, byte) {
            (Some(_), _) => out.extend(with),
            (None, 0xa0..) if iso6937::is_mark(*byte) => mark = Some(*byte),
            (None, 0xa0..) => out.extend(iso6937::character(*byte)),
            (None, _) => out.extend(low(*byte)),
        }
    }
    out
}

fn wide(text: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = text.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let text: String = char::decode_utf16(units).flatten().collect();
    plain(text.into()).into_owned()
}

fn double(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        if byte > 0xa0 {
            bytes.next();
            out.push(char::REPLACEMENT_CHARACTER);
        } else {
            out.extend(low(byte));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_names_the_table() {
        let fields: [(&[u8], &str); 18] = [
            (b"\x01\xbf\xe0", "Пр"),
            (b"\x02\xd3", "س"),
            (b"\x03\xe1", "α"),
            (b"\x04\xf9", "ש"),
            (b"\x05\xfe", "ş"),
            (b"\x06\xe0", "ā"),
            (b"\x07\xa1", "ก"),
            (b"\x09\xe0", "ą"),
            (b"\x0a\xf0", "ŵ"),
            (b"\x0b\xa4", "€"),
            (b"\x10\x00\x02\xb1", "ą"),
            (b"\x10\x00\x01\xfc", "ü"),
            (b"\x11\x04\x1f\xd8\x3d\xde\x00", "П😀"),
            (b"\x13A\xb0\xa1B", "A\u{fffd}B"),
            (b"\x15\xc3\x9f", "ß"),
            (b"\x17\x1f\x04", "П"),
            (b"\x1f\x01abc", ""),
            (b"\x10\x00", ""),
        ];
        for (field, text) in fields {
            assert_eq!(read(field, Charset::Utf8), text, "{field:x?}");
        }
    }

    #[test]
    fn the_language_names_it_otherwise() {
        let fields: [(&[u8; 3], &[u8], &str); 8] = [
            (b"rus", b"\xbf\xe0", "Пр"),
            (b"eng", b"Caf\xc2e", "Café"),
            (b"deu", b"Gr\xf6\xdfe", "Größe"),
            (b"deu", b"Gr\xc8o\xfbe", "Größe"),
            (b"eng", b"caf\xc3\xa9", "café"),
            (b"pol", b"\xb3\xf3d\xbc", "łódź"),
            (b"pol", b"\xf8\xc2od\xc2z", "łódź"),
            (b"ces", b"\xcfCesk\xc2y", "Český"),
        ];
        for (language, field, text) in fields {
            assert_eq!(read(field, Charset::of_language(language)), text);
        }
    }

    #[test]
    fn controls_go_and_the_line_break_stays() {
        for field in [
            &b"\x05\x86a\x87\x8ab"[..],
            b"\x15\xc2\x86a\xc2\x87\xc2\x8ab",
            b"\x15\xee\x82\x86a\xee\x82\x8ab",
            b"\x11\x00\x86\x00a\xe0\x8a\x00b",
            b"\x86a\x8ab",
        ] {
            assert_eq!(read(field, Charset::Iso6937), "a\nb", "{field:x?}");
        }
    }

    #[test]
    fn a_character_cut_in_half_is_left_out() {
        assert_eq!(read(b"\x15Stra\xc3", Charset::Utf8), "Stra");
        assert_eq!(read(b"\x15\xe2\x82 5\xff", Charset::Utf8), " 5");
        assert_eq!(read(b"\x11\x00a\xd8\x3d", Charset::Utf8), "a");
        assert_eq!(read(b"\x11\x00a\x00", Charset::Utf8), "a");
        assert_eq!(read(b"abc\xc2", Charset::Iso6937), "abc");
    }
}
