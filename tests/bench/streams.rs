//! What streams cost: CPU for what is delivered, memory for who reads.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::connection::get;
use super::process::{Process, Program, Receiver};
use super::rivals::Rival;
use super::table::Table;
use super::{Folder, Outcome};

/// Streams of 8 Mbit/s, as many tuners as anybody could want.
const RECEIVER: [&str; 4] = ["--rate", "8", "--tuners", "200"];
const LIMITS: [(&str, &str); 4] = [
    ("XG2G_EPG_ENABLED", "false"),
    ("XG2G_STREAM_MAX_READERS", "200"),
    ("XG2G_STREAM_MAX_READERS_PER_CLIENT", "200"),
    ("XG2G_STREAM_MAX_UPSTREAMS", "100"),
];
/// Before it is counted: streams begin with a burst.
const SETTLE: Duration = Duration::from_secs(2);
/// How long it is counted.
const SPAN: Duration = Duration::from_secs(6);
/// How often readers look; each has taken less than its socket holds.
const LOOK: Duration = Duration::from_millis(10);

/// Who is measured in front of the same port, too.
const RIVALS: [(&str, Start); 2] = [
    ("  nginx", Rival::nginx_in_front_of),
    ("  haproxy with splice", Rival::haproxy_in_front_of),
];
/// Starts one with its files in a directory, in front of a port.
type Start = fn(&Path, &str) -> Outcome<Option<Rival>>;

/// Streams, beside others in front of the same port.
pub(crate) fn streams(table: &mut Table) -> Outcome<()> {
    table.head("streams of 8 Mbit/s: CPU for a Gbit delivered");
    for (services, readers, target) in [
        (1, 1, 100.0),
        (20, 20, 100.0),
        (100, 100, 100.0),
        (1, 16, 35.0),
    ] {
        let receiver = Receiver::start_with(150, 2, 1, &RECEIVER)?;
        let folder = Folder::new("streams")?;
        let port = ("XG2G_STREAM_PORT", &*receiver.streams);
        let settings: Vec<_> = LIMITS.into_iter().chain([port]).collect();
        let program = Program::start_with(&receiver.url, &folder.0, &settings)?;
        program.pass(1)?;
        let playlist = String::from_utf8(get(&program.address, "/playlist.m3u", "")?.body)?;
        let paths: Vec<&str> = playlist
            .lines()
            .filter_map(|line| line.split_once("/stream/"))
            .map(|(_, name)| name.trim_end_matches(".ts"))
            .take(services)
            .collect();
        let ours = |name: &str| format!("/stream/{name}.ts");
        let idle = program.memory("RssAnon")?;
        let name = format!("{readers} readers of {services}");
        let figure = measure(&program.process, &program.address, readers, &paths, ours)?;
        table.row(&name, figure.cpu * 1e3, target, "ms");
        let grown = figure.memory.saturating_sub(idle) as f64;
        table.note("  memory for each reader", grown / readers as f64, "kB");
        program.process.stop()?;
        let theirs = |name: &str| format!("/{}:", name.replace('-', ":"));
        for (name, start) in RIVALS {
            let Some(rival) = start(&folder.0, &receiver.streams)? else {
                table.text(&format!("{name}: not installed"));
                continue;
            };
            let figure = measure(&rival.process, &rival.address, readers, &paths, theirs)?;
            table.note(name, figure.cpu * 1e3, "ms");
        }
    }
    Ok(())
}

struct Figure {
    /// CPU seconds for a Gbit.
    cpu: f64,
    /// Heap while it runs, in kB.
    memory: u64,
}

fn measure(
    process: &Process,
    address: &str,
    readers: usize,
    paths: &[&str],
    path: impl Fn(&str) -> String,
) -> Outcome<Figure> {
    let mut sockets = Vec::new();
    for name in paths.iter().cycle().take(readers) {
        let mut socket = TcpStream::connect(address)?;
        write!(socket, "GET {} HTTP/1.0\r\nHost: bench\r\n\r\n", path(name))?;
        socket.set_nonblocking(true)?;
        sockets.push(socket);
    }
    drain(&mut sockets, SETTLE)?;
    let before = process.cpu()?;
    let bytes = drain(&mut sockets, SPAN)?;
    let cpu = process.cpu()? - before;
    Ok(Figure {
        cpu: cpu / (bytes as f64 * 8.0 / 1e9),
        memory: process.memory("RssAnon")?,
    })
}

/// Reads what comes for a while; how much it was.
fn drain(sockets: &mut [TcpStream], time: Duration) -> Outcome<u64> {
    let until = Instant::now() + time;
    let mut piece = vec![0; 256 * 1024];
    let mut bytes = 0;
    while Instant::now() < until {
        for socket in sockets.iter_mut() {
            match socket.read(&mut piece) {
                Ok(0) => return Err("a stream ended".into()),
                Ok(count) => bytes += count as u64,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
        sleep(LOOK);
    }
    Ok(bytes)
}
