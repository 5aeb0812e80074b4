//! What the audit and those who follow are told.

use std::future::Future;
use std::time::Instant;

use super::{Call, Poller, Wish};
use crate::log::audit::{Event, Kind};
use crate::notice::Notice;
use crate::receiver::Error;

impl Call {
    /// The wish, if it is one.
    pub(super) fn wish(&self) -> Option<&Wish> {
        match self {
            Call::Wish(wish) => Some(wish),
            Call::Start | Call::Time | Call::Files | Call::Back => None,
        }
    }

    fn actor(&self) -> &str {
        match self {
            Call::Start => "start",
            Call::Time => "schedule",
            Call::Files => "files",
            Call::Back => "receiver",
            Call::Wish(wish) => &wish.by,
        }
    }
}

impl Poller {
    /// Does `work` on `what` and tells of it: that it begins, and how it ended.
    pub(super) async fn audited(
        &self,
        call: &Call,
        what: &str,
        work: impl Future<Output = Result<(), Error>>,
    ) -> Result<(), Error> {
        let began = Instant::now();
        self.record(Kind::RefreshStart, call, what, &[]);
        self.notices.push(&Notice::RefreshStarted {
            by: call.actor().to_owned(),
            what: what.to_owned(),
        });
        let result = work.await;
        self.tell_writing(&result);
        let took = ("duration_ms", began.elapsed().as_millis().to_string());
        match &result {
            Ok(()) => {
                let known = self.store.current();
                let mut details = vec![
                    ("channels", known.lineup.channels.len().to_string()),
                    ("bouquets", known.lineup.bouquets.len().to_string()),
                ];
                let events = known.guide.as_ref().map(|guide| guide.all().events);
                details.extend(events.map(|events| ("events", events.to_string())));
                details.push(took);
                self.record(Kind::RefreshSuccess, call, what, &details);
            }
            Err(error) => {
                let details = [("error", error.to_string()), took];
                self.record(Kind::RefreshError, call, what, &details);
            }
        }
        let known = self.store.current();
        self.notices.push(&Notice::RefreshFinished {
            by: call.actor().to_owned(),
            what: what.to_owned(),
            error: result.as_ref().err().map(Error::to_string),
            duration_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            generation: known.generation,
            channels: known.lineup.channels.len() as u32,
            bouquets: known.lineup.bouquets.len() as u32,
        });
        result
    }

    fn record(&self, kind: Kind, call: &Call, what: &str, details: &[(&'static str, String)]) {
        let wish = call.wish();
        self.audit.record(Event {
            actor: call.actor(),
            action: "refresh",
            resource: what,
            remote: wish.and_then(|wish| wish.remote),
            request_id: wish.map_or("", |wish| &wish.request_id),
            details,
            ..Event::of(kind)
        });
    }
}
