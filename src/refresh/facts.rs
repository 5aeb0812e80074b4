//! What is asked of the receiver for others: its tuners and what its stream relay is for.

use std::time::Instant;

use super::{Poller, Wish};
use crate::model::Relay;
use crate::receiver::Error;

/// What others should know of the receiver.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// How many tuners it has; `None` if that is not known.
    pub tuners: Option<usize>,
    /// Its stream relay.
    pub relay: Relay,
}

impl Poller {
    /// Asks for the model at the first pass and after the receiver was away. Nice to know, no more: it can hang on a
    /// network share while all else works.
    pub(super) async fn ask_about(&self, was_failing: bool) {
        if was_failing || self.status.borrow().passes == 0 {
            match self.web.about().await {
                Ok(about) => {
                    self.facts.borrow_mut().tuners = about.tuners;
                    self.status.borrow_mut().about = Some(about);
                    (self.tell)(&self.facts.borrow());
                }
                Err(error) => log::debug!("{error}"),
            }
        }
    }

    /// Asks for the relay's list, once a day and when somebody wishes.
    pub(super) async fn ask_relay(&self, wish: Option<&Wish>) -> Result<(), Error> {
        let daily = self.settings.refresh.full_interval;
        let asked = self.relay_asked.get();
        if wish.is_none() && asked.is_some_and(|asked| asked.elapsed() < daily) {
            return Ok(());
        }
        match self.web.relay().await {
            Ok(relay) => {
                self.set_relay(relay);
                self.relay_asked.set(Some(Instant::now()));
            }
            Err(error) if error.is_general() => return Err(error),
            Err(error) => self.warn(format!(
                "which channels come from the stream relay cannot be told: {error}"
            )),
        }
        Ok(())
    }

    /// Notes what comes from the relay, and tells.
    pub(super) fn set_relay(&self, relay: Relay) {
        self.facts.borrow_mut().relay = relay;
        (self.tell)(&self.facts.borrow());
    }
}
