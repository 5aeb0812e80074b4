//! SSDP, the way of UPnP to be found: announcements to a group, and answers to whoever searches there.

use std::future::pending;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::time::{Duration, Instant};

use log::debug;
use rustix::net::{self, sockopt, AddressFamily, SocketFlags, SocketType};
use smol::future::{yield_now, FutureExt};
use smol::{Async, Timer};

use super::links::{self, Link, News};
use super::message::{self, Search};
use super::schedule::Answers;
use super::state::Way;
use super::voice::Voices;
use super::Needs;
use crate::watch::{Debounce, Timing};

/// Who hinders, in warnings.
const NAME: &str = "SSDP";
/// When to look at our addresses after news of them: they come in groups, and an address is not ready at once.
const AFTER_NEWS: Timing = Timing {
    quiet: Duration::from_secs(1),
    longest: Duration::from_secs(5),
    again: Duration::from_secs(10),
};
/// When to look at them without news; after something failed.
const LOOKS: Duration = Duration::from_secs(300);
const RETRY: Duration = Duration::from_secs(60);
/// Pause after a failure to receive, which may be followed by the next at once.
const PAUSE: Duration = Duration::from_secs(5);
/// Bytes of a packet that are read: a search has a few hundred.
const LONGEST: usize = 2048;

/// Announces and answers. What it announced is taken back by [`Voices::byebye`].
pub(super) async fn run(needs: &Needs, voices: &Voices) {
    let mut ssdp = Ssdp {
        needs,
        voices,
        ear: None,
        news: None,
        answers: Answers::default(),
        debounce: Debounce::new(AFTER_NEWS),
        look: Instant::now(),
        packet: vec![0; LONGEST],
    };
    loop {
        let now = Instant::now();
        // Not in one condition: both are to be asked.
        let has_news = ssdp.debounce.take(now);
        if has_news || ssdp.look <= now {
            ssdp.look(now);
        }
        voices.announce(now);
        ssdp.answer(now);
        match ssdp.next().await {
            Ok(Event::Heard(len, from)) => ssdp.hear(len, from),
            Ok(Event::News) => ssdp.debounce.news(Instant::now()),
            Ok(Event::Due) => {}
            Err(error) => {
                debug!("{NAME} begins anew: {error}");
                (ssdp.ear, ssdp.news) = (None, None);
                ssdp.look = Instant::now() + PAUSE;
            }
        }
        // Whoever sends much must not keep the others from their turn.
        yield_now().await;
    }
}

/// What there is to do.
enum Event {
    /// So many bytes were received, from there.
    Heard(usize, SocketAddr),
    /// Our addresses may have changed.
    News,
    /// It is time for something.
    Due,
}

struct Ssdp<'a> {
    needs: &'a Needs,
    voices: &'a Voices,
    ear: Option<Async<UdpSocket>>,
    news: Option<News>,
    answers: Answers,
    debounce: Debounce,
    /// When to look at our addresses, whether there is news or not.
    look: Instant,
    packet: Vec<u8>,
}

impl Ssdp<'_> {
    /// Follows our addresses.
    fn look(&mut self, now: Instant) {
        let result = self.follow(now);
        self.look = now + if result.is_ok() { LOOKS } else { RETRY };
        match result {
            Ok(()) => self.needs.state.clear(NAME),
            Err(error) => self.needs.state.warn(NAME, error.to_string()),
        }
    }

    fn follow(&mut self, now: Instant) -> io::Result<()> {
        let explain = |error| io::Error::other(format!("our addresses are not known: {error}"));
        let mut has_changed = self.ear.is_none();
        let mut links = Vec::new();
        let own = self.needs.loopback();
        if own.is_none() {
            if self.news.is_none() {
                self.news = Some(News::open().map_err(explain)?);
            }
            links = links::list().map_err(explain)?;
            links.retain(|link| self.needs.covers(link.address));
            has_changed |= self.voices.set(&links, self.needs, now);
        }
        if has_changed {
            let port = self.needs.ports.ssdp;
            let address = SocketAddrV4::new(own.unwrap_or(Ipv4Addr::UNSPECIFIED), port);
            // Anew for each change: what was joined on cards that are gone goes with the old one, which hears until then.
            let ear = listen(address, &links).map_err(|error| {
                let text = format!("cannot listen on UDP {address}: {error}");
                io::Error::new(error.kind(), text)
            });
            self.ear = None;
            self.needs.state.listens_ssdp(0);
            let ear = self.ear.insert(ear?);
            let port = ear.get_ref().local_addr()?.port();
            self.needs.state.listens_ssdp(port);
        }
        Ok(())
    }

    /// Waits until there is something to do.
    async fn next(&mut self) -> io::Result<Event> {
        let due = [self.voices.due(), self.answers.due(), self.debounce.due()];
        let due = due.into_iter().flatten().fold(self.look, Instant::min);
        let (ear, news, packet) = (&self.ear, &self.news, &mut self.packet);
        let news = async {
            match news {
                Some(news) => news.heard().await.map(|()| Event::News),
                None => pending().await,
            }
        };
        let heard = async {
            let Some(ear) = ear else {
                return pending().await;
            };
            let (len, from) = ear.recv_from(packet).await?;
            Ok(Event::Heard(len, from))
        };
        let due = async {
            Timer::at(due).await;
            Ok(Event::Due)
        };
        news.or(heard).or(due).await
    }

    /// Something was received.
    fn hear(&mut self, len: usize, from: SocketAddr) {
        let packet = self.packet.get(..len).unwrap_or_default();
        // The socket is one of IPv4.
        let SocketAddr::V4(from) = from else {
            return;
        };
        let Some(search) = Search::read(packet, self.voices.uuid()) else {
            return;
        };
        let is_near = (self.needs.is_near)(IpAddr::from(*from.ip()));
        if !is_near || !self.answers.add(Instant::now(), from, search, chance()) {
            self.needs.state.ignored(Way::Ssdp);
        }
    }

    /// Gives the answers that are due.
    fn answer(&mut self, now: Instant) {
        while let Some((to, target)) = self.answers.take(now) {
            let state = &self.needs.state;
            let ear = self.ear.as_ref().map(Async::get_ref);
            let Some((base, ear)) = self.needs.base(IpAddr::from(*to.ip())).zip(ear) else {
                state.ignored(Way::Ssdp);
                continue;
            };
            let messages = message::answers(target, self.voices.uuid(), &super::location(&base));
            for message in messages {
                if let Err(error) = ear.send_to(message.as_bytes(), to) {
                    debug!("{NAME}: no answer to {to}: {error}");
                }
            }
            state.answered(Way::Ssdp);
        }
    }
}

/// Listens beside whoever else does, in the group on each of the links.
fn listen(address: SocketAddrV4, links: &[Link]) -> io::Result<Async<UdpSocket>> {
    let socket = net::socket_with(
        AddressFamily::INET,
        SocketType::DGRAM,
        SocketFlags::CLOEXEC,
        None,
    )?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    // The other one may have only this; kernels before 3.9 do not know it.
    let _ = sockopt::set_socket_reuseport(&socket, true);
    net::bind(&socket, &address)?;
    for Link { card, address } in links {
        // A second address on the same card is refused, and one too many.
        if let Err(error) =
            sockopt::set_ip_add_membership_with_ifindex(&socket, &message::GROUP, address, *card)
        {
            debug!("{NAME}: {address} hears no searches of its own: {error}");
        }
    }
    Async::new(UdpSocket::from(socket))
}

/// A number nobody can foretell; without one the answer comes at once.
fn chance() -> u16 {
    let mut bytes = [0; 2];
    let _ = getrandom::fill(&mut bytes);
    u16::from_ne_bytes(bytes)
}
