//! What a directory lies on.

use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::Access;

/// What a directory lies on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// The directory itself, or the nearest one above it that exists.
    pub existing: PathBuf,
    /// The kind of file system.
    pub kind: Kind,
    /// Whether this program may make files there.
    pub is_writable: bool,
    /// Bytes that are free for this program.
    pub free: u64,
}

/// The kind of a file system, by its name where it has one here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Gone with the power.
    Ram,
    /// Raw flash, which wears out.
    Flash(&'static str),
    /// Another machine's: it may be away in the middle of a write, and is not mounted yet when a box starts.
    Network(&'static str),
    /// Any other.
    Disk,
}

impl Mount {
    /// Looks at a directory, which need not exist yet.
    ///
    /// # Errors
    /// When nothing can be told of it.
    pub fn of(directory: &Path) -> io::Result<Mount> {
        let mut above = directory.ancestors();
        let existing = above.find(|path| path.exists()).unwrap_or(Path::new("."));
        let (kind, sizes) = (
            rustix::fs::statfs(existing)?.f_type,
            rustix::fs::statvfs(existing)?,
        );
        Ok(Mount {
            // The kernel's numbers are 32 bits wide, whatever the field.
            kind: kind_of(kind as u32),
            // The superuser may do everything, but a read-only file system says no.
            is_writable: existing.is_dir()
                && rustix::fs::access(existing, Access::WRITE_OK | Access::EXEC_OK).is_ok(),
            free: sizes.f_bavail.saturating_mul(sizes.f_frsize),
            existing: existing.into(),
        })
    }
}

/// Magic numbers: statfs(2).
fn kind_of(number: u32) -> Kind {
    match number {
        0x0102_1994 | 0x8584_58f6 => Kind::Ram,
        0x2405_1905 => Kind::Flash("UBIFS"),
        0x72b6 => Kind::Flash("JFFS2"),
        0x6969 => Kind::Network("NFS"),
        0xff53_4d42 | 0xfe53_4d42 | 0x517b => Kind::Network("CIFS"),
        0x0187 => Kind::Network("autofs"),
        _ => Kind::Disk,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart() {
        assert_eq!(kind_of(0x0102_1994), Kind::Ram);
        assert_eq!(kind_of(0x6969), Kind::Network("NFS"));
        assert_eq!(kind_of(0xef53), Kind::Disk);
    }

    #[test]
    fn a_directory_that_is_not_there_is_judged_by_the_one_above() {
        let above = std::env::temp_dir();
        let mount = Mount::of(&above.join("xg2g-not-there/deeper")).unwrap();
        assert_eq!(mount.existing, above);
        assert!(mount.is_writable && mount.free > 0);
        assert!(!Mount::of(Path::new("/dev/null/x")).unwrap().is_writable);
        assert!(!Mount::of(Path::new("/proc/1/x")).unwrap().is_writable);
    }
}
