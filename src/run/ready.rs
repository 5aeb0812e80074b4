//! `xg2g check --ready`.

use std::fmt;

use crate::config::Loaded;
use crate::doctor::{ask, Answer};

/// What a script is told.
#[derive(Debug)]
pub struct Ready(Answer);

/// Asks the program that is configured, and should be running, whether it is ready.
pub fn ready(loaded: &Loaded) -> Ready {
    Ready(smol::block_on(ask(&loaded.config.server.listen)))
}

impl Ready {
    /// The exit status: 0 ready, 1 not ready, 3 nobody answers, or somebody else.
    pub fn status(&self) -> u8 {
        match self.0 {
            Answer::Ready(_) => 0,
            Answer::NotReady(_) => 1,
            Answer::Other(..) | Answer::Nobody(..) => 3,
        }
    }
}

/// One line, and one for each component that is not as it should be.
impl fmt::Display for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let checks = match &self.0 {
            Answer::Ready(checks) => {
                f.write_str("ready")?;
                checks
            }
            Answer::NotReady(checks) => {
                f.write_str("not ready")?;
                checks
            }
            Answer::Other(at, why) => return write!(f, "{at} is not known to be ready: {why}"),
            Answer::Nobody(at, why) => return write!(f, "{at} does not answer: {why}"),
        };
        for check in checks {
            let status = check.status.as_str();
            write!(f, "\n{status:<9}  {:<12}  {}", check.name, check.message)?;
        }
        Ok(())
    }
}
