//! The only writer of files that others read, or that must survive the power switch.
//!
//! Write beside, fsync, rename, fsync the directory: at any instant the name leads to the old or the new file, whole
//! (docs/DURABILITY.md).

use std::ffi::OsString;
use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What is asked of the file system, in this order; each may be refused.
pub trait Disk {
    /// A file being written.
    type File: Write + Debug;

    /// Makes a file that is not there yet.
    ///
    /// # Errors
    /// Those of the file system, as for all here.
    fn create(&self, path: &Path, mode: u32) -> io::Result<Self::File>;

    /// Returns when a file's content would survive the power switch.
    ///
    /// # Errors
    /// The content is then as good as lost, also if a second try succeeds.
    fn sync(&self, file: &Self::File) -> io::Result<()>;

    /// Gives a file the name of another.
    ///
    /// # Errors
    /// The name leads where it did then.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Returns when the names in a directory would survive the power switch, as far as its file system can promise that.
    ///
    /// # Errors
    /// It is not known then which names would.
    fn sync_directory(&self, directory: &Path) -> io::Result<()>;
}

/// The machine's own file systems.
#[derive(Clone, Copy, Debug)]
pub struct Real;

impl Disk for Real {
    type File = File;

    fn create(&self, path: &Path, mode: u32) -> io::Result<File> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create_new(true).mode(mode);
        let file = options.open(path)?;
        // The process may run with a narrow umask, readers are other users.
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        Ok(file)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        is_synced(File::open(directory)?.sync_all())
    }
}

/// Some file systems (vfat, CIFS, overlay) refuse to sync a directory: not an error.
fn is_synced(result: io::Result<()>) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, Unsupported};
    match result {
        Err(error) if matches!(error.kind(), InvalidInput | Unsupported) => Ok(()),
        other => other,
    }
}

/// A file being written beside its final name. Dropped without [`Draft::publish`] it leaves nothing.
#[derive(Debug)]
pub struct Draft<D: Disk = Real> {
    disk: D,
    target: PathBuf,
    beside: PathBuf,
    file: Option<BufWriter<D::File>>,
}

impl Draft {
    /// Begins a new version of `target` in the same directory, which is made if it is missing.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn begin(target: &Path) -> io::Result<Draft> {
        Draft::on(Real, target, 0o644)
    }

    /// The same for a file that only its owner may read.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn begin_private(target: &Path) -> io::Result<Draft> {
        Draft::on(Real, target, 0o600)
    }
}

impl<D: Disk> Draft<D> {
    fn on(disk: D, target: &Path, mode: u32) -> io::Result<Draft<D>> {
        fs::create_dir_all(directory_of(target))?;
        // A leftover of a crash is not ours to trust.
        clear(target)?;
        let beside = beside(target)?;
        let file = disk.create(&beside, mode);
        let file = file.inspect_err(|_| drop(fs::remove_file(&beside)))?;
        Ok(Draft {
            disk,
            target: target.into(),
            beside,
            file: Some(BufWriter::with_capacity(32 * 1024, file)),
        })
    }

    /// Makes the draft the file. Returns it, open for reading too.
    ///
    /// # Errors
    /// Those of the file system; the old file is then still in place. Only if it was the directory that could not be
    /// synced the new one is, and nobody knows which of them a power cut would leave.
    pub fn publish(mut self) -> io::Result<D::File> {
        let writer = self.file.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let file = writer
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        self.disk.sync(&file)?;
        self.disk.rename(&self.beside, &self.target)?;
        self.disk.sync_directory(directory_of(&self.target))?;
        Ok(file)
    }
}

impl<D: Disk> Write for Draft<D> {
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

impl<D: Disk> Drop for Draft<D> {
    fn drop(&mut self) {
        if self.file.is_some() || self.beside.exists() {
            // Best effort: the next draft, or the next start, removes it otherwise.
            let _ = fs::remove_file(&self.beside);
        }
    }
}

/// Removes what a run that was killed left beside `target`, which nobody may be writing now.
///
/// # Errors
/// Those of the file system.
pub fn clear(target: &Path) -> io::Result<()> {
    match fs::remove_file(beside(target)?) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Replaces `target` by `content`, unless it holds just that already (flash wears out). Returns whether it wrote.
///
/// # Errors
/// As [`Draft::publish`].
pub fn replace(target: &Path, content: &[u8]) -> io::Result<bool> {
    replace_on(Real, target, content, 0o644)
}

/// The same for a file that only its owner may read.
///
/// # Errors
/// As [`Draft::publish`].
pub fn replace_private(target: &Path, content: &[u8]) -> io::Result<bool> {
    replace_on(Real, target, content, 0o600)
}

fn replace_on(disk: impl Disk, target: &Path, content: &[u8], mode: u32) -> io::Result<bool> {
    if holds(target, content) {
        return Ok(false);
    }
    let mut draft = Draft::on(disk, target, mode)?;
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

/// The name a file has until it is whole.
fn beside(target: &Path) -> io::Result<PathBuf> {
    let mut name = OsString::from(".");
    name.push(target.file_name().ok_or(io::ErrorKind::InvalidInput)?);
    name.push(".new");
    Ok(directory_of(target).join(name))
}

#[cfg(test)]
mod tests;
