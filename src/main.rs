//! The `xg2g` program.

use std::io::{self, Write};
use std::process::ExitCode;
use std::rc::Rc;

use smol::LocalExecutor;
use xg2g::cli::{self, Command, DemoReceiver};
use xg2g::config;
use xg2g::receiver::demo;
use xg2g::run::{backup, check, ready, refresh, restore, run, token, Ear, Restored};

fn main() -> ExitCode {
    match cli::read() {
        Ok(Command::Run { demo, loaded }) => match run(demo, loaded) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                complain(&error);
                ExitCode::FAILURE
            }
        },
        Ok(Command::Refresh { loaded }) => match refresh(loaded) {
            Ok(done) => print(|out| writeln!(out, "{done}")),
            Err(error) => {
                complain(&error);
                ExitCode::FAILURE
            }
        },
        Ok(Command::Check { demo, json, loaded }) => match check(demo, json, loaded) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => {
                complain(&error);
                ExitCode::FAILURE
            }
        },
        Ok(Command::Ready { loaded }) => {
            let ready = ready(&loaded);
            print(|out| writeln!(out, "{ready}"));
            ExitCode::from(ready.status())
        }
        Ok(Command::Receiver(wanted)) => receiver(&wanted),
        Ok(Command::Config { loaded }) => print(|out| config::effective(&loaded, out)),
        Ok(Command::Token { stream, loaded }) => match token(&loaded, stream) {
            Ok(token) => {
                if let Some(directory) = &token.made {
                    let directory = directory.display();
                    complain(&format!(
                        "made and kept in {directory}; a running xg2g takes it in a few seconds, or when it is told to reload"
                    ));
                }
                print(|out| writeln!(out, "{}", token.secret.reveal()))
            }
            Err(error) => {
                complain(&error);
                ExitCode::FAILURE
            }
        },
        Ok(Command::Backup { file, keep, loaded }) => match backup(&loaded, &file, keep) {
            Ok(done) => print(|out| done.iter().try_for_each(|done| writeln!(out, "{done}"))),
            Err(error) => {
                complain(&error);
                ExitCode::FAILURE
            }
        },
        Ok(Command::Restore {
            file,
            dry_run,
            place,
            loaded,
        }) => match restore(loaded, &place, &file, dry_run) {
            Ok(Restored { done, remarks }) => {
                let status = print(|out| done.iter().try_for_each(|done| writeln!(out, "{done}")));
                remarks.iter().for_each(|remark| complain(remark));
                status
            }
            Err(error) => {
                complain(&error);
                ExitCode::FAILURE
            }
        },
        Ok(Command::Version) => print(|out| writeln!(out, "xg2g {}", env!("CARGO_PKG_VERSION"))),
        Ok(Command::Help) => print(|out| out.write_all(cli::help().as_bytes())),
        Err(failure) => {
            complain(&failure);
            ExitCode::from(failure.status())
        }
    }
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
        stream_port: wanted.stream_port,
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
        let mut ear = Ear::new();
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
        // It has no configuration to read again: whatever it is told ends it.
        ear.next().await;
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

/// Writes to standard output. Whoever closed it does not want to read, which is no failure.
fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> ExitCode {
    let mut out = io::stdout().lock();
    let _ = write(&mut out).and_then(|()| out.flush());
    ExitCode::SUCCESS
}

fn complain(error: &dyn std::fmt::Display) {
    for line in error.to_string().lines() {
        let _ = writeln!(io::stderr(), "xg2g: {line}");
    }
}
