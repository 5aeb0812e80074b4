//! Which names a text has made so far: none may be made twice.

use std::collections::BTreeMap;

/// How a name came to be, which decides whether it may come again.
#[derive(Clone, Copy)]
enum Made {
    /// As a key with its value.
    Key,
    /// By its own `[header]`.
    Table,
    /// By the header of a table below it.
    Above,
    /// By a dotted key.
    Dotted,
}

/// Every name so far, and the line that made it.
#[derive(Default)]
pub(super) struct Names(BTreeMap<String, (Made, u32)>);

impl Names {
    /// Takes in a `[header]`.
    ///
    /// # Errors
    /// A sentence naming the line that made the name before.
    pub(super) fn table(&mut self, parts: &[String], line: u32) -> Result<(), String> {
        for end in 1..parts.len() {
            let above = parts[..end].join(".");
            if let (Made::Key, before) = *self.0.entry(above).or_insert((Made::Above, line)) {
                return Err(format!(
                    "a table above it is already a value, set on line {before}"
                ));
            }
        }
        let whole = parts.join(".");
        match self.0.get(&whole) {
            None | Some((Made::Above, _)) => {
                self.0.insert(whole, (Made::Table, line));
                Ok(())
            }
            Some((Made::Key, before)) => Err(format!("is already a value, set on line {before}")),
            Some((_, before)) => Err(format!("was already begun on line {before}")),
        }
    }

    /// Takes in a key of a table, dotted or not.
    ///
    /// # Errors
    /// A sentence naming the line that made the name before.
    pub(super) fn key(&mut self, table: &str, parts: &[String], line: u32) -> Result<(), String> {
        for end in 1..=parts.len() {
            let made = match end < parts.len() {
                true => Made::Dotted,
                false => Made::Key,
            };
            let name = full(table, &parts[..end].join("."));
            match (self.0.get(&name), made) {
                (None, _) => {
                    self.0.insert(name, (made, line));
                }
                (Some((Made::Dotted, _)), Made::Dotted) => {}
                (Some((Made::Key, before)), _) => {
                    return Err(format!("was already set on line {before}"));
                }
                (Some((_, before)), _) => {
                    return Err(format!("belongs to the table of line {before}"));
                }
            }
        }
        Ok(())
    }
}

/// The key with its table in front.
pub(super) fn full(table: &str, key: &str) -> String {
    match table {
        "" => key.into(),
        _ => format!("{table}.{key}"),
    }
}
