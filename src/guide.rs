//! The guide: channels and events in, XMLTV out. Pure, one element at a time, so memory does not grow with the guide.
//!
//! `xmlwriter` builds each element; it escapes `<` in text and the quote in attributes only, so the rest is escaped
//! here first. Rules (G8 ...) are those of the clients' reference page.

use xmlwriter::{Indent, Options, XmlWriter};

use crate::model::{category, fnv1a, marker, player_name, xmltv_time, Channel, Episode, Event};

/// What a document begins with (rule G8).
pub const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE tv SYSTEM \"xmltv.dtd\">\n<tv generator-info-name=\"xg2g\">\n";
/// What a document ends with.
pub const TAIL: &str = "</tv>\n";
/// A short text up to this many characters is a sub-title, a longer one belongs to the description.
const SUBTITLE: usize = 120;

fn writer(capacity: usize) -> XmlWriter {
    let options = Options {
        use_single_quote: false,
        indent: Indent::None,
        attributes_indent: Indent::None,
    };
    XmlWriter::with_capacity(capacity, options)
}

/// The `<channel>` element. `base` is this program's address, `http://host:port`.
pub fn channel(channel: &Channel, base: &str) -> String {
    let mut xml = writer(320);
    xml.start_element("channel");
    xml.write_attribute("id", &channel.id());
    element(&mut xml, "display-name", &player_name(&channel.name));
    element(&mut xml, "display-name", &channel.number.to_string());
    xml.start_element("icon");
    xml.write_attribute(
        "src",
        &attribute(&format!("{base}/picon/{}.png", channel.slug)),
    );
    let mut text = xml.end_document();
    text.push('\n');
    text
}

/// The `<programme>` element of an event on the channel with this id.
pub fn programme(id: &str, event: &Event) -> String {
    let mut xml = writer(512 + event.description.len());
    xml.start_element("programme");
    xml.write_attribute("start", &xmltv_time(event.start));
    xml.write_attribute("stop", &xmltv_time(event.stop()));
    xml.write_attribute("channel", id);
    element(&mut xml, "title", &event.title);

    let summary = if event.summary == event.title {
        ""
    } else {
        event.summary.as_str()
    };
    let is_subtitle = summary.chars().count() <= SUBTITLE;
    if is_subtitle && !summary.is_empty() {
        element(&mut xml, "sub-title", summary);
    }
    match (
        is_subtitle || summary.is_empty(),
        event.description.is_empty(),
    ) {
        (true, true) => {}
        (true, false) => element(&mut xml, "desc", &event.description),
        (false, true) => element(&mut xml, "desc", summary),
        (false, false) => element(
            &mut xml,
            "desc",
            &format!("{summary}\n{}", event.description),
        ),
    }

    let episode = Episode::find(event);
    // No `lang`: Jellyfin keeps categories of one language only (rule G13).
    if let Some(name) = category(event.genre) {
        element(&mut xml, "category", name);
    }
    let marker = if episode.is_some() {
        Some("Series")
    } else {
        marker(event.genre)
    };
    if let Some(marker) = marker.filter(|marker| category(event.genre) != Some(marker)) {
        element(&mut xml, "category", marker);
    }

    if let Some(episode) = episode {
        let season = episode
            .season
            .map_or(String::new(), |season| (season - 1).to_string());
        number(
            &mut xml,
            "xmltv_ns",
            &format!("{season}.{}.", episode.number - 1),
        );
    }
    number(&mut xml, "dd_progid", &programme_id(event, episode));
    let mut text = xml.end_document();
    text.push('\n');
    text
}

/// A stable id in the shape of Gracenote's, which is what `dd_progid` is: the same programme has it again whenever it
/// is repeated; other episodes of a series share the part before the dot (rule G12).
fn programme_id(event: &Event, episode: Option<Episode>) -> String {
    let title = hash(&[&event.title]) % 100_000_000;
    match episode {
        Some(episode) => {
            let part = (episode.season.unwrap_or(0) * 1_000 + episode.number) % 10_000;
            format!("EP{title:08}.{part:04}")
        }
        None if marker(event.genre) == Some("Movie") => format!("MV{title:08}.0000"),
        None => {
            let whole = hash(&[&event.title, &event.summary, &event.description]) % 100_000_000;
            format!("SH{whole:08}.0000")
        }
    }
}

/// FNV-1a over the parts, with a separator.
fn hash(parts: &[&str]) -> u32 {
    fnv1a(parts.iter().flat_map(|part| part.bytes().chain([0xff])))
}

fn element(xml: &mut XmlWriter, name: &str, text: &str) {
    xml.start_element(name);
    xml.write_text(&escape(text));
    xml.end_element();
}

fn number(xml: &mut XmlWriter, system: &str, text: &str) {
    xml.start_element("episode-num");
    xml.write_attribute("system", system);
    xml.write_text(text);
    xml.end_element();
}

/// Escapes what `xmlwriter` leaves in text; characters that XML 1.0 has no place for were dropped by the model.
fn escape(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains(['&', '>']) {
        return text.into();
    }
    text.replace('&', "&amp;").replace('>', "&gt;").into()
}

fn attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EpgKey, Media, ServiceRef};

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

    fn some_channel() -> Channel {
        let service = ServiceRef::parse("1:0:19:283D:3FB:1:C00000:0:0:0:").unwrap();
        Channel {
            slug: service.slug().into(),
            epg: Some(EpgKey::of(&service)),
            service,
            name: "5 <Erste> & 'HD'".into(),
            number: 12,
            media: Media::Tv,
            facts: None,
            bouquets: vec![],
        }
    }

    #[test]
    fn g8_a_document_begins_with_the_declaration() {
        assert!(HEAD.starts_with("<?xml"));
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
    fn g12_programmes_have_an_id_that_stays() {
        let id = |event: &Event| {
            let text = programme("x", event);
            text.split("dd_progid\">")
                .nth(1)
                .unwrap()
                .split('<')
                .next()
                .unwrap()
                .to_owned()
        };
        let (mut repeat, mut other) = (event(), event());
        repeat.start += 86_400;
        repeat.id = 99;
        other.summary = "Folge 9".into();
        assert_eq!(id(&event()), id(&repeat));
        assert_ne!(id(&event()), id(&other));
        assert_eq!(id(&event())[..10], id(&other)[..10]);
        let film = Event {
            summary: "a film".into(),
            ..event()
        };
        assert!(id(&film).starts_with("MV"));
        let talk = Event {
            genre: 0x33,
            ..film
        };
        assert!(id(&talk).starts_with("SH"));
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
    fn elements_stand_in_the_order_of_the_dtd() {
        let text = programme("x", &event());
        let order = [
            "<title>",
            "<sub-title>",
            "<desc>",
            "<category>",
            "<episode-num",
        ];
        let places: Vec<usize> = order.iter().map(|tag| text.find(tag).unwrap()).collect();
        assert!(places.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn a_long_short_text_is_description() {
        let long = "wort ".repeat(40).trim().to_owned();
        let text = programme(
            "x",
            &Event {
                summary: long.clone(),
                ..event()
            },
        );
        assert!(!text.contains("sub-title") && text.contains(&format!("<desc>{long}\n")));
        let same = Event {
            summary: event().title,
            description: String::new(),
            ..event()
        };
        assert!(
            !programme("x", &same).contains("sub-title")
                && !programme("x", &same).contains("<desc>")
        );
    }

    #[test]
    fn g15_channels_carry_the_ids_and_names_of_the_playlist() {
        assert_eq!(
            channel(&some_channel(), "http://box:8080"),
            "<channel id=\"1-0-19-283D-3FB-1-C00000-0-0-0.e2\"><display-name>5\u{a0}&lt;Erste&gt; &amp; \u{2019}HD\u{2019}\
             </display-name><display-name>12</display-name>\
             <icon src=\"http://box:8080/picon/1-0-19-283D-3FB-1-C00000-0-0-0.png\"/></channel>\n"
        );
    }
}
