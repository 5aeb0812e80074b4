//! `/api/v1/addresses`: what is typed into players.

use std::rc::Rc;

use nanoserde::SerJson;

use super::Addresses;
use crate::http::{Params, Reply, Request};

#[derive(Clone)]
pub(super) struct Signpost {
    pub(super) addresses: Rc<Addresses>,
    pub(super) is_hdhomerun: bool,
}

#[derive(SerJson)]
struct Typed {
    base: String,
    query: String,
    playlist: String,
    guide: String,
    plex_guide: String,
    hdhomerun: Option<String>,
}

impl Signpost {
    /// The addresses as this client reaches them, with the key where reading needs one.
    pub(super) async fn get(self, request: Request, _: Params) -> Reply {
        let base = self.addresses.base(&request);
        let authority = crate::model::authority(&base.address).map(str::to_owned);
        let typed = Typed {
            query: if base.key.is_empty() {
                String::new()
            } else {
                format!("?key={}", base.key)
            },
            playlist: base.playlist(),
            guide: base.guide(),
            plex_guide: base.numbered_guide(),
            hdhomerun: authority.filter(|_| self.is_hdhomerun),
            base: base.address,
        };
        Reply::new(200, "application/json", typed.serialize_json())
            .with("cache-control", "no-store")
    }
}
