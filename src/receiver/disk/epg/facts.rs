//! Small descriptors: content, parental rating, content identifiers.

use crate::model::{clean_line, Details};

/// The first genre of a content descriptor: level 1 and level 2, as OpenWebif tells it. The user nibbles mean what each
/// broadcaster likes.
pub(super) fn genre(descriptor: &[u8]) -> Option<u8> {
    // A first level of 0 is "undefined"; OpenWebif says 0 then.
    descriptor
        .first()
        .map(|genre| if *genre < 0x10 { 0 } else { *genre })
}

/// The age that a parental rating descriptor says, by the first country that says one the standard knows.
pub(super) fn age(descriptor: &[u8]) -> Option<u8> {
    descriptor
        .chunks_exact(4)
        .find_map(|rating| match rating[3] {
            value @ 1..=15 => Some(value + 3),
            _ => None,
        })
}

/// The CRIDs of a content identifier descriptor (ETSI TS 102 323, 12.1). Those in a table elsewhere are not followed.
pub(super) fn crids(mut descriptor: &[u8], details: &mut Details) {
    while let [kind, rest @ ..] = descriptor {
        // Two bits say where the CRID is.
        let crid = match (kind & 3, rest) {
            (0, [length, rest @ ..]) => {
                let (crid, rest) = rest.split_at(rest.len().min(usize::from(*length)));
                descriptor = rest;
                crid
            }
            (1, [_, _, rest @ ..]) => {
                descriptor = rest;
                continue;
            }
            _ => return,
        };
        let slot = match kind >> 2 {
            // 0x31 and 0x32 are those of the United Kingdom.
            0x01 | 0x31 => &mut details.programme_crid,
            0x02 | 0x32 => &mut details.series_crid,
            _ => continue,
        };
        if slot.is_empty() {
            *slot = clean_line(&String::from_utf8_lossy(crid));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_genre_counts() {
        assert_eq!(genre(b"\x11\xff\x43\x00"), Some(0x11));
        assert_eq!(genre(b"\x05\x00"), Some(0));
        assert_eq!(genre(b""), None);
    }

    #[test]
    fn the_first_age_of_the_standard_counts() {
        assert_eq!(age(b"DEU\x09AUT\x0d"), Some(12));
        assert_eq!(age(b"FRA\x10DEU\x00AUT\x0d"), Some(16));
        assert_eq!(age(b"DEU\x00DE"), None);
    }

    #[test]
    fn programme_and_series_are_told_apart() {
        let mut details = Details::default();
        crids(b"\x05\x00\x01\x0c\x08crid://s\xc4\x05/EP12", &mut details);
        crids(b"\xc8\x05/SER1\x04\x03abc", &mut details);
        assert_eq!(details.programme_crid, "/EP12");
        assert_eq!(details.series_crid, "/SER1");
        // The one named first stays.
        crids(b"\x08\x05/SER2", &mut details);
        assert_eq!(details.series_crid, "/SER1");
    }

    #[test]
    fn cut_short_is_no_harm() {
        let whole = b"\x04\x05/EP12\x08\x05/SER1";
        for at in 0..whole.len() {
            let mut details = Details::default();
            crids(&whole[..at], &mut details);
            assert!("/EP12".starts_with(&details.programme_crid));
        }
    }
}
