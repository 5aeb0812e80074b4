//! The guide: channels and events in, XMLTV out. Pure, one element at a time, so memory does not grow with the guide.
//!
//! Rules (G8 ...) are those of the clients' reference page.

mod details;
mod identity;
mod programme;
mod texts;

pub use programme::programme;

use crate::model::{player_name, Base, Channel};
use crate::xml::{attribute, element, line, writer};

/// What a document begins with (rule G8).
pub const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE tv SYSTEM \"xmltv.dtd\">\n<tv generator-info-name=\"xg2g\">\n";
/// What a document ends with.
pub const TAIL: &str = "</tv>\n";

/// The `<channel>` element. `base` is where its icon is.
pub fn channel(channel: &Channel, base: &Base) -> String {
    let mut xml = writer(320);
    xml.start_element("channel");
    xml.write_attribute("id", &channel.id());
    element(&mut xml, "display-name", &player_name(&channel.name));
    element(&mut xml, "display-name", &channel.number.to_string());
    xml.start_element("icon");
    xml.write_attribute("src", &attribute(&base.logo(&channel.slug)));
    line(xml)
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
        assert_eq!(
            channel(&some_channel(), &base),
            "<channel id=\"1-0-19-283D-3FB-1-C00000-0-0-0.e2\"><display-name>5\u{a0}&lt;Erste&gt; &amp; \u{2019}HD\u{2019}\
             </display-name><display-name>12</display-name>\
             <icon src=\"http://box:8080/picon/1-0-19-283D-3FB-1-C00000-0-0-0.png\"/></channel>\n"
        );
    }
}
