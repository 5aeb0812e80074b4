//! Bouquets and the services in them.

use super::answers::{Answer, View};
use super::json::Json;
use super::query::Query;
use super::world::{Bouquet, Entry};
use super::Line;

const NO_PICON: &str = "/images/default_picon.png";

/// `/api/bouquets?stype=tv|radio`.
pub(super) fn bouquets(view: &View, query: &Query) -> Answer {
    let radio = query.get("stype") == Some("radio");
    Answer::json(|json| {
        json.list("bouquets", |json| {
            for bouquet in shown(view, radio) {
                json.tuple(&[&bouquet.sref(), &bouquet.name]);
            }
        });
    })
}

/// `/api/getservices?sRef=`; without a reference the list of TV bouquets.
pub(super) fn services(view: &View, query: &Query) -> Answer {
    let sref = query.get("sRef").unwrap_or("");
    let root = ["tv", "radio"]
        .into_iter()
        .find(|kind| sref.contains(&format!("\"bouquets.{kind}\"")));
    match root {
        Some(kind) => roots(view, kind == "radio"),
        None if sref.is_empty() => roots(view, false),
        // enigma2 cannot open what is no reference, and OpenWebif does not expect that.
        None if sref.split(':').count() < 10 => Answer::processing_failed(),
        None => members(view, query, view.world.bouquet(sref)),
    }
}

fn roots(view: &View, radio: bool) -> Answer {
    let count = shown(view, radio).count();
    Answer::json(|json| {
        json.flag("result", true);
        json.text("processingtime", &processing_time(count));
        json.int("pos", int(count));
        json.list("services", |json| {
            let (mut position, mut start) = (0, 0);
            for bouquet in view.world.top(radio) {
                if bouquet.flags & 512 == 0 {
                    position += 1;
                    json.row(|json| {
                        json.int("pos", position);
                        json.int("startpos", start);
                        json.text("servicename", &bouquet.name);
                        json.text("servicereference", &bouquet.sref());
                        json.int("program", 0);
                    });
                }
                start += int(bouquet.entries.len());
            }
        });
    })
}

fn members(view: &View, query: &Query, bouquet: Option<&Bouquet>) -> Answer {
    let hidden = query.get("hidden") == Some("1");
    let entries = bouquet.map_or(&[][..], |bouquet| &bouquet.entries);
    let mut position = 0;
    let rows: Vec<(i64, &Entry)> = numbered(entries, &mut position)
        .into_iter()
        .filter(|(_, entry)| {
            (hidden || !entry.is_hidden()) && (view.line == Line::V1 || wanted(entry, query))
        })
        .collect();
    Answer::json(|json| {
        json.flag("result", true);
        json.text("processingtime", &processing_time(rows.len()));
        json.int("pos", position);
        json.list("services", |json| {
            for (position, entry) in rows {
                let picon = query.get("picon") == Some("1");
                json.row(|json| row(json, view, query, position, entry, picon));
            }
        });
    })
}

/// `/api/getallservices[?type=radio]`: all bouquets at once, numbered through.
pub(super) fn all_services(view: &View, query: &Query) -> Answer {
    let mut position = 0;
    Answer::json(|json| {
        json.flag("result", true);
        json.text(
            "processingtime",
            &processing_time(view.world.entries().count()),
        );
        json.list("services", |json| {
            for bouquet in shown(view, query.has("type")) {
                let rows = numbered(&bouquet.entries, &mut position);
                json.row(|json| {
                    json.text("servicereference", &bouquet.sref());
                    json.text("servicename", &bouquet.name);
                    json.list("subservices", |json| {
                        for (position, entry) in rows {
                            if !entry.is_hidden() && wanted(entry, query) {
                                json.row(|json| row(json, view, query, position, entry, false));
                            }
                        }
                    });
                });
            }
        });
    })
}

fn row(json: &mut Json, view: &View, query: &Query, position: i64, entry: &Entry, picon: bool) {
    json.int("pos", position);
    if picon {
        let file = entry.logo_file().map(|file| format!("/picon/{file}"));
        json.text("picon", file.as_deref().unwrap_or(NO_PICON));
    }
    json.text("servicename", &entry.name);
    json.text("servicereference", &entry.sref);
    json.int("program", i64::from(entry.sid()));
    if query.get("showproviders") == Some("1") || query.get("provider") == Some("1") {
        json.text("provider", provider(entry));
    }
    if view.line == Line::V2 && query.get("showstreamrelay") == Some("1") {
        json.flag("streamrelay", false);
    }
}

/// The provider as lamedb has it; renamed services and those outside lamedb have none.
fn provider(entry: &Entry) -> &str {
    let renamed_or_url = entry
        .sref
        .split(':')
        .nth(10)
        .is_some_and(|rest| !rest.is_empty())
        || entry.sref.split(':').count() > 11;
    match entry.provider {
        _ if !entry.is_service() || renamed_or_url => "",
        "" => "Unknown",
        provider => provider,
    }
}

/// Whether the filters let an entry through.
fn wanted(entry: &Entry, query: &Query) -> bool {
    let url = ["4097:", "5002:", "http%3a", "https%3a"];
    let no_urls = query.get("noiptv") == Some("1");
    let plain_only = query.get("showall") == Some("0");
    !(no_urls && url.iter().any(|part| entry.sref.contains(part))
        || plain_only && entry.flags() != 0)
}

/// Entries with their numbers: every marker has 0 although numbered ones consume a number; hidden services consume none.
fn numbered<'a>(entries: &'a [Entry], position: &mut i64) -> Vec<(i64, &'a Entry)> {
    let number = |entry: &'a Entry| {
        if entry.is_marker() {
            *position += i64::from(entry.flags() & 256 != 0);
            return (0, entry);
        }
        *position += i64::from(!entry.is_hidden());
        (*position, entry)
    };
    entries.iter().map(number).collect()
}

fn shown<'a>(view: &View<'a>, radio: bool) -> impl Iterator<Item = &'a Bouquet> {
    view.world
        .top(radio)
        .filter(|bouquet| bouquet.flags & 512 == 0)
}

/// The time a real receiver would report, about 0.1 ms a row.
fn processing_time(rows: usize) -> String {
    let micros = 100 * rows + 60;
    format!("0:00:{:02}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

fn int(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
