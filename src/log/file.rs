//! A log file that cannot fill the RAM disk it usually lies on.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

/// The longest a file may become (bytes); then it is set aside, in the place of the one before. So there are twice as
/// many at most.
const LIMIT: u64 = 256 * 1024;

/// Appends lines, or none of them; a full file becomes `NAME.1` first. It is opened each time, lines are few: so it may be
/// deleted or moved away by anybody. `mode` is for a file that is not there yet.
pub(super) fn append(path: &Path, lines: &str, mode: u32) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let options = options.create(true).append(true).mode(mode);
    let mut file = options.open(path)?;
    let mut meta = file.metadata()?;
    let is_full = |length: u64| length > 0 && length + lines.len() as u64 > LIMIT;
    if meta.is_file() && is_full(meta.len()) {
        let mut aside = OsString::from(path);
        aside.push(".1");
        fs::rename(path, aside)?;
        file = options.open(path)?;
        meta = file.metadata()?;
    }
    let is_torn = meta.is_file() && meta.len() > 0 && !ends_a_line(path, meta.len());
    let start = if is_torn { "\n" } else { "" };
    let written = file.write_all(format!("{start}{lines}").as_bytes());
    if written.is_err() && meta.is_file() {
        // The next line would go on in the half of this one.
        let _ = file.set_len(meta.len());
    }
    written
}

/// Whether the last line is whole: it is not if the program was killed, or the power went, while it was written. What cannot
/// be read is taken for whole.
fn ends_a_line(path: &Path, length: u64) -> bool {
    let mut last = [0];
    let read = File::open(path).and_then(|file| file.read_exact_at(&mut last, length - 1));
    read.is_err() || last == *b"\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_file_is_set_aside_and_twice_the_limit_is_never_passed() {
        let directory = std::env::temp_dir().join(format!("xg2g-log-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let (path, aside) = (directory.join("x.log"), directory.join("x.log.1"));
        let line = format!("{}\n", "x".repeat(9_999));
        for _ in 0..26 {
            append(&path, &line, 0o644).unwrap();
        }
        assert_eq!(fs::metadata(&path).unwrap().len(), 260_000);
        assert!(!aside.exists());
        append(&path, "next\n", 0o644).unwrap();
        append(&path, &line, 0o644).unwrap();
        assert_eq!(fs::metadata(&aside).unwrap().len(), 260_005);
        assert_eq!(fs::read_to_string(&path).unwrap(), line);
        fs::remove_file(&path).unwrap();
        append(&path, "anew\n", 0o644).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "anew\n");
        fs::remove_dir_all(&directory).unwrap();
        assert!(append(&path, "nowhere", 0o644).is_err());
    }

    #[test]
    fn a_line_that_was_torn_spoils_no_other() {
        let name = format!("xg2g-log-torn-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, "whole\nhal").unwrap();
        append(&path, "next\n", 0o644).unwrap();
        append(&path, "last\n", 0o644).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, "whole\nhal\nnext\nlast\n");
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn what_is_no_file_is_never_renamed() {
        for _ in 0..30 {
            append(Path::new("/dev/null"), &"x".repeat(10_000), 0o644).unwrap();
        }
        assert!(!Path::new("/dev/null.1").exists());
        assert!(append(Path::new("/dev/full"), "x", 0o644).is_err());
    }
}
