//! What the board of health is told.

use super::Poller;
use crate::health::{Guide, Outputs, Saved, Writing};
use crate::receiver::Error;

impl Poller {
    /// Tells what there is before the first pass: who was stopped and started again is ready at once.
    pub(super) fn begin_health(&self) {
        let outputs = self.outputs();
        let saved = outputs.channels.map(|_| Saved {
            guide: self.store.current().guide.as_ref().map(|guide| guide.made),
        });
        self.health.begin(outputs, saved);
    }

    /// Tells what is handed out.
    pub(super) fn tell_outputs(&self) {
        self.health.publish(self.outputs());
    }

    /// Tells whether outputs and events could be written, by how a pass or a look ended.
    pub(super) fn tell_writing(&self, result: &Result<(), Error>) {
        match result {
            Ok(()) => self.health.wrote(Writing::Outputs, None),
            Err(Error::Store(error)) => self.health.wrote(Writing::Outputs, Some(error)),
            // It did not come so far.
            Err(_) => {}
        }
    }

    fn outputs(&self) -> Outputs {
        let snapshot = self.store.current();
        let is_known = snapshot.generation > 0;
        let events = |guide: &crate::store::GuideFile| guide.all().events;
        Outputs {
            channels: is_known.then_some(snapshot.lineup.channels.len()),
            guide: match &snapshot.guide {
                _ if !self.settings.guide.enabled => Guide::Unwanted,
                Some(guide) if snapshot.complete => Guide::Whole(events(guide)),
                _ if is_known && snapshot.complete => Guide::Whole(0),
                _ => Guide::Incomplete,
            },
        }
    }
}
