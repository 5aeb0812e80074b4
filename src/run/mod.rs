//! The life of the program: it starts, is told to read its configuration again, and stops.

mod backup;
mod check;
mod reload;
mod signals;
mod token;

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use smol::future::FutureExt;
use smol::{LocalExecutor, Task, Timer};

use crate::access::Keys;
use crate::app::{self, Running};
use crate::config::{Loaded, Reloads};
use crate::log::Output;
use crate::receiver::demo;
use crate::refresh::Looks;
use crate::stream::Watch;

use reload::{reread, Report};

pub use backup::{backup, restore, Restored};
pub use check::check;
pub use signals::{Ear, Told};
pub use token::{token, Token};

/// The pause before another try, when a configuration that was in force cannot be started with any more.
const NEW_TRY: Duration = Duration::from_secs(5);

/// Serves until it is told to stop.
///
/// # Errors
/// When it cannot start.
pub fn run(demo: bool, loaded: Loaded) -> Result<(), app::Error> {
    crate::log::tell_of_panics();
    let executor = Rc::new(LocalExecutor::new());
    // Not async-io's own `block_on`: it and async-io's thread take turns at waiting for the kernel, and after each event
    // that thread looks up to ten times whether it is its turn. A stream has 25 events a second (docs/BENCHMARKS.md).
    let result = smol::future::block_on(executor.run(serve(&executor, demo, loaded)));
    if demo {
        // It is of no use to anybody else; a leftover in /tmp goes with the next start of the machine.
        let _ = fs::remove_dir_all(private_directory());
    }
    result
}

async fn serve(
    executor: &Rc<LocalExecutor<'static>>,
    demo: bool,
    mut loaded: Loaded,
) -> Result<(), app::Error> {
    let mut ear = Ear::new();
    let had_terminal = io::stderr().is_terminal();
    let reloads = Rc::<Reloads>::default();
    let started = begin(executor, demo, &loaded, &reloads).inspect_err(|error| {
        // The caller tells standard error.
        if loaded.config.log.output != Output::Stderr {
            log::error!("{error}");
        }
    })?;
    let mut greeting = demo.then(|| greet(executor, &started));
    let mut running = Some(started);
    // What became of a reload, until somebody runs whose audit can take it.
    let mut report: Option<Report> = None;
    loop {
        if let Some(running) = &running {
            if let Some(report) = report.take() {
                running.notices().push(&report.notice());
                report.record(running.audit(), &loaded, &reloads);
            }
        }
        let again = async {
            match &running {
                Some(_) => std::future::pending().await,
                None => drop(Timer::after(NEW_TRY).await),
            }
            None
        };
        match async { Some(ear.next().await) }.or(again).await {
            None => running = begin_again(executor, demo, &loaded, &reloads),
            // It may also be the system's word for a terminal that was closed, and then nobody watches any more.
            Some(Told::Reload) if !had_terminal || io::stderr().is_terminal() => {
                let has_new_keys = running.as_ref().is_some_and(|running| {
                    let kept = Keys::load(&Places::of(demo, &loaded).state);
                    kept.is_ok_and(|kept| kept != *running.keys())
                });
                let (said, new) = reread(&loaded, has_new_keys);
                report = Some(said);
                let Some(new) = new else {
                    continue;
                };
                drop(greeting.take());
                if let Some(running) = running.take() {
                    running.stop().await;
                }
                match begin(executor, demo, &new, &reloads) {
                    Ok(started) => (running, loaded) = (Some(started), new),
                    Err(error) => {
                        log::error!("the former configuration is taken again: {error}");
                        report = Some(Report::Refused(vec![error.to_string()]));
                        running = begin_again(executor, demo, &loaded, &reloads);
                    }
                }
            }
            Some(_) => {
                if let Some(running) = running.take() {
                    running.stop().await;
                }
                log::info!("stopped");
                return Ok(());
            }
        }
    }
}

/// Starts with a configuration.
fn begin(
    executor: &Rc<LocalExecutor<'static>>,
    demo: bool,
    loaded: &Loaded,
    reloads: &Rc<Reloads>,
) -> Result<Running, app::Error> {
    let log = &loaded.config.log;
    crate::log::start(log.level, log.output.clone(), app::stamp);
    loaded
        .warnings
        .iter()
        .for_each(|warning| log::warn!("{warning}"));
    let Places { state, data } = Places::of(demo, loaded);
    let options = app::Options {
        loaded: loaded.clone(),
        state,
        data,
        demo: demo.then(demo::Options::default),
        watch: Watch::default(),
        looks: Looks::default(),
        reloads: reloads.clone(),
    };
    let running = app::start(executor, options)?;
    log::info!("listening on {}", running.address());
    Ok(running)
}

/// Starts with a configuration that was in force before: what is in the way now may pass.
fn begin_again(
    executor: &Rc<LocalExecutor<'static>>,
    demo: bool,
    loaded: &Loaded,
    reloads: &Rc<Reloads>,
) -> Option<Running> {
    begin(executor, demo, loaded, reloads)
        .inspect_err(|error| log::error!("another try in {} s: {error}", NEW_TRY.as_secs()))
        .ok()
}

/// Where files go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// The small state that outlives a restart.
    pub state: PathBuf,
    /// Outputs and events.
    pub data: PathBuf,
}

impl Places {
    /// As configured, else as it suits this machine; a demo leaves nothing behind.
    pub fn of(demo: bool, loaded: &Loaded) -> Places {
        let files = &loaded.config.files;
        let data = match (&files.data, demo) {
            (None, true) => private_directory(),
            _ => files.data_dir(),
        };
        let on_box =
            Path::new("/etc/enigma2/lamedb").exists() || Path::new("/etc/enigma2/lamedb5").exists();
        let state = match (&files.state, demo) {
            (None, true) => data.clone(),
            _ => files.state_dir(loaded.file.as_deref(), on_box),
        };
        Places { state, data }
    }
}

/// A directory of our own for a demo.
fn private_directory() -> PathBuf {
    PathBuf::from(format!("/tmp/xg2g-demo-{}", std::process::id()))
}

/// Says what to open, once there is something to see.
fn greet(executor: &Rc<LocalExecutor<'static>>, running: &Running) -> Task<()> {
    let (refresh, address) = (running.refresh().clone(), running.address());
    executor.spawn(async move {
        refresh.ended().await;
        // Whoever closed standard output does not want to read.
        let _ = io::stdout().write_all(greeting(address).as_bytes());
    })
}

fn greeting(address: SocketAddr) -> String {
    let base = format!("http://127.0.0.1:{}", address.port());
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "xg2g {version} with a simulated receiver. Open:\n  \
         playlist  {base}/playlist.m3u   (Kodi: PVR IPTV Simple Client, M3U playlist URL)\n  \
         guide     {base}/xmltv.xml      (XMLTV URL)\n  \
         status    {base}/api/v1/status\n  \
         now       {base}/api/v1/now\n\
         Ctrl-C stops it.\n"
    )
}
