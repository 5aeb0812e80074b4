//! The files the tests write for a receiver, against bytes that were looked up in a receiver's own and in the standards.

use std::fs;

use xg2g::model::{
    Aspect, Credit, Details, Entry, EpgKey, Event, ListedBouquet, Listing, Media, Quality, Role,
    ServiceRef, Sound, Translation,
};

use crate::kit::disk::{
    self, bouquet, copy_of, epg, save_epg, unfinished, Coding, Events, Known, Lamedb, Style,
    Version,
};
use crate::kit::{with_channels, Folder};

const KEY: EpgKey = EpgKey([0x283d, 0x3fb, 1]);

fn known(reference: &str, name: &str, provider: &str) -> Known {
    let service = ServiceRef::parse(reference).unwrap();
    Known::new(service, name, provider)
}

fn lamedb() -> Lamedb {
    let mut first = known(
        "1:0:19:283D:3FB:1:C00000:0:0:0:",
        "Erste Welle HD",
        "Verbund",
    );
    (first.systems, first.flags) = (vec![0x9c4], 0x40);
    let radio = known("1:0:A:7001:41D:1:FFFF0000:0:0:0:", "Radio", "");
    Lamedb {
        services: vec![first, radio],
    }
}

fn event() -> Event {
    Event {
        id: 0x1d94,
        start: (61_366 - 40_587) * 86_400 + 16 * 3_600 + 40 * 60,
        duration: 3_600,
        title: "Wetter".into(),
        summary: "Folge 2".into(),
        description: "Beschreibung von Folge 2.\nZweite Zeile mit \"Zitat\" & <Tag>.".into(),
        genre: 0x20,
        details: None,
    }
}

fn guide(event: Event) -> Events {
    Events::from([(KEY, vec![event])])
}

/// The descriptors of a guide with one event, tag and body, in the event's order.
fn descriptors(event: Event, style: &Style) -> Vec<(u8, Vec<u8>)> {
    let file = epg(&guide(event), style);
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    let wide = usize::from(style.version == Version::V8);
    // Magic, tag, one service with one event; then type and length.
    let mut at = 4 + 13 + 4 + 16 + 1 + wide;
    let count = (usize::from(file[at]) - 10) / 4;
    at += 11;
    let keys: Vec<u32> = (0..count).map(|index| word(at + 4 * index)).collect();
    at += 4 * count;
    let mut table = Vec::new();
    let rows = word(at);
    at += 4;
    for _ in 0..rows {
        let length = usize::from(file[at + 9]);
        table.push((word(at), file[at + 8], &file[at + 10..at + 10 + length]));
        at += 10 + length;
    }
    assert_eq!(&file[at..], b"PRIVATE_EPG\0\0\0\0");
    let find = |key: &u32| table.iter().find(|row| row.0 == *key).unwrap();
    let found = keys.iter().map(find);
    found.map(|(_, tag, body)| (*tag, body.to_vec())).collect()
}

#[test]
fn a_lamedb_is_the_one_enigma2_writes() {
    let expected = "eDVB services /4/\ntransponders\n\
        00c00000:03fb:0001\n\ts 11494750:22000000:0:2:192:2:0:1:2:0:2\n/\n\
        ffff0000:041d:0001\n\tc 426000:6900000:2:5:0:0:0\n/\n\
        end\nservices\n\
        283d:00c00000:03fb:0001:25:0:0\nErste Welle HD\np:Verbund,c:0001ff,c:050001,C:09c4,f:40\n\
        7001:ffff0000:041d:0001:10:0:0\nRadio\np:\n\
        end\nHave a lot of bugs!\n";
    assert_eq!(lamedb().version_4(), expected);
}

#[test]
fn an_old_lamedb_has_bare_providers() {
    let text = lamedb().version_3();
    assert!(text.starts_with("eDVB services /3/\ntransponders\n"));
    assert!(text.ends_with(
        "end\nservices\n\
        283d:00c00000:03fb:0001:25:0\nErste Welle HD\nVerbund\n\
        7001:ffff0000:041d:0001:10:0\nRadio\n\n\
        end\nHave a lot of bugs!\n"
    ));
}

#[test]
fn lamedb5_has_a_service_a_line() {
    let text = lamedb().version_5();
    assert!(text.contains("\nt:00c00000:03fb:0001,s:11494750:22000000:0:2:192:2:0:1:2:0:2\n"));
    assert!(text.ends_with(
        "\ns:283d:00c00000:03fb:0001:25:0:0,\"Erste Welle HD\",p:Verbund,c:001ff,c:051,C:9c4,f:40\n\
        s:7001:ffff0000:041d:0001:10:0:0,\"Radio\"\n\
        # done. 2 channels and 2 services\n"
    ));
}

#[test]
fn a_western_orbit_is_negative() {
    let western = known("1:0:1:1:2:3:CE40000:0:0:0:", "West", "");
    let services = vec![western];
    // 0x0CE4 is 3300 tenths of a degree east.
    assert!(Lamedb { services }.version_4().contains(":2:-300:2:"));
}

#[test]
fn a_bouquet_has_the_line_ends_and_names_of_enigma2() {
    let entry = |reference: &str, name: &str| Entry::new(reference, name).unwrap();
    let entries = [
        entry("1:64:1:0:0:0:0:0:0:0::Privat%3a 100%25", "Privat: 100%"),
        entry("1:0:19:283D:3FB:1:C00000:0:0:0:", "Erste Welle HD"),
        entry(
            "1:134:1:0:0:0:0:0:0:0:FROM BOUQUET \"alternatives.a.tv\" ORDER BY bouquet",
            "Regional",
        ),
        entry("4097:0:1:0:0:0:0:0:0:0:http%3a//h/a?b=%2541:Netz", "Netz"),
    ];
    assert_eq!(
        bouquet("Favoriten Ü", &entries),
        "#NAME Favoriten Ü\r\n\
         #SERVICE 1:64:1:0:0:0:0:0:0:0::Privat%3a 100%25\r\n#DESCRIPTION Privat: 100%\r\n\
         #SERVICE 1:0:19:283D:3FB:1:C00000:0:0:0:\r\n\
         #SERVICE 1:134:1:0:0:0:0:0:0:0:FROM BOUQUET \"alternatives.a.tv\" ORDER BY bouquet\r\n\
         #SERVICE 4097:0:1:0:0:0:0:0:0:0:http%3a//h/a?b=%2541:Netz\r\n#DESCRIPTION Netz\r\n"
    );
}

#[test]
fn what_is_renamed_in_a_bouquet_has_its_own_name_in_lamedb() {
    let entry = |reference: &str, name: &str| Entry::new(reference, name).unwrap();
    let entries = vec![
        entry("1:0:1:2:3FB:1:C00000:0:0:0::Heimat", "Heimat"),
        entry("1:0:1:3:3FB:1:C00000:0:0:0::Neu", "Neu"),
        entry("1:0:1:3:3FB:1:C00000:0:0:0:", "Alt"),
        entry("4097:0:1:4:0:0:0:0:0:0:http%3a//h/:Netz", "Netz"),
        entry("1:64:1:0:0:0:0:0:0:0::Titel", "Titel"),
    ];
    let bouquets = vec![ListedBouquet {
        reference: "1:7:1:0:0:0:0:0:0:0:FROM BOUQUET \"userbouquet.a.tv\" ORDER BY bouquet".into(),
        name: "A".into(),
        media: Media::Tv,
        entries,
    }];
    let lamedb = Lamedb::of(&Listing { bouquets });
    let names: Vec<&str> = lamedb.services.iter().map(|known| &*known.name).collect();
    assert_eq!(names, ["Alt", "Sender 2"]);
}

#[test]
fn an_event_is_the_one_a_receiver_saved() {
    let file = epg(&guide(event()), &Style::default());
    // But for the type this event lies like that in a receiver's file, CRCs and all.
    let mut expected = b"\x32\x54\x76\x98ENIGMA_EPG_V8\x01\0\0\0".to_vec();
    expected.extend(b"\x3d\x28\0\0\x01\0\0\0\xfb\x03\0\0\x01\0\0\0");
    expected.extend(b"\x02\0\x1a\x1d\x94\xef\xb6\x16\x40\x00\x01\x00\x00");
    expected.extend(b"\x8c\xff\x53\x37\x2c\x2a\x3f\x38\x4d\xa3\xce\x5e\xdb\x9e\xe0\x79");
    expected.extend(b"\x04\0\0\0\x8c\xff\x53\x37\x01\0\0\0\x4d\x0cdeu\x07\x15Wetter\0");
    assert_eq!(file[..expected.len()], expected);
    let all = descriptors(event(), &Style::default());
    let text = b"Beschreibung von Folge 2.\nZweite Zeile mit \"Zitat\" & <Tag>.";
    let expected = [
        (0x4d, b"deu\x07\x15Wetter\0".to_vec()),
        (0x4d, b"deu\0\x08\x15Folge 2".to_vec()),
        (0x4e, [b"\0deu\0\x3c\x15", &text[..]].concat()),
        (0x54, b"\x20\0".to_vec()),
    ];
    assert_eq!(all, expected);
}

#[test]
fn an_old_file_has_a_short_type() {
    let style = Style {
        version: Version::V7,
        ..Style::default()
    };
    let file = epg(&guide(event()), &style);
    assert_eq!(&file[4..17], b"ENIGMA_EPG_V7");
    assert_eq!(&file[37..41], b"\x02\x1a\x1d\x94");
    assert_eq!(descriptors(event(), &style).len(), 4);
}

#[test]
fn what_two_events_say_alike_is_saved_once() {
    let mut second = event();
    second.start += 3_600;
    let events = Events::from([(KEY, vec![event(), second])]);
    let file = epg(&events, &Style::default());
    let title = b"\x02\0\0\0\x4d\x0cdeu\x07\x15Wetter";
    let found = file.windows(title.len()).filter(|bytes| bytes == title);
    assert_eq!(found.count(), 1);
}

#[test]
fn a_long_text_lies_in_numbered_parts() {
    let text = "Über Öl. ".repeat(60);
    let long = Event {
        description: text.trim_end().into(),
        ..event()
    };
    for cuts_characters in [false, true] {
        let style = Style {
            cuts_characters,
            ..Style::default()
        };
        let all = descriptors(long.clone(), &style);
        let parts: Vec<&[u8]> = all
            .iter()
            .filter(|one| one.0 == 0x4e)
            .map(|one| &one.1[..])
            .collect();
        let numbers: Vec<u8> = parts.iter().map(|part| part[0]).collect();
        assert_eq!(numbers, [0x02, 0x12, 0x22]);
        let mut whole = Vec::new();
        for part in &parts {
            assert_eq!((&part[1..5], part[6]), (&b"deu\0"[..], 0x15));
            assert_eq!(usize::from(part[5]), part.len() - 6);
            let text = &part[7..];
            assert!(cuts_characters || std::str::from_utf8(text).is_ok());
            whole.extend(text);
        }
        assert_eq!(String::from_utf8(whole).unwrap(), long.description);
        let cut = parts
            .iter()
            .any(|part| std::str::from_utf8(&part[7..]).is_err());
        assert_eq!(cut, cuts_characters);
    }
}

#[test]
fn broadcast_texts_say_how_they_are_coded() {
    let short = Event {
        description: "Ö\nβ".into(),
        ..event()
    };
    for (coding, expected) in [
        (Coding::Utf8, &b"\0deu\0\x06\x15\xc3\x96\n\xce\xb2"[..]),
        (Coding::Latin1, b"\0deu\0\x06\x10\0\x01\xd6\x8a?"),
        (Coding::Utf16, b"\0deu\0\x07\x11\0\xd6\xe0\x8a\x03\xb2"),
    ] {
        let style = Style {
            coding,
            ..Style::default()
        };
        let all = descriptors(short.clone(), &style);
        assert!(all.contains(&(0x4e, expected.to_vec())), "{coding:?}");
    }
}

fn detailed(details: Details) -> Vec<(u8, Vec<u8>)> {
    let event = Event {
        summary: String::new(),
        description: String::new(),
        genre: 0,
        details: Some(details.into()),
        ..event()
    };
    descriptors(event, &Style::default())
}

#[test]
fn each_language_has_its_own_texts() {
    let all = detailed(Details {
        language: "eng".into(),
        translations: vec![Translation {
            language: "cym".into(),
            title: "Tywydd".into(),
            summary: String::new(),
            description: "Glaw".into(),
        }],
        ..Details::default()
    });
    let expected = [
        (0x4d, b"eng\x07\x15Wetter\0".to_vec()),
        (0x4d, b"cym\x07\x15Tywydd\0".to_vec()),
        (0x4e, b"\0cym\0\x05\x15Glaw".to_vec()),
    ];
    assert_eq!(all, expected);
}

#[test]
fn people_year_and_countries_are_items() {
    let credit = |role, name: &str| Credit {
        role,
        name: name.into(),
    };
    let all = detailed(Details {
        credits: vec![
            credit(Role::Director, "A B"),
            credit(Role::Actor, "C"),
            credit(Role::Actor, "D"),
        ],
        year: Some(1999),
        countries: vec!["D".into(), "F".into()],
        ..Details::default()
    });
    let mut items = b"\x06\x15Regie\x04\x15A B\x0b\x15Darsteller\x05\x15C, D".to_vec();
    items.extend(b"\x10\x15Produktionsjahr\x05\x151999");
    items.extend(b"\x10\x15Produktionsland\x05\x15D, F");
    let mut body = b"\0deu".to_vec();
    body.push(u8::try_from(items.len()).unwrap());
    body.extend(items);
    body.push(0);
    assert_eq!(all[1..], [(0x4e, body)]);
}

#[test]
fn many_people_do_not_fit_into_one_descriptor() {
    let names = (1..=60).map(|number| Credit {
        role: Role::Actor,
        name: format!("Vorname Nachname {number}"),
    });
    let all = detailed(Details {
        language: "eng".into(),
        credits: names.collect(),
        ..Details::default()
    });
    let parts: Vec<&Vec<u8>> = all[1..].iter().map(|(_, body)| body).collect();
    assert!(parts.len() > 3 && parts.iter().all(|body| body.len() <= 255));
    let text: Vec<u8> = parts.into_iter().flatten().copied().collect();
    let text = String::from_utf8_lossy(&text);
    assert_eq!(text.matches("Nachname").count(), 60);
}

#[test]
fn picture_sound_age_and_ids_are_those_of_the_standards() {
    let bodies = |details| -> Vec<(u8, Vec<u8>)> { detailed(details)[1..].to_vec() };
    let all = bodies(Details {
        aspect: Some(Aspect::Wide),
        quality: Some(Quality::Hd),
        sound: Some(Sound::Surround),
        has_subtitles: true,
        age: Some(12),
        programme_crid: "crid://a/1".into(),
        series_crid: "/S".into(),
        ..Details::default()
    });
    let expected = [
        (0x50, b"\xf5\x0b\0deu".to_vec()),
        (0x50, b"\xf2\x03\0deu".to_vec()),
        (0x50, b"\xf4\x44\0deu".to_vec()),
        (0x50, b"\xf3\x10\0deu".to_vec()),
        (0x55, b"DEU\x09".to_vec()),
        (0x76, b"\x04\x0acrid://a/1\x08\x02/S".to_vec()),
    ];
    assert_eq!(all, expected);
    let video = |quality, aspect| -> Vec<Vec<u8>> {
        let all = bodies(Details {
            quality,
            aspect,
            ..Details::default()
        });
        all.into_iter()
            .map(|(_, body)| body[..2].to_vec())
            .collect()
    };
    let (normal, wide) = (Some(Aspect::Normal), Some(Aspect::Wide));
    assert_eq!(video(Some(Quality::Sd), normal), [b"\xf1\x01"]);
    assert_eq!(video(Some(Quality::Sd), wide), [b"\xf1\x03"]);
    assert_eq!(video(Some(Quality::Hd), normal), [b"\xf1\x09"]);
    assert_eq!(video(Some(Quality::Uhd), wide), [b"\x09\x04", b"\xfb\x01"]);
    assert_eq!(video(Some(Quality::Hd), None), [b"\x09\x00"]);
    assert_eq!(video(None, normal), [b"\xfb\x00"]);
}

#[test]
fn what_is_being_written_says_so() {
    let file = epg(&guide(event()), &Style::default());
    let half = unfinished(&file);
    assert_eq!(&half[4..17], b"UNFINISHED_V8");
    assert_eq!((&half[..4], &half[17..]), (&file[..4], &file[17..]));
    let folder = Folder::new();
    let path = folder.path("hdd/epg.dat");
    save_epg(&path, &file);
    save_epg(&path, &file);
    assert_eq!(fs::read(&path).unwrap(), file);
}

#[test]
fn a_copy_of_the_demo_world_is_on_disk_whole() {
    with_channels(async |kit| {
        let (listing, events) = copy_of(kit.receiver()).await;
        assert!(listing.bouquets.len() > 8);
        let of = |stem: &str| {
            let bouquet = listing.bouquets.iter().find(|one| one.stem() == stem);
            &bouquet.unwrap().entries
        };
        let members = |entry: &Entry| entry.members.len();
        assert_eq!(of("favourites").iter().map(members).sum::<usize>(), 2);
        assert_eq!(of("world").iter().map(members).sum::<usize>(), 5);
        let first = &of("favourites")[1];
        assert!(events[&EpgKey::of(&first.service)].len() > 10);
        assert!(events.len() > 60);
        for events in events.values() {
            assert!(events.windows(2).all(|two| two[0].start < two[1].start));
        }

        let folder = Folder::new();
        let box_files = folder.path("enigma2");
        disk::write(&box_files, &listing, &events, &folder.path("hdd/epg.dat"));
        disk::relayed(&box_files, &[&first.service]);
        disk::locked(&box_files, &[&first.service]);
        let mut names: Vec<String> = fs::read_dir(&box_files)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert!(names.iter().all(|name| !name.ends_with(".writing")));
        for name in [
            "alternatives.regional.tv",
            "blacklist",
            "bouquets.radio",
            "bouquets.tv",
            "lamedb",
            "lamedb5",
            "settings",
            "userbouquet.classic.radio",
            "userbouquet.favourites.tv",
            "userbouquet.france.tv",
            "whitelist_streamrelay",
        ] {
            assert!(names.iter().any(|known| known == name), "{name}");
        }
        let read = |name: &str| fs::read_to_string(box_files.join(name)).unwrap();
        assert!(read("settings").contains("epgcache_filename=/"));
        assert_eq!(read("blacklist"), format!("{}\n", first.service));
        assert_eq!(read("whitelist_streamrelay"), read("blacklist"));
        assert!(read("bouquets.tv").starts_with(
            "#NAME Bouquets (TV)\r\n#SERVICE 1:7:1:0:0:0:0:0:0:0:FROM BOUQUET \"userbouquet.favourites.tv\" ORDER BY bouquet\r\n"
        ));
        assert_eq!(read("alternatives.regional.tv").lines().count(), 3);
        let lamedb = read("lamedb");
        assert!(lamedb.contains("\nErste Welle HD\np:Verbund,"));
        assert!(fs::metadata(folder.path("hdd/epg.dat")).unwrap().len() > 100_000);
    });
}
