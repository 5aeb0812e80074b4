//! Processes: the program, the simulated receiver; what the kernel counted for them.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::connection::{get, Connection};
use super::table::Table;
use super::{until, Outcome};

/// A child that ends with this program.
pub(crate) struct Process(pub(crate) Child);

impl Process {
    /// Starts the binary; its log goes to a file, for `listening on`.
    pub(crate) fn spawn(command: &mut Command) -> Outcome<Process> {
        Ok(Process(command.stdin(Stdio::null()).spawn()?))
    }

    /// Seconds of CPU so far: in nanoseconds of the threads that are there, where the kernel counts them; ticks are those
    /// of ended ones, too.
    pub(crate) fn cpu(&self) -> Outcome<f64> {
        let ticks = self.ticks()?;
        Ok(self.schedule().map_or(ticks, |seconds| seconds.max(ticks)))
    }

    /// Counted in nanoseconds; not every kernel does.
    fn schedule(&self) -> Outcome<f64> {
        let mut nanoseconds = 0.0;
        for task in fs::read_dir(format!("/proc/{}/task", self.0.id()))? {
            let line = fs::read_to_string(task?.path().join("schedstat"))?;
            let (run, _) = line.split_once(' ').ok_or("an empty schedstat")?;
            nanoseconds += run.parse::<f64>()?;
        }
        Ok(nanoseconds / 1e9)
    }

    /// Counted in ticks of 10 ms.
    fn ticks(&self) -> Outcome<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.id()))?;
        // The name in parentheses may have spaces; `utime` and `stime` are fields 14 and 15, the name is the second.
        let (_, rest) = stat.rsplit_once(") ").ok_or("no name in stat")?;
        let ticks = rest.split(' ').skip(11).take(2).map(str::parse::<f64>);
        Ok(ticks.sum::<Result<f64, _>>()? / 100.0)
    }

    /// A line of `/proc/PID/status` in kB.
    pub(crate) fn memory(&self, name: &str) -> Outcome<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status
            .lines()
            .find(|line| line.starts_with(name))
            .ok_or("no such line")?;
        let number = line.split_whitespace().nth(1).ok_or("no number")?;
        Ok(number.parse()?)
    }

    pub(crate) fn terminate(&self) -> Outcome<()> {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.0.id())?).ok_or("no pid")?;
        Ok(rustix::process::kill_process(
            pid,
            rustix::process::Signal::TERM,
        )?)
    }

    pub(crate) fn stop(&self) -> Outcome<()> {
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
pub(crate) struct Receiver {
    pub(crate) process: Process,
    pub(crate) out: BufReader<ChildStdout>,
    pub(crate) url: String,
    /// The stream port.
    pub(crate) streams: String,
}

impl Receiver {
    pub(crate) fn start(services: u32, bouquets: u32, events: u32) -> Outcome<Receiver> {
        Receiver::start_with(services, bouquets, events, &[])
    }

    /// `more` are further arguments.
    pub(crate) fn start_with(
        services: u32,
        bouquets: u32,
        events: u32,
        more: &[&str],
    ) -> Outcome<Receiver> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xg2g"));
        command
            .args(["receiver", "--port", "0"])
            .args(["--services", &services.to_string()])
            .args(["--bouquets", &bouquets.to_string()])
            .args(["--events", &events.to_string()])
            .args(more)
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
        let (_, streams) = line.split_once("stream port is ").ok_or("no stream port")?;
        let end = streams.find(',').unwrap_or(streams.len());
        let streams = streams[..end].trim().to_owned();
        Ok(Receiver {
            process,
            out,
            url,
            streams,
        })
    }

    /// Ends it and tells what it saw.
    pub(crate) fn stop(mut self, table: &mut Table) -> Outcome<()> {
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
pub(crate) struct Program {
    pub(crate) process: Process,
    pub(crate) address: String,
    pub(crate) started: Instant,
}

/// What a pass cost.
pub(crate) struct Pass {
    pub(crate) cpu: f64,
    pub(crate) time: f64,
    pub(crate) calls: f64,
    pub(crate) playlist: f64,
}

impl Program {
    pub(crate) fn start(receiver: &str, folder: &Path) -> Outcome<Program> {
        Program::start_with(receiver, folder, &[])
    }

    /// `environment` are further settings.
    pub(crate) fn start_with(
        receiver: &str,
        folder: &Path,
        environment: &[(&str, &str)],
    ) -> Outcome<Program> {
        let log = folder.join("log");
        let started = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_xg2g"));
        command
            .env("XG2G_OWI_BASE", receiver)
            .env("XG2G_LISTEN", "127.0.0.1:0")
            .env("XG2G_DATA", folder)
            .envs(environment.iter().copied())
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

    pub(crate) fn memory(&self, name: &str) -> Outcome<u64> {
        self.process.memory(name)
    }

    /// Seconds from the start to a playlist with channels.
    pub(crate) fn playlist(&self) -> Outcome<f64> {
        until("the first playlist", || {
            let answer = get(&self.address, "/playlist.m3u", "")?;
            Ok((answer.status == 200).then(|| self.started.elapsed().as_secs_f64()))
        })
    }

    /// Waits for the end of pass number `count`.
    pub(crate) fn pass(&self, count: u32) -> Outcome<Pass> {
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

    pub(crate) fn post(&self, path: &str) -> Outcome<()> {
        let answer = Connection::open(&self.address)?.ask("POST", path, "content-length: 0\r\n")?;
        match answer.status {
            200..300 => Ok(()),
            status => Err(format!("{path}: {status}").into()),
        }
    }
}

/// A number field of a JSON text, the first of that name.
pub(crate) fn number(json: &str, name: &str) -> Outcome<f64> {
    let (_, rest) = json
        .split_once(&format!("\"{name}\":"))
        .ok_or("a field is missing")?;
    let end = rest.find([',', '}']).unwrap_or(rest.len());
    Ok(rest[..end].trim().parse()?)
}
