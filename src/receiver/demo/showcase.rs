//! The world a newcomer sees: some eighty invented channels, with everything real bouquets are made of.

use super::plan::Genre::{self, *};
use super::titles::Language;
use super::world::{Bouquet, Entry, Logo, World};

/// Service types as field 2 of a reference carries them.
const SD: u8 = 0x01;
const HD: u8 = 0x19;
const UHD: u8 = 0x1F;
const RADIO: u8 = 0x02;

/// Orbital position or network as field 6 carries it.
const ASTRA: &str = "C00000";
const HOTBIRD: &str = "820000";
const CABLE: &str = "FFFF0000";

/// A service: number (which makes the ids), type, name, provider, genre.
type Row = (u16, u8, &'static str, &'static str, Genre);

const MAIN: &[Row] = &[
    (1, HD, "Erste Welle HD", "Verbund Eins", Mixed),
    (2, HD, "Zweite Welle HD", "Verbund Zwei", Mixed),
    (3, HD, "Nordlicht TV", "Verbund Eins", Mixed),
    (4, HD, "Alpenpanorama HD", "Bergfunk", Mixed),
    (5, HD, "Kanal Süd", "Verbund Eins", Mixed),
    (6, HD, "Rhein & Ruhr TV", "Verbund Eins", Mixed),
    (7, SD, "5 Plus", "Plus Media", Series),
    (8, HD, "Kanal \"Sieben\"", "Plus Media", Mixed),
    (9, SD, "Stadt, Land, TV", "Landfunk", Mixed),
    (10, HD, "Hauptstadt HD", "Verbund Zwei", Mixed),
];
const NEWS: &[Row] = &[
    (11, HD, "News 24/7", "Newsroom", News),
    (12, HD, "Tagblatt TV", "Newsroom", News),
    (13, HD, "Wetter & Verkehr", "Newsroom", News),
    (14, HD, "Börse Direkt", "Newsroom", News),
    (15, HD, "Wissen Eins HD", "Verbund Zwei", Knowledge),
    (16, HD, "Planet Doku HD", "Terra Media", Knowledge),
    (17, HD, "Zeitreise", "Terra Media", Knowledge),
    (18, UHD, "Terra UHD", "Terra Media", Knowledge),
];
const FILM: &[Row] = &[
    (21, HD, "Kino Eins HD", "Kinowelle", Film),
    (22, HD, "Kino Zwei HD", "Kinowelle", Film),
    (23, HD, "Kino Classics", "Kinowelle", Film),
    (24, UHD, "Kino UHD", "Kinowelle", Film),
    (25, HD, "Krimi & Co", "Kinowelle", Series),
    (26, HD, "Serienwelt HD", "Plus Media", Series),
    (27, SD, "Herz <3 TV", "Plus Media", Series),
    (28, SD, "Spaß 😀 TV", "Plus Media", Series),
    (29, HD, "Western Saloon", "Kinowelle", Film),
    (30, SD, "Nachtkino", "", Film),
];
const SPORT: &[Row] = &[
    (31, HD, "Arena 1 HD", "Arena", Sport),
    (32, HD, "Arena 2 HD", "Arena", Sport),
    (33, HD, "Arena 3 HD", "Arena", Sport),
    (34, UHD, "Arena UHD", "Arena", Sport),
    (35, HD, "Motor & Rad", "Arena", Sport),
    (36, HD, "Wintersport TV", "Bergfunk", Sport),
    (37, SD, "Schach TV", "Landfunk", Sport),
];
const KIDS: &[Row] = &[
    (41, HD, "Krümelkanal", "Verbund Eins", Kids),
    (42, HD, "Wolkenland HD", "Plus Media", Kids),
    (43, SD, "Toon's Tower", "Plus Media", Kids),
    (44, HD, "Junior Wissen", "Verbund Zwei", Kids),
    (45, SD, "Baby+", "Plus Media", Kids),
];
const MUSIC: &[Row] = &[
    (51, HD, "Clipstream HD", "Tonfabrik", Music),
    (52, HD, "Rock*Star TV", "Tonfabrik", Music),
    (53, SD, "Schlager & Spaß", "Tonfabrik", Music),
    (54, HD, "Ö-Klassik TV", "Tonfabrik", Concert),
    (55, HD, "Jazzkeller", "Tonfabrik", Concert),
];
const ENGLISH: &[Row] = &[
    (61, HD, "Albion One HD", "Albion", Mixed),
    (62, HD, "Albion Two HD", "Albion", Mixed),
    (63, HD, "Albion News", "Albion", News),
    (64, SD, "Channel \"North\"", "Northern", Mixed),
    (65, HD, "Harbour Drama", "Northern", Series),
    (66, HD, "The Cricket Channel", "Northern", Sport),
    (67, HD, "Pixel Kids", "Albion", Kids),
];
const FRENCH: &[Row] = &[
    (71, HD, "Hexagone 1", "Hexagone", Mixed),
    (72, HD, "Hexagone 2", "Hexagone", Mixed),
    (73, HD, "L'Atelier HD", "Hexagone", Knowledge),
    (74, HD, "Ciné Étoile", "Étoile", Film),
    (75, SD, "Télé Midi", "Étoile", Mixed),
];
const RADIO_MAIN: &[Row] = &[
    (101, RADIO, "Radio Eins", "Verbund Eins", Talk),
    (102, RADIO, "Radio Zwei", "Verbund Eins", Talk),
    (103, RADIO, "Nordlicht Welle", "Verbund Eins", Talk),
    (104, 0x0A, "Alpenradio", "Bergfunk", Talk),
    (105, RADIO, "Funkhaus Info", "Newsroom", News),
    (106, RADIO, "Ö Pop & Rock", "Tonfabrik", Music),
    (107, RADIO, "Albion Radio 4 \"LW\"", "Albion", Talk),
    (108, RADIO, "1A Hits", "Tonfabrik", Music),
];
const RADIO_CLASSIC: &[Row] = &[
    (111, RADIO, "Ö-Klassik", "Tonfabrik", Concert),
    (112, RADIO, "Kammerton", "Verbund Zwei", Concert),
    (113, RADIO, "Blue Note Radio", "Tonfabrik", Concert),
    (114, RADIO, "Orgel & Chor", "", Concert),
];

/// The encrypted service.
const ENCRYPTED: &str = "Arena UHD";
/// Services that have a picon under their name, and some that have none.
const LOGO_BY_NAME: &[u16] = &[7, 13, 25, 52, 64, 106];
const NO_LOGO: &[u16] = &[9, 30, 37, 108];

/// The showcase; URL services point to the receiver's own stream port.
pub(super) fn world(stream_port: u16) -> World {
    let tv = |name, title, entries| Bouquet::new(7, name, title, true, entries);
    let bouquets = vec![
        tv("userbouquet.favourites.tv", "Favoriten", favourites()),
        tv("userbouquet.news.tv", "Nachrichten & Wissen", rows(NEWS)),
        tv("userbouquet.film.tv", "Film und Serie", films()),
        tv("userbouquet.sport.tv", "Sport <live>", rows(SPORT)),
        tv("userbouquet.kids.tv", "Kinder", rows(KIDS)),
        tv("userbouquet.music.tv", "Musik \"pur\"", rows(MUSIC)),
        tv("userbouquet.world.tv", "International 🌍", international()),
        tv("userbouquet.iptv.tv", "IPTV", iptv(stream_port)),
        Bouquet::new(
            519,
            "userbouquet.hidden.tv",
            "Verborgen",
            true,
            rows(&MAIN[..1]),
        ),
        tv(
            "userbouquet.LastScanned.tv",
            "Last Scanned",
            rows(&MAIN[2..5]),
        ),
        Bouquet::new(7, "userbouquet.france.tv", "France", false, rows(FRENCH)),
        Bouquet::new(
            134,
            "alternatives.regional.tv",
            "Regional",
            false,
            regional(),
        ),
        tv("userbouquet.favourites.radio", "Radio", radio(stream_port)),
        tv(
            "userbouquet.classic.radio",
            "Klassik & Jazz",
            rows(RADIO_CLASSIC),
        ),
    ];
    World {
        bouquets,
        ..World::default()
    }
}

/// What the showcase needs a card for, and the stream relay: one channel.
pub(super) fn encrypted(world: &World) -> Vec<String> {
    let entries = world.entries().filter(|entry| entry.name == ENCRYPTED);
    entries.map(|entry| entry.sref.clone()).take(1).collect()
}

fn favourites() -> Vec<Entry> {
    let mut entries = vec![Entry::marker(64, 1, "── Vollprogramm ──")];
    entries.extend(rows(&MAIN[..5]));
    entries.push(Entry::link(134, "alternatives.regional.tv", "Regional"));
    entries.push(Entry::marker(64, 2, "Privat: <HD> & \"SD\""));
    entries.extend(rows(&MAIN[6..]));
    entries.push(Entry::marker(320, 3, "Nummer ohne Sender"));
    entries.push(Entry::marker(832, 4, "Lücke"));
    let mut hidden = service(&(19, SD, "Technik-Kanal", "", Mixed), ASTRA);
    hidden.sref = hidden.sref.replacen("1:0:", "1:512:", 1);
    entries.push(hidden);
    // A renamed service carries its name in the reference and loses its provider.
    let mut renamed = service(&(20, SD, "Heimat: 100% Berge", "", Mixed), HOTBIRD);
    renamed.sref.push_str(":Heimat%3a 100%25 Berge");
    entries.push(renamed);
    // This one is in a second bouquet, too.
    entries.extend(rows(&NEWS[..1]));
    let silent = service(&(38, SD, "Testbild", "Landfunk", Mixed), ASTRA);
    entries.push(Entry {
        guided: false,
        ..silent
    });
    entries
}

fn films() -> Vec<Entry> {
    let mut entries = rows(FILM);
    entries.insert(4, Entry::marker(64, 1, "Serien"));
    entries
}

fn international() -> Vec<Entry> {
    let mut entries = rows(ENGLISH);
    for entry in &mut entries {
        entry.language = Language::English;
    }
    entries.push(Entry::link(7, "userbouquet.france.tv", "France"));
    entries
}

/// One channel on satellite, on cable and from the network.
fn regional() -> Vec<Entry> {
    vec![
        service(&MAIN[5], ASTRA),
        service(&(39, HD, "Rhein & Ruhr Kabel", "Kabel", Mixed), CABLE),
    ]
}

fn iptv(port: u16) -> Vec<Entry> {
    let own = |number, kind, path: &str, name, genre| {
        let url = format!("http%3a//127.0.0.1%3a{port}/live/{path}");
        url_service(number, kind, &url, name, genre)
    };
    let mut hls = own(
        0,
        "4097:0:19:0:0:0",
        "bergkamera.m3u8",
        "Bergkamera HLS",
        Mixed,
    );
    hls.guided = false;
    vec![
        Entry::marker(64, 1, "Aus dem Netz 📺"),
        own(
            0x1001,
            "4097:0:1",
            "reise.ts",
            "Reise «Weltweit»",
            Knowledge,
        ),
        own(
            0x1002,
            "5001:0:19",
            "garten.ts?profile=pass&x=%2541",
            "Garten & Heim",
            Mixed,
        ),
        own(0x1003, "5002:0:1", "hafen.ts", "Hafenkino", Film),
        own(
            0x1004,
            "1:0:19",
            "heimwerken.ts",
            "Heimwerken HD",
            Knowledge,
        ),
        hls,
    ]
}

fn radio(port: u16) -> Vec<Entry> {
    let mut entries = vec![Entry::marker(64, 1, "Hörfunk")];
    entries.extend(rows(RADIO_MAIN));
    let url = format!("http%3a//127.0.0.1%3a{port}/live/radio.ts");
    entries.push(url_service(0x2001, "4097:0:2", &url, "Web-Radio", Music));
    entries
}

fn rows(rows: &[Row]) -> Vec<Entry> {
    rows.iter().map(|row| service(row, ASTRA)).collect()
}

fn service(row: &Row, namespace: &str) -> Entry {
    let (number, kind, name, provider, genre) = *row;
    let (sid, transponder) = (0x2B00 + number, 0x3E9 + number / 8);
    let sref = format!("1:0:{kind:X}:{sid:X}:{transponder:X}:1:{namespace}:0:0:0:");
    let mut entry = Entry::new(sref, name, genre);
    entry.provider = provider;
    if (71..=75).contains(&number) {
        entry.language = Language::French;
    }
    if LOGO_BY_NAME.contains(&number) {
        entry.logo = Logo::ByName;
    } else if NO_LOGO.contains(&number) {
        entry.logo = Logo::None;
    }
    entry
}

/// A service behind a URL; `kind` holds the first fields of the reference, `number` the next one.
fn url_service(number: u16, kind: &str, url: &str, name: &str, genre: Genre) -> Entry {
    let mut head = kind.to_owned();
    if number > 0 {
        head.push_str(&format!(":{number:X}:0:0"));
    }
    let sref = format!("{head}:0:0:0:0:{url}:{name}");
    Entry {
        logo: Logo::ByName,
        ..Entry::new(sref, name, genre)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn there_are_enough_channels_to_look_at() {
        let world = world(8001);
        let count = |radio| {
            let of_kind = world
                .bouquets
                .iter()
                .filter(|bouquet| bouquet.is_radio() == radio);
            let entries = of_kind.flat_map(|bouquet| &bouquet.entries);
            entries
                .filter(|entry| entry.is_service())
                .map(|e| &e.sref)
                .collect::<BTreeSet<_>>()
                .len()
        };
        assert!(count(false) >= 60, "{}", count(false));
        assert!(count(true) >= 10, "{}", count(true));
        assert!(world.top(false).count() >= 6 && world.top(true).count() == 2);
    }

    #[test]
    fn references_have_ten_fields_and_are_used_once() {
        let world = world(8001);
        let mut names = std::collections::BTreeMap::new();
        for entry in world.entries().filter(|entry| entry.is_service()) {
            assert!(entry.sref.split(':').count() >= 11, "{}", entry.sref);
            let known = names.insert(entry.sref.clone(), entry.name.clone());
            assert!(
                known.is_none_or(|name| name == entry.name),
                "{}",
                entry.sref
            );
        }
    }

    #[test]
    fn url_services_point_to_the_stream_port() {
        let world = world(4711);
        let hls = world.entries().find(|entry| entry.name == "Bergkamera HLS");
        let expected =
            "4097:0:19:0:0:0:0:0:0:0:http%3a//127.0.0.1%3a4711/live/bergkamera.m3u8:Bergkamera HLS";
        assert_eq!(hls.map(|entry| entry.sref.as_str()), Some(expected));
    }
}
