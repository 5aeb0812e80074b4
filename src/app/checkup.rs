//! The doctor of the running program.

use std::cell::Cell;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::{Rc, Weak};
use std::time::Duration;

use smol::{LocalExecutor, Task};

use super::receiver::{disk, host_of, trial};
use crate::config::Loaded;
use crate::doctor::{self, Begin, Needs, Own};
use crate::health::Board;
use crate::receiver::openwebif::OpenWebif;

/// Who asks waits: a stream that is tried has no longer than this.
const PATIENCE: Duration = Duration::from_secs(10);

/// What goes on of a look at everything. A new one takes the place of the last, which is over then.
#[derive(Clone, Default)]
pub(super) struct Checking(Rc<Cell<Option<Task<()>>>>);

impl Checking {
    /// Gives it up.
    pub(super) fn end(&self) {
        drop(self.0.take());
    }
}

/// What the doctor of the running program works with.
pub(super) struct Doctor {
    pub(super) executor: Weak<LocalExecutor<'static>>,
    pub(super) checking: Checking,
    pub(super) loaded: Rc<Loaded>,
    pub(super) state: PathBuf,
    pub(super) data: PathBuf,
    pub(super) is_demo: bool,
    pub(super) web: Rc<OpenWebif>,
    /// Where the program listens, once it does.
    pub(super) address: Rc<Cell<Option<SocketAddr>>>,
    pub(super) health: Board,
}

impl Doctor {
    /// How a look at everything begins. What it looks with is of now, also when the configuration changes meanwhile.
    pub(super) fn begin(self) -> Begin {
        Rc::new(move |run, rest| {
            let Some(executor) = self.executor.upgrade() else {
                return;
            };
            let config = &self.loaded.config;
            let needs = Needs {
                state: self.state.clone(),
                data: self.data.clone(),
                host: host_of(&config.receiver.url).unwrap_or_else(|| "127.0.0.1".into()),
                disk: disk(config, self.is_demo),
                is_demo: self.is_demo,
                own: self.address.get().map(|address| Own {
                    address,
                    health: self.health.clone(),
                }),
                loaded: self.loaded.clone(),
            };
            let web = self.web.clone();
            // Of its own, so that no player's stream makes room for one that nobody watches.
            let streams = trial(&executor, config, web.clone(), PATIENCE);
            let task = executor.spawn(async move {
                let tell = run.teller();
                doctor::check(&needs, &web, &streams, &mut |finding| tell(finding)).await;
                streams.stop().await;
                rest.await;
                drop(run);
            });
            self.checking.0.set(Some(task));
        })
    }
}
