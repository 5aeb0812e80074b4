//! What is read of a file, and what a damaged one does.

mod damage;
mod writer;

use super::*;
use crate::model::{Aspect, Credit, Event, Quality, Role, Sound};
use writer::{long, short, title, Descriptor, Scratch, Writer, HEAD, START};

/// All that a file says of all its services.
fn read(bytes: &[u8], name: &str, languages: &[&str]) -> Result<Vec<(EpgKey, Vec<Event>)>, Error> {
    let scratch = Scratch::new(name, bytes);
    let file = EpgFile::open(&scratch.0)?;
    let wanted = file.services().iter().map(|service| service.key).collect();
    let languages: Vec<String> = languages.iter().map(|code| (*code).into()).collect();
    file.read(&wanted, &languages).collect()
}

/// The only event of a file with one, from its descriptors.
fn event(name: &str, languages: &[&str], descriptors: &[Descriptor]) -> Event {
    let mut writer = Writer::default();
    writer.service(1, 2, 3).event(2, HEAD, descriptors);
    let mut services = read(&writer.bytes(), name, languages).unwrap();
    services.remove(0).1.remove(0)
}

/// `HEAD` with another id, hour and minute (in decimal digits).
fn at(id: u8, hour: u8, minute: u8) -> [u8; 10] {
    let mut head = HEAD;
    [head[1], head[4], head[5]] = [id, hour, minute];
    head
}

#[test]
fn both_versions_say_the_same() {
    for is_v7 in [false, true] {
        let mut writer = Writer::new(is_v7);
        writer.service(0x283d, 0x3fb, 1);
        writer.event(
            1,
            HEAD,
            &[
                title("deu", "Tatort"),
                short("deu", "Der \u{86}Fall\u{87} <Ü>"),
                (0x54, vec![0x11, 0]),
            ],
        );
        writer.event(2, at(2, 0x20, 0x15), &[title("deu", "Wetter")]);
        writer.service(7, 8, 9);
        writer.event(2, HEAD, &[title("deu", "Tatort")]);
        let services = read(&writer.bytes(), &format!("versions-{is_v7}"), &[]).unwrap();
        let keys: Vec<_> = services.iter().map(|(key, _)| key.0).collect();
        assert_eq!(keys, [[0x283d, 0x3fb, 1], [7, 8, 9]]);
        let [tatort, wetter] = &services[0].1[..] else {
            panic!("{services:?}");
        };
        assert_eq!(
            (tatort.id, tatort.start, tatort.duration),
            (0x1d97, START, 2_700)
        );
        assert_eq!(
            (&*tatort.title, &*tatort.summary, tatort.genre),
            ("Tatort", "Der Fall <Ü>", 0x11)
        );
        assert_eq!((wetter.id, wetter.start), (0x1d02, START + 80 * 60));
        assert_eq!(services[1].1[0].title, "Tatort");
    }
}

#[test]
fn only_wanted_services_are_read() {
    let mut writer = Writer::default();
    writer
        .service(1, 1, 1)
        .event(2, HEAD, &[title("deu", "One")]);
    writer
        .service(2, 1, 1)
        .event(2, HEAD, &[title("deu", "Two")]);
    writer.service(3, 1, 1);
    let scratch = Scratch::new("wanted", &writer.bytes());
    let file = EpgFile::open(&scratch.0).unwrap();
    let counts: Vec<_> = file
        .services()
        .iter()
        .map(|service| service.events)
        .collect();
    assert_eq!(counts, [1, 1, 0]);
    let wanted = [EpgKey([2, 1, 1]), EpgKey([3, 1, 1]), EpgKey([4, 1, 1])].into();
    let services: Result<Vec<_>, _> = file.read(&wanted, &[]).collect();
    let services = services.unwrap();
    assert_eq!(services.len(), 1);
    assert_eq!(services[0].1[0].title, "Two");
}

#[test]
fn the_best_language_gives_the_texts_and_the_others_are_translations() {
    let descriptors = [
        title("fra", "Le film"),
        title("ger", "Der Film"),
        short("fra", "Court"),
        title("eng", "The film"),
        long((0, 0), "ger", &[], b"\x05L\xe4nger"),
        long((0, 0), "ita", &[], b"senza titolo"),
    ];
    let texts = |name, languages: &[&str]| {
        let event = event(name, languages, &descriptors);
        let details = event.details.unwrap();
        let others: Vec<_> = details
            .translations
            .iter()
            .map(|other| format!("{} {}", other.language, other.title))
            .collect();
        (
            details.language,
            event.title,
            event.summary,
            event.description,
            others.join(", "),
        )
    };
    let expected = |a: &str, b: &str, c: &str, d: &str, e: &str| {
        (a.into(), b.into(), c.into(), d.into(), e.into())
    };
    assert_eq!(
        texts("languages", &[]),
        expected("fra", "Le film", "Court", "", "ger Der Film, eng The film")
    );
    assert_eq!(
        texts("languages-2", &["deu", "eng"]),
        expected("ger", "Der Film", "", "Länger", "eng The film, fra Le film")
    );
    // One without a title would be an event without one.
    assert_eq!(
        texts("languages-3", &["ita", "pol"]),
        expected("fra", "Le film", "Court", "", "ger Der Film, eng The film")
    );
}

#[test]
fn a_long_text_comes_in_pieces_and_ends_with_its_items() {
    let event = event(
        "long",
        &[],
        &[
            title("deu", "Film"),
            short("deu", "Am Anfang"),
            long(
                (1, 1),
                "deu",
                &[(b"Jahr", b"1998"), (b"Land", b"USA")],
                b"\x15\x9f ist es gro\xc3\x9f.",
            ),
            long(
                (0, 1),
                "deu",
                &[(b"Regie", b"Joel Coen")],
                b"\x15Am Anfang\xc2\x8asp\xc3\xa4\xc3",
            ),
        ],
    );
    assert_eq!(
        event.description,
        "Am Anfang\nspäß ist es groß.\n\nRegie: Joel Coen\nJahr: 1998\nLand: USA"
    );
    // It only repeats how the long one begins.
    assert_eq!(event.summary, "");
    let details = event.details.unwrap();
    assert_eq!(
        details.credits,
        [Credit {
            role: Role::Director,
            name: "Joel Coen".into()
        }]
    );
    assert_eq!(
        (details.year, &*details.countries),
        (Some(1998), &["USA".to_owned()][..])
    );
}

#[test]
fn a_cyrillic_text_keeps_its_own_table() {
    let text = |bytes: &[u8]| {
        (
            0x4d,
            [&b"rus\x00"[..], &[bytes.len() as u8], bytes].concat(),
        )
    };
    let event = event(
        "cyrillic",
        &[],
        &[title("rus", "Новости"), text(b"\xbf\xe0\xd8\xd2\xd5\xe2")],
    );
    assert_eq!((&*event.title, &*event.summary), ("Новости", "Привет"));
}

#[test]
fn every_descriptor_is_told() {
    let event = event(
        "descriptors",
        &[],
        &[
            (0x50, b"\xf5\x0b\x01deu".to_vec()),
            (0x50, b"\xf4\x44\x02deuDolby".to_vec()),
            (0x50, b"\xf3\x10\x03deu".to_vec()),
            (0x4a, vec![0; 7]),
            (0x54, vec![0x43, 0xff, 0x10, 0]),
            (0x55, b"DEU\x09".to_vec()),
            (0x69, vec![0xf0, 0, 0]),
            (0x76, b"\x04\x05/EP12\x08\x05/SER1".to_vec()),
            title("und", "Film"),
        ],
    );
    assert_eq!(event.genre, 0x43);
    let details = event.details.unwrap();
    assert_eq!(
        (details.aspect, details.quality),
        (Some(Aspect::Wide), Some(Quality::Hd))
    );
    assert_eq!(
        (details.sound, details.has_subtitles, details.age),
        (Some(Sound::Surround), true, Some(12))
    );
    assert_eq!(
        (&*details.programme_crid, &*details.series_crid),
        ("/EP12", "/SER1")
    );
    assert_eq!(details.language, "");
}

#[test]
fn nothing_more_is_no_details() {
    assert_eq!(event("plain", &[], &[title("und", "Film")]).details, None);
}

#[test]
fn events_that_are_none_are_left_out_and_the_rest_is_in_order() {
    let mut writer = Writer::default();
    writer.service(1, 2, 3);
    let [mut no_length, mut no_time, mut too_early, mut reference] = [HEAD; 4];
    no_length[7..].fill(0);
    no_time[4] = 0x1a;
    too_early[2..4].fill(0);
    reference[2..7].fill(0xff);
    for head in [no_length, no_time, too_early, reference] {
        writer.event(2, head, &[title("deu", "None")]);
    }
    writer.event(2, at(1, 0x10, 0), &[short("deu", "No title")]);
    writer.event(2, at(2, 0x10, 0), &[title("deu", " \u{1}")]);
    writer.event(2, at(3, 0x12, 0), &[title("deu", "Later")]);
    // A lower source is nearer to the service.
    writer.event(4, at(4, 0x11, 0), &[title("deu", "From elsewhere")]);
    writer.event(1, at(5, 0x11, 0), &[title("deu", "Now")]);
    writer.event(2, at(6, 0x11, 0), &[title("deu", "Schedule")]);
    let services = read(&writer.bytes(), "none", &[]).unwrap();
    let titles: Vec<_> = services[0].1.iter().map(|event| &*event.title).collect();
    assert_eq!(titles, ["Now", "Later"]);
}

#[test]
fn many_services_with_many_descriptors_come_whole() {
    let mut writer = Writer::default();
    for sid in 0..40 {
        writer.service(sid, 1, 1);
        for n in 0..150u32 {
            let (hour, minute) = ((n / 10) as u8, (n % 10) as u8);
            let head = at(n as u8, ((hour / 10) << 4) | (hour % 10), minute);
            let text = format!("{sid} {n} ").repeat(10);
            writer.event(
                2,
                head,
                &[
                    title("deu", &format!("{}", n % 7)),
                    long((0, 0), "deu", &[], text.as_bytes()),
                ],
            );
        }
    }
    let services = read(&writer.bytes(), "many", &[]).unwrap();
    assert_eq!(services.len(), 40);
    for (sid, (key, events)) in services.iter().enumerate() {
        assert_eq!((key.0[0], events.len()), (sid as u32, 150));
        for (n, event) in events.iter().enumerate() {
            assert_eq!(event.title, format!("{}", n % 7));
            assert_eq!(
                event.description,
                format!("{sid} {n} ").repeat(10).trim_end()
            );
        }
    }
}
