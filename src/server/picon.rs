//! `/picon/<channel>.png`.

use std::rc::Rc;
use std::time::UNIX_EPOCH;

use crate::http::{code, ApiError, Entity, Params, Part, Reply, Request};
use crate::picons::{Logo, Picons};
use crate::store::Store;

#[derive(Clone)]
pub(super) struct Logos {
    pub(super) store: Rc<Store>,
    pub(super) picons: Rc<Picons>,
}

impl Logos {
    pub(super) async fn get(self, request: Request, params: Params) -> Result<Reply, ApiError> {
        let snapshot = self.store.current();
        let channel = snapshot.lineup.find(params.get("channel"));
        let channel = channel.ok_or_else(|| ApiError::not_found("there is no such channel"))?;
        match self.picons.get(channel).await {
            Logo::Png(png) => Ok(Entity {
                etag: format!("\"{:08x}\"", crc32fast::hash(&png)),
                parts: vec![Part::Bytes(png)],
                // Logos have no time of their own here: the receiver's is that of the file's copying.
                last_modified: UNIX_EPOCH,
                content_type: "image/png",
                encoding: None,
                cache_control: "max-age=86400",
                varies: false,
            }
            .reply(&request)),
            Logo::Missing if request.query("missing") == Some("empty") => {
                Ok(Reply::empty(204).with("cache-control", "max-age=3600"))
            }
            Logo::Missing => Err(ApiError::not_found("this channel has no logo")),
            Logo::Unknown => {
                let error = ApiError::new(code::RECEIVER_AWAY, "the receiver does not answer");
                Err(error.with("retry-after", "30"))
            }
        }
    }
}
