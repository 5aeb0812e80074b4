//! Being found: programs look for HDHomeRun tuners in the network, and are answered without anybody having to type an
//! address. Silent while another program of this machine does the same.

mod hdhomerun;
mod links;
mod message;
mod schedule;
mod ssdp;
mod state;
mod voice;

#[cfg(fuzzing)]
pub mod fuzz;

use std::future::{pending, Future};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use async_channel::Sender;
use log::{info, warn};
use smol::future::{zip, FutureExt};
use smol::{LocalExecutor, Task, Timer};

use crate::hdhomerun::{Device, Tuner};

pub use state::{State, Told, Way};

use self::hdhomerun::Servers;
use self::voice::Voices;

/// Between two questions whether there is a rival.
const CHECKS: Duration = Duration::from_secs(300);
/// Between two attempts to listen for HDHomeRun clients.
const RETRY: Duration = Duration::from_secs(60);
/// Who hinders, in warnings.
const HDHOMERUN: &str = "HDHomeRun";
const IPV6_ONLY: &str = "the address listened on is of IPv6, which clients do not look for";

/// Ports that clients know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// HDHomeRun discovery (UDP) and control (TCP).
    pub hdhomerun: u16,
    /// Searches of UPnP (UDP).
    pub ssdp: u16,
}

impl Ports {
    /// Nothing is listened on.
    const NONE: Ports = Ports {
        hdhomerun: 0,
        ssdp: 0,
    };
}

/// Those of the protocols.
impl Default for Ports {
    fn default() -> Ports {
        Ports {
            hdhomerun: 65001,
            ssdp: 1900,
        }
    }
}

/// Asks whether another program of this machine plays an HDHomeRun: why we have to be silent.
pub type Rival = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Option<String>>>>>;

/// What discovery works with.
pub struct Needs {
    /// Where to listen; 0 is a free port.
    pub ports: Ports,
    /// What the HTTP server listens on. Discovery covers the same: an unspecified address is all there are, on one of
    /// this machine alone nothing is sent unasked.
    pub server: SocketAddr,
    /// The device as it is now. Its id stays.
    pub device: Box<dyn Fn() -> Device>,
    /// Its tuners as they are now.
    pub tuners: Box<dyn Fn() -> Vec<Tuner>>,
    /// Who may ask at all.
    pub is_near: Box<dyn Fn(IpAddr) -> bool>,
    /// Who else plays the same.
    pub rival: Rival,
    /// Where it is told how things are.
    pub state: Rc<State>,
}

impl Needs {
    /// Our address as `peer` reaches it, for people and programs: at most 28 characters (rule G24). `None` if the server
    /// does not listen there, or the peer has no IPv4.
    pub fn base(&self, peer: IpAddr) -> Option<String> {
        let IpAddr::V4(peer) = peer.to_canonical() else {
            return None;
        };
        // Sends nothing: the kernel looks for the way, which begins at an address of ours. The port does not matter.
        let probe = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
        probe.connect((peer, 9)).ok()?;
        match probe.local_addr().ok()? {
            SocketAddr::V4(own) if self.covers(*own.ip()) => Some(self.at(*own.ip())),
            _ => None,
        }
    }

    /// Whether the server listens on an address of ours.
    fn covers(&self, own: Ipv4Addr) -> bool {
        let listens = self.server.ip().to_canonical();
        listens.is_unspecified() || listens == IpAddr::V4(own)
    }

    /// The address if the server listens on one that only this machine reaches.
    fn loopback(&self) -> Option<Ipv4Addr> {
        match self.server.ip().to_canonical() {
            IpAddr::V4(own) if own.is_loopback() => Some(own),
            _ => None,
        }
    }

    fn is_ipv6_only(&self) -> bool {
        let listens = self.server.ip().to_canonical();
        listens.is_ipv6() && !listens.is_unspecified()
    }

    fn at(&self, own: Ipv4Addr) -> String {
        format!("http://{own}:{}", self.server.port())
    }
}

/// Where the device with this base address is described for UPnP.
fn location(base: &str) -> String {
    format!("{base}/device.xml")
}

/// Discovery at work. Dropping it ends it without a word; [`Discovery::stop`] is the polite way.
#[derive(Debug)]
pub struct Discovery {
    task: Task<()>,
    /// Closed, it ends the task.
    goes_on: Sender<()>,
}

/// Begins to be found.
pub fn start(executor: &Rc<LocalExecutor<'static>>, needs: Needs) -> Discovery {
    let (goes_on, ended) = async_channel::bounded(1);
    let task = executor.spawn(async move {
        let _off = Off(needs.state.clone());
        let voices = Voices::new((needs.device)().id.uuid());
        let live = live(&needs, &voices, CHECKS);
        let ended = async {
            // Nothing is ever sent: this is the end of the other side.
            let _ = ended.recv().await;
        };
        ended.or(live).await;
        voices.byebye();
    });
    Discovery { task, goes_on }
}

impl Discovery {
    /// Says good-bye and closes everything; what it has to wait for is the turn of its task.
    pub async fn stop(self) {
        drop(self.goes_on);
        self.task.await;
    }
}

/// Whatever ends the task, nothing is left open.
struct Off(Rc<State>);

impl Drop for Off {
    fn drop(&mut self) {
        self.0.be_silent("off");
    }
}

/// Is found while there is no rival; asks for one each time that `checks` have passed.
async fn live(needs: &Needs, voices: &Voices, checks: Duration) {
    if needs.is_ipv6_only() {
        warn!("cannot be found: {IPV6_ONLY}");
        needs.state.be_silent(IPV6_ONLY);
        pending::<()>().await;
    }
    let mut told = String::new();
    loop {
        let mut rival = (needs.rival)().await;
        if rival.is_none() {
            told.clear();
            needs.state.speak();
            rival = appears(needs, checks).or(serve(needs, voices)).await;
            voices.byebye();
        }
        let why = rival.unwrap_or_default();
        if told != why {
            info!("is not to be found in the network: {why}");
        }
        needs.state.be_silent(&why);
        told = why;
        Timer::after(checks).await;
    }
}

/// Waits for a rival.
async fn appears(needs: &Needs, checks: Duration) -> Option<String> {
    loop {
        Timer::after(checks).await;
        let rival = (needs.rival)().await;
        if rival.is_some() {
            return rival;
        }
    }
}

/// Answers and announces, without end.
async fn serve(needs: &Needs, voices: &Voices) -> Option<String> {
    zip(serve_hdhomerun(needs), ssdp::run(needs, voices)).await;
    None
}

async fn serve_hdhomerun(needs: &Needs) {
    loop {
        match Servers::open(needs) {
            Ok(servers) => {
                needs.state.clear(HDHOMERUN);
                needs.state.listens_hdhomerun(servers.port());
                servers.run(needs).await;
                needs.state.listens_hdhomerun(0);
            }
            Err(error) => needs.state.warn(HDHOMERUN, error.to_string()),
        }
        Timer::after(RETRY).await;
    }
}

#[cfg(test)]
mod tests;
