//! The lineup: which channels there are, as JSON, XML and M3U.

use std::fmt::Write;

use nanoserde::SerJson;

use crate::model::{player_name, Base, Channel, Codec, Lineup, Program, Programs, Quality};
use crate::xml;

/// A channel as clients know it; what is not known has no member.
#[derive(SerJson)]
#[allow(non_snake_case)]
struct Row {
    GuideNumber: String,
    GuideName: String,
    VideoCodec: Option<String>,
    HD: Option<u8>,
    Favorite: Option<u8>,
    URL: String,
}

impl Row {
    fn of(program: &Program, channel: &Channel, base: &Base) -> Row {
        let is_fine = matches!(channel.service.quality(), Some(Quality::Hd | Quality::Uhd));
        Row {
            GuideNumber: program.number.to_string(),
            // As in playlist and guide: clients that match by name find it there.
            GuideName: player_name(&channel.name),
            VideoCodec: codec(channel).map(str::to_owned),
            HD: is_fine.then_some(1),
            Favorite: program.is_favourite.then_some(1),
            URL: base.tune(program.number),
        }
    }
}

/// How its pictures are coded: as the receiver found it, or as the service type says it has to be (EN 300 468, table 87).
fn codec(channel: &Channel) -> Option<&'static str> {
    let found = channel.facts.as_ref().and_then(|facts| facts.codec);
    let codec = found.or(match channel.service.service_type() {
        0x11 => Some(Codec::Mpeg2),
        0x16 | 0x19 => Some(Codec::H264),
        0x1f | 0x20 => Some(Codec::Hevc),
        _ => None,
    });
    codec.map(|codec| match codec {
        Codec::Mpeg2 => "MPEG2",
        Codec::H264 => "H264",
        Codec::Hevc => "HEVC",
    })
}

fn rows<'a>(
    lineup: &'a Lineup,
    programs: &'a Programs,
    base: &'a Base,
) -> impl Iterator<Item = Row> + 'a {
    programs.list.iter().filter_map(move |program| {
        let channel = lineup.channels.get(program.channel as usize)?;
        Some(Row::of(program, channel, base))
    })
}

/// `/lineup.json`. `base` is where the streams are.
pub fn json(lineup: &Lineup, programs: &Programs, base: &Base) -> String {
    let mut text = String::with_capacity(programs.list.len() * 140 + 2);
    text.push('[');
    for row in rows(lineup, programs, base) {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&row.serialize_json());
    }
    text.push(']');
    text
}

/// `/lineup.xml`: the same, an element for each member.
pub fn xml(lineup: &Lineup, programs: &Programs, base: &Base) -> String {
    let mut text = String::with_capacity(programs.list.len() * 210 + 80);
    text.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Lineup>\n");
    for row in rows(lineup, programs, base) {
        let mut program = xml::writer(256);
        program.start_element("Program");
        xml::element(&mut program, "GuideNumber", &row.GuideNumber);
        xml::element(&mut program, "GuideName", &row.GuideName);
        if let Some(codec) = &row.VideoCodec {
            xml::element(&mut program, "VideoCodec", codec);
        }
        for (name, flag) in [("HD", row.HD), ("Favorite", row.Favorite)] {
            if flag.is_some() {
                xml::element(&mut program, name, "1");
            }
        }
        xml::element(&mut program, "URL", &row.URL);
        text.push_str(&xml::line(program));
    }
    text.push_str("</Lineup>\n");
    text
}

/// `/lineup.m3u`, with the attributes that Silicondust's devices give.
pub fn m3u(lineup: &Lineup, programs: &Programs, base: &Base) -> String {
    let mut text = String::with_capacity(programs.list.len() * 160 + 8);
    text.push_str("#EXTM3U\n");
    for row in rows(lineup, programs, base) {
        let Row {
            GuideNumber: number,
            GuideName: name,
            URL: url,
            ..
        } = row;
        // Writing into memory cannot fail.
        let _ = writeln!(
            text,
            "#EXTINF:-1 channel-id=\"{number}\" channel-number=\"{number}\" tvg-name=\"{name}\",{number} {name}\n{url}"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Entry, ListedBouquet, Listing, Media, Numbers, Offer, Selection};

    fn known() -> (Lineup, Programs) {
        let entry = |reference: &str, name: &str| Entry::new(reference, name).unwrap();
        let bouquet = ListedBouquet {
            reference:
                "1:7:1:0:0:0:0:0:0:0:FROM BOUQUET \"userbouquet.favourites.tv\" ORDER BY bouquet"
                    .into(),
            name: "Favourites".into(),
            media: Media::Tv,
            entries: vec![
                entry("1:0:19:283D:3FB:1:C00000:0:0:0:", "A & \"B\" <HD>"),
                entry("1:0:1:1:2:3:C00000:0:0:0:", "Old"),
            ],
        };
        let listing = Listing {
            bouquets: vec![bouquet],
        };
        let lineup = Lineup::resolve(&listing, &Selection::default());
        let offer = Offer {
            most: 480,
            ..Offer::default()
        };
        let programs = Programs::of(&lineup, &offer, &mut Numbers::default());
        (lineup, programs)
    }

    fn base() -> Base {
        Base {
            address: "http://box:8080".into(),
            ..Base::default()
        }
    }

    #[test]
    fn json_has_what_is_known_and_no_member_for_the_rest() {
        let (lineup, programs) = known();
        assert_eq!(
            json(&lineup, &programs, &base()),
            "[{\"GuideNumber\":\"1\",\"GuideName\":\"A & \u{201d}B\u{201d} <HD>\",\"VideoCodec\":\"H264\",\"HD\":1,\
             \"Favorite\":1,\"URL\":\"http://box:8080/auto/v1\"},\
             {\"GuideNumber\":\"2\",\"GuideName\":\"Old\",\"Favorite\":1,\"URL\":\"http://box:8080/auto/v2\"}]"
        );
        assert_eq!(json(&lineup, &Programs::default(), &base()), "[]");
    }

    #[test]
    fn xml_is_escaped_and_says_the_same() {
        let (lineup, programs) = known();
        assert_eq!(
            xml(&lineup, &programs, &base()),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Lineup>\n\
             <Program><GuideNumber>1</GuideNumber><GuideName>A &amp; \u{201d}B\u{201d} &lt;HD&gt;</GuideName>\
             <VideoCodec>H264</VideoCodec><HD>1</HD><Favorite>1</Favorite><URL>http://box:8080/auto/v1</URL></Program>\n\
             <Program><GuideNumber>2</GuideNumber><GuideName>Old</GuideName><Favorite>1</Favorite>\
             <URL>http://box:8080/auto/v2</URL></Program>\n</Lineup>\n"
        );
    }

    #[test]
    fn m3u_names_number_name_and_stream() {
        let (lineup, programs) = known();
        let keyed = Base {
            key: "k".into(),
            ..base()
        };
        assert_eq!(
            m3u(&lineup, &programs, &keyed).lines().last(),
            Some("http://box:8080/auto/v2?key=k")
        );
        assert!(m3u(&lineup, &programs, &base()).starts_with(
            "#EXTM3U\n#EXTINF:-1 channel-id=\"1\" channel-number=\"1\" tvg-name=\"A & \u{201d}B\u{201d} <HD>\",1 A"
        ));
    }
}
