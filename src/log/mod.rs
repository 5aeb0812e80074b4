//! Logging: one line an event, level and output changeable at run time.
//!
//! On a terminal `simple_logger` formats the lines. It panics when its output cannot be written (a closed pipe, a full
//! RAM disk), which would end the program, so everywhere else the line goes out in one write whose failure is ignored.
//! Text from outside is cleaned first: control characters could forge lines.

pub mod audit;
mod file;
mod output;
mod panic;
mod recent;
mod syslog;

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use log::{LevelFilter, Log, Metadata, Record};
use recent::Recent;
use simple_logger::SimpleLogger;

pub use output::Output;
pub use panic::tell_of_panics;
pub use recent::Line;

/// Who may read and write the file (the umask takes away from it).
const FOR_ALL: u32 = 0o666;

/// Gives the time as text.
pub type Stamp = fn() -> String;

static LOGGER: Logger = Logger(Mutex::new(Target {
    output: Output::Stderr,
    stamp: String::new,
    recent: Recent::new(),
}));

/// `Log` has to be shared by threads, though we have one.
struct Logger(Mutex<Target>);

struct Target {
    output: Output,
    stamp: Stamp,
    recent: Recent,
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // The crates below us log every connection; ours are the lines a user can act on.
        metadata.level() <= log::max_level() && metadata.target().starts_with("xg2g")
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let mut target = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            target.write(record);
        }
    }

    fn flush(&self) {}
}

impl Target {
    fn write(&mut self, record: &Record<'_>) {
        let text = one_line(&record.args().to_string());
        let line = Line::new(&(self.stamp)(), record.level(), record.target(), &text);
        self.send(record, &text, line.time());
        self.recent.push(line);
    }

    fn send(&self, record: &Record<'_>, text: &str, time: &str) {
        let sent = match &self.output {
            Output::Stderr => false,
            Output::Syslog => syslog::send(Path::new(syslog::SOCKET), record.level(), text).is_ok(),
            Output::File(path) => file::append(path, &line(record, text, time), FOR_ALL).is_ok(),
        };
        if sent {
            return;
        }
        // Looked at each time: a terminal may have been closed meanwhile.
        if std::io::stderr().is_terminal() {
            let mut shown = Record::builder();
            let shown = shown.level(record.level()).target(record.target());
            SimpleLogger::new()
                .with_level(LevelFilter::Trace)
                .log(&shown.args(format_args!("{text}")).build());
        } else {
            // Nobody is left to tell about a failure.
            let _ = std::io::stderr().write_all(line(record, text, time).as_bytes());
        }
    }
}

fn line(record: &Record<'_>, text: &str, time: &str) -> String {
    let (level, target) = (record.level(), record.target());
    format!("{time} {level:<5} [{target}] {text}\n")
}

/// The last lines that are kept, `most` of them at most, oldest first.
pub fn recent(most: usize) -> Vec<Line> {
    let target = LOGGER.0.lock().unwrap_or_else(PoisonError::into_inner);
    target.recent.last(most)
}

/// Starts logging at `level` to `output`, or changes both; `stamp` gives the time for lines but those to a
/// terminal or to the system's log. A line that cannot be written where it should goes to standard error.
pub fn start(level: LevelFilter, output: Output, stamp: Stamp) {
    let mut target = LOGGER.0.lock().unwrap_or_else(PoisonError::into_inner);
    (target.output, target.stamp) = (output, stamp);
    drop(target);
    // Fails only when a logger is set already: this one, at the first call.
    let _ = log::set_logger(&LOGGER);
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
