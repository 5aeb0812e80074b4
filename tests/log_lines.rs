//! The log of the running program over HTTP.

// The derive knows no narrower word than `pub`, and writes its code its own way.
#![allow(unreachable_pub, clippy::question_mark)]

use nanoserde::DeJson;

use crate::kit::{get, xg2g, Folder, Process};

#[derive(Debug, DeJson)]
struct Told {
    lines: Vec<Line>,
}

#[derive(Debug, DeJson)]
struct Line {
    time: String,
    level: String,
    target: String,
    text: String,
}

/// A program whose log goes there.
fn program(folder: &Folder, output: &str, level: &str) -> Process {
    let data = folder.path("data");
    let output = format!("log.output={output}");
    let level = format!("log.level={level}");
    Process::start(&mut xg2g([
        "--demo",
        "--listen",
        "127.0.0.1:0",
        "--data",
        data.to_str().unwrap(),
        "--set",
        &level,
        "--set",
        &output,
    ]))
}

#[test]
fn the_last_lines_are_told_as_they_were_written() {
    let folder = Folder::new();
    let mut program = program(&folder, "stderr", "info");
    let address = program.listens();
    while get(address, "/readyz").status != 200 {}
    let told: Told = get(address, "/api/v1/log").json();
    assert!(told.lines.len() >= 2, "{told:?}");
    let words = ["error", "warn", "info", "debug", "trace"];
    for line in &told.lines {
        assert!(words.contains(&&*line.level), "{line:?}");
        assert!(line.target.starts_with("xg2g"), "{line:?}");
        assert!(
            line.time.len() == 20 && line.time.ends_with('Z'),
            "{line:?}"
        );
    }
    assert!(told.lines.is_sorted_by_key(|line| &line.time));
    let listening = format!("listening on {address}");
    let is_there = |text: &str| told.lines.iter().any(|line| line.text.contains(text));
    assert!(is_there(&listening), "{told:?}");

    // The last so many, the newest at the end.
    let two: Told = get(address, "/api/v1/log?lines=2").json();
    assert_eq!(two.lines.len(), 2);
    let none: Told = get(address, "/api/v1/log?lines=0").json();
    assert!(none.lines.is_empty());
    assert_eq!(get(address, "/api/v1/log?lines=x").status, 400);

    // They were written, too.
    let (_, said) = program.stop();
    for line in &told.lines {
        let written = format!("[{}] {}", line.target, line.text);
        assert!(said.contains(&written), "{written}");
    }
}

#[test]
fn lines_are_kept_wherever_the_log_goes_and_never_more_than_there_is_room_for() {
    let folder = Folder::new();
    let file = folder.path("x.log");
    let mut program = program(&folder, file.to_str().unwrap(), "debug");
    let address: std::net::SocketAddr = loop {
        let written = std::fs::read_to_string(&file).unwrap_or_default();
        if let Some((_, rest)) = written.split_once("listening on ") {
            if let Some((address, _)) = rest.split_once('\n') {
                break address.parse().unwrap();
            }
        }
    };
    // Each is a line of the log.
    let nowhere = "x".repeat(600);
    for _ in 0..300 {
        get(address, &format!("/stream/{nowhere}.ts"));
    }
    let told: Told = get(address, "/api/v1/log").json();
    let bytes: usize = told.lines.iter().map(|line| line.text.len()).sum();
    assert!(told.lines.len() <= 200 && told.lines.len() > 20);
    assert!(bytes <= 48 * 1024, "{bytes}");
    let written = std::fs::read_to_string(&file).unwrap();
    let last = told.lines.last().unwrap();
    assert!(written.contains(&last.text), "{last:?}");
    program.tell(rustix::process::Signal::TERM);
    program.end();
}
