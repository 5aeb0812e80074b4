//! The connections of the stream ports: who has one, who had one, and ending them.

use super::Port;
use rustix::net::{shutdown, Shutdown};
use smol::Async;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;

/// How often a service was asked for on the stream ports.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Connections {
    /// Requests in all, failed ones included.
    pub opened: u32,
    /// Those of them that came to the relay.
    pub relayed: u32,
    /// Connections that still exist.
    pub open: u32,
}

/// A stream on its way.
pub(super) struct Open {
    id: u32,
    /// The reference as asked for, decoded once; of the far ends the path.
    pub(super) sref: String,
    /// The address of the client.
    pub(super) ip: String,
    /// Its use of a tuner; `None` while the receiver has not (or not yet) tuned for it.
    pub(super) tuned: Option<u32>,
    socket: Rc<Async<TcpStream>>,
}

impl Open {
    /// Ends it at once, whatever its task waits for.
    fn end(&self) {
        let _ = shutdown(&*self.socket, Shutdown::Both);
    }
}

/// All of them.
#[derive(Default)]
pub(super) struct Registry {
    open: Vec<Open>,
    counts: BTreeMap<String, Connections>,
    given: u32,
    /// Whether all streams are silent.
    pub(super) stalled: bool,
}

impl Registry {
    /// Notes a connection, until [`Registry::leave`].
    pub(super) fn enter(
        &mut self,
        sref: &str,
        port: Port,
        peer: SocketAddr,
        socket: &Rc<Async<TcpStream>>,
    ) -> u32 {
        let count = self.counts.entry(sref.to_owned()).or_default();
        count.opened += 1;
        count.relayed += u32::from(port == Port::Relay);
        count.open += 1;
        self.given += 1;
        self.open.push(Open {
            id: self.given,
            sref: sref.to_owned(),
            // enigma2 listens on both families and prints IPv4 peers this way.
            ip: format!("::ffff:{}", peer.ip()),
            tuned: None,
            socket: Rc::clone(socket),
        });
        self.given
    }

    /// Forgets a connection; the use of a tuner it had is returned.
    pub(super) fn leave(&mut self, id: u32) -> Option<u32> {
        let index = self.open.iter().position(|open| open.id == id)?;
        let open = self.open.remove(index);
        if let Some(count) = self.counts.get_mut(&open.sref) {
            count.open -= 1;
        }
        open.tuned
    }

    /// Says which use of a tuner a connection has.
    pub(super) fn tuned(&mut self, id: u32, tuned: u32) {
        if let Some(open) = self.open.iter_mut().find(|open| open.id == id) {
            open.tuned = Some(tuned);
        }
    }

    /// The streams the receiver tuned for, the oldest first.
    pub(super) fn viewers(&self) -> impl Iterator<Item = &Open> {
        self.open.iter().filter(|open| open.tuned.is_some())
    }

    /// Ends the connections with these uses of a tuner.
    pub(super) fn end(&mut self, tuned: &[u32]) {
        for open in &mut self.open {
            if open.tuned.is_some_and(|id| tuned.contains(&id)) {
                open.tuned = None;
                open.end();
            }
        }
    }

    pub(super) fn end_all(&self) {
        self.open.iter().for_each(Open::end);
    }

    pub(super) fn counts(&self) -> BTreeMap<String, Connections> {
        self.counts.clone()
    }

    /// Counts from zero again; what is open stays open.
    pub(super) fn reset(&mut self) {
        self.counts.retain(|_, count| count.open > 0);
        for count in self.counts.values_mut() {
            count.opened = 0;
            count.relayed = 0;
        }
    }
}
