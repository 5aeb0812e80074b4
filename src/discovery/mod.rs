//! How clients find the program by themselves.

mod hdhomerun;

use std::cell::{Cell, RefCell};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::rc::Rc;

use crate::hdhomerun::{Device, Tuner};

/// The ports that are listened on; 0: any.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// By UDP and by TCP.
    pub hdhomerun: u16,
    /// By UDP.
    pub ssdp: u16,
}

/// What discovery works with.
pub struct Needs {
    /// Ports.
    pub ports: Ports,
    /// What the HTTP server listens on.
    pub server: SocketAddr,
    /// The device.
    pub device: Box<dyn Fn() -> Device>,
    /// Its tuners.
    pub tuners: Box<dyn Fn() -> Vec<Tuner>>,
    /// Whether somebody is near.
    pub is_near: Box<dyn Fn(IpAddr) -> bool>,
    /// What is told.
    pub state: Rc<State>,
}

impl Needs {
    /// Our address as a peer can reach it.
    fn base(&self, peer: IpAddr) -> Option<String> {
        let socket = UdpSocket::bind(("0.0.0.0", 0)).ok()?;
        socket.connect((peer, 9)).ok()?;
        let own = socket.local_addr().ok()?.ip();
        let covers = self.server.ip().is_unspecified() || self.server.ip() == own;
        covers.then(|| format!("http://{own}:{}", self.server.port()))
    }
}

/// By what we are found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Way {
    /// UDP.
    Discover,
    /// TCP.
    Control,
    /// SSDP.
    Ssdp,
}

/// State.
#[derive(Default)]
pub struct State {
    answered: Cell<u32>,
    ignored: Cell<u32>,
    warned: RefCell<Vec<String>>,
}

impl State {
    fn answered(&self, _: Way) {
        self.answered.set(self.answered.get() + 1);
    }

    fn ignored(&self, _: Way) {
        self.ignored.set(self.ignored.get() + 1);
    }

    fn warn(&self, text: String) {
        self.warned.borrow_mut().push(text);
    }
}
