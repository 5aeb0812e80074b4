//! The `xg2g` program.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;
use std::time::SystemTime;

use async_signal::{Signal, Signals};
use smol::future::FutureExt;
use smol::stream::StreamExt;
use smol::LocalExecutor;
use xg2g::app::{self, Running};
use xg2g::cli::{self, Command, DemoReceiver};
use xg2g::config::{self, Loaded};
use xg2g::model::{rfc3339, unix_seconds};
use xg2g::receiver::demo;
use xg2g::stream::Watch;

fn main() -> ExitCode {
    match cli::read() {
        Ok(Command::Run { demo, loaded }) => run(demo, loaded),
        Ok(Command::Receiver(wanted)) => receiver(&wanted),
        Ok(Command::Config { loaded }) => print(|out| config::effective(&loaded, out)),
        Ok(Command::Version) => print(|out| writeln!(out, "xg2g {}", env!("CARGO_PKG_VERSION"))),
        Ok(Command::Help) => print(|out| out.write_all(cli::help().as_bytes())),
        Err(failure) => {
            complain(&failure);
            ExitCode::from(failure.status())
        }
    }
}

/// Serves until it is told to stop.
fn run(demo: bool, loaded: Loaded) -> ExitCode {
    xg2g::log::start(loaded.config.log.level, stamp);
    loaded
        .warnings
        .iter()
        .for_each(|warning| log::warn!("{warning}"));
    let config = loaded.config;
    let private = (demo && config.files.data.is_none()).then(private_directory);
    let on_box =
        Path::new("/etc/enigma2/lamedb").exists() || Path::new("/etc/enigma2/lamedb5").exists();
    let data = private.clone().unwrap_or_else(|| config.files.data_dir());
    let state = match (&config.files.state, demo) {
        (None, true) => data.clone(),
        _ => config.files.state_dir(loaded.file.as_deref(), on_box),
    };
    let options = app::Options {
        config,
        state,
        data,
        demo: demo.then(demo::Options::default),
        watch: Watch::default(),
    };

    let executor = Rc::new(LocalExecutor::new());
    let status = smol::block_on(executor.run(async {
        let running = match app::start(&executor, options) {
            Ok(running) => running,
            Err(error) => {
                complain(&error);
                return ExitCode::FAILURE;
            }
        };
        log::info!("listening on {}", running.address());
        let told = async {
            if demo {
                running.refresh().ended().await;
                tell(&running);
            }
            std::future::pending().await
        };
        wait_for_the_end().or(told).await;
        running.stop().await;
        log::info!("stopped");
        ExitCode::SUCCESS
    }));
    if let Some(private) = private {
        // It is of no use to anybody else; a leftover in /tmp goes with the next start of the machine.
        let _ = fs::remove_dir_all(private);
    }
    status
}

/// Runs the simulated receiver alone, for tests and benchmarks of other programs and of this one.
fn receiver(wanted: &DemoReceiver) -> ExitCode {
    let (fault, stream_fault) = match faults(wanted) {
        Ok(faults) => faults,
        Err(error) => {
            complain(&error);
            return ExitCode::from(2);
        }
    };
    let login = (!wanted.user.is_empty())
        .then(|| (wanted.user.clone(), wanted.password.reveal().to_owned()));
    let options = demo::Options {
        line: if wanted.line == 1 {
            demo::Line::V1
        } else {
            demo::Line::V2
        },
        port: wanted.port,
        services: wanted.services,
        bouquets: wanted.bouquets,
        events_per_service: wanted.events,
        login,
        delay: wanted.delay,
        tuners: wanted.tuners,
        rate: wanted.rate,
        ..demo::Options::default()
    };
    let executor = Rc::new(LocalExecutor::new());
    smol::block_on(executor.run(async {
        let receiver = match demo::start(&executor, options) {
            Ok(receiver) => receiver,
            Err(error) => {
                complain(&error);
                return ExitCode::FAILURE;
            }
        };
        receiver.set_fault(fault);
        receiver.set_stream_fault(None, stream_fault, None);
        let (url, streams) = (receiver.url(), receiver.stream_port());
        let relay = receiver.relay_port();
        print(|out| {
            writeln!(
                out,
                "a simulated receiver answers at {url}, its stream port is {streams}, its relay port {relay}"
            )
        });
        wait_for_the_end().await;
        let stats = receiver.stats();
        print(|out| {
            writeln!(out, "calls {}", stats.calls)?;
            writeln!(out, "bytes {}", stats.bytes)?;
            writeln!(out, "longest_block_us {}", stats.longest_block)?;
            writeln!(out, "overlapping {}", stats.overlapping)
        })
    }))
}

/// What is to go wrong with the simulated receiver, or what names nothing.
fn faults(
    wanted: &DemoReceiver,
) -> Result<(Option<demo::Fault>, Option<demo::StreamFault>), Box<dyn std::error::Error>> {
    let fault = wanted.fault.as_deref().map(str::parse).transpose()?;
    let of_streams = wanted.stream_fault.as_deref().map(str::parse).transpose()?;
    Ok((fault, of_streams))
}

async fn wait_for_the_end() {
    match Signals::new([Signal::Term, Signal::Int]) {
        Ok(mut signals) => drop(signals.next().await),
        Err(error) => {
            log::warn!("signals cannot be received, only killing ends this program: {error}");
            std::future::pending().await
        }
    }
}

/// Says what to open.
fn tell(running: &Running) {
    let base = format!("http://127.0.0.1:{}", running.address().port());
    print(|out| {
        writeln!(
            out,
            "xg2g {} with a simulated receiver. Open:",
            env!("CARGO_PKG_VERSION")
        )?;
        writeln!(
            out,
            "  playlist  {base}/playlist.m3u   (Kodi: PVR IPTV Simple Client, M3U playlist URL)"
        )?;
        writeln!(out, "  guide     {base}/xmltv.xml      (XMLTV URL)")?;
        writeln!(out, "  status    {base}/api/v1/status")?;
        writeln!(out, "  now       {base}/api/v1/now")?;
        writeln!(out, "Ctrl-C stops it.")
    });
}

/// A directory of our own for a demo.
fn private_directory() -> PathBuf {
    PathBuf::from(format!("/tmp/xg2g-demo-{}", std::process::id()))
}

/// The time for a line of the log.
fn stamp() -> String {
    rfc3339(unix_seconds(SystemTime::now()))
}

/// Writes to standard output. Whoever closed it does not want to read, which is no failure.
fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> ExitCode {
    let mut out = io::stdout().lock();
    let _ = write(&mut out).and_then(|()| out.flush());
    ExitCode::SUCCESS
}

fn complain(error: &dyn std::fmt::Display) {
    let _ = writeln!(io::stderr(), "xg2g: {error}");
}
