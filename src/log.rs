//! Logging: one line an event, on standard error, level changeable at run time.
//!
//! On a terminal `simple_logger` formats the lines. It panics when its output cannot be written (a closed pipe, a full
//! RAM disk), which would end the program, so everywhere else the line goes out in one write whose failure is ignored.
//! Text from outside is cleaned first: control characters could forge lines.

use std::io::{IsTerminal, Write};

use log::{LevelFilter, Log, Metadata, Record};
use simple_logger::SimpleLogger;

/// Gives the time as text.
pub type Stamp = fn() -> String;

struct Logger {
    terminal: Option<SimpleLogger>,
    stamp: Stamp,
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // The crates below us log every connection; ours are the lines a user can act on.
        metadata.level() <= log::max_level() && metadata.target().starts_with("xg2g")
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let text = one_line(&record.args().to_string());
        let target = record.target();
        match &self.terminal {
            Some(terminal) => {
                let mut line = Record::builder();
                let line = line.level(record.level()).target(target);
                terminal.log(&line.args(format_args!("{text}")).build());
            }
            None => {
                let line = format!(
                    "{} {:<5} [{target}] {text}\n",
                    (self.stamp)(),
                    record.level()
                );
                // Nobody is left to tell about it.
                let _ = std::io::stderr().write_all(line.as_bytes());
            }
        }
    }

    fn flush(&self) {}
}

/// Starts logging at `level`; `stamp` gives the time for lines that do not go to a terminal. A second call only sets
/// the level.
pub fn start(level: LevelFilter, stamp: Stamp) {
    let terminal = std::io::stderr()
        .is_terminal()
        .then(|| SimpleLogger::new().with_level(LevelFilter::Trace));
    // Fails only when a logger is set already, which then stays.
    let _ = log::set_boxed_logger(Box::new(Logger { terminal, stamp }));
    log::set_max_level(level);
}

/// The text with controls written as `\xNN`, so that it stays one line.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || c == '\u{2028}' || c == '\u{2029}' {
            line.push_str(&format!("\\x{:02x}", c as u32));
        } else {
            line.push(c);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_cannot_forge_a_line() {
        assert_eq!(
            one_line("a\r\nERROR b\u{1b}[31m\u{85}"),
            "a\\x0d\\x0aERROR b\\x1b[31m\\x85"
        );
        assert_eq!(one_line("Österreich 😀"), "Österreich 😀");
    }
}
