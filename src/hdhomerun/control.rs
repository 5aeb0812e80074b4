//! The variables that programs of libhdhomerun ask for, and what they get when they want to change one.
//!
//! Nothing can be changed: a channel is fetched over HTTP by its number in the lineup, and no frequency is tuned to.

use std::net::IpAddr;

use super::frame::{tag, write, Frame, Kind};
use super::{Device, Tuned, Tuner, FIRMWARE, MODEL, VERSION};

/// The value of what there is none of, and what clients set a variable to when they let go of a tuner.
const NONE: &str = "none";
/// What clients that look for what can be tuned to find, in their own words (`hdhomerun_device_get_supported`).
const FEATURES: &str = "channelmap: none\nmodulation: none\nauto-modulation: none\n";
/// Characters of a name that are told: libhdhomerun keeps 31 bytes.
const LONGEST_NAME: usize = 64;
/// Bytes of the stream in a packet of the network, seven of its own packets.
const PACKET: u32 = 7 * 188;

/// Variables of the device.
const OF_DEVICE: [(&str, &str); 4] = [
    ("/sys/features", FEATURES),
    ("/sys/hwmodel", MODEL),
    ("/sys/model", FIRMWARE),
    ("/sys/version", VERSION),
];

/// Tells a variable of a tuner.
type Told = fn(&Tuned) -> String;

/// Variables of each tuner, and how they are told when it is in use.
const OF_TUNER: [(&str, Told); 7] = [
    ("channel", channel),
    ("lockkey", |tuned| or_none(tuned.client)),
    ("status", status),
    ("streaminfo", stream_info),
    ("target", target),
    ("vchannel", |tuned| or_none(tuned.number)),
    ("vstatus", virtual_status),
];

/// Why a variable is not told or changed.
enum Refusal {
    /// There is none of this name. Clients know the message and try another.
    Unknown,
    /// It tells what the device is.
    Fixed,
    /// Somebody watches through the tuner.
    Locked(IpAddr),
    /// It would tune, or lock what then can be tuned.
    OverHttp,
}

impl Refusal {
    fn message(&self) -> String {
        match self {
            Refusal::Unknown => "ERROR: unknown getset variable".to_owned(),
            Refusal::Fixed => "ERROR: this can be read but not set".to_owned(),
            Refusal::Locked(client) => format!("ERROR: resource locked by {client}"),
            Refusal::OverHttp => {
                "ERROR: nothing is tuned from here: fetch channels over HTTP, see /lineup.json"
                    .to_owned()
            }
        }
    }
}

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

/// Something that can be asked for.
#[derive(Clone, Copy)]
enum Variable<'a> {
    /// Which variables there are.
    Help,
    OfDevice(&'static str),
    OfTuner(&'static str, Told, Option<&'a Tuned>),
}

impl<'a> Variable<'a> {
    fn named(name: &str, device: &Device, tuners: &'a [Tuner]) -> Result<Variable<'a>, Refusal> {
        if name == "help" {
            return Ok(Variable::Help);
        }
        if let Some((_, value)) = OF_DEVICE.iter().find(|(known, _)| *known == name) {
            return Ok(Variable::OfDevice(value));
        }
        let tuner = name.strip_prefix("/tuner").and_then(|rest| {
            let (digits, name) = rest.split_once('/')?;
            let index: u8 = digits.parse().ok()?;
            // Not `+1` nor `01`.
            (index.to_string() == digits).then_some((usize::from(index), name))
        });
        let (index, name) = tuner.ok_or(Refusal::Unknown)?;
        let known = OF_TUNER.iter().find(|(known, _)| *known == name);
        let (name, told) = known.ok_or(Refusal::Unknown)?;
        if index >= tuners.len().max(device.tuners.into()) {
            return Err(Refusal::Unknown);
        }
        let tuned = tuners.get(index).and_then(|tuner| tuner.program.as_ref());
        Ok(Variable::OfTuner(name, *told, tuned))
    }

    fn now(self) -> String {
        match self {
            Variable::Help => help(),
            Variable::OfDevice(value) => value.to_owned(),
            Variable::OfTuner(_, told, Some(tuned)) => told(tuned),
            Variable::OfTuner("status", ..) => status_of(NONE, NONE, 0),
            Variable::OfTuner("vstatus", ..) => virtual_status_of(NONE, NONE, NONE),
            Variable::OfTuner(..) => NONE.to_owned(),
        }
    }

    fn why_not_set(self) -> Refusal {
        match self {
            Variable::Help | Variable::OfDevice(_) => Refusal::Fixed,
            Variable::OfTuner(_, _, tuned) => tuned
                .and_then(|tuned| tuned.client)
                .map_or(Refusal::OverHttp, Refusal::Locked),
        }
    }
}

fn help() -> String {
    let of_device = OF_DEVICE.iter().map(|(name, _)| format!("{name}\n"));
    let of_tuner = OF_TUNER
        .iter()
        .map(|(name, _)| format!("/tuner<n>/{name}\n"));
    let first = "Supported configuration options:\n".to_owned();
    [first]
        .into_iter()
        .chain(of_device)
        .chain(of_tuner)
        .collect()
}

fn or_none(value: Option<impl ToString>) -> String {
    value.map_or(NONE.to_owned(), |value| value.to_string())
}

/// A text as one word: clients read up to the next blank.
fn word(text: &str) -> String {
    let clean = text.chars().filter(|one| !one.is_control());
    let word: String = clean
        .map(|one| if one == ' ' { '\u{a0}' } else { one })
        .take(LONGEST_NAME)
        .collect();
    if word.is_empty() {
        NONE.to_owned()
    } else {
        word
    }
}

/// What is tuned to; services from the Internet have no transponder.
fn channel(tuned: &Tuned) -> String {
    tuned.transponder.as_deref().map_or("url".to_owned(), word)
}

fn target(tuned: &Tuned) -> String {
    match tuned.client {
        Some(IpAddr::V6(client)) => format!("http://[{client}]"),
        Some(client) => format!("http://{client}"),
        None => NONE.to_owned(),
    }
}

fn status(tuned: &Tuned) -> String {
    let lock = if tuned.rate == 0 { NONE } else { "dvb" };
    status_of(&channel(tuned), lock, tuned.rate)
}

/// The signal is good when something is received: the receiver's own figures are not asked for.
fn status_of(channel: &str, lock: &str, rate: u32) -> String {
    let signal = if rate == 0 { 0 } else { 100 };
    let packets = rate / (8 * PACKET);
    format!(
        "ch={channel} lock={lock} ss={signal} snq={signal} seq={signal} bps={rate} pps={packets}"
    )
}

fn virtual_status(tuned: &Tuned) -> String {
    virtual_status_of(&or_none(tuned.number), &word(&tuned.name), "unspecified")
}

fn virtual_status_of(number: &str, name: &str, auth: &str) -> String {
    format!("vch={number} name={name} auth={auth} cci=none cgms=none")
}

/// One line for the channel. Its number within the transponder, which real devices tell first, is not known here.
fn stream_info(tuned: &Tuned) -> String {
    match tuned.number {
        Some(number) => format!("0: {number} {}\n", word(&tuned.name)),
        None => NONE.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DeviceId;

    fn device() -> Device {
        Device {
            id: DeviceId::of_mac([0x00, 0x1d, 0xec, 0x12, 0x34, 0x56]),
            name: "Living room".to_owned(),
            tuners: 3,
        }
    }

    fn tuners() -> [Tuner; 2] {
        let busy = Tuner {
            program: Some(Tuned {
                purpose: "stream",
                number: Some(7),
                name: "Das Erste".to_owned(),
                transponder: Some("3FB-1-C00000".to_owned()),
                client: Some([192, 168, 1, 20].into()),
                rate: 10_528_000,
            }),
        };
        [busy, Tuner::default()]
    }

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
    fn the_device_tells_what_it_is() {
        assert_eq!(get("/sys/model"), "hdhomerun4_dvbt");
        assert_eq!(get("/sys/hwmodel"), "HDHR4-2DT");
        assert_eq!(get("/sys/version"), VERSION);
        assert!(get("/sys/features").starts_with("channelmap: "));
    }

    #[test]
    fn a_tuner_in_use_tells_for_what() {
        assert_eq!(
            get("/tuner0/status"),
            "ch=3FB-1-C00000 lock=dvb ss=100 snq=100 seq=100 bps=10528000 pps=1000"
        );
        assert_eq!(
            get("/tuner0/vstatus"),
            "vch=7 name=Das\u{a0}Erste auth=unspecified cci=none cgms=none"
        );
        assert_eq!(get("/tuner0/streaminfo"), "0: 7 Das\u{a0}Erste\n");
        assert_eq!(get("/tuner0/channel"), "3FB-1-C00000");
        assert_eq!(get("/tuner0/vchannel"), "7");
        assert_eq!(get("/tuner0/lockkey"), "192.168.1.20");
        assert_eq!(get("/tuner0/target"), "http://192.168.1.20");
    }

    #[test]
    fn a_free_tuner_tells_so() {
        // The third is counted, and not among those told of.
        for tuner in ["/tuner1", "/tuner2"] {
            assert_eq!(
                get(&format!("{tuner}/status")),
                "ch=none lock=none ss=0 snq=0 seq=0 bps=0 pps=0"
            );
            assert_eq!(
                get(&format!("{tuner}/vstatus")),
                "vch=none name=none auth=none cci=none cgms=none"
            );
            for name in ["channel", "vchannel", "streaminfo", "lockkey", "target"] {
                assert_eq!(get(&format!("{tuner}/{name}")), "none");
            }
        }
    }

    #[test]
    fn a_program_without_number_client_and_data_is_told_of_as_well() {
        let tuner = Tuner {
            program: Some(Tuned {
                purpose: "stream",
                number: None,
                name: "\u{7}\0".to_owned(),
                transponder: None,
                client: None,
                rate: 0,
            }),
        };
        let got = |name: &str| {
            let request = write(Kind::GetSet, &[(tag::NAME, name.as_bytes())]).unwrap();
            let answer = answer(&request, &device(), std::slice::from_ref(&tuner)).unwrap();
            let frame = Frame::read(&answer).unwrap();
            frame.text(tag::VALUE).unwrap().to_owned()
        };
        assert_eq!(
            got("/tuner0/status"),
            "ch=url lock=none ss=0 snq=0 seq=0 bps=0 pps=0"
        );
        assert_eq!(
            got("/tuner0/vstatus"),
            "vch=none name=none auth=unspecified cci=none cgms=none"
        );
        for name in ["streaminfo", "lockkey", "target"] {
            assert_eq!(got(&format!("/tuner0/{name}")), "none");
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
    fn the_help_names_what_is_there() {
        let help = get("help");
        let names: Vec<_> = help.lines().skip(1).collect();
        assert_eq!(names.len(), OF_DEVICE.len() + OF_TUNER.len());
        for name in names {
            let name = name.replace("<n>", "0");
            assert!(!get(&name).starts_with("ERROR"), "{name}");
        }
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
        for (name, _) in OF_TUNER {
            let name = format!("/tuner0/{name}");
            let request = write(Kind::GetSet, &[(tag::NAME, name.as_bytes())]).unwrap();
            assert!(answer(&request, &device(), std::slice::from_ref(&tuner)).is_some());
        }
    }
}
