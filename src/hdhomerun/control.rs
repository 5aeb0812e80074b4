//! The answers to programs of libhdhomerun that ask for a variable, or want to set one.
//!
//! Nothing can be set: a channel is fetched over HTTP by its number in the lineup, and no frequency is tuned to.

use super::frame::{tag, write, Frame, Kind};
use super::variable::{Variable, NONE};
use super::{Device, Tuner};

/// The answer to a frame that asks for a variable or sets one, with its value or an error. `None` if it is no such frame.
pub fn answer(frame: &[u8], device: &Device, tuners: &[Tuner]) -> Option<Vec<u8>> {
    let frame = Frame::read(frame).filter(|frame| frame.kind == Kind::GetSet)?;
    let name = frame.text(tag::NAME).unwrap_or_default();
    let is_set = frame.value(tag::VALUE).is_some();
    let variable = Variable::named(name, device, tuners);
    let told = variable.and_then(|variable| match variable.now() {
        now if !is_set => Ok(now),
        now if now == NONE && frame.text(tag::VALUE) == Some(NONE) => Ok(now),
        _ => Err(variable.why_not_set()),
    });
    match told {
        Ok(value) => write(
            Kind::GotSet,
            &[(tag::NAME, &ended(name)), (tag::VALUE, &ended(&value))],
        ),
        Err(refusal) => write(Kind::GotSet, &[(tag::ERROR, &ended(&refusal.message()))]),
    }
}

/// A text as clients read it.
fn ended(text: &str) -> Vec<u8> {
    [text.as_bytes(), b"\0"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hdhomerun::sample::{device, tuners};
    use crate::hdhomerun::Tuned;

    /// What is answered to a frame with these values.
    fn ask(values: &[(u8, &[u8])]) -> String {
        let request = write(Kind::GetSet, values).unwrap();
        let answer = answer(&request, &device(), &tuners()).unwrap();
        let frame = Frame::read(&answer).unwrap();
        assert_eq!(frame.kind, Kind::GotSet);
        let text = frame.text(tag::VALUE).or(frame.text(tag::ERROR)).unwrap();
        text.to_owned()
    }

    fn get(name: &str) -> String {
        ask(&[(tag::NAME, &ended(name))])
    }

    fn set(name: &str, value: &str) -> String {
        ask(&[(tag::NAME, &ended(name)), (tag::VALUE, &ended(value))])
    }

    /// The request and the answer, made with Python's struct and zlib.
    const MODEL_ASKED: &[u8] = b"\0\x04\0\x0d\x03\x0b/sys/model\0\x8f\x5b\x54\xb5";

    #[test]
    fn a_known_request_is_answered_to_the_byte() {
        let answered = answer(MODEL_ASKED, &device(), &[]);
        let expected = b"\0\x05\0\x1f\x03\x0b/sys/model\0\x04\x10hdhomerun4_dvbt\0\x80\x5e\x28\xfd";
        assert_eq!(answered.as_deref(), Some(&expected[..]));
    }

    #[test]
    fn an_unknown_name_is_answered_to_the_byte() {
        let asked = b"\0\x04\0\x0c\x03\x0a/sys/boot\0\x8d\xbe\x3e\x0e";
        let answered = answer(asked, &device(), &[]);
        let expected = b"\0\x05\0\x21\x05\x1fERROR: unknown getset variable\0\xa7\xb7\x80\xf0";
        assert_eq!(answered.as_deref(), Some(&expected[..]));
    }

    #[test]
    fn the_lock_of_a_scan_is_refused_to_the_byte() {
        let asked = b"\0\x04\0\x1e\x03\x10/tuner1/lockkey\0\x04\x0a123456789\0\x19\x97\x23\xe4";
        let answered = answer(asked, &device(), &tuners());
        let expected = b"\0\x05\0\x50\x05\x4eERROR: nothing is tuned from here: fetch channels over HTTP, see /lineup.json\0\x76\x15\x7b\x7e";
        assert_eq!(answered.as_deref(), Some(&expected[..]));
    }

    #[test]
    fn no_cut_or_broken_request_is_answered() {
        for len in 0..MODEL_ASKED.len() {
            assert_eq!(answer(&MODEL_ASKED[..len], &device(), &[]), None, "{len}");
        }
        for bit in 0..MODEL_ASKED.len() * 8 {
            let mut flipped = MODEL_ASKED.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(answer(&flipped, &device(), &[]), None, "{bit}");
        }
        for kind in [Kind::Discover, Kind::Discovered, Kind::GotSet] {
            let frame = write(kind, &[(tag::NAME, b"/sys/model\0")]).unwrap();
            assert_eq!(answer(&frame, &device(), &[]), None);
        }
    }

    #[test]
    fn other_names_are_unknown() {
        for name in [
            "",
            "/",
            "/sys",
            "/sys/model/",
            "/sys/nonsense",
            "/tuner",
            "/tuner0",
            "/tuner0/",
            "/tuner0/nonsense",
            "/tuner3/status",
            "/tuner99999999999999999999/status",
            "/tuner-1/status",
            "/tuner+0/status",
            "/tuner00/status",
            &"x".repeat(1000),
        ] {
            assert_eq!(get(name), "ERROR: unknown getset variable", "{name}");
            assert_eq!(set(name, "none"), "ERROR: unknown getset variable");
        }
        assert_eq!(ask(&[]), "ERROR: unknown getset variable");
        let no_text = ask(&[(tag::NAME, b"\xff\xfe")]);
        assert_eq!(no_text, "ERROR: unknown getset variable");
    }

    #[test]
    fn what_is_let_go_is_let_go() {
        for name in ["lockkey", "target", "channel", "vchannel"] {
            assert_eq!(set(&format!("/tuner1/{name}"), "none"), "none");
        }
        let values: [(u8, &[u8]); 3] = [
            (tag::NAME, b"/tuner1/lockkey\0"),
            (tag::VALUE, b"none"),
            (tag::LOCKKEY, &[0, 1, 2, 3]),
        ];
        assert_eq!(ask(&values), "none");
    }

    #[test]
    fn nothing_can_be_changed() {
        for (name, value) in [
            ("lockkey", "123456789"),
            ("lockkey", "force"),
            ("channel", "auto:578000000"),
            ("vchannel", "7"),
            ("target", "rtp://192.168.1.20:5000"),
            ("target", ""),
            ("status", "none"),
        ] {
            let said = set(&format!("/tuner1/{name}"), value);
            assert!(said.starts_with("ERROR: nothing is tuned"), "{said}");
            let said = set(&format!("/tuner0/{name}"), value);
            assert_eq!(said, "ERROR: resource locked by 192.168.1.20");
        }
        let said = set("/tuner0/lockkey", "none");
        assert_eq!(said, "ERROR: resource locked by 192.168.1.20");
        for name in ["/sys/model", "/sys/version", "help"] {
            assert_eq!(set(name, "x"), "ERROR: this can be read but not set");
            assert_eq!(set(name, "none"), "ERROR: this can be read but not set");
        }
    }

    #[test]
    fn the_longest_answer_fits_every_client() {
        let tuner = Tuner {
            program: Some(Tuned {
                purpose: "stream",
                number: Some(u32::MAX),
                name: "\u{1f4fa}".repeat(1000),
                transponder: Some("\u{1f4fa}".repeat(1000)),
                client: Some([0xffff; 8].into()),
                rate: u32::MAX,
            }),
        };
        for name in ["status", "vstatus", "streaminfo", "channel", "target"] {
            let name = format!("/tuner0/{name}");
            let request = write(Kind::GetSet, &[(tag::NAME, name.as_bytes())]).unwrap();
            assert!(answer(&request, &device(), std::slice::from_ref(&tuner)).is_some());
        }
    }
}
