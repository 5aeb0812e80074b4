//! What is asked of us: the table of routes and its handlers.
//!
//! Handlers look at the snapshot, the store and the refresh's status; none sees the receiver. Each gets the handles it
//! needs and nothing else.

mod address;
mod addresses;
mod api;
mod checkup;
mod choice;
mod control;
mod details;
mod device;
mod edit;
mod events;
mod guide;
mod hdhomerun;
mod health;
mod known;
mod list;
mod log;
mod metrics;
mod page;
mod pairing;
mod picon;
mod playlist;
mod rendered;
mod resources;
mod routes;
mod settings;
mod status;
mod stream;
mod streams;
mod tuners;

use std::path::PathBuf;
use std::rc::Rc;
use std::time::Instant;

use crate::access::{Pairing, Refused};
use crate::config::{Loaded, Reloads};
use crate::discovery;
use crate::doctor::{Begin, Checkup};
use crate::health::Board;
use crate::http::Seen;
use crate::log::audit::Audit;
use crate::metrics::Registry;
use crate::model::Secret;
use crate::notice::Notices;
use crate::picons::Picons;
use crate::refresh;
use crate::store::Store;
use crate::stream::Streams;

pub use address::Addresses;
pub use device::Emulated;
pub use pairing::{NotShown, Show};
pub use routes::table;

/// What the handlers are made from.
pub struct Needs {
    /// What is known.
    pub store: Rc<Store>,
    /// The poller.
    pub refresh: refresh::Handle,
    /// Logos.
    pub picons: Rc<Picons>,
    /// What is received for players.
    pub streams: Streams,
    /// Where clients and streams are sent.
    pub addresses: Addresses,
    /// The HDHomeRun device, unless there is to be none.
    pub emulated: Option<Emulated>,
    /// How it is found.
    pub found: Rc<discovery::State>,
    /// The configuration in force.
    pub loaded: Rc<Loaded>,
    /// Who has the configuration read again.
    pub reloads: Rc<Reloads>,
    /// The pairing code in force.
    pub pairing: Rc<Pairing>,
    /// How it gets on the television.
    pub show: Show,
    /// The token in force; empty if there is none.
    pub token: Secret,
    /// Where keys are kept.
    pub state: PathBuf,
    /// What the gate refused.
    pub refused: Rc<Refused>,
    /// The audit, for what it lost.
    pub audit: Audit,
    /// What happens, for those who follow it.
    pub notices: Notices,
    /// Those who have numbers to tell.
    pub metrics: Registry,
    /// What was asked so far.
    pub seen: Rc<Seen>,
    /// How well it is.
    pub health: Board,
    /// What the last look at everything found.
    pub checkup: Rc<Checkup>,
    /// How such a look begins.
    pub check: Begin,
    /// When the program started.
    pub started: Instant,
}
