//! Clients that mean harm to the running program.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use crate::kit::{get, xg2g, Flood, Folder, Play, Process};

/// Connections of the flood, of which more than enough are open at once to fill the house.
const FLOOD: usize = 1000;
/// Those that may be open, those that may wait, and some that are being told that there is no place for them.
const SOCKETS: usize = 256 + 512 + 16;
/// kB that all of them may take: each has a task, a timer and the piece of a request.
const MEMORY: u64 = 8 * 1024;

#[test]
fn a_thousand_slow_connections_hurt_neither_viewer_nor_playlist_and_leave_nothing_behind() {
    let folder = Folder::new();
    let file = folder.write("xg2g.toml", "[guide]\nenabled = false\n");
    let mut command = xg2g(["--demo", "--listen", "127.0.0.1:0", "--config"]);
    let mut program = Process::start(command.arg(file));
    let address = program.listens();
    program.says("Ctrl-C stops it");
    let items = get(address, "/playlist.m3u").playlist();
    let path = items[0].url.strip_prefix("http://box:8080").unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: box:8080\r\n\r\n");

    let mut play = smol::block_on(Play::of(address, &request));
    assert_eq!(play.answer.status, 200);
    smol::block_on(play.packets(100));
    let enough = Arc::new(AtomicBool::new(false));
    let until = enough.clone();
    let viewer = std::thread::spawn(move || {
        smol::block_on(async {
            while !until.load(Ordering::Relaxed) {
                play.packets(10).await;
            }
            // The stream has come through the flood, not only what had been sent before.
            play.packets(1000).await;
        });
        play
    });

    let (files, memory) = (program.files(), program.memory());
    let mut flood = Flood::new(address);
    for _ in 0..FLOOD / 25 {
        flood.rise(25);
        flood.drip();
        assert_eq!(get(address, "/playlist.m3u").playlist(), items);
        let now = program.files();
        assert!(now <= files + SOCKETS, "{now} files open, {files} before");
    }
    let open: usize = flood.open().values().sum();
    assert!((200..256 + 512).contains(&open), "{open}");
    let now = program.memory();
    assert!(now < memory + MEMORY, "{now} kB, {memory} before");

    enough.store(true, Ordering::Relaxed);
    let play = viewer.join().unwrap();
    assert_eq!((play.gaps, play.stuffing, play.joints), (0, 0, 0));
    drop((play, flood));
    // Only the listener and what else was there without any client is left.
    let mut tries = 0..10_000;
    while program.files() >= files {
        assert!(tries.next().is_some(), "{} files open", program.files());
        assert_eq!(get(address, "/healthz").status, 200);
    }
    let (status, said) = program.stop();
    assert!(status.success(), "{said}");
    assert!(!said.contains("cannot accept"), "{said}");
}
