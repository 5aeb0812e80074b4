//! HDHomeRun's port: whatever arrives by UDP or TCP, what is answered is a short frame that says one thing, the same
//! however it arrives.
//!
//! The first byte says how large the pieces are, the second whether checksums are set right, and what is received.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xg2g::hdhomerun::frame::{tag, write, Frame, Kind, Received, LONGEST, LONGEST_SENT};
use xg2g::hdhomerun::{control, discover, Device, Tuned, Tuner};
use xg2g::model::DeviceId;

const BASE: &str = "http://192.168.178.100:65535";

fuzz_target!(|data: &[u8]| {
    let Some((size, [mode, bytes @ ..])) = xg2g_fuzz::sized(data) else {
        return;
    };
    let mut bytes = bytes.to_vec();
    if mode & 1 != 0 {
        mend(&mut bytes);
    }
    let device = Device {
        id: DeviceId::of_mac([0, 0, 0, 0, 0x34, 0x56]),
        name: String::new(),
        tuners: mode >> 4,
    };
    let name = String::from_utf8_lossy(&bytes).into_owned();
    let tuned = Tuned {
        purpose: "stream",
        number: (mode & 4 != 0).then_some(7),
        transponder: (mode & 8 != 0).then(|| name.clone()),
        name,
        client: (mode & 4 != 0).then_some([192, 168, 1, 20].into()),
        rate: u32::from(*mode) << 24,
    };
    let tuners = [
        Tuner::default(),
        Tuner {
            program: (mode & 2 != 0).then_some(tuned),
        },
    ];

    if let Some(reply) = discover::reply(&bytes, &device, BASE) {
        assert_eq!(kind_and_values(&bytes).expect("a frame").0, 2);
        let (kind, values) = kind_and_values(&reply).expect("a frame");
        let tags: Vec<u8> = values.iter().map(|(tag, _)| *tag).collect();
        assert_eq!(
            (kind, &*tags),
            (3, &[0x01, 0x02, 0x10, 0x2b, 0x2a, 0x27][..])
        );
        assert_eq!(values[1].1, device.id.number().to_be_bytes());
    }

    let whole = connection(std::iter::once(&*bytes), &device, &tuners);
    assert_eq!(connection(bytes.chunks(size), &device, &tuners), whole);
});

/// Sets the checksums right.
fn mend(bytes: &mut [u8]) {
    let mut at = 0;
    while let Some([_, _, high, low]) = bytes.get(at..at + 4) {
        let sum = at + 4 + usize::from(u16::from_be_bytes([*high, *low]));
        let right = bytes.get(at..sum).map(crc).unwrap_or_default();
        let Some(place) = bytes.get_mut(sum..sum + 4) else {
            return;
        };
        place.copy_from_slice(&right.to_le_bytes());
        at = sum + 4;
    }
}

/// All answers on a connection, and whether it is closed by us.
fn connection<'a>(
    pieces: impl Iterator<Item = &'a [u8]>,
    device: &Device,
    tuners: &[Tuner],
) -> (Vec<Vec<u8>>, bool) {
    let mut received = Received::default();
    let mut answers = Vec::new();
    for piece in pieces {
        received.add(piece);
        loop {
            let frame = match received.take() {
                Ok(Some(frame)) => frame,
                Ok(None) => break,
                Err(_) => return (answers, true),
            };
            assert!(frame.len() <= LONGEST);
            look(&frame);
            match control::answer(&frame, device, tuners) {
                Some(answer) => {
                    check(&frame, &answer);
                    answers.push(answer);
                }
                None => return (answers, true),
            }
        }
    }
    (answers, false)
}

/// Both readers see the same, and what is written of it is read as the same.
fn look(bytes: &[u8]) {
    let plain = kind_and_values(bytes).filter(|(kind, _)| (2..=5).contains(kind));
    let Some(frame) = Frame::read(bytes) else {
        assert_eq!(plain, None);
        return;
    };
    let (kind, values) = plain.expect("a frame");
    assert!(frame
        .values()
        .eq(values.iter().map(|(tag, value)| (*tag, *value))));
    let kinds = [Kind::Discover, Kind::Discovered, Kind::GetSet, Kind::GotSet];
    assert_eq!(frame.kind, kinds[usize::from(kind) - 2]);
    if let Some(again) = write(frame.kind, &values) {
        assert!(Frame::read(&again)
            .expect("a frame")
            .values()
            .eq(frame.values()));
    } else {
        assert!(bytes.len() > LONGEST_SENT);
    }
}

/// An answer is a value or an error, and nothing can be set but what is none to none.
fn check(asked: &[u8], answer: &[u8]) {
    assert!(answer.len() <= LONGEST_SENT);
    let (kind, values) = kind_and_values(answer).expect("a frame");
    assert_eq!(kind, 5);
    let mut texts = values.iter().map(|(tag, value)| {
        let (end, text) = value.split_last().expect("a text");
        assert!(*end == 0 && !text.contains(&0));
        (*tag, std::str::from_utf8(text).expect("UTF-8"))
    });
    let asked = Frame::read(asked).expect("a frame");
    match texts.next() {
        Some((tag::ERROR, error)) => assert!(error.starts_with("ERROR: ")),
        Some((tag::NAME, name)) => {
            assert_eq!(asked.text(tag::NAME), Some(name));
            let (found, value) = texts.next().expect("a value");
            assert_eq!(found, tag::VALUE);
            if asked.value(tag::VALUE).is_some() {
                assert_eq!((asked.text(tag::VALUE), value), (Some("none"), "none"));
            }
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(texts.next(), None);
}

/// A reader of frames as plain as can be.
fn kind_and_values(bytes: &[u8]) -> Option<(u16, Vec<(u8, &[u8])>)> {
    let number = |at: usize| Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    let end = 4 + usize::from(number(2)?);
    if bytes.len() != end + 4 || bytes[end..] != crc(&bytes[..end]).to_le_bytes() {
        return None;
    }
    let (mut at, mut values) = (4, Vec::new());
    while at < end {
        let tag = bytes[at];
        let mut len = usize::from(bytes[at + 1]);
        at += 2;
        if len >= 128 {
            len = len - 128 + 128 * usize::from(bytes[at]);
            at += 1;
        }
        if at + len > end {
            return None;
        }
        values.push((tag, &bytes[at..at + len]));
        at += len;
    }
    (at == end).then(|| (number(0).unwrap_or_default(), values))
}

/// The CRC-32 of Ethernet, byte by byte.
fn crc(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut at = 0;
        while at < 8 * table.len() {
            let now = if at % 8 == 0 {
                at as u32 / 8
            } else {
                table[at / 8]
            };
            table[at / 8] = now >> 1 ^ (now & 1) * 0xedb8_8320;
            at += 1;
        }
        table
    };
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        crc >> 8 ^ TABLE[usize::from(crc as u8 ^ byte)]
    })
}
