//! Who asks for devices, and what this one answers.

use super::frame::{tag, write, Frame, Kind};
use super::Device;

/// The longest address that clients take, in bytes; they take a longer one for none (libhdhomerun's `char base_url[29]`).
const LONGEST_BASE: usize = 28;
/// What this device is.
const TUNER: [u8; 4] = 1_u32.to_be_bytes();
/// Any type, or any id.
const ANY: [u8; 4] = [0xff; 4];

/// The answer to a packet that asks for devices, `base` being where this one is found, like `http://192.168.1.5:8080`.
/// `None` if it asks for others, or is no such packet, or if `base` is longer than clients take.
pub fn reply(packet: &[u8], device: &Device, base: &str) -> Option<Vec<u8>> {
    let base = base.trim_end_matches('/');
    let frame = Frame::read(packet).filter(|frame| frame.kind == Kind::Discover)?;
    let id = device.id.number().to_be_bytes();
    if !asks_for(&frame, id) || base.len() > LONGEST_BASE {
        return None;
    }
    let (auth, lineup) = (device.auth(), format!("{base}/lineup.json"));
    let values: [(u8, &[u8]); 6] = [
        (tag::DEVICE_TYPE, &TUNER),
        (tag::DEVICE_ID, &id),
        (tag::TUNER_COUNT, &[device.tuners]),
        (tag::DEVICE_AUTH, auth.as_bytes()),
        (tag::BASE_URL, base.as_bytes()),
        (tag::LINEUP_URL, lineup.as_bytes()),
    ];
    write(Kind::Discovered, &values)
}

/// Whether it is tuners that are looked for, or anything, and this one among them. What is not said is not asked for.
fn asks_for(frame: &Frame, id: [u8; 4]) -> bool {
    let types = |wanted: u8| {
        let values = frame.values().filter(move |(tag, _)| *tag == wanted);
        values.map(|(_, value)| value)
    };
    let mut kinds = types(tag::DEVICE_TYPE)
        .chain(types(tag::DEVICE_TYPES).flat_map(|list| list.chunks(4)))
        .peekable();
    let is_tuner = kinds.peek().is_none() || kinds.any(|kind| kind == TUNER || kind == ANY);
    let wanted = frame.value(tag::DEVICE_ID);
    is_tuner && wanted.is_none_or(|wanted| wanted == id || wanted == ANY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DeviceId;

    const BASE: &str = "http://192.168.178.100:65535";
    /// libhdhomerun, Tvheadend, Kodi, Home Assistant.
    const TUNERS: &str = "0002000c0104000000010204ffffffff4e507f35";
    /// Jellyfin, `hdhomerun_config discover`.
    const ANYTHING: &str = "0002000c0104ffffffff0204ffffffff73cc7d8f";

    fn device() -> Device {
        Device {
            id: DeviceId::of_mac([0x00, 0x1d, 0xec, 0x12, 0x34, 0x56]),
            name: "Living room".to_owned(),
            tuners: 4,
        }
    }

    fn bytes(hex: &str) -> Vec<u8> {
        let digits = (0..hex.len()).step_by(2);
        let bytes = digits.map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap());
        bytes.collect()
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether a request with these values is answered.
    fn is_answered(values: &[(u8, &[u8])]) -> bool {
        let request = write(Kind::Discover, values).unwrap();
        reply(&request, &device(), BASE).is_some()
    }

    #[test]
    fn requests_of_known_clients_are_answered_to_the_byte() {
        // Made with Python's struct and zlib.
        let expected = concat!(
            "00030066",
            "010400000001",
            "020410534569",
            "100104",
            "2b0d786732672d3130353334353639",
            "2a1c687474703a2f2f3139322e3136382e3137382e3130303a3635353335",
            "2728687474703a2f2f3139322e3136382e3137382e3130303a36353533352f6c696e6575702e6a736f6e",
            "e936347e",
        );
        for request in [TUNERS, ANYTHING] {
            let answer = reply(&bytes(request), &device(), BASE).unwrap();
            assert_eq!(hex(&answer), expected, "{request}");
        }
    }

    #[test]
    fn no_cut_or_broken_request_is_answered() {
        for request in [TUNERS, ANYTHING].map(bytes) {
            for len in 0..request.len() {
                assert_eq!(reply(&request[..len], &device(), BASE), None, "{len}");
            }
            for bit in 0..request.len() * 8 {
                let mut flipped = request.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(reply(&flipped, &device(), BASE), None, "{bit}");
            }
        }
    }

    #[test]
    fn who_looks_for_this_device_or_for_any_is_answered() {
        let own = device().id.number().to_be_bytes();
        assert!(is_answered(&[(1, &TUNER), (2, &own)]));
        assert!(is_answered(&[(2, &own)]));
        assert!(is_answered(&[(1, &ANY)]));
        assert!(is_answered(&[(1, &TUNER)]));
        assert!(is_answered(&[(0x7e, b"new"), (1, &TUNER), (2, &ANY)]));
        assert!(is_answered(&[]));
    }

    #[test]
    fn who_looks_for_another_device_or_for_storage_is_not_answered() {
        let own = device().id.number().to_be_bytes();
        let other = (device().id.number() ^ 0x11).to_be_bytes();
        let storage = 5_u32.to_be_bytes();
        assert!(!is_answered(&[(1, &TUNER), (2, &other)]));
        assert!(!is_answered(&[(1, &storage), (2, &ANY)]));
        assert!(!is_answered(&[(1, &storage), (2, &own)]));
        assert!(!is_answered(&[(1, &[1]), (2, &own)]));
        assert!(!is_answered(&[(1, &TUNER), (2, &own[..3])]));
    }

    #[test]
    fn a_list_of_types_with_tuners_in_it_is_answered() {
        let storage = 5_u32.to_be_bytes();
        let both = [storage, TUNER].concat();
        let own = device().id.number().to_be_bytes();
        let other = [0x10, 0x50, 0, 0];
        assert!(is_answered(&[(0x2d, &both)]));
        assert!(is_answered(&[(0x2d, &both), (2, &own)]));
        assert!(is_answered(&[(0x2d, &[storage, ANY].concat())]));
        assert!(!is_answered(&[(0x2d, &both), (2, &other)]));
        assert!(!is_answered(&[(0x2d, &[storage, storage].concat())]));
        assert!(!is_answered(&[(0x2d, &both[..7])]));
    }

    #[test]
    fn only_questions_are_answered() {
        for kind in [Kind::Discovered, Kind::GetSet, Kind::GotSet] {
            let packet = write(kind, &[(1, &TUNER), (2, &ANY)]).unwrap();
            assert_eq!(reply(&packet, &device(), BASE), None);
        }
    }

    #[test]
    fn addresses_have_no_slash_at_their_end_and_no_more_bytes_than_clients_take() {
        let request = bytes(TUNERS);
        let answer = reply(&request, &device(), "http://10.0.0.2:8080/").unwrap();
        let frame = Frame::read(&answer).unwrap();
        assert_eq!(
            frame.value(tag::BASE_URL),
            Some(&b"http://10.0.0.2:8080"[..])
        );
        assert_eq!(
            frame.value(tag::LINEUP_URL),
            Some(&b"http://10.0.0.2:8080/lineup.json"[..])
        );
        assert_eq!(BASE.len(), LONGEST_BASE);
        let long = reply(&request, &device(), "http://[2001:db8::1:1234]:8080/");
        assert_eq!(long, None);
    }
}
