//! The built program as a process of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;

use rustix::process::{kill_process, prlimit, Pid, Resource, Rlimit, Signal};

use super::{Answer, PATIENCE};

/// A directory of a test's own.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Folder {
        static FOLDERS: AtomicU32 = AtomicU32::new(0);
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("xg2g-folder-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file as an editor would.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The binary with these arguments and next to no environment: it is no HDHomeRun tuner, whose ports are the same for all.
pub(crate) fn xg2g<'a>(args: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xg2g"));
    let command_line = command.env_clear().args(args).stdin(Stdio::null());
    command_line.env("XG2G_HDHR_ENABLED", "false");
    command
}

/// A simulated receiver as a process, its address and its stream port.
pub(crate) struct Receiver {
    pub(crate) process: Process,
    pub(crate) url: String,
    pub(crate) streams: String,
}

impl Receiver {
    pub(crate) fn start(args: &[&str]) -> Receiver {
        let args = ["receiver"].iter().chain(args).copied();
        let mut process = Process::start(&mut xg2g(args));
        let line = process.says("answers at ");
        let (url, ports) = line.split_once(", its stream port is ").unwrap();
        let (streams, _) = ports.split_once(", its relay port ").unwrap();
        Receiver {
            url: url.to_owned(),
            streams: streams.to_owned(),
            process,
        }
    }
}

/// The running program.
pub(crate) struct Process {
    child: Child,
    lines: mpsc::Receiver<String>,
    /// All that was said so far.
    said: Vec<String>,
}

impl Process {
    /// Starts it; what it says on both outputs is heard.
    pub(crate) fn start(command: &mut Command) -> Process {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (tell, lines) = mpsc::channel();
        let hear = |from: Box<dyn Read + Send>| {
            let tell = tell.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(from).lines().map_while(Result::ok) {
                    let _ = tell.send(line);
                }
            });
        };
        hear(Box::new(out));
        hear(Box::new(err));
        Process {
            child,
            lines,
            said: Vec::new(),
        }
    }

    /// Waits for a line that contains `text`; gives what follows in it.
    pub(crate) fn says(&mut self, text: &str) -> String {
        loop {
            let Ok(line) = self.lines.recv_timeout(PATIENCE) else {
                panic!("{text:?} is not said: {:#?}", self.said);
            };
            self.said.push(line);
            if let Some((_, rest)) = self.said.last().and_then(|line| line.split_once(text)) {
                return rest.to_owned();
            }
        }
    }

    /// Waits until it listens.
    pub(crate) fn listens(&mut self) -> SocketAddr {
        self.says("listening on ").parse().unwrap()
    }

    pub(crate) fn tell(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Tells it to stop and waits for its end; gives all it said.
    pub(crate) fn stop(mut self) -> (ExitStatus, String) {
        self.tell(Signal::TERM);
        self.end()
    }

    /// Waits for its end.
    pub(crate) fn end(&mut self) -> (ExitStatus, String) {
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.said.push(line);
        }
        (self.child.wait().unwrap(), self.said.join("\n"))
    }

    /// Lets its files become as long as they like, which may have been limited.
    pub(crate) fn lift_limit(&self) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        let none = Rlimit {
            current: None,
            maximum: None,
        };
        prlimit(pid, Resource::Fsize, none).unwrap();
    }

    /// How many files and sockets it has open.
    pub(crate) fn files(&self) -> usize {
        let open = format!("/proc/{}/fd", self.child.id());
        std::fs::read_dir(open).unwrap().count()
    }

    /// The most memory it ever had, in kB.
    pub(crate) fn memory(&self) -> u64 {
        let status = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(status).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.unwrap().trim().trim_end_matches(" kB");
        peak.parse().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// GET from another process.
pub(crate) fn get(address: SocketAddr, path: &str) -> Answer {
    get_with(address, path, "")
}

/// The same with further header lines, each ended by CR LF.
pub(crate) fn get_with(address: SocketAddr, path: &str, headers: &str) -> Answer {
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: box:8080\r\nConnection: close\r\n{headers}\r\n");
    send(address, &request)
}

/// Any request from another process; it asks for the end of the connection.
pub(crate) fn send(address: SocketAddr, request: &str) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    Answer::parse(&bytes)
}
