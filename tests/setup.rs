//! `/api/v1/check`: the doctor of the running program.

// The derive knows no narrower word than `pub`, and writes its code its own way.
#![allow(unreachable_pub, clippy::question_mark)]

use nanoserde::DeJson;
use xg2g::config::Mode;
use xg2g::receiver::demo::Fault;

use crate::doctor::Finding;
use crate::kit::{with_channels, with_demo, Answer, ErrorJson, Kit};

const CHECK: &str = "POST /api/v1/check HTTP/1.1\r\nHost: box:8080\r\n\r\n";

#[derive(Debug, DeJson)]
struct Told {
    running: bool,
    started: Option<String>,
    finished: Option<String>,
    findings: Vec<Finding>,
}

impl Told {
    /// Those that are no good news, a line each.
    fn bad(&self) -> Vec<String> {
        let all = self.findings.iter().filter(|one| one.status != "ok");
        let line = |one: &Finding| format!("{} {}: {}", one.status, one.check, one.message);
        all.map(line).collect()
    }

    /// The finding whose message holds this.
    #[track_caller]
    fn says(&self, text: &str) -> &Finding {
        let mut all = self.findings.iter();
        let found = all.find(|one| one.message.contains(text));
        found.unwrap_or_else(|| panic!("{text}: {self:#?}"))
    }
}

async fn begin(kit: &Kit) -> Answer {
    kit.request(CHECK).await
}

async fn told(kit: &Kit) -> Told {
    kit.get("/api/v1/check").await.json()
}

/// Waits for the end of a check.
async fn ended(kit: &Kit) -> Told {
    loop {
        let now = told(kit).await;
        if !now.running {
            return now;
        }
    }
}

async fn checked(kit: &Kit) -> Told {
    let started = begin(kit).await;
    assert_eq!(
        (started.status, started.text()),
        (202, "{\"status\":\"started\"}")
    );
    ended(kit).await
}

#[test]
fn the_demo_is_in_order_by_every_rule() {
    with_demo(async |kit| {
        kit.pass().await;
        let before = kit.get("/api/v1/check").await;
        let nothing = "{\"running\":false,\"started\":null,\"finished\":null,\"findings\":[]}";
        assert_eq!(before.text(), nothing);
        let all = checked(kit).await;
        assert!(all.started.is_some() && all.finished >= all.started);
        // The directories of a test are in RAM on some machines, and a test's tuner is found by nobody.
        let bad = all.bad();
        assert!(
            bad.iter().all(|line| line.starts_with("warning state:")),
            "{bad:#?}"
        );
        let address = format!("xg2g is running on {}", kit.address());
        assert_eq!(all.says(&address).check, "port");
        assert_eq!(all.says("could be seen after").check, "stream");
        for (check, rules) in [
            (
                "playlist",
                &[
                    "G1", "G2", "G3", "G15", "G16", "G17", "G18", "G19", "G20", "G30",
                ][..],
            ),
            (
                "guide",
                &[
                    "G8", "G9", "G10", "G11", "G12", "G13", "G14", "G15", "G20", "G21", "G22",
                ],
            ),
            ("hdhomerun", &["G19", "G24", "G28"]),
        ] {
            for rule in rules {
                let ending = format!("({rule})");
                let mut found = all.findings.iter().filter(|one| one.check == check);
                assert!(
                    found.any(|one| one.message.ends_with(&ending)),
                    "{check} {rule}: {all:#?}"
                );
            }
        }
        // What is told is what is served.
        let items = kit.get("/playlist.m3u").await.playlist();
        let numbers = format!("{} channels have a number of their own", items.len());
        all.says(&numbers);
        let guide = kit.get("/xmltv.xml").await;
        let count = guide.guide().programmes.len();
        let megabytes = guide.body.len() / 100_000;
        all.says(&format!(
            "it has {}.{} MB: {count} programmes of {} channels",
            megabytes / 10,
            megabytes % 10,
            items.len()
        ));
        all.says("players find this tuner");
    });
}

#[test]
fn findings_grow_while_it_runs_and_a_second_one_is_409() {
    with_channels(async |kit| {
        kit.pass().await;
        assert_eq!(begin(kit).await.status, 202);
        let mut counts = Vec::new();
        let mut busy = None;
        loop {
            let now = told(kit).await;
            if !now.running {
                counts.push(now.findings.len());
                break;
            }
            assert!(now.finished.is_none());
            counts.push(now.findings.len());
            if busy.is_none() {
                busy = Some(begin(kit).await);
            }
        }
        let busy = busy.expect("it was seen to run");
        assert_eq!(busy.status, 409);
        let error: ErrorJson = busy.json();
        assert_eq!(error.code, "E021");
        assert!(counts.is_sorted(), "{counts:?}");
        counts.dedup();
        assert!(counts.len() > 3, "{counts:?}");
        // The next one begins anew.
        let again = checked(kit).await;
        assert_eq!(Some(&again.findings.len()), counts.last());
        again.says("switched off (guide.enabled)");
    });
}

#[test]
fn a_page_of_another_site_cannot_begin_one() {
    with_channels(async |kit| {
        let foreign = CHECK.replace("\r\n\r\n", "\r\nOrigin: http://evil.example\r\n\r\n");
        let refused = kit.request(&foreign).await;
        assert_eq!(refused.status, 403);
        assert_eq!(refused.json::<ErrorJson>().code, "E013");
        assert!(told(kit).await.started.is_none());
        let own = CHECK.replace("\r\n\r\n", "\r\nOrigin: http://box:8080\r\n\r\n");
        assert_eq!(kit.request(&own).await.status, 202);
    });
}

#[test]
fn a_receiver_that_is_away_and_what_is_not_known_are_told() {
    with_demo(async |kit| {
        kit.receiver().set_fault(Some(Fault::Refused));
        kit.pass().await;
        let all = checked(kit).await;
        assert_eq!(all.says("is enigma2 running").status, "problem");
        let playlist = all.says("the receiver has not told its channels: see");
        assert_eq!(
            (&*playlist.check, &*playlist.status),
            ("playlist", "problem")
        );
        // Once it is back all is well.
        kit.receiver().set_fault(None);
        kit.refresh().await;
        let all = checked(kit).await;
        assert!(
            all.findings.iter().all(|one| one.status != "problem"),
            "{:#?}",
            all.bad()
        );
    });
}

#[test]
fn what_the_settings_make_worse_is_told_and_a_change_counts_for_the_next_one() {
    with_channels(async |kit| {
        kit.pass().await;
        kit.configure(|config| {
            config.stream.mode = Mode::Direct;
            config.hdhomerun.max_channels = 5;
            config.server.public_url = Some("http://television.example.org:8080".into());
        });
        // One that runs while the configuration changes ends as it began.
        assert_eq!(begin(kit).await.status, 202);
        let reload = "POST /api/v1/config/reload HTTP/1.1\r\nHost: box:8080\r\n\r\n";
        assert_eq!(kit.request(reload).await.status, 200);
        let first = ended(kit).await;
        first.says("(G2)");
        let all = checked(kit).await;
        for (text, check) in [
            ("stream.mode = \"proxy\" shares them", "playlist"),
            ("5 channels are offered and ", "hdhomerun"),
            ("server.public_url is a name", "hdhomerun"),
        ] {
            let found = all.says(text);
            assert_eq!((&*found.check, &*found.status), (check, "warning"));
        }
    });
}

#[test]
fn the_program_stops_at_once_while_one_runs() {
    with_channels(async |kit| {
        kit.pass().await;
        kit.receiver().set_fault(Some(Fault::Hang));
        assert_eq!(begin(kit).await.status, 202);
        assert!(told(kit).await.running);
        let began = std::time::Instant::now();
        kit.stop().await;
        let took = began.elapsed();
        assert!(took < std::time::Duration::from_secs(4), "{took:?}");
        kit.receiver().set_fault(None);
        kit.start();
        assert!(told(kit).await.started.is_none());
    });
}
