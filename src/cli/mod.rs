//! The command line: arguments in, a command out. The only reader of the environment.

mod demo;
mod file;
mod load;
mod places;
#[cfg(test)]
mod tests;

pub use demo::DemoReceiver;
pub use load::{read_again, read_edited, read_restored, Edited};
pub use places::Places;

use crate::config::{self, nearest, Error, Loaded};
use load::{load, ReadFile};
use pico_args::Arguments;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

/// What the user asks for.
#[derive(Debug)]
pub enum Command {
    /// Serve.
    Run {
        /// Against the built-in simulated receiver.
        demo: bool,
        /// The configuration.
        loaded: Loaded,
    },
    /// Fetch channels and guide once.
    Refresh {
        /// The configuration.
        loaded: Loaded,
    },
    /// Print the configuration in force.
    Config {
        /// The configuration.
        loaded: Loaded,
    },
    /// Print the token, or the stream key; make it if there is none.
    Token {
        /// The stream key is wanted.
        stream: bool,
        /// The configuration.
        loaded: Loaded,
    },
    /// Save configuration and small state.
    Backup {
        /// Where to.
        file: PathBuf,
        /// How many backups stay, with this one.
        keep: NonZeroU16,
        /// The configuration.
        loaded: Loaded,
    },
    /// Put a backup back.
    Restore {
        /// The backup.
        file: PathBuf,
        /// Only tell what it would change.
        dry_run: bool,
        /// Where the configuration's file is, or would be.
        place: PathBuf,
        /// The configuration that is there now, or what is wrong with it.
        loaded: Result<Loaded, Vec<Error>>,
    },
    /// Look at everything that is needed, and say what to do.
    Check {
        /// With the built-in simulated receiver.
        demo: bool,
        /// For programs.
        json: bool,
        /// The configuration, or what is wrong with it.
        loaded: Result<Loaded, Vec<Error>>,
    },
    /// Ask the running program whether it is ready.
    Ready {
        /// The configuration.
        loaded: Loaded,
    },
    /// Run the simulated receiver alone.
    Receiver(DemoReceiver),
    /// Print the version.
    Version,
    /// Print the help.
    Help,
}

/// Why there is no command.
#[derive(Debug)]
pub enum Failure {
    /// The command line makes no sense.
    Usage(String),
    /// The configuration is wrong, for all these reasons.
    Config(Vec<Error>),
}

impl Failure {
    /// The exit status: 2 for usage, 78 (`EX_CONFIG` of sysexits.h) for configuration.
    pub fn status(&self) -> u8 {
        match self {
            Failure::Usage(_) => 2,
            Failure::Config(_) => 78,
        }
    }
}

/// One line for each reason.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(reason) => write!(f, "{reason} (see xg2g --help)"),
            Failure::Config(errors) => {
                for (index, error) in errors.iter().enumerate() {
                    let gap = if index > 0 { "\n" } else { "" };
                    write!(f, "{gap}{error}")?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for Failure {}

impl From<pico_args::Error> for Failure {
    fn from(error: pico_args::Error) -> Self {
        Failure::Usage(error.to_string())
    }
}

/// Flags that stand for a key, and their keys.
const SHORT: [(&str, &str); 3] = [
    ("--listen", "server.listen"),
    ("--data", "files.data"),
    ("--log-level", "log.level"),
];

/// Every option, for the one that was meant.
const OPTIONS: [&str; 26] = [
    "--config",
    "--demo",
    "--json",
    "--ready",
    "--stream",
    "--dry-run",
    "--keep",
    "--set",
    "--listen",
    "--data",
    "--log-level",
    "--help",
    "--version",
    "--port",
    "--stream-port",
    "--services",
    "--bouquets",
    "--events",
    "--line",
    "--user",
    "--password",
    "--delay",
    "--fault",
    "--tuners",
    "--rate",
    "--stream-fault",
];

/// Reads the process's arguments, its environment and the file they name.
///
/// # Errors
/// Everything that is wrong with them.
pub fn read() -> Result<Command, Failure> {
    let args = std::env::args_os().skip(1).collect();
    parse(args, std::env::vars_os().collect(), None, &file::read)
}

/// Where the configuration's file is looked for when nobody names one.
pub fn places() -> Vec<PathBuf> {
    file::PLACES.map(PathBuf::from).to_vec()
}

/// Does what [`read`] says with what it is given; `settings` as for [`read_again`].
fn parse(
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    settings: Option<&Path>,
    read_file: ReadFile<'_>,
) -> Result<Command, Failure> {
    let mut args = Arguments::from_vec(args.into_iter().flat_map(split_at_equals).collect());
    if args.contains(["-h", "--help"]) {
        return Ok(Command::Help);
    }
    if args.contains(["-V", "--version"]) {
        return Ok(Command::Version);
    }
    let file: Option<PathBuf> =
        args.opt_value_from_os_str("--config", |text| Ok::<_, io::Error>(text.into()))?;
    let (demo, json) = (args.contains("--demo"), args.contains("--json"));
    let (stream, dry_run) = (args.contains("--stream"), args.contains("--dry-run"));
    let ready = args.contains("--ready");
    let keep: Option<NonZeroU16> = args
        .opt_value_from_str("--keep")
        .map_err(|_| Failure::Usage("--keep is a whole number from 1 to 65535".into()))?;
    let mut flags = Vec::new();
    for set in args.values_from_str::<_, String>("--set")? {
        match set.split_once('=') {
            Some((key, value)) => flags.push((key.trim().into(), value.trim().into())),
            None => {
                return Err(Failure::Usage(format!(
                    "--set takes section.key=value, not {set}"
                )))
            }
        }
    }
    for (flag, key) in SHORT {
        let values: Vec<String> = args.values_from_str(flag)?;
        flags.extend(values.into_iter().map(|value| (key.into(), value)));
    }
    let command = args.subcommand()?;
    let plain = file.is_none() && flags.is_empty();
    let misplaced = match command.as_deref() {
        None | Some("check" | "config") => false,
        Some("refresh" | "token" | "backup" | "restore") => demo,
        Some("receiver" | "version" | "help") => demo || !plain,
        Some(other) => {
            return Err(Failure::Usage(format!("there is no command {other}")));
        }
    };
    let of_one = [
        (json, "check"),
        (ready, "check"),
        (stream, "token"),
        (keep.is_some(), "backup"),
        (dry_run, "restore"),
    ];
    let mut of_others = of_one
        .iter()
        .filter(|(_, of)| command.as_deref() != Some(of));
    if misplaced || of_others.any(|(is_given, _)| *is_given) {
        return Err(Failure::Usage(match command {
            Some(name) => format!("`{name}` takes none of these options"),
            None => "--json and --ready belong to `check`, --stream to `token`, --keep to `backup`, --dry-run to `restore`".into(),
        }));
    }
    if ready && (demo || json) {
        let text = "--ready asks the running program, and goes with neither --demo nor --json";
        return Err(Failure::Usage(text.into()));
    }
    let of_backup = match command.as_deref() {
        Some("backup" | "restore") => {
            let file = args.free_from_os_str(|text| Ok::<_, io::Error>(PathBuf::from(text)));
            let file = file.map_err(|_| Failure::Usage("a FILE is missing".into()))?;
            match file.to_str() {
                Some(option) if option.starts_with('-') => return Err(unexpected(option)),
                _ => file,
            }
        }
        _ => PathBuf::new(),
    };
    let receiver = match command.as_deref() {
        Some("receiver") => Some(demo::read(&mut args)?),
        _ => None,
    };
    if let Some(rest) = args.finish().first() {
        return Err(unexpected(&rest.to_string_lossy()));
    }
    match (command.as_deref(), receiver) {
        (_, Some(receiver)) => Ok(Command::Receiver(receiver)),
        (Some("version"), _) => Ok(Command::Version),
        (Some("help"), _) => Ok(Command::Help),
        (name, _) => {
            let place = file::place(file.clone());
            let loaded = load(demo, file, settings, env, &flags, read_file);
            if name == Some("check") && !ready {
                return Ok(Command::Check { demo, json, loaded });
            }
            if name == Some("restore") {
                return Ok(Command::Restore {
                    file: of_backup,
                    dry_run,
                    place,
                    loaded,
                });
            }
            let loaded = loaded.map_err(Failure::Config)?;
            Ok(match name {
                None => Command::Run { demo, loaded },
                Some("check") => Command::Ready { loaded },
                Some("refresh") => Command::Refresh { loaded },
                Some("token") => Command::Token { stream, loaded },
                Some("backup") => Command::Backup {
                    file: of_backup,
                    keep: keep.unwrap_or(NonZeroU16::MIN),
                    loaded,
                },
                Some(_) => Command::Config { loaded },
            })
        }
    }
}

/// `--name=value` as two arguments.
fn split_at_equals(arg: OsString) -> Vec<OsString> {
    match arg.to_str().and_then(|text| text.split_once('=')) {
        Some((name, value)) if OPTIONS.contains(&name) => vec![name.into(), value.into()],
        _ => vec![arg],
    }
}

fn unexpected(argument: &str) -> Failure {
    Failure::Usage(match nearest(argument, OPTIONS) {
        Some(same) if same == argument => format!("{argument} does not belong here, or not twice"),
        Some(near) => format!("unexpected {argument}; is {near} meant?"),
        None => format!("unexpected {argument}"),
    })
}

/// The text of `--help`.
pub fn help() -> String {
    format!(
        "xg2g {} - turns an Enigma2 receiver into an IPTV server\n\n{USAGE}\n{}",
        env!("CARGO_PKG_VERSION"),
        config::help()
    )
}

const USAGE: &str = "\
Usage: xg2g [OPTIONS]            serve
       xg2g check [OPTIONS]      look at everything that is needed and say what to do
       xg2g check --ready        ask the running xg2g: exit 0 if it is ready, 1 if not, 3 if it does not answer
       xg2g refresh [OPTIONS]    fetch channels and guide once, where no xg2g runs, for its next start
       xg2g config [OPTIONS]     print the configuration in force and where each value came from
       xg2g token [--stream]     print the token, or the stream key; make it if there is none
       xg2g backup FILE [--keep N]        save configuration and small state; keep N backups
       xg2g restore FILE [--dry-run]      put them back, or only tell what that would change
       xg2g receiver [...]       run the simulated receiver alone
       xg2g version | help

Options:
  --demo                    serve the built-in simulated receiver; nothing else is needed
  --config FILE             read this file, not those in /etc/enigma2/xg2g and /etc/xg2g
  --set SECTION.KEY=VALUE   set any key below; may come often, the last one counts
  --listen ADDR             the same as --set server.listen=ADDR
  --data DIR                the same as --set files.data=DIR
  --log-level LEVEL         the same as --set log.level=LEVEL
  --json                    `check` for programs: an array of check, status and message
  --ready                   `check` only asks the xg2g that runs with this configuration; for scripts
  --keep N                  `backup`: the N - 1 before it stay as FILE.1, FILE.2 and so on (default: 1, FILE alone)
  --dry-run                 `restore` touches nothing
  --stream                  `token` for reading only: the key in addresses, see auth.everything
  -h, --help                print this
  -V, --version             print the version

Options of the simulated receiver:
  --port N  --stream-port N                 OpenWebif's port, that of its streams (default: free ones)
  --services N  --bouquets N  --events N    its size; events are per service
  --line 1|2            speak as OpenWebif 1.x or 2.x (default: 2)
  --user NAME  --password TEXT              ask for this login
  --delay MS            let every answer wait
  --fault NAME          misbehave
  --tuners N  --rate MBIT  --stream-fault NAME[=VALUE]    its streams (default: 8 tuners, 1.5 Mbit/s, no fault)

Settings: key, environment variable, default
";
