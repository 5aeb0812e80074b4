//! `/picon/<channel>.png`.

use std::rc::Rc;
use std::time::UNIX_EPOCH;

use crate::http::{code, Entity, Params, Part, Reply, Request};
use crate::picons::{Logo, Picons};
use crate::store::Store;

#[derive(Clone)]
pub(super) struct Logos {
    pub(super) store: Rc<Store>,
    pub(super) picons: Rc<Picons>,
}

impl Logos {
    pub(super) async fn get(self, request: Request, params: Params) -> Reply {
        let snapshot = self.store.current();
        let Some(channel) = snapshot.lineup.find(params.get("channel")) else {
            return Reply::error(
                &request.id,
                404,
                code::NOT_FOUND,
                "there is no such channel",
            );
        };
        match self.picons.get(channel).await {
            Logo::Png(png) => Entity {
                etag: format!("\"{:08x}\"", crc32fast::hash(&png)),
                parts: vec![Part::Bytes(png)],
                // Logos have no time of their own here: the receiver's is that of the file's copying.
                last_modified: UNIX_EPOCH,
                content_type: "image/png",
                encoding: None,
                cache_control: "max-age=86400",
                varies: false,
            }
            .reply(&request),
            Logo::Missing => Reply::error(
                &request.id,
                404,
                code::NOT_FOUND,
                "this channel has no logo",
            ),
            Logo::Unknown => Reply::error(
                &request.id,
                503,
                code::RECEIVER_AWAY,
                "the receiver does not answer",
            )
            .with("retry-after", "30"),
        }
    }
}
