//! `/healthz` and `/readyz`.

use std::rc::Rc;

use crate::http::{ApiError, Params, Reply, Request};
use crate::store::Store;

#[derive(Clone)]
pub(super) struct Health {
    pub(super) store: Rc<Store>,
    /// Whether a guide is wanted: if not, being ready does not wait for it.
    pub(super) guide: bool,
}

impl Health {
    /// Whoever reads this is being answered.
    pub(super) async fn alive(self, _: Request, _: Params) -> Reply {
        Reply::new(
            200,
            "application/json",
            r#"{"status":"healthy"}"#.to_owned(),
        )
        .with("cache-control", "no-store")
    }

    /// 200 when playlist and guide are whole. What there is of them is served before that.
    pub(super) async fn ready(self, _: Request, _: Params) -> Result<Reply, ApiError> {
        let snapshot = self.store.current();
        let missing = if snapshot.generation == 0 {
            "the receiver has not told its channels yet"
        } else if self.guide && !snapshot.complete {
            "the guide is not complete yet"
        } else {
            let reply = Reply::new(200, "application/json", r#"{"status":"ready"}"#.to_owned());
            return Ok(reply.with("cache-control", "no-store"));
        };
        Err(ApiError::not_ready(missing).with("cache-control", "no-store"))
    }
}
