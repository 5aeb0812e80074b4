//! `cargo bench`: what a refresh and an answer cost, beside the targets. docs/BENCHMARKS.md says what the lines mean.
//!
//! Runs the release binary against its own simulated receiver and reads what the kernel counted. It reports and
//! asserts nothing: it fails only when something does not work at all.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Longest time that anything may take.
const PATIENCE: Duration = Duration::from_secs(180);
/// Requests for one figure of an answer's cost.
const REQUESTS: u32 = 2_000;

fn main() -> Outcome<()> {
    let mut table = Table::default();
    let normal = refreshes(&mut table)?;
    fourfold(&mut table, normal)?;
    large(&mut table)?;
    table.print()
}

/// 500 services with 200 events each: two passes, the answers, a restart. Returns the peak in kB.
fn refreshes(table: &mut Table) -> Outcome<u64> {
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
    Ok(peak)
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
    let nginx = Nginx::start(folder)?;
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

/// A child that ends with this program.
struct Process(Child);

impl Process {
    /// Starts the binary; its log goes to a file, for `listening on`.
    fn spawn(command: &mut Command) -> Outcome<Process> {
        Ok(Process(command.stdin(Stdio::null()).spawn()?))
    }

    /// Seconds of CPU so far, of all threads: in nanoseconds, where `utime` of `stat` counts in 10 ms.
    fn cpu(&self) -> Outcome<f64> {
        let mut nanoseconds = 0.0;
        for task in fs::read_dir(format!("/proc/{}/task", self.0.id()))? {
            let line = fs::read_to_string(task?.path().join("schedstat"))?;
            nanoseconds += line
                .split(' ')
                .next()
                .ok_or("an empty schedstat")?
                .parse::<f64>()?;
        }
        Ok(nanoseconds / 1e9)
    }

    /// A line of `/proc/PID/status` in kB.
    fn memory(&self, name: &str) -> Outcome<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status
            .lines()
            .find(|line| line.starts_with(name))
            .ok_or("no such line")?;
        let number = line.split_whitespace().nth(1).ok_or("no number")?;
        Ok(number.parse()?)
    }

    fn terminate(&self) -> Outcome<()> {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.0.id())?).ok_or("no pid")?;
        Ok(rustix::process::kill_process(
            pid,
            rustix::process::Signal::TERM,
        )?)
    }

    fn stop(&self) -> Outcome<()> {
        self.terminate()?;
        let path = format!("/proc/{}/stat", self.0.id());
        // A child that ended is a zombie until it is waited for.
        until("the end of a program", || {
            let stat = fs::read_to_string(&path).unwrap_or_default();
            Ok((stat.is_empty() || stat.contains(") Z ")).then_some(()))
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The simulated receiver.
struct Receiver {
    process: Process,
    out: BufReader<ChildStdout>,
    url: String,
}

impl Receiver {
    fn start(services: u32, bouquets: u32, events: u32) -> Outcome<Receiver> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xg2g"));
        command
            .args(["receiver", "--port", "0"])
            .args(["--services", &services.to_string()])
            .args(["--bouquets", &bouquets.to_string()])
            .args(["--events", &events.to_string()])
            .stdout(Stdio::piped());
        let mut process = Process::spawn(&mut command)?;
        let mut out = BufReader::new(process.0.stdout.take().ok_or("no output")?);
        let mut line = String::new();
        out.read_line(&mut line)?;
        let url = line
            .split([' ', ','])
            .find(|word| word.starts_with("http://"))
            .ok_or("the receiver told no address")?
            .to_owned();
        Ok(Receiver { process, out, url })
    }

    /// Ends it and tells what it saw.
    fn stop(mut self, table: &mut Table) -> Outcome<()> {
        self.process.terminate()?;
        let mut text = String::new();
        self.out.read_to_string(&mut text)?;
        let number = |name: &str| -> Outcome<f64> {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            Ok(line.ok_or("a statistic is missing")?.trim().parse()?)
        };
        table.row(
            "longest the receiver was held",
            number("longest_block_us ")? / 1e3,
            100.0,
            "ms",
        );
        table.row("calls at the same time", number("overlapping ")?, 0.0, "");
        Ok(())
    }
}

/// The program under test.
struct Program {
    process: Process,
    address: String,
    started: Instant,
}

/// What a pass cost.
struct Pass {
    cpu: f64,
    time: f64,
    calls: f64,
    playlist: f64,
}

impl Program {
    fn start(receiver: &str, folder: &Path) -> Outcome<Program> {
        let log = folder.join("log");
        let started = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_xg2g"));
        command
            .env("XG2G_OWI_BASE", receiver)
            .env("XG2G_LISTEN", "127.0.0.1:0")
            .env("XG2G_DATA", folder)
            .current_dir(folder)
            .stderr(fs::File::create(&log)?);
        let process = Process::spawn(&mut command)?;
        let address = until("the program's address", || {
            let text = fs::read_to_string(&log)?;
            let after = text.split("listening on ").nth(1);
            let address = after.and_then(|rest| rest.split_once('\n'));
            Ok(address.map(|(address, _)| address.trim().to_owned()))
        })?;
        Ok(Program {
            process,
            address,
            started,
        })
    }

    fn memory(&self, name: &str) -> Outcome<u64> {
        self.process.memory(name)
    }

    /// Seconds from the start to a playlist with channels.
    fn playlist(&self) -> Outcome<f64> {
        until("the first playlist", || {
            let answer = get(&self.address, "/playlist.m3u", "")?;
            Ok((answer.status == 200).then(|| self.started.elapsed().as_secs_f64()))
        })
    }

    /// Waits for the end of pass number `count`.
    fn pass(&self, count: u32) -> Outcome<Pass> {
        let playlist = self.playlist()?;
        until("the end of a pass", || {
            sleep(Duration::from_millis(40));
            let status = String::from_utf8(get(&self.address, "/api/v1/status", "")?.body)?;
            let (_, refresh) = status.split_once("\"refresh\":").ok_or("no refresh")?;
            if number(refresh, "passes")? < f64::from(count) || refresh.contains("\"running\":true")
            {
                return Ok(None);
            }
            if refresh.contains("\"error\":\"") {
                return Err(format!("a pass failed: {refresh}").into());
            }
            Ok(Some(Pass {
                cpu: self.process.cpu()?,
                time: number(refresh, "took_seconds")?,
                calls: number(refresh, "calls")?,
                playlist,
            }))
        })
    }

    fn post(&self, path: &str) -> Outcome<()> {
        let answer = Connection::open(&self.address)?.ask("POST", path, "content-length: 0\r\n")?;
        match answer.status {
            200..300 => Ok(()),
            status => Err(format!("{path}: {status}").into()),
        }
    }
}

/// A number field of a JSON text, the first of that name.
fn number(json: &str, name: &str) -> Outcome<f64> {
    let (_, rest) = json
        .split_once(&format!("\"{name}\":"))
        .ok_or("a field is missing")?;
    let end = rest.find([',', '}']).unwrap_or(rest.len());
    Ok(rest[..end].trim().parse()?)
}

/// Debian's nginx as it is meant to be run: sendfile, no log, one process.
struct Nginx {
    process: Process,
    address: String,
}

impl Nginx {
    fn start(root: &Path) -> Outcome<Option<Nginx>> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let conf = root.join("nginx.conf");
        fs::write(
            &conf,
            format!(
                "daemon off; master_process off; pid {0}/nginx.pid; error_log /dev/null;\n\
                 events {{}}\n\
                 http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;\n\
                 server {{ listen {address}; root {0}; }} }}\n",
                root.display()
            ),
        )?;
        let mut command = Command::new("nginx");
        command.arg("-p").arg(root).arg("-c").arg(&conf);
        let process = match Process::spawn(command.stderr(Stdio::null())) {
            Ok(process) => process,
            Err(_) => return Ok(None),
        };
        until("nginx", || Ok(TcpStream::connect(&address).ok()))?;
        Ok(Some(Nginx { process, address }))
    }
}

/// A keep-alive connection.
struct Connection(BufReader<TcpStream>);

struct Answer {
    status: u16,
    body: Vec<u8>,
}

fn get(address: &str, path: &str, headers: &str) -> Outcome<Answer> {
    Connection::open(address)?.get(path, headers)
}

impl Connection {
    fn open(address: &str) -> Outcome<Connection> {
        let socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        Ok(Connection(BufReader::with_capacity(256 * 1024, socket)))
    }

    fn get(&mut self, path: &str, headers: &str) -> Outcome<Answer> {
        self.ask("GET", path, headers)
    }

    fn ask(&mut self, method: &str, path: &str, headers: &str) -> Outcome<Answer> {
        let request = format!("{method} {path} HTTP/1.1\r\nhost: bench\r\n{headers}\r\n");
        self.0.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let status = line.split(' ').nth(1).ok_or("no status")?.parse()?;
        let (mut length, mut chunked) = (0, false);
        loop {
            line.clear();
            self.0.read_line(&mut line)?;
            let head = line.trim_end().to_ascii_lowercase();
            if head.is_empty() {
                break;
            }
            if let Some(value) = head.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
            chunked |= head == "transfer-encoding: chunked";
        }
        let mut body = Vec::new();
        if !chunked {
            self.take(length, &mut body)?;
        }
        while chunked {
            line.clear();
            self.0.read_line(&mut line)?;
            let count = usize::from_str_radix(line.trim_end(), 16)?;
            self.take(count, &mut body)?;
            self.0.read_line(&mut line)?;
            chunked = count > 0;
        }
        Ok(Answer { status, body })
    }

    fn take(&mut self, count: usize, body: &mut Vec<u8>) -> io::Result<()> {
        let begin = body.len();
        body.resize(begin + count, 0);
        self.0.read_exact(&mut body[begin..])
    }
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

/// The figures, printed at the end.
#[derive(Default)]
struct Table(String);

impl Table {
    fn head(&mut self, text: &str) {
        self.0.push_str(&format!("\n{text}\n"));
    }

    fn text(&mut self, text: &str) {
        self.0.push_str(&format!("  {text}\n"));
    }

    /// A figure without a target.
    fn note(&mut self, name: &str, value: f64, unit: &str) {
        self.text(&format!("{name:<32} {value:>10.2} {unit:<2}"));
    }

    /// A figure and its target.
    fn row(&mut self, name: &str, value: f64, target: f64, unit: &str) {
        let verdict = if value <= target { "OK" } else { "MISSED" };
        let ratio = if target > 0.0 { value / target } else { value };
        self.text(&format!(
            "{name:<32} {value:>10.2} {unit:<2} target {target:>7.2}  ratio {ratio:.2}  {verdict}"
        ));
    }

    fn print(&self) -> Outcome<()> {
        Ok(io::stdout().lock().write_all(self.0.as_bytes())?)
    }
}
