//! `/api/v1/channels`, `/bouquets`, `/epg`, `/now`: what is known, as JSON.
//!
//! Long lists are made on the way, a few channels at a time, so that a slow processor serves others in between.

use std::rc::Rc;

use nanoserde::SerJson;

use super::choice::{choose, Choice};
use super::details::DetailsJson;
use super::known::known;
use super::list::{item, listed, OrNull};
use crate::http::client::quote;
use crate::http::{ApiError, Params, Reply, Request};
use crate::model::{
    parse_rfc3339, rfc3339, unix_now, Bouquet, Channel, Event, Lineup, ListedBouquet,
};
use crate::store::Store;

/// Events in an answer; ask for more by a later `from`.
const MOST_EVENTS: usize = 5_000;
const DAY: u32 = 86_400;

#[derive(Clone)]
pub(super) struct Api {
    pub(super) store: Rc<Store>,
}

#[derive(SerJson)]
struct ChannelJson {
    id: String,
    slug: String,
    number: u32,
    name: String,
    media: String,
    bouquets: Vec<String>,
    service: String,
    logo: String,
    stream: String,
    guide_until: OrNull<String>,
    quality: Option<String>,
    codec: Option<String>,
    scrambled: Option<bool>,
    provider: Option<String>,
}

impl ChannelJson {
    /// `until`: when the last event ends that is known of it, in seconds since 1970; 0 if none is.
    fn new(channel: &Channel, lineup: &Lineup, until: u32) -> ChannelJson {
        let service = &channel.service;
        let facts = channel.facts.as_deref();
        let slug = channel.slug.to_string();
        let bouquet = |at: &u16| {
            lineup
                .bouquets
                .get(usize::from(*at))
                .map(|b| b.stem.clone())
        };
        ChannelJson {
            id: channel.id(),
            number: channel.number,
            name: channel.name.to_string(),
            media: channel.media.as_str().into(),
            bouquets: channel.bouquets.iter().filter_map(bouquet).collect(),
            // A URL may carry a password; who needs it follows the stream.
            service: if service.url().is_some() {
                "url".into()
            } else {
                service.address()
            },
            logo: format!("/picon/{slug}.png"),
            stream: format!("/stream/{slug}.ts"),
            slug,
            guide_until: OrNull((until > 0).then(|| rfc3339(until.into()))),
            quality: service.quality().map(|quality| quality.as_str().into()),
            codec: facts.and_then(|facts| Some(facts.codec?.as_str().into())),
            scrambled: facts.map(|facts| facts.is_scrambled),
            provider: facts
                .map(|facts| facts.provider.to_string())
                .filter(|provider| !provider.is_empty()),
        }
    }
}

#[derive(SerJson)]
struct BouquetJson {
    stem: String,
    name: String,
    media: String,
    channels: usize,
    hidden: u32,
    locked: u32,
    playlist: Option<String>,
    offered: bool,
}

#[derive(SerJson)]
struct EventJson {
    channel: String,
    id: u32,
    start: String,
    stop: String,
    title: String,
    summary: Option<String>,
    description: Option<String>,
    genre: u8,
    details: Option<DetailsJson>,
}

impl EventJson {
    fn new(channel: &Channel, event: &Event) -> EventJson {
        EventJson {
            summary: Some(event.summary.clone()),
            description: Some(event.description.clone()),
            details: event.details.as_deref().and_then(DetailsJson::new),
            ..EventJson::short(channel, event)
        }
    }

    /// Without what is long.
    fn short(channel: &Channel, event: &Event) -> EventJson {
        EventJson {
            channel: channel.slug.to_string(),
            id: event.id,
            start: rfc3339(event.start.into()),
            stop: rfc3339(event.stop().into()),
            title: event.title.clone(),
            summary: None,
            description: None,
            genre: event.genre,
            details: None,
        }
    }
}

#[derive(SerJson)]
struct NowJson {
    channel: String,
    number: u32,
    name: String,
    now: Option<EventJson>,
    next: Option<EventJson>,
}

impl Api {
    /// The channels that the query chooses.
    pub(super) async fn channels(self, request: Request, _: Params) -> Result<Reply, ApiError> {
        let snapshot = known(&self.store)?;
        let lineup = snapshot.lineup.clone();
        let Choice { total, rows } = choose(&request, &lineup)?;
        let store = self.store;
        let item = move |at: u32, out: &mut String| {
            if let Some(channel) = lineup.channels.get(at as usize) {
                let until = channel.epg.map_or(0, |key| store.events().known_until(key));
                item(out, &ChannelJson::new(channel, &lineup, until));
            }
            Ok(())
        };
        Ok(listed(
            &request,
            format!("{{\"total\":{total},\"channels\":["),
            rows,
            Box::new(item),
        ))
    }

    /// The bouquets that are offered; `?all=true`: then those that are not, too.
    pub(super) async fn bouquets(self, request: Request, _: Params) -> Result<Reply, ApiError> {
        let snapshot = known(&self.store)?;
        let lineup = snapshot.lineup.clone();
        let others = match request.query("all") {
            None | Some("false") => Vec::new(),
            Some("true") => self.others(&lineup),
            Some(_) => return Err(ApiError::bad("all is true or false")),
        };
        let chosen = (0..(lineup.bouquets.len() + others.len()) as u32).collect();
        let item = move |at: u32, out: &mut String| {
            if let Some(bouquet) = lineup.bouquets.get(at as usize) {
                item(
                    out,
                    &BouquetJson {
                        stem: bouquet.stem.clone(),
                        name: bouquet.name.clone(),
                        media: bouquet.media.as_str().into(),
                        channels: bouquet.channels.len(),
                        hidden: bouquet.hidden,
                        locked: bouquet.locked,
                        playlist: Some(format!("/playlist/{}.m3u", quote(&bouquet.stem))),
                        offered: true,
                    },
                );
            } else if let Some(other) = others.get(at as usize - lineup.bouquets.len()) {
                item(out, other);
            }
            Ok(())
        };
        Ok(listed(
            &request,
            "{\"bouquets\":[".into(),
            chosen,
            Box::new(item),
        ))
    }

    /// Bouquets of the receiver that are not offered, but could be.
    fn others(&self, lineup: &Lineup) -> Vec<BouquetJson> {
        let listing = self.store.listing();
        let is_offered = |other: &ListedBouquet| {
            let same = |one: &Bouquet| one.stem == other.stem() && one.media == other.media;
            lineup.bouquets.iter().any(same)
        };
        let others = listing.bouquets.iter();
        let others = others.filter(|other| !other.is_hidden() && !is_offered(other));
        let others = others.map(|other| BouquetJson {
            stem: other.stem(),
            name: other.name.to_string(),
            media: other.media.as_str().into(),
            channels: other.services().len(),
            hidden: 0,
            locked: 0,
            playlist: None,
            offered: false,
        });
        others.collect()
    }

    /// `?channel=` a slug, id or service reference (all channels without it), `?from=` and `?to=` RFC 3339 or seconds
    /// since 1970 (now, a day later).
    pub(super) async fn epg(self, request: Request, _: Params) -> Result<Reply, ApiError> {
        let snapshot = known(&self.store)?;
        let lineup = snapshot.lineup.clone();
        let chosen: Vec<u32> = match request.query("channel") {
            None => (0..lineup.channels.len() as u32).collect(),
            Some(name) => {
                let slug = name
                    .strip_suffix(".e2")
                    .unwrap_or(name)
                    .trim_end_matches(':')
                    .replace(':', "-");
                let found = lineup.find(&slug).map(|channel| channel.number);
                match lineup
                    .channels
                    .iter()
                    .position(|channel| Some(channel.number) == found)
                {
                    Some(at) => vec![at as u32],
                    None => return Err(ApiError::not_found("there is no such channel")),
                }
            }
        };
        let now = unix_now();
        let (Some(from), Some(to)) = (
            time(&request, "from", Some(now)),
            time(&request, "to", None),
        ) else {
            let text = "from and to are times like 2026-11-22T20:15:00Z or seconds since 1970";
            return Err(ApiError::bad(text));
        };
        let from = from.unwrap_or(now);
        let to = to.unwrap_or(from.saturating_add(DAY));
        let store = self.store;
        let mut left = MOST_EVENTS;
        let each = move |at: u32, out: &mut String| {
            let Some((channel, key)) = lineup
                .channels
                .get(at as usize)
                .and_then(|c| Some((c, c.epg?)))
            else {
                return Ok(());
            };
            if left == 0 {
                return Ok(());
            }
            let mut events = Vec::new();
            store.events().read(key, from, to, &mut events)?;
            for event in events.iter().take(left) {
                item(out, &EventJson::new(channel, event));
            }
            left -= events.len().min(left);
            Ok(())
        };
        Ok(listed(
            &request,
            "{\"events\":[".into(),
            chosen,
            Box::new(each),
        ))
    }

    /// The running and the next event of each of the channels that the query chooses; `?texts=false` without what is
    /// long.
    pub(super) async fn now(self, request: Request, _: Params) -> Result<Reply, ApiError> {
        let snapshot = known(&self.store)?;
        let lineup = snapshot.lineup.clone();
        let Choice { total, rows } = choose(&request, &lineup)?;
        let has_texts = match request.query("texts") {
            None | Some("true") => true,
            Some("false") => false,
            Some(_) => return Err(ApiError::bad("texts is true or false")),
        };
        let now = unix_now();
        let store = self.store;
        let each = move |at: u32, out: &mut String| {
            let Some(channel) = lineup.channels.get(at as usize) else {
                return Ok(());
            };
            let mut events = Vec::new();
            if let Some(key) = channel.epg {
                store
                    .events()
                    .read(key, now, now.saturating_add(DAY), &mut events)?;
            }
            let json = |event: Option<&Event>| {
                let event = event?;
                Some(if has_texts {
                    EventJson::new(channel, event)
                } else {
                    EventJson::short(channel, event)
                })
            };
            let is_running = |event: &&Event| event.start <= now && now < event.stop();
            let is_ahead = |event: &&Event| event.start > now;
            item(
                out,
                &NowJson {
                    channel: channel.slug.to_string(),
                    number: channel.number,
                    name: channel.name.to_string(),
                    now: json(events.iter().find(is_running)),
                    next: json(events.iter().find(is_ahead)),
                },
            );
            Ok(())
        };
        Ok(listed(
            &request,
            format!("{{\"total\":{total},\"channels\":["),
            rows,
            Box::new(each),
        ))
    }
}

/// A time of the query: `Some(None)` if it is not given, `None` if it is no time.
fn time(request: &Request, name: &str, default: Option<u32>) -> Option<Option<u32>> {
    match request.query(name) {
        None => Some(default),
        Some(text) => text.parse().ok().or_else(|| parse_rfc3339(text)).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Codec, Entry, Listing, Media, Selection, Service};

    #[test]
    fn a_channel_tells_what_is_known_of_its_service() {
        let mut known = Entry::new("1:0:1F:1:2:3:C00000:0:0:0:", "A").unwrap();
        known.facts = Some(Arc::new(Service {
            provider: "Weit \"&\" breit".into(),
            is_scrambled: true,
            codec: Some(Codec::Hevc),
        }));
        let unknown = Entry::new("1:0:1:2:2:3:C00000:0:0:0:", "B").unwrap();
        let listing = Listing {
            bouquets: vec![ListedBouquet {
                reference: "x".into(),
                name: "x".into(),
                media: Media::Tv,
                entries: vec![known, unknown],
            }],
        };
        let lineup = Lineup::resolve(&listing, &Selection::default());
        let json = |at: usize, until| {
            ChannelJson::new(&lineup.channels[at], &lineup, until).serialize_json()
        };
        let expected =
            r#""quality":"uhd","codec":"hevc","scrambled":true,"provider":"Weit \"&\" breit"}"#;
        let first = json(0, 1_795_305_600);
        assert!(first.ends_with(expected), "{first}");
        let until = r#""guide_until":"2026-11-22T00:00:00Z","#;
        assert!(first.contains(until), "{first}");
        // What is not known is left out.
        let second = json(1, 0);
        assert!(second.ends_with(".ts\",\"guide_until\":null}"), "{second}");
    }
}
