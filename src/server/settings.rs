//! `/api/v1/config`: the configuration in force.

use std::rc::Rc;

use nanoserde::{SerJson, SerJsonState};

use crate::config::{Loaded, Value};
use crate::http::{Params, Reply, Request};

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) loaded: Rc<Loaded>,
}

#[derive(SerJson)]
struct Listed {
    file: Option<String>,
    keys: Vec<Setting>,
}

#[derive(SerJson)]
struct Setting {
    key: String,
    value: Shown,
    source: String,
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
    /// Every key with its value, secrets masked, and where that was said.
    pub(super) async fn get(self, _: Request, _: Params) -> Reply {
        let file = &self.loaded.file;
        let keys = self.loaded.values().map(|(key, value, source)| Setting {
            key: key.path.into(),
            value: Shown(value),
            source: source.to_string(),
        });
        let json = Listed {
            file: file.as_ref().map(|file| file.display().to_string()),
            keys: keys.collect(),
        };
        Reply::new(200, "application/json", json.serialize_json()).with("cache-control", "no-store")
    }
}
