//! The life of the program: it starts, is told to read its configuration again, and stops.

mod backup;
mod check;
mod ready;
mod refresh;
mod signals;
mod token;

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::rc::Rc;

use smol::future::FutureExt;
use smol::{LocalExecutor, Task};

use crate::app::{self, Found, Reread, Running};
use crate::cli::{self, Failure, Places};
use crate::config::Loaded;
use crate::log::Output;
use crate::receiver::demo;
use crate::refresh::Looks;
use crate::stream::Watch;

pub use backup::{backup, restore, Restored};
pub use check::check;
pub use ready::{ready, Ready};
pub use refresh::{refresh, Refreshed};
pub use signals::{Ear, Told};
pub use token::{token, Token};

/// Serves until it is told to stop.
///
/// # Errors
/// When it cannot start, or does not stop in order.
pub fn run(demo: bool, loaded: Loaded) -> Result<(), app::Error> {
    crate::log::tell_of_panics();
    let executor = Rc::new(LocalExecutor::new());
    // Not async-io's own `block_on`: it and async-io's thread take turns at waiting for the kernel, and after each event
    // that thread looks up to ten times whether it is its turn. A stream has 25 events a second (docs/BENCHMARKS.md).
    let result = smol::future::block_on(executor.run(serve(&executor, demo, loaded)));
    if demo {
        // It is of no use to anybody else; a leftover in /tmp goes with the next start of the machine.
        let _ = fs::remove_dir_all(Places::of_demo());
    }
    result
}

async fn serve(
    executor: &Rc<LocalExecutor<'static>>,
    demo: bool,
    loaded: Loaded,
) -> Result<(), app::Error> {
    let mut ear = Ear::new();
    let had_terminal = io::stderr().is_terminal();
    let output = loaded.config.log.output.clone();
    let running = begin(executor, demo, loaded).inspect_err(|error| {
        // The caller tells standard error.
        if output != Output::Stderr {
            log::error!("{error}");
        }
    })?;
    let greeting = demo.then(|| greet(executor, &running));
    loop {
        match ear.next().await {
            // It may also be the system's word for a terminal that was closed, and then nobody watches any more.
            Told::Reload if !had_terminal || io::stderr().is_terminal() => {
                running.reloads().wish("signal");
            }
            Told::Reload | Told::Stop => break,
        }
    }
    log::info!("told to stop");
    drop(greeting);
    let told_again = async {
        while ear.next().await != Told::Stop {}
        Err(app::Error::Stop(vec![
            "told to stop once more, it ended at once".to_owned(),
        ]))
    };
    let stopped = running.stop().or(told_again).await;
    if stopped.is_ok() {
        log::info!("stopped");
    }
    stopped
}

/// Starts with a configuration.
fn begin(
    executor: &Rc<LocalExecutor<'static>>,
    demo: bool,
    loaded: Loaded,
) -> Result<Running, app::Error> {
    let running = app::start(executor, options(demo, loaded))?;
    log::info!("listening on {}", running.address());
    Ok(running)
}

/// All that is run with. The log begins.
fn options(demo: bool, loaded: Loaded) -> app::Options {
    let log = &loaded.config.log;
    crate::log::start(log.level, log.output.clone(), app::stamp);
    loaded
        .warnings
        .iter()
        .for_each(|warning| log::warn!("{warning}"));
    let Places { state, data } = Places::of(demo, &loaded);
    let settings = loaded.settings.clone();
    let same = settings.clone();
    app::Options {
        loaded,
        state,
        data,
        demo: demo.then(demo::Options::default),
        watch: Watch::default(),
        looks: Looks::default(),
        reread: Reread {
            read: Rc::new(move || cli::read_again(same.as_deref()).map_err(Failure::problems)),
            edit: Rc::new(move |edit| cli::read_edited(settings.as_deref(), edit)),
            places: cli::places(),
        },
        found: Found::default(),
    }
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
         page      {base}/\n  \
         playlist  {base}/playlist.m3u   (Kodi: PVR IPTV Simple Client, M3U playlist URL)\n  \
         guide     {base}/xmltv.xml      (XMLTV URL)\n  \
         status    {base}/api/v1/status\n  \
         now       {base}/api/v1/now\n\
         Ctrl-C stops it.\n"
    )
}
