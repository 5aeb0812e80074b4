//! The further facts of an event as bytes.

use super::bytes::{put_list, put_number, put_text, take_byte, take_list, take_number, take_text};
use crate::model::{Aspect, Credit, Details, Quality, Role, Sound, Translation};

const ASPECTS: [Aspect; 2] = [Aspect::Normal, Aspect::Wide];
const QUALITIES: [Quality; 3] = [Quality::Sd, Quality::Hd, Quality::Uhd];
const SOUNDS: [Sound; 3] = [Sound::Mono, Sound::Stereo, Sound::Surround];
const ROLES: [Role; 7] = [
    Role::Director,
    Role::Actor,
    Role::Writer,
    Role::Producer,
    Role::Composer,
    Role::Presenter,
    Role::Guest,
];

/// A single 0 for none; else a byte of marks (1, subtitles, two bits each for aspect, quality and sound) and the rest.
pub(super) fn put(out: &mut Vec<u8>, details: Option<&Details>) {
    let Some(details) = details else {
        out.push(0);
        return;
    };
    out.push(
        1 | u8::from(details.has_subtitles) << 1
            | place(&ASPECTS, details.aspect) << 2
            | place(&QUALITIES, details.quality) << 4
            | place(&SOUNDS, details.sound) << 6,
    );
    put_number(out, details.year.map_or(0, |year| u32::from(year) + 1));
    put_number(out, details.age.map_or(0, |age| u32::from(age) + 1));
    put_text(out, &details.language);
    put_list(out, &details.countries, |out, country| {
        put_text(out, country);
    });
    put_list(out, &details.credits, |out, credit| {
        out.push(place(&ROLES, Some(credit.role)));
        put_text(out, &credit.name);
    });
    put_list(out, &details.translations, |out, texts| {
        for text in [
            &texts.language,
            &texts.title,
            &texts.summary,
            &texts.description,
        ] {
            put_text(out, text);
        }
    });
    put_text(out, &details.programme_crid);
    put_text(out, &details.series_crid);
}

/// What [`put`] wrote; `None` if it is damaged.
pub(super) fn take(rest: &mut &[u8]) -> Option<Option<Box<Details>>> {
    let marks = take_byte(rest)?;
    if marks == 0 {
        return Some(None);
    }
    let year = take_number(rest)?.checked_sub(1);
    let age = take_number(rest)?.checked_sub(1);
    Some(Some(Box::new(Details {
        has_subtitles: marks & 2 != 0,
        aspect: at(&ASPECTS, marks >> 2 & 3)?,
        quality: at(&QUALITIES, marks >> 4 & 3)?,
        sound: at(&SOUNDS, marks >> 6)?,
        year: year.map(u16::try_from).transpose().ok()?,
        age: age.map(u8::try_from).transpose().ok()?,
        language: take_text(rest)?,
        countries: take_list(rest, take_text)?,
        credits: take_list(rest, take_credit)?,
        translations: take_list(rest, take_translation)?,
        programme_crid: take_text(rest)?,
        series_crid: take_text(rest)?,
    })))
}

fn take_credit(rest: &mut &[u8]) -> Option<Credit> {
    Some(Credit {
        role: at(&ROLES, take_byte(rest)?)??,
        name: take_text(rest)?,
    })
}

fn take_translation(rest: &mut &[u8]) -> Option<Translation> {
    Some(Translation {
        language: take_text(rest)?,
        title: take_text(rest)?,
        summary: take_text(rest)?,
        description: take_text(rest)?,
    })
}

/// The place of a value in its table, from 1; 0 for none.
fn place<T: PartialEq>(table: &[T], value: Option<T>) -> u8 {
    let place = table.iter().position(|each| Some(each) == value.as_ref());
    place.map_or(0, |place| place as u8 + 1)
}

/// The value at a place; `None` where the table has none.
fn at<T: Copy>(table: &[T], place: u8) -> Option<Option<T>> {
    match usize::from(place).checked_sub(1) {
        None => Some(None),
        Some(place) => table.get(place).copied().map(Some),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Details with something everywhere.
    pub(in crate::events) fn full() -> Details {
        Details {
            language: "deu".into(),
            translations: vec![Translation {
                language: "fra".into(),
                title: "Le dernier métro".into(),
                summary: "Film".into(),
                description: "Paris, 1942.\nUn théâtre.".into(),
            }],
            credits: ROLES
                .iter()
                .map(|role| Credit {
                    role: *role,
                    name: format!("{role:?} Ü"),
                })
                .collect(),
            year: Some(1980),
            countries: vec!["F".into(), "Deutschland".into()],
            age: Some(12),
            aspect: Some(Aspect::Wide),
            quality: Some(Quality::Uhd),
            sound: Some(Sound::Surround),
            has_subtitles: true,
            programme_crid: "crid://example.org/p1".into(),
            series_crid: "crid://example.org/s1".into(),
        }
    }

    #[test]
    fn details_come_back_as_they_went_in() {
        let last = Details {
            year: Some(u16::MAX),
            age: Some(u8::MAX),
            aspect: Some(Aspect::Normal),
            quality: Some(Quality::Sd),
            sound: Some(Sound::Mono),
            ..Details::default()
        };
        for details in [None, Some(Details::default()), Some(full()), Some(last)] {
            let mut bytes = Vec::new();
            put(&mut bytes, details.as_ref());
            let mut rest = bytes.as_slice();
            assert_eq!(take(&mut rest), Some(details.map(Box::new)));
            assert!(rest.is_empty());
        }
    }

    #[test]
    fn none_is_one_byte_and_a_cut_is_an_error() {
        let mut bytes = Vec::new();
        put(&mut bytes, None);
        assert_eq!(bytes, [0]);
        bytes.clear();
        put(&mut bytes, Some(&full()));
        for end in 0..bytes.len() {
            assert_eq!(take(&mut &bytes[..end]), None, "{end}");
        }
        // Counts that lie are an end, not an endless loop or a heap of memory.
        for at in 0..bytes.len() {
            let mut lie = bytes[..at].to_vec();
            lie.extend([0xff, 0xff, 0xff, 0xff, 0x0f]);
            assert_eq!(take(&mut lie.as_slice()), None, "{at}");
        }
    }
}
