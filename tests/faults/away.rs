//! A box at home: enigma2 is stopped for hours, its flash cannot be written.

use std::time::Duration;

use xg2g::receiver::demo::Fault;

use crate::kit::{with, Kit, Log, Status};

use super::small;

#[test]
fn a_receiver_that_is_away_for_long_is_one_line_and_one_when_it_is_back() {
    let often = |config: &mut xg2g::config::Config| {
        config.refresh.interval = Duration::from_millis(5);
        config.receiver.timeout = Duration::from_millis(200);
        config.receiver.retries = 0;
    };
    with(small(), often, async |kit| {
        kit.pass().await;
        let log = Log::start();
        // Going down, switched off, coming up: the network says something else each time.
        for fault in [Fault::Reset, Fault::Refused, Fault::Hang, Fault::Refused] {
            kit.receiver().set_fault(Some(fault));
            for _ in 0..4 {
                kit.pass().await;
            }
        }
        kit.receiver().set_fault(None);
        while kit.status().await.refresh.error.is_some() {}
        kit.pass().await;
        let lines = log.take();
        assert_eq!(lines.len(), 2, "{lines:#?}");
        assert!(lines[0].starts_with("WARN the refresh failed, what is known is kept: "));
        assert_eq!(lines[1], "INFO the receiver answers again");
        // The next time is news again.
        kit.receiver().set_fault(Some(Fault::Refused));
        while kit.status().await.refresh.error.is_none() {}
        assert_eq!(log.take().len(), 1);
    });
}

#[test]
fn a_receiver_that_is_away_is_asked_less_and_less_often() {
    let hourly = |config: &mut xg2g::config::Config| {
        config.refresh.interval = Duration::from_secs(3_600);
        config.receiver.retries = 0;
    };
    with(small(), hourly, async |kit| {
        kit.receiver().set_fault(Some(Fault::Refused));
        kit.pass().await;
        for expected in [5, 10, 20, 40, 80, 160, 300, 300_u64] {
            let next = kit.status().await.refresh.next_in_seconds.unwrap();
            let tenth = expected / 10 + 1;
            assert!(
                next.abs_diff(expected) <= tenth,
                "{next} s, expected {expected} s"
            );
            kit.refresh().await;
        }
        kit.receiver().set_fault(None);
        kit.refresh().await;
        let next = kit.status().await.refresh.next_in_seconds.unwrap();
        assert!(next.abs_diff(3_600) <= 361, "{next}");
    });
}

#[test]
fn a_state_that_cannot_be_saved_is_told_once_and_costs_nothing_else() {
    let often = |config: &mut xg2g::config::Config| {
        config.refresh.interval = Duration::from_millis(5);
    };
    with(small(), often, async |kit| {
        kit.pass().await;
        kit.stop().await;
        let before = kit.directory().join("state");
        std::fs::remove_dir_all(&before).unwrap();
        // No directory can be made where a file is; root would be allowed to write anywhere else.
        std::fs::write(&before, "").unwrap();
        let log = Log::start();
        kit.start();
        for _ in 0..5 {
            kit.pass().await;
        }
        let lines = log.take();
        let told = lines.iter().filter(|line| line.contains("be saved"));
        assert_eq!(told.count(), 1, "{lines:#?}");
        let status = between_passes(kit).await;
        assert!(status.refresh.error.is_none());
        let warning = "the channels cannot be saved: ";
        let [told] = &status.warnings[..] else {
            panic!("{:?}", status.warnings);
        };
        assert!(
            told.starts_with(warning) && told.contains("/state/"),
            "{told}"
        );
        assert_eq!(kit.get("/readyz").await.status, 200);
        assert_eq!(kit.get("/playlist.m3u").await.playlist().len(), 24);
        assert!(!kit.get("/xmltv.xml").await.guide().programmes.is_empty());
        // And it is made up for as soon as that is possible.
        std::fs::remove_file(&before).unwrap();
        while !before.join("channels.gz").exists() {
            kit.pass().await;
        }
        kit.pass().await;
        assert!(between_passes(kit).await.warnings.is_empty());
    });
}

/// The status while no pass runs; one that begins has no warnings yet.
async fn between_passes(kit: &Kit) -> Status {
    loop {
        let status = kit.status().await;
        if !status.refresh.running {
            return status;
        }
    }
}
