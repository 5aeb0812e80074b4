//! The table of contents: every path there is.

use std::rc::Rc;
use std::time::SystemTime;

use super::rendered::Rendered;
use super::{
    addresses, api, checkup, control, events, guide, hdhomerun, health, log, metrics, page,
    pairing, picon, playlist, settings, status, stream, streams, Needs,
};
use crate::http::{Access, Cost, Route, Router};

/// The longest body of settings (bytes): a list of bouquets may have hundreds of names.
const SETTINGS: usize = 16 * 1024;

/// The routes with their handlers.
pub fn table(needs: Needs) -> Router {
    let Needs {
        store,
        refresh,
        picons,
        streams,
        addresses,
        emulated,
        found,
        loaded,
        reloads,
        pairing,
        show,
        token,
        state,
        refused,
        audit,
        notices,
        metrics: registry,
        seen,
        health: board,
        checkup,
        check,
        started,
    } = needs;
    let addresses = Rc::new(addresses);
    let rendered = Rc::new(Rendered::default());
    let playlist = playlist::Playlists {
        store: store.clone(),
        addresses: addresses.clone(),
        rendered: rendered.clone(),
    };
    let guide = guide::Guides {
        store: store.clone(),
        addresses: addresses.clone(),
        rendered: rendered.clone(),
        days: loaded.config.guide.days,
    };
    let checks = checkup::Checks {
        checkup,
        begin: check,
        playlists: playlist.clone(),
        guides: guide.clone(),
        addresses: addresses.clone(),
        emulated: emulated.clone(),
        found: found.clone(),
        has_guide: loaded.config.guide.enabled,
    };
    let activity = streams::Activity {
        streams: streams.clone(),
    };
    let stream = stream::Stations {
        store: store.clone(),
        streams,
        addresses: addresses.clone(),
    };
    let device = emulated.clone().map(|emulated| hdhomerun::Hdhomerun {
        emulated,
        stations: stream.clone(),
        addresses: addresses.clone(),
        rendered: rendered.clone(),
        refresh: refresh.clone(),
    });
    let page = page::Page {
        store: store.clone(),
        refresh: refresh.clone(),
        addresses: addresses.clone(),
        rendered: rendered.clone(),
        assets: Rc::default(),
        made: SystemTime::now(),
    };
    let signpost = addresses::Signpost {
        addresses: addresses.clone(),
        is_hdhomerun: emulated.is_some(),
    };
    let channels = api::Api {
        store: store.clone(),
    };
    let others = metrics::Others {
        refresh: refresh.clone(),
        picons: picons.clone(),
        rendered: rendered.clone(),
        audit: audit.clone(),
        health: board.clone(),
        notices: notices.clone(),
    };
    let events = events::Events {
        notices,
        store: store.clone(),
        refresh: refresh.clone(),
        streams: activity.streams.clone(),
    };
    let metrics = metrics::Metrics {
        registry: registry.with(seen.clone()).with(Rc::new(others)),
    };
    let desk = pairing::Desk {
        pairing,
        show,
        token,
        state,
        reloads: reloads.clone(),
        audit: audit.clone(),
    };
    let status = status::Page {
        store: store.clone(),
        refresh: refresh.clone(),
        picons: picons.clone(),
        rendered: rendered.clone(),
        emulated,
        found,
        loaded: loaded.clone(),
        refused,
        audit,
        started,
    };
    let health = health::Health { board };
    let settings = settings::Settings {
        loaded,
        reloads: reloads.clone(),
    };
    let logos = picon::Logos { store, picons };

    // Each handler is cloned into its row; they are a few reference counts each.
    macro_rules! row {
        ($handler:ident . $verb:ident) => {{
            let handler = $handler.clone();
            move |request, params| {
                let handler = handler.clone();
                async move { handler.$verb(request, params).await }
            }
        }};
    }
    let control = control::Control { refresh, reloads };
    let mut rows = vec![
        Route::get("/playlist.m3u", row!(playlist.all)).costing(Cost::Ready),
        Route::get("/files/playlist.m3u", row!(playlist.all)).costing(Cost::Ready),
        Route::get("/playlist/{bouquet}.m3u", row!(playlist.one)).costing(Cost::Ready),
        Route::get("/xmltv.xml", row!(guide.document)).costing(Cost::Ready),
        Route::get("/files/xmltv.xml", row!(guide.document)).costing(Cost::Ready),
        Route::get("/xmltv.xml.gz", row!(guide.archive)).costing(Cost::Ready),
        Route::get("/files/xmltv.xml.gz", row!(guide.archive)).costing(Cost::Ready),
        Route::get("/picon/{channel}.png", row!(logos.get)).costing(Cost::Ready),
        Route::get("/stream/{channel}.ts", row!(stream.get)).for_players(),
        Route::get("/", row!(page.document))
            .needing(Access::Probe)
            .costing(Cost::Ready),
        Route::get("/page/{file}", row!(page.asset))
            .needing(Access::Probe)
            .costing(Cost::Ready),
        Route::get("/api/v1/status", row!(status.get)),
        Route::get("/api/v1/addresses", row!(signpost.get)),
        Route::get("/api/v1/channels", row!(channels.channels)),
        Route::get("/api/v1/bouquets", row!(channels.bouquets)),
        Route::get("/api/v1/epg", row!(channels.epg)),
        Route::get("/api/v1/now", row!(channels.now)),
        Route::get("/api/v1/streams", row!(activity.streams)),
        Route::get("/api/v1/tuners", row!(activity.tuners)),
        Route::get("/api/v1/events", row!(events.follow)).needing(Access::Follow),
        Route::get("/api/v1/config", row!(settings.get)),
        Route::post("/api/v1/config", row!(settings.post)).taking(SETTINGS),
        Route::get("/api/v1/log", log::get),
        Route::get("/api/v1/check", row!(checks.get)),
        Route::post("/api/v1/check", row!(checks.post))
            .needing(Access::Nudge)
            .costing(Cost::Dear),
        Route::post("/api/v1/refresh", row!(control.refresh)).costing(Cost::Dear),
        Route::post("/api/v1/config/reload", row!(control.reload)).costing(Cost::Dear),
        // It has limits of its own.
        Route::post("/api/v1/pair", row!(desk.pair)).needing(Access::Pair),
        Route::get("/metrics", row!(metrics.get)),
        Route::get("/healthz", row!(health.alive)).needing(Access::Probe),
        Route::get("/readyz", row!(health.ready)).needing(Access::Probe),
    ];
    if let Some(device) = device {
        // What is looked at in a moment, and by clients that take any body for what they asked for.
        let ready = |route: Route| route.for_players().costing(Cost::Ready);
        rows.extend([
            ready(Route::get("/discover.json", row!(device.discover))),
            ready(Route::get("/lineup.json", row!(device.lineup_json))),
            ready(Route::get("/lineup.xml", row!(device.lineup_xml))),
            ready(Route::get("/lineup.m3u", row!(device.lineup_m3u))),
            ready(Route::get("/lineup_status.json", row!(device.scan_status))),
            Route::post("/lineup.post", row!(device.scan))
                .for_players()
                .needing(Access::Nudge)
                .costing(Cost::Dear),
            ready(Route::get("/device.xml", row!(device.description))),
            ready(Route::get("/capability", row!(device.description))),
            ready(Route::get("/status.json", row!(device.resources))),
            Route::get("/tuners.html", row!(device.tuners)),
            Route::get("/auto/v{number}", row!(device.tune)).for_players(),
            Route::get("/tuner{tuner}/v{number}", row!(device.tune)).for_players(),
        ]);
    }
    Router::new(rows).counting(seen)
}
