//! The further facts of an event as JSON: the names of the model, what is not known left out.

use nanoserde::SerJson;

use crate::model::{Credit, Details, Translation};

// The derive knows `pub` only.
#[allow(unreachable_pub)]
#[derive(SerJson)]
pub struct DetailsJson {
    language: Option<String>,
    translations: Option<Vec<TranslationJson>>,
    credits: Option<Vec<CreditJson>>,
    year: Option<u16>,
    countries: Option<Vec<String>>,
    age: Option<u8>,
    aspect: Option<String>,
    quality: Option<String>,
    sound: Option<String>,
    has_subtitles: Option<bool>,
    programme_crid: Option<String>,
    series_crid: Option<String>,
}

#[derive(SerJson)]
struct TranslationJson {
    language: String,
    title: String,
    summary: String,
    description: String,
}

#[derive(SerJson)]
struct CreditJson {
    role: String,
    name: String,
}

impl DetailsJson {
    /// `None` if they say nothing.
    pub(super) fn new(details: &Details) -> Option<DetailsJson> {
        let json = DetailsJson {
            language: text(&details.language),
            translations: list(&details.translations, TranslationJson::new),
            credits: list(&details.credits, CreditJson::new),
            year: details.year,
            countries: list(&details.countries, String::clone),
            age: details.age,
            aspect: details.aspect.map(|aspect| aspect.as_str().into()),
            quality: details.quality.map(|quality| quality.as_str().into()),
            sound: details.sound.map(|sound| sound.as_str().into()),
            has_subtitles: details.has_subtitles.then_some(true),
            programme_crid: text(&details.programme_crid),
            series_crid: text(&details.series_crid),
        };
        (*details != Details::default()).then_some(json)
    }
}

impl TranslationJson {
    fn new(texts: &Translation) -> TranslationJson {
        TranslationJson {
            language: texts.language.clone(),
            title: texts.title.clone(),
            summary: texts.summary.clone(),
            description: texts.description.clone(),
        }
    }
}

impl CreditJson {
    fn new(credit: &Credit) -> CreditJson {
        CreditJson {
            role: credit.role.as_str().into(),
            name: credit.name.clone(),
        }
    }
}

fn text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn list<T, J>(items: &[T], json: impl Fn(&T) -> J) -> Option<Vec<J>> {
    (!items.is_empty()).then(|| items.iter().map(json).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Aspect, Quality, Role, Sound};

    #[test]
    fn what_is_not_known_is_left_out() {
        assert!(DetailsJson::new(&Details::default()).is_none());
        let some = Details {
            age: Some(0),
            quality: Some(Quality::Hd),
            ..Details::default()
        };
        assert_eq!(
            DetailsJson::new(&some).unwrap().serialize_json(),
            r#"{"age":0,"quality":"hd"}"#
        );
    }

    #[test]
    fn everything_has_the_name_of_the_model() {
        let full = Details {
            language: "deu".into(),
            translations: vec![Translation {
                language: "fra".into(),
                title: "Titre".into(),
                ..Translation::default()
            }],
            credits: vec![Credit {
                role: Role::Actor,
                name: "A \"B\" Ü".into(),
            }],
            year: Some(1980),
            countries: vec!["F".into()],
            age: Some(12),
            aspect: Some(Aspect::Wide),
            quality: Some(Quality::Uhd),
            sound: Some(Sound::Surround),
            has_subtitles: true,
            programme_crid: "crid://a/1".into(),
            series_crid: "crid://a/s".into(),
        };
        assert_eq!(
            DetailsJson::new(&full).unwrap().serialize_json(),
            concat!(
                r#"{"language":"deu","translations":[{"language":"fra","title":"Titre","summary":"","description":""}],"#,
                r#""credits":[{"role":"actor","name":"A \"B\" Ü"}],"year":1980,"countries":["F"],"age":12,"#,
                r#""aspect":"16:9","quality":"uhd","sound":"surround","has_subtitles":true,"#,
                r#""programme_crid":"crid://a/1","series_crid":"crid://a/s"}"#
            )
        );
    }
}
