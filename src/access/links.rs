//! Networks this machine is on, as the kernel's routes tell: what needs no router.

use std::cell::RefCell;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

use crate::model::Network;

/// How long the routes are believed.
const AGE: Duration = Duration::from_secs(30);
/// Prefixes shorter than these (bits) are no local network but what a provider's line without a router leads to.
const SHORTEST: (u8, u8) = (8, 48);
/// `RTF_UP` and `RTF_REJECT` of the kernel's route flags.
const UP: u32 = 1;
const REJECT: u32 = 0x200;

/// Networks this machine is on.
#[derive(Default)]
pub(super) struct Links {
    known: RefCell<Option<(Instant, Vec<Network>)>>,
}

impl Links {
    /// Whether an address is on one of them.
    pub(super) fn hold(&self, address: IpAddr, now: Instant) -> bool {
        let mut known = self.known.borrow_mut();
        let is_old = |at: &Instant| now.saturating_duration_since(*at) >= AGE;
        if known.as_ref().is_none_or(|(at, _)| is_old(at)) {
            *known = Some((now, read()));
        }
        let networks = known.iter().flat_map(|(_, networks)| networks);
        networks
            .into_iter()
            .any(|network| network.contains(address))
    }
}

fn read() -> Vec<Network> {
    // A kernel without IPv6 has no such file, and one that tells nothing has no networks for us.
    let [four, six] = ["/proc/net/route", "/proc/net/ipv6_route"]
        .map(|path| fs::read_to_string(path).unwrap_or_default());
    let four = four.lines().skip(1).filter_map(route_4);
    four.chain(six.lines().filter_map(route_6)).collect()
}

/// A line of `/proc/net/route`: interface, destination, gateway, flags, three counters, mask; addresses are hexadecimal
/// in the byte order of the machine.
fn route_4(line: &str) -> Option<Network> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let number = |at: usize| u32::from_str_radix(fields.get(at)?, 16).ok();
    let address = |at: usize| Some(Ipv4Addr::from(number(at)?.to_ne_bytes()));
    let bits = u32::from(address(7)?).leading_ones() as u8;
    let is_direct = number(2)? == 0 && is_up(number(3)?) && bits >= SHORTEST.0;
    is_direct.then(|| Network::new(address(1)?.into(), bits))?
}

/// A line of `/proc/net/ipv6_route`: destination, length of its prefix, source and length, next hop, metric, two
/// counters, flags, interface; all hexadecimal.
fn route_6(line: &str) -> Option<Network> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let address = |at: usize| {
        u128::from_str_radix(fields.get(at)?, 16)
            .ok()
            .map(Ipv6Addr::from)
    };
    let number = |at: usize| u32::from_str_radix(fields.get(at)?, 16).ok();
    let bits = u8::try_from(number(1)?).ok()?;
    let is_link = *fields.get(9)? != "lo" && address(4)?.is_unspecified();
    let is_direct = is_link && is_up(number(8)?) && bits >= SHORTEST.1;
    is_direct.then(|| Network::new(address(0)?.into(), bits))?
}

fn is_up(flags: u32) -> bool {
    flags & UP != 0 && flags & REJECT == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line as this machine writes it.
    fn line_4(destination: [u8; 4], gateway: [u8; 4], flags: u32, mask: [u8; 4]) -> String {
        let [destination, gateway, mask] = [destination, gateway, mask].map(u32::from_ne_bytes);
        format!("eth0\t{destination:08X}\t{gateway:08X}\t{flags:04X}\t0\t0\t0\t{mask:08X}\t0\t0\t0")
    }

    fn shown(network: Option<Network>) -> Option<String> {
        network.map(|network| network.to_string())
    }

    #[test]
    fn a_route_without_a_gateway_is_a_network_we_are_on() {
        let lan = line_4([84, 1, 2, 0], [0; 4], 1, [255, 255, 255, 0]);
        assert_eq!(shown(route_4(&lan)).as_deref(), Some("84.1.2.0/24"));
        for other in [
            line_4([0; 4], [192, 168, 1, 1], 3, [0; 4]),
            line_4([0; 4], [0; 4], 1, [0; 4]),
            line_4([84, 1, 2, 0], [192, 168, 1, 1], 3, [255, 255, 255, 0]),
            line_4([84, 1, 2, 0], [0; 4], 0x201, [255, 255, 255, 0]),
            line_4([84, 1, 2, 0], [0; 4], 0, [255, 255, 255, 0]),
            "eth0 zz".into(),
            String::new(),
        ] {
            assert_eq!(route_4(&other), None, "{other}");
        }
    }

    #[test]
    fn the_same_holds_for_ipv6_but_not_for_loopback() {
        let line = |bits: &str, hop: &str, flags: &str, link: &str| {
            let net = "20010db8000100020000000000000000";
            let zero = "0".repeat(32);
            let hop = if hop.is_empty() { &zero } else { hop };
            format!("{net} {bits} {zero} 00 {hop} 00000100 00000001 00000000 {flags} {link}")
        };
        let lan = route_6(&line("40", "", "00000001", "  eth0"));
        assert_eq!(shown(lan).as_deref(), Some("2001:db8:1:2::/64"));
        let router = "fe800000000000000000000000000001";
        for other in [
            line("40", router, "00000003", "eth0"),
            line("40", "", "00200200", "lo"),
            line("40", "", "00000201", "eth0"),
            line("03", "", "00000001", "ppp0"),
            line("81", "", "00000001", "eth0"),
            line("1ff", "", "00000001", "eth0"),
            "x".into(),
        ] {
            assert_eq!(route_6(&other), None, "{other}");
        }
    }

    #[test]
    fn nobody_is_on_a_network_that_is_no_ones() {
        // RFC 5737 and RFC 3849.
        let links = Links::default();
        for address in ["203.0.113.9", "2001:db8:ffff::1"] {
            assert!(!links.hold(address.parse().unwrap(), Instant::now()));
        }
    }
}
