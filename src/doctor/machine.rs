//! This machine: configuration, clock, port, directories.

use std::io;
use std::path::Path;
use std::time::{Instant, SystemTime};

use super::running::{self, Answer};
use super::{Finding, Needs, Own, Tell};
use crate::config::Listen;
use crate::health;
use crate::http::listen;
use crate::model::{clock_is_set, rfc3339, unix_seconds};
use crate::store::{Kind, Mount};

/// A guide of 500 channels and a week takes some 5 MB, twice that while it is made anew.
const GUIDE_BYTES: u64 = 16 << 20;
/// The saved state has some 10 kB; less free space than this is a full flash.
const STATE_BYTES: u64 = 512 << 10;

pub(super) fn configuration(needs: &Needs, tell: Tell<'_>) {
    const CHECK: &str = "configuration";
    let loaded = &needs.loaded;
    tell(match &loaded.file {
        Some(file) => Finding::ok(CHECK, format!("read from {}", file.display())),
        None => Finding::ok(CHECK, "there is no file, and none is needed"),
    });
    let saved = loaded.values().filter(|(key, ..)| loaded.is_saved(key));
    if let (count @ 1.., Some(file)) = (saved.count(), &loaded.settings) {
        let (file, what) = (file.display(), if count == 1 { "key" } else { "keys" });
        let text = format!("{count} {what} changed over HTTP, read from {file}");
        tell(Finding::ok(CHECK, text));
    }
    for warning in &loaded.warnings {
        tell(Finding::warning(CHECK, warning));
    }
}

pub(super) fn clock(now: SystemTime) -> Finding {
    const CHECK: &str = "clock";
    let text = rfc3339(unix_seconds(now));
    if clock_is_set(now) {
        return Finding::ok(CHECK, text);
    }
    Finding::problem(
        CHECK,
        format!(
            "it says {text}, and before it is set the receiver is asked nothing: a box takes the time from a channel it \
             tunes, or switch on time by network (NTP) in its settings"
        ),
    )
}

/// The port; if it is this program that has it, also whether that is well.
pub(super) async fn port(at: &Listen, tell: Tell<'_>) {
    const CHECK: &str = "port";
    if at.port == 0 {
        tell(Finding::ok(CHECK, "any free one will be taken"));
        return;
    }
    let error = match listen(&at.to_string()) {
        Ok(_) => {
            tell(Finding::ok(
                CHECK,
                format!("{at} is free; xg2g is not running"),
            ));
            return;
        }
        Err(error) => error,
    };
    if error.kind() != io::ErrorKind::AddrInUse {
        tell(Finding::problem(
            CHECK,
            format!("{error}: correct server.listen"),
        ));
        return;
    }
    let components = match running::ask(at).await {
        Answer::Ready(components) | Answer::NotReady(components) => components,
        Answer::Other(..) | Answer::Nobody(..) => {
            tell(Finding::problem(
                CHECK,
                format!("{error}: set server.listen to another one, such as \":8180\", or stop that program"),
            ));
            return;
        }
    };
    tell(Finding::ok(CHECK, format!("xg2g is running on {at}")));
    program(components, tell);
}

/// The same of the program that runs this.
pub(super) fn own(own: &Own, tell: Tell<'_>) {
    let text = format!("xg2g is running on {}", own.address);
    tell(Finding::ok("port", text));
    let mut components = own.health.checks(Instant::now());
    components.retain(|component| component.status > health::Status::Healthy);
    program(components, tell);
}

/// The components of a running program that are not as they should be.
fn program(components: Vec<health::Check>, tell: Tell<'_>) {
    if components.is_empty() {
        let text = "it is well: playlist and guide are there";
        tell(Finding::ok("program", text));
    }
    for component in components {
        let (name, why) = (component.name, component.message);
        tell(Finding::warning(
            "program",
            match component.status {
                health::Status::Unhealthy => {
                    format!("it is not ready yet, {name}: {why}; if this stays so, its log and /api/v1/status tell more")
                }
                _ => format!("{name}: {why}"),
            },
        ));
    }
}

pub(super) fn data(directory: &Path) -> Finding {
    const CHECK: &str = "data";
    let shown = directory.display();
    let mount = match usable(directory) {
        Ok(mount) => mount,
        Err(why) => {
            return Finding::problem(
                CHECK,
                format!("{shown} {why}; set files.data to another one"),
            )
        }
    };
    let free = megabytes(mount.free);
    match mount.kind {
        Kind::Network(kind) => Finding::problem(
            CHECK,
            format!("{shown} is on the network ({kind}), which may be away: set files.data to a directory of this machine"),
        ),
        _ if mount.free < GUIDE_BYTES => Finding::warning(
            CHECK,
            format!("{shown} has only {free} free, a large guide needs {}", megabytes(GUIDE_BYTES)),
        ),
        Kind::Flash(kind) => Finding::warning(
            CHECK,
            format!("{shown} is on flash ({kind}), which wears out: leave files.data empty, and outputs go to RAM"),
        ),
        kind => Finding::ok(CHECK, format!("{shown} ({}, {free} free)", name(kind))),
    }
}

pub(super) fn state(directory: &Path, is_demo: bool) -> Finding {
    const CHECK: &str = "state";
    let shown = directory.display();
    let mount = match usable(directory) {
        Ok(mount) => mount,
        Err(why) => {
            return Finding::warning(
                CHECK,
                format!("{shown} {why}; everything works, but channels are not there at once after a restart: set files.state to another one"),
            )
        }
    };
    let free = megabytes(mount.free);
    match mount.kind {
        Kind::Ram if !is_demo => Finding::warning(
            CHECK,
            format!("{shown} is in RAM: the channels are forgotten when this machine restarts, set files.state to keep them"),
        ),
        _ if mount.free < STATE_BYTES => {
            Finding::warning(CHECK, format!("{shown} has only {free} free"))
        }
        kind => Finding::ok(CHECK, format!("{shown} ({}, {free} free)", name(kind))),
    }
}

/// What the directory lies on, if files can be made there.
fn usable(directory: &Path) -> Result<Mount, String> {
    let mount = Mount::of(directory).map_err(|error| format!("cannot be looked at: {error}"))?;
    if mount.is_writable {
        return Ok(mount);
    }
    let above = mount.existing.display();
    Err(if mount.existing == directory {
        "cannot be written".into()
    } else {
        format!("cannot be made, because {above} cannot be written")
    })
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Ram => "RAM",
        Kind::Flash(name) | Kind::Network(name) => name,
        Kind::Disk => "disk",
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes >> 20, ((bytes & 0xf_ffff) * 10) >> 20)
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    #[test]
    fn a_clock_that_is_not_set_is_a_problem() {
        assert_eq!(clock(SystemTime::UNIX_EPOCH).status, Status::Problem);
        assert_eq!(clock(SystemTime::now()).status, Status::Ok);
    }

    #[test]
    fn directories_that_cannot_be_used_are_told_with_the_reason() {
        let nowhere = Path::new("/proc/1/x");
        let finding = data(nowhere);
        assert_eq!(finding.status, Status::Problem);
        assert_eq!(
            finding.message,
            "/proc/1/x cannot be made, because /proc/1 cannot be written; set files.data to another one"
        );
        // Only the next start is slower.
        assert_eq!(state(nowhere, false).status, Status::Warning);
        let usual = std::env::temp_dir().join("xg2g-not-there");
        assert_ne!(data(&usual).status, Status::Problem);
        assert!(!usual.exists(), "nothing is made by looking");
    }

    #[test]
    fn sizes_are_read_easily() {
        assert_eq!(megabytes(0), "0.0 MB");
        assert_eq!(megabytes((3 << 20) + (1 << 19)), "3.5 MB");
    }
}
