//! The only writer of files that others read, or that must survive the power switch.
//!
//! Write beside, fsync, rename, fsync the directory: at any instant the name leads to the old or the new file, whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A file being written beside its final name. Dropped without [`Draft::publish`] it leaves nothing.
#[derive(Debug)]
pub struct Draft {
    target: PathBuf,
    beside: PathBuf,
    file: Option<BufWriter<File>>,
}

impl Draft {
    /// Begins a new version of `target` in the same directory, which is made if it is missing.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn begin(target: &Path) -> io::Result<Draft> {
        Draft::begin_with(target, 0o644)
    }

    /// The same for a file that only its owner may read.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn begin_private(target: &Path) -> io::Result<Draft> {
        Draft::begin_with(target, 0o600)
    }

    fn begin_with(target: &Path, mode: u32) -> io::Result<Draft> {
        let directory = directory_of(target);
        fs::create_dir_all(directory)?;
        let mut name = std::ffi::OsString::from(".");
        name.push(target.file_name().ok_or(io::ErrorKind::InvalidInput)?);
        name.push(".new");
        let beside = directory.join(name);
        // A leftover of a crash is not ours to trust.
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&beside)?;
        // The process may run with a narrow umask, readers are other users.
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        Ok(Draft {
            target: target.into(),
            beside,
            file: Some(BufWriter::with_capacity(32 * 1024, file)),
        })
    }

    /// Makes the draft the file. Returns it, open for reading too.
    ///
    /// # Errors
    /// Those of the file system; the old file is then still in place.
    pub fn publish(mut self) -> io::Result<File> {
        let writer = self.file.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let file = writer
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        fs::rename(&self.beside, &self.target)?;
        sync_directory(directory_of(&self.target))?;
        Ok(file)
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file
            .as_mut()
            .ok_or(io::ErrorKind::BrokenPipe)?
            .write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().ok_or(io::ErrorKind::BrokenPipe)?.flush()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if self.file.is_some() || self.beside.exists() {
            // Best effort: the next draft removes it otherwise.
            let _ = fs::remove_file(&self.beside);
        }
    }
}

/// Replaces `target` by `content`, unless it holds just that already (flash wears out). Returns whether it wrote.
///
/// # Errors
/// Those of the file system; the old file is then still in place.
pub fn replace(target: &Path, content: &[u8]) -> io::Result<bool> {
    replace_with(target, content, 0o644)
}

/// The same for a file that only its owner may read.
///
/// # Errors
/// Those of the file system; the old file is then still in place.
pub fn replace_private(target: &Path, content: &[u8]) -> io::Result<bool> {
    replace_with(target, content, 0o600)
}

fn replace_with(target: &Path, content: &[u8], mode: u32) -> io::Result<bool> {
    if holds(target, content) {
        return Ok(false);
    }
    let mut draft = Draft::begin_with(target, mode)?;
    draft.write_all(content)?;
    draft.publish()?;
    Ok(true)
}

fn holds(target: &Path, content: &[u8]) -> bool {
    let Ok(mut file) = File::open(target) else {
        return false;
    };
    if file.metadata().map(|meta| meta.len()).ok() != Some(content.len() as u64) {
        return false;
    }
    let mut piece = [0; 8 * 1024];
    let mut rest = content;
    loop {
        match file.read(&mut piece) {
            Ok(0) => return rest.is_empty(),
            Ok(n) if rest.get(..n) == Some(&piece[..n]) => rest = &rest[n..],
            _ => return false,
        }
    }
}

fn directory_of(target: &Path) -> &Path {
    match target.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    }
}

/// Makes the rename durable. Some file systems (vfat, CIFS, overlay) refuse to sync a directory: not an error.
fn sync_directory(directory: &Path) -> io::Result<()> {
    match File::open(directory)?.sync_all() {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("xg2g-replace-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        path
    }

    #[test]
    fn a_file_is_replaced_whole_and_readable_by_all() {
        let directory = directory("whole");
        let target = directory.join("state");
        assert!(replace(&target, b"one").unwrap());
        assert!(replace(&target, b"two!").unwrap());
        assert_eq!(fs::read(&target).unwrap(), b"two!");
        assert_eq!(
            fs::metadata(&target).unwrap().permissions().mode() & 0o777,
            0o644
        );
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn unchanged_content_is_not_written() {
        let directory = directory("same");
        let target = directory.join("state");
        replace(&target, b"same").unwrap();
        let before = fs::metadata(&target).unwrap().ino();
        assert!(!replace(&target, b"same").unwrap());
        assert_eq!(fs::metadata(&target).unwrap().ino(), before);
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn an_abandoned_draft_leaves_the_old_file() {
        let directory = directory("draft");
        let target = directory.join("guide");
        replace(&target, b"old").unwrap();
        let mut draft = Draft::begin(&target).unwrap();
        draft.write_all(b"half").unwrap();
        drop(draft);
        assert_eq!(fs::read(&target).unwrap(), b"old");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        // A leftover of a crash does not stand in the way.
        fs::write(directory.join(".guide.new"), b"junk").unwrap();
        replace(&target, b"new").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
        fs::remove_dir_all(&directory).unwrap();
    }
}
