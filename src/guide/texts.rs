//! Title and texts in one language, as XMLTV has them.

use std::borrow::Cow;

use crate::model::{two_letters, Event};

/// A short text up to this many characters is a sub-title, a longer one belongs to the description.
const SUBTITLE: usize = 120;

/// Title and texts in one language.
#[derive(Clone, Copy)]
pub(super) struct Texts<'a> {
    /// The `lang` attribute.
    pub(super) lang: Option<&'a str>,
    pub(super) title: &'a str,
    summary: &'a str,
    description: &'a str,
}

impl<'a> Texts<'a> {
    /// Those of an event: its own, then the others. Kodi shows the first of each kind, Jellyfin the one in the viewer's
    /// language or else the first, Tvheadend has them all.
    pub(super) fn of(event: &'a Event) -> impl Iterator<Item = Texts<'a>> {
        let details = event.details.as_deref();
        let own = Texts {
            lang: details.and_then(|details| lang(&details.language)),
            title: &event.title,
            summary: &event.summary,
            description: &event.description,
        };
        let others = details.into_iter().flat_map(|all| &all.translations);
        let others = others.map(|texts| Texts {
            lang: lang(&texts.language),
            title: &texts.title,
            summary: &texts.summary,
            description: &texts.description,
        });
        // Jellyfin prefers texts without a language to the first: only an event's own may be so.
        let has_own_language =
            move |texts: &Texts<'_>| texts.lang.is_some() && texts.lang != own.lang;
        std::iter::once(own).chain(others.filter(has_own_language))
    }

    /// The sub-title, if there is a text for one.
    pub(super) fn subtitle(self) -> Option<&'a str> {
        let summary = self.summary();
        (!summary.is_empty() && is_short(summary)).then_some(summary)
    }

    /// The description, after a short text that is too long for a sub-title.
    pub(super) fn description(self) -> Option<Cow<'a, str>> {
        let summary = self.summary();
        match (is_short(summary), self.description.is_empty()) {
            (true, true) => None,
            (true, false) => Some(self.description.into()),
            (false, true) => Some(summary.into()),
            (false, false) => Some(format!("{summary}\n{}", self.description).into()),
        }
    }

    /// The short text, unless it only repeats the title.
    fn summary(self) -> &'a str {
        if self.summary == self.title {
            ""
        } else {
            self.summary
        }
    }
}

/// The `lang` attribute for a language: the two letters that the DTD wants and Jellyfin compares with the viewer's, else
/// the three of the broadcast, if they name a language.
fn lang(language: &str) -> Option<&str> {
    let is_name = || {
        language.len() == 3
            && language.bytes().all(|b| b.is_ascii_lowercase())
            && !matches!(language, "und" | "mul" | "mis" | "zxx")
            // For local use: broadcasts say "original sound" with `qaa`.
            && !("qaa".."qtz").contains(&language)
    };
    two_letters(language).or_else(|| is_name().then_some(language))
}

fn is_short(summary: &str) -> bool {
    summary.len() <= SUBTITLE || summary.chars().count() <= SUBTITLE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Details, Translation};

    #[test]
    fn languages_have_two_letters_where_there_are_two() {
        assert_eq!(lang("deu"), Some("de"));
        assert_eq!(lang("ger"), Some("de"));
        assert_eq!(lang("gsw"), Some("gsw"));
        for none in ["", "und", "qaa", "qks", "mul", "x\"y", "DE "] {
            assert_eq!(lang(none), None, "{none}");
        }
    }

    #[test]
    fn translations_are_told_only_in_languages_that_have_a_name() {
        let translation = |language: &str| Translation {
            language: language.into(),
            title: language.into(),
            ..Translation::default()
        };
        let translations = ["ger", "fra", "qaa", "", "eng"].map(translation);
        let event = Event {
            title: "own".into(),
            details: Some(Box::new(Details {
                language: "deu".into(),
                translations: translations.into(),
                ..Details::default()
            })),
            ..Event::default()
        };
        let told: Vec<_> = Texts::of(&event).map(|t| (t.lang, t.title)).collect();
        assert_eq!(
            told,
            [
                (Some("de"), "own"),
                (Some("fr"), "fra"),
                (Some("en"), "eng")
            ]
        );
    }

    #[test]
    fn a_long_short_text_is_description() {
        let long = "wört ".repeat(40).trim().to_owned();
        let mut event = Event {
            title: "Titel".into(),
            summary: long.clone(),
            description: "Lang".into(),
            ..Event::default()
        };
        let seen = |event: &Event| {
            let texts = Texts::of(event).next().unwrap();
            let subtitle = texts.subtitle().map(str::to_owned);
            (subtitle, texts.description().map(Cow::into_owned))
        };
        assert_eq!(seen(&event), (None, Some(format!("{long}\nLang"))));
        event.description.clear();
        assert_eq!(seen(&event), (None, Some(long)));
        event.summary = "ü".repeat(SUBTITLE);
        assert_eq!(seen(&event), (Some("ü".repeat(SUBTITLE)), None));
        event.summary = "Titel".into();
        assert_eq!(seen(&event), (None, None));
    }
}
