//! The address a port is opened on.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

/// The address a port is opened on: `:8080`, `192.168.1.20:8080`, `[::1]:8080`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen {
    /// `None` = every address of the machine, IPv6 and IPv4.
    pub host: Option<IpAddr>,
    /// The port; 0 lets the system choose one.
    pub port: u16,
}

impl FromStr for Listen {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str =
            "must be \":port\", \"1.2.3.4:port\" or \"[::1]:port\" with a port up to 65535";
        if text.parse::<u16>().is_ok() {
            return Err("needs a colon before the port, such as \":8080\"");
        }
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(Listen {
                host: Some(address.ip()),
                port: address.port(),
            });
        }
        let (host, port) = text.rsplit_once(':').ok_or(FORM)?;
        let host = match host {
            "" => None,
            "localhost" => Some(Ipv4Addr::LOCALHOST.into()),
            _ => return Err(FORM),
        };
        // `parse` alone would take "+80".
        if !port.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(FORM);
        }
        let port = port.parse().map_err(|_| FORM)?;
        Ok(Listen { host, port })
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host {
            None => write!(f, ":{}", self.port),
            Some(host) => SocketAddr::new(host, self.port).fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_written_forms_are_read_and_printed_again() {
        for text in [":8080", ":0", "1.2.3.4:80", "[::]:8080", "[fe80::1]:65535"] {
            let listen: Listen = text.parse().unwrap();
            assert_eq!(listen.to_string(), text);
        }
        let local: Listen = "localhost:8080".parse().unwrap();
        assert_eq!(local.to_string(), "127.0.0.1:8080");
    }

    #[test]
    fn a_bare_port_a_name_and_a_great_port_are_refused() {
        for text in [
            "8080", "", ":", ":70000", ":+80", "box:8080", "1.2.3.4", "::1:80:x",
        ] {
            assert!(text.parse::<Listen>().is_err(), "{text}");
        }
    }
}
