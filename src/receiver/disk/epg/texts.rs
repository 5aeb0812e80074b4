//! Title and texts of an event, language by language, put together as enigma2 does (`eServiceEvent::loadLanguage`).

use std::borrow::Cow;

use super::super::text::{self, Charset};
use super::extended::{self, field, insertion_sort, Extended};
use super::language::{self, Language};
use super::{abbreviation, items};
use crate::model::{clean_line, clean_text, Details, Translation};

/// No broadcaster sends more languages of one event.
const MOST_LANGUAGES: usize = 8;

/// What is said in one language, in pieces.
#[derive(Debug)]
struct Spoken<'a> {
    language: Language,
    /// The same for each code of a language, once all are known.
    canonical: Language,
    title: Cow<'a, str>,
    summary: Cow<'a, str>,
    long: Vec<Extended<'a>>,
}

/// The texts of an event as its descriptors come in.
#[derive(Debug, Default)]
pub(super) struct Texts<'a> {
    spoken: Vec<Spoken<'a>>,
}

impl<'a> Texts<'a> {
    /// Takes a short event descriptor. In this file title and text come in one each.
    pub(super) fn short(&mut self, descriptor: &'a [u8]) {
        let Some((language, rest)) = language::split(descriptor) else {
            return;
        };
        let (title, rest) = field(rest).unwrap_or_default();
        let (summary, _) = field(rest).unwrap_or_default();
        let charset = Charset::of_language(&language);
        if let Some(spoken) = self.language(language) {
            append(&mut spoken.title, text::read(title, charset));
            append(&mut spoken.summary, text::read(summary, charset));
        }
    }

    /// Takes an extended event descriptor.
    pub(super) fn extended(&mut self, descriptor: &'a [u8]) {
        let Some(piece) = Extended::parse(descriptor) else {
            return;
        };
        if let Some(spoken) = self.language(piece.language) {
            spoken.long.push(piece);
        }
    }

    fn language(&mut self, language: Language) -> Option<&mut Spoken<'a>> {
        let known = self
            .spoken
            .iter()
            .position(|spoken| spoken.language == language);
        if known.is_none() && self.spoken.len() < MOST_LANGUAGES {
            self.spoken.push(Spoken {
                language,
                canonical: language,
                title: Cow::Borrowed(""),
                summary: Cow::Borrowed(""),
                long: Vec::new(),
            });
            return self.spoken.last_mut();
        }
        self.spoken.get_mut(known?)
    }

    /// The texts, clean, and their translations: those in the languages of `preferred` first and in its order, then as
    /// broadcast. A language without a title is left out; `None` if that is all. What the items say goes to `details`.
    pub(super) fn finish(
        mut self,
        preferred: &[Language],
        details: &mut Details,
    ) -> Option<(Translation, Vec<Translation>)> {
        if self.spoken.len() > 1 {
            for spoken in &mut self.spoken {
                spoken.canonical = language::canonical(spoken.language);
            }
            insertion_sort(&mut self.spoken, |spoken| {
                let rank = preferred
                    .iter()
                    .position(|other| *other == spoken.canonical);
                rank.unwrap_or(preferred.len())
            });
        }
        let mut spoken = self.spoken.into_iter();
        let (canonical, own) =
            spoken.find_map(|spoken| Some((spoken.canonical, spoken.finish(details)?)))?;
        if spoken.len() == 0 {
            return Some((own, Vec::new()));
        }
        let mut known = vec![canonical];
        let others = spoken.filter_map(|spoken| {
            let canonical = spoken.canonical;
            let is_new = !known.contains(&canonical);
            let texts = is_new.then(|| spoken.finish(details))??;
            known.push(canonical);
            (!texts.language.is_empty()).then_some(texts)
        });
        let others = others.collect();
        Some((own, others))
    }
}

impl Spoken<'_> {
    fn finish(mut self, details: &mut Details) -> Option<Translation> {
        extended::sort(&mut self.long);
        let mut long = extended::text(&self.long);
        // A text that only repeats how the long one begins is left out.
        if long.starts_with(&*self.summary) {
            self.summary = Cow::Borrowed("");
        }
        let items = extended::items(&self.long);
        if !items.is_empty() {
            let long = long.to_mut();
            long.push('\n');
            for (label, content) in &items {
                *long += &format!("\n{label}: {content}");
            }
        }
        if let Some((title, summary)) = abbreviation::join(&self.title, &self.summary) {
            (self.title, self.summary) = (title.into(), summary.into());
        }
        let title = clean_line(&self.title);
        if title.is_empty() {
            return None;
        }
        if details.credits.is_empty() && details.year.is_none() && details.countries.is_empty() {
            items::read(&items, details);
        }
        Some(Translation {
            language: language::name(self.language),
            title,
            summary: clean_line(&self.summary),
            description: clean_text(&long),
        })
    }
}

fn append<'a>(text: &mut Cow<'a, str>, more: Cow<'a, str>) {
    if text.is_empty() {
        *text = more;
    } else if !more.is_empty() {
        text.to_mut().push_str(&more);
    }
}
