//! Whether a request comes from a page of another site, or to a name of another machine.

use crate::http::Request;
use crate::model::{authority, without_port};

/// Endings of names that no public DNS gives away.
const LOCAL: [&str; 4] = [".local", ".lan", ".fritz.box", ".home.arpa"];

/// Names this program is known by.
pub(super) struct Names {
    /// Besides those that need no telling, in lower case.
    pub(super) own: Vec<String>,
    /// `host:port` of `server.public_url`.
    pub(super) public: Option<String>,
}

/// The name this machine calls itself.
pub fn machine() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

impl Names {
    /// Whether the `Host` of a request is a name of ours. A page of another site whose own name was made to lead here
    /// (DNS rebinding) may do what it likes in a browser, except to change that header.
    pub(super) fn have(&self, host: &str) -> bool {
        let host = without_port(host).to_ascii_lowercase();
        let host = host.strip_suffix('.').unwrap_or(&host);
        let is_address = host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok();
        let public = self.public.as_deref().map(without_port);
        is_address
            || !host.contains('.')
            || LOCAL.iter().any(|ending| host.ends_with(ending))
            || self.own.iter().any(|own| own == host)
            || public.is_some_and(|public| public.eq_ignore_ascii_case(host))
    }

    /// Whether a page of another site sent the request. What says nothing is no browser: those tell it with each change.
    pub(super) fn are_foreign_to(&self, request: &Request) -> bool {
        let site = request.header("origin").or(request.header("referer"));
        let Some(site) = site else {
            let fetch = request.header("sec-fetch-site");
            return fetch.is_some_and(|site| !matches!(site, "same-origin" | "none"));
        };
        // `null` is a page without an origin: a file, or a frame that hides where it comes from.
        let Some(site) = authority(site).map(without_usual_port) else {
            return true;
        };
        let is = |own: &str| site.eq_ignore_ascii_case(without_usual_port(own));
        !is(&request.host) && !self.public.as_deref().is_some_and(is)
    }
}

/// Browsers leave the port out where it is the usual one of http and https.
fn without_usual_port(authority: &str) -> &str {
    let strip = |port| authority.strip_suffix(port);
    strip(":80").or_else(|| strip(":443")).unwrap_or(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_only_a_local_network_has_are_ours() {
        let names = Names {
            own: vec!["tv.example.org".into()],
            public: Some("gate.example.net:8443".into()),
        };
        for host in [
            "box",
            "box:8080",
            "BOX.local",
            "vuduo2.fritz.box:80",
            "x.lan",
            "a.home.arpa",
            "192.168.1.5",
            "[fd00::1]:8080",
            "127.0.0.1:1",
            "localhost",
            "TV.example.org:99",
            "tv.example.org.",
            "gate.example.net",
            "Gate.Example.net:8443",
        ] {
            assert!(names.have(host), "{host}");
        }
        for host in [
            "evil.example",
            "tv.example.org.evil.example",
            "xlan.example",
            "192.168.1.5.evil.example",
            "fritz.box.evil.de",
            "example.org",
            "a.tv.example.org",
            "1.2.3",
            "lan.",
            "evil.local.com",
        ] {
            assert!(host == "lan." || !names.have(host), "{host}");
        }
    }
}
