//! Health: what `/healthz`, `/readyz` and `xg2g check --ready` say of a program that is well, and of one that is not.

// The derive knows no narrower word than `pub`, and writes its code its own way.
#![allow(unreachable_pub, clippy::question_mark)]

mod asked;

use std::os::unix::fs::FileExt;
use std::time::Duration;

use nanoserde::DeJson;
use xg2g::receiver::demo::{Fault, Options, STREAMS};

use crate::faults::small;
use crate::kit::{with, with_channels, with_demo, Kit};

#[derive(Debug, DeJson)]
pub struct Ready {
    pub status: String,
    pub checks: Checks,
}

#[derive(Debug, DeJson)]
pub struct Checks {
    pub playlist: Check,
    pub xmltv: Option<Check>,
    pub last_job_run: Check,
    pub receiver: Check,
    pub streams: Check,
    pub disk: Check,
}

#[derive(Clone, Debug, DeJson)]
pub struct Check {
    pub status: String,
    pub message: String,
}

impl Checks {
    fn is_degraded(&self) -> Vec<&str> {
        let xmltv = self.xmltv.as_ref();
        [
            ("playlist", Some(&self.playlist)),
            ("xmltv", xmltv),
            ("last_job_run", Some(&self.last_job_run)),
            ("receiver", Some(&self.receiver)),
            ("streams", Some(&self.streams)),
            ("disk", Some(&self.disk)),
        ]
        .into_iter()
        .filter(|(_, check)| check.is_some_and(|check| check.status == "degraded"))
        .map(|(name, _)| name)
        .collect()
    }
}

/// The components of a program that is ready.
async fn checks(kit: &Kit) -> Checks {
    let answer = kit.get("/readyz?verbose=true").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let ready: Ready = answer.json();
    let is_degraded = !ready.checks.is_degraded().is_empty();
    let status = if is_degraded { "degraded" } else { "healthy" };
    assert_eq!(ready.status, status, "{}", answer.text());
    let brief = format!("{{\"status\":\"{status}\"}}");
    assert_eq!(kit.get("/readyz").await.text(), brief);
    ready.checks
}

#[test]
fn a_program_that_is_well_says_so_of_each_component() {
    with_demo(async |kit| {
        kit.pass().await;
        let answer = kit.get("/readyz?verbose=true").await;
        assert_eq!(answer.head("content-type"), "application/json");
        assert_eq!(answer.head("cache-control"), "no-store");
        let text = answer.text();
        let begin = r#"{"status":"healthy","checks":{"playlist":{"status":"healthy","message":""#;
        assert!(text.starts_with(begin) && text.ends_with("}}}"), "{text}");
        let places = xg2g::health::COMPONENTS.map(|name| text.find(&format!("\"{name}\":{{")));
        assert!(places.is_sorted() && places[0].is_some(), "{text}");
        let told = checks(kit).await;
        assert!(told.is_degraded().is_empty(), "{text}");
        assert_eq!(told.receiver.message, "it answers");
        assert!(told.last_job_run.message.starts_with("it ended well"));
        let channels = kit.get("/playlist.m3u").await.playlist().len();
        let expected = format!("{channels} channels are offered");
        assert_eq!(told.playlist.message, expected);

        let alive = kit.get("/healthz?verbose=true").await;
        let alive: Ready = alive.json();
        assert_eq!(alive.status, "healthy");
        for path in ["/healthz", "/readyz", "/readyz?verbose=true"] {
            let head = kit.head(path).await;
            assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
        }
        let brief = r#"{"status":"healthy"}"#;
        assert_eq!(kit.get("/readyz?verbose=false").await.text(), brief);
        assert_eq!(kit.get("/healthz").await.text(), brief);
    });
}

#[test]
fn a_program_without_outputs_tells_what_is_missing() {
    with_demo(async |kit| {
        kit.receiver().set_fault(Some(Fault::Refused));
        kit.pass().await;
        let answer = kit.get("/readyz?verbose=true").await;
        assert_eq!(answer.status, 503);
        assert_eq!(answer.head("retry-after"), "5");
        let text = answer.text();
        let begin = format!(
            "{{\"error\":\"the receiver has not told its channels yet\",\"code\":\"E301\",\
             \"request_id\":\"{}\",\"status\":\"unhealthy\",\"checks\":{{\"playlist\":{{\"status\":\"unhealthy\"",
            answer.head("x-request-id")
        );
        assert!(text.starts_with(&begin), "{text}");
        let ready: Ready = answer.json();
        let of = |check: &Check| check.status.clone();
        assert_eq!(of(ready.checks.xmltv.as_ref().unwrap()), "unhealthy");
        assert_eq!(ready.checks.is_degraded(), ["last_job_run", "receiver"]);
        let run = &ready.checks.last_job_run.message;
        assert!(run.contains("none ended well since the start"), "{run}");
        let metrics = kit.metrics().await;
        for (component, value) in [("xmltv", 0.0), ("receiver", 1.0), ("disk", 2.0)] {
            let series = format!("xg2g_health{{component=\"{component}\"}}");
            assert_eq!(metrics.get(&series), value, "{series}");
        }
        // It lives all the same.
        let alive = kit.get("/healthz?verbose=true").await;
        assert_eq!(alive.status, 200);
        assert!(alive.text().starts_with(r#"{"status":"healthy","checks""#));
    });
}

#[test]
fn a_dead_receiver_with_good_outputs_is_degraded_until_it_is_back() {
    with_demo(async |kit| {
        kit.pass().await;
        kit.receiver().set_fault(Some(Fault::Refused));
        kit.refresh().await;
        let told = checks(kit).await;
        assert_eq!(told.is_degraded(), ["last_job_run", "receiver"]);
        let away = &told.receiver.message;
        assert!(away.starts_with("it does not answer, for "), "{away}");
        assert!(away.contains("nothing listens on"), "{away}");
        let run = &told.last_job_run.message;
        assert!(run.contains("the last good one ended"), "{run}");
        kit.receiver().set_fault(None);
        kit.refresh().await;
        assert!(checks(kit).await.is_degraded().is_empty());
    });
}

#[test]
fn a_receiver_in_standby_is_well_and_one_that_keeps_us_out_is_not() {
    with_channels(async |kit| {
        kit.pass().await;
        kit.receiver().set_standby(true);
        kit.refresh().await;
        let told = checks(kit).await;
        assert_eq!(told.receiver.message, "it answers, in standby");
        assert!(told.is_degraded().is_empty());
        kit.receiver().set_fault(Some(Fault::Unauthorized));
        kit.refresh().await;
        let told = checks(kit).await;
        assert_eq!(told.is_degraded(), ["last_job_run", "receiver"]);
        let why = &told.receiver.message;
        assert!(why.starts_with("it answers, but not us"), "{why}");
    });
}

#[test]
fn without_a_guide_there_is_no_component_of_it() {
    with_channels(async |kit| {
        kit.pass().await;
        assert!(checks(kit).await.xmltv.is_none());
        let metrics = kit.metrics().await;
        assert_eq!(metrics.get("xg2g_health{component=\"xmltv\"}"), 2.0);
    });
}

#[test]
fn after_a_restart_saved_outputs_are_ready_and_told_as_what_they_are() {
    with(
        small(),
        |_| (),
        async |kit| {
            kit.pass().await;
            kit.stop().await;
            kit.receiver().set_fault(Some(Fault::Hang));
            kit.start();
            let told = checks(kit).await;
            assert!(told.is_degraded().is_empty(), "{told:?}");
            let run = &told.last_job_run.message;
            let expected = "none has ended since the start; what is handed out was saved before, its guide made at 20";
            assert!(run.starts_with(expected) && run.ends_with('Z'), "{run}");
            assert_eq!(told.receiver.message, "it was not asked anything yet");
            // A guide of three days ago: the time stands 16 bytes behind the mark at the file's end.
            kit.stop().await;
            let path = kit.directory().join("data/guide.deflate");
            let file = std::fs::File::options()
                .read(true)
                .write(true)
                .open(path)
                .unwrap();
            let at = file.metadata().unwrap().len() - 48 + 16;
            let mut seconds = [0; 8];
            file.read_exact_at(&mut seconds, at).unwrap();
            let old = u64::from_le_bytes(seconds) - 3 * 86_400;
            file.write_all_at(&old.to_le_bytes(), at).unwrap();
            kit.start();
            assert_eq!(checks(kit).await.is_degraded(), ["last_job_run"]);
        },
    );
}

#[test]
fn a_disk_that_cannot_be_written_is_told_until_it_can() {
    with(
        small(),
        |_| (),
        async |kit| {
            kit.pass().await;
            kit.stop().await;
            // Where a draft of the guide would be is something that cannot be removed; root may write anywhere else.
            let in_the_way = kit.directory().join("data/.guide.deflate.new");
            std::fs::create_dir_all(in_the_way.join("x")).unwrap();
            let state = kit.directory().join("state");
            std::fs::remove_dir_all(&state).unwrap();
            std::fs::write(&state, "").unwrap();
            // What was saved went with the state.
            kit.start();
            kit.pass().await;
            let answer = kit.get("/readyz?verbose=true").await;
            let ready: Ready = answer.json();
            let why = ready.checks.disk.message;
            assert!(
                why.contains("outputs and events cannot be written"),
                "{why}"
            );
            assert!(why.contains("; the saved channels cannot be"), "{why}");
            std::fs::remove_file(&state).unwrap();
            kit.refresh().await;
            let ready: Ready = kit.get("/readyz?verbose=true").await.json();
            let why = ready.checks.disk.message;
            assert!(!why.contains("the saved channels"), "{why}");
            assert_eq!(ready.checks.disk.status, "degraded");
            std::fs::remove_dir_all(&in_the_way).unwrap();
            kit.refresh().await;
            assert!(checks(kit).await.is_degraded().is_empty());
        },
    );
}

#[test]
fn streams_are_at_fault_when_two_channels_in_a_row_do_not_come() {
    let impatient = |config: &mut xg2g::config::Config| {
        config.guide.enabled = false;
        config.stream.tune_timeout = Duration::from_millis(300);
    };
    with(Options::default(), impatient, async |kit| {
        kit.pass().await;
        let items = kit.get("/playlist.m3u").await.playlist();
        let is_tuned = |path: &&str| path.contains("-C00000-");
        let paths: Vec<&str> = items
            .iter()
            .filter_map(|item| item.url.strip_prefix("http://box:8080"))
            .filter(is_tuned)
            .collect();
        assert!(checks(kit).await.streams.message.contains("nobody asked"));
        kit.receiver().set_fault_on(STREAMS, Fault::Hang, None);
        for (path, status) in [
            (paths[0], "healthy"),
            (paths[0], "healthy"),
            (paths[1], "degraded"),
        ] {
            assert_eq!(kit.get(path).await.status, 503);
            assert_eq!(checks(kit).await.streams.status, status);
        }
        let why = checks(kit).await.streams.message;
        assert!(why.ends_with("no data came"), "{why}");
        // No tuner is no fault, and does not heal one.
        kit.receiver().set_fault_on(STREAMS, Fault::Error500, None);
        assert_eq!(kit.get(paths[2]).await.status, 503);
        assert_eq!(checks(kit).await.streams.status, "degraded");
        kit.receiver().set_fault(None);
        kit.play(paths[0]).await.packets(10).await;
        assert!(checks(kit).await.is_degraded().is_empty());
    });
}
