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

/// The URL with the host of `port` in the place of this machine's own.
fn seen_from_outside(url: &str, port: &str) -> String {
    let parts = |url: &str| {
        let (scheme, rest) = url.split_once("://")?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (login, host) = authority
            .rsplit_once('@')
            .map_or(("", authority), |(login, host)| (login, host));
        let (host, port) = match host.rfind(':') {
            Some(at) if !host[at..].contains(']') => host.split_at(at),
            _ => (host, ""),
        };
        Some((
            scheme.to_owned(),
            login.to_owned(),
            host.to_owned(),
            format!("{port}{path}"),
        ))
    };
    let (Some((scheme, login, host, rest)), Some((_, _, outside, _))) = (parts(url), parts(port))
    else {
        return url.to_owned();
    };
    if host != "localhost" && host != "[::1]" && !host.starts_with("127.") {
        return url.to_owned();
    }
    let at = if login.is_empty() { "" } else { "@" };
    format!("{scheme}://{login}{at}{outside}{rest}")
}

fn escape(url: &str) -> String {
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
}
