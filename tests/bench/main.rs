//! `cargo bench`: what a refresh and an answer cost, beside the targets. docs/BENCHMARKS.md says what the lines mean.
//!
//! Runs the release binary against its own simulated receiver and reads what the kernel counted. It reports and
//! asserts nothing: it fails only when something does not work at all. `cargo bench -- streams` is a part of it.

mod connection; // a plain client
mod files; // channels and guide from files of the receiver itself
mod process; // what is run, and what the kernel counted for it
mod rivals; // others that do the same
mod streams; // many players at once
mod table; // the figures

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use connection::{get, Connection};
use process::{Pass, Process, Program, Receiver};
use rivals::Rival;
use table::Table;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Longest time that anything may take.
const PATIENCE: Duration = Duration::from_secs(180);
/// Requests for one figure of an answer's cost.
const REQUESTS: u32 = 2_000;

fn main() -> Outcome<()> {
    let mut table = Table::default();
    let only = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let wants = |part: &str| only.as_deref().is_none_or(|only| only == part);
    if wants("passes") {
        let (first, peak) = refreshes(&mut table)?;
        files::refreshes(&mut table, &first)?;
        fourfold(&mut table, peak)?;
        large(&mut table)?;
        files::large(&mut table)?;
    }
    if wants("streams") {
        streams::streams(&mut table)?;
    }
    table.print()
}

/// 500 services with 200 events each: two passes, the answers, a restart. Returns the first pass and its peak in kB.
fn refreshes(table: &mut Table) -> Outcome<(Pass, u64)> {
    let receiver = Receiver::start(500, 10, 200)?;
    let folder = Folder::new("normal")?;
    let program = Program::start(&receiver.url, &folder.0)?;
    let first = program.pass(1)?;
    let peak = program.memory("VmHWM")?;
    table.head("500 services, 10 bouquets, 200 events each");
    table.row("first pass: CPU", first.cpu, 0.6, "s");
    table.row("first pass: calls", first.calls, 150.0, "");
    table.row("first pass: peak memory", mb(peak), 6.0, "MB");
    table.note("first pass: time", first.time, "s");
    table.note("time to first playlist", first.playlist, "s");
    table.row("idle memory", mb(program.memory("VmRSS")?), 4.0, "MB");
    table.note("  of which heap", mb(program.memory("RssAnon")?), "MB");

    let before = program.process.cpu()?;
    program.post("/api/v1/refresh")?;
    let later = program.pass(2)?;
    table.note("later pass: CPU", later.cpu - before, "s");
    table.row("later pass: calls", later.calls, 15.0, "");
    table.row(
        "later pass: peak memory",
        mb(program.memory("VmHWM")?),
        6.0,
        "MB",
    );

    answers(table, &program, &folder.0)?;
    table.row(
        "idle memory after that",
        mb(program.memory("VmRSS")?),
        4.0,
        "MB",
    );
    program.process.stop()?;
    let url = receiver.url.clone();
    receiver.stop(table)?;
    restart(table, &url, &folder.0)?;
    Ok((first, peak))
}

/// What answers cost, beside nginx with the same files.
fn answers(table: &mut Table, program: &Program, folder: &Path) -> Outcome<()> {
    table.head("answers, CPU of the server for each");
    let playlist = get(&program.address, "/playlist.m3u", "")?.body;
    let plain = get(&program.address, "/xmltv.xml", "")?.body;
    let packed = get(&program.address, "/xmltv.xml.gz", "")?.body;
    for (name, bytes) in [
        ("playlist.m3u", &playlist),
        ("xmltv.xml", &plain),
        ("xmltv.xml.gz", &packed),
    ] {
        fs::write(folder.join(name), bytes)?;
        table.note(
            &format!("size of {name}"),
            bytes.len() as f64 / 1024.0,
            "kB",
        );
    }
    let nginx = Rival::nginx(folder)?;
    if nginx.is_none() {
        table.text("nginx is not installed: nothing to compare with (Debian: nginx-light)");
    }
    for (path, count) in [
        ("/playlist.m3u", REQUESTS),
        ("/xmltv.xml", 10),
        ("/xmltv.xml.gz", REQUESTS / 20),
    ] {
        let ours = cost(&program.process, &program.address, path, count)?;
        let theirs = match &nginx {
            Some(nginx) => Some(cost(&nginx.process, &nginx.address, path, count)?),
            None => None,
        };
        match theirs {
            Some(theirs) if path == "/playlist.m3u" => {
                table.note("  nginx, GET /playlist.m3u", theirs, "us");
                table.row("GET /playlist.m3u", ours, 1.5 * theirs, "us");
            }
            theirs => {
                table.note(&format!("GET {path}"), ours, "us");
                if let Some(theirs) = theirs {
                    table.note(&format!("  nginx, GET {path}"), theirs, "us");
                }
            }
        }
    }
    Ok(())
}

/// Microseconds of CPU for one request, over one connection.
fn cost(process: &Process, address: &str, path: &str, count: u32) -> Outcome<f64> {
    let mut connection = Connection::open(address)?;
    // What is made once is not what an answer costs.
    connection.get(path, "")?;
    let before = process.cpu()?;
    for _ in 0..count {
        connection.get(path, "")?;
    }
    Ok((process.cpu()? - before) * 1e6 / f64::from(count))
}

/// From the start of the program to the playlist, the receiver being away.
fn restart(table: &mut Table, url: &str, folder: &Path) -> Outcome<()> {
    let program = Program::start(url, folder)?;
    let time = program.playlist()?;
    table.head("restart with the saved state, the receiver refuses");
    table.row("time to the playlist", time * 1e3, 100.0, "ms");
    program.process.stop()
}

/// Four times the events: memory must not follow.
fn fourfold(table: &mut Table, normal: u64) -> Outcome<()> {
    let receiver = Receiver::start(500, 10, 800)?;
    let folder = Folder::new("fourfold")?;
    let program = Program::start(&receiver.url, &folder.0)?;
    let pass = program.pass(1)?;
    let peak = program.memory("VmHWM")?;
    table.head("800 events each");
    table.note("first pass: CPU", pass.cpu, "s");
    table.note("first pass: calls", pass.calls, "");
    table.row(
        "first pass: peak memory",
        mb(peak),
        mb(normal) * 4.0 / 3.0,
        "MB",
    );
    program.process.stop()?;
    receiver.stop(table)
}

/// As many services as a receiver with several dishes and IPTV lists has.
fn large(table: &mut Table) -> Outcome<()> {
    let receiver = Receiver::start(10_000, 150, 20)?;
    let folder = Folder::new("large")?;
    let program = Program::start(&receiver.url, &folder.0)?;
    let pass = program.pass(1)?;
    table.head("10 000 services, 150 bouquets, 20 events each");
    table.note("time to first playlist", pass.playlist, "s");
    table.note("first pass: time", pass.time, "s");
    table.note("first pass: CPU", pass.cpu, "s");
    table.note("first pass: calls", pass.calls, "");
    table.note(
        "first pass: peak memory",
        mb(program.memory("VmHWM")?),
        "MB",
    );
    table.note("idle memory", mb(program.memory("VmRSS")?), "MB");
    program.post("/api/v1/refresh")?;
    table.note("later pass: calls", program.pass(2)?.calls, "");
    program.process.stop()?;
    receiver.stop(table)
}

fn mb(kilobytes: u64) -> f64 {
    kilobytes as f64 / 1024.0
}

/// Tries until there is something, a little pause in between.
fn until<T>(what: &str, mut attempt: impl FnMut() -> Outcome<Option<T>>) -> Outcome<T> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(found) = attempt()? {
            return Ok(found);
        }
        sleep(Duration::from_millis(2));
    }
    Err(format!("waited too long for {what}").into())
}

/// A directory of our own under the build's.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> io::Result<Folder> {
        let name = format!("bench-{name}-{}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path)?;
        Ok(Folder(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
