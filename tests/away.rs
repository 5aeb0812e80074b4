//! A receiver that goes away between two passes, and comes back.

use std::time::Duration;

use smol::future::FutureExt;
use smol::io::AsyncReadExt;
use smol::net::TcpListener;
use xg2g::config::Config;
use xg2g::receiver::demo::{Fault, Options};

use crate::kit::{with, Kit, Log, Metrics};

const OFTEN: Duration = Duration::from_millis(20);

fn probed(probe: Duration) -> impl FnOnce(&mut Config) {
    move |config| {
        config.guide.enabled = false;
        config.receiver.probe = probe;
    }
}

/// What the metrics say as soon as the receiver is up or not.
async fn until_up_is(kit: &Kit, up: f64) -> Metrics {
    loop {
        let metrics = kit.metrics().await;
        if metrics.get("xg2g_receiver_up") == up {
            return metrics;
        }
    }
}

/// Questions so far.
fn asked(metrics: &Metrics) -> f64 {
    metrics.sum("xg2g_receiver_calls_total")
}

#[test]
fn a_receiver_that_goes_away_is_seen_without_a_question_and_asked_when_it_is_back() {
    let log = Log::start();
    with(Options::default(), probed(OFTEN), async |kit| {
        kit.pass().await;
        for _ in 0..2 {
            let before = kit.metrics().await;
            kit.receiver().set_fault(Some(Fault::Refused));
            let away = until_up_is(kit, 0.0).await;
            assert_eq!(asked(&away), asked(&before));
            assert_eq!(kit.status().await.receiver.reachable, Some(false));
            let ready = kit.get("/readyz?verbose=true").await;
            assert!(ready.status == 200 && ready.text().contains("it does not answer"));

            kit.receiver().set_fault(None);
            kit.pass().await;
            let after = until_up_is(kit, 1.0).await;
            assert!(asked(&after) > asked(&before));
            let status = kit.status().await;
            assert_eq!(status.receiver.reachable, Some(true));
            assert_eq!(status.refresh.error, None);
            let ready = kit.get("/readyz?verbose=true").await;
            assert!(ready.text().starts_with(r#"{"status":"healthy""#));
        }
    });
    let lines = log.take();
    for said in ["WARN the receiver is away: ", "INFO the receiver is back"] {
        let count = lines.iter().filter(|line| line.starts_with(said)).count();
        assert_eq!(count, 2, "{said}: {lines:#?}");
    }
}

#[test]
fn a_pass_that_found_it_away_is_not_told_again() {
    let log = Log::start();
    with(Options::default(), probed(OFTEN), async |kit| {
        kit.receiver().set_fault(Some(Fault::Refused));
        kit.pass().await;
        until_up_is(kit, 0.0).await;
        kit.receiver().set_fault(None);
        // The next one by the clock would come after five seconds.
        kit.pass().await;
        until_up_is(kit, 1.0).await;
        assert_eq!(kit.status().await.refresh.error, None);
    });
    let lines = log.take();
    let told = |said: &str| lines.iter().any(|line| line.contains(said));
    assert!(told("the refresh failed") && told("the receiver answers again"));
    assert!(!told("the receiver is away"), "{lines:#?}");
}

#[test]
fn a_knock_says_nothing_and_finds_no_answer_where_questions_hang() {
    let listener = smol::block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let change = |config: &mut Config| {
        probed(OFTEN)(config);
        config.receiver.url = url;
        config.receiver.timeout = Duration::from_millis(100);
        config.receiver.retries = 0;
    };
    with(Options::default(), change, async |kit| {
        let (mut questions, mut knocks) = (0, 0);
        while questions < 1 || knocks < 10 {
            let (mut peer, _) = listener.accept().await.unwrap();
            let mut said = Vec::new();
            peer.read_to_end(&mut said).await.unwrap();
            if said.is_empty() {
                knocks += 1;
            } else {
                questions += 1;
            }
        }
        let metrics = kit.metrics().await;
        assert_eq!(asked(&metrics), f64::from(questions));
        assert_eq!(metrics.get("xg2g_receiver_up"), 0.0);
    });
}

#[test]
fn without_a_probe_nobody_knocks() {
    with(Options::default(), probed(Duration::ZERO), async |kit| {
        kit.pass().await;
        kit.receiver().set_fault(Some(Fault::Refused));
        let url = kit.receiver().url();
        let address = url.strip_prefix("http://").unwrap();
        let listener = TcpListener::bind(address).await.unwrap();
        let knocked = async {
            listener.accept().await.unwrap();
            panic!("somebody is at the door");
        };
        let served = async {
            for _ in 0..20 {
                assert_eq!(kit.metrics().await.get("xg2g_receiver_up"), 1.0);
            }
        };
        served.or(knocked).await;
    });
}
