//! The `<programme>` element.

use xmlwriter::XmlWriter;

use super::details;
use super::identity::programme_id;
use super::texts::Texts;
use crate::model::{category, marker, xmltv_time, Episode, Event, Label};
use crate::xml::{element, element_with, line, writer};

/// The `<programme>` element of an event on a channel.
pub fn programme(label: &Label, event: &Event) -> String {
    let mut xml = writer(512 + event.description.len());
    xml.start_element("programme");
    xml.write_attribute("start", &xmltv_time(event.start));
    xml.write_attribute("stop", &xmltv_time(event.stop()));
    xml.write_attribute("channel", &label.id);
    let all: Vec<Texts> = Texts::of(event).collect();
    for texts in &all {
        element_with(&mut xml, "title", ("lang", texts.lang), texts.title);
    }
    for texts in &all {
        if let Some(subtitle) = texts.subtitle() {
            element_with(&mut xml, "sub-title", ("lang", texts.lang), subtitle);
        }
    }
    for texts in &all {
        if let Some(description) = texts.description() {
            element_with(&mut xml, "desc", ("lang", texts.lang), &description);
        }
    }
    let details = event.details.as_deref();
    if let Some(details) = details {
        details::makers(&mut xml, details);
    }
    let episode = Episode::find(event);
    categories(&mut xml, event.genre, episode);
    if let Some(details) = details {
        details::countries(&mut xml, details);
    }
    numbers(&mut xml, &label.own, event, episode);
    if let Some(details) = details {
        details::crids(&mut xml, details);
        details::technique(&mut xml, details);
    }
    line(xml)
}

/// No `lang`: Jellyfin keeps categories of one language only (rule G13).
fn categories(xml: &mut XmlWriter, genre: u8, episode: Option<Episode>) {
    let name = category(genre);
    if let Some(name) = name {
        element(xml, "category", name);
    }
    let marker = if episode.is_some() {
        Some("Series")
    } else {
        marker(genre)
    };
    if let Some(marker) = marker.filter(|marker| name != Some(*marker)) {
        element(xml, "category", marker);
    }
}

fn numbers(xml: &mut XmlWriter, channel: &str, event: &Event, episode: Option<Episode>) {
    if let Some(episode) = episode {
        let season = episode
            .season
            .map_or(String::new(), |season| (season - 1).to_string());
        // Without a part: rule G11.
        let text = format!("{season}.{}.", episode.number - 1);
        element_with(xml, "episode-num", ("system", Some("xmltv_ns")), &text);
    }
    let text = programme_id(channel, event, episode);
    element_with(xml, "episode-num", ("system", Some("dd_progid")), &text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Aspect, Credit, Details, Quality, Role, Sound, Translation};

    /// On a channel with this id.
    fn programme(id: &str, event: &Event) -> String {
        let label = Label {
            id: id.into(),
            number: 12,
            own: id.into(),
        };
        super::programme(&label, event)
    }

    fn event() -> Event {
        Event {
            id: 7,
            start: 1_795_373_700,
            duration: 2_700,
            title: "Der Fall <Ü> & \"Co\" 😀".into(),
            summary: "Folge 8".into(),
            description: "Erste <b>fette</b> & Zeile\nZweite ]]> Zeile".into(),
            genre: 0x11,
            details: None,
        }
    }

    #[test]
    fn g9_times_are_utc_with_fourteen_digits() {
        assert!(programme("x.e2", &event())
            .starts_with("<programme start=\"20261122185500 +0000\" stop=\"20261122194000 +0000\" channel=\"x.e2\">"));
    }

    #[test]
    fn g11_episode_numbers_have_no_part() {
        let mut with_season = event();
        with_season.summary = "Staffel 2, Folge 5".into();
        assert!(programme("x", &with_season)
            .contains("<episode-num system=\"xmltv_ns\">1.4.</episode-num>"));
        assert!(
            programme("x", &event()).contains("<episode-num system=\"xmltv_ns\">.7.</episode-num>")
        );
    }

    #[test]
    fn g13_english_markers_stand_beside_the_genre_without_a_language() {
        let film = Event {
            summary: String::new(),
            ..event()
        };
        let text = programme("x", &film);
        assert!(
            text.contains("<category>Detective / Thriller</category><category>Movie</category>")
        );
        assert!(programme("x", &event()).contains("<category>Series</category>"));
        let sport = Event {
            genre: 0x40,
            ..film
        };
        assert_eq!(programme("x", &sport).matches("<category>").count(), 1);
    }

    #[test]
    fn text_is_escaped_exactly_once() {
        let text = programme("x", &event());
        assert!(text.contains("<title>Der Fall &lt;Ü&gt; &amp; \"Co\" 😀</title>"));
        assert!(text.contains(
            "<desc>Erste &lt;b&gt;fette&lt;/b&gt; &amp; Zeile\nZweite ]]&gt; Zeile</desc>"
        ));
    }

    #[test]
    fn an_event_without_details_reads_as_it_always_did() {
        assert_eq!(
            programme("x", &event()),
            "<programme start=\"20261122185500 +0000\" stop=\"20261122194000 +0000\" channel=\"x\">\
             <title>Der Fall &lt;Ü&gt; &amp; \"Co\" 😀</title><sub-title>Folge 8</sub-title>\
             <desc>Erste &lt;b&gt;fette&lt;/b&gt; &amp; Zeile\nZweite ]]&gt; Zeile</desc>\
             <category>Detective / Thriller</category><category>Series</category>\
             <episode-num system=\"xmltv_ns\">.7.</episode-num>\
             <episode-num system=\"dd_progid\">EP51798230.0008</episode-num></programme>\n"
        );
        // Empty details say nothing either.
        let empty = Event {
            details: Some(Box::default()),
            ..event()
        };
        assert_eq!(programme("x", &empty), programme("x", &event()));
    }

    fn credit(role: Role, name: &str) -> Credit {
        Credit {
            role,
            name: name.into(),
        }
    }

    #[test]
    fn a_programme_has_the_same_id_whatever_its_channel_is_called() {
        let details = Details {
            programme_crid: "/1".into(),
            ..Details::default()
        };
        let relative = Event {
            details: Some(Box::new(details)),
            ..event()
        };
        let by_number = Label {
            id: "12".into(),
            number: 12,
            own: "x".into(),
        };
        assert_eq!(
            super::programme(&by_number, &relative),
            programme("x", &relative).replacen("channel=\"x\"", "channel=\"12\"", 1)
        );
    }

    #[test]
    fn details_stand_in_the_order_of_the_dtd() {
        let details = Details {
            language: "deu".into(),
            translations: vec![Translation {
                language: "fra".into(),
                title: "L'affaire".into(),
                summary: "8e épisode".into(),
                description: "Une ligne".into(),
            }],
            credits: vec![
                credit(Role::Guest, "G"),
                credit(Role::Actor, "A & B"),
                credit(Role::Actor, "C"),
                credit(Role::Composer, "K"),
                credit(Role::Presenter, "M"),
                credit(Role::Producer, "P"),
                credit(Role::Writer, "W"),
                credit(Role::Director, "D"),
            ],
            year: Some(1998),
            countries: vec!["Deutschland".into(), "F".into()],
            age: Some(12),
            aspect: Some(Aspect::Wide),
            quality: Some(Quality::Hd),
            sound: Some(Sound::Surround),
            has_subtitles: true,
            programme_crid: "crid://a.b/1".into(),
            series_crid: "crid://a.b/s".into(),
        };
        let full = Event {
            details: Some(Box::new(details)),
            title: "Der Fall".into(),
            description: "Eine Zeile".into(),
            ..event()
        };
        let text = programme("x", &full);
        let (_, text) = text.split_once('>').unwrap();
        assert_eq!(
            text,
            "<title lang=\"de\">Der Fall</title><title lang=\"fr\">L'affaire</title>\
             <sub-title lang=\"de\">Folge 8</sub-title><sub-title lang=\"fr\">8e épisode</sub-title>\
             <desc lang=\"de\">Eine Zeile</desc><desc lang=\"fr\">Une ligne</desc>\
             <credits><director>D</director><actor>A &amp; B</actor><actor>C</actor><writer>W</writer>\
             <producer>P</producer><composer>K</composer><presenter>M</presenter><guest>G</guest></credits>\
             <date>1998</date><category>Detective / Thriller</category><category>Series</category>\
             <country>Deutschland</country><country>F</country>\
             <episode-num system=\"xmltv_ns\">.7.</episode-num>\
             <episode-num system=\"dd_progid\">EP63934157.0008</episode-num>\
             <episode-num system=\"crid_programme\">crid://a.b/1</episode-num>\
             <episode-num system=\"crid_series\">crid://a.b/s</episode-num>\
             <video><aspect>16:9</aspect><quality>HD</quality></video><audio><stereo>surround</stereo></audio>\
             <subtitles type=\"teletext\"/><rating system=\"DVB\"><value>12</value></rating></programme>\n"
        );
    }

    #[test]
    fn what_is_not_known_leaves_no_empty_element() {
        let some = Event {
            details: Some(Box::new(Details {
                quality: Some(Quality::Uhd),
                translations: vec![Translation {
                    language: "fra".into(),
                    title: "L'affaire".into(),
                    ..Translation::default()
                }],
                ..Details::default()
            })),
            ..event()
        };
        let text = programme("x", &some);
        assert!(text.contains("</title><title lang=\"fr\">L'affaire</title><sub-title>Folge"));
        assert!(text.contains("<video><quality>UHD</quality></video></programme>"));
        for absent in ["credits", "date", "country", "audio", "rating", "></"] {
            let empty = format!("<{absent}");
            assert!(!text.contains(&empty), "{absent}: {text}");
        }
        assert_eq!(text.matches("<desc").count(), 1);
    }
}
