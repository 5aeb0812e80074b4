//! The program that should be running: asked over HTTP whether it is ready.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use crate::config::Listen;
use crate::health::{Check, Status, COMPONENTS};
use crate::http::client::{Client, Error, Settings};

/// Ours answers at once.
const PATIENCE: Duration = Duration::from_secs(3);
/// The answer has some 600 bytes.
const LARGEST: u64 = 64 * 1024;

/// How the program that should be running is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is ready; these components are not as they should be.
    Ready(Vec<Check>),
    /// It is not, for these.
    NotReady(Vec<Check>),
    /// Whoever answers is not this program, or does not let us in. Where, and what.
    Other(SocketAddr, String),
    /// Nobody answers. Where, and why.
    Nobody(SocketAddr, String),
}

/// Asks the program that listens as configured. A port of 0 is no place to ask at: the answer is `Nobody`.
pub async fn ask(listen: &Listen) -> Answer {
    let mut last = Answer::Nobody(
        SocketAddr::new(Ipv4Addr::LOCALHOST.into(), listen.port),
        "there is no such address".into(),
    );
    for host in hosts(listen.host) {
        last = ask_at(SocketAddr::new(host, listen.port)).await;
        if !matches!(last, Answer::Nobody(..)) {
            break;
        }
    }
    last
}

/// Where to ask who listens on `host`, in this order. `::` stands for IPv4 too.
fn hosts(host: Option<IpAddr>) -> Vec<IpAddr> {
    let (four, six) = (Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into());
    match host {
        None => vec![four, six],
        Some(IpAddr::V4(host)) if host.is_unspecified() => vec![four],
        Some(IpAddr::V6(host)) if host.is_unspecified() => vec![six, four],
        Some(host) => vec![host],
    }
}

async fn ask_at(address: SocketAddr) -> Answer {
    let base = format!("http://{address}");
    let client = Client::new(Settings::once(base, PATIENCE, "xg2g-check"));
    let client = match client {
        Ok(client) => client,
        Err(error) => return Answer::Nobody(address, error.to_string()),
    };
    let alive = match client.get("/healthz?verbose=true", LARGEST).await {
        Ok((_, body)) => String::from_utf8_lossy(&body).into_owned(),
        Err(error) => return refused(address, error),
    };
    if !alive.starts_with(r#"{"status":"healthy""#) {
        return Answer::Other(address, "who answers there is not xg2g".into());
    }
    let mut checks = read(&alive);
    checks.retain(|check| check.status > Status::Healthy);
    match client.get("/readyz", LARGEST).await {
        Ok(_) => Answer::Ready(checks),
        Err(Error::Status { status: 503, .. }) => Answer::NotReady(checks),
        Err(error) => refused(address, error),
    }
}

/// The client's words are about a receiver.
fn refused(address: SocketAddr, error: Error) -> Answer {
    let status = match error {
        Error::Unauthorized { status, .. } | Error::Status { status, .. } => status,
        Error::Refused(_) => {
            return Answer::Nobody(address, "nothing listens there".into());
        }
        Error::Timeout(_) => {
            let text = format!("no answer within {} s", PATIENCE.as_secs());
            return Answer::Nobody(address, text);
        }
        Error::Closed(_) | Error::Protocol(_) => {
            return Answer::Other(address, "who answers there speaks no HTTP".into());
        }
        error => return Answer::Nobody(address, error.to_string()),
    };
    Answer::Other(address, format!("who answers there says {status}"))
}

/// The components in an answer of ours: compact JSON, in which quotes and backslashes of a text are escaped.
fn read(body: &str) -> Vec<Check> {
    let row = |name: &'static str| {
        let begin = format!("\"{name}\":{{\"status\":\"");
        let (_, rest) = body.split_once(&begin)?;
        let (status, rest) = rest.split_once("\",\"message\":\"")?;
        let all = [Status::Healthy, Status::Degraded, Status::Unhealthy];
        let status = all.into_iter().find(|one| one.as_str() == status)?;
        Some(Check {
            name,
            status,
            message: text(rest),
        })
    };
    COMPONENTS.into_iter().filter_map(row).collect()
}

/// The text up to its closing quote; an escape other than that of a sign is a blank.
fn text(from: &str) -> String {
    let mut text = String::new();
    let mut rest = from.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' => break,
            '\\' => match rest.next() {
                Some(sign @ ('"' | '\\' | '/')) => text.push(sign),
                _ => text.push(' '),
            },
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_that_is_listened_on_is_asked_on_loopback() {
        let hosts = |text: &str| {
            let listen: Listen = text.parse().unwrap();
            let all = hosts(listen.host).into_iter();
            all.map(|host| host.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(hosts(":80"), ["127.0.0.1", "::1"]);
        assert_eq!(hosts("0.0.0.0:80"), ["127.0.0.1"]);
        assert_eq!(hosts("[::]:80"), ["::1", "127.0.0.1"]);
        assert_eq!(hosts("[::1]:80"), ["::1"]);
        assert_eq!(hosts("192.168.1.2:80"), ["192.168.1.2"]);
    }

    #[test]
    fn components_are_read_with_their_texts() {
        let body = r#"{"status":"healthy","checks":{"playlist":{"status":"healthy","message":"7 channels"},"disk":{"status":"degraded","message":"a \"b\\c\"\nd"}}}"#;
        let checks = read(body);
        assert_eq!(checks.len(), 2);
        assert_eq!(checks[0].status, Status::Healthy);
        assert_eq!(
            (checks[1].name, &*checks[1].message),
            ("disk", "a \"b\\c\" d")
        );
        assert!(read("").is_empty() && read(r#"{"status":"healthy"}"#).is_empty());
    }
}
