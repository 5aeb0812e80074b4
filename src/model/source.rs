//! Where a player finds the stream of a service.

use super::{ServiceRef, UrlKind};

/// The address of a stream, seen from another machine. `port` is the receiver's stream port, `http://host:8001`.
///
/// A URL service is played from its URL, unless only the receiver can open that. A URL on the receiver itself (a relay on
/// 127.0.0.1) gets the host of `port`. What may not stand in a header or a line is percent-encoded.
pub fn stream_source(service: &ServiceRef, port: &str) -> String {
    match service.url() {
        Some(url) if service.url_kind() != Some(UrlKind::Receiver) => {
            escape(&seen_from_outside(url, port))
        }
        _ => format!("{port}{}", service.stream_path()),
    }
}

/// The host of an authority, without the port: `192.168.1.5` of `192.168.1.5:8080`, `[::1]` of `[::1]:8080`.
pub fn without_port(authority: &str) -> &str {
    match authority.rfind(':') {
        Some(at) if !authority[at..].contains(']') => &authority[..at],
        _ => authority,
    }
}

/// Whether a host is this machine as it calls itself, which means nothing to others.
pub fn is_loopback(host: &str) -> bool {
    host == "localhost" || host == "[::1]" || host.starts_with("127.")
}

/// The part of a URL between `://` and the path, with a login if it has one.
pub fn authority(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    Some(&rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())])
}

/// The URL with the host of `port` in the place of this machine's own.
pub fn seen_from_outside(url: &str, port: &str) -> String {
    let (Some(inside), Some(outside)) = (authority(url), authority(port)) else {
        return url.to_owned();
    };
    let login = inside.rfind('@').map_or(0, |at| at + 1);
    let host = without_port(&inside[login..]);
    if !is_loopback(host) {
        return url.to_owned();
    }
    let scheme = url.find("://").map_or(0, |at| at + 3);
    let (before, rest) = url.split_at(scheme + login);
    format!("{before}{}{}", without_port(outside), &rest[host.len()..])
}

/// A URL with what may not stand in a header or a line percent-encoded.
pub fn escape(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for byte in url.bytes() {
        if byte.is_ascii_graphic() {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(reference: &str) -> String {
        stream_source(&ServiceRef::parse(reference).unwrap(), "http://box:8001")
    }

    #[test]
    fn a_broadcast_service_comes_from_the_stream_port() {
        assert_eq!(
            source("1:0:19:283D:3FB:1:C00000:0:0:0:"),
            "http://box:8001/1:0:19:283D:3FB:1:C00000:0:0:0:"
        );
        assert!(source("4097:0:1:5:0:0:0:0:0:0:rtsp%3a//h%3a554/cam:C")
            .starts_with("http://box:8001/4097:0:1:5:"));
    }

    #[test]
    fn a_url_service_comes_from_its_url() {
        assert_eq!(
            source("4097:0:1:1:0:0:0:0:0:0:https%3a//u%3ap@h%3a8443/a?b=%2541:N"),
            "https://u:p@h:8443/a?b=%41"
        );
    }

    #[test]
    fn a_relay_on_the_receiver_is_reached_by_its_name() {
        let relay = "1:0:19:600:41F:1:C00000:0:0:0:http%3a//127.0.0.1%3a17999/1%3a0%3a19:Sky";
        assert_eq!(source(relay), "http://box:17999/1:0:19");
        let login = "4097:0:1:1:0:0:0:0:0:0:http%3a//u%3ap@localhost/x.ts:N";
        assert_eq!(source(login), "http://u:p@box/x.ts");
        assert_eq!(
            source("4097:0:1:1:0:0:0:0:0:0:http%3a//[%3a%3a1]%3a80?x:N"),
            "http://box:80?x"
        );
    }

    #[test]
    fn a_url_cannot_break_out_of_its_header_or_line() {
        assert_eq!(
            source("4097:0:1:1:0:0:0:0:0:0:http%3a//h/a b?x=%2541%0d%0aSet-Cookie%3a ü:N"),
            "http://h/a%20b?x=%41%0D%0ASet-Cookie:%20%C3%BC"
        );
    }

    #[test]
    fn the_port_is_cut_off_a_host() {
        assert_eq!(without_port("192.168.1.5:8080"), "192.168.1.5");
        assert_eq!(without_port("box"), "box");
        assert_eq!(without_port("[::1]:8080"), "[::1]");
        assert_eq!(without_port("[::1]"), "[::1]");
    }
}
