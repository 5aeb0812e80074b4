//! The variables that programs of libhdhomerun know, and their texts as libhdhomerun reads them.

use std::net::IpAddr;

use super::{Device, Tuned, Tuner, FIRMWARE, MODEL, VERSION};

/// The value of what there is none of, and what clients set a variable to when they let go of a tuner.
pub(super) const NONE: &str = "none";
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
pub(super) enum Refusal {
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
    /// What clients are told.
    pub(super) fn message(&self) -> String {
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

/// Something that can be asked for.
#[derive(Clone, Copy)]
pub(super) enum Variable<'a> {
    /// Which variables there are.
    Help,
    OfDevice(&'static str),
    OfTuner(&'static str, Told, Option<&'a Tuned>),
}

impl<'a> Variable<'a> {
    /// The one of a name.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn named(
        name: &str,
        device: &Device,
        tuners: &'a [Tuner],
    ) -> Result<Variable<'a>, Refusal> {
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

    /// Its value.
    pub(super) fn now(self) -> String {
        match self {
            Variable::Help => help(),
            Variable::OfDevice(value) => value.to_owned(),
            Variable::OfTuner(_, told, Some(tuned)) => told(tuned),
            Variable::OfTuner("status", ..) => status_of(NONE, NONE, 0),
            Variable::OfTuner("vstatus", ..) => virtual_status_of(NONE, NONE, NONE),
            Variable::OfTuner(..) => NONE.to_owned(),
        }
    }

    /// Why it stays as it is.
    pub(super) fn why_not_set(self) -> Refusal {
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
    use crate::hdhomerun::sample::{device, tuners};

    fn get_of(name: &str, tuners: &[Tuner]) -> String {
        let variable = Variable::named(name, &device(), tuners);
        variable.map_or_else(|refusal| refusal.message(), Variable::now)
    }

    fn get(name: &str) -> String {
        get_of(name, &tuners())
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
        let got = |name: &str| get_of(name, std::slice::from_ref(&tuner));
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
    fn the_help_names_what_is_there() {
        let help = get("help");
        let names: Vec<_> = help.lines().skip(1).collect();
        assert_eq!(names.len(), OF_DEVICE.len() + OF_TUNER.len());
        for name in names {
            let name = name.replace("<n>", "0");
            assert!(!get(&name).starts_with("ERROR"), "{name}");
        }
    }
}
