//! Who asks: the other end of the connection, or whom a trusted proxy asks for.

use std::net::{IpAddr, SocketAddr};

use crate::http::Request;
use crate::model::Network;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asker {
    /// The client's address, as far as it is known.
    pub(super) address: IpAddr,
    /// That address is believed. If not, a proxy that nobody told us of is on this machine, or a trusted one does not
    /// say for whom it asks; who is behind it may be anybody.
    pub(super) is_certain: bool,
}

/// Headers by which proxies say for whom they ask.
const FORWARDING: [&str; 3] = ["x-forwarded-for", "forwarded", "x-real-ip"];

impl Asker {
    /// Who sent the request: its other end, or, where that is a trusted proxy, the last address in `X-Forwarded-For` that
    /// is none.
    pub(super) fn of(request: &Request, trusted: &[Network]) -> Asker {
        let peer = request.peer.ip();
        let is_trusted = |address: IpAddr| trusted.iter().any(|one| one.contains(address));
        let is_forwarded = FORWARDING.iter().any(|name| request.header(name).is_some());
        if !is_trusted(peer) {
            return Asker {
                address: peer,
                is_certain: !(peer.is_loopback() && is_forwarded),
            };
        }
        let mut asker = Asker {
            address: peer,
            is_certain: !is_forwarded,
        };
        let chain: Vec<&str> = request.list("x-forwarded-for").collect();
        for element in chain.into_iter().rev() {
            let Some(address) = address(element) else {
                return Asker {
                    is_certain: false,
                    ..asker
                };
            };
            asker = Asker {
                address,
                is_certain: true,
            };
            if !is_trusted(address) {
                break;
            }
        }
        asker
    }

    /// Whether it is a program on this machine.
    pub(super) fn is_here(self) -> bool {
        self.is_certain && self.address.is_loopback()
    }
}

/// An address as proxies write it: alone, or with a port.
fn address(text: &str) -> Option<IpAddr> {
    let alone = text.trim_matches(['[', ']']).parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    alone
        .or_else(with_port)
        .map(|address| address.to_canonical())
}
