//! The HDHomeRun device is found in the network, as long as there is one.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use async_channel::{Receiver, Sender};

use super::house::House;
use crate::discovery::{self, Needs, Ports, Rival};
use crate::http::client::{Client, Settings};

/// Where Enigma2's HRTunerProxy plugin plays HDHomeRun tuners: a port for each kind of tuner.
const HRTUNERPROXY: [u16; 5] = [6081, 6082, 6083, 6084, 6085];
/// It is on this machine, but in the GUI's own Python, which may be busy.
const PATIENCE: Duration = Duration::from_secs(2);
/// Its `/discover.json` has some 300 bytes.
const LARGEST: u64 = 16 * 1024;

/// How the HDHomeRun device is found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The ports that clients know.
    pub ports: Ports,
    /// Ports of this machine at which others may play the same.
    pub rivals: Vec<u16>,
}

impl Default for Found {
    fn default() -> Found {
        Found {
            ports: Ports::default(),
            rivals: HRTUNERPROXY.to_vec(),
        }
    }
}

/// Tells one who listens that something changed.
pub(super) struct Bell {
    rings: Sender<()>,
    heard: Receiver<()>,
}

impl Default for Bell {
    fn default() -> Bell {
        // Holds one: a second ring before it is heard is the same.
        let (rings, heard) = async_channel::bounded(1);
        Bell { rings, heard }
    }
}

impl Bell {
    pub(super) fn ring(&self) {
        let _ = self.rings.try_send(());
    }

    /// It is never rung again.
    pub(super) fn close(&self) {
        self.rings.close();
    }

    /// Waits for it; `false` when it is never rung again.
    async fn heard(&self) -> bool {
        self.heard.recv().await.is_ok()
    }
}

/// Has the device found until the house is given up, each time as it is then. `server` is where it answers.
pub(super) async fn announce(house: Rc<House>, found: Found, server: SocketAddr) {
    loop {
        let discovery = begin(&house, &found, server);
        let goes_on = house.refurnished.heard().await;
        if let Some(discovery) = discovery {
            discovery.stop().await;
        }
        if !goes_on {
            return;
        }
    }
}

/// Begins to be found; `None` if it is not to be.
fn begin(house: &Rc<House>, found: &Found, server: SocketAddr) -> Option<discovery::Discovery> {
    let executor = house.executor()?;
    let furniture = house.furniture();
    let emulated = match furniture.shown() {
        Ok(emulated) => emulated.clone(),
        Err(why) => {
            house.found.be_silent(why);
            return None;
        }
    };
    let (same, guard) = (emulated.clone(), furniture.guard.clone());
    let needs = Needs {
        ports: found.ports,
        server,
        device: Box::new(move || emulated.device()),
        tuners: Box::new(move || same.tuners()),
        is_near: Box::new(move |address| guard.serves(address, Instant::now())),
        rival: rival(found.rivals.clone(), server.port()),
        state: house.found.clone(),
    };
    Some(discovery::start(&executor, needs))
}

/// Asks whether another HDHomeRun tuner is played at one of these ports, ours not counted.
fn rival(ports: Vec<u16>, own: u16) -> Rival {
    Box::new(move || {
        let ports = ports.clone();
        Box::pin(async move {
            for port in ports.into_iter().filter(|port| *port != own) {
                if plays(port).await {
                    return Some(format!(
                        "another program of this machine is an HDHomeRun tuner already, at port {port} (HRTunerProxy?)"
                    ));
                }
            }
            None
        })
    })
}

async fn plays(port: u16) -> bool {
    let base = format!("http://127.0.0.1:{port}");
    let agent = concat!("xg2g/", env!("CARGO_PKG_VERSION"));
    let client = Client::new(Settings::once(base, PATIENCE, agent));
    let Ok(client) = client else {
        return false;
    };
    let answer = client.get("/discover.json", LARGEST).await;
    answer.is_ok_and(|(_, body)| String::from_utf8_lossy(&body).contains("\"DeviceID\""))
}
