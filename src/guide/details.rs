//! The elements for what a broadcast says beyond its texts. Each piece stands at its own place in the order of the DTD.

use xmlwriter::XmlWriter;

use crate::model::{Credit, Details, Quality, Role};
use crate::xml::{element, element_with};

/// The roles in the order of the DTD.
const ROLES: [Role; 7] = [
    Role::Director,
    Role::Actor,
    Role::Writer,
    Role::Producer,
    Role::Composer,
    Role::Presenter,
    Role::Guest,
];

/// `<credits>` and `<date>`: they come before the categories.
pub(super) fn makers(xml: &mut XmlWriter, details: &Details) {
    credits(xml, &details.credits);
    if let Some(year) = details.year {
        element(xml, "date", &format!("{year:04}"));
    }
}

fn credits(xml: &mut XmlWriter, credits: &[Credit]) {
    if credits.is_empty() {
        return;
    }
    xml.start_element("credits");
    for role in ROLES {
        for credit in credits.iter().filter(|credit| credit.role == role) {
            element(xml, role.as_str(), &credit.name);
        }
    }
    xml.end_element();
}

/// `<country>`: between the categories and the numbers. There is no `<language>` before it: the language of the texts
/// need not be that of the sound, no player shows it, and Jellyfin passes over the element that follows one.
pub(super) fn countries(xml: &mut XmlWriter, details: &Details) {
    for country in &details.countries {
        element(xml, "country", country);
    }
}

/// The CRIDs as they are broadcast; Tvheadend can be told to find them (XPath).
pub(super) fn crids(xml: &mut XmlWriter, details: &Details) {
    for (system, crid) in [
        ("crid_programme", &details.programme_crid),
        ("crid_series", &details.series_crid),
    ] {
        if !crid.is_empty() {
            element_with(xml, "episode-num", ("system", Some(system)), crid);
        }
    }
}

/// `<video>`, `<audio>`, `<subtitles>` and `<rating>`: they come last.
pub(super) fn technique(xml: &mut XmlWriter, details: &Details) {
    if details.aspect.is_some() || details.quality.is_some() {
        xml.start_element("video");
        if let Some(aspect) = details.aspect {
            element(xml, "aspect", aspect.as_str());
        }
        if let Some(quality) = details.quality {
            element(xml, "quality", quality_text(quality));
        }
        xml.end_element();
    }
    if let Some(sound) = details.sound {
        xml.start_element("audio");
        element(xml, "stereo", sound.as_str());
        xml.end_element();
    }
    if details.has_subtitles {
        xml.start_element("subtitles");
        // The DTD's word for all that the viewer can switch, and the only one Tvheadend takes for subtitles.
        xml.write_attribute("type", "teletext");
        xml.end_element();
    }
    if let Some(age) = details.age {
        xml.start_element("rating");
        // Kodi shows "DVB-12". The value is a bare number: Jellyfin and Tvheadend take it for years.
        xml.write_attribute("system", "DVB");
        element(xml, "value", &age.to_string());
        xml.end_element();
    }
}

/// Tvheadend looks for "HD" within.
fn quality_text(quality: Quality) -> &'static str {
    match quality {
        Quality::Sd => "SD",
        Quality::Hd => "HD",
        Quality::Uhd => "UHD",
    }
}
