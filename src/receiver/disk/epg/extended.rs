//! Extended event descriptors: the long text, in pieces of 250 bytes, and its items (EN 300 468, 6.2.15).

use std::borrow::Cow;

use super::super::text::{self, Charset};
use super::language::{self, Language};

/// One descriptor of the chain that is the long text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extended<'a> {
    pub(super) language: Language,
    /// Its place in the chain.
    number: u8,
    items: &'a [u8],
    text: &'a [u8],
}

impl<'a> Extended<'a> {
    /// Takes a descriptor apart; lengths that reach beyond its end end there.
    pub(super) fn parse(descriptor: &'a [u8]) -> Option<Extended<'a>> {
        let (numbers, rest) = descriptor.split_first()?;
        let (language, rest) = language::split(rest)?;
        let (items, rest) = field(rest)?;
        let (text, _) = field(rest).unwrap_or_default();
        Some(Extended {
            language,
            number: numbers >> 4,
            items,
            text,
        })
    }

    /// The items, label and content, as broadcast. One that was cut goes on without a label.
    fn items(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let mut rest = self.items;
        std::iter::from_fn(move || {
            let (label, after) = field(rest)?;
            let (content, after) = field(after)?;
            rest = after;
            Some((label, content))
        })
    }
}

/// A length and as many bytes.
pub(super) fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first()?;
    Some(rest.split_at(rest.len().min(usize::from(*length))))
}

/// Puts a chain into its order: most come so.
pub(super) fn sort(chain: &mut [Extended<'_>]) {
    insertion_sort(chain, |piece| piece.number);
}

/// Sorts a few things; those with the same key keep their order. The library's way is 4 kB for each type.
pub(super) fn insertion_sort<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    for next in 1..items.len() {
        let mut at = next;
        while at > 0 && key(&items[at]) < key(&items[at - 1]) {
            items.swap(at, at - 1);
            at -= 1;
        }
    }
}

/// The text of a chain. Pieces of one table are joined before they are decoded: a character may be cut between them. A
/// piece that names no table goes on with that of the piece before.
pub(super) fn text<'a>(chain: &[Extended<'a>]) -> Cow<'a, str> {
    let mut charset = match chain {
        [] => return Cow::Borrowed(""),
        [piece] => return text::read(piece.text, Charset::of_language(&piece.language)),
        [piece, ..] => Charset::of_language(&piece.language),
    };
    let mut out = String::new();
    let mut joined = Vec::with_capacity(chain.iter().map(|piece| piece.text.len()).sum());
    for piece in chain {
        let (next, bytes) = Charset::named(piece.text).unwrap_or((charset, piece.text));
        if next != charset {
            out.push_str(&charset.decode(&joined));
            joined.clear();
            charset = next;
        }
        joined.extend_from_slice(bytes);
    }
    let last = charset.decode(&joined);
    if out.is_empty() {
        return Cow::Owned(last.into_owned());
    }
    out.push_str(&last);
    Cow::Owned(out)
}

/// The items of a chain, label and content.
pub(super) fn items(chain: &[Extended<'_>]) -> Vec<(String, String)> {
    let mut items = Vec::new();
    for piece in chain {
        let charset = Charset::of_language(&piece.language);
        let read = |bytes| text::read(bytes, charset).into_owned();
        items.extend(
            piece
                .items()
                .map(|(label, content)| (read(label), read(content))),
        );
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain<'a>(pieces: &[&'a [u8]]) -> Vec<Extended<'a>> {
        pieces
            .iter()
            .filter_map(|piece| Extended::parse(piece))
            .collect()
    }

    #[test]
    fn a_character_cut_between_two_pieces_is_whole_again() {
        let mut pieces = chain(&[
            b"\x11deu\x00\x03\x15\x9fe",
            b"\x01deu\x00\x06\x15Gr\xc3\xb6\xc3",
        ]);
        sort(&mut pieces);
        assert_eq!(text(&pieces), "Größe");
        let pieces = chain(&[b"\x01hun\x00\x03ab\xcd", b"\x11hun\x00\x02oc"]);
        assert_eq!(text(&pieces), "abőc");
    }

    #[test]
    fn each_piece_may_name_its_table_and_need_not_again() {
        let pieces = chain(&[
            b"\x02deu\x00\x02\x05\xfc",
            b"\x12deu\x00\x01\xdf",
            b"\x22deu\x00\x02\x01\xe0",
        ]);
        assert_eq!(text(&pieces), "üßр");
        assert_eq!(text(&[]), "");
    }

    #[test]
    fn items_and_lengths_beyond_the_end() {
        let whole = b"\x00deu\x0c\x05Regie\x05\x05M\xfcll\x03\x15ok";
        assert_eq!(
            items(&chain(&[whole])),
            [("Regie".to_owned(), "Müll".to_owned())]
        );
        assert_eq!(text(&chain(&[whole])), "ok");
        for cut in 0..whole.len() {
            let pieces = chain(&[&whole[..cut]]);
            assert!(items(&pieces).len() <= 1);
            assert!("ok".starts_with(&*text(&pieces)));
        }
    }
}
