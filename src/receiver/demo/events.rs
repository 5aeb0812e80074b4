//! The guide's answers.

use super::answers::{Answer, View};
use super::clock;
use super::json::Json;
use super::programme::Event;
use super::query::Query;
use super::status::current_service;
use super::titles::{self, Texts};
use super::world::Entry;
use super::Line;

/// `/api/epgservice?sRef=[&time=epoch][&endTime=minutes]`.
pub(super) fn of_service(view: &View, query: &Query, sref: &str) -> Answer {
    // OpenWebif prints the reference it made of the question, not that of the bouquet.
    let printed = sref.replace("://", "%3a//");
    let entry = view.world.service(sref);
    let picon = entry
        .and_then(Entry::logo_file)
        .map(|file| format!("/picon/{file}"));
    let picon = picon.as_deref().unwrap_or("/images/default_picon.png");
    let (from, to) = window(view, query, i64::MAX);
    Answer::json(|json| {
        json.list("events", |json| {
            let Some(entry) = entry else { return };
            for event in view.world.programme.events(entry, view.now, from, to) {
                json.row(|json| service_row(json, view, entry, &event, &printed, picon));
            }
        });
        json.flag("result", true);
    })
}

fn service_row(
    json: &mut Json,
    view: &View,
    entry: &Entry,
    event: &Event,
    sref: &str,
    picon: &str,
) {
    let texts = texts(view, entry, event);
    let v2 = view.line == Line::V2;
    json.int("id", event.id);
    json.text("sref", sref);
    json.text("picon", picon);
    let day = if v2 {
        clock::day_numeric(event.begin)
    } else {
        clock::day_named(event.begin)
    };
    json.text("date", &day);
    json.text("begin", &clock::hh_mm(event.begin));
    json.int("begin_timestamp", event.begin);
    json.int("duration", event.duration / 60);
    json.int("duration_sec", event.duration);
    json.text("end", &clock::hh_mm(event.end()));
    json.html("title", &texts.title);
    json.html("shortdesc", &texts.short);
    json.html("longdesc", &texts.long);
    json.html("sname", &entry.name);
    if v2 {
        json.int("tleft", (event.end() - view.now) / 60);
        // Four times too large and negative for what is to come, as the original computes it.
        json.int("progress", (view.now - event.begin) * 400 / event.duration);
    }
    json.int("now_timestamp", if v2 { view.now } else { 0 });
    genre(json, event);
}

/// `/api/epgmulti?bRef=[&time=epoch][&endTime=minutes]`: all events, by service in bouquet order.
pub(super) fn of_bouquet(view: &View, query: &Query, bref: &str) -> Answer {
    let (from, to) = window(view, query, 100_000);
    flat(view, bref, |entry| {
        view.world.programme.events(entry, view.now, from, to)
    })
}

/// `/api/epgbouquet?bRef=`: since 2.x, without `endTime`, only what runs now.
pub(super) fn of_bouquet_by_line(view: &View, query: &Query, bref: &str) -> Answer {
    if view.line == Line::V1 || query.has("endTime") {
        return of_bouquet(view, query, bref);
    }
    flat(view, bref, |entry| {
        view.world
            .programme
            .now_next(entry, view.now)
            .0
            .into_iter()
            .collect()
    })
}

fn flat(view: &View, bref: &str, events: impl Fn(&Entry) -> Vec<Event>) -> Answer {
    Answer::json(|json| {
        json.list("events", |json| {
            for entry in entries(view, bref) {
                for event in events(view.world.source(entry)) {
                    json.row(|json| row(json, view, entry, &event, false));
                }
            }
        });
        json.flag("result", true);
    })
}

/// `/api/epgnow?bRef=`: a row for every entry, markers too.
pub(super) fn now(view: &View, query: &Query, bref: &str) -> Answer {
    overview(view, query, bref, true, false)
}

/// `/api/epgnext?bRef=`.
pub(super) fn next(view: &View, query: &Query, bref: &str) -> Answer {
    overview(view, query, bref, false, true)
}

/// `/api/epgnownext?bRef=`: now, next, now, next.
pub(super) fn now_next(view: &View, query: &Query, bref: &str) -> Answer {
    overview(view, query, bref, true, true)
}

fn overview(view: &View, query: &Query, bref: &str, now: bool, next: bool) -> Answer {
    let v2 = view.line == Line::V2;
    // Since 2.x hidden entries are left out here.
    let shown: Vec<&Entry> = entries(view, bref)
        .iter()
        .filter(|entry| !(v2 && entry.is_hidden()))
        .collect();
    Answer::json(|json| {
        json.list("events", |json| {
            for entry in &shown {
                let (running, coming) = view
                    .world
                    .programme
                    .now_next(view.world.source(entry), view.now);
                let rows = [(now, running), (next, coming)];
                for (_, event) in rows.into_iter().filter(|(asked, _)| *asked) {
                    json.row(|json| match &event {
                        Some(event) => row(json, view, entry, event, entry.is_group()),
                        None => empty_row(json, view, entry),
                    });
                }
            }
        });
        if v2 {
            json.list("isplayable", |json| {
                if query.get("showIsPlayable") == Some("1") {
                    shown
                        .iter()
                        .filter(|e| e.is_service())
                        .for_each(|e| json.element(&e.sref));
                }
            });
        }
        json.flag("result", true);
        if now && next {
            json.object("info", |json| current_service(view, json));
        }
    })
}

/// A row of the calls by bouquet; `members` adds those of a group of alternatives.
fn row(json: &mut Json, view: &View, entry: &Entry, event: &Event, members: bool) {
    let source = view.world.source(entry);
    let texts = texts(view, source, event);
    json.int("id", event.id);
    json.int("begin_timestamp", event.begin);
    json.int("duration_sec", event.duration);
    json.html("title", &texts.title);
    json.html("shortdesc", &texts.short);
    json.html("longdesc", &texts.long);
    if members {
        json.list("asrefs", |json| {
            entries(view, &entry.sref)
                .iter()
                .for_each(|member| json.element(&member.sref));
        });
    }
    json.text("sref", &entry.sref);
    json.html("sname", &source.name);
    json.int("now_timestamp", view.now);
    if view.line == Line::V2 {
        json.int("remaining", event.end() - view.now);
    }
    genre(json, event);
}

/// The row of an entry without an event: "N/A" and zeros since 2.x, nulls before.
fn empty_row(json: &mut Json, view: &View, entry: &Entry) {
    json.null("id");
    if view.line == Line::V2 {
        json.int("begin_timestamp", 0);
        json.int("duration_sec", 0);
        json.text("title", "N/A");
        json.text("shortdesc", "");
        json.text("longdesc", "");
    } else {
        for key in [
            "begin_timestamp",
            "duration_sec",
            "title",
            "shortdesc",
            "longdesc",
        ] {
            json.null(key);
        }
    }
    json.text("sref", &entry.sref);
    json.html("sname", &view.world.source(entry).name);
    match view.line {
        Line::V2 => {
            json.int("now_timestamp", 0);
            json.int("remaining", 0);
        }
        Line::V1 => json.int("now_timestamp", view.now),
    }
    json.text("genre", "");
    json.int("genreid", 0);
}

fn genre(json: &mut Json, event: &Event) {
    let (id, name) = titles::genre(event.kind);
    json.text("genre", name);
    json.int("genreid", id);
}

fn texts(view: &View, entry: &Entry, event: &Event) -> Texts {
    let programme = &view.world.programme;
    let mut texts = match programme.even {
        Some(_) => titles::plain_texts(event, entry.language),
        None => titles::texts(event, entry.language),
    };
    if let Some(title) = programme.title(entry, event) {
        texts.title = title.to_owned();
    }
    texts
}

fn entries<'a>(view: &View<'a>, bref: &str) -> &'a [Entry] {
    view.world
        .bouquet(bref)
        .map_or(&[], |bouquet| &bouquet.entries)
}

/// The asked span of time. `endTime` is minutes from its start; beyond `limit` it means everything.
fn window(view: &View, query: &Query, limit: i64) -> (i64, i64) {
    let time = query.number("time", -1);
    let from = if time < 0 { view.now } else { time };
    let minutes = query.number("endTime", -1);
    if (0..=limit).contains(&minutes) {
        (from, from.saturating_add(minutes.saturating_mul(60)))
    } else {
        (from, i64::MAX)
    }
}
