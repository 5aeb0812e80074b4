//! The task that empties the queue.

use std::io;

use async_channel::Receiver;

use super::super::file;
use super::{Audit, Event, Kind};

/// Lines are written together until they are this long (bytes): far less than a file may have.
const BATCH: usize = 32 * 1024;
/// What clients did concerns nobody else on the machine.
const OWNER_ONLY: u32 = 0o600;

/// Writes what waits.
pub(super) struct Writer {
    audit: Audit,
    waiting: Receiver<String>,
}

impl Writer {
    pub(super) fn new(audit: Audit, waiting: Receiver<String>) -> Writer {
        Writer { audit, waiting }
    }

    /// Writes until the audit is closed and nothing waits any more.
    pub(super) async fn run(self) {
        // How many of the lost lines the audit tells of.
        let mut told: u32 = 0;
        let mut is_failing = false;
        while let Ok(first) = self.waiting.recv().await {
            let mut batch = first + "\n";
            let mut count = 1;
            while batch.len() < BATCH {
                let Ok(line) = self.waiting.try_recv() else {
                    break;
                };
                batch.push_str(&line);
                batch.push('\n');
                count += 1;
            }
            let lost = self.audit.dropped().wrapping_sub(told);
            if lost > 0 {
                batch.push_str(&self.loss(lost));
                batch.push('\n');
            }
            match self.write(batch).await {
                Ok(()) => {
                    told = told.wrapping_add(lost);
                    is_failing = false;
                }
                Err(error) => {
                    self.audit.drop_lines(count);
                    // Once, not for each line.
                    if !std::mem::replace(&mut is_failing, true) {
                        log::warn!("the audit cannot be written, its lines are lost: {error}");
                    }
                }
            }
        }
    }

    /// The line that tells of lost ones.
    fn loss(&self, lost: u32) -> String {
        self.audit.line(&Event {
            actor: "xg2g",
            action: "drop",
            resource: "audit",
            details: &[("lines", lost.to_string())],
            ..Event::of(Kind::AuditDropped)
        })
    }

    async fn write(&self, batch: String) -> io::Result<()> {
        let Some(path) = self.audit.file() else {
            return log_lines(&batch);
        };
        let name = path.display().to_string();
        // It may lie on a disk that has to wake up first.
        smol::unblock(move || file::append(&path, &batch, OWNER_ONLY))
            .await
            .map_err(|error| io::Error::new(error.kind(), format!("{name}: {error}")))
    }
}

/// Writes to the program's log, if that takes such lines.
fn log_lines(lines: &str) -> io::Result<()> {
    const TARGET: &str = "xg2g::audit";
    if !log::log_enabled!(target: TARGET, log::Level::Info) {
        return Err(io::Error::other(
            "log.level leaves them out, it must be info at least",
        ));
    }
    for line in lines.lines() {
        log::info!(target: TARGET, "{line}");
    }
    Ok(())
}
