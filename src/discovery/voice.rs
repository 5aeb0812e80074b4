//! Those who announce us: one on each of our addresses.

use std::cell::RefCell;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Instant;

use log::{debug, info};
use rustix::net::sockopt;

use super::links::Link;
use super::message;
use super::schedule::Announcements;
use super::Needs;

/// Routers that announcements may pass: what UPnP recommends.
const TTL: u32 = 2;

/// One who announces us.
#[derive(Debug)]
struct Voice {
    link: Link,
    socket: UdpSocket,
    /// Where we are described.
    location: String,
    announcements: Announcements,
    /// The last announcement could not be sent.
    is_unheard: bool,
}

/// All who announce us.
#[derive(Debug)]
pub(super) struct Voices {
    uuid: String,
    all: RefCell<Vec<Voice>>,
}

impl Voices {
    /// None yet.
    pub(super) fn new(uuid: String) -> Voices {
        Voices {
            uuid,
            all: RefCell::default(),
        }
    }

    /// Our name in UPnP.
    pub(super) fn uuid(&self) -> &str {
        &self.uuid
    }

    /// Makes one for each link, now that these are all; the first announcement of each is due at once, and of who could
    /// not be heard. `false` if there was no change.
    pub(super) fn set(&self, links: &[Link], needs: &Needs, now: Instant) -> bool {
        let mut all = self.all.borrow_mut();
        let old: Vec<Link> = all.iter().map(|voice| voice.link).collect();
        let change = Change::of(&old, links);
        all.retain(|voice| !change.gone.contains(&voice.link));
        for voice in all.iter_mut().filter(|voice| voice.is_unheard) {
            voice.announcements = Announcements::new(now);
        }
        let mut come = false;
        for link in &change.come {
            match Voice::open(*link, needs, now) {
                Ok(voice) => {
                    if change.replaces(link) {
                        // What was said from the old address cannot be taken back from there any more.
                        voice.say(&message::byebye(&self.uuid));
                    }
                    info!("can be found at {}", voice.location);
                    all.push(voice);
                    come = true;
                }
                // It may be gone again.
                Err(error) => debug!("nothing can be sent from {}: {error}", link.address),
            }
        }
        come || !change.gone.is_empty()
    }

    /// When the next announcement is due.
    pub(super) fn due(&self) -> Option<Instant> {
        let all = self.all.borrow();
        all.iter().map(|voice| voice.announcements.due()).min()
    }

    /// Makes the announcements that are due.
    pub(super) fn announce(&self, now: Instant) {
        for voice in self.all.borrow_mut().iter_mut() {
            if voice.announcements.take(now) {
                voice.is_unheard = !voice.say(&message::alive(&self.uuid, &voice.location));
            }
        }
    }

    /// Takes everything back: we are gone.
    pub(super) fn byebye(&self) {
        for voice in self.all.take() {
            voice.say(&message::byebye(&self.uuid));
        }
    }
}

impl Voice {
    fn open(link: Link, needs: &Needs, now: Instant) -> io::Result<Voice> {
        let socket = UdpSocket::bind((link.address, 0))?;
        // The address would do, but then nobody would be told that the card is switched off.
        sockopt::set_ip_multicast_if_with_ifindex(
            &socket,
            &message::GROUP,
            &link.address,
            link.card,
        )?;
        socket.set_multicast_ttl_v4(TTL)?;
        socket.set_nonblocking(true)?;
        Ok(Voice {
            link,
            socket,
            location: super::location(&needs.at(link.address)),
            announcements: Announcements::new(now),
            is_unheard: false,
        })
    }

    /// Says something to the group; `false` if it could not, as on a card that is switched off, which keeps its
    /// addresses.
    fn say(&self, messages: &[String]) -> bool {
        let to = SocketAddr::from(message::group());
        let mut sent = messages
            .iter()
            .map(|message| self.socket.send_to(message.as_bytes(), to));
        let failure = sent.find_map(Result::err);
        if let Some(error) = &failure {
            debug!("nobody hears {}: {error}", self.link.address);
        }
        failure.is_none()
    }
}

/// What became of our links.
#[derive(Debug, PartialEq)]
struct Change {
    gone: Vec<Link>,
    come: Vec<Link>,
}

impl Change {
    fn of(old: &[Link], new: &[Link]) -> Change {
        let missing = |from: &[Link], other: &[Link]| {
            let links = from.iter().filter(|link| !other.contains(link));
            links.copied().collect()
        };
        Change {
            gone: missing(old, new),
            come: missing(new, old),
        }
    }

    /// Whether a link that came is on the card of one that is gone.
    fn replaces(&self, come: &Link) -> bool {
        self.gone.iter().any(|gone| gone.card == come.card)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(card: u32, last: u8) -> Link {
        Link {
            card,
            address: [192, 168, 1, last].into(),
        }
    }

    #[test]
    fn a_change_is_what_came_and_what_is_gone() {
        let old = [link(2, 5), link(3, 6)];
        let nothing = Change {
            gone: vec![],
            come: vec![],
        };
        assert_eq!(Change::of(&old, &[link(3, 6), link(2, 5)]), nothing);
        let change = Change::of(&old, &[link(3, 6), link(2, 7), link(4, 8)]);
        assert_eq!(change.gone, [link(2, 5)]);
        assert_eq!(change.come, [link(2, 7), link(4, 8)]);
        // What was said on a card is taken back there before something else is said.
        assert!(change.replaces(&change.come[0]));
        assert!(!change.replaces(&change.come[1]));
        // A card that was plugged in again is another one.
        assert_eq!(Change::of(&old[..1], &[link(9, 5)]).come, [link(9, 5)]);
    }
}
