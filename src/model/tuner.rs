//! Tuners: which services come through the same one, and what the receiver needs its own for.

use std::fmt;

use super::source::{authority, is_loopback, without_port};
use super::ServiceRef;

/// A frequency: all its services come through one tuner. Two are equal when enigma2's `eDVBChannelID` is: the low half
/// of the namespace, a sub-network, counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Transponder {
    stream: u32,
    network: u32,
    namespace: u32,
}

impl Transponder {
    /// Where a service is broadcast; `None` for what needs no tuner (URL services), and for what cannot be told
    /// (groups).
    pub fn of(service: &ServiceRef) -> Option<Transponder> {
        if let Some(inner) = relayed(service) {
            return Transponder::of(&inner);
        }
        let [_, stream, network] = service.triple();
        let namespace = service.namespace();
        let is_broadcast = service.path().is_empty() && namespace != 0 && !service.is_marker();
        is_broadcast.then_some(Transponder {
            stream,
            network,
            namespace,
        })
    }
}

/// `3FB-1-C00000`, as in the address of a service.
impl fmt::Display for Transponder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Transponder {
            stream,
            network,
            namespace,
        } = self;
        write!(f, "{stream:X}-{network:X}-{namespace:X}")
    }
}

/// The service behind a reference to a port of the receiver itself: enigma2 plays encrypted ones as
/// `...:http%3a//127.0.0.1%3a17999/1%3a0%3a19...` (`InfoBarStreamRelay`).
fn relayed(service: &ServiceRef) -> Option<ServiceRef> {
    let url = service.url()?;
    let is_own = is_loopback(without_port(authority(url)?));
    let inner = ServiceRef::parse(url.rsplit('/').next().filter(|_| is_own)?)?;
    inner.url().is_none().then_some(inner)
}

/// What the receiver does for itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Situation {
    /// What its screen shows; nothing in standby.
    pub television: Option<ServiceRef>,
    /// What it records, or is about to within seconds.
    pub recordings: Vec<ServiceRef>,
    /// What it will record or switch to.
    pub timers: Vec<Planned>,
    /// It streams to somebody, whoever that is.
    pub is_streaming: bool,
}

/// A timer that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The service it needs.
    pub service: ServiceRef,
    /// Seconds since 1970.
    pub begin: u64,
    /// Seconds since 1970.
    pub end: u64,
    /// Whether it only switches the screen over.
    pub is_zap: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<String> {
        let service = ServiceRef::parse(text).unwrap();
        Transponder::of(&service).map(|found| found.to_string())
    }

    #[test]
    fn a_broadcast_service_has_a_transponder_and_a_url_has_none() {
        let text = "1:0:19:283D:3FB:1:C00000:0:0:0:";
        assert_eq!(of(text).as_deref(), Some("3FB-1-C00000"));
        assert_eq!(of("4097:0:1:1:0:0:0:0:0:0:http%3a//h/x.ts:N"), None);
        assert_eq!(of("1:64:1:0:0:0:0:0:0:0::Title"), None);
        let group = "1:134:1:0:0:0:0:0:0:0:FROM BOUQUET \"alternatives.a.tv\" ORDER BY bouquet";
        assert_eq!(of(group), None);
    }

    #[test]
    fn a_service_behind_the_relay_of_the_receiver_has_the_one_of_its_own() {
        let inner = "1%3a0%3a19%3a283D%3a3FB%3a1%3aC00000%3a0%3a0%3a0%3a";
        let at = |host: &str| {
            of(&format!(
                "1:0:19:283D:3FB:1:C00001:0:0:0:http%3a//{host}/{inner}:N"
            ))
        };
        assert_eq!(at("127.0.0.1%3a17999").as_deref(), Some("3FB-1-C00000"));
        assert_eq!(at("otherbox%3a8001"), None, "that is its tuner");
    }

    #[test]
    fn sub_networks_are_told_apart() {
        let of = |text: &str| Transponder::of(&ServiceRef::parse(text).unwrap());
        let (one, two) = ("1:0:1:1:2:3:C00000:0:0:0:", "1:0:1:1:2:3:C01234:0:0:0:");
        assert_ne!(of(one), of(two));
        assert_eq!(of(one), of("1:0:19:9:2:3:C00000:0:0:0:"));
    }
}
