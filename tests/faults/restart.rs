//! The program stopped and started again, and what it leaves on disk.

use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::Async;
use xg2g::receiver::demo::{Fault, Options};

use crate::kit::{with, with_demo, Kit};

/// The files of the program but the audit, with what tells whether they were written.
fn files(kit: &Kit) -> Vec<(PathBuf, u64, u64, i64)> {
    let mut files = Vec::new();
    for directory in ["state", "data"] {
        for entry in std::fs::read_dir(kit.directory().join(directory)).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with("audit.log") {
                continue;
            }
            let meta = path.metadata().unwrap();
            files.push((path, meta.ino(), meta.len(), meta.mtime_nsec()));
        }
    }
    files.sort();
    files
}

#[test]
fn without_the_receiver_the_saved_state_is_served_at_once() {
    with_demo(async |kit| {
        kit.pass().await;
        let before = kit.seen().await;
        let paths = [
            "/playlist.m3u",
            "/xmltv.xml",
            "/xmltv.xml.gz",
            "/playlist/news.m3u",
        ];
        let mut versions = Vec::new();
        for path in paths {
            let answer = kit.head(path).await;
            versions.push((
                answer.head("etag").to_owned(),
                answer.head("last-modified").to_owned(),
            ));
        }
        kit.stop().await;
        kit.receiver().set_fault(Some(Fault::Refused));
        let start = Instant::now();
        kit.start();
        let playlist = kit.get("/playlist.m3u").await;
        assert!(start.elapsed() < Duration::from_secs(1));
        assert_eq!(playlist.text(), before.playlist);
        before.is_kept(&kit.seen().await, "at once");
        assert_eq!(kit.get("/readyz").await.status, 200);
        for (path, (tag, modified)) in paths.iter().zip(&versions) {
            let answer = kit.head(path).await;
            assert_eq!(
                (answer.head("etag"), answer.head("last-modified")),
                (tag.as_str(), modified.as_str())
            );
        }
        assert!(kit.get("/api/v1/now").await.text().contains("\"title\""));
        assert_eq!(
            kit.get("/stream/1-0-19-2B01-3E9-1-C00000-0-0-0.ts?mode=redirect")
                .await
                .status,
            302
        );

        kit.receiver().set_fault(None);
        while kit.status().await.refresh.running {}
        kit.refresh().await;
        before.is_kept(&kit.seen().await, "when it is back");
    });
}

#[test]
fn a_restart_asks_the_receiver_for_little() {
    with_demo(async |kit| {
        kit.pass().await;
        kit.stop().await;
        kit.receiver().reset_stats();
        kit.start();
        kit.pass().await;
        let calls = kit.receiver().stats().calls_by_path;
        assert_eq!(calls.get("/api/epgmulti"), None, "{calls:?}");
        // Of two channels nothing is known; they are asked for again.
        assert!(
            calls.get("/api/epgservice").is_none_or(|calls| *calls <= 2),
            "{calls:?}"
        );
    });
}

#[test]
fn files_are_readable_by_all_and_nothing_is_left_beside_them() {
    with_demo(async |kit| {
        kit.pass().await;
        kit.refresh().await;
        kit.stop().await;
        let files = files(kit);
        let names: Vec<_> = files
            .iter()
            .map(|file| file.0.file_name().unwrap())
            .collect();
        assert_eq!(
            names,
            [
                "events.dat",
                "guide.deflate",
                "lock",
                "channels.gz",
                "device",
                "numbers"
            ]
        );
        for (path, ..) in files {
            let mode = path.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o7777, 0o644, "{}", path.display());
        }
        kit.start();
    });
}

#[test]
fn unchanged_files_are_not_written_again() {
    let full = |config: &mut xg2g::config::Config| {
        config.refresh.full_interval = Duration::from_secs(86_400);
    };
    with(Options::default(), full, async |kit| {
        kit.pass().await;
        // The end of a run adds when the guide was last fetched as a whole.
        kit.stop().await;
        let before = files(kit);
        for _ in 0..2 {
            kit.start();
            kit.pass().await;
            kit.refresh().await;
            kit.stop().await;
            assert_eq!(files(kit), before);
        }
        kit.start();
    });
}

#[test]
fn damaged_files_are_made_anew() {
    with(
        super::small(),
        |_| (),
        async |kit| {
            kit.pass().await;
            let before = kit.seen().await;
            for damage in [&b""[..], b"garbage", &[0; 4096]] {
                for name in ["data/guide.deflate", "data/events.dat", "state/channels.gz"] {
                    kit.stop().await;
                    std::fs::write(kit.directory().join(name), damage).unwrap();
                    kit.start();
                    kit.pass().await;
                    before.is_kept(
                        &kit.seen().await,
                        &format!("{name} with {} bytes", damage.len()),
                    );
                    assert!(kit.status().await.warnings.is_empty());
                }
            }
        },
    );
}

#[test]
fn a_stop_is_quick_with_open_connections() {
    let week = |config: &mut xg2g::config::Config| config.guide.days = 3;
    with(Options::default(), week, async |kit| {
        kit.pass().await;
        let connect = || Async::<TcpStream>::connect(kit.address());
        let ask = b"GET /healthz HTTP/1.1\r\nHost: box\r\n\r\n";
        let mut open = Vec::new();
        for _ in 0..20 {
            // Kept open after an answer, in the middle of a head, and with an answer nobody reads.
            let mut idle = connect().await.unwrap();
            idle.write_all(ask).await.unwrap();
            assert!(idle.read(&mut [0; 64]).await.unwrap() > 0);
            let mut half = connect().await.unwrap();
            half.write_all(&ask[..20]).await.unwrap();
            let mut lazy = connect().await.unwrap();
            lazy.write_all(b"GET /xmltv.xml HTTP/1.1\r\nHost: box\r\n\r\n")
                .await
                .unwrap();
            assert!(lazy.read(&mut [0; 64]).await.unwrap() > 0);
            open.push([idle, half, lazy]);
        }
        let start = Instant::now();
        kit.stop().await;
        assert!(
            start.elapsed() < Duration::from_secs(2),
            "{:?}",
            start.elapsed()
        );
        kit.start();
    });
}

#[test]
fn a_stop_in_the_middle_of_a_pass_loses_nothing() {
    with_demo(async |kit| {
        kit.pass().await;
        let before = kit.seen().await;
        kit.configure(|config| config.refresh.full_interval = Duration::ZERO);
        for calls in [1, 5, 10, 16, 20] {
            kit.stop().await;
            kit.receiver().reset_stats();
            kit.start();
            while kit.receiver().stats().calls < calls {
                kit.get("/healthz").await;
            }
            let start = Instant::now();
            kit.stop().await;
            assert!(start.elapsed() < Duration::from_secs(2));
            kit.start();
            before.is_kept(&kit.seen().await, &format!("stopped after {calls} calls"));
        }
    });
}
