//! The audit: who did what, and whether it was allowed, as one line of JSON an event. Page: docs/AUDIT.md.
//!
//! Whoever records something never waits for a disk: the line goes into a queue of bounded size, which a task empties.
//! A line that finds no room is dropped and counted, and the audit itself says so as soon as there is room again.

mod event;
mod login;
mod output;
mod writer;

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use async_channel::Sender;

use super::Stamp;
use writer::Writer;

pub use event::{Event, Kind, Outcome};
pub use output::Output;

/// Lines that wait to be written; one has 4 kB at most, 300 bytes mostly.
const QUEUE: usize = 256;

/// Takes events. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Audit(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    lines: Sender<String>,
    output: RefCell<Output>,
    /// The directory of the outputs.
    data: PathBuf,
    dropped: Cell<u32>,
    stamp: Stamp,
}

impl Audit {
    /// Makes an audit that goes to `output` (`data` is the directory of the outputs), and the task that writes it, which
    /// ends after [`Audit::close`]. `stamp` gives the time: RFC 3339, UTC.
    pub fn start(output: &Output, data: &Path, stamp: Stamp) -> (Audit, impl Future<Output = ()>) {
        let (lines, waiting) = async_channel::bounded(QUEUE);
        let audit = Audit(Rc::new(Inner {
            lines,
            output: RefCell::new(output.clone()),
            data: data.into(),
            dropped: Cell::default(),
            stamp,
        }));
        let writer = Writer::new(audit.clone(), waiting);
        (audit, writer.run())
    }

    /// Records an event. It never waits and never fails: a line that finds no room is dropped.
    pub fn record(&self, event: Event<'_>) {
        if *self.0.output.borrow() == Output::Off {
            return;
        }
        if self.0.lines.try_send(self.line(&event)).is_err() {
            self.drop_lines(1);
        }
    }

    /// Lines lost since the start: the queue was full, or they could not be written.
    pub fn dropped(&self) -> u32 {
        self.0.dropped.get()
    }

    /// From now on it goes there, with what has not been written yet.
    pub fn set_output(&self, output: &Output) {
        self.0.output.replace(output.clone());
    }

    /// The file it goes to, if it is one.
    fn file(&self) -> Option<PathBuf> {
        self.0.output.borrow().file(&self.0.data)
    }

    /// Takes no more events. The task ends when those before are written.
    pub fn close(&self) {
        self.0.lines.close();
    }

    fn line(&self, event: &Event<'_>) -> String {
        event.line(&(self.0.stamp)())
    }

    fn drop_lines(&self, count: u32) {
        self.0.dropped.set(self.dropped().wrapping_add(count));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn start(path: &Path) -> (Audit, impl Future<Output = ()>) {
        let stamp = || "2026-01-02T03:04:05Z".into();
        Audit::start(&Output::File(path.into()), Path::new("/nowhere"), stamp)
    }

    fn record(audit: &Audit, actor: &str) {
        audit.record(Event {
            actor,
            ..Event::of(Kind::ApiAccess)
        });
    }

    fn directory(name: &str) -> PathBuf {
        let name = format!("xg2g-audit-{name}-{}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).unwrap();
        directory
    }

    #[test]
    fn a_full_queue_drops_lines_counts_them_and_says_so() {
        let directory = directory("full");
        let path = directory.join("a.log");
        let (audit, writer) = start(&path);
        for number in 0..QUEUE + 44 {
            record(&audit, &number.to_string());
        }
        assert_eq!(audit.dropped(), 44);
        audit.close();
        record(&audit, "too late");
        assert_eq!(audit.dropped(), 45);
        smol::block_on(writer);
        let text = fs::read_to_string(&path).unwrap();
        let (told, kept): (Vec<&str>, Vec<&str>) = text
            .lines()
            .partition(|line| line.contains("audit.dropped"));
        assert_eq!(kept.len(), QUEUE);
        for (number, line) in kept.iter().enumerate() {
            assert!(line.contains(&format!("\"actor\":\"{number}\"")), "{line}");
        }
        assert_eq!(told.len(), 1);
        assert!(
            told[0].contains("\"details\":{\"lines\":\"45\"}"),
            "{told:?}"
        );
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn lines_that_cannot_be_written_count_as_dropped_until_they_can() {
        let directory = directory("lost");
        let path = directory.join("later/a.log");
        let (audit, writer) = start(&path);
        smol::block_on(async {
            record(&audit, "lost");
            let failing = async {
                while audit.dropped() == 0 {
                    smol::future::yield_now().await;
                }
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                record(&audit, "written");
                audit.close();
            };
            smol::future::zip(writer, failing).await;
        });
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines[0].contains("written") && lines[1].contains("{\"lines\":\"1\"}"));
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn the_file_is_its_owners_and_bounded() {
        use std::os::unix::fs::PermissionsExt;
        let directory = directory("bounded");
        let path = directory.join("a.log");
        for _ in 0..10 {
            let (audit, writer) = start(&path);
            (0..QUEUE).for_each(|_| record(&audit, &"x".repeat(240)));
            audit.close();
            smol::block_on(writer);
            assert_eq!(audit.dropped(), 0);
        }
        let mut sizes = Vec::new();
        for file in fs::read_dir(&directory).unwrap() {
            let meta = file.unwrap().metadata().unwrap();
            assert_eq!(meta.permissions().mode() & 0o777, 0o600);
            sizes.push(meta.len());
        }
        assert!(
            sizes.len() == 2 && sizes.iter().all(|size| *size <= 256 * 1024),
            "{sizes:?}"
        );
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn an_audit_that_is_off_writes_and_drops_nothing() {
        let (audit, writer) = Audit::start(&Output::Off, Path::new("/nowhere"), String::new);
        (0..QUEUE + 1).for_each(|_| record(&audit, "x"));
        audit.close();
        smol::block_on(writer);
        assert_eq!(audit.dropped(), 0);
    }
}
