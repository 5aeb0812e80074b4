//! The configuration: what it is, where it comes from, how it is shown.
//!
//! [`Config`] is made of sections, plain values that can be compared and replaced whole. Every key
//! stands once in [`KEYS`]; the file, the environment, the flags, the shipped sample, the reference
//! page and `--help` all read that table. [`load`] is pure: text in, checked values or every error out.

mod changes;
mod choices;
mod duration;
mod edit;
mod form;
mod key;
mod keys;
mod kind;
mod layers;
mod listen;
mod load;
mod nearest;
mod reloads;
mod retired;
mod sections;
mod settings;
mod show;
mod source;
mod toml;
mod url;

pub use changes::{changes, settle};
pub use choices::{Locked, Mode, ReceiverSource};
pub use edit::{Edit, Problem};
pub use key::Key;
pub use keys::KEYS;
pub use kind::{Kind, Slot};
pub use listen::Listen;
pub use load::{load, Loaded, Said};
pub use nearest::nearest;
pub use reloads::{Change, Outcome, Reloads, Wish};
pub use sections::{Section, SECTIONS};
pub use settings::SETTINGS_FILE;
pub use show::{effective, help, reference, sample};
pub use source::{Error, Source};
pub use toml::Value;

use crate::model::{DeviceId, Network, Secret};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The whole configuration, checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// Where the receiver is and how patiently it is asked.
    pub receiver: Receiver,
    /// Which bouquets are offered.
    pub channels: Channels,
    /// How often the receiver is asked.
    pub refresh: Refresh,
    /// The programme guide.
    pub guide: Guide,
    /// What the playlist's stream links point at.
    pub stream: Stream,
    /// Where channel logos are looked for.
    pub picons: Picons,
    /// What HDHomeRun clients find.
    pub hdhomerun: Hdhomerun,
    /// Where players reach this program.
    pub server: Server,
    /// Who may ask.
    pub auth: Auth,
    /// How often one may ask.
    pub ratelimit: RateLimit,
    /// Where files are kept.
    pub files: Files,
    /// What is written to the log.
    pub log: Log,
    /// Who did what.
    pub audit: Audit,
}

/// Where the receiver is and how patiently it is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Receiver {
    /// Where channels and guide come from.
    pub source: ReceiverSource,
    /// The directory of the receiver's own files.
    pub dir: PathBuf,
    /// OpenWebif's address: `http://`, a host, perhaps a port and a path; no login, no slash at the end.
    pub url: String,
    /// OpenWebif's user; empty when it asks for none.
    pub user: String,
    /// OpenWebif's password.
    pub password: Secret,
    /// The longest a request may take, its whole answer included.
    pub timeout: Duration,
    /// How often a failed request is tried again.
    pub retries: u32,
    /// The pause before the first new try; it doubles with each one.
    pub backoff: Duration,
    /// The longest pause between two tries.
    pub max_backoff: Duration,
    /// The longest one answer may keep the receiver's main thread busy while somebody may be watching.
    pub max_block: Duration,
    /// The same while the receiver is in standby.
    pub max_block_standby: Duration,
    /// The pause between two looks whether the receiver can be reached; zero = none is taken.
    pub probe: Duration,
}

/// Which bouquets are offered.
#[derive(Clone, Debug, PartialEq)]
pub struct Channels {
    /// Names or file stems; empty = all but `LastScanned` and those with more than 1000 URL services.
    pub bouquets: Vec<String>,
    /// The largest share of a bouquet (percent) that may vanish at once and be believed; 100 = always.
    pub guard: u32,
    /// What becomes of services under the receiver's parental control.
    pub locked: Locked,
}

/// How often the receiver is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Refresh {
    /// The time from one pass to the next.
    pub interval: Duration,
    /// The time from one full pass to the next; those between fetch only what changed.
    pub full_interval: Duration,
}

/// The programme guide.
#[derive(Clone, Debug, PartialEq)]
pub struct Guide {
    /// Whether the guide is fetched and served at all.
    pub enabled: bool,
    /// How many days ahead it reaches.
    pub days: u32,
    /// Three lower-case letters each, the preferred language first; empty = in the order of the broadcast.
    pub languages: Vec<String>,
    /// How often at most the receiver is asked to write its guide to its file; zero = never.
    pub save_interval: Duration,
}

/// What the playlist's stream links point at.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    /// How players get to the receiver's stream.
    pub mode: Mode,
    /// The receiver's stream port.
    pub port: u16,
    /// The port of the receiver's stream relay.
    pub relay_port: u16,
    /// How long a stream is still received after its last reader left.
    pub linger: Duration,
    /// How long a stream may take to begin.
    pub tune_timeout: Duration,
    /// How long packets may stay scrambled, both ports together.
    pub descramble_wait: Duration,
    /// After how long a silence a stream is tuned anew.
    pub stall: Duration,
    /// How long it may take until it is back.
    pub mend: Duration,
    /// Memory for the last seconds of each stream, in kB.
    pub buffer: u32,
    /// Readers of all streams at once.
    pub max_readers: u32,
    /// Readers at one address at once.
    pub max_readers_per_client: u32,
    /// Streams received at once.
    pub max_upstreams: u32,
}

/// Where channel logos are looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Picons {
    /// Folders on this machine, asked in order before the receiver is.
    pub dirs: Vec<PathBuf>,
}

/// What HDHomeRun clients find.
#[derive(Clone, Debug, PartialEq)]
pub struct Hdhomerun {
    /// Whether they find anything.
    pub enabled: bool,
    /// The id of the device; `None` = one made from the network card and kept.
    pub device_id: Option<DeviceId>,
    /// The name of the device; empty = made from that of the machine.
    pub name: String,
    /// How many tuners are told; 0 = as many streams as can be had.
    pub tuners: u32,
    /// Names or file stems of bouquets; empty = all that are offered.
    pub bouquets: Vec<String>,
    /// The most channels.
    pub max_channels: u32,
}

/// Where players reach this program.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// The address the one port is opened on.
    pub listen: Listen,
    /// The address written into outputs (no slash at its end); `None` = the one the client asked for.
    pub public_url: Option<String>,
    /// Names of this machine besides those that are always taken for one.
    pub hosts: Vec<String>,
    /// Reverse proxies that are believed whom they ask for.
    pub trusted_proxies: Vec<Network>,
    /// Connections at once.
    pub max_connections: u32,
    /// Connections at once from one IPv4 address or IPv6 /64.
    pub max_connections_per_client: u32,
}

/// Who may ask.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Auth {
    /// The token for changes and for requests from outside; empty = the one `xg2g token` made, if any.
    pub token: Secret,
    /// Reading and streams need a key, too.
    pub everything: bool,
    /// That key; empty = one that is made once and kept.
    pub stream_key: Secret,
}

/// How often one may ask.
#[derive(Clone, Debug, PartialEq)]
pub struct RateLimit {
    /// Whether there is a limit at all.
    pub enabled: bool,
    /// Requests a second, in the long run.
    pub rps: u32,
    /// Requests at once.
    pub burst: u32,
    /// Who is not limited.
    pub whitelist: Vec<Network>,
}

/// Where files are kept. [`Files::data_dir`] and [`Files::state_dir`] say what an empty key means.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Files {
    /// The directory for outputs.
    pub data: Option<PathBuf>,
    /// The directory for the small saved state.
    pub state: Option<PathBuf>,
}

/// What is written to the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    /// The least important messages that are still written.
    pub level: log::LevelFilter,
    /// Where they are written.
    pub output: crate::log::Output,
}

/// Who did what.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Audit {
    /// Where it is written.
    pub output: crate::log::audit::Output,
}

impl Default for Receiver {
    fn default() -> Self {
        Receiver {
            source: ReceiverSource::Auto,
            dir: "/etc/enigma2".into(),
            url: "http://127.0.0.1".into(),
            user: String::new(),
            password: Secret::default(),
            timeout: Duration::from_secs(30),
            retries: 3,
            backoff: Duration::from_millis(500),
            max_backoff: Duration::from_secs(30),
            max_block: Duration::from_millis(100),
            max_block_standby: Duration::from_secs(1),
            probe: Duration::from_secs(10),
        }
    }
}

impl Default for Channels {
    fn default() -> Self {
        Channels {
            bouquets: Vec::new(),
            guard: 50,
            locked: Locked::Hide,
        }
    }
}

impl Default for Refresh {
    fn default() -> Self {
        Refresh {
            interval: Duration::from_secs(30 * 60),
            full_interval: Duration::from_secs(24 * 3600),
        }
    }
}

impl Default for Guide {
    fn default() -> Self {
        Guide {
            enabled: true,
            days: 7,
            languages: Vec::new(),
            save_interval: Duration::from_secs(60 * 60),
        }
    }
}

impl Default for Stream {
    fn default() -> Self {
        Stream {
            mode: Mode::Proxy,
            port: 8001,
            relay_port: 17999,
            linger: Duration::from_secs(8),
            tune_timeout: Duration::from_secs(12),
            descramble_wait: Duration::from_secs(6),
            stall: Duration::from_secs(4),
            mend: Duration::from_secs(15),
            buffer: 4096,
            max_readers: 64,
            max_readers_per_client: 16,
            max_upstreams: 8,
        }
    }
}

impl Default for Picons {
    /// The folders enigma2's own skins look into.
    fn default() -> Self {
        let dirs = [
            "/usr/share/enigma2/picon",
            "/picon",
            "/media/usb/picon",
            "/media/hdd/picon",
            "/media/mmc/picon",
            "/media/cf/picon",
        ];
        Picons {
            dirs: dirs.iter().map(PathBuf::from).collect(),
        }
    }
}

impl Default for Server {
    fn default() -> Self {
        Server {
            listen: Listen {
                host: None,
                port: 8080,
            },
            public_url: None,
            hosts: Vec::new(),
            trusted_proxies: Vec::new(),
            max_connections: 256,
            max_connections_per_client: 64,
        }
    }
}

impl Default for RateLimit {
    fn default() -> Self {
        RateLimit {
            enabled: true,
            rps: 10,
            burst: 20,
            whitelist: Vec::new(),
        }
    }
}

impl Default for Hdhomerun {
    fn default() -> Self {
        Hdhomerun {
            enabled: true,
            device_id: None,
            name: String::new(),
            tuners: 0,
            bouquets: Vec::new(),
            max_channels: 480,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Log {
            level: log::LevelFilter::Info,
            output: crate::log::Output::Stderr,
        }
    }
}

impl Files {
    /// Settings on a box live here: image backups keep `/etc/enigma2`.
    const ON_BOX: &'static str = "/etc/enigma2/xg2g";

    /// Where outputs are written: on a box `/tmp` is RAM, so the flash is spared.
    pub fn data_dir(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(|| "/tmp/xg2g".into())
    }

    /// Where the small state is saved: as configured, else beside the configuration file, else on a
    /// box (`on_box`: enigma2's settings are on this machine) among its settings, else with the outputs.
    pub fn state_dir(&self, file: Option<&Path>, on_box: bool) -> PathBuf {
        if let Some(state) = &self.state {
            return state.clone();
        }
        match file.and_then(Path::parent) {
            Some(beside) if beside.as_os_str().is_empty() => ".".into(),
            Some(beside) => beside.into(),
            None if on_box => Self::ON_BOX.into(),
            None => self.data_dir(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_lies_beside_the_file_else_on_the_box_else_with_the_outputs() {
        let none = Files::default();
        let file = Path::new("/srv/tv/my.toml");
        assert_eq!(none.state_dir(Some(file), true), Path::new("/srv/tv"));
        assert_eq!(
            none.state_dir(Some(Path::new("my.toml")), true),
            Path::new(".")
        );
        assert_eq!(none.state_dir(None, true), Path::new("/etc/enigma2/xg2g"));
        assert_eq!(none.state_dir(None, false), Path::new("/tmp/xg2g"));
        let set = Files {
            data: Some("/d".into()),
            state: Some("/s".into()),
        };
        assert_eq!(set.data_dir(), Path::new("/d"));
        assert_eq!(set.state_dir(Some(file), true), Path::new("/s"));
    }

    #[test]
    fn a_configuration_in_a_log_shows_no_password() {
        let mut config = Config::default();
        config.receiver.password = Secret::from("geheim");
        assert!(!format!("{config:?}").contains("geheim"));
    }
}
