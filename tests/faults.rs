//! Whatever goes wrong at the receiver: nothing known is lost, the status tells, and the next good pass heals.

mod away;
mod guard;
mod restart;

use std::time::Duration;

use xg2g::receiver::demo::{Fault, Line, Options};

use crate::kit::{with, with_demo, Kit, Status};

/// What a pass asks for.
const ENDPOINTS: [&str; 6] = [
    "/api/statusinfo",
    "/api/bouquets",
    "/api/getservices",
    "/api/getallservices",
    "/api/epgnownext",
    "/api/epgmulti",
];
/// The faults by what they have in common; every one is in one list.
const GONE: [Fault; 3] = [Fault::Refused, Fault::Reset, Fault::Unauthorized];
const SLOW: [Fault; 2] = [Fault::Hang, Fault::SlowDrip];
const BROKEN: [Fault; 4] = [
    Fault::HalfJson,
    Fault::CutJson,
    Fault::EmptyBody,
    Fault::Error500,
];
const STRANGE: [Fault; 4] = [
    Fault::Html,
    Fault::ResultFalse,
    Fault::EmptyList,
    Fault::WrongTypes,
];

pub(crate) fn small() -> Options {
    Options {
        services: Some(24),
        bouquets: Some(3),
        events_per_service: Some(40),
        ..Options::default()
    }
}

/// Whether the status has to tell of this fault.
fn is_told(fault: Fault, endpoint: &str) -> bool {
    // A look that fails is made up for at once by asking another way, unless that would fail, too.
    let is_general = fault == Fault::Unauthorized || SLOW.contains(&fault);
    let asked_otherwise = endpoint == "/api/getallservices" && !is_general;
    match fault {
        // Numbers as texts, say, are understood.
        Fault::WrongTypes => false,
        // Nothing on is not wrong; no bouquets or no services are.
        Fault::EmptyList => matches!(endpoint, "/api/bouquets" | "/api/getservices" | "/"),
        _ => !asked_otherwise,
    }
}

fn tells(status: &Status) -> bool {
    status.refresh.error.is_some() || !status.warnings.is_empty()
}

/// A pass with a fault on one endpoint, and one without.
async fn survives(kit: &Kit, fault: Fault, endpoint: &str) {
    let what = format!("{fault} on {endpoint}");
    let before = kit.seen().await;
    let asked = |kit: &Kit| {
        let calls = kit.receiver().stats().calls_by_path;
        let on = calls.iter().filter(|(path, _)| path.starts_with(endpoint));
        on.map(|(_, count)| count).sum::<u64>()
    };
    // The first pass of a run asks for bouquets and services one by one, later ones for all at once.
    let first = endpoint != "/api/getallservices";
    kit.configure(|config| {
        let is_slow = SLOW.contains(&fault);
        config.receiver.timeout = Duration::from_millis(if is_slow { 700 } else { 5_000 });
        config.receiver.retries = u32::from(!is_slow);
        let full = if endpoint == "/api/epgmulti" {
            0
        } else {
            86_400
        };
        config.refresh.full_interval = Duration::from_secs(full);
    });
    kit.stop().await;
    kit.start();
    if !first {
        kit.pass().await;
    }
    let calls = asked(kit);
    match endpoint {
        "/" => kit.receiver().set_fault(Some(fault)),
        _ => kit.receiver().set_fault_on(endpoint, fault, None),
    }
    if first {
        kit.pass().await;
    } else {
        kit.refresh().await;
    }
    assert!(
        fault == Fault::Refused || asked(kit) > calls,
        "{what}: not asked"
    );
    before.is_kept(&kit.seen().await, &what);
    let status = kit.status().await;
    if is_told(fault, endpoint) {
        assert!(tells(&status), "{what}: the status is silent");
    }
    if endpoint == "/" && (fault == Fault::Refused || SLOW.contains(&fault)) {
        assert_eq!(status.receiver.reachable, Some(false), "{what}");
    }

    kit.receiver().set_fault(None);
    if SLOW.contains(&fault) {
        kit.configure(|config| config.receiver.timeout = Duration::from_secs(5));
        kit.stop().await;
        kit.start();
        kit.pass().await;
    } else {
        kit.refresh().await;
    }
    let status = kit.status().await;
    assert!(
        !tells(&status),
        "{what}: {:?} {:?}",
        status.refresh.error,
        status.warnings
    );
    assert_eq!(status.receiver.reachable, Some(true), "{what}");
    before.is_kept(&kit.seen().await, &format!("after {what}"));
}

/// All faults of a list on every endpoint and on all.
fn survive(faults: &[Fault]) {
    for fault in faults {
        with(
            small(),
            |_| (),
            async |kit| {
                kit.pass().await;
                for endpoint in ENDPOINTS.iter().chain(&["/"]) {
                    survives(kit, *fault, endpoint).await;
                }
            },
        );
    }
}

#[test]
fn every_fault_is_tried() {
    let mut tried = [&GONE[..], &SLOW, &BROKEN, &STRANGE].concat();
    tried.sort_by_key(|fault| fault.name());
    let mut all = Fault::ALL.to_vec();
    all.sort_by_key(|fault| fault.name());
    assert_eq!(tried, all);
}

#[test]
fn a_receiver_that_is_gone_or_refuses_costs_nothing() {
    survive(&GONE);
}

#[test]
fn a_receiver_that_hangs_costs_nothing() {
    survive(&SLOW[..1]);
}

#[test]
fn a_receiver_that_drips_costs_nothing() {
    survive(&SLOW[1..]);
}

#[test]
fn broken_answers_cost_nothing() {
    survive(&BROKEN);
}

#[test]
fn answers_of_something_else_cost_nothing() {
    survive(&STRANGE);
}

#[test]
fn wrong_types_of_every_kind_on_every_endpoint_cost_nothing() {
    for line in [Line::V1, Line::V2] {
        let options = Options {
            line,
            ..Options::default()
        };
        with(
            options,
            |_| (),
            async |kit| {
                kit.pass().await;
                let before = kit.seen().await;
                // The kinds come in turn, so in some passes each meets each endpoint.
                for round in 0..3 {
                    kit.receiver().set_fault(Some(Fault::WrongTypes));
                    kit.stop().await;
                    kit.start();
                    kit.pass().await;
                    before.is_kept(&kit.seen().await, &format!("round {round}, {line:?}"));
                    kit.receiver().set_fault(None);
                }
                kit.refresh().await;
                before.is_kept(&kit.seen().await, "healed");
                assert!(!tells(&kit.status().await));
            },
        );
    }
}

#[test]
fn a_fault_that_passes_within_the_retries_is_not_noticed() {
    with_demo(async |kit| {
        kit.pass().await;
        for fault in [Fault::Reset, Fault::Error500, Fault::HalfJson] {
            for endpoint in ["/api/statusinfo", "/api/getallservices", "/api/epgnownext"] {
                kit.receiver().set_fault_on(endpoint, fault, Some(1));
                kit.refresh().await;
                let status = kit.status().await;
                assert!(
                    !tells(&status),
                    "{fault} on {endpoint}: {:?}",
                    status.refresh.error
                );
            }
        }
    });
}

#[test]
fn a_first_pass_that_is_cut_short_is_finished_by_the_next() {
    let mut whole = None;
    with(
        Options::default(),
        |_| (),
        async |kit| {
            kit.pass().await;
            whole = Some(kit.seen().await);
        },
    );
    let whole = whole.unwrap();
    for fault in [Fault::HalfJson, Fault::Unauthorized] {
        with(
            Options::default(),
            |_| (),
            async |kit| {
                kit.receiver().set_fault_on("/api/epgmulti", fault, None);
                kit.pass().await;
                assert!(tells(&kit.status().await));
                assert_eq!(kit.get("/playlist.m3u").await.status, 200);
                kit.receiver().set_fault(None);
                kit.refresh().await;
                assert!(!tells(&kit.status().await));
                let guide = kit.get("/xmltv.xml").await.guide();
                let count = whole.guide.matches("<programme ").count();
                assert!(
                    guide.programmes.len() * 100 >= count * 99,
                    "{} of {count}",
                    guide.programmes.len()
                );
            },
        );
    }
}

fn guarded() -> Options {
    Options {
        login: Some(("root".into(), "p@ss: wörd".into())),
        ..Options::default()
    }
}

#[test]
fn with_the_right_login_everything_is_there() {
    with(
        guarded(),
        |_| (),
        async |kit| {
            kit.pass().await;
            assert!(kit.get("/playlist.m3u").await.playlist().len() > 70);
            let status = kit.status().await;
            assert!(!tells(&status) && status.receiver.failed_calls == 0);
            assert_eq!(
                kit.get("/picon/1-0-19-2B01-3E9-1-C00000-0-0-0.png")
                    .await
                    .status,
                200
            );
        },
    );
}

#[test]
fn a_wrong_login_is_named_and_costs_nothing() {
    with(
        guarded(),
        |_| (),
        async |kit| {
            kit.pass().await;
            let before = kit.seen().await;
            for (user, password, advice) in [
                ("root", "wrong", "check user name and password"),
                ("", "", "set user name and password"),
            ] {
                kit.stop().await;
                kit.configure(|config| {
                    config.receiver.user = user.to_owned();
                    config.receiver.password = password.into();
                });
                kit.start();
                kit.receiver().reset_stats();
                kit.pass().await;
                let error = kit.status().await.refresh.error.unwrap();
                assert!(error.contains(advice), "{error}");
                assert!(!error.contains("wrong"), "no password in it");
                assert!(
                    kit.receiver().stats().calls <= 2,
                    "knocking again would not help"
                );
                before.is_kept(&kit.seen().await, advice);
            }
        },
    );
}

#[test]
fn a_receiver_that_comes_later_is_found_without_being_asked_for() {
    let often = |config: &mut xg2g::config::Config| {
        config.refresh.interval = Duration::from_millis(20);
    };
    with(Options::default(), often, async |kit| {
        kit.receiver().set_fault(Some(Fault::Refused));
        kit.pass().await;
        kit.pass().await;
        assert_eq!(kit.get("/playlist.m3u").await.status, 503);
        kit.receiver().set_fault(None);
        while kit.get("/readyz").await.status != 200 {}
        assert!(kit.get("/playlist.m3u").await.playlist().len() > 70);
        // And found again.
        kit.receiver().set_fault(Some(Fault::Reset));
        while kit.status().await.refresh.error.is_none() {}
        kit.receiver().set_fault(None);
        while kit.status().await.refresh.error.is_some() {}
    });
}
