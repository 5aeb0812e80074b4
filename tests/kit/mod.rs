//! The program against the simulated receiver, on loopback and free ports, and a plain client.

mod answer;
pub(crate) mod disk;
mod flood;
mod follow;
mod json;
mod log;
mod metrics;
mod play;
mod process;
mod read;
mod seen;

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use smol::future::{zip, FutureExt};
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::{Async, LocalExecutor, Timer};
use xg2g::app::{self, Found, Reread, Running};
use xg2g::config::{Config, Loaded, ReceiverSource, Reloads};
use xg2g::discovery::{Ports, Told};
use xg2g::log::audit::Audit;
use xg2g::notice::Notices;
use xg2g::receiver::demo;
use xg2g::refresh::Looks;
use xg2g::stream::Watch;
use xg2g::watch::Timing;

pub(crate) use self::log::Log;
pub(crate) use answer::Answer;
pub(crate) use flood::{connect_from, Flood};
pub(crate) use follow::*;
pub(crate) use json::*;
pub(crate) use metrics::{Family, Metrics};
pub(crate) use play::*;
pub(crate) use process::{get, get_with, send, xg2g, Folder, Process, Receiver};
pub(crate) use read::*;
pub(crate) use seen::Seen;

/// A test that hangs fails after this time.
const PATIENCE: Duration = Duration::from_secs(60);

/// The receiver's own files are looked at soon after they changed.
const TIMING: Timing = Timing {
    quiet: Duration::from_millis(50),
    longest: Duration::from_secs(1),
    again: Duration::from_secs(1),
};

/// The program with everything it runs on.
pub(crate) struct Kit {
    executor: Rc<LocalExecutor<'static>>,
    running: RefCell<Option<Running>>,
    receiver: demo::Receiver,
    config: Rc<RefCell<Config>>,
    watch: Cell<Watch>,
    found: RefCell<Found>,
    directory: PathBuf,
    /// When it was made, in seconds since 1970.
    since: i64,
}

/// Runs `test` with the program in its demo world.
pub(crate) fn with_demo<F: AsyncFnOnce(&Kit)>(test: F) {
    with(demo::Options::default(), |_| (), test);
}

/// Runs `test` with the program in its demo world, but without a guide, which takes most of the time.
pub(crate) fn with_channels<F: AsyncFnOnce(&Kit)>(test: F) {
    let no_guide = |config: &mut Config| config.guide.enabled = false;
    with(demo::Options::default(), no_guide, test);
}

/// Runs `test` with the program against the receiver of `options`; `change` may change the configuration.
pub(crate) fn with<F: AsyncFnOnce(&Kit)>(
    options: demo::Options,
    change: impl FnOnce(&mut Config),
    test: F,
) {
    static KITS: AtomicU32 = AtomicU32::new(0);
    let number = KITS.fetch_add(1, Ordering::Relaxed);
    let directory = std::env::temp_dir().join(format!("xg2g-kit-{}-{number}", std::process::id()));
    let executor = Rc::new(LocalExecutor::new());
    let receiver = demo::start(&executor, options.clone()).unwrap();
    let since = receiver.now();
    let mut config = Config::default();
    config.receiver.url = receiver.url();
    // Whatever lies on the machine that runs the tests.
    config.receiver.source = ReceiverSource::OpenWebif;
    if let Some((user, password)) = options.login {
        config.receiver.user = user;
        config.receiver.password = password.as_str().into();
    }
    config.receiver.timeout = Duration::from_secs(5);
    config.receiver.retries = 1;
    config.receiver.backoff = Duration::from_millis(1);
    config.receiver.max_backoff = Duration::from_millis(2);
    // A pass begins when a test says so.
    config.receiver.probe = Duration::ZERO;
    config.guide.days = 1;
    config.stream.port = receiver.stream_port();
    config.stream.relay_port = receiver.relay_port();
    config.server.listen = "127.0.0.1:0".parse().unwrap();
    change(&mut config);
    let kit = Kit {
        executor: executor.clone(),
        running: RefCell::default(),
        receiver,
        config: Rc::new(config.into()),
        watch: Cell::default(),
        found: RefCell::new(unseen()),
        directory,
        since,
    };
    smol::block_on(
        executor.run(
            async {
                kit.start();
                test(&kit).await;
                kit.stop().await;
            }
            .or(async {
                Timer::after(PATIENCE).await;
                panic!("the test hangs");
            }),
        ),
    );
    let _ = std::fs::remove_dir_all(&kit.directory);
}

/// The HDHomeRun device at free ports, without rivals: other tests run beside.
pub(crate) fn unseen() -> Found {
    Found {
        ports: Ports {
            hdhomerun: 0,
            ssdp: 0,
        },
        rivals: Vec::new(),
    }
}

impl Kit {
    /// Starts the program (again), with what an earlier run left on disk.
    pub(crate) fn start(&self) {
        let options = app::Options {
            loaded: Loaded::unsaid(self.config.borrow().clone()),
            state: self.directory.join("state"),
            data: self.directory.join("data"),
            demo: None,
            watch: self.watch.get(),
            looks: Looks {
                timing: TIMING,
                may_sleep: |path| path.ends_with("asleep/epg.dat"),
            },
            reread: self.reread(),
            found: self.found.borrow().clone(),
        };
        *self.running.borrow_mut() = Some(app::start(&self.executor, options).unwrap());
    }

    /// Stops the program.
    pub(crate) async fn stop(&self) {
        let running = self.running.borrow_mut().take();
        if let Some(running) = running {
            running.stop().await.unwrap();
        }
    }

    /// Stops the program and forgets all that it has saved.
    pub(crate) async fn forget(&self) {
        self.stop().await;
        for directory in ["state", "data"] {
            std::fs::remove_dir_all(self.directory.join(directory)).unwrap();
        }
    }

    /// What is served now: playlist and guide.
    pub(crate) async fn seen(&self) -> Seen {
        Seen::of(self).await
    }

    /// What everything runs on.
    pub(crate) fn executor(&self) -> &Rc<LocalExecutor<'static>> {
        &self.executor
    }

    /// The simulated receiver.
    pub(crate) fn receiver(&self) -> &demo::Receiver {
        &self.receiver
    }

    /// Where the program keeps its files.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// How the configuration is read again: as it was last changed.
    fn reread(&self) -> Reread {
        let config = self.config.clone();
        Reread {
            read: Rc::new(move || Ok(Loaded::unsaid(config.borrow().clone()))),
            edit: Rc::new(|_| Err(Vec::new())),
            places: Vec::new(),
        }
    }

    /// Changes the configuration for the next start, or for when it is read again.
    pub(crate) fn configure(&self, change: impl FnOnce(&mut Config)) {
        change(&mut self.config.borrow_mut());
    }

    /// Changes how the receiver is watched for the next start.
    pub(crate) fn watch(&self, watch: Watch) {
        self.watch.set(watch);
    }

    /// Waits until the running pass, or else the next one, has ended.
    pub(crate) async fn pass(&self) {
        let refresh = self.running.borrow().as_ref().unwrap().refresh().clone();
        refresh.ended().await;
    }

    /// Asks for a pass over HTTP and waits for its end.
    pub(crate) async fn refresh(&self) {
        // The ear is there before the question: a pass that fails at once may end before its answer is read.
        let ask = self.request("POST /api/v1/refresh HTTP/1.1\r\nHost: box:8080\r\n\r\n");
        let (_, answer) = zip(self.pass(), ask).await;
        assert_eq!(answer.status, 202, "{}", answer.text());
    }

    pub(crate) async fn status(&self) -> Status {
        self.get("/api/v1/status").await.json()
    }

    /// The audit of the running program.
    pub(crate) fn audit(&self) -> Audit {
        self.running.borrow().as_ref().unwrap().audit().clone()
    }

    /// Who takes wishes for the configuration to be read again.
    pub(crate) fn reloads(&self) -> Rc<Reloads> {
        self.running.borrow().as_ref().unwrap().reloads().clone()
    }

    /// How the HDHomeRun device is found.
    pub(crate) fn discovery(&self) -> Told {
        self.running.borrow().as_ref().unwrap().discovery()
    }

    /// Takes these ports for others that may play an HDHomeRun tuner, from the next start on.
    pub(crate) fn rivals(&self, rivals: Vec<u16>) {
        self.found.borrow_mut().rivals = rivals;
    }

    /// Listens at these ports for HDHomeRun clients, from the next start on.
    pub(crate) fn listen_for_clients(&self, ports: Ports) {
        self.found.borrow_mut().ports = ports;
    }

    /// What happens in the running program.
    pub(crate) fn notices(&self) -> Notices {
        self.running.borrow().as_ref().unwrap().notices().clone()
    }

    /// Where the program listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.running.borrow().as_ref().unwrap().address()
    }

    /// GET as an unknown client that takes no gzip.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.get_with(path, "").await
    }

    /// GET with further header lines, each ended by CR LF.
    pub(crate) async fn get_with(&self, path: &str, headers: &str) -> Answer {
        self.request(&format!(
            "GET {path} HTTP/1.1\r\nHost: box:8080\r\n{headers}\r\n"
        ))
        .await
    }

    pub(crate) async fn head(&self, path: &str) -> Answer {
        self.request(&format!("HEAD {path} HTTP/1.1\r\nHost: box:8080\r\n\r\n"))
            .await
    }

    /// Sends one request as it is, `Connection: close` added, and reads the answer to its end.
    pub(crate) async fn request(&self, request: &str) -> Answer {
        let mut stream = Async::<TcpStream>::connect(self.address()).await.unwrap();
        let request = request.replacen("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1);
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        Answer::parse(&bytes)
    }
}

/// Runs futures at once: their results in their order.
pub(crate) async fn together<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<Pin<Box<F>>> = futures.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = running.iter().map(|_| None).collect();
    smol::future::poll_fn(|cx| {
        for (future, done) in running
            .iter_mut()
            .zip(&mut done)
            .filter(|(_, done)| done.is_none())
        {
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                *done = Some(output);
            }
        }
        if done.iter().all(Option::is_some) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    done.into_iter().flatten().collect()
}

/// Percent-encodes all bytes.
pub(crate) fn quote(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
