//! `/stream/<channel>.ts`: sends players on to where the stream is.

use std::rc::Rc;

use super::address::Addresses;
use crate::http::{Method, Params, Reply, Request};
use crate::model::{stream_source, UrlKind};
use crate::store::Store;

#[derive(Clone)]
pub(super) struct Streams {
    pub(super) store: Rc<Store>,
    pub(super) addresses: Rc<Addresses>,
}

impl Streams {
    /// HEAD is answered from what is known, without a tuner (rule G2). Errors have an empty body, for players that
    /// take any body for a stream (rule G5), and say in a header what is wrong.
    pub(super) async fn get(self, request: Request, params: Params) -> Reply {
        let snapshot = self.store.current();
        let Some(channel) = snapshot.lineup.find(params.get("channel")) else {
            return Reply::empty(404).with("x-hdhomerun-error", "801 Unknown Channel");
        };
        let service = &channel.service;
        if request.method == Method::Head && service.url_kind() != Some(UrlKind::Other) {
            return Reply::empty(200).with("content-type", "video/mp2t");
        }
        let target = stream_source(service, &self.addresses.streams(&request));
        Reply::empty(302)
            .with("location", target)
            .with("cache-control", "no-store")
    }
}
