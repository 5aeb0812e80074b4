//! Knows everybody: builds the rooms, starts what runs by itself, stops it again.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use smol::future::FutureExt;
use smol::{LocalExecutor, Task, Timer};

use crate::access::{Guard, Keys};
use crate::config::{Config, Loaded, Locked, ReceiverSource, Reloads};
use crate::http::client::Settings;
use crate::http::{listen, Limits, Server};
use crate::log::audit::Audit;
use crate::metrics::{Process, Registry};
use crate::model::{authority, is_loopback, rfc3339, unix_seconds, without_port, Selection};
use crate::notice::Notices;
use crate::picons::Picons;
use crate::receiver::demo;
use crate::receiver::disk::Disk;
use crate::receiver::openwebif::OpenWebif;
use crate::refresh::{Files, Looks};
use crate::store::{Kind, Mount, Store};
use crate::stream::{Ask, Ports, Streams, Watch};
use crate::{refresh, server};

/// How long running answers may go on when the program stops.
const GRACE: Duration = Duration::from_secs(1);

/// What to run.
#[derive(Clone, Debug)]
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
    /// How often the configuration was read again.
    pub reloads: Rc<Reloads>,
}

/// Why the program cannot start.
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
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Receiver(error) => error.fmt(f),
            Error::Demo(error) => write!(f, "the simulated receiver cannot start: {error}"),
            Error::Keys(error) => write!(f, "token and stream key: {error}"),
            Error::Data(path, error) => write!(f, "files.data = {}: {error}", path.display()),
            Error::Listen(error) => error.fmt(f),
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
        }
    }
}

/// The running program.
pub struct Running {
    server: Server,
    poller: Task<()>,
    watcher: Task<()>,
    streams: Streams,
    refresh: refresh::Handle,
    store: Rc<Store>,
    audit: Audit,
    notices: Notices,
    recorder: Task<()>,
    keys: Keys,
    demo: Option<demo::Receiver>,
}

/// Starts everything on `executor`, which the caller runs.
///
/// # Errors
/// [`Error`]; nothing is left running then.
pub fn start(executor: &Rc<LocalExecutor<'static>>, options: Options) -> Result<Running, Error> {
    let Options {
        mut loaded,
        state,
        data,
        demo,
        watch,
        looks,
        reloads,
    } = options;
    let disk = disk(&loaded.config, demo.is_some());
    let demo = match demo {
        Some(wanted) => Some(simulate(executor, wanted, &mut loaded.config).map_err(Error::Demo)?),
        None => None,
    };
    let config = &loaded.config;
    let web =
        OpenWebif::new(settings(config), config.receiver.max_block).map_err(Error::Receiver)?;
    let web = Rc::new(web);

    check_mount(&data).map_err(|error| Error::Data(data.clone(), error))?;
    // The simulated receiver is on another port each time, and always the same.
    let name = if demo.is_some() {
        "demo"
    } else {
        config.receiver.url.as_str()
    };
    let selection = Selection {
        bouquets: config.channels.bouquets.clone(),
        shows_locked: config.channels.locked == Locked::Show,
    };
    let store = Store::open(&data, &state, name, selection)
        .map_err(|error| Error::Data(data.clone(), error))?;
    let store = Rc::new(store);
    let (audit, recorder) = Audit::start(&config.audit.output, &data, stamp);

    let on_this_machine = demo.is_none() && is_here(&config.receiver.url);
    let folders = if on_this_machine {
        config.picons.dirs.clone()
    } else {
        Vec::new()
    };
    let picons = Rc::new(Picons::new(
        web.clone(),
        folders.into_iter().filter(|dir| dir.is_dir()).collect(),
    ));

    let settings = config.stream.clone();
    let notices = Notices::new(stamp);
    let asks = ask(web.clone());
    let streams = Streams::new(
        executor,
        settings,
        ports(config),
        asks,
        watch,
        notices.clone(),
    );
    let (handle, poller) = refresh::start(
        web.clone(),
        store.clone(),
        refresh::Settings {
            receiver: config.receiver.clone(),
            channels: config.channels.clone(),
            refresh: config.refresh.clone(),
            guide: config.guide.clone(),
        },
        disk.ok().map(|disk| Files {
            disk,
            looks,
            are_enough: config.receiver.source == ReceiverSource::Disk,
        }),
        tell(streams.clone(), config.stream.relay_port),
        audit.clone(),
        notices.clone(),
    );
    let keys = keys(config, &state).map_err(Error::Keys)?;
    let guard = Guard::new(config, &keys, audit.clone());
    let metrics = Registry::new(vec![
        Rc::new(handle.clone()),
        reloads,
        store.clone(),
        web,
        Rc::new(streams.clone()),
        guard.refused(),
        Rc::new(Process),
    ]);
    let router = server::table(server::Needs {
        store: store.clone(),
        refresh: handle.clone(),
        picons,
        streams: streams.clone(),
        addresses: server::Addresses {
            public_url: config.server.public_url.clone().unwrap_or_default(),
            key: guard.stream_key().reveal().to_owned(),
            mode: config.stream.mode,
            receiver: host_of(&config.receiver.url),
            port: config.stream.port,
        },
        loaded: Rc::new(loaded.clone()),
        refused: guard.refused(),
        audit: audit.clone(),
        notices: notices.clone(),
        metrics,
        started: Instant::now(),
    });
    let listener = listen(&config.server.listen.to_string()).map_err(Error::Listen)?;
    let proxies = config.server.trusted_proxies.clone();
    let server = Server::start(
        executor.clone(),
        listener,
        Rc::new(router.behind(guard)),
        Limits {
            connections: config.server.max_connections as usize,
            connections_per_client: config.server.max_connections_per_client as usize,
            trusted: Rc::new(move |peer| proxies.iter().any(|one| one.contains(peer))),
            ..Limits::default()
        },
    )
    .map_err(Error::Listen)?;
    let poller = executor.spawn(poller);
    let watcher = executor.spawn(streams.clone().watch());
    let recorder = executor.spawn(recorder);
    Ok(Running {
        server,
        poller,
        watcher,
        streams,
        refresh: handle,
        store,
        audit,
        notices,
        recorder,
        keys,
        demo,
    })
}

impl Running {
    /// The address that is listened on.
    pub fn address(&self) -> SocketAddr {
        self.server.local_addr()
    }

    /// The simulated receiver, if there is one.
    pub fn demo(&self) -> Option<&demo::Receiver> {
        self.demo.as_ref()
    }

    /// The keys that were made here.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The poller.
    pub fn refresh(&self) -> &refresh::Handle {
        &self.refresh
    }

    /// The audit.
    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    /// What happens, for those who follow it.
    pub fn notices(&self) -> &Notices {
        &self.notices
    }

    /// Stops: no new requests, running answers get a second, the state is saved, and the audit's lines, if that takes no
    /// longer than another second.
    pub async fn stop(self) {
        drop((self.poller, self.watcher));
        // They would never end by themselves.
        self.streams.stop().await;
        self.notices.close();
        self.server.stop(GRACE).await;
        if let Err(error) = self.store.save() {
            log::warn!("the channels cannot be saved: {error}");
        }
        self.audit.close();
        let late = async {
            Timer::after(GRACE).await;
        };
        self.recorder.or(late).await;
        self.store.release();
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

/// Starts a simulated receiver and puts it in the place of the configured one.
pub(crate) fn simulate(
    executor: &Rc<LocalExecutor<'static>>,
    wanted: demo::Options,
    config: &mut Config,
) -> io::Result<demo::Receiver> {
    let demo = demo::start(executor, wanted.clone())?;
    let (user, password) = wanted.login.unwrap_or_default();
    config.receiver.url = demo.url();
    config.receiver.user = user;
    config.receiver.password = password.as_str().into();
    config.stream.port = demo.stream_port();
    config.stream.relay_port = demo.relay_port();
    Ok(demo)
}

pub(crate) fn settings(config: &Config) -> Settings {
    let receiver = &config.receiver;
    Settings {
        base: receiver.url.clone(),
        user: receiver.user.clone(),
        password: receiver.password.reveal().to_owned(),
        timeout: receiver.timeout,
        retries: receiver.retries,
        backoff: receiver.backoff,
        max_backoff: receiver.max_backoff,
        user_agent: concat!("xg2g/", env!("CARGO_PKG_VERSION")).into(),
    }
}

/// Asks the receiver what it does for itself.
fn ask(web: Rc<OpenWebif>) -> Ask {
    Box::new(move || {
        let web = web.clone();
        Box::pin(async move {
            let situation = web.situation().await;
            situation.inspect_err(|error| log::debug!("{error}")).ok()
        })
    })
}

/// Hands the receiver's facts to the streams. Who configured a port of the relay means that one.
fn tell(streams: Streams, relay_port: u16) -> refresh::Tell {
    let is_default = relay_port == Config::default().stream.relay_port;
    Box::new(move |facts| {
        streams.set_tuners(facts.tuners);
        streams.set_relayed(facts.relay.services.iter().cloned());
        if is_default {
            streams.set_relay_port(facts.relay.port.unwrap_or(relay_port));
        }
    })
}

/// Where streams come from.
fn ports(config: &Config) -> Ports {
    let host = authority(&config.receiver.url).map_or("", without_port);
    let receiver = &config.receiver;
    let login = (receiver.user.clone(), receiver.password.reveal().to_owned());
    Ports {
        host: host.trim_matches(['[', ']']).to_owned(),
        stream: config.stream.port,
        relay: config.stream.relay_port,
        login: Some(login).filter(|_| !receiver.user.is_empty()),
    }
}

/// The host of the receiver as other machines know it; `None` if it is this one.
pub(crate) fn host_of(url: &str) -> Option<String> {
    let host = without_port(authority(url)?);
    (!is_loopback(host)).then(|| host.to_owned())
}

/// The receiver's own files, where channels and guide come from them; else why they do not.
pub(crate) fn disk(config: &Config, is_demo: bool) -> Result<Disk, &'static str> {
    let disk = Disk::new(&config.receiver.dir);
    match config.receiver.source {
        ReceiverSource::Disk => Ok(disk),
        ReceiverSource::OpenWebif => Err("receiver.source says so"),
        ReceiverSource::Auto if is_demo => Err("the receiver is a simulated one"),
        ReceiverSource::Auto if !is_here(&config.receiver.url) => {
            Err("receiver.url is another machine")
        }
        ReceiverSource::Auto if !disk.is_there() => {
            Err("receiver.dir holds no lamedb with bouquets.tv")
        }
        ReceiverSource::Auto => Ok(disk),
    }
}

/// Whether a URL means this machine: a name or an address of loopback, or one that can be listened on.
fn is_here(url: &str) -> bool {
    let Some(host) = host_of(url) else {
        return true;
    };
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    address.is_ok_and(|address| UdpSocket::bind((address, 0)).is_ok())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_at_an_address_of_ours_is_here() {
        assert!(is_here("http://127.0.0.1:81"));
        assert!(is_here("http://localhost"));
        // 192.0.2.0/24 is nobody's (RFC 5737).
        assert!(!is_here("http://192.0.2.1"));
        assert!(!is_here("http://vuduo2"));
    }

    #[test]
    fn a_receiver_on_this_machine_has_no_name_for_others() {
        assert_eq!(host_of("http://127.0.0.1"), None);
        assert_eq!(host_of("http://localhost:80/x"), None);
        assert_eq!(host_of("http://[::1]:80"), None);
        assert_eq!(
            host_of("http://192.168.1.5:81").as_deref(),
            Some("192.168.1.5")
        );
        assert_eq!(host_of("http://[fd00::5]/").as_deref(), Some("[fd00::5]"));
        assert_eq!(host_of("http://vuduo2").as_deref(), Some("vuduo2"));
    }
}
