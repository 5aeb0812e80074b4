//! The configuration and the small state in one file, and back. What players read is made anew and not in it.
//!
//! Whatever is wrong is found before anything is touched: a backup is read and checked whole, all its files are written
//! beside those they replace, and only then take their names.

mod archive;

use std::fmt::{self, Display};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::num::NonZeroU16;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::access::{Keys, KEYS_FILE};
use crate::config::SETTINGS_FILE;
use crate::replace::Draft;
use crate::store::{
    check_device, check_numbers, check_state, DEVICE_FILE, NUMBERS_FILE, STATE_FILE,
};

use archive::MARK;

/// The configuration, whatever its file is called on the machine.
const CONFIGURATION: &str = "xg2g.toml";
/// All that is kept, in the order in which it is put back: who watches the configuration finds the rest in place.
const NAMES: [&str; 6] = [
    KEYS_FILE,
    STATE_FILE,
    NUMBERS_FILE,
    DEVICE_FILE,
    SETTINGS_FILE,
    CONFIGURATION,
];
/// No backup is larger: 20 000 services are some 500 kB.
const LARGEST: u64 = 8 << 20;

/// A file in a backup.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    name: &'static str,
    is_private: bool,
    content: Vec<u8>,
}

impl Entry {
    /// Whether the program would take it. The configuration, of two files, is for the caller to check.
    fn check(&self) -> Result<(), String> {
        match self.name {
            KEYS_FILE => Keys::parse(&self.content)
                .map(drop)
                .map_err(|error| error.to_string()),
            STATE_FILE => check_state(&self.content).map_err(|why| why.to_string()),
            NUMBERS_FILE if !check_numbers(&self.content) => Err("is damaged".into()),
            DEVICE_FILE => check_device(&self.content)
                .map(drop)
                .map_err(|wrong| format!("must be {wrong}")),
            _ => Ok(()),
        }
    }
}

/// Where the files of a backup belong on this machine.
#[derive(Clone, Debug)]
pub struct Homes {
    /// The file of the configuration, if there is one.
    pub configuration: Option<PathBuf>,
    /// The file of the settings changed over HTTP, if it can be kept apart from that one.
    pub settings: Option<PathBuf>,
    /// The directory of the small state.
    pub state: PathBuf,
}

impl Homes {
    fn of(&self, name: &str) -> Option<PathBuf> {
        match name {
            // A link stays: what it leads to is the file.
            CONFIGURATION => self
                .configuration
                .as_ref()
                .map(|path| fs::canonicalize(path).unwrap_or_else(|_| path.clone())),
            SETTINGS_FILE => self.settings.clone(),
            name => Some(self.state.join(name)),
        }
    }
}

/// A backup that was read and found whole.
#[derive(Debug)]
pub struct Backup {
    /// The version that made it.
    pub by: String,
    entries: Vec<Entry>,
}

/// A file of a backup, and what was, or would be, done with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// A word: `saved`, `skipped` (the program would not take it); `new`, `changed`, `same`.
    pub what: &'static str,
    /// Where it belongs.
    pub path: PathBuf,
    /// What is to be said of it, if anything.
    pub why: Option<String>,
}

impl Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<8} {}", self.what, self.path.display())?;
        match &self.why {
            Some(why) => write!(f, ": {why}"),
            None => Ok(()),
        }
    }
}

impl Backup {
    /// Reads a backup and checks it.
    ///
    /// # Errors
    /// When it cannot be read, or is not one that can be restored as a whole.
    pub fn read(file: &Path) -> io::Result<Backup> {
        let bytes = content(file)?.ok_or_else(|| wrong(file, "is not there"))?;
        let (by, entries) = archive::unpack(&bytes).map_err(|why| wrong(file, why))?;
        for entry in &entries {
            let told = |why| wrong(file, format!("cannot be taken: {} {why}", entry.name));
            entry.check().map_err(told)?;
        }
        Ok(Backup { by, entries })
    }

    /// The configuration in it.
    pub fn configuration(&self) -> Option<&[u8]> {
        self.content_of(CONFIGURATION)
    }

    /// The settings changed over HTTP that are in it.
    pub fn settings(&self) -> Option<&[u8]> {
        self.content_of(SETTINGS_FILE)
    }

    fn content_of(&self, name: &str) -> Option<&[u8]> {
        let mut entries = self.entries.iter();
        let entry = entries.find(|entry| entry.name == name);
        entry.map(|entry| entry.content.as_slice())
    }

    /// Puts its files into their places, or only tells what that would change.
    ///
    /// # Errors
    /// When one of them cannot be written: nothing is touched then. When one cannot take its name, which a full disk is
    /// no reason for: those before it are in place, each whole, and a restore may be tried again.
    pub fn restore(&self, homes: &Homes, dry_run: bool) -> io::Result<Vec<Done>> {
        let mut done = Vec::new();
        let mut drafts = Vec::new();
        for entry in &self.entries {
            let Some(path) = homes.of(entry.name) else {
                continue;
            };
            let what = match content(&path)? {
                None => "new",
                Some(old) if old == entry.content => "same",
                Some(_) => "changed",
            };
            if what != "same" && !dry_run {
                let draft = draft(&path, &entry.content, entry.is_private);
                drafts.push((path.clone(), draft.map_err(|error| at(&path, error))?));
            }
            done.push(Done {
                what,
                path,
                why: None,
            });
        }
        for (path, draft) in drafts {
            draft.publish().map_err(|error| at(&path, error))?;
        }
        Ok(done)
    }
}

/// Makes a backup. The `keep` - 1 before it stay beside it, as `FILE.1`, the newest, and so on; nothing is written if
/// nothing has changed since the last one.
///
/// # Errors
/// When something cannot be read or written, or what stands in the way is no backup: the last one is then still there.
pub fn save(file: &Path, keep: NonZeroU16, homes: &Homes) -> io::Result<Vec<Done>> {
    let (mut done, mut entries) = (Vec::new(), Vec::new());
    for name in NAMES {
        let Some(path) = homes.of(name) else {
            continue;
        };
        let Some(content) = content(&path)? else {
            continue;
        };
        let mode = fs::metadata(&path)?.permissions().mode();
        let entry = Entry {
            name,
            is_private: [KEYS_FILE, SETTINGS_FILE].contains(&name) || mode & 0o044 == 0,
            content,
        };
        let why = entry.check().err();
        let what = if why.is_none() { "saved" } else { "skipped" };
        if why.is_none() {
            entries.push(entry);
        }
        done.push(Done { what, path, why });
    }
    if entries.is_empty() {
        let state = homes.state.display();
        return Err(io::Error::other(format!(
            "there is nothing to save: no configuration file, and no state in {state}"
        )));
    }
    let bytes = archive::pack(&entries);
    if bytes.len() as u64 > LARGEST {
        return Err(wrong(file, "would be larger than 8 MB"));
    }
    let last = ours(file)?;
    if last.as_ref() == Some(&bytes) {
        return Ok(done);
    }
    let older = match last {
        Some(_) => rotation(file, keep)?,
        None => Vec::new(),
    };
    // A disk that is full says so here, before anything has moved.
    let draft = draft(file, &bytes, true).map_err(|error| at(file, error))?;
    for (from, to) in older.iter().rev() {
        let moved = match from == file {
            true => set_aside(from, to),
            false => fs::rename(from, to),
        };
        moved.map_err(|error| at(to, error))?;
    }
    draft.publish().map_err(|error| at(file, error))?;
    Ok(done)
}

/// Which file takes which name to make room, the newest first.
fn rotation(file: &Path, keep: NonZeroU16) -> io::Result<Vec<(PathBuf, PathBuf)>> {
    let mut moves = Vec::new();
    let mut from = file.to_owned();
    for number in 1..keep.get() {
        let mut to = file.as_os_str().to_owned();
        to.push(format!(".{number}"));
        let to = PathBuf::from(to);
        let is_taken = ours(&to)?.is_some();
        moves.push((from, to.clone()));
        if !is_taken {
            break;
        }
        from = to;
    }
    Ok(moves)
}

/// Gives the last backup its next name. It keeps the one it has until the new one takes that, unless the file system
/// knows no links: so a power cut leaves one under the name that is looked for.
fn set_aside(from: &Path, to: &Path) -> io::Result<()> {
    match fs::remove_file(to) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::hard_link(from, to).or_else(|_| fs::rename(from, to))
}

/// The content of a file that is a backup, also one of another format; an error if it is something else.
fn ours(file: &Path) -> io::Result<Option<Vec<u8>>> {
    let found = content(file)?;
    match &found {
        Some(bytes) if !bytes.starts_with(MARK.as_bytes()) => Err(wrong(
            file,
            "is there and is no backup of xg2g: it is not overwritten",
        )),
        _ => Ok(found),
    }
}

/// Writes a file beside its name, to the last byte.
fn draft(path: &Path, content: &[u8], is_private: bool) -> io::Result<Draft> {
    let mut draft = match is_private {
        true => Draft::begin_private(path)?,
        false => Draft::begin(path)?,
    };
    draft.write_all(content)?;
    draft.flush()?;
    Ok(draft)
}

/// What a file holds, if it is there.
fn content(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let read = || {
        match fs::metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            // A device or a pipe may give for ever, or wait.
            Ok(meta) if !meta.is_file() => return Err(io::Error::other("this is no file")),
            Err(error) => return Err(error),
            Ok(_) => {}
        }
        let mut bytes = Vec::new();
        File::open(path)?
            .take(LARGEST + 1)
            .read_to_end(&mut bytes)?;
        if bytes.len() as u64 > LARGEST {
            return Err(io::Error::other("this is larger than 8 MB"));
        }
        Ok(Some(bytes))
    };
    read().map_err(|error| at(path, error))
}

fn at(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn wrong(path: &Path, why: impl Display) -> io::Error {
    let why = format!("{} {why}", path.display());
    io::Error::new(ErrorKind::InvalidData, why)
}
