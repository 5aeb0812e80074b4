//! What was said in each place, checked and laid upon what was there.

use super::key::{meant, unknown};
use super::source::{Error, Source};
use super::toml::{self, Value};
use super::{nearest, retired, url, Config, Key, KEYS, SECTIONS};
use crate::model::Secret;
use std::mem;
use std::path::Path;

/// The configuration so far, one place's values upon another's.
pub(super) struct Layers {
    pub(super) config: Config,
    /// Where each value came from, in the order of [`KEYS`].
    pub(super) sources: Vec<Source>,
    pub(super) errors: Vec<Error>,
    pub(super) warnings: Vec<String>,
    /// The keys that the settings changed over HTTP say.
    pub(super) saved: Vec<&'static str>,
}

impl Default for Layers {
    fn default() -> Self {
        Layers {
            config: Config::default(),
            sources: vec![Source::Default; KEYS.len()],
            errors: Vec::new(),
            warnings: Vec::new(),
            saved: Vec::new(),
        }
    }
}

impl Layers {
    /// The file.
    pub(super) fn file(&mut self, path: &Path, text: &str) {
        let document = toml::parse(text);
        let at = |line| Source::File {
            path: path.into(),
            line,
        };
        for fault in document.faults {
            let key = Key::find(&fault.key);
            let allowed = key.filter(|_| !fault.value.is_empty());
            self.errors.push(Error {
                at: at(fault.line),
                value: key.map_or(String::new(), |key| cut(&key.kind.masked(&fault.value))),
                problem: match allowed {
                    Some(key) => format!("{}; must be {}", fault.problem, key.kind.allowed()),
                    None => fault.problem,
                },
                key: fault.key,
            });
        }
        for (table, line) in &document.tables {
            let below = format!("{table}.");
            let used = document
                .entries
                .iter()
                .any(|entry| entry.key.starts_with(&below));
            let sections = SECTIONS.iter().map(|section| section.name);
            if !used && !sections.clone().any(|name| name == table) {
                self.errors.push(Error {
                    at: at(*line),
                    key: format!("[{table}]"),
                    value: String::new(),
                    problem: format!("no such section{}", meant(nearest(table, sections))),
                });
            }
        }
        let known = |entry: &&toml::Entry| Key::find(&entry.key).is_some();
        let (known, unknown): (Vec<_>, Vec<_>) = document.entries.iter().partition(known);
        for entry in unknown {
            self.unknown(at(entry.line), &entry.key);
        }
        for (index, key) in KEYS.iter().enumerate() {
            for entry in known.iter().filter(|entry| entry.key == key.path) {
                self.set(index, &entry.value, at(entry.line));
            }
        }
    }

    /// The settings changed over HTTP. What is wrong with them is passed over: a newer version may have written them.
    pub(super) fn settings(&mut self, path: &Path, text: &str) {
        let (before, errors) = (self.sources.clone(), mem::take(&mut self.errors));
        let state = self.config.files.state.clone();
        self.file(path, text);
        let mut wrong = mem::replace(&mut self.errors, errors);
        for (index, key) in KEYS.iter().enumerate() {
            if self.sources[index] == before[index] {
                continue;
            }
            if key.is_place_of_settings() {
                self.config.files.state.clone_from(&state);
                wrong.push(Error {
                    at: mem::replace(&mut self.sources[index], before[index].clone()),
                    key: key.path.into(),
                    value: String::new(),
                    problem: "says where this file is".into(),
                });
            } else {
                self.saved.push(key.path);
            }
        }
        wrong.sort_by(|one, other| one.at.cmp(&other.at));
        let told = wrong.iter().map(|wrong| format!("{wrong}; passed over"));
        self.warnings.extend(told);
    }

    /// The environment, and a warning for each variable that looks like ours and is not.
    pub(super) fn environment(&mut self, env: &[(String, String)]) {
        for (index, key) in KEYS.iter().enumerate() {
            // Compose files and init scripts hand on variables that nobody filled in.
            let said = env
                .iter()
                .find(|(name, value)| name == key.env && !value.is_empty());
            if let Some((name, text)) = said {
                let value = key.kind.typed(text, key.is_in_milliseconds());
                self.set(index, &value, Source::Environment(name.clone()));
            }
        }
        for (name, _) in env.iter().filter(|(_, value)| !value.is_empty()) {
            if let Some(advice) = retired::advice(name) {
                self.warnings.push(format!("{name} {advice}"));
            } else if name.starts_with("XG2G_") && !KEYS.iter().any(|key| key.env == name) {
                let near = nearest(name, KEYS.iter().map(|key| key.env));
                self.warnings.push(format!(
                    "{name} is not read: no such variable{}",
                    meant(near)
                ));
            }
        }
    }

    /// The command line.
    pub(super) fn flags(&mut self, flags: &[(String, String)]) {
        for (path, _) in flags.iter().filter(|(path, _)| Key::find(path).is_none()) {
            self.unknown(Source::Flag, path);
        }
        for (index, key) in KEYS.iter().enumerate() {
            for (_, text) in flags.iter().filter(|(path, _)| path == key.path) {
                self.set(index, &key.kind.typed(text, false), Source::Flag);
            }
        }
    }

    /// Checks a value and takes it over. Within one place, keys come in the order of the table.
    fn set(&mut self, index: usize, value: &Value, source: Source) {
        let key = &KEYS[index];
        match key.kind.store(&mut self.config, value) {
            Err(problem) => self.errors.push(Error {
                at: source,
                key: key.path.into(),
                value: cut(&key.kind.masked(&value.to_string())),
                problem,
            }),
            Ok(()) => {
                if let (RECEIVER_URL, Value::Text(text)) = (key.path, value) {
                    self.login(index, text, &source);
                }
                self.sources[index] = source;
            }
        }
    }

    /// A login in the receiver's URL counts as said in the same place, and goes when the URL goes:
    /// a password is never sent to a receiver it was not meant for.
    fn login(&mut self, url_index: usize, text: &str, source: &Source) {
        let receiver = &mut self.config.receiver;
        let login = url::parse(text).ok().and_then(|url| url.login);
        for (index, key) in KEYS.iter().enumerate() {
            let came_with_url = self.sources[index] == self.sources[url_index];
            match (key.path, &login) {
                ("receiver.user", Some((user, _))) => receiver.user = user.clone(),
                ("receiver.password", Some((_, password))) => {
                    receiver.password = Secret::from(password.as_str());
                }
                ("receiver.user", None) if came_with_url => receiver.user.clear(),
                ("receiver.password", None) if came_with_url => {
                    receiver.password = Secret::default()
                }
                _ => continue,
            }
            self.sources[index] = match login {
                Some(_) => source.clone(),
                None => Source::Default,
            };
        }
    }

    fn unknown(&mut self, at: Source, path: &str) {
        self.errors.push(Error {
            at,
            key: path.into(),
            value: String::new(),
            problem: unknown(path),
        });
    }

    /// Checks that need two keys.
    pub(super) fn compare(&mut self) {
        let token = self.config.auth.token.reveal();
        if (1..SHORT_TOKEN).contains(&token.len()) {
            let text = format!("auth.token can be guessed: fewer than {SHORT_TOKEN} characters");
            self.warnings.push(text);
        }
        let receiver = &self.config.receiver;
        let refresh = &self.config.refresh;
        let backoff = receiver.backoff > receiver.max_backoff;
        let block = receiver.max_block > receiver.max_block_standby;
        let interval = refresh.interval > refresh.full_interval;
        for (wrong, short, long) in [
            (backoff, "receiver.backoff", "receiver.max_backoff"),
            (block, "receiver.max_block", "receiver.max_block_standby"),
            (interval, "refresh.interval", "refresh.full_interval"),
        ] {
            let known_bad = |error: &Error| error.key == short || error.key == long;
            if !wrong || self.errors.iter().any(known_bad) {
                continue;
            }
            let (mut at, mut value, mut limit) = (Source::Default, String::new(), String::new());
            for (key, source) in KEYS.iter().zip(&self.sources) {
                if key.path == short {
                    value = key.value(&self.config).to_string();
                } else if key.path == long {
                    limit = format!("{} ({source})", key.value(&self.config));
                } else {
                    continue;
                }
                // The short one is named with its place, or the long one's when nobody set the short.
                if at == Source::Default {
                    at = source.clone();
                }
            }
            self.errors.push(Error {
                at,
                key: short.into(),
                value,
                problem: format!("must not be longer than {long}, which is {limit}"),
            });
        }
    }
}

/// A token shorter than this (characters) is worth a warning.
const SHORT_TOKEN: usize = 16;

const RECEIVER_URL: &str = "receiver.url";

/// A value short enough for a message, and in one line: what a broken file holds in its place may be anything.
pub(super) fn cut(value: &str) -> String {
    let end = value.char_indices().nth(80).map(|(end, _)| end);
    let begin = &value[..end.unwrap_or(value.len())];
    let shown = begin.replace(char::is_control, "\u{fffd}");
    match end {
        Some(_) => shown + "...",
        None => shown,
    }
}
