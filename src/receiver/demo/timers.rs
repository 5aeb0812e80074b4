//! The receiver's timers and what they record.

use super::answers::{Answer, View};
use super::clock;
use super::json::Json;
use super::Line;

/// Seconds before its begin at which enigma2 prepares a timer.
const PREPARE: i64 = 20;

/// How far a timer has come; the numbers are enigma2's (`timer.py`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Waiting = 0,
    Running = 2,
    Ended = 3,
}

/// One recording, to come, running or done.
#[derive(Clone)]
pub(super) struct Timer {
    pub(super) sref: String,
    /// The name of the service.
    pub(super) service: String,
    /// What is recorded.
    pub(super) title: String,
    /// Seconds since 1970.
    pub(super) begin: i64,
    pub(super) end: i64,
    pub(super) stage: Stage,
    /// Its use of a tuner while it runs.
    pub(super) tuned: Option<u32>,
}

/// `/api/timerlist`.
pub(super) fn list(view: &View) -> Answer {
    let v2 = view.line == Line::V2;
    Answer::json(|json| {
        if v2 {
            json.int("version", 2);
        }
        json.flag("result", true);
        json.list("timers", |json| {
            for timer in view.timers {
                json.row(|json| row(json, timer, v2));
            }
        });
        json.list("locations", |json| json.element("/media/hdd/movie/"));
        json.text("default", "/media/hdd/movie/");
        if v2 {
            json.list("tags", |_| {});
        }
    })
}

fn row(json: &mut Json, timer: &Timer, v2: bool) {
    json.text("serviceref", &timer.sref);
    json.text("servicename", &timer.service);
    json.null("eit");
    json.text("name", &timer.title);
    json.text("description", "");
    json.text("descriptionextended", "N/A");
    json.int("disabled", 0);
    json.int("begin", timer.begin);
    json.int("end", timer.end);
    json.int("duration", timer.end - timer.begin);
    json.int("startprepare", timer.begin - PREPARE);
    json.int("justplay", 0);
    json.int("afterevent", 3);
    json.text("dirname", "None");
    json.text("tags", "");
    json.list("logentries", |_| {});
    json.int("backoff", 0);
    json.flag("firsttryprepare", true);
    json.int("state", timer.stage as i64);
    json.int("repeated", 0);
    json.int("dontsave", 0);
    json.flag("cancelled", false);
    json.int("toggledisabled", 1);
    json.text("toggledisabledimg", "off");
    json.null("filename");
    let next = match timer.stage {
        Stage::Waiting => timer.begin,
        Stage::Running | Stage::Ended => timer.end,
    };
    json.int("nextactivation", next);
    json.text("realbegin", &clock::day_and_time(timer.begin));
    json.text("realend", &clock::day_and_time(timer.end));
    json.text("asrefs", "");
    json.flag("vpsplugin_enabled", false);
    json.flag("vpsplugin_overwrite", false);
    json.int("vpsplugin_time", -1);
    json.int("always_zap", 0);
    json.int("pipzap", 0);
    json.int("isAutoTimer", -1);
    json.int("allow_duplicate", 1);
    if !v2 {
        json.int("autoadjust", -1);
    }
    json.text("recordingtype", "normal");
    json.int("ice_timer_id", -1);
    if v2 {
        json.flag("rename_repeat", true);
    }
}

/// What `/api/statusinfo` calls `Recording_list`: a line for each running timer behind an empty one; `None` without one.
pub(super) fn running(timers: &[Timer]) -> Option<String> {
    let running = timers.iter().filter(|timer| timer.stage == Stage::Running);
    let lines: String = running
        .map(|timer| format!("{}: {}\n", timer.service, timer.title))
        .collect();
    (!lines.is_empty()).then(|| format!("\n{lines}"))
}
