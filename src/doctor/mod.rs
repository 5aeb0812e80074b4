//! The doctor: looks at everything the program needs and says in plain words what to do. It changes nothing, takes a
//! tuner from nobody, and asks the receiver a few small questions.

mod access;
mod checkup;
mod files;
mod finding;
mod machine;
mod receiver;
pub mod rules;
mod running;
mod stream;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::SystemTime;

use crate::config::{self, Loaded, Locked};
use crate::health::Board;
use crate::model::Selection;
use crate::receiver::disk::Disk;
use crate::receiver::openwebif::OpenWebif;
use crate::stream::Streams;

pub use checkup::{Begin, Checkup, Rest, Run, Told};
pub use finding::{json, Finding, Status};
pub use running::{ask, Answer};

/// What the doctor works with.
pub struct Needs {
    /// The configuration in force.
    pub loaded: Rc<Loaded>,
    /// Where the small state is saved.
    pub state: PathBuf,
    /// Where outputs go.
    pub data: PathBuf,
    /// The receiver's host.
    pub host: String,
    /// The receiver's own files, if channels and guide come from them; else why they do not.
    pub disk: Result<Disk, &'static str>,
    /// The receiver is a simulated one.
    pub is_demo: bool,
    /// The program that runs, if it is that which looks; else it is looked for.
    pub own: Option<Own>,
}

/// The running program itself.
pub struct Own {
    /// Where it listens.
    pub address: SocketAddr,
    /// How well it is.
    pub health: Board,
}

impl Needs {
    /// Which channels are wanted.
    fn selection(&self) -> Selection {
        let channels = &self.loaded.config.channels;
        Selection {
            bouquets: channels.bouquets.clone(),
            shows_locked: channels.locked == Locked::Show,
        }
    }
}

/// Takes findings as they are made.
type Tell<'a> = &'a mut dyn FnMut(Finding);

/// Looks at everything; `web` is the receiver of the configuration, `streams` are those that come from it. One that was tried
/// lingers: the caller stops them.
pub async fn check(
    needs: &Needs,
    web: &OpenWebif,
    streams: &Streams,
    tell: &mut dyn FnMut(Finding),
) {
    let config = &needs.loaded.config;
    machine::configuration(needs, tell);
    access::access(needs, tell);
    tell(machine::clock(SystemTime::now()));
    match &needs.own {
        Some(own) => machine::own(own, tell),
        None => machine::port(&config.server.listen, tell).await,
    }
    tell(machine::data(&needs.data));
    tell(machine::state(&needs.state, needs.is_demo));
    let from_files = files::source(needs, tell);
    if !receiver::answers(needs, web, tell).await {
        return;
    }
    let lineup = match from_files {
        Some(lineup) => lineup,
        None => {
            let lineup = receiver::channels(needs, web, tell).await;
            if !lineup.channels.is_empty() {
                tell(receiver::guide(needs, web, &lineup).await);
            }
            lineup
        }
    };
    let port = receiver::streams(&needs.host, config.stream.port).await;
    let is_open = port.status == Status::Ok;
    tell(port);
    if let Ok(relay) = web.relay().await {
        streams.set_relay_port(relay.port);
        let port = receiver::relay(&needs.host, streams.relay_port(), &relay).await;
        port.into_iter().for_each(&mut *tell);
        streams.set_relayed(relay.services);
    }
    if is_open && !lineup.channels.is_empty() {
        tell(stream::stream(web, streams, &lineup).await);
    }
}

/// The findings about a configuration that is wrong; nothing else can be looked at then.
pub fn misconfigured(errors: &[config::Error]) -> Vec<Finding> {
    let finding = |error: &config::Error| Finding::problem("configuration", error.to_string());
    errors.iter().map(finding).collect()
}
