//! The service reference: how enigma2 names a service.
//!
//! `TYPE:FLAGS:STYPE:SID:TSID:ONID:NS:PSID:PTSID:UNUSED:PATH[:NAME]`, type and flags decimal, the eight data words
//! hexadecimal. Facts: `eServiceReference` of enigma2 (`lib/service/service.cpp`).

use std::fmt;
use std::hash::{Hash, Hasher};

/// The entry is a list of its own (bit 1 isDirectory of enigma2's `iservice.h`).
const DIRECTORY: u32 = 1;
/// The entry is a title in a list, no service.
const MARKER: u32 = 64;
/// The entry is a group of alternatives, its members are in a file of their own.
const GROUP: u32 = 128;
/// The marker takes a channel number.
const NUMBERED: u32 = 256;
/// The entry is not shown, but keeps its number.
const INVISIBLE: u32 = 512;

/// A service reference. Two are equal when enigma2 calls them equal: flags and name do not count.
#[derive(Clone, Debug)]
pub struct ServiceRef {
    kind: u32,
    flags: u32,
    data: [u32; 8],
    path: Box<str>,
    name: Box<str>,
}

/// What a URL service leads to, as far as its address tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlKind {
    /// A transport stream over http(s), or anything that looks like one.
    TransportStream,
    /// HLS, DASH or a file (`.m3u8 .mpd .mp4 .mkv .mp3 ...`): no transport stream, players open it themselves.
    Other,
    /// rtsp or a wrapper (`streamlink://`, `YT-DLP://`, a streamlink proxy): only the receiver can open it.
    Receiver,
}

impl ServiceRef {
    /// Reads a reference as enigma2 does. `None` when it is neither ten fields nor a bare URL.
    pub fn parse(text: &str) -> Option<ServiceRef> {
        if text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.contains("://") {
            // enigma2 takes a bare URL for type 4097.
            return Some(ServiceRef {
                kind: 4097,
                flags: 0,
                data: [0; 8],
                path: percent_decode(text).into(),
                name: "".into(),
            });
        }
        let mut rest = text;
        let mut field = |radix: u32, last: bool| -> Option<u32> {
            let (head, tail) = match rest.split_once(':') {
                Some(parts) => parts,
                None if last => (rest, ""),
                None => return None,
            };
            rest = tail;
            // enigma2 reads with sscanf: "%d" takes a sign; a namespace may be printed negative by old tools.
            match head.strip_prefix('-') {
                Some(digits) => i64::from_str_radix(digits, radix)
                    .ok()
                    .map(|n| n.wrapping_neg() as u32),
                None => u64::from_str_radix(head, radix).ok().map(|n| n as u32),
            }
        };
        let kind = field(10, false)?;
        let flags = field(10, false)?;
        let mut data = [0; 8];
        for (i, word) in data.iter_mut().enumerate() {
            *word = field(16, i == 7)?;
        }
        let end = match rest.find("://") {
            // The text there is a URL in the clear: it ends at a blank.
            Some(at) if !rest[..at].contains(':') => {
                rest[at..].find(' ').map_or(rest.len(), |n| at + n)
            }
            _ => rest.find(':').unwrap_or(rest.len()),
        };
        let name = rest.get(end + 1..).unwrap_or("");
        // `•` separates a provider, which enigma2 splits off the name.
        let name = name.split('\u{2022}').next().unwrap_or("");
        Some(ServiceRef {
            kind,
            flags,
            data,
            path: percent_decode(&rest[..end]).into(),
            name: percent_decode(name).into(),
        })
    }

    /// A reference from its numbers: type 1 (DVB), no flags.
    pub fn dvb(stype: u32, sid: u32, tsid: u32, onid: u32, namespace: u32) -> ServiceRef {
        ServiceRef {
            kind: 1,
            flags: 0,
            data: [stype, sid, tsid, onid, namespace, 0, 0, 0],
            path: "".into(),
            name: "".into(),
        }
    }

    /// The name inside the reference (a renamed service, a marker), empty if none.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The path as enigma2 holds it, decoded once: a URL, or the query of a bouquet; empty for a DVB service.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The type of the service as broadcast or set by the user (1 TV, 2 radio, 0x19 HD, 0x1F UHD ...).
    pub fn service_type(&self) -> u32 {
        self.data[0]
    }

    /// Service id, transport stream id, original network id: what enigma2 files the guide under.
    pub fn triple(&self) -> [u32; 3] {
        [self.data[1], self.data[2], self.data[3]]
    }

    /// The namespace: orbital position in the high half, `FFFF` cable, `EEEE` terrestrial.
    pub fn namespace(&self) -> u32 {
        self.data[4]
    }

    /// A title, no service.
    pub fn is_marker(&self) -> bool {
        self.flags & MARKER != 0
    }

    /// A title that takes a channel number.
    pub fn is_numbered_marker(&self) -> bool {
        self.is_marker() && self.flags & NUMBERED != 0
    }

    /// A bouquet or sub-bouquet.
    pub fn is_bouquet(&self) -> bool {
        self.flags & DIRECTORY != 0
    }

    /// A group of alternatives.
    pub fn is_group(&self) -> bool {
        self.flags & GROUP != 0 && !self.is_bouquet()
    }

    /// Not shown in the list, but counted.
    pub fn is_invisible(&self) -> bool {
        self.flags & INVISIBLE != 0
    }

    /// Makes it one that is not shown, but counted.
    pub fn hide(&mut self) {
        self.flags |= INVISIBLE;
    }

    /// The file name inside `FROM BOUQUET "userbouquet.x.tv" ORDER BY bouquet`.
    pub fn bouquet_file(&self) -> Option<&str> {
        let rest = self.path.split_once("FROM BOUQUET \"")?.1;
        Some(rest.split_once('"')?.0)
    }

    /// The URL of a URL service (type 4097, 5001 ..., or a DVB reference with a URL in its path).
    pub fn url(&self) -> Option<&str> {
        let path: &str = &self.path;
        (self.flags & (DIRECTORY | GROUP | MARKER) == 0 && path.contains("://")).then_some(path)
    }

    /// What the URL leads to; `None` for a DVB service.
    pub fn url_kind(&self) -> Option<UrlKind> {
        let url = self.url()?;
        let (scheme, rest) = url.split_once("://")?;
        let wrapped = rest.contains("://") && rest.starts_with("127.0.0.1:8088/");
        if !matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https") || wrapped {
            return Some(UrlKind::Receiver);
        }
        let file = rest
            .split(['?', '#'])
            .next()
            .unwrap_or(rest)
            .to_ascii_lowercase();
        let other = [
            ".m3u8", ".m3u", ".mpd", ".mp4", ".mkv", ".avi", ".mov", ".webm", ".mp3", ".aac",
            ".flac", ".ogg", ".pls",
        ];
        if other.iter().any(|ending| file.ends_with(ending)) {
            return Some(UrlKind::Other);
        }
        Some(UrlKind::TransportStream)
    }

    /// The ten fields joined by `-`, for paths and ids; URL services (and files), whose ten fields collide, add eight
    /// hexadecimal digits of a hash of the URL. Flags are printed as 0: they do not tell services apart.
    pub fn slug(&self) -> String {
        let mut text = String::with_capacity(40);
        text.push_str(&format!("{}-0", self.kind));
        for word in self.data {
            text.push('-');
            push_hex(&mut text, word);
        }
        if !self.path.is_empty() && self.flags & (DIRECTORY | GROUP | MARKER) == 0 {
            text.push_str(&format!("-{:08x}", fnv1a(self.path.bytes())));
        }
        text
    }

    /// The ten fields and the path as enigma2 prints them, without the name: what its web interface and its stream
    /// port take.
    pub fn address(&self) -> String {
        let mut nameless = self.clone();
        nameless.name = "".into();
        nameless.to_string()
    }

    /// The reference as a path of the receiver's stream port (8001), percent-encoded. The port decodes once, then takes
    /// everything from the first `?` for parameters, then decodes the path of the reference again: a `?` inside a URL
    /// is therefore encoded twice (enigma2 `lib/dvb/streamserver.cpp`).
    pub fn stream_path(&self) -> String {
        let address = self.address().replace('?', "%3f");
        let mut path = String::with_capacity(address.len() + 1);
        path.push('/');
        for byte in address.bytes() {
            match byte {
                b'A'..=b'Z'
                | b'a'..=b'z'
                | b'0'..=b'9'
                | b'-'
                | b'.'
                | b'_'
                | b'~'
                | b':'
                | b'/' => {
                    path.push(char::from(byte));
                }
                _ => path.push_str(&format!("%{byte:02X}")),
            }
        }
        path
    }
}

impl PartialEq for ServiceRef {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.data == other.data && self.path == other.path
    }
}

impl Eq for ServiceRef {}

impl Hash for ServiceRef {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.kind, self.data, &self.path).hash(state);
    }
}

impl fmt::Display for ServiceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:", self.kind, self.flags)?;
        let mut words = String::with_capacity(40);
        for word in self.data {
            push_hex(&mut words, word);
            words.push(':');
        }
        f.write_str(&words)?;
        f.write_str(&percent_encode(&self.path))?;
        let name = percent_encode(&self.name);
        // With the colon before it would make an address in the clear.
        if let Some(rest) = name.strip_prefix("//") {
            return write!(f, ":%2f/{rest}");
        }
        if !name.is_empty() {
            write!(f, ":{name}")?;
        }
        Ok(())
    }
}

/// A number as `{:X}` writes it, in a third of the time: a large receiver's list has 80 000 of them.
fn push_hex(text: &mut String, number: u32) {
    let digits = (35 - (number | 1).leading_zeros()) / 4;
    for place in (0..digits).rev() {
        let digit = (number >> (4 * place)) & 0xf;
        text.extend(char::from_digit(digit, 16).map(|digit| digit.to_ascii_uppercase()));
    }
}

/// Encodes the bytes that enigma2 encodes: `:`, `%` and controls.
fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == ':' || c == '%' || (c as u32) < 0x20 {
            out.push_str(&format!("%{:02x}", c as u32));
        } else {
            out.push(c);
        }
    }
    out
}

/// Decodes `%XX` once; anything else stays.
fn percent_decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let digits = bytes
            .get(i + 1..i + 3)
            .and_then(|d| std::str::from_utf8(d).ok());
        let value = digits
            .filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|d| u8::from_str_radix(d, 16).ok());
        match (bytes[i], value) {
            (b'%', Some(value)) => {
                out.push(value);
                i += 3;
            }
            (byte, _) => {
                out.push(byte);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// FNV-1a, 32 bits: small, stable over versions and machines.
pub fn fnv1a(bytes: impl Iterator<Item = u8>) -> u32 {
    bytes.fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> ServiceRef {
        ServiceRef::parse(text).unwrap()
    }

    #[test]
    fn a_dvb_reference_prints_as_it_was_read() {
        let text = "1:0:19:283D:3FB:1:C00000:0:0:0:";
        assert_eq!(parse(text).to_string(), text);
        assert_eq!(parse(text).slug(), "1-0-19-283D-3FB-1-C00000-0-0-0");
        assert_eq!(parse(text).triple(), [0x283d, 0x3fb, 1]);
        assert_eq!(
            ServiceRef::dvb(0x19, 0x283d, 0x3fb, 1, 0xc00000),
            parse(text)
        );
    }

    #[test]
    fn flags_and_name_do_not_make_another_service() {
        let plain = parse("1:0:1:189E:7FD:2:11A0000:0:0:0:");
        let renamed = parse("1:0:1:189E:7FD:2:11A0000:0:0:0::BBC renamed%3a 100%25 & more");
        assert_eq!(plain, renamed);
        assert_eq!(renamed.name(), "BBC renamed: 100% & more");
        assert_eq!(
            renamed.to_string(),
            "1:0:1:189E:7FD:2:11A0000:0:0:0::BBC renamed%3a 100%25 & more"
        );
        assert_eq!(renamed.address(), "1:0:1:189E:7FD:2:11A0000:0:0:0:");
        assert_eq!(
            parse("1:512:1:189E:7FD:2:11A0000:0:0:0:").slug(),
            plain.slug()
        );
    }

    #[test]
    fn a_name_never_looks_like_an_address() {
        let named = parse("1:0:1:189E:7FD:2:11A0000:0:0:0::%2f/x");
        assert_eq!((named.name(), named.path()), ("//x", ""));
        assert_eq!(parse(&named.to_string()).name(), "//x");
    }

    #[test]
    fn a_url_service_is_decoded_once_and_printed_back() {
        let text = "4097:0:1:0:0:0:0:0:0:0:http%3a//127.0.0.1%3a9981/stream/abc?profile=pass&x=%2541:IPTV «Demo» & Co";
        let service = parse(text);
        assert_eq!(
            service.url(),
            Some("http://127.0.0.1:9981/stream/abc?profile=pass&x=%41")
        );
        assert_eq!(service.name(), "IPTV «Demo» & Co");
        assert_eq!(service.to_string(), text);
        assert_eq!(service.url_kind(), Some(UrlKind::TransportStream));
        let other = parse("4097:0:1:0:0:0:0:0:0:0:http%3a//127.0.0.1%3a9981/other");
        assert_ne!(service.slug(), other.slug());
        assert_eq!(service.slug().len(), "4097-0-1-0-0-0-0-0-0-0-".len() + 8);
        let file = |n: u32| parse(&format!("1:0:0:0:0:0:0:0:0:0:/media/hdd/{n}.ts"));
        assert_ne!(file(1).slug(), file(2).slug());
    }

    #[test]
    fn the_stream_path_survives_two_decodings() {
        assert_eq!(
            parse("1:0:19:283D:3FB:1:C00000:0:0:0:").stream_path(),
            "/1:0:19:283D:3FB:1:C00000:0:0:0:"
        );
        let service = parse("4097:0:1:5:0:0:0:0:0:0:rtsp%3a//h%3a554/cam?a=%2541:C");
        let once = percent_decode(&service.stream_path()[1..]);
        assert!(!once.contains('?'));
        assert_eq!(
            ServiceRef::parse(&once).unwrap().url(),
            Some("rtsp://h:554/cam?a=%41")
        );
    }

    #[test]
    fn urls_in_the_clear_and_bare_urls_are_read_as_enigma2_reads_them() {
        let clear = parse("4097:0:1:0:0:0:0:0:0:0:http://h:8080/x.ts");
        assert_eq!(clear.url(), Some("http://h:8080/x.ts"));
        assert_eq!(parse("http://h/x.m3u8").url_kind(), Some(UrlKind::Other));
        assert_eq!(
            parse("4097:0:1:5:0:0:0:0:0:0:rtsp%3a//h%3a554/cam:C").url_kind(),
            Some(UrlKind::Receiver)
        );
        assert_eq!(
            parse("4097:0:1:6:0:0:0:0:0:0:http%3a//127.0.0.1%3a8088/http%3a//h/s.ts:s").url_kind(),
            Some(UrlKind::Receiver)
        );
        assert_eq!(
            parse("5002:0:1:3:0:0:0:0:0:0:http%3a//h/movie/42.mkv?a=b:V").url_kind(),
            Some(UrlKind::Other)
        );
    }

    #[test]
    fn kinds_are_told_apart_by_flags() {
        assert!(parse("1:64:1:0:0:0:0:0:0:0::Title").is_marker());
        assert!(!parse("1:64:1:0:0:0:0:0:0:0::Title").is_numbered_marker());
        assert!(parse("1:320:3:0:0:0:0:0:0:0::n").is_numbered_marker());
        let hidden = parse("1:832:4:0:0:0:0:0:0:0::h");
        assert!(hidden.is_numbered_marker() && hidden.is_invisible());
        let bouquet =
            parse("1:7:1:0:0:0:0:0:0:0:FROM BOUQUET \"userbouquet.sub1.tv\" ORDER BY bouquet");
        assert!(bouquet.is_bouquet() && !bouquet.is_group());
        assert_eq!(bouquet.bouquet_file(), Some("userbouquet.sub1.tv"));
        assert!(
            parse("1:134:1:0:0:0:0:0:0:0:FROM BOUQUET \"alternatives.a.tv\" ORDER BY bouquet")
                .is_group()
        );
        assert!(parse("1:519:1:0:0:0:0:0:0:0:FROM BOUQUET \"x\" ORDER BY bouquet").is_invisible());
    }

    #[test]
    fn garbage_is_refused_and_never_panics() {
        for text in [
            "",
            "garbage",
            "1:0:19",
            "1:0:1:2:3:4:5:6:7",
            "x:0:1:2:3:4:5:6:7:8:",
            "1:0:ZZ:1:1:1:1:0:0:0:",
            ":::::::::::",
        ] {
            assert_eq!(ServiceRef::parse(text), None, "{text}");
        }
        assert!(ServiceRef::parse("1:0:1:--8000000000000000:1:1:1:0:0:0:").is_some());
        assert_eq!(parse("1:0:1:1:1:1:1:0:0:0").slug(), "1-0-1-1-1-1-1-0-0-0");
        assert_eq!(parse("1:0:1:0:0:0:0:0:0:0:%zz%4").path(), "%zz%4");
        assert_eq!(parse("1:0:1:0:0:0:0:0:0:0:%c3%28").path(), "\u{fffd}(");
        assert!(ServiceRef::parse("1:0:1:0:0:0:0:0:0:0:é://ü").is_some());
    }

    #[test]
    fn numbers_are_written_as_by_the_formatter() {
        let edges = (0..32).flat_map(|bit| [1_u32 << bit, (1 << bit) - 1, u32::MAX >> bit]);
        for number in edges {
            let mut text = String::new();
            push_hex(&mut text, number);
            assert_eq!(text, format!("{number:X}"));
        }
    }
}
