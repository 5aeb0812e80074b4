//! `xg2g refresh`: one pass, for the next start.

use std::fmt;
use std::rc::Rc;

use smol::LocalExecutor;

use crate::app;
use crate::config::Loaded;

/// What is known now.
#[derive(Clone, Copy, Debug)]
pub struct Refreshed {
    channels: usize,
    /// `None`: there is no guide.
    events: Option<u32>,
}

/// Fetches channels and guide once. Where an xg2g runs it has the directory to itself, and is asked instead
/// (`POST /api/v1/refresh`).
///
/// # Errors
/// When it cannot begin, or the pass fails.
pub fn refresh(loaded: Loaded) -> Result<Refreshed, app::Error> {
    let executor = Rc::new(LocalExecutor::new());
    let options = super::options(false, loaded);
    let known = smol::future::block_on(executor.run(app::refresh(&executor, options)))?;
    let guide = known.guide.as_ref();
    Ok(Refreshed {
        channels: known.lineup.channels.len(),
        events: guide.map(|guide| guide.all().events),
    })
}

impl fmt::Display for Refreshed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} channels", self.channels)?;
        match self.events {
            Some(events) => write!(f, ", {events} events"),
            None => Ok(()),
        }
    }
}
