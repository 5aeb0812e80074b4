//! `/api/v1/check`: the doctor looks at everything, then at what is handed out, by the rules of the clients.

use std::io;
use std::rc::Rc;
use std::time::SystemTime;

use nanoserde::SerJson;
use smol::future::yield_now;

use super::address::Addresses;
use super::device::Emulated;
use super::guide::{Form, Guides};
use super::list::OrNull;
use super::playlist::Playlists;
use crate::config::Mode;
use crate::discovery;
use crate::doctor::{rules, Begin, Checkup, Finding, Told};
use crate::http::{code, ApiError, Body, Client, Method, Params, Reply, Request};
use crate::model::{rfc3339, unix_seconds};
use crate::playlist;
use crate::store::Snapshot;

/// Lines of a playlist that are looked at in one go.
const LINES: usize = 200;

#[derive(Clone)]
pub(super) struct Checks {
    pub(super) checkup: Rc<Checkup>,
    pub(super) begin: Begin,
    pub(super) playlists: Playlists,
    pub(super) guides: Guides,
    pub(super) addresses: Rc<Addresses>,
    pub(super) emulated: Option<Emulated>,
    pub(super) found: Rc<discovery::State>,
    /// A guide is wanted.
    pub(super) has_guide: bool,
}

#[derive(SerJson)]
struct CheckJson {
    running: bool,
    started: OrNull<String>,
    finished: OrNull<String>,
    findings: Vec<FindingJson>,
}

#[derive(SerJson)]
struct FindingJson {
    check: String,
    status: String,
    message: String,
}

impl From<Finding> for FindingJson {
    fn from(finding: Finding) -> FindingJson {
        FindingJson {
            check: finding.check.into(),
            status: finding.status.as_str().into(),
            message: finding.message,
        }
    }
}

impl Checks {
    /// What was found so far, or by the last look.
    pub(super) async fn get(self, _: Request, _: Params) -> Reply {
        let Told {
            is_running,
            started,
            finished,
            findings,
        } = self.checkup.told();
        let time = |at: Option<SystemTime>| OrNull(at.map(|at| rfc3339(unix_seconds(at))));
        let json = CheckJson {
            running: is_running,
            started: time(started),
            finished: time(finished),
            findings: findings.into_iter().map(FindingJson::from).collect(),
        };
        Reply::new(200, "application/json", json.serialize_json()).with("cache-control", "no-store")
    }

    /// 202 when it begins, 409 while one runs.
    pub(super) async fn post(self, mut request: Request, _: Params) -> Result<Reply, ApiError> {
        let run = self.checkup.begin();
        let run =
            run.ok_or_else(|| ApiError::new(code::BUSY_CHECK, "a check is running already"))?;
        log::info!("{} has everything checked {}", request.asker, request.id);
        // What is handed out is looked at as if it was asked for; the connection is not kept for that.
        request.method = Method::Get;
        request.client = Client::default();
        let (begin, tell) = (self.begin.clone(), run.teller());
        begin(run, Box::pin(self.outputs(request, tell)));
        let started = r#"{"status":"started"}"#.to_owned();
        Ok(Reply::new(202, "application/json", started))
    }

    /// Looks at the outputs as they are handed out now, to who asked.
    async fn outputs(self, request: Request, tell: impl Fn(Finding)) {
        let snapshot = self.playlists.store.current();
        if snapshot.generation == 0 {
            let text = "there is none yet, because the receiver has not told its channels: see what is said about the receiver";
            tell(Finding::problem("playlist", text));
        } else {
            self.lists(&request, &snapshot, &tell).await;
        }
        if let Some(emulated) = &self.emulated {
            let programs = emulated.store.current().programs.clone();
            let base = self.addresses.base(&request);
            let is_set = !self.addresses.public_url.is_empty();
            let findings = rules::lineup(&programs, &base.address, is_set);
            findings.into_iter().for_each(&tell);
        }
        let found = self.found.told();
        tell(rules::found(&found.discovery, &found.warnings));
    }

    /// Playlist and guide, which belong together.
    async fn lists(&self, request: &Request, snapshot: &Snapshot, tell: &impl Fn(Finding)) {
        let base = self.addresses.base(request);
        let mode = self.addresses.mode;
        let client = playlist::Client::Kodi;
        let output = self.playlists.output(request, snapshot, client, mode, None);
        let is_direct = mode == Mode::Direct;
        let mut read = rules::Playlist::new(&snapshot.lineup, &base, is_direct);
        let text = String::from_utf8_lossy(&output.plain);
        for (at, line) in text.split_terminator('\n').enumerate() {
            if at % LINES == 0 {
                yield_now().await;
            }
            read.line(line);
        }
        let (findings, ids) = read.end();
        findings.into_iter().for_each(tell);
        drop(text);
        let reply = output.reply(request, snapshot.made, super::playlist::M3U);
        tell(rules::validators("playlist", &headers(&reply)));
        if !self.has_guide {
            tell(Finding::ok("guide", "switched off (guide.enabled)"));
            return;
        }
        let Some(guide) = &snapshot.guide else {
            let text =
                "there is none yet: look again when the running refresh has ended (/api/v1/status)";
            tell(Finding::warning("guide", text));
            return;
        };
        let form = |form| self.guides.whole(request, snapshot, guide, &base, form);
        let plain = form(Form::Plain);
        tell(rules::validators("guide", &headers(&plain)));
        let (encoded, archive) = (form(Form::Encoded), form(Form::Archive));
        tell(rules::packing(&headers(&encoded), &headers(&archive)));
        match judge(plain.body).await {
            Ok(read) => read.end(&ids).into_iter().for_each(tell),
            Err(error) => {
                let text = format!("it cannot be read ({error}): is there room in files.data, and is it still there?");
                tell(Finding::problem("guide", text));
            }
        }
    }
}

/// Reads a guide as it is sent.
async fn judge(body: Body) -> io::Result<rules::Guide> {
    let mut read = rules::Guide::default();
    let Body::Stream(mut chunks) = body else {
        return Err(io::Error::other("it is not sent in pieces"));
    };
    let mut piece = Vec::new();
    loop {
        piece.clear();
        let goes_on = chunks.next(&mut piece)?;
        read.read(&piece);
        if !goes_on {
            return Ok(read);
        }
        yield_now().await;
    }
}

fn headers(reply: &Reply) -> Vec<(&str, &str)> {
    let headers = reply.headers.iter();
    headers.map(|(name, value)| (*name, &**value)).collect()
}
