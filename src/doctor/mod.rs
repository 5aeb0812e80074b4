//! The doctor: looks at everything the program needs and says in plain words what to do. It changes nothing, tunes
//! nothing, and asks the receiver a few small questions.

mod finding;
mod machine;
mod receiver;

use std::path::PathBuf;
use std::time::SystemTime;

use crate::config::{self, Loaded};
use crate::receiver::openwebif::OpenWebif;

pub use finding::{json, Finding, Status};

/// What the doctor works with.
pub struct Needs {
    /// The configuration in force.
    pub loaded: Loaded,
    /// Where the small state is saved.
    pub state: PathBuf,
    /// Where outputs go.
    pub data: PathBuf,
    /// The receiver's host.
    pub host: String,
    /// The receiver is a simulated one.
    pub is_demo: bool,
}

/// Takes findings as they are made.
type Tell<'a> = &'a mut dyn FnMut(Finding);

/// Looks at everything; `web` is the receiver of the configuration.
pub async fn check(needs: &Needs, web: &OpenWebif, tell: &mut dyn FnMut(Finding)) {
    let config = &needs.loaded.config;
    machine::configuration(needs, tell);
    tell(machine::clock(SystemTime::now()));
    machine::port(&config.server.listen, tell).await;
    tell(machine::data(&needs.data));
    tell(machine::state(&needs.state, needs.is_demo));
    if !receiver::answers(needs, web, tell).await {
        return;
    }
    let lineup = receiver::channels(needs, web, tell).await;
    if !lineup.channels.is_empty() {
        tell(receiver::guide(needs, web, &lineup).await);
    }
    tell(receiver::streams(&needs.host, config.stream.port));
}

/// The findings about a configuration that is wrong; nothing else can be looked at then.
pub fn misconfigured(errors: &[config::Error]) -> Vec<Finding> {
    let finding = |error: &config::Error| Finding::problem("configuration", error.to_string());
    errors.iter().map(finding).collect()
}
