//! The rooms of the running program, and how they are furnished anew when the configuration changes.
//!
//! What holds connections, streams, files and counts is built once. The rest is made from a configuration: all of it that
//! can fail is made first ([`House::prepare`]), then everything changes at one moment ([`House::move_in`]).

use std::cell::{Cell, OnceCell, Ref, RefCell};
use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};
use std::time::{Instant, SystemTime};

use smol::{LocalExecutor, Task};

use super::announce::Bell;
use super::checkup::{Checking, Doctor};
use super::device;
use super::receiver::{ask, disk, host_of, is_here, ports, settings, show, tell, Simulated};
use super::{check_mount, keys, stamp, Error, Options};
use crate::access::{Guard, Keys, Pairing, Refused, KEYS_FILE};
use crate::config::{Config, Loaded, Locked, ReceiverSource, Reloads, SETTINGS_FILE};
use crate::discovery;
use crate::doctor::Checkup;
use crate::health::Board;
use crate::http::{Limits, Router, Seen, Server};
use crate::log::audit::Audit;
use crate::metrics::{Process, Registry};
use crate::model::{Offer, Selection};
use crate::notice::Notices;
use crate::picons::Picons;
use crate::receiver::openwebif::OpenWebif;
use crate::refresh::{self, Files, Looks};
use crate::server::{self, Emulated};
use crate::store::Store;
use crate::stream::Streams;

/// What stays as long as the program runs.
pub(super) struct House {
    /// Weak, or the executor and the tasks on it would keep each other alive.
    executor: Weak<LocalExecutor<'static>>,
    state: PathBuf,
    data: PathBuf,
    looks: Looks,
    started: Instant,
    pub(super) demo: Option<Simulated>,
    pub(super) store: Rc<Store>,
    pub(super) streams: Streams,
    pub(super) refresh: refresh::Handle,
    pub(super) reloads: Rc<Reloads>,
    pub(super) audit: Audit,
    health: Board,
    pub(super) notices: Notices,
    refused: Rc<Refused>,
    pairing: Rc<Pairing>,
    seen: Rc<Seen>,
    /// How the HDHomeRun device is found.
    pub(super) found: Rc<discovery::State>,
    /// Is told when it is another one.
    pub(super) refurnished: Bell,
    server: OnceCell<Rc<Server>>,
    /// Where the server listens, once it does.
    address: Rc<Cell<Option<SocketAddr>>>,
    /// What the last look at everything found.
    checkup: Rc<Checkup>,
    /// It goes on.
    pub(super) checking: Checking,
    furniture: RefCell<Furniture>,
    poller: Cell<Option<Task<()>>>,
}

/// What is made from a configuration.
pub(super) struct Furniture {
    /// The configuration in force.
    loaded: Rc<Loaded>,
    /// The keys that were made here.
    keys: Keys,
    web: Rc<OpenWebif>,
    picons: Rc<Picons>,
    pub(super) guard: Rc<Guard>,
    /// The HDHomeRun device, unless there is to be none.
    emulated: Option<Emulated>,
}

impl Furniture {
    /// What of the HDHomeRun device is to be found in the network.
    pub(super) fn shown(&self) -> Result<&Emulated, &'static str> {
        match &self.emulated {
            None => Err("hdhomerun.enabled is false"),
            Some(_) if !self.guard.stream_key().is_empty() => {
                Err("reading needs a key (auth.everything), which cannot be given away like that")
            }
            Some(emulated) => Ok(emulated),
        }
    }
}

impl House {
    /// Builds and furnishes it. The task writes the audit.
    ///
    /// # Errors
    /// [`Error`].
    pub(super) fn build(
        executor: &Rc<LocalExecutor<'static>>,
        options: Options,
    ) -> Result<(House, impl Future<Output = ()>), Error> {
        let Options {
            mut loaded,
            state,
            data,
            demo,
            watch,
            looks,
            reread: _,
            found: _,
        } = options;
        let demo = match demo {
            Some(wanted) => Some(Simulated::start(executor, wanted).map_err(Error::Demo)?),
            None => None,
        };
        if let Some(demo) = &demo {
            demo.replace(&mut loaded.config);
        }
        let config = &loaded.config;
        let (health, notices) = (Board::default(), Notices::new(stamp));
        let web = Rc::new(web(config)?.watched(health.clone()));
        check_mount(&data).map_err(|error| Error::Data(data.clone(), error))?;
        let name = name(config, demo.is_some());
        let store = Store::open(&data, &state, name, selection(config), offer(config))
            .map_err(|error| Error::Data(data.clone(), error))?;
        let (audit, recorder) = Audit::start(&config.audit.output, &data, stamp);
        let streams = Streams::new(executor, watch, health.clone(), notices.clone());
        // Of a run that was killed. Best effort: making new ones removes it, too.
        for name in [KEYS_FILE, SETTINGS_FILE] {
            let _ = crate::replace::clear(&state.join(name));
        }
        let keys = keys(config, &state).map_err(Error::Keys)?;
        let refused = Rc::<Refused>::default();
        let guard = Guard::new(config, &keys, audit.clone(), refused.clone());
        streams.set(config.stream.clone());
        streams.set_receiver(ports(config), ask(web.clone()));
        let store = Rc::new(store);
        let emulated = emulated(config, &state, &store, &streams);
        let house = House {
            executor: Rc::downgrade(executor),
            state,
            data,
            looks,
            started: Instant::now(),
            store,
            streams,
            refresh: refresh::Handle::default(),
            reloads: Rc::default(),
            audit,
            health,
            notices,
            refused,
            pairing: Rc::default(),
            seen: Rc::default(),
            found: Rc::default(),
            refurnished: Bell::default(),
            server: OnceCell::new(),
            address: Rc::default(),
            checkup: Rc::default(),
            checking: Checking::default(),
            furniture: RefCell::new(Furniture {
                picons: Rc::new(picons(config, demo.is_some(), web.clone())),
                web,
                guard: Rc::new(guard),
                emulated,
                keys,
                loaded: Rc::new(loaded),
            }),
            demo,
            poller: Cell::default(),
        };
        Ok((house, recorder))
    }

    /// What everything runs on; `None` when that is over.
    pub(super) fn executor(&self) -> Option<Rc<LocalExecutor<'static>>> {
        self.executor.upgrade()
    }

    /// How the rooms are furnished now.
    pub(super) fn furniture(&self) -> Ref<'_, Furniture> {
        self.furniture.borrow()
    }

    /// The configuration in force.
    pub(super) fn loaded(&self) -> Rc<Loaded> {
        self.furniture.borrow().loaded.clone()
    }

    /// Whether token or stream key were made since they were last looked at; not if their file cannot be read.
    pub(super) fn has_new_keys(&self) -> bool {
        let kept = Keys::load(&self.state);
        kept.is_ok_and(|kept| kept != self.furniture.borrow().keys)
    }

    /// Where the small state is saved.
    pub(super) fn state(&self) -> &PathBuf {
        &self.state
    }

    /// By what is answered now.
    pub(super) fn terms(&self) -> (Router, Limits) {
        self.terms_of(&self.furniture.borrow())
    }

    /// The server answers from now on.
    pub(super) fn open(&self, server: Rc<Server>) {
        self.address.set(Some(server.local_addr()));
        // It is opened once.
        let _ = self.server.set(server);
    }

    /// Begins to poll the receiver, in the place of a poller that does so already.
    pub(super) fn poll(&self) {
        // The one before gives up its pass first.
        self.rest();
        let furniture = self.furniture.borrow();
        let config = &furniture.loaded.config;
        let needs = refresh::Needs {
            web: furniture.web.clone(),
            store: self.store.clone(),
            settings: refresh::Settings {
                receiver: config.receiver.clone(),
                channels: config.channels.clone(),
                refresh: config.refresh.clone(),
                guide: config.guide.clone(),
            },
            files: disk(config, self.demo.is_some()).ok().map(|disk| Files {
                disk,
                looks: self.looks,
                are_enough: config.receiver.source == ReceiverSource::Disk,
            }),
            tell: tell(self.streams.clone()),
            audit: self.audit.clone(),
            health: self.health.clone(),
            notices: self.notices.clone(),
        };
        let poller = refresh::poll(self.refresh.clone(), needs);
        if let Some(executor) = self.executor.upgrade() {
            self.poller.set(Some(executor.spawn(poller)));
        }
    }

    /// Polls the receiver no more.
    pub(super) fn rest(&self) {
        drop(self.poller.take());
    }

    /// Looks whether [`House::prepare`] could do with a configuration, and leaves no trace.
    ///
    /// # Errors
    /// [`Error`].
    pub(super) fn examine(&self, config: &Config) -> Result<(), Error> {
        Keys::load(&self.state).map_err(Error::Keys)?;
        web(config).map(drop)
    }

    /// Makes of a configuration what is not the same as before; nothing changes yet.
    ///
    /// # Errors
    /// [`Error`].
    pub(super) fn prepare(&self, loaded: Loaded) -> Result<Furniture, Error> {
        let config = &loaded.config;
        let keys = keys(config, &self.state).map_err(Error::Keys)?;
        let before = self.furniture.borrow();
        let old = &before.loaded.config;
        let is_same_receiver = config.receiver == old.receiver;
        let web = if is_same_receiver {
            before.web.clone()
        } else {
            let web = web(config)?.after(&before.web);
            Rc::new(web.watched(self.health.clone()))
        };
        let picons = if is_same_receiver && config.picons == old.picons {
            before.picons.clone()
        } else {
            Rc::new(picons(config, self.demo.is_some(), web.clone()))
        };
        let is_same_gate = (&config.auth, &config.ratelimit, &config.server)
            == (&old.auth, &old.ratelimit, &old.server)
            && keys == before.keys;
        let guard = if is_same_gate {
            // It remembers who asked how often.
            before.guard.clone()
        } else {
            let (audit, refused) = (self.audit.clone(), self.refused.clone());
            Rc::new(Guard::new(config, &keys, audit, refused))
        };
        let emulated = emulated(config, &self.state, &self.store, &self.streams);
        Ok(Furniture {
            emulated,
            loaded: Rc::new(loaded),
            keys,
            web,
            picons,
            guard,
        })
    }

    /// From this moment on all is done by another configuration. Connections, streams and what is known stay.
    pub(super) fn move_in(&self, new: Furniture) {
        let old = self.furniture.replace(new);
        let furniture = self.furniture.borrow();
        let is_found_alike = furniture.shown() == old.shown();
        let (old, new) = (&old.loaded.config, &furniture.loaded.config);
        if new.log != old.log {
            crate::log::start(new.log.level, new.log.output.clone(), stamp);
        }
        self.audit.set_output(&new.audit.output);
        self.streams.set(new.stream.clone());
        if (&new.receiver, ports(new)) != (&old.receiver, ports(old)) {
            self.streams
                .set_receiver(ports(new), ask(furniture.web.clone()));
        }
        self.store.set_receiver(name(new, self.demo.is_some()));
        if (&new.channels, offer(new)) != (&old.channels, offer(old)) {
            let now = SystemTime::now();
            self.store.select(selection(new), offer(new), now);
        }
        if let Some(server) = self.server.get() {
            let (router, limits) = self.terms_of(&furniture);
            server.replace(Rc::new(router), limits);
        }
        let is_polled_alike = (&new.receiver, &new.channels, &new.refresh, &new.guide)
            == (&old.receiver, &old.channels, &old.refresh, &old.guide);
        drop(furniture);
        if !is_found_alike {
            self.refurnished.ring();
        }
        if !is_polled_alike {
            self.poll();
        }
    }

    fn terms_of(&self, furniture: &Furniture) -> (Router, Limits) {
        let Furniture {
            loaded,
            web,
            picons,
            guard,
            emulated,
            keys,
        } = furniture;
        let config = &loaded.config;
        let metrics = Registry::new(vec![
            Rc::new(self.refresh.clone()),
            self.reloads.clone(),
            self.store.clone(),
            web.clone(),
            Rc::new(self.streams.clone()),
            self.refused.clone(),
            self.found.clone(),
            Rc::new(Process),
        ]);
        let doctor = Doctor {
            executor: self.executor.clone(),
            checking: self.checking.clone(),
            loaded: loaded.clone(),
            state: self.state.clone(),
            data: self.data.clone(),
            is_demo: self.demo.is_some(),
            web: web.clone(),
            address: self.address.clone(),
            health: self.health.clone(),
        };
        let router = server::table(server::Needs {
            store: self.store.clone(),
            refresh: self.refresh.clone(),
            picons: picons.clone(),
            streams: self.streams.clone(),
            addresses: server::Addresses {
                public_url: config.server.public_url.clone().unwrap_or_default(),
                key: guard.stream_key().reveal().to_owned(),
                mode: config.stream.mode,
                receiver: host_of(&config.receiver.url),
                port: config.stream.port,
            },
            emulated: emulated.clone(),
            found: self.found.clone(),
            loaded: loaded.clone(),
            reloads: self.reloads.clone(),
            pairing: self.pairing.clone(),
            show: show(web.clone()),
            token: config.auth.token.or(&keys.token).clone(),
            state: self.state.clone(),
            refused: self.refused.clone(),
            audit: self.audit.clone(),
            metrics,
            seen: self.seen.clone(),
            health: self.health.clone(),
            checkup: self.checkup.clone(),
            check: doctor.begin(),
            notices: self.notices.clone(),
            started: self.started,
        });
        let proxies = config.server.trusted_proxies.clone();
        let limits = Limits {
            connections: config.server.max_connections as usize,
            connections_per_client: config.server.max_connections_per_client as usize,
            trusted: Rc::new(move |peer| proxies.iter().any(|one| one.contains(peer))),
            ..Limits::default()
        };
        (router.behind(guard.clone()), limits)
    }
}

/// Asks the receiver of a configuration.
fn web(config: &Config) -> Result<OpenWebif, Error> {
    OpenWebif::new(settings(config), config.receiver.max_block).map_err(Error::Receiver)
}

/// Whose channels the saved ones are: the simulated receiver is on another port each time, and always the same.
fn name(config: &Config, is_demo: bool) -> &str {
    if is_demo {
        "demo"
    } else {
        &config.receiver.url
    }
}

/// The device that HDHomeRun clients see.
fn emulated(
    config: &Config,
    state: &Path,
    store: &Rc<Store>,
    streams: &Streams,
) -> Option<Emulated> {
    let wanted = &config.hdhomerun;
    wanted.enabled.then(|| Emulated {
        id: device::id(wanted, state),
        name: device::name(wanted).into(),
        tuners: wanted.tuners,
        most: config.stream.max_upstreams,
        store: store.clone(),
        streams: streams.clone(),
    })
}

fn selection(config: &Config) -> Selection {
    Selection {
        bouquets: config.channels.bouquets.clone(),
        shows_locked: config.channels.locked == Locked::Show,
    }
}

fn offer(config: &Config) -> Offer {
    Offer {
        bouquets: config.hdhomerun.bouquets.clone(),
        most: config.hdhomerun.max_channels,
    }
}

/// Logos: from folders of this machine only if it is the receiver.
fn picons(config: &Config, is_demo: bool, web: Rc<OpenWebif>) -> Picons {
    let is_ours = !is_demo && is_here(&config.receiver.url);
    let folders = config.picons.dirs.iter().filter(|_| is_ours);
    Picons::new(web, folders.filter(|dir| dir.is_dir()).cloned().collect())
}
