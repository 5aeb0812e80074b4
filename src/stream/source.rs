//! Where the stream of a service can be had from.

use crate::http::client::{basic, unquote};
use crate::model::{authority, escape, is_loopback, without_port, ServiceRef, UrlKind};

/// The longest request that enigma2's stream port reads (`lib/dvb/streamserver.cpp`): a login must be within it.
const LONGEST_REQUEST: usize = 512;

/// What the stream relay is called.
const RELAY: &str = "stream relay";

/// The ports of the receiver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// The receiver's host as this program reaches it.
    pub host: String,
    /// The stream port (8001).
    pub stream: u16,
    /// The port of the softcam's stream relay (17999).
    pub relay: u16,
    /// User and password, if the stream port asks for them.
    pub login: Option<(String, String)>,
}

/// A way to a stream: whom to ask, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) host: String,
    pub(super) port: u16,
    /// The whole request.
    pub(super) request: String,
    /// Whether redirects are followed: URL services only.
    pub(super) is_url: bool,
    /// What it is called in status and log; never a URL, which may hold a password.
    pub(super) label: &'static str,
}

impl Source {
    /// Whether it is the stream relay.
    pub(super) fn is_relay(&self) -> bool {
        self.label == RELAY
    }
}

/// The ways to a service, the one to try first in front. Empty if there is none for us.
pub(super) fn sources(service: &ServiceRef, relayed: bool, ports: &Ports) -> Vec<Source> {
    let stream = || {
        at_port(
            service,
            ports,
            ports.stream,
            ports.login.as_ref(),
            "stream port",
        )
    };
    match (service.url(), service.url_kind()) {
        (Some(url), Some(UrlKind::TransportStream)) if is_plain(url) => {
            of_url(url, &ports.host).into_iter().collect()
        }
        // TLS and whatever else only the receiver can open.
        (Some(_), Some(UrlKind::TransportStream | UrlKind::Receiver)) => vec![stream()],
        (Some(_), _) => Vec::new(),
        (None, _) => {
            let relay = at_port(service, ports, ports.relay, None, RELAY);
            if relayed {
                vec![relay, stream()]
            } else {
                vec![stream(), relay]
            }
        }
    }
}

fn is_plain(url: &str) -> bool {
    url.get(..7)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"))
}

/// The request for one of the receiver's ports. The login comes first: it must be in the first bytes that are read.
fn at_port(
    service: &ServiceRef,
    ports: &Ports,
    port: u16,
    login: Option<&(String, String)>,
    label: &'static str,
) -> Source {
    let path = service.stream_path();
    let login = login.map_or(String::new(), |(user, password)| {
        format!("Authorization: {}\r\n", basic(user, password))
    });
    let mut request = format!("GET {path} HTTP/1.0\r\n{login}");
    let agent = agent();
    if request.len() + agent.len() + 2 < LONGEST_REQUEST {
        request.push_str(&agent);
    }
    request.push_str("\r\n");
    Source {
        host: ports.host.clone(),
        port,
        request,
        is_url: false,
        label,
    }
}

/// The request for a URL. `#User-Agent=...&Referer=...` behind it are headers, as enigma2's players take them.
/// This machine's own names mean the receiver's: `receiver`.
pub(super) fn of_url(url: &str, receiver: &str) -> Option<Source> {
    let (url, extra) = url.split_once('#').unwrap_or((url, ""));
    let authority = authority(url).filter(|_| is_plain(url))?;
    let (login, host) = match authority.rsplit_once('@') {
        Some((login, host)) => (Some(login), host),
        None => (None, authority),
    };
    let name = without_port(host);
    let port = match host[name.len()..].strip_prefix(':') {
        None | Some("") => 80,
        Some(port) => port.parse().ok()?,
    };
    let target = &url[7 + authority.len()..];
    let slash = if target.starts_with('/') { "" } else { "/" };
    let mut request = format!("GET {slash}{} HTTP/1.0\r\nHost: {host}\r\n", escape(target));
    if let Some((user, password)) = login.map(|login| login.split_once(':').unwrap_or((login, "")))
    {
        let login = basic(&unquote(user), &unquote(password));
        request.push_str(&format!("Authorization: {login}\r\n"));
    }
    let header = |wanted: &str| {
        let pairs = extra.split('&').filter_map(|pair| pair.split_once('='));
        let mut values = pairs.filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        values.next().map(|(_, value)| header_text(&unquote(value)))
    };
    match header("User-Agent") {
        Some(own) => request.push_str(&format!("User-Agent: {own}\r\n")),
        None => request.push_str(&agent()),
    }
    if let Some(referer) = header("Referer") {
        request.push_str(&format!("Referer: {referer}\r\n"));
    }
    request.push_str("Connection: close\r\n\r\n");
    let host = match is_loopback(name) {
        true => receiver,
        false => name,
    };
    Some(Source {
        host: host.trim_matches(['[', ']']).to_owned(),
        port,
        request,
        is_url: true,
        label: "URL",
    })
}

fn agent() -> String {
    format!("User-Agent: xg2g/{}\r\n", env!("CARGO_PKG_VERSION"))
}

/// What may stand in a header.
fn header_text(text: &str) -> String {
    text.chars().filter(|c| matches!(c, ' '..='~')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports() -> Ports {
        Ports {
            host: "box".into(),
            stream: 8001,
            relay: 17999,
            login: None,
        }
    }

    fn of(reference: &str, relayed: bool, ports: &Ports) -> Vec<Source> {
        sources(&ServiceRef::parse(reference).unwrap(), relayed, ports)
    }

    const DVB: &str = "1:0:19:283D:3FB:1:C00000:0:0:0:";

    #[test]
    fn a_broadcast_service_comes_from_the_stream_port_or_the_relay() {
        for (relayed, expected) in [(false, [8001, 17999]), (true, [17999, 8001])] {
            let found = of(DVB, relayed, &ports());
            assert_eq!([found[0].port, found[1].port], expected);
            assert!(found[0]
                .request
                .starts_with(&format!("GET /{DVB} HTTP/1.0\r\n")));
        }
    }

    #[test]
    fn the_login_stands_first_and_goes_to_the_stream_port_alone() {
        let mut ports = ports();
        ports.login = Some(("root".into(), "dream".into()));
        let found = of(DVB, false, &ports);
        let lines: Vec<&str> = found[0].request.lines().collect();
        assert_eq!(lines[1], "Authorization: Basic cm9vdDpkcmVhbQ==");
        assert!(!found[1].request.contains("Authorization"));
        let long = format!("4097:0:1:1:0:0:0:0:0:0:rtsp%3a//h/{}:N", "x".repeat(400));
        let request = &of(&long, false, &ports)[0].request;
        assert!(
            request.len() <= 512 && !request.contains("User-Agent"),
            "{request}"
        );
    }

    #[test]
    fn a_url_is_asked_for_itself_with_its_login_and_headers() {
        let url = "4097:0:1:1:0:0:0:0:0:0:http%3a//u%3ap%2540x@h%3a8080/a b?c=%2541#User-Agent=My%20Player/1&referer=x:N";
        let found = of(url, false, &ports());
        assert_eq!(
            (found.len(), &*found[0].host, found[0].port),
            (1, "h", 8080)
        );
        let expected =
            "GET /a%20b?c=%41 HTTP/1.0\r\nHost: h:8080\r\nAuthorization: Basic dTpwQHg=\r\n\
                        User-Agent: My Player/1\r\nReferer: x\r\nConnection: close\r\n\r\n";
        assert_eq!(found[0].request, expected);
    }

    #[test]
    fn the_receiver_s_own_name_means_the_receiver() {
        let found = of(
            "1:0:1:1:0:0:0:0:0:0:http%3a//127.0.0.1%3a17999/x:N",
            false,
            &ports(),
        );
        assert_eq!((&*found[0].host, found[0].port), ("box", 17999));
        let found = of("1:0:1:1:0:0:0:0:0:0:http%3a//h:N", false, &ports());
        assert!(found[0]
            .request
            .starts_with("GET / HTTP/1.0\r\nHost: h\r\n"));
        assert_eq!(found[0].port, 80);
    }

    #[test]
    fn what_only_the_receiver_opens_goes_through_its_port() {
        for url in ["rtsp%3a//h/x", "https%3a//h/x.ts", "streamlink%3a//x"] {
            let found = of(&format!("4097:0:1:1:0:0:0:0:0:0:{url}:N"), false, &ports());
            assert_eq!(
                (found.len(), found[0].port, found[0].is_url),
                (1, 8001, false)
            );
        }
        assert!(of(
            "4097:0:1:1:0:0:0:0:0:0:http%3a//h/x.m3u8:N",
            false,
            &ports()
        )
        .is_empty());
    }

    #[test]
    fn a_url_cannot_break_out_of_its_request() {
        let url = "4097:0:1:1:0:0:0:0:0:0:http%3a//h/x%0d%0aX%3a y#User-Agent=a%250d%250aB%3a c:N";
        let request = &of(url, false, &ports())[0].request;
        assert_eq!(request.lines().count(), 5, "{request}");
    }
}
