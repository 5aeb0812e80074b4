//! The receiver's answers about what it is doing.

use super::answers::{Answer, View};
use super::clock;
use super::json::Json;
use super::query::Query;
use super::timers;
use super::titles;
use super::tuners::Use;
use super::world::{field, Entry};
use super::Line;

/// What `/api/getcurrent` calls `info`; zeros in standby.
pub(super) fn current_service(view: &View, json: &mut Json) {
    let current = view.world.current();
    let number = |index| {
        let hex = current.map_or("0", |entry| field(&entry.sref, index));
        i64::from_str_radix(hex, 16).unwrap_or(0)
    };
    let on = current.is_some();
    let bouquet = view.world.top(false).next().filter(|_| on);
    json.flag("result", on);
    json.html("name", current.map_or("", |entry| &entry.name));
    match current {
        Some(_) => json.int("namespace", number(6)),
        None => json.text("namespace", ""),
    }
    json.int("aspect", if on { 3 } else { 0 });
    json.text("provider", current.map_or("", |entry| entry.provider));
    json.int("width", if on { 176 } else { 0 });
    json.int("height", if on { 144 } else { 0 });
    json.int("apid", if on { 0x102 } else { 0 });
    json.int("vpid", if on { 0x101 } else { 0 });
    json.int("pcrpid", if on { 0x101 } else { 0 });
    json.int("pmtpid", if on { 0x100 } else { 0 });
    json.text("txtpid", "N/A");
    json.int("tsid", number(4));
    json.int("onid", number(5));
    json.int("sid", number(3));
    json.text("ref", current.map_or("", |entry| &entry.sref));
    json.flag("iswidescreen", on);
    let quoted = bouquet.map_or(String::new(), |bouquet| bouquet.sref().replace('"', "%22"));
    json.text("bqref", &quoted);
    json.text("bqname", bouquet.map_or("", |bouquet| &bouquet.name));
    if view.line == Line::V2 {
        json.text("hbbtvurl", "");
    }
}

/// `/api/statusinfo`; its texts are not escaped.
pub(super) fn status(view: &View) -> Answer {
    let current = view.world.current();
    let event = current.and_then(|entry| view.world.programme.now_next(entry, view.now).0);
    let texts = current
        .zip(event.as_ref())
        .map(|(entry, event)| titles::texts(event, entry.language));
    let title = match (current, &event) {
        (Some(entry), Some(_)) => running_title(view, &entry.sref),
        _ => "N/A".to_owned(),
    };
    Answer::json(|json| {
        json.int("volume", 70);
        json.flag("muted", false);
        json.flag("transcoding", false);
        json.text("currservice_filename", "");
        json.int(
            "currservice_id",
            event.as_ref().map_or(-1, |event| event.id),
        );
        json.text("currservice_name", &title);
        if let Some(entry) = current {
            json.text("currservice_serviceref", &entry.sref);
        }
        json.text(
            "currservice_begin",
            &event
                .as_ref()
                .map_or(String::new(), |e| clock::hh_mm(e.begin)),
        );
        if let Some(event) = &event {
            json.int("currservice_begin_timestamp", event.begin);
        }
        json.text(
            "currservice_end",
            &event
                .as_ref()
                .map_or(String::new(), |e| clock::hh_mm(e.end())),
        );
        if let Some(event) = &event {
            json.int("currservice_end_timestamp", event.end());
        }
        json.text(
            "currservice_description",
            texts.as_ref().map_or("", |texts| &texts.short),
        );
        if let Some(entry) = current {
            json.text("currservice_station", &entry.name);
        }
        let full = match (&event, &texts) {
            (Some(event), Some(texts)) => {
                let (begin, end) = (clock::hh_mm(event.begin), clock::hh_mm(event.end()));
                format!("{title}\n{begin} - {end}\n\n{}", texts.long)
            }
            _ => "N/A".to_owned(),
        };
        json.text("currservice_fulldescription", &full);
        json.text("inStandby", word(view.world.standby));
        let recordings = timers::running(view.timers);
        json.text("isRecording", word(recordings.is_some()));
        if let Some(recordings) = &recordings {
            json.text("Recording_list", recordings);
        }
        let streams: Vec<String> = view
            .viewers
            .iter()
            .map(|viewer| streaming_line(view, viewer.sref, viewer.ip))
            .collect();
        json.text("Streaming_list", &streams.join("\n"));
        json.text("isStreaming", word(!streams.is_empty()));
    })
}

fn streaming_line(view: &View, sref: &str, ip: &str) -> String {
    let name = view
        .world
        .service(sref)
        .map_or("", |entry| entry.name.as_str());
    format!("{ip}: {name} - {}", running_title(view, sref))
}

/// The title of what runs now on a service, "N/A" if unknown.
pub(super) fn running_title(view: &View, sref: &str) -> String {
    let title = |entry: &Entry| {
        let (event, _) = view.world.programme.now_next(entry, view.now);
        let event = event?;
        let changed = view.world.programme.title(entry, &event).map(str::to_owned);
        Some(changed.unwrap_or_else(|| titles::texts(&event, entry.language).title))
    };
    view.world
        .service(sref)
        .and_then(title)
        .unwrap_or_else(|| "N/A".to_owned())
}

/// `/api/currenttime`, the cheapest call.
pub(super) fn time(view: &View) -> Answer {
    Answer::json(|json| {
        json.flag("status", true);
        json.text("time", &clock::hh_mm_ss(view.now));
    })
}

/// `/api/powerstate`; the answer shows the state before a change.
pub(super) fn power(view: &View, query: &Query) -> Answer {
    if query
        .get("newstate")
        .is_some_and(|state| state.parse::<i64>().is_err())
    {
        return Answer::processing_failed();
    }
    Answer::json(|json| {
        json.flag("result", true);
        json.flag("instandby", view.world.standby);
    })
}

/// `/api/signal`; empty texts in standby.
pub(super) fn signal(view: &View) -> Answer {
    let on = view.world.current().is_some();
    let tuner = (0..view.tuners.count())
        .find(|tuner| view.tuners.on(*tuner).any(|u| u.purpose == Use::Television))
        .and_then(|tuner| i64::try_from(tuner).ok());
    let number = |json: &mut Json, key: &str, value: i64| match on {
        true => json.int(key, value),
        false => json.text(key, ""),
    };
    Answer::json(|json| {
        json.text("tunertype", if on { "DVB-S" } else { "" });
        number(json, "tunernumber", tuner.unwrap_or(0));
        number(json, "snr", 91);
        json.text("snr_db", if on { "14.20" } else { "" });
        number(json, "agc", 79);
        number(json, "ber", 0);
        json.text("inStandby", word(view.world.standby));
    })
}

/// `/api/settings`: only what differs from the defaults.
pub(super) fn settings(view: &View) -> Answer {
    let relay_port = view.relay_port.to_string();
    Answer::json(|json| {
        json.flag("result", true);
        json.list("settings", |json| {
            json.tuple(&["config.misc.startCounter", "42"]);
            json.tuple(&["config.OpenWebif.port", "80"]);
            json.tuple(&["config.recording.margin_before", "3"]);
            let authentication = word(view.stream_authentication);
            json.tuple(&["config.streaming.authentication", authentication]);
            if view.line == Line::V2 {
                json.pair("recording.margin_before", 3);
                json.pair("recording.margin_after", 5);
                json.pair("recording.zap_margin_before", 0);
                json.pair("recording.zap_margin_after", 0);
                // Saved because it differs from 17999; the address, 127.0.0.1, does not differ.
                json.tuple(&["config.misc.softcam_streamrelay_port", &relay_port]);
                if !view.whitelist.is_empty() {
                    json.tuple(&["whitelist_streamrelay", &view.whitelist.join(",")]);
                }
            }
        });
    })
}

/// `/api/zap`, which always says yes.
pub(super) fn zap(view: &View, sref: &str) -> Answer {
    let name = view.world.service(sref).map_or("", |entry| &entry.name);
    Answer::json(|json| {
        json.flag("result", true);
        json.text("message", &format!("Active service is now '{name}'"));
    })
}

fn word(yes: bool) -> &'static str {
    if yes {
        "true"
    } else {
        "false"
    }
}
