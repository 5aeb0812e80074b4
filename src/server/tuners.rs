//! `/api/v1/tuners`: who has which tuner.

use nanoserde::SerJson;

use super::streams::Activity;
use crate::http::{Params, Reply, Request};
use crate::stream::{Held, Use};

impl Activity {
    pub(super) async fn tuners(self, _: Request, _: Params) -> Reply {
        let tuners = self.streams.tuners();
        let body = Tuners {
            total: tuners.total,
            free: tuners.free(),
            seconds: self.streams.looked().map(|age| age.as_secs()),
            held: tuners.held.iter().map(Tuner::from).collect(),
        };
        Reply::new(200, "application/json", body.serialize_json())
    }
}

#[derive(SerJson)]
struct Tuners {
    total: Option<usize>,
    free: Option<usize>,
    seconds: Option<u64>,
    held: Vec<Tuner>,
}

#[derive(SerJson)]
struct Tuner {
    transponder: String,
    uses: Vec<User>,
}

#[derive(SerJson)]
struct User {
    purpose: String,
    channel: String,
    readers: usize,
}

impl From<&Held> for Tuner {
    fn from(held: &Held) -> Tuner {
        Tuner {
            transponder: held.transponder.to_string(),
            uses: held.uses.iter().map(User::from).collect(),
        }
    }
}

impl From<&Use> for User {
    fn from(one: &Use) -> User {
        User {
            purpose: one.purpose.as_str().into(),
            channel: one.service.slug(),
            readers: one.readers,
        }
    }
}
