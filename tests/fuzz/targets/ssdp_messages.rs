//! Packets of SSDP: few are searches, their answers are ours and soon, and headers nobody knows change nothing.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use xg2g::discovery::fuzz::search;

const UUID: &str = "7c9e6a52-31d4-4b08-9f17-000010512346";
const LOCATION: &str = "http://192.168.1.5:8080/device.xml";

fuzz_target!(|data: &[u8]| {
    let seen = search(data, UUID, LOCATION);
    if let Some((within, answers)) = &seen {
        assert!(*within <= Duration::from_secs(5));
        assert!(matches!(answers.len(), 1 | 3));
        for answer in answers {
            assert!(answer.contains(&format!("\r\nLOCATION: {LOCATION}\r\n")));
            assert!(answer.contains(&format!("\r\nUSN: uuid:{UUID}")));
            assert!(answer.len() < 512 && answer.ends_with("\r\n\r\n"));
        }
    }
    if let Some(at) = data.iter().position(|byte| *byte == b'\n') {
        let (first, rest) = data.split_at(at + 1);
        let more = [first, b"CPFN.UPNP.ORG: Kodi\r\n", rest].concat();
        assert_eq!(search(&more, UUID, LOCATION), seen);
    }
});
