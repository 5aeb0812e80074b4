//! The configuration is changed while the program runs.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::Path;

use nanoserde::DeJson;
use xg2g::receiver::demo;

use crate::kit::{
    get, get_with, send, with_channels, with_demo, xg2g, Answer, Folder, Kit, Process,
};

const FIRST: &str = "/stream/1-0-19-2B01-3E9-1-C00000-0-0-0.ts";
const RELOAD: &str =
    "POST /api/v1/config/reload HTTP/1.1\r\nHost: box:8080\r\nConnection: close\r\n\r\n";

#[derive(DeJson)]
struct Reloaded {
    changes: Vec<Changed>,
}

#[derive(DeJson)]
struct Changed {
    key: String,
}

#[derive(DeJson)]
struct Refused {
    code: String,
    details: Vec<String>,
}

/// The keys that changed.
fn keys(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let reloaded = Reloaded::deserialize_json(answer.text()).unwrap();
    reloaded.changes.into_iter().map(|one| one.key).collect()
}

/// Has the configuration read again over HTTP; the keys that changed.
async fn reload(kit: &Kit) -> Vec<String> {
    keys(&kit.request(RELOAD).await)
}

async fn count(kit: &Kit) -> usize {
    let playlist = kit.get("/playlist.m3u").await;
    playlist.text().matches("#EXTINF").count()
}

#[test]
fn what_is_asked_next_is_answered_by_the_new_one_and_streams_go_on() {
    with_channels(async |kit| {
        kit.pass().await;
        let mut play = kit.play(FIRST).await;
        play.packets(50).await;
        let mut follower = kit.follow().await;
        follower.one("hello").await;
        kit.configure(|config| {
            config.server.public_url = Some("http://tv.example".into());
            config.stream.linger = std::time::Duration::ZERO;
            config.ratelimit.rps = 3;
        });
        let changed = reload(kit).await;
        assert_eq!(
            changed,
            ["stream.linger", "server.public_url", "ratelimit.rps"]
        );
        let playlist = kit.get("/playlist.m3u").await;
        assert!(playlist.text().contains("http://tv.example/stream/"));
        assert!(kit
            .get("/api/v1/config")
            .await
            .text()
            .contains("tv.example"));
        play.packets(300).await;
        assert_eq!((play.gaps, play.joints, play.stuffing), (0, 0, 0));
        assert_eq!(kit.receiver().stats().streams, 1);
        let told = follower.one("config.reloaded").await;
        assert_eq!(told.result.as_deref(), Some("success"));
        assert_eq!(told.changes, Some(changed));
        assert!(reload(kit).await.is_empty(), "nothing changed since");
        let told = follower.one("config.reloaded").await;
        assert_eq!(told.changes, Some(Vec::new()));
    });
}

#[test]
fn another_choice_of_bouquets_counts_before_the_receiver_is_asked() {
    with_channels(async |kit| {
        kit.pass().await;
        let all = count(kit).await;
        let bouquets = kit.get("/api/v1/bouquets").await;
        let (_, first) = bouquets.text().split_once("\"name\":\"").unwrap();
        let (first, _) = first.split_once('"').unwrap();
        kit.receiver().set_fault(Some(demo::Fault::Error500));
        kit.configure(|config| config.channels.bouquets = vec![first.to_owned()]);
        assert_eq!(reload(kit).await, ["channels.bouquets"]);
        let fewer = count(kit).await;
        assert!(0 < fewer && fewer < all, "{fewer} of {all}");
        kit.configure(|config| config.channels.bouquets.clear());
        reload(kit).await;
        assert_eq!(count(kit).await, all);
    });
}

#[test]
fn another_receiver_takes_the_place_of_one_when_it_has_told_its_channels() {
    with_channels(async |kit| {
        kit.pass().await;
        let before = kit.get("/playlist.m3u").await.text().to_owned();
        let one = kit.receiver().url();
        // Nobody listens there.
        kit.configure(|config| config.receiver.url = "http://127.0.0.1:9".into());
        assert_eq!(reload(kit).await, ["receiver.url"]);
        kit.pass().await;
        assert_eq!(kit.get("/playlist.m3u").await.text(), before);
        assert_eq!(kit.get("/readyz").await.status, 200);
        let options = demo::Options {
            services: Some(5),
            bouquets: Some(1),
            ..demo::Options::default()
        };
        let other = demo::start(kit.executor(), options).unwrap();
        kit.configure(|config| config.receiver.url = other.url());
        reload(kit).await;
        kit.pass().await;
        let after = kit.get("/playlist.m3u").await.text().to_owned();
        // Far fewer than the guard would believe of the same receiver.
        assert_eq!(after.matches("#EXTINF").count(), 5);
        assert_ne!(one, other.url());
    });
}

#[test]
fn a_pass_that_runs_is_given_up_for_one_with_the_new_configuration() {
    with_demo(async |kit| {
        // The first pass runs: the guide of a week is not there yet.
        kit.configure(|config| config.guide.enabled = false);
        assert_eq!(reload(kit).await, ["guide.enabled"]);
        kit.pass().await;
        assert_eq!(kit.get("/readyz").await.status, 200);
        assert!(!kit.get("/xmltv.xml").await.text().contains("<programme"));
        kit.configure(|config| config.guide.enabled = true);
        reload(kit).await;
        kit.pass().await;
        assert!(kit.get("/xmltv.xml").await.text().contains("<programme"));
    });
}

#[test]
fn who_may_ask_is_changed_too() {
    with_channels(async |kit| {
        kit.pass().await;
        kit.configure(|config| {
            config.auth.everything = true;
            config.auth.token = "a-token".into();
        });
        reload(kit).await;
        assert_eq!(kit.get("/playlist.m3u").await.status, 401);
        // From now on that needs it, too.
        assert_eq!(kit.request(RELOAD).await.status, 401);
        let token =
            "POST /api/v1/config/reload HTTP/1.1\r\nHost: box\r\nX-API-Token: a-token\r\n\r\n";
        kit.configure(|config| config.auth.everything = false);
        assert_eq!(kit.request(token).await.status, 200);
        assert_eq!(kit.get("/playlist.m3u").await.status, 200);
    });
}

#[test]
fn who_asks_while_the_program_stops_is_told_so() {
    with_channels(async |kit| {
        kit.pass().await;
        kit.reloads().close();
        let answer = kit.request(RELOAD).await;
        assert_eq!(answer.status, 503);
        assert!(answer.text().contains("\"code\":\"E302\""));
        kit.notices().close();
        let headers = "Accept: text/event-stream\r\n";
        let answer = kit.get_with("/api/v1/events", headers).await;
        assert!(answer.text().contains("\"code\":\"E302\""));
    });
}

#[test]
fn fewer_connections_count_for_those_to_come() {
    with_channels(async |kit| {
        kit.pass().await;
        let mut play = kit.play(FIRST).await;
        kit.configure(|config| config.server.max_connections_per_client = 4);
        assert_eq!(reload(kit).await, ["server.max_connections_per_client"]);
        let mut plays = Vec::new();
        for _ in 0..3 {
            plays.push(kit.play(FIRST).await);
        }
        // The house of this client is full: one more waits until somebody goes.
        let mut fifth = std::pin::pin!(kit.play(FIRST));
        let waits = smol::future::or(async { Some(fifth.as_mut().await) }, async {
            play.packets(200).await;
            None
        });
        assert!(waits.await.is_none());
        plays.pop();
        assert_eq!(fifth.await.answer.status, 200);
    });
}

/// The demo with a file, on a free port.
fn demo_with(file: &Path) -> Process {
    let mut command = xg2g(["--demo", "--listen", "127.0.0.1:0", "--config"]);
    Process::start(command.arg(file))
}

fn post(address: SocketAddr) -> Answer {
    send(address, RELOAD)
}

#[test]
fn every_error_and_every_key_that_needs_a_restart_is_answered() {
    let folder = Folder::new();
    let file = folder.write("xg2g.toml", "");
    let mut program = demo_with(&file);
    let address = program.listens();
    folder.write("xg2g.toml", "[guide]\ndays = 99\nnights = 1\n");
    let wrong = post(address);
    assert_eq!(wrong.status, 422);
    let wrong = Refused::deserialize_json(wrong.text()).unwrap();
    assert_eq!((&*wrong.code, wrong.details.len()), ("E201", 2));
    assert!(wrong.details[0].contains("xg2g.toml:2: guide.days = 99: "));
    assert!(wrong.details[1].contains("xg2g.toml:3: guide.nights: "));
    folder.write("xg2g.toml", "[guide]\ndays = 3\n[files]\nstate = '/x'\n");
    let taken = post(address);
    assert_eq!(keys(&taken), ["guide.days", "files.state"]);
    for change in [
        r#"{"key":"guide.days","value":3,"was":7,"needs_restart":false}"#,
        r#"{"key":"files.state","value":"/x","was":"","needs_restart":true}"#,
    ] {
        assert!(taken.text().contains(change), "{}", taken.text());
    }
    // What is not in force is not shown as if it were.
    let shown = get(address, "/api/v1/config");
    assert!(shown
        .text()
        .contains(r#"{"key":"files.state","value":"","default":"","source":"default","#));
    assert_eq!(keys(&post(address)), ["files.state"]);
    assert!(program.stop().0.success());
}

#[test]
fn a_file_is_seen_to_change_however_that_is_done() {
    let folder = Folder::new();
    let file = folder.write("xg2g.toml", "[guide]\ndays = 1\n");
    let mut program = demo_with(&file);
    program.listens();
    // In place.
    folder.write("xg2g.toml", "[guide]\ndays = 2\n");
    program.says("guide.days = 2, was 1");
    // Written beside and renamed over it, with a copy of the old one.
    let new = folder.write(".xg2g.toml.swp", "[guide]\ndays = 3\n");
    fs::rename(&file, folder.path("xg2g.toml~")).unwrap();
    fs::rename(new, &file).unwrap();
    program.says("guide.days = 3, was 2");
    // Deleted and made again.
    fs::remove_file(&file).unwrap();
    folder.write("xg2g.toml", "[guide]\ndays = 4\n");
    program.says("guide.days = 4, was 3");
    // Something that is wrong is told, and mended.
    folder.write("xg2g.toml", "[guide]\ndays = many\n");
    program.says("the configuration is wrong, the one in force stays");
    folder.write("xg2g.toml", "[guide]\ndays = 5\n");
    program.says("guide.days = 5, was 4");
    let (status, said) = program.stop();
    assert!(status.success(), "{said}");
    assert_eq!(said.matches("configuration: ").count(), 4, "{said}");
}

#[test]
fn a_file_behind_links_is_seen_to_change() {
    let folder = Folder::new();
    for (name, days) in [("one", 1), ("two", 2)] {
        fs::create_dir(folder.path(name)).unwrap();
        folder.write(
            &format!("{name}/xg2g.toml"),
            &format!("[guide]\ndays = {days}\n"),
        );
    }
    // As Kubernetes mounts it.
    symlink("one", folder.path("..data")).unwrap();
    symlink("..data/xg2g.toml", folder.path("xg2g.toml")).unwrap();
    let mut program = demo_with(&folder.path("xg2g.toml"));
    program.listens();
    symlink("two", folder.path("..data_tmp")).unwrap();
    fs::rename(folder.path("..data_tmp"), folder.path("..data")).unwrap();
    program.says("guide.days = 2, was 1");
    // Where the link leads to.
    folder.write("two/xg2g.toml", "[guide]\ndays = 6\n");
    program.says("guide.days = 6, was 2");
    assert!(program.stop().0.success());
}

#[test]
fn a_file_that_is_gone_is_no_empty_one_until_somebody_says_so() {
    let folder = Folder::new();
    let file = folder.write("xg2g.toml", "[guide]\ndays = 1\n");
    let text = format!(
        "[log]\nlevel = 'debug'\n[files]\nstate = '{}'\n",
        folder.path("").display()
    );
    folder.write("xg2g.toml", &text);
    let mut program = demo_with(&file);
    let address = program.listens();
    fs::remove_file(&file).unwrap();
    program.says("the configuration's file is gone");
    assert!(get(address, "/api/v1/config")
        .text()
        .contains(r#""log.level","value":"debug""#));
    // A token is seen as soon as it is made.
    folder.write("xg2g.toml", &text);
    let made = xg2g(["token", "--config"]).arg(&file).output().unwrap();
    program.says("keys = \"made anew\"");
    let token = String::from_utf8(made.stdout).unwrap();
    let right = format!("X-API-Token: {}\r\n", token.trim());
    assert_eq!(get_with(address, "/api/v1/status", &right).status, 200);
    assert_eq!(
        get_with(address, "/api/v1/status", "X-API-Token: x\r\n").status,
        403
    );
    assert!(program.stop().0.success());
}

#[test]
fn a_thousand_reloads_drop_no_request_and_leak_nothing() {
    let folder = Folder::new();
    let file = folder.write("xg2g.toml", "");
    let mut program = demo_with(&file);
    let address = program.listens();
    program.says("Ctrl-C stops it");
    let round = |number: usize| {
        let (days, rps) = (1 + number / 100 % 7, 10 + number % 90);
        let text = format!("[guide]\ndays = {days}\n[ratelimit]\nrps = {rps}\n");
        folder.write("xg2g.toml", &text);
        assert_eq!(post(address).status, 200);
        let playlist = get(address, "/playlist.m3u");
        assert_eq!(playlist.status, 200);
        playlist.text().len()
    };
    let length = (0..100).map(round).max().unwrap();
    let (files, memory) = (program.files(), program.memory());
    for number in 100..1000 {
        assert_eq!(round(number), length);
    }
    // A pass is running at each of these moments, which has some open.
    assert!(program.files() < files + 10, "{files} {}", program.files());
    assert!(
        program.memory() < memory + 4096,
        "{memory} {}",
        program.memory()
    );
    let metrics = get(address, "/metrics");
    // The file was seen to change, too, whenever a round took long.
    let line = "xg2g_config_reload_total{status=\"success\"} 1";
    assert!(metrics.text().contains(line));
    let asked = "xg2g_api_requests_total{method=\"GET\",route=\"/playlist.m3u\",code=\"200\"} 1000";
    assert!(metrics.text().contains(asked), "counters go on");
    assert!(program.stop().0.success());
}
