//! What a key may hold: the check, the place it goes to, and the way it is shown.

use super::toml::Value;
use super::{duration, url, Config, Listen, Locked, Mode, ReceiverSource};
use crate::log::{audit, Output};
use crate::model::{DeviceId, Network, Secret};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

/// The place of a value in the configuration.
pub type Slot<T> = fn(&mut Config) -> &mut T;

/// What a key may hold, and where it is kept.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Any text.
    Text(Slot<String>),
    /// Text that is shown to nobody: a password of another's.
    Secret(Slot<Secret>),
    /// The same as one word for a header, or nothing.
    Token(Slot<Secret>),
    /// The same as a word for addresses that is not guessed, or nothing.
    Key(Slot<Secret>),
    /// `true` or `false`.
    Flag(Slot<bool>),
    /// A whole number between two bounds.
    Number(Slot<u32>, u32, u32),
    /// A TCP port.
    Port(Slot<u16>),
    /// A time between two bounds.
    Duration(Slot<Duration>, Duration, Duration),
    /// Some texts.
    List(Slot<Vec<String>>),
    /// Some languages, three letters each.
    Languages(Slot<Vec<String>>),
    /// Some addresses or networks.
    Networks(Slot<Vec<Network>>),
    /// Some host names.
    Hosts(Slot<Vec<String>>),
    /// Some directories.
    Directories(Slot<Vec<PathBuf>>),
    /// A directory.
    Path(Slot<PathBuf>),
    /// A directory, or nothing.
    Directory(Slot<Option<PathBuf>>),
    /// The receiver's URL; a login in it is the loader's business.
    ReceiverUrl(Slot<String>),
    /// The URL players use, or nothing.
    PublicUrl(Slot<Option<String>>),
    /// An address to listen on.
    Listen(Slot<Listen>),
    /// Where channels and guide come from.
    ReceiverSource(Slot<ReceiverSource>),
    /// How streams are reached.
    Mode(Slot<Mode>),
    /// What becomes of locked services.
    Locked(Slot<Locked>),
    /// What is logged.
    Level(Slot<log::LevelFilter>),
    /// Where it is logged.
    Output(Slot<Output>),
    /// The id of an HDHomeRun device, or nothing.
    DeviceId(Slot<Option<DeviceId>>),
    /// Where the audit goes.
    Audit(Slot<audit::Output>),
}

impl Kind {
    /// What is allowed, to be read after "must be".
    pub fn allowed(&self) -> String {
        match self {
            Kind::Text(_) | Kind::Secret(_) => "text in quotes".into(),
            Kind::Token(_) => {
                "letters, digits and signs without a blank, 256 at most, or \"\"".into()
            }
            Kind::Key(_) => "16 to 128 letters, digits or any of -._~, or \"\"".into(),
            Kind::Flag(_) => "true or false".into(),
            Kind::Number(_, min, max) => format!("a whole number from {min} to {max}"),
            Kind::Port(_) => "a port from 1 to 65535".into(),
            Kind::Duration(_, min, max) => format!(
                "a duration from \"{}\" to \"{}\"",
                duration::print(*min),
                duration::print(*max)
            ),
            Kind::List(_) => "a list of texts such as [\"one\", \"two\"]".into(),
            Kind::Directories(_) => "a list of directories such as [\"/one\", \"/two\"]".into(),
            Kind::Networks(_) => {
                "a list of addresses and networks such as [\"192.168.1.5\", \"10.0.0.0/8\"]".into()
            }
            Kind::Hosts(_) => "a list of host names such as [\"tv.example.org\"]".into(),
            Kind::Languages(_) => {
                "a list of languages of three letters such as [\"deu\", \"eng\"]".into()
            }
            Kind::Path(_) => "a directory".into(),
            Kind::Directory(_) => "a directory, or \"\"".into(),
            Kind::ReceiverUrl(_) => "a URL such as \"http://host\"".into(),
            Kind::PublicUrl(_) => "a URL such as \"http://host:port\", or \"\"".into(),
            Kind::Listen(_) => "\":port\", \"1.2.3.4:port\" or \"[::1]:port\"".into(),
            Kind::ReceiverSource(_) | Kind::Mode(_) | Kind::Locked(_) | Kind::Level(_) => {
                either(&self.choices())
            }
            Kind::Output(_) => "\"stderr\", \"syslog\" or the full path of a file".into(),
            Kind::DeviceId(_) => "\"\" or eight hexadecimal digits".into(),
            Kind::Audit(_) => "\"\", \"log\", \"off\" or the full path of a file".into(),
        }
    }

    /// Checks a value and puts it into its place.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what is allowed; the place keeps what it had.
    pub(super) fn store(&self, config: &mut Config, value: &Value) -> Result<(), String> {
        let refused = || format!("must be {}", self.allowed());
        match (self, value) {
            (Kind::Text(slot), Value::Text(text)) => *slot(config) = text.clone(),
            (Kind::Secret(slot), Value::Text(text)) => *slot(config) = Secret::from(text.as_str()),
            (Kind::Token(slot), Value::Text(text)) => {
                if !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.len() > 256 {
                    return Err(refused());
                }
                *slot(config) = Secret::from(text.as_str());
            }
            (Kind::Key(slot), Value::Text(text)) => {
                if !text.is_empty() && !is_key(text) {
                    return Err(refused());
                }
                *slot(config) = Secret::from(text.as_str());
            }
            (Kind::Flag(slot), Value::Flag(flag)) => *slot(config) = *flag,
            (Kind::Number(slot, min, max), Value::Number(number)) => {
                let number = u32::try_from(*number).ok();
                let inside = number.filter(|number| (min..=max).contains(&number));
                *slot(config) = inside.ok_or_else(refused)?;
            }
            (Kind::Port(slot), Value::Number(number)) => {
                let port = u16::try_from(*number).ok().filter(|port| *port > 0);
                *slot(config) = port.ok_or_else(refused)?;
            }
            (Kind::Duration(slot, min, max), Value::Text(text)) => {
                let duration = duration::parse(text)?;
                if duration < *min || duration > *max {
                    return Err(refused());
                }
                *slot(config) = duration;
            }
            (Kind::Duration(..), Value::Number(number)) => {
                duration::parse(&number.to_string())?;
                return Err(refused());
            }
            (Kind::List(slot), Value::List(items)) => {
                *slot(config) = texts(items).ok_or_else(refused)?;
            }
            (Kind::Directories(slot), Value::List(items)) => {
                let dirs = texts(items).ok_or_else(refused)?;
                *slot(config) = dirs.into_iter().map(PathBuf::from).collect();
            }
            (Kind::Networks(slot), Value::List(items)) => {
                let networks = texts(items).and_then(|items| {
                    let parsed = items.iter().map(|item| item.parse().ok());
                    parsed.collect::<Option<_>>()
                });
                *slot(config) = networks.ok_or_else(refused)?;
            }
            (Kind::Hosts(slot), Value::List(items)) => {
                let names = texts(items).filter(|names| names.iter().all(|name| is_name(name)));
                *slot(config) = names.ok_or_else(refused)?;
            }
            (Kind::Languages(slot), Value::List(items)) => {
                let codes = texts(items).filter(|codes| codes.iter().all(|code| is_code(code)));
                *slot(config) = codes.ok_or_else(refused)?;
            }
            (Kind::Path(slot), Value::Text(text)) => {
                if text.is_empty() || text.contains('\0') {
                    return Err(refused());
                }
                *slot(config) = text.into();
            }
            (Kind::Directory(slot), Value::Text(text)) => {
                if text.contains('\0') {
                    return Err(refused());
                }
                *slot(config) = Some(PathBuf::from(text)).filter(|_| !text.is_empty());
            }
            (Kind::ReceiverUrl(slot), Value::Text(text)) => {
                let url = url::parse(text)?;
                if url.https {
                    return Err(
                        "https needs the feature `tls`, which this build lacks: use http://".into(),
                    );
                }
                *slot(config) = url.bare;
            }
            (Kind::PublicUrl(slot), Value::Text(text)) if text.is_empty() => *slot(config) = None,
            (Kind::PublicUrl(slot), Value::Text(text)) => {
                let url = url::parse(text)?;
                if url.login.is_some() {
                    return Err("must have no login: it is written into every playlist".into());
                }
                *slot(config) = Some(url.bare);
            }
            (Kind::Listen(slot), Value::Text(text)) => *slot(config) = Listen::from_str(text)?,
            (Kind::ReceiverSource(slot), Value::Text(text)) => {
                *slot(config) = text.parse().map_err(|()| refused())?;
            }
            (Kind::Mode(slot), Value::Text(text)) => {
                *slot(config) = text.parse().map_err(|()| refused())?;
            }
            (Kind::Locked(slot), Value::Text(text)) => {
                *slot(config) = text.parse().map_err(|()| refused())?;
            }
            (Kind::Level(slot), Value::Text(text)) => {
                let level = text.parse::<log::Level>().map_err(|_| refused())?;
                *slot(config) = level.to_level_filter();
            }
            (Kind::Output(slot), Value::Text(text)) => {
                *slot(config) = text.parse().map_err(|()| refused())?;
            }
            (Kind::DeviceId(slot), Value::Text(text)) if text.is_empty() => *slot(config) = None,
            (Kind::DeviceId(slot), Value::Text(text)) => {
                let id = text.parse().map_err(|wrong| format!("must be {wrong}"))?;
                *slot(config) = Some(id);
            }
            (Kind::Audit(slot), Value::Text(text)) => {
                *slot(config) = text.parse().map_err(|()| refused())?;
            }
            _ => return Err(refused()),
        }
        Ok(())
    }

    /// The value as a file would have it; a secret that is set is `***`.
    pub(super) fn show(&self, config: &Config) -> Value {
        // The slots hand out places to write to; a copy is cheap and keeps them single.
        let config = &mut config.clone();
        match self {
            Kind::Text(slot) | Kind::ReceiverUrl(slot) => Value::Text(slot(config).clone()),
            Kind::Secret(slot) | Kind::Token(slot) | Kind::Key(slot) => {
                Value::Text(match slot(config) {
                    secret if secret.is_empty() => String::new(),
                    secret => secret.to_string(),
                })
            }
            Kind::Flag(slot) => Value::Flag(*slot(config)),
            Kind::Number(slot, ..) => Value::Number((*slot(config)).into()),
            Kind::Port(slot) => Value::Number((*slot(config)).into()),
            Kind::Duration(slot, ..) => Value::Text(duration::print(*slot(config))),
            Kind::Networks(slot) => {
                let networks = slot(config).iter().map(Network::to_string);
                Value::List(networks.map(Value::Text).collect())
            }
            Kind::List(slot) | Kind::Languages(slot) | Kind::Hosts(slot) => {
                Value::List(slot(config).iter().cloned().map(Value::Text).collect())
            }
            Kind::Directories(slot) => {
                Value::List(slot(config).iter().map(|dir| path(dir)).collect())
            }
            Kind::Path(slot) => path(slot(config)),
            Kind::Directory(slot) => slot(config)
                .as_deref()
                .map_or(Value::Text(String::new()), path),
            Kind::PublicUrl(slot) => Value::Text(slot(config).clone().unwrap_or_default()),
            Kind::Listen(slot) => Value::Text(slot(config).to_string()),
            Kind::ReceiverSource(slot) => Value::Text(slot(config).to_string()),
            Kind::Mode(slot) => Value::Text(slot(config).to_string()),
            Kind::Locked(slot) => Value::Text(slot(config).to_string()),
            Kind::Level(slot) => Value::Text(slot(config).to_string().to_lowercase()),
            Kind::Output(slot) => Value::Text(slot(config).to_string()),
            Kind::DeviceId(slot) => {
                let id: Option<DeviceId> = *slot(config);
                Value::Text(id.map_or(String::new(), |id| id.to_string()))
            }
            Kind::Audit(slot) => Value::Text(slot(config).to_string()),
        }
    }

    /// Whether two configurations differ in the value.
    pub(super) fn differs(&self, one: &Config, other: &Config) -> bool {
        match self {
            Kind::Secret(slot) | Kind::Token(slot) | Kind::Key(slot) => {
                slot(&mut one.clone()) != slot(&mut other.clone())
            }
            _ => self.show(one) != self.show(other),
        }
    }

    /// The value as it may be shown in a message.
    pub(super) fn masked(&self, value: &str) -> String {
        match self {
            Kind::Secret(_) | Kind::Token(_) | Kind::Key(_) => "***".into(),
            Kind::ReceiverUrl(_) | Kind::PublicUrl(_) => url::masked(value),
            _ => value.into(),
        }
    }

    /// What somebody meant who could only write text: in the environment or as a flag.
    /// `milliseconds`: a bare number is a time in them, as in the variables named `..._MS`.
    pub(super) fn typed(&self, text: &str, milliseconds: bool) -> Value {
        let whole = |text: &str| text.trim().parse().map(Value::Number).ok();
        let typed = match self {
            Kind::Flag(_) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "1" => Some(Value::Flag(true)),
                "false" | "no" | "off" | "0" => Some(Value::Flag(false)),
                _ => None,
            },
            Kind::Number(..) | Kind::Port(_) => whole(text),
            Kind::Duration(..) if milliseconds => {
                let number = text.trim().parse::<u64>().ok();
                number.map(|number| Value::Text(format!("{number}ms")))
            }
            Kind::List(_)
            | Kind::Languages(_)
            | Kind::Directories(_)
            | Kind::Networks(_)
            | Kind::Hosts(_) => {
                let items = text
                    .split(',')
                    .map(str::trim)
                    .filter(|item| !item.is_empty());
                Some(Value::List(
                    items.map(|item| Value::Text(item.into())).collect(),
                ))
            }
            _ => None,
        };
        typed.unwrap_or_else(|| Value::Text(text.into()))
    }
}

/// Some words, each in quotes, of which one is meant.
fn either(words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    match quoted.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => quoted.concat(),
    }
}

/// The items as texts, if they all are, none of them empty.
fn texts(items: &[Value]) -> Option<Vec<String>> {
    let text = |item: &Value| match item {
        Value::Text(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    };
    items.iter().map(text).collect()
}

/// Whether it can stand in an address as it is, and is not guessed.
fn is_key(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (16..=128).contains(&text.len()) && text.bytes().all(is_plain)
}

/// Whether it can be a host name, without a port.
fn is_name(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    text.len() <= 253 && text.bytes().all(is_plain)
}

/// Whether it is written as ISO 639-2 writes a language: which there are is not ours to know.
fn is_code(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn path(path: &Path) -> Value {
    Value::Text(path.to_string_lossy().into_owned())
}
