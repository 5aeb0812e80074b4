//! The program against receivers that are wrong in ways met once. Each is a script: path in, answer out.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use smol::future::FutureExt;
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::{Async, LocalExecutor, Timer};
use xg2g::app::{self, Reread, Running};
use xg2g::config::{Config, Loaded};
use xg2g::refresh::Looks;
use xg2g::stream::Watch;

/// Bouquets of the scripted receiver.
const BOUQUETS: u32 = 7;
/// Services in each.
const SERVICES: u32 = 3;

/// What a script answers where the ordinary answer is not meant.
type Script = fn(&str) -> Option<(u16, String)>;

fn bouquet(number: u32) -> String {
    format!("1:7:1:0:0:0:0:0:0:0:FROM BOUQUET \\\"userbouquet.b{number}.tv\\\" ORDER BY bouquet")
}

fn service(bouquet: u32, number: u32) -> String {
    format!("1:0:19:{:X}:1:1:C00000:0:0:0:", bouquet * 16 + number)
}

/// The `b<n>` in a path.
fn bouquet_in(path: &str) -> u32 {
    let rest = path.split("userbouquet.b").nth(1).unwrap_or("0");
    rest.split('.').next().unwrap().parse().unwrap()
}

/// When the running events began: the same at each question.
fn begin() -> u64 {
    static BEGIN: OnceLock<u64> = OnceLock::new();
    *BEGIN.get_or_init(|| {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs()
            - 600
    })
}

/// Eight events of an hour each, the first of them running.
fn events(service: &str) -> Vec<String> {
    (0..8)
        .map(|hour| {
            let start = begin() + hour * 3_600;
            format!(
                r#"{{"id":{hour},"begin_timestamp":{start},"duration_sec":3600,"title":"Hour {hour}","shortdesc":"","longdesc":"","sref":"{service}","genreid":0}}"#
            )
        })
        .collect()
}

/// A receiver in good order.
fn ordinary(path: &str) -> (u16, String) {
    let list = |name: &str, rows: Vec<String>| {
        (
            200,
            format!(r#"{{"{name}":[{}],"result":true}}"#, rows.join(",")),
        )
    };
    let at = bouquet_in(path);
    let all = || (0..SERVICES).map(|number| service(at, number));
    if path.starts_with("/api/statusinfo") {
        (200, r#"{"inStandby":"false"}"#.into())
    } else if path.starts_with("/api/bouquets?stype=tv") {
        list(
            "bouquets",
            (0..BOUQUETS)
                .map(|n| format!(r#"["{}","B{n}"]"#, bouquet(n)))
                .collect(),
        )
    } else if path.starts_with("/api/bouquets") {
        list("bouquets", vec![])
    } else if path.starts_with("/api/getservices") {
        let row =
            |sref: String| format!(r#"{{"servicereference":"{sref}","servicename":"S {sref}"}}"#);
        list("services", all().map(row).collect())
    } else if path.starts_with("/api/epgmulti") {
        list("events", all().flat_map(|sref| events(&sref)).collect())
    } else if path.starts_with("/api/epgnownext") {
        list(
            "events",
            all()
                .flat_map(|sref| events(&sref).into_iter().take(2))
                .collect(),
        )
    } else if path.starts_with("/api/epgservice") {
        let sref = path
            .split("sRef=")
            .nth(1)
            .unwrap()
            .split('&')
            .next()
            .unwrap()
            .replace("%3A", ":");
        list("events", events(&sref))
    } else {
        (404, "<html>".into())
    }
}

/// The program and its scripted receiver after one pass.
async fn one_pass(
    executor: &Rc<LocalExecutor<'static>>,
    name: &str,
    script: Script,
) -> (Running, Config) {
    let listener = Async::<std::net::TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
    let address = listener.get_ref().local_addr().unwrap();
    executor
        .spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    if stream.read(&mut byte).await.unwrap_or(0) == 0 {
                        break;
                    }
                    head.push(byte[0]);
                }
                let head = String::from_utf8(head).unwrap();
                let Some(path) = head.split(' ').nth(1) else { continue };
                let (status, body) = script(path).unwrap_or_else(|| ordinary(path));
                let length = body.len();
                let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
                // The program may have left.
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        })
        .detach();
    let mut config = Config::default();
    config.receiver.url = format!("http://{address}");
    config.receiver.retries = 0;
    config.receiver.timeout = Duration::from_secs(10);
    config.guide.days = 1;
    config.server.listen = "127.0.0.1:0".parse().unwrap();
    let running = start(executor, name, &config);
    let refresh = running.refresh().clone();
    refresh.ended().await;
    (running, config)
}

fn directory(name: &str) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("xg2g-regressions-{name}-{}", std::process::id()))
}

fn start(executor: &Rc<LocalExecutor<'static>>, name: &str, config: &Config) -> Running {
    let directory = directory(name);
    let options = app::Options {
        loaded: Loaded::unsaid(config.clone()),
        state: directory.join("state"),
        data: directory.join("data"),
        demo: None,
        watch: Watch::default(),
        looks: Looks::default(),
        reread: Reread {
            read: Rc::new(|| Err(Vec::new())),
            edit: Rc::new(|_| Err(Vec::new())),
            places: Vec::new(),
        },
        found: crate::kit::unseen(),
    };
    app::start(executor, options).unwrap()
}

async fn get(running: &Running, path: &str) -> String {
    let address: SocketAddr = running.address();
    let request = format!("GET {path} HTTP/1.1\r\nHost: box:8080\r\nConnection: close\r\n\r\n");
    smol::unblock(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    })
    .await
}

/// Runs `test` on an executor that drives program and receiver.
fn run(name: &str, test: impl AsyncFnOnce(&Rc<LocalExecutor<'static>>)) {
    let _ = std::fs::remove_dir_all(directory(name));
    let executor = Rc::new(LocalExecutor::new());
    smol::block_on(executor.run(test(&executor).or(async {
        Timer::after(Duration::from_secs(60)).await;
        panic!("the test hangs");
    })));
    let _ = std::fs::remove_dir_all(directory(name));
}

/// How many channels and programmes the program shows after one pass against the script, and the pass's error.
fn shown_by(name: &str, script: Script) -> (usize, usize, Option<String>) {
    let mut shown = (0, 0, None);
    run(name, async |executor| {
        let (running, _) = one_pass(executor, name, script).await;
        let channels = get(&running, "/playlist.m3u")
            .await
            .matches("#EXTINF")
            .count();
        let programmes = get(&running, "/xmltv.xml")
            .await
            .matches("<programme ")
            .count();
        shown = (channels, programmes, running.refresh().status().error);
        running.stop().await.unwrap();
    });
    shown
}

const ALL: usize = (BOUQUETS * SERVICES) as usize;

#[test]
fn an_ordinary_receiver_is_shown_whole() {
    assert_eq!(shown_by("ordinary", |_| None), (ALL, ALL * 8, None));
}

#[test]
fn a_receiver_without_now_and_next_gives_its_guide_all_the_same() {
    let script: Script = |path| {
        path.starts_with("/api/epgnownext")
            .then(|| (404, "<html>".into()))
    };
    assert_eq!(shown_by("no-now-next", script), (ALL, ALL * 8, None));
}

#[test]
fn where_the_guide_of_a_bouquet_fails_its_services_are_asked_one_by_one() {
    let script: Script = |path| {
        path.starts_with("/api/epgmulti")
            .then(|| (500, "Processing Failed".into()))
    };
    assert_eq!(shown_by("no-multi", script), (ALL, ALL * 8, None));
}

#[test]
fn a_failing_radio_list_does_not_cost_the_television() {
    let script: Script = |path| {
        path.contains("stype=radio")
            .then(|| (500, "Processing Failed".into()))
    };
    assert_eq!(shown_by("no-radio", script), (ALL, ALL * 8, None));
}

#[test]
fn names_that_are_no_utf_8_cost_no_channel() {
    let script: Script = |path| {
        let spoil = |(status, body): (u16, String)| (status, body.replace("S 1", "S \\udce4 1"));
        path.starts_with("/api/getservices")
            .then(|| spoil(ordinary(path)))
    };
    assert_eq!(shown_by("surrogates", script), (ALL, ALL * 8, None));
}

#[test]
fn a_bouquet_that_contains_itself_is_asked_for_once() {
    let script: Script = |path| {
        let (status, body) = ordinary(path);
        let inner = format!(
            r#"{{"servicereference":"{}","servicename":"me"}}"#,
            bouquet(bouquet_in(path))
        );
        let body = body.replacen(":[", &format!(":[{inner},{inner},{inner},"), 1);
        path.starts_with("/api/getservices")
            .then_some((status, body))
    };
    assert_eq!(shown_by("loop", script), (ALL, ALL * 8, None));
}

#[test]
fn the_channels_of_another_receiver_are_replaced_at_once() {
    let name = "moved";
    run(name, async |executor| {
        let (running, _) = one_pass(executor, name, |_| None).await;
        running.stop().await.unwrap();
        let other: Script = |path| {
            let (status, body) = ordinary(path);
            Some((status, body.replace(":1:1:C00000:", ":2:2:820000:")))
        };
        let (running, _) = one_pass(executor, name, other).await;
        let playlist = get(&running, "/playlist.m3u").await;
        assert_eq!(
            playlist.matches("-2-2-820000-").count(),
            3 * ALL,
            "{playlist}"
        );
        assert!(!playlist.contains("-1-1-C00000-"));
        running.stop().await.unwrap();
    });
}
