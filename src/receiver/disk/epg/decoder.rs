//! From an event's head and descriptors to what the guide knows of it.

use super::language::{self, Language};
use super::layout::EVENT_HEAD;
use super::texts::Texts;
use super::{component, facts};
use crate::model::{Details, Event};

/// 1970-01-01 as a modified Julian date.
const EPOCH: u32 = 40_587;

/// Decodes events, with the languages that are wanted.
#[derive(Debug)]
pub(super) struct Decoder {
    /// In canonical codes.
    languages: Vec<Language>,
}

impl Decoder {
    pub(super) fn new(languages: &[String]) -> Decoder {
        let code = |name: &String| match language::split(name.as_bytes()) {
            Some((code, [])) => Some(language::canonical(code)),
            _ => None,
        };
        Decoder {
            languages: languages.iter().filter_map(code).collect(),
        }
    }

    /// The event, `None` if it has no title, no length, or a time that is none. Descriptors are tags and contents in
    /// broadcast order.
    pub(super) fn event<'a>(
        &self,
        head: &[u8; EVENT_HEAD],
        descriptors: impl Iterator<Item = (u8, &'a [u8])>,
    ) -> Option<Event> {
        let &[id_high, id_low, days_high, days_low, hour, minute, second, hours, minutes, more] =
            head;
        let days = u32::from(u16::from_be_bytes([days_high, days_low]));
        let start = days.checked_sub(EPOCH)? * 86_400 + seconds([hour, minute, second])?;
        let duration = seconds([hours, minutes, more])?;
        if start < Event::EARLIEST || duration == 0 {
            return None;
        }
        let mut texts = Texts::default();
        let mut details = Details::default();
        let mut genre = None;
        for (tag, content) in descriptors {
            match tag {
                0x4d => texts.short(content),
                0x4e => texts.extended(content),
                0x50 => component::read(content, &mut details),
                0x54 => genre = genre.or(facts::genre(content)),
                0x55 => details.age = details.age.or(facts::age(content)),
                0x76 => facts::crids(content, &mut details),
                _ => {}
            }
        }
        let (own, translations) = texts.finish(&self.languages, &mut details)?;
        details.language = own.language;
        details.translations = translations;
        Some(Event {
            id: u32::from(u16::from_be_bytes([id_high, id_low])),
            start,
            duration,
            title: own.title,
            summary: own.summary,
            description: own.description,
            genre: genre.unwrap_or(0),
            details: (details != Details::default()).then(|| Box::new(details)),
        })
    }
}

/// Hours, minutes and seconds in decimal digits of four bits each.
fn seconds(time: [u8; 3]) -> Option<u32> {
    let mut seconds = 0;
    for two in time {
        let (tens, ones) = (two >> 4, two & 0x0f);
        if tens > 9 || ones > 9 {
            return None;
        }
        seconds = seconds * 60 + u32::from(tens * 10 + ones);
    }
    Some(seconds)
}
