//! `/stream/<channel>.ts`: sends players on to where the stream is.

use std::rc::Rc;

use super::address::Addresses;
use crate::http::{Method, Params, Reply, Request};
use crate::model::UrlKind;
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
        let url = service
            .url()
            .filter(|_| service.url_kind() != Some(UrlKind::Receiver));
        if request.method == Method::Head && service.url_kind() != Some(UrlKind::Other) {
            return Reply::empty(200).with("content-type", "video/mp2t");
        }
        let target = match url {
            Some(url) => escape(url),
            None => format!(
                "{}{}",
                self.addresses.streams(&request),
                service.stream_path()
            ),
        };
        Reply::empty(302)
            .with("location", target)
            .with("cache-control", "no-store")
    }
}

/// The URL with everything that may not stand in a header percent-encoded; its own escapes stay.
fn escape(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for byte in url.bytes() {
        if byte.is_ascii_graphic() {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_cannot_break_out_of_its_header() {
        assert_eq!(
            escape("http://h/a b?x=%41\r\nSet-Cookie: ü"),
            "http://h/a%20b?x=%41%0D%0ASet-Cookie:%20%C3%BC"
        );
    }
}
