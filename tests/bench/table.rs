//! The figures.

use std::io::{self, Write};

use super::Outcome;

/// The figures, printed at the end.
#[derive(Default)]
pub(crate) struct Table(pub(crate) String);

impl Table {
    pub(crate) fn head(&mut self, text: &str) {
        self.0.push_str(&format!("\n{text}\n"));
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.0.push_str(&format!("  {text}\n"));
    }

    /// A figure without a target.
    pub(crate) fn note(&mut self, name: &str, value: f64, unit: &str) {
        self.text(&format!("{name:<32} {value:>10.2} {unit:<2}"));
    }

    /// A figure and its target.
    pub(crate) fn row(&mut self, name: &str, value: f64, target: f64, unit: &str) {
        let verdict = if value <= target { "OK" } else { "MISSED" };
        let ratio = if target > 0.0 { value / target } else { value };
        self.text(&format!(
            "{name:<32} {value:>10.2} {unit:<2} target {target:>7.2}  ratio {ratio:.2}  {verdict}"
        ));
    }

    pub(crate) fn print(&self) -> Outcome<()> {
        Ok(io::stdout().lock().write_all(self.0.as_bytes())?)
    }
}
