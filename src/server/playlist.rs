//! `/playlist.m3u` and `/playlist/<bouquet>.m3u`.

use std::rc::Rc;

use super::address::Addresses;
use super::known::known;
use super::rendered::{Output, Rendered};
use crate::config::Mode;
use crate::http::{ApiError, Params, Reply, Request};
use crate::model::{unix_seconds, Bouquet};
use crate::playlist::{self, Client, Contents, Links};
use crate::store::{Snapshot, Store};

/// The media type of playlists.
pub(super) const M3U: &str = "audio/x-mpegurl; charset=utf-8";

#[derive(Clone)]
pub(super) struct Playlists {
    pub(super) store: Rc<Store>,
    pub(super) addresses: Rc<Addresses>,
    pub(super) rendered: Rc<Rendered>,
}

impl Playlists {
    pub(super) async fn all(self, request: Request, _: Params) -> Result<Reply, ApiError> {
        self.answer(&request, None)
    }

    pub(super) async fn one(self, request: Request, params: Params) -> Result<Reply, ApiError> {
        self.answer(&request, Some(params.get("bouquet")))
    }

    fn answer(&self, request: &Request, name: Option<&str>) -> Result<Reply, ApiError> {
        let snapshot = known(&self.store)?;
        let agent = || Client::of_agent(request.header("user-agent").unwrap_or(""));
        let client = client(request)?.unwrap_or_else(agent);
        let mode = self.addresses.mode(request)?;
        let bouquet: Option<&Bouquet> = match name.map(|name| snapshot.lineup.bouquet(name)) {
            Some(None) => return Err(ApiError::not_found("there is no such bouquet")),
            Some(found) => found,
            None => None,
        };
        let output = self.output(request, &snapshot, client, mode, bouquet);
        Ok(output.reply(request, snapshot.made, M3U))
    }

    /// The playlist as it is handed out.
    pub(super) fn output(
        &self,
        request: &Request,
        snapshot: &Snapshot,
        client: Client,
        mode: Mode,
        bouquet: Option<&Bouquet>,
    ) -> Output {
        let base = self.addresses.base(request);
        let direct = (mode == Mode::Direct).then(|| self.addresses.streams(request));
        // The time the lineup was made stands for the lineup: generations also count guides.
        let version = unix_seconds(snapshot.made);
        let stem = bouquet.map_or("", |bouquet| &bouquet.stem);
        let key = format!(
            "m3u\n{version}\n{}\n{}\n{}\n{stem}\n{}",
            base.address,
            base.key,
            direct.as_deref().unwrap_or(""),
            client.name()
        );
        let make = || {
            let mut text = Vec::with_capacity(snapshot.lineup.channels.len() * 280 + 256);
            let contents = Contents {
                lineup: &snapshot.lineup,
                programs: &snapshot.programs,
                bouquet,
            };
            let links = Links {
                base: &base,
                direct: direct.as_deref(),
            };
            // Writing into memory cannot fail.
            let _ = playlist::write(&mut text, &contents, &links, client);
            Output::new(text)
        };
        self.rendered.get(&key, make)
    }
}

/// The client that `?client=` names.
///
/// # Errors
/// For a name that is none of theirs.
pub(super) fn client(request: &Request) -> Result<Option<Client>, ApiError> {
    let Some(name) = request.query("client") else {
        return Ok(None);
    };
    let known = "client is kodi, jellyfin, plex, tvheadend, threadfin or plain";
    Client::named(name)
        .map(Some)
        .ok_or_else(|| ApiError::bad(known))
}
