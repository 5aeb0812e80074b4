//! What the simulated receiver has, as its web interface tells it.

use std::collections::HashSet;
use std::time::Duration;

use xg2g::http::client::Settings;
use xg2g::model::{Entry, EntryKind, EpgKey, ListedBouquet, Listing, Media, ServiceRef};
use xg2g::receiver::demo;
use xg2g::receiver::openwebif::{OpenWebif, Piece, Query};

use super::Events;

/// The guide that is copied: from an hour ago, for a day.
const BEFORE: i64 = 3_600;
const MINUTES: u32 = 24 * 60;

/// Asks for all bouquets with what is below them, and for a day of the guide of each service.
pub(crate) async fn copy_of(receiver: &demo::Receiver) -> (Listing, Events) {
    let web = web(receiver.url());
    let listing = listing(&web).await;
    let from = u32::try_from(receiver.now() - BEFORE).unwrap();
    let events = events(&web, &listing, from, MINUTES).await;
    (listing, events)
}

/// Asks a receiver patiently.
pub(crate) fn web(url: String) -> OpenWebif {
    let settings = Settings {
        base: url,
        user: String::new(),
        password: String::new(),
        timeout: Duration::from_secs(10),
        retries: 0,
        backoff: Duration::ZERO,
        max_backoff: Duration::ZERO,
        user_agent: "xg2g-test".into(),
    };
    OpenWebif::new(settings, Duration::from_secs(10)).unwrap()
}

/// All bouquets with what is below them.
pub(crate) async fn listing(web: &OpenWebif) -> Listing {
    let mut listing = Listing::default();
    for media in [Media::Tv, Media::Radio] {
        for named in web.bouquets(media).await.unwrap() {
            listing.bouquets.push(ListedBouquet {
                entries: entries(web, &named.reference).await,
                reference: named.reference.into(),
                name: named.name.into(),
                media,
            });
        }
    }
    listing
}

/// The guide of each service of a listing.
pub(crate) async fn events(web: &OpenWebif, listing: &Listing, from: u32, minutes: u32) -> Events {
    let mut services = Vec::new();
    for bouquet in &listing.bouquets {
        gather(&bouquet.entries, &mut services);
    }
    let mut known = HashSet::new();
    let mut events = Events::new();
    for service in services {
        let key = EpgKey::of(service);
        if key.is_shared_slot() || !known.insert(key) {
            continue;
        }
        let mut take = |piece: Piece<'_>| {
            if let Piece::Events { events: more, .. } = piece {
                events.entry(key).or_default().extend(more.iter().cloned());
            }
            Ok(())
        };
        web.guide(Query::Service(service), from, minutes, &mut take)
            .await
            .unwrap();
    }
    events
}

/// The entries of a list, with those below.
async fn entries(web: &OpenWebif, reference: &str) -> Vec<Entry> {
    let mut entries = (*web.services(reference, true).await.unwrap()).clone();
    for entry in &mut entries {
        if matches!(entry.kind(), EntryKind::Bouquet | EntryKind::Group) {
            entry.members = Box::pin(self::entries(web, &entry.service.address())).await;
        }
    }
    entries
}

/// All services, those below groups and hidden ones too.
fn gather<'a>(entries: &'a [Entry], into: &mut Vec<&'a ServiceRef>) {
    for entry in entries {
        match entry.kind() {
            EntryKind::Service | EntryKind::HiddenService => into.push(&entry.service),
            _ => gather(&entry.members, into),
        }
    }
}
