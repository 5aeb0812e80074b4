//! `epg.dat` as an independent writer has it, read back: what goes in comes out.

use std::collections::HashSet;

use xg2g::model::{Aspect, Credit, Details, EpgKey, Event, Quality, Role, Sound, Translation};
use xg2g::receiver::disk::epg::EpgFile;

use crate::kit::disk::{copy_of, epg, save_epg, Coding, Events, Style, Version};
use crate::kit::{with_channels, Folder};

const KEY: EpgKey = EpgKey([0x283d, 0x3fb, 1]);

/// Writes a guide and reads it, all services of it.
fn back(events: &Events, style: &Style, languages: &[&str]) -> Events {
    let folder = Folder::new();
    let path = folder.path("hdd/epg.dat");
    save_epg(&path, &epg(events, style));
    let file = EpgFile::open(&path).unwrap();
    let wanted: HashSet<EpgKey> = events.keys().copied().collect();
    let languages: Vec<String> = languages.iter().map(|code| (*code).into()).collect();
    assert_eq!(file.services().len(), events.len());
    file.read(&wanted, &languages).map(Result::unwrap).collect()
}

/// Without what only the file tells: the language of the texts, at least.
fn plain(mut events: Events) -> Events {
    for event in events.values_mut().flatten() {
        event.details = None;
    }
    events.retain(|_, events| !events.is_empty());
    events
}

fn detailed() -> Event {
    let credit = |role, name: &str| Credit {
        role,
        name: name.into(),
    };
    Event {
        id: 7,
        start: 1_795_374_000,
        duration: 5_400,
        title: "Größe – und 😀".into(),
        summary: "Œuvre".into(),
        description: "Erste Zeile.\nZweite Zeile.".into(),
        genre: 0x12,
        details: Some(Box::new(Details {
            language: "deu".into(),
            translations: vec![
                Translation {
                    language: "eng".into(),
                    title: "Size".into(),
                    summary: "Work".into(),
                    description: "First line.".into(),
                },
                Translation {
                    language: "fra".into(),
                    title: "Taille".into(),
                    ..Translation::default()
                },
            ],
            credits: vec![
                credit(Role::Director, "Joel Coen"),
                credit(Role::Actor, "Jeff Bridges"),
                credit(Role::Actor, "John Goodman"),
                credit(Role::Writer, "Ethan Coen"),
                credit(Role::Producer, "P. R. Oducer"),
                credit(Role::Composer, "Carter Burwell"),
                credit(Role::Presenter, "Änne"),
                credit(Role::Guest, "Günther"),
            ],
            year: Some(1998),
            countries: vec!["USA".into(), "Großbritannien".into()],
            age: Some(12),
            aspect: Some(Aspect::Wide),
            quality: Some(Quality::Hd),
            sound: Some(Sound::Surround),
            has_subtitles: true,
            programme_crid: "crid://verbund.example/1".into(),
            series_crid: "/S1".into(),
        })),
    }
}

#[test]
fn the_guide_of_a_receiver_is_the_same_from_its_file() {
    with_channels(async |kit| {
        let (_, events) = copy_of(kit.receiver()).await;
        let expected = plain(events.clone());
        assert!(expected.len() > 60);
        for version in [Version::V7, Version::V8] {
            for cuts_characters in [false, true] {
                let style = Style {
                    version,
                    cuts_characters,
                    ..Style::default()
                };
                let read = plain(back(&events, &style, &[]));
                assert!(read.keys().eq(expected.keys()));
                for (key, events) in &expected {
                    for (read, event) in read[key].iter().zip(events) {
                        assert_eq!(read, event, "{key:?}");
                    }
                    assert_eq!(read[key].len(), events.len(), "{key:?}");
                }
            }
        }
    });
}

#[test]
fn all_details_of_an_event_come_back() {
    let events = Events::from([(KEY, vec![detailed()])]);
    let read = back(&events, &Style::default(), &["ger", "eng"]);
    let mut expected = detailed();
    // The receiver shows the items below the text, and so does its file.
    expected.description += "\n\nRegie: Joel Coen\nDarsteller: Jeff Bridges, John Goodman\n\
        Drehbuch: Ethan Coen\nProduzent: P. R. Oducer\nMusik: Carter Burwell\n\
        Moderation: Änne\nGäste: Günther\nProduktionsjahr: 1998\n\
        Produktionsland: USA, Großbritannien";
    assert_eq!(read[&KEY], [expected]);
}

#[test]
fn the_order_of_languages_is_that_of_who_reads() {
    let events = Events::from([(KEY, vec![detailed()])]);
    let read = back(&events, &Style::default(), &["fre", "eng"]);
    let event = &read[&KEY][0];
    let details = event.details.as_ref().unwrap();
    assert_eq!((&*event.title, &*details.language), ("Taille", "fra"));
    let others: Vec<&str> = details.translations.iter().map(|t| &*t.language).collect();
    assert_eq!(others, ["eng", "deu"]);
    assert_eq!(details.year, Some(1998));
}

#[test]
fn every_picture_and_sound_comes_back() {
    use {
        Aspect::{Normal, Wide},
        Quality::{Hd, Sd, Uhd},
    };
    for (quality, aspect) in [
        (Some(Sd), Some(Normal)),
        (Some(Sd), Some(Wide)),
        (Some(Hd), Some(Normal)),
        (Some(Hd), Some(Wide)),
        (Some(Hd), None),
        (Some(Uhd), Some(Wide)),
        (None, Some(Normal)),
        (None, None),
    ] {
        for sound in [
            None,
            Some(Sound::Mono),
            Some(Sound::Stereo),
            Some(Sound::Surround),
        ] {
            let details = Details {
                language: "deu".into(),
                quality,
                aspect,
                sound,
                ..Details::default()
            };
            let event = Event {
                details: Some(Box::new(details)),
                ..detailed()
            };
            let events = Events::from([(KEY, vec![event])]);
            assert_eq!(back(&events, &Style::default(), &[]), events);
        }
    }
}

#[test]
fn each_coding_gives_the_same_text() {
    let text = "Süße Öfen & ©. ".repeat(60);
    let event = Event {
        description: text.trim_end().into(),
        details: None,
        ..detailed()
    };
    let events = Events::from([(KEY, vec![event])]);
    for coding in [Coding::Utf8, Coding::Latin1, Coding::Utf16] {
        for cuts_characters in [false, true] {
            let style = Style {
                coding,
                cuts_characters,
                ..Style::default()
            };
            let read = plain(back(&events, &style, &[]));
            assert_eq!(read, events, "{coding:?} {cuts_characters}");
        }
    }
}

#[test]
fn a_reading_may_go_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<EpgFile>();
    is_send::<xg2g::receiver::disk::epg::Reading>();
}
