//! Knows everybody: builds the rooms, starts what runs by itself, refurnishes, stops it again.

mod announce;
mod checkup;
mod device;
mod house;
mod receiver;
mod reload;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use smol::LocalExecutor;

use crate::access::Keys;
use crate::config::{Config, Loaded, Reloads};
use crate::discovery::Told;
use crate::http::{listen, Server};
use crate::log::audit::Audit;
use crate::model::{rfc3339, unix_seconds};
use crate::notice::Notices;
use crate::receiver::demo;
use crate::refresh::{self, Looks};
use crate::shutdown::Hooks;
use crate::store::{Kind, Mount, Snapshot};
use crate::stream::Watch;

use house::House;

pub use announce::Found;
pub(crate) use receiver::{disk, host_of, settings, trial, Simulated};
pub use reload::Reread;

/// How long running answers may go on when the program stops.
const GRACE: Duration = Duration::from_secs(1);
/// How long all of a stop may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// What to run.
pub struct Options {
    /// The configuration.
    pub loaded: Loaded,
    /// Where the small state is saved.
    pub state: PathBuf,
    /// Where outputs and events go.
    pub data: PathBuf,
    /// A simulated receiver takes the place of the configured one.
    pub demo: Option<demo::Options>,
    /// How the receiver is watched while streams hold tuners.
    pub watch: Watch,
    /// How the receiver's own files are looked at.
    pub looks: Looks,
    /// How the configuration is read again.
    pub reread: Reread,
    /// How the HDHomeRun device is found.
    pub found: Found,
}

/// Why the program cannot start, or did not stop as it should.
#[derive(Debug)]
pub enum Error {
    /// The receiver's address is none.
    Receiver(crate::receiver::Error),
    /// The simulated receiver cannot start.
    Demo(io::Error),
    /// The file of the keys cannot be read, or a key cannot be made.
    Keys(io::Error),
    /// The directory for outputs cannot be used.
    Data(PathBuf, io::Error),
    /// The port cannot be opened; the error says who has it.
    Listen(io::Error),
    /// The one pass failed, for this reason.
    Refresh(String),
    /// It was stopped, but not in order, for these reasons.
    Stop(Vec<String>),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Receiver(error) => error.fmt(f),
            Error::Demo(error) => write!(f, "the simulated receiver cannot start: {error}"),
            Error::Keys(error) => write!(f, "token and stream key: {error}"),
            Error::Data(path, error) => write!(f, "files.data = {}: {error}", path.display()),
            Error::Listen(error) => error.fmt(f),
            Error::Refresh(error) => write!(f, "the refresh failed: {error}"),
            Error::Stop(errors) => write!(f, "not stopped in order: {}", errors.join("; ")),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Receiver(error) => Some(error),
            Error::Demo(error)
            | Error::Keys(error)
            | Error::Data(_, error)
            | Error::Listen(error) => Some(error),
            Error::Refresh(_) | Error::Stop(_) => None,
        }
    }
}

/// The running program. Dropped, it ends at once.
pub struct Running {
    house: Rc<House>,
    address: SocketAddr,
    /// They hold the tasks that they end.
    hooks: Hooks,
}

/// Starts everything on `executor`, which the caller runs.
///
/// # Errors
/// [`Error`]; nothing is left running then.
pub fn start(executor: &Rc<LocalExecutor<'static>>, options: Options) -> Result<Running, Error> {
    let listen_on = options.loaded.config.server.listen.to_string();
    let (reread, found) = (options.reread.clone(), options.found.clone());
    let (house, mut hooks) = open(executor, options)?;
    let listener = listen(&listen_on).map_err(Error::Listen)?;
    let (router, limits) = house.terms();
    let server = Server::start(executor.clone(), listener, Rc::new(router), limits);
    let server = Rc::new(server.map_err(Error::Listen)?);
    let address = server.local_addr();
    house.open(server.clone());
    let own = server.clone();
    hooks.add("connections", async move {
        match own.stop(GRACE).await {
            0 => Ok(()),
            cut => {
                log::info!("{cut} answers took too long and were cut");
                Ok(())
            }
        }
    });
    house.poll();
    let announcer = executor.spawn(announce::announce(house.clone(), found, address));
    let own = house.clone();
    hooks.add("discovery", async move {
        own.refurnished.close();
        announcer.await;
        Ok(())
    });
    let own = house.clone();
    hooks.add("check", async move {
        own.checking.end();
        Ok(())
    });
    let own = house.clone();
    hooks.add("refresh", async move {
        own.rest();
        Ok(())
    });
    let watcher = executor.spawn(house.streams.clone().watch());
    let (own, streams) = (house.clone(), house.streams.clone());
    hooks.add("streams", async move {
        drop(watcher);
        // They would never end by themselves.
        streams.stop().await;
        own.notices.close();
        Ok(())
    });
    hooks.add("listener", async move {
        server.close().await;
        Ok(())
    });
    let reloader = executor.spawn(reload::reload(house.clone(), reread));
    let own = house.clone();
    hooks.add("configuration", async move {
        drop(reloader);
        own.reloads.close();
        Ok(())
    });
    Ok(Running {
        house,
        address,
        hooks,
    })
}

/// Fetches channels and guide once and keeps them, without serving anything.
///
/// # Errors
/// [`Error`]; what was fetched before the pass failed is kept all the same.
pub async fn refresh(
    executor: &Rc<LocalExecutor<'static>>,
    options: Options,
) -> Result<Rc<Snapshot>, Error> {
    let (house, hooks) = open(executor, options)?;
    // The ear is there before the poller, which may be quick.
    let ended = house.refresh.clone();
    let ended = executor.spawn(async move { ended.ended().await });
    house.poll();
    ended.await;
    house.rest();
    let (error, known) = (house.refresh.status().error, house.store.current());
    drop(house);
    hooks.run(DEADLINE).await.map_err(Error::Stop)?;
    match error {
        None => Ok(known),
        Some(error) => Err(Error::Refresh(error)),
    }
}

/// What there is before anything is served or asked, and how it is left in order.
fn open(
    executor: &Rc<LocalExecutor<'static>>,
    options: Options,
) -> Result<(Rc<House>, Hooks), Error> {
    let (house, recorder) = House::build(executor, options)?;
    let house = Rc::new(house);
    let mut hooks = Hooks::default();
    let recorder = executor.spawn(recorder);
    let own = house.clone();
    hooks.add("audit", async move {
        own.audit.close();
        recorder.await;
        own.store.release();
        Ok(())
    });
    let own = house.clone();
    hooks.add("channels", async move {
        let saved = own.store.save();
        saved.map_err(|error| format!("they cannot be saved: {error}"))
    });
    Ok((house, hooks))
}

impl Running {
    /// The address that is listened on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The simulated receiver, if there is one.
    pub fn demo(&self) -> Option<&demo::Receiver> {
        self.house.demo.as_ref().map(|demo| &demo.receiver)
    }

    /// How the HDHomeRun device is found.
    pub fn discovery(&self) -> Told {
        self.house.found.told()
    }

    /// The poller.
    pub fn refresh(&self) -> &refresh::Handle {
        &self.house.refresh
    }

    /// The audit.
    pub fn audit(&self) -> &Audit {
        &self.house.audit
    }

    /// What happens, for those who follow it.
    pub fn notices(&self) -> &Notices {
        &self.house.notices
    }

    /// Who takes wishes for the configuration to be read again.
    pub fn reloads(&self) -> &Rc<Reloads> {
        &self.house.reloads
    }

    /// Stops: no new requests, streams end, running answers get a second, the state and the audit's lines are saved; five
    /// seconds at most.
    ///
    /// # Errors
    /// [`Error::Stop`]; it is stopped all the same.
    pub async fn stop(self) -> Result<(), Error> {
        self.hooks.run(DEADLINE).await.map_err(Error::Stop)
    }
}

/// The keys that were made here; makes the one that is needed and missing.
fn keys(config: &Config, state: &Path) -> io::Result<Keys> {
    let mut keys = Keys::load(state)?;
    let is_needed = config.auth.everything && config.auth.stream_key.is_empty();
    if is_needed && keys.make_stream()? {
        // Another one after the next start would leave every player with addresses that are none.
        keys.save(state)?;
    }
    Ok(keys)
}

/// The time for a line of the log or the audit.
pub(crate) fn stamp() -> String {
    rfc3339(unix_seconds(SystemTime::now()))
}

/// Refuses directories on the network: a server that is away would stop us in the middle of a write, and a box at
/// start has its shares not mounted yet.
fn check_mount(data: &Path) -> io::Result<()> {
    match Mount::of(data)?.kind {
        Kind::Network(name) => Err(io::Error::other(format!(
            "this is a network mount ({name}); choose a directory on this machine"
        ))),
        _ => Ok(()),
    }
}
