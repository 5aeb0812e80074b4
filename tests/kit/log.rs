//! What the program logs. Each test has a thread, and the program in it no other.

use std::cell::RefCell;

use log::{LevelFilter, Metadata, Record};

thread_local! {
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// The lines logged by this test since [`Log::start`].
pub(crate) struct Log(());

impl Log {
    pub(crate) fn start() -> Log {
        // Another test may have been first.
        let _ = log::set_logger(&Collector);
        log::set_max_level(LevelFilter::Info);
        LINES.take();
        Log(())
    }

    /// The lines so far, which are forgotten.
    pub(crate) fn take(&self) -> Vec<String> {
        LINES.take()
    }
}

struct Collector;

impl log::Log for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("xg2g")
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let line = format!("{} {}", record.level(), record.args());
            LINES.with_borrow_mut(|lines| lines.push(line));
        }
    }

    fn flush(&self) {}
}
