//! The texts of SSDP (UPnP device architecture 1.0, section 1): what is searched, and what is said about us.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

/// Where all of UPnP talks.
pub(super) const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);
/// What kind of device an HDHomeRun says it is.
const KIND: &str = "urn:schemas-upnp-org:device:MediaServer:1";
/// How long what we said holds, in seconds: six times the pause between two announcements.
const MAX_AGE: u32 = 1800;
/// The longest time that an answer may take; who asks for more has not long to live.
const LONGEST: Duration = Duration::from_secs(5);
/// A search by unicast has no MX: there is no crowd that answers with us.
const WITHOUT_MX: Duration = Duration::ZERO;

/// What can be searched of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Whatever is a device.
    Root,
    /// This one.
    Device,
    /// One of its kind.
    Kind,
}

impl Target {
    pub(super) const ALL: [Target; 3] = [Target::Root, Target::Device, Target::Kind];

    /// Its name: `NT` of an announcement, `ST` of a search.
    fn name(self, uuid: &str) -> String {
        match self {
            Target::Root => "upnp:rootdevice".into(),
            Target::Device => format!("uuid:{uuid}"),
            Target::Kind => KIND.into(),
        }
    }

    /// Its name among all there are.
    fn usn(self, uuid: &str) -> String {
        match self {
            Target::Device => format!("uuid:{uuid}"),
            _ => format!("uuid:{uuid}::{}", self.name(uuid)),
        }
    }
}

/// A search that means us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Search {
    /// What is searched; `None`: all.
    pub(super) target: Option<Target>,
    /// The answer comes at any time within this.
    pub(super) within: Duration,
}

impl Search {
    /// Reads a packet; `None` if it is no search, or not for us.
    pub(super) fn read(packet: &[u8], uuid: &str) -> Option<Search> {
        let text = std::str::from_utf8(packet).ok()?;
        let mut lines = text.lines();
        let first = lines.next()?.trim_end();
        let version = first.strip_prefix("M-SEARCH * HTTP/1.")?;
        matches!(version, "0" | "1").then_some(())?;
        let (mut man, mut target, mut within) = (None, None, None);
        for line in lines.take_while(|line| !line.trim().is_empty()) {
            // What follows a broken line may mean anything.
            let (name, value) = line.split_once(':')?;
            let value = Some(value.trim());
            match name.trim() {
                name if name.eq_ignore_ascii_case("MAN") => man = man.or(value),
                name if name.eq_ignore_ascii_case("ST") => target = target.or(value),
                name if name.eq_ignore_ascii_case("MX") => within = within.or(value),
                _ => {}
            }
        }
        (man?.trim_matches('"') == "ssdp:discover").then_some(())?;
        let within = match within {
            Some(seconds) => Duration::from_secs(seconds.parse::<u32>().ok()?.into()).min(LONGEST),
            None => WITHOUT_MX,
        };
        let name = target?;
        let is_meant = |target: &Target| target.name(uuid).eq_ignore_ascii_case(name);
        let target = match Target::ALL.into_iter().find(is_meant) {
            None if name != "ssdp:all" => return None,
            target => target,
        };
        Some(Search { target, within })
    }
}

/// The answer to a search, a packet each, from the device described at `location`.
pub(super) fn answers(target: Option<Target>, uuid: &str, location: &str) -> Vec<String> {
    let is_meant = |own: &Target| target.is_none_or(|target| target == *own);
    let meant = Target::ALL.into_iter().filter(is_meant);
    let answer = |target: Target| {
        let (name, usn) = (target.name(uuid), target.usn(uuid));
        let server = server();
        format!(
            "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age={MAX_AGE}\r\nEXT:\r\nLOCATION: {location}\r\n\
             SERVER: {server}\r\nST: {name}\r\nUSN: {usn}\r\nCONTENT-LENGTH: 0\r\n\r\n"
        )
    };
    meant.map(answer).collect()
}

/// We are here, described at `location`.
pub(super) fn alive(uuid: &str, location: &str) -> Vec<String> {
    let server = server();
    let more =
        format!("CACHE-CONTROL: max-age={MAX_AGE}\r\nLOCATION: {location}\r\nSERVER: {server}\r\n");
    notify(uuid, "ssdp:alive", &more)
}

/// We are gone.
pub(super) fn byebye(uuid: &str) -> Vec<String> {
    notify(uuid, "ssdp:byebye", "")
}

fn notify(uuid: &str, what: &str, more: &str) -> Vec<String> {
    let host = group();
    let message = |target: Target| {
        let (name, usn) = (target.name(uuid), target.usn(uuid));
        format!(
            "NOTIFY * HTTP/1.1\r\nHOST: {host}\r\n{more}NT: {name}\r\nNTS: {what}\r\nUSN: {usn}\r\n\r\n"
        )
    };
    Target::ALL.map(message).into()
}

/// Where announcements go: the port is a fact of the network, whatever we listen on.
pub(super) fn group() -> SocketAddrV4 {
    SocketAddrV4::new(GROUP, 1900)
}

fn server() -> String {
    format!("Unix/1.0 UPnP/1.0 xg2g/{}", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "7c9e6a52-31d4-4b08-9f17-000010512346";

    fn search(target: &str) -> String {
        format!(
            "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 3\r\n\
             ST: {target}\r\n\r\n"
        )
    }

    fn read(text: &str) -> Option<Search> {
        Search::read(text.as_bytes(), UUID)
    }

    #[test]
    fn what_we_are_is_found_and_nothing_else() {
        let found = |target: &str| read(&search(target)).map(|search| search.target);
        assert_eq!(found("ssdp:all"), Some(None));
        assert_eq!(found("upnp:rootdevice"), Some(Some(Target::Root)));
        let own = format!("uuid:{}", UUID.to_uppercase());
        assert_eq!(found(&own), Some(Some(Target::Device)));
        assert_eq!(found(KIND), Some(Some(Target::Kind)));
        for other in [
            "",
            "uuid:7c9e6a52-31d4-4b08-9f17-000010512347",
            "urn:schemas-upnp-org:device:MediaServer:2",
            "urn:schemas-upnp-org:service:ContentDirectory:1",
            "urn:ses-com:device:SatIPServer:1",
        ] {
            assert_eq!(found(other), None, "{other}");
        }
    }

    #[test]
    fn names_of_headers_are_read_in_any_case_and_lines_may_end_as_they_like() {
        let text = "M-SEARCH * HTTP/1.1\nman : ssdp:discover \nSt:upnp:rootdevice\nmX:  2";
        let expected = Search {
            target: Some(Target::Root),
            within: Duration::from_secs(2),
        };
        assert_eq!(read(text), Some(expected));
    }

    #[test]
    fn an_answer_is_never_put_off_for_long() {
        let within = |mx: &str| {
            let text = search("ssdp:all").replace("MX: 3\r\n", mx);
            read(&text).map(|search| search.within.as_secs())
        };
        assert_eq!(within("MX: 3\r\n"), Some(3));
        assert_eq!(within("MX: 120\r\n"), Some(5));
        assert_eq!(within("MX: 0\r\n"), Some(0));
        assert_eq!(within(""), Some(0));
        assert_eq!(within("MX: -1\r\n"), None);
        assert_eq!(within("MX: 99999999999\r\n"), None);
    }

    #[test]
    fn what_is_no_search_is_passed_over() {
        let good = search("ssdp:all");
        for bad in [
            String::new(),
            "\r\n\r\n".into(),
            alive(UUID, "http://192.168.1.5:8080/device.xml")[0].clone(),
            answers(None, UUID, "http://192.168.1.5:8080/device.xml")[0].clone(),
            good.replace("M-SEARCH *", "M-SEARCH /"),
            good.replace("HTTP/1.1", "HTTP/2.0"),
            good.replace("MAN: \"ssdp:discover\"\r\n", ""),
            good.replace("ssdp:discover", "ssdp:alive"),
            good.replace("ST: ssdp:all\r\n", ""),
            good.replace("HOST: ", "HOST\r\n"),
        ] {
            assert_eq!(read(&bad), None, "{bad}");
        }
        assert_eq!(
            Search::read(b"M-SEARCH * HTTP/1.1\r\nST: \xff\r\n", UUID),
            None
        );
        for cut in 0..good.len() {
            // Never more than the whole says.
            let part = read(&good[..cut]);
            assert!(part.is_none() || part == read(&good), "{cut}");
        }
    }

    #[test]
    fn all_that_we_are_is_announced_and_taken_back() {
        let alive = alive(UUID, "http://192.168.1.5:8080/device.xml");
        let version = env!("CARGO_PKG_VERSION");
        let expected = format!(
            "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nCACHE-CONTROL: max-age=1800\r\n\
             LOCATION: http://192.168.1.5:8080/device.xml\r\nSERVER: Unix/1.0 UPnP/1.0 xg2g/{version}\r\n\
             NT: upnp:rootdevice\r\nNTS: ssdp:alive\r\nUSN: uuid:{UUID}::upnp:rootdevice\r\n\r\n"
        );
        assert_eq!(alive[0], expected);
        let byebye = byebye(UUID);
        let expected = format!(
            "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNT: {KIND}\r\nNTS: ssdp:byebye\r\n\
             USN: uuid:{UUID}::{KIND}\r\n\r\n"
        );
        assert_eq!(byebye[2], expected);
        // What is taken back is what was announced.
        let names = |messages: &[String]| {
            let is_name = |line: &&str| line.starts_with("NT: ") || line.starts_with("USN: ");
            let lines = messages.iter().flat_map(|message| message.lines());
            lines.filter(is_name).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(names(&alive), names(&byebye));
        assert!(names(&alive).contains(&format!("NT: uuid:{UUID}")));
        assert!(names(&alive).contains(&format!("USN: uuid:{UUID}")));
        assert_eq!(names(&alive).len(), 6);
    }

    #[test]
    fn an_answer_names_what_was_searched() {
        let location = "http://192.168.1.5:8080/device.xml";
        let one = answers(Some(Target::Kind), UUID, location);
        let version = env!("CARGO_PKG_VERSION");
        let expected = format!(
            "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=1800\r\nEXT:\r\nLOCATION: {location}\r\n\
             SERVER: Unix/1.0 UPnP/1.0 xg2g/{version}\r\nST: {KIND}\r\nUSN: uuid:{UUID}::{KIND}\r\n\
             CONTENT-LENGTH: 0\r\n\r\n"
        );
        assert_eq!(one, [expected]);
        let all = answers(None, UUID, location);
        assert_eq!(all.len(), 3);
        assert_eq!(all[2], one[0]);
    }
}
