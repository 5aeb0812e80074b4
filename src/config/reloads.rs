//! The configuration is read again: who wishes it, what became of it, how often.

use std::fmt;
use std::net::IpAddr;

use async_channel::{Receiver, Sender};

use super::{Edit, Problem, Value};
use crate::metrics::{Collect, Counter, Kind, Text};

/// Wishes that wait: one that finds no room is one too many.
const WAITING: usize = 8;

/// Takes wishes for the configuration to be read again, and counts what became of them.
#[derive(Debug)]
pub struct Reloads {
    wishes: (Sender<Wish>, Receiver<Wish>),
    taken: Counter,
    refused: Counter,
}

/// A wish for the configuration to be read again.
#[derive(Debug)]
pub struct Wish {
    /// Who wishes it, for the audit.
    pub by: String,
    /// The client's address, if a client wishes it.
    pub remote: Option<IpAddr>,
    /// The request's id, if a request wishes it.
    pub request_id: String,
    /// Settings that are to be changed with it.
    pub edit: Option<Edit>,
    /// Who is told what became of it.
    pub answer: Option<Sender<Outcome>>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It is in force, with these changes.
    Taken(Vec<Change>),
    /// It is not, and nothing has changed, for all these reasons.
    Refused(Vec<Problem>),
    /// It is right, but its settings could not be saved, for this reason, and nothing has changed.
    Unsaved(String),
}

/// A key whose value is another one now.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The key.
    pub key: &'static str,
    /// Its value now, masked if it is secret.
    pub value: Value,
    /// Its value before, masked if it is secret.
    pub was: Value,
    /// It counts only after a restart.
    pub needs_restart: bool,
}

impl Change {
    /// Token or stream key were made.
    pub fn of_keys() -> Change {
        Change {
            key: "keys",
            value: Value::Text("made anew".into()),
            was: Value::Text("***".into()),
            needs_restart: false,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, was {}", self.value, self.was)?;
        if self.needs_restart {
            f.write_str(", needs a restart")?;
        }
        Ok(())
    }
}

impl Default for Reloads {
    fn default() -> Reloads {
        Reloads {
            wishes: async_channel::bounded(WAITING),
            taken: Counter::default(),
            refused: Counter::default(),
        }
    }
}

impl Reloads {
    /// Wishes that the configuration is read again; nobody waits for what becomes of it. While as many wishes wait that
    /// there is no room, it will be read anyway.
    pub fn wish(&self, by: &str) {
        let _ = self.wishes.0.try_send(Wish {
            by: by.into(),
            remote: None,
            request_id: String::new(),
            edit: None,
            answer: None,
        });
    }

    /// Has the configuration read again and waits for what becomes of it; `None` if the program is about to stop.
    /// `edit`: with these settings changed. `by` is the client's address.
    pub async fn ask(&self, by: IpAddr, request_id: String, edit: Option<Edit>) -> Option<Outcome> {
        let (answer, outcome) = async_channel::bounded(1);
        let wish = Wish {
            by: by.to_string(),
            remote: Some(by),
            request_id,
            edit,
            answer: Some(answer),
        };
        self.wishes.0.send(wish).await.ok()?;
        outcome.recv().await.ok()
    }

    /// Waits for the next wish; `None`: there will be no more.
    pub async fn next(&self) -> Option<Wish> {
        self.wishes.1.recv().await.ok()
    }

    /// Takes no more wishes; who waits for an answer is told that there will be none.
    pub fn close(&self) {
        self.wishes.0.close();
        while self.wishes.1.try_recv().is_ok() {}
    }

    /// It was read again: whether it is in force.
    pub fn count(&self, is_taken: bool) {
        let counter = if is_taken { &self.taken } else { &self.refused };
        counter.up();
    }
}

impl Collect for Reloads {
    fn collect(&self, out: &mut Text) {
        out.family(
            Kind::Counter,
            "xg2g_config_reload_total",
            "Times the configuration was read again: asked for, with changed settings, or because its file says something else.",
        );
        out.value(&[("status", "success")], self.taken.get());
        out.value(&[("status", "failure")], self.refused.get());
    }
}
