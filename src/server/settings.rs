//! `/api/v1/config`: the configuration in force, and its settings changed.

use std::path::Path;
use std::rc::Rc;

use nanoserde::{SerJson, SerJsonState};

use super::edit;
use crate::config::{Change, Config, Key, Loaded, Outcome, Problem, Reloads, Source, Value};
use crate::http::{code, ApiError, Params, Reply, Request};

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) loaded: Rc<Loaded>,
    pub(super) reloads: Rc<Reloads>,
}

#[derive(SerJson)]
struct Listed {
    file: Option<String>,
    settings: Option<String>,
    keys: Vec<Setting>,
}

/// A key, all a form has to know included.
#[derive(SerJson)]
struct Setting {
    key: &'static str,
    value: Shown,
    default: Shown,
    source: String,
    kind: &'static str,
    min: Option<u32>,
    max: Option<u32>,
    choices: Option<Vec<String>>,
    allowed: String,
    about: &'static str,
    env: &'static str,
    needs_restart: bool,
    waiting: Option<Shown>,
    locked: Option<String>,
    saved: bool,
}

#[derive(SerJson)]
struct Taken {
    status: &'static str,
    changes: Vec<Changed>,
}

#[derive(SerJson)]
struct Changed {
    key: &'static str,
    value: Shown,
    was: Shown,
    needs_restart: bool,
}

impl From<Change> for Changed {
    fn from(change: Change) -> Changed {
        Changed {
            key: change.key,
            value: Shown(change.value),
            was: Shown(change.was),
            needs_restart: change.needs_restart,
        }
    }
}

/// What is wrong with a key.
#[derive(SerJson)]
struct Wrong {
    key: String,
    problem: String,
}

/// A value as JSON has it.
pub(super) struct Shown(pub(super) Value);

impl SerJson for Shown {
    fn ser_json(&self, depth: usize, state: &mut SerJsonState) {
        match &self.0 {
            Value::Text(text) => text.ser_json(depth, state),
            Value::Flag(flag) => flag.ser_json(depth, state),
            Value::Number(number) => number.ser_json(depth, state),
            Value::List(items) => {
                let items: Vec<Shown> = items.iter().cloned().map(Shown).collect();
                items.ser_json(depth, state);
            }
        }
    }
}

impl Settings {
    /// Every key with its value, secrets masked, where that was said, and what it may be.
    pub(super) async fn get(self, _: Request, _: Params) -> Reply {
        let shown = |path: &Path| path.display().to_string();
        let loaded = &self.loaded;
        let keys = loaded.values();
        let json = Listed {
            file: loaded.file.as_deref().map(shown),
            settings: loaded.settings.as_deref().map(shown),
            keys: keys
                .map(|(key, value, source)| setting(loaded, key, value, source))
                .collect(),
        };
        Reply::new(200, "application/json", json.serialize_json()).with("cache-control", "no-store")
    }

    /// Changes settings: 200 when they are saved and in force, 422 with everything that is wrong. `?check=true` only looks.
    pub(super) async fn post(self, request: Request, _: Params) -> Result<Reply, ApiError> {
        let is_trial = match request.query("check") {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(ApiError::bad("check is true or false")),
        };
        let mut edit = edit::read(&request.body)?;
        edit.is_trial = is_trial;
        let done = if is_trial { "checked" } else { "saved" };
        let outcome = self.reloads.ask(request.asker, request.id, Some(edit));
        told(done, outcome.await)
    }
}

fn setting(loaded: &Loaded, key: &'static Key, value: Value, source: &Source) -> Setting {
    let kind = &key.kind;
    let bounds = kind.bounds();
    Setting {
        key: key.path,
        value: Shown(value),
        default: Shown(key.value(&Config::default())),
        source: source.to_string(),
        kind: kind.form(),
        min: bounds.map(|(min, _)| min),
        max: bounds.map(|(_, max)| max),
        choices: Some(kind.choices()).filter(|choices| !choices.is_empty()),
        allowed: kind.allowed(),
        about: key.about,
        env: key.env,
        needs_restart: key.is_cold(),
        waiting: loaded.waiting(key).cloned().map(Shown),
        locked: loaded.locked(key),
        saved: loaded.is_saved(key),
    }
}

/// The answer to who had the configuration read again; `done` says what that was.
pub(super) fn told(done: &'static str, outcome: Option<Outcome>) -> Result<Reply, ApiError> {
    match outcome {
        Some(Outcome::Taken(changes)) => {
            let taken = Taken {
                status: done,
                changes: changes.into_iter().map(Changed::from).collect(),
            };
            Ok(Reply::new(200, "application/json", taken.serialize_json()))
        }
        Some(Outcome::Refused(problems)) => {
            let message = "the configuration is wrong, the one in force stays";
            let error = ApiError::new(code::WRONG_CONFIGURATION, message);
            Err(error.saying(errors(problems)))
        }
        Some(Outcome::Unsaved(why)) => {
            let message = format!("the settings cannot be saved, nothing has changed: {why}");
            Err(ApiError::new(code::UNSAVED, message))
        }
        None => Err(ApiError::new(code::STOPPING, "the program stops")),
    }
}

/// All that is wrong, as sentences and key by key.
fn errors(problems: Vec<Problem>) -> String {
    let sentences = problems.iter().map(|one| one.sentence.clone());
    let sentences: Vec<String> = sentences.collect();
    let of_keys = problems.into_iter().filter(|one| !one.key.is_empty());
    let of_keys = of_keys.map(|Problem { key, problem, .. }| Wrong { key, problem });
    let of_keys: Vec<Wrong> = of_keys.collect();
    let (sentences, of_keys) = (sentences.serialize_json(), of_keys.serialize_json());
    format!("\"details\":{sentences},\"errors\":{of_keys}")
}
