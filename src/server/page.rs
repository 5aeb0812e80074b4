//! `/` and `/page/…`: the web page.

use std::cell::OnceCell;
use std::rc::Rc;
use std::time::SystemTime;

use super::rendered::{Output, Rendered};
use super::Addresses;
use crate::http::{ApiError, Params, Reply, Request};
use crate::model::Base;
use crate::page::{self, Basics, Language, ASSETS};
use crate::refresh;
use crate::store::Store;

#[derive(Clone)]
pub(super) struct Page {
    pub(super) store: Rc<Store>,
    pub(super) refresh: refresh::Handle,
    pub(super) addresses: Rc<Addresses>,
    pub(super) rendered: Rc<Rendered>,
    /// Packed when they are asked for first: most starts are not looked at.
    pub(super) assets: Rc<[OnceCell<Output>; ASSETS.len()]>,
    /// When this table of routes was made.
    pub(super) made: SystemTime,
}

impl Page {
    /// The document, in the browser's language. It tells no key: whoever may have one gets it from `/api/v1/addresses`.
    pub(super) async fn document(self, request: Request, _: Params) -> Reply {
        let language = Language::of(request.list("accept-language"));
        let base = Base {
            key: String::new(),
            ..self.addresses.base(&request)
        };
        let snapshot = self.store.current();
        let error = self.refresh.status().error;
        let key = format!(
            "page {} {} {} {}",
            language.tag(),
            base.address,
            snapshot.generation,
            error.as_deref().unwrap_or_default()
        );
        let output = self.rendered.get(&key, || {
            let basics = Basics {
                base,
                channels: snapshot.lineup.channels.len(),
                with_guide: snapshot.guide.as_ref().map(|guide| guide.all().channels),
                error,
            };
            Output::new(page::document(language, &basics).into_bytes())
        });
        let reply = output.reply(&request, self.made, "text/html; charset=utf-8");
        reply
            .with("content-security-policy", page::POLICY)
            .with("vary", "accept-language")
    }

    /// A file that it needs.
    pub(super) async fn asset(self, request: Request, params: Params) -> Result<Reply, ApiError> {
        let name = params.get("file");
        let found = ASSETS.iter().zip(self.assets.iter());
        let (asset, packed) = found
            .into_iter()
            .find(|(asset, _)| asset.name == name)
            .ok_or_else(|| ApiError::not_found("the page has no such file"))?;
        let output = packed.get_or_init(|| Output::new(asset.text.into()));
        Ok(output
            .clone()
            .reply(&request, self.made, asset.content_type))
    }
}
