//! The guide: channels and events in, XMLTV out. Pure, one element at a time, so memory does not grow with the guide.
//!
//! Rules (G8 ...) are those of the clients' reference page.

mod details;
mod identity;
mod programme;
mod texts;

pub use programme::programme;

use crate::model::{player_name, xmltv_time, Base, Channel, Label};
use crate::xml::{attribute, element, line, writer};

/// What a document begins with (rule G8).
pub const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE tv SYSTEM \"xmltv.dtd\">\n<tv generator-info-name=\"xg2g\">\n";
/// What a document ends with.
pub const TAIL: &str = "</tv>\n";
/// Seconds of a placeholder.
const DAY: u32 = 24 * 3_600;

/// The `<channel>` element. `base` is where its icon is.
pub fn channel(channel: &Channel, label: &Label, base: &Base) -> String {
    let mut xml = writer(320);
    xml.start_element("channel");
    xml.write_attribute("id", &label.id);
    element(&mut xml, "display-name", &player_name(&channel.name));
    element(&mut xml, "display-name", &label.number.to_string());
    xml.start_element("icon");
    xml.write_attribute("src", &attribute(&base.logo(&channel.slug)));
    line(xml)
}

/// `<programme>` elements for so many days of a channel of which nothing is known, from the midnight `begin` on: Plex
/// takes no channel without any (rule G28). They have no `dd_progid`: by it Jellyfin would take each day for a repeat of
/// the one before.
pub fn placeholders(channel: &Channel, label: &Label, begin: u32, days: u32) -> String {
    let mut all = String::new();
    for start in (0..days).map(|day| begin.saturating_add(day * DAY)) {
        let mut xml = writer(160);
        xml.start_element("programme");
        xml.write_attribute("start", &xmltv_time(start));
        xml.write_attribute("stop", &xmltv_time(start.saturating_add(DAY)));
        xml.write_attribute("channel", &label.id);
        element(&mut xml, "title", &player_name(&channel.name));
        all.push_str(&line(xml));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EpgKey, Media, ServiceRef};

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
    fn g15_channels_carry_the_ids_and_names_of_the_playlist() {
        let base = Base {
            address: "http://box:8080".into(),
            ..Base::default()
        };
        let shown = some_channel();
        assert_eq!(
            channel(&shown, &Label::of(&shown), &base),
            "<channel id=\"1-0-19-283D-3FB-1-C00000-0-0-0.e2\"><display-name>5\u{a0}&lt;Erste&gt; &amp; \u{2019}HD\u{2019}\
             </display-name><display-name>12</display-name>\
             <icon src=\"http://box:8080/picon/1-0-19-283D-3FB-1-C00000-0-0-0.png\"/></channel>\n"
        );
    }

    #[test]
    fn channels_of_hdhomerun_clients_have_their_number_for_an_id() {
        let base = Base {
            address: "http://box:8080".into(),
            ..Base::default()
        };
        let shown = some_channel();
        assert_eq!(
            channel(&shown, &Label::numbered(&shown, 700), &base),
            "<channel id=\"700\"><display-name>5\u{a0}&lt;Erste&gt; &amp; \u{2019}HD\u{2019}\
             </display-name><display-name>700</display-name>\
             <icon src=\"http://box:8080/picon/1-0-19-283D-3FB-1-C00000-0-0-0.png\"/></channel>\n"
        );
    }

    #[test]
    fn g28_placeholders_fill_days_from_midnight_to_midnight() {
        let shown = some_channel();
        let label = Label::numbered(&shown, 700);
        assert_eq!(
            placeholders(&shown, &label, 1_795_305_600, 2),
            "<programme start=\"20261122000000 +0000\" stop=\"20261123000000 +0000\" channel=\"700\">\
             <title>5\u{a0}&lt;Erste&gt; &amp; \u{2019}HD\u{2019}</title></programme>\n\
             <programme start=\"20261123000000 +0000\" stop=\"20261124000000 +0000\" channel=\"700\">\
             <title>5\u{a0}&lt;Erste&gt; &amp; \u{2019}HD\u{2019}</title></programme>\n"
        );
        assert_eq!(placeholders(&shown, &label, 1_795_305_600, 0), "");
    }
}
