//! Files that are cut, wrong or hostile: an error or fewer events, never a panic.

use super::writer::{long, short, title, Scratch, Writer, HEAD};
use super::*;

/// A small file with everything in it.
fn sample() -> Writer {
    let mut writer = Writer::default();
    writer.service(1, 2, 3);
    writer.event(
        1,
        HEAD,
        &[
            title("deu", "Tatort"),
            title("eng", "Crime"),
            short("deu", "Der Fall"),
            long(
                (0, 1),
                "deu",
                &[(b"Regie", b"Joel Coen"), (b"Jahr", b"1998")],
                b"\x05L\xe4nger ",
            ),
            long((1, 1), "deu", &[], b"\x05und noch"),
            (0x50, b"\xf5\x0b\x01deu".to_vec()),
            (0x54, vec![0x11, 0]),
            (0x55, b"DEU\x09".to_vec()),
            (0x76, b"\x04\x05/EP12\x08\x05/SER1".to_vec()),
        ],
    );
    writer.event(
        2,
        at(2, 0x20, 0x15),
        &[
            title("deu", "Wetter"),
            long((0, 0), "hun", &[], b"ab\xcdoc"),
        ],
    );
    writer.service(7, 8, 9);
    writer.event(
        2,
        HEAD,
        &[
            title("rus", "Новости"),
            (0x4d, b"rus\x00\x02\xbf\xe0".to_vec()),
        ],
    );
    writer
}

#[test]
fn a_file_cut_at_any_byte_is_an_error() {
    for is_v7 in [false, true] {
        let mut writer = Writer::new(is_v7);
        writer
            .service(1, 2, 3)
            .event(1, HEAD, &[title("deu", "Tatort")]);
        writer
            .service(7, 8, 9)
            .event(1, HEAD, &[title("deu", "Wetter")]);
        let bytes = writer.bytes();
        for cut in 0..bytes.len() {
            let error = read(&bytes[..cut], "cut", &[]).unwrap_err();
            assert!(matches!(error, Error::Cut), "cut at {cut}: {error}");
        }
        // What follows may be cut as it likes.
        let longer = [&bytes[..], b"PRIVATE_E"].concat();
        assert_eq!(read(&longer, "cut", &[]).unwrap().len(), 2);
    }
}

#[test]
fn what_is_no_such_file_is_told_apart() {
    let bytes = sample().bytes();
    let with = |at: usize, patch: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + patch.len()].copy_from_slice(patch);
        read(&bytes, "other", &[]).unwrap_err()
    };
    let magic = 0x9876_5432u32.swap_bytes().to_ne_bytes();
    assert!(matches!(with(0, &magic), Error::ByteOrder));
    assert!(matches!(with(0, b"PK\x03\x04"), Error::Foreign));
    assert!(matches!(with(4, b"UNFINISHED_V8"), Error::Unfinished));
    assert!(matches!(with(4, b"ENIGMA_EPG_V9"), Error::Version(word) if word == "ENIGMA_EPG_V9"));
    let missing = EpgFile::open(Path::new("/nonexistent/epg.dat")).unwrap_err();
    assert!(matches!(missing, Error::Io(_)));
    let directory = EpgFile::open(&std::env::temp_dir()).unwrap_err();
    assert!(matches!(directory, Error::Foreign));
}

#[test]
fn wrong_counts_and_lengths_are_errors() {
    let writer = sample();
    let bytes = writer.bytes();
    let (services, events, table) = (17, 33, writer.table());
    for at in [services, events, table] {
        for wrong in [u32::MAX, 0x8000_0000, 0x7fff_ffff, 1_000_000, 20_000, 100] {
            let mut bytes = bytes.clone();
            bytes[at..at + 4].copy_from_slice(&wrong.to_ne_bytes());
            let error = read(&bytes, "counts", &[]).unwrap_err();
            assert!(
                matches!(error, Error::Cut | Error::Implausible(_)),
                "{wrong} at {at}: {error}"
            );
        }
    }
    // The length of the first event: no head, no whole number of keys.
    for wrong in [0, 9, 11, 255] {
        let mut bytes = bytes.clone();
        bytes[39] = wrong;
        assert!(read(&bytes, "counts", &[]).is_err(), "{wrong}");
    }
}

#[test]
fn a_descriptor_that_is_missing_is_not_missed() {
    let mut writer = Writer::default();
    writer
        .service(1, 2, 3)
        .event(1, HEAD, &[title("deu", "Tatort"), short("deu", "Der Fall")]);
    let mut bytes = writer.bytes();
    // The key of the short text: the last thing in its event.
    bytes[writer.table() - 4] ^= 1;
    let services = read(&bytes, "missing", &[]).unwrap();
    assert_eq!(
        (&*services[0].1[0].title, &*services[0].1[0].summary),
        ("Tatort", "")
    );
}

#[test]
fn a_file_that_changes_while_it_is_read_is_an_error() {
    let bytes = sample().bytes();
    let scratch = Scratch::new("changing", &bytes);
    let begin = || {
        let file = EpgFile::open(&scratch.0).unwrap();
        let wanted = file.services().iter().map(|service| service.key).collect();
        file.read(&wanted, &[])
    };
    // In its place, by another file, and cut off.
    let mut reading = begin();
    assert!(reading.next().unwrap().is_ok());
    std::fs::write(&scratch.0, [&bytes[..], b"more"].concat()).unwrap();
    assert!(matches!(reading.last(), Some(Err(Error::Changed))));
    let reading = begin();
    let other = Scratch::new("changing-2", &bytes);
    std::fs::rename(&other.0, &scratch.0).unwrap();
    assert!(matches!(reading.last(), Some(Err(Error::Changed))));
    let reading = begin();
    std::fs::write(&scratch.0, &bytes[..60]).unwrap();
    assert!(matches!(reading.last(), Some(Err(_))));
    // A file that was only renamed is what it was.
    std::fs::write(&scratch.0, &bytes).unwrap();
    let reading = begin();
    let away = Scratch(scratch.0.with_extension("loading"));
    std::fs::rename(&scratch.0, &away.0).unwrap();
    assert_eq!(reading.filter(Result::is_ok).count(), 2);
}

#[test]
fn random_damage_is_survived() {
    let mut state = 0x2545_f491u32;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as usize % below
    };
    let sample = sample().bytes();
    let (mut whole, mut broken) = (0, 0);
    for round in 0..10_000 {
        let mut bytes = sample.clone();
        for _ in 0..=random(4) {
            let at = random(bytes.len());
            match round % 3 {
                0 => bytes[at] ^= 1 << random(8),
                1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random(5)],
                _ => {
                    bytes.remove(at);
                }
            }
        }
        match read(&bytes, "random", &["deu"]) {
            Ok(services) => {
                whole += 1;
                let events = services.iter().flat_map(|(_, events)| events);
                assert!(events.clone().count() <= 3);
                for event in events {
                    assert!(!event.title.is_empty() && event.duration > 0);
                }
            }
            Err(_) => broken += 1,
        }
    }
    assert!(whole > 1_000 && broken > 1_000, "{whole} {broken}");
}

#[test]
fn a_small_file_cannot_become_a_large_guide() {
    // Every event has the same long text, fifty times.
    let mut descriptors = vec![title("deu", "A")];
    descriptors.extend(vec![long((0, 0), "deu", &[], &[b'x'; 240]); 50]);
    let mut writer = Writer::default();
    writer.service(1, 2, 3);
    for _ in 0..2_000 {
        writer.event(2, HEAD, &descriptors);
    }
    let bytes = writer.bytes();
    assert!(bytes.len() < 500_000);
    let error = read(&bytes, "bomb", &[]).unwrap_err();
    assert!(matches!(error, Error::Implausible(_)), "{error}");
}
