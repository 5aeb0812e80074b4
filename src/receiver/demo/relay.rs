//! Encrypted services: the softcam's stream relay, and on which port they come clear.

use super::world::same_service;
use super::Port;

/// Where a service comes clear; elsewhere its packets stay scrambled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Clear {
    /// On both ports.
    Everywhere,
    /// On this one only.
    On(Port),
    /// The card cannot open it.
    Nowhere,
}

/// The softcam: what its relay is for, and what it can open.
#[derive(Default)]
pub(super) struct Relay {
    /// `/etc/enigma2/whitelist_streamrelay`: references as text, in the order they were given.
    pub(super) whitelist: Vec<String>,
    exceptions: Vec<(String, Clear)>,
}

impl Relay {
    /// A relay for these services, which are clear on its port only.
    pub(super) fn new(whitelist: Vec<String>) -> Relay {
        Relay {
            whitelist,
            exceptions: Vec::new(),
        }
    }

    /// Says where a service comes clear, whatever the list says.
    pub(super) fn set(&mut self, sref: &str, clear: Clear) {
        self.exceptions.retain(|(known, _)| known != sref);
        self.exceptions.push((sref.to_owned(), clear));
    }

    pub(super) fn is_clear(&self, sref: &str, port: Port) -> bool {
        let exception = self
            .exceptions
            .iter()
            .find(|(known, _)| same_service(known, sref));
        let listed = || self.whitelist.iter().any(|known| same_service(known, sref));
        let clear = match exception {
            Some((_, clear)) => *clear,
            None if listed() => Clear::On(Port::Relay),
            None => Clear::Everywhere,
        };
        match clear {
            Clear::Everywhere => true,
            Clear::On(wanted) => wanted == port,
            Clear::Nowhere => false,
        }
    }
}

/// Makes packets (188 bytes each) look as they do without a card: the tables stay readable, and so do the
/// adaptation fields.
pub(super) fn scramble(packets: &mut [u8]) {
    for packet in packets.chunks_exact_mut(188) {
        let pid = u16::from_be_bytes([packet[1] & 0x1F, packet[2]]);
        let has_payload = packet[3] & 0x10 != 0;
        // Tables and null packets are never scrambled.
        if !has_payload || pid == 0 || pid == super::ts::PMT || pid == 0x1FFF {
            continue;
        }
        // Scrambled with the even key.
        packet[3] |= 0x80;
        let skip = match packet[3] & 0x20 {
            0 => 4,
            _ => 5 + usize::from(packet[4]),
        };
        for (index, byte) in packet.iter_mut().enumerate().skip(skip) {
            *byte ^= (index as u8).wrapping_mul(0x9D) ^ 0x5A;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTED: &str = "1:0:19:1:A:1:C00000:0:0:0:";
    const FREE: &str = "1:0:19:2:A:1:C00000:0:0:0:";

    #[test]
    fn listed_services_are_clear_on_the_relay_only() {
        let mut relay = Relay::new(vec![LISTED.to_owned()]);
        assert!(relay.is_clear(LISTED, Port::Relay) && !relay.is_clear(LISTED, Port::Streams));
        assert!(relay.is_clear(FREE, Port::Relay) && relay.is_clear(FREE, Port::Streams));
        relay.set(LISTED, Clear::On(Port::Streams));
        assert!(!relay.is_clear(LISTED, Port::Relay) && relay.is_clear(LISTED, Port::Streams));
        relay.set(FREE, Clear::Nowhere);
        assert!(!relay.is_clear(FREE, Port::Relay) && !relay.is_clear(FREE, Port::Streams));
    }

    #[test]
    fn scrambling_spares_tables_and_adaptation_fields() {
        let mut packets = vec![0_u8; 3 * 188];
        packets[..4].copy_from_slice(&[0x47, 0x40, 0x00, 0x10]);
        packets[188..194].copy_from_slice(&[0x47, 0x41, 0x01, 0x30, 1, 0x40]);
        packets[376..380].copy_from_slice(&[0x47, 0x1F, 0xFF, 0x10]);
        let clear = packets.clone();
        scramble(&mut packets);
        assert_eq!(packets[..188], clear[..188]);
        assert_eq!(packets[188..194], [0x47, 0x41, 0x01, 0xB0, 1, 0x40]);
        assert!(packets[194..376]
            .iter()
            .zip(&clear[194..])
            .any(|(a, b)| a != b));
        assert_eq!(packets[376..], clear[376..]);
    }
}
