//! `bouquets.tv`, `bouquets.radio` and the files they name.
//!
//! A line `#SERVICE reference` each, `#DESCRIPTION name` behind it where it has a name of its own, `#NAME` for the whole
//! (enigma2 `lib/dvb/db.cpp`, `loadBouquet`).

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::lines::{decode, FileLines, Lines};
use super::{Error, Settings};
use crate::model::{clean_line, Entry, EntryKind, ListedBouquet, Listing, Media};

/// Where files are looked for, first to last.
const FOLDERS: [&str; 3] = ["alternatives", "bouquets", ""];
/// Lists within bouquets deeper than this are not read: enigma2 itself has no guard against one that contains itself.
const DEEPEST: usize = 8;
/// Lists read below one of the two roots.
const MOST_LISTS: u32 = 2_000;

/// What becomes of files that no list names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unlinked {
    LeftOut,
    First,
    Last,
}

impl Unlinked {
    /// Images of long ago know but yes and no.
    fn read(settings: &Settings) -> Unlinked {
        let key = "config.misc.load_unlinked_userbouquets";
        match settings.get(key) {
            Some("2") => Unlinked::Last,
            _ if settings.flag(key) == Some(false) => Unlinked::LeftOut,
            _ => Unlinked::First,
        }
    }
}

/// Whether there are bouquets of television.
pub(super) fn are_there(dir: &Path) -> bool {
    std::fs::File::open(dir.join("bouquets.tv")).is_ok()
}

/// All bouquets with their members, names as far as bouquets tell them.
pub(super) fn read(dir: &Path, settings: &Settings) -> Result<Listing, Error> {
    let unlinked = Unlinked::read(settings);
    let mut listing = Listing::default();
    for media in [Media::Tv, Media::Radio] {
        let root = format!("bouquets.{}", media.as_str());
        let mut reader = Reader::new(dir, &root);
        let Some((lines, path)) = reader.open(&root)? else {
            if media == Media::Radio {
                continue;
            }
            return Err(Error::new(&dir.join(root), &"there is none"));
        };
        let mut bouquets = reader.list(lines, &path)?.entries;
        bouquets.retain(|entry| entry.service.is_bouquet());
        for bouquet in &mut bouquets {
            reader.enter(bouquet)?;
        }
        if unlinked != Unlinked::LeftOut {
            reader.add_unlinked(media, unlinked, &mut bouquets)?;
        }
        if reader.damaged > 0 {
            log::warn!(
                "{} lines of the {} bouquets in {} cannot be read and are left out",
                reader.damaged,
                media.as_str(),
                dir.display()
            );
        }
        listing
            .bouquets
            .extend(bouquets.into_iter().map(|entry| ListedBouquet {
                reference: entry.service.address().into(),
                name: entry.name,
                media,
                entries: entry.members,
            }));
    }
    Ok(listing)
}

/// What a file says.
#[derive(Default)]
struct List {
    name: Box<str>,
    entries: Vec<Entry>,
    damaged: u32,
}

struct Reader<'a> {
    dir: &'a Path,
    /// The files on the way down to the one that is read.
    way: Vec<String>,
    /// All files that were named, with the name inside as far as they were read.
    named: HashMap<String, Box<str>>,
    lists: u32,
    damaged: u32,
}

impl Reader<'_> {
    fn new<'a>(dir: &'a Path, root: &str) -> Reader<'a> {
        Reader {
            dir,
            way: vec![root.to_owned()],
            named: HashMap::new(),
            lists: 0,
            damaged: 0,
        }
    }

    /// Reads the members of a bouquet or group, and theirs; its name where it has none of its own.
    fn enter(&mut self, entry: &mut Entry) -> Result<(), Error> {
        let Some(file) = entry.service.bouquet_file().map(str::to_owned) else {
            return Ok(());
        };
        let name = self.named.entry(file.clone()).or_default();
        if self.way.len() > DEEPEST + 1 || self.lists >= MOST_LISTS || self.way.contains(&file) {
            if entry.name.is_empty() {
                entry.name = name.clone();
            }
            return Ok(());
        }
        let Some((lines, path)) = self.open(&file)? else {
            log::warn!("there is no bouquet `{file}` in {}", self.dir.display());
            return Ok(());
        };
        self.lists += 1;
        let mut list = self.list(lines, &path)?;
        if entry.name.is_empty() {
            entry.name = list.name.clone();
        }
        self.named.insert(file.clone(), list.name);
        self.way.push(file);
        for member in &mut list.entries {
            self.enter(member)?;
        }
        self.way.pop();
        entry.members = list.entries;
        Ok(())
    }

    /// Opens a file of the directory, never one outside.
    fn open(&self, file: &str) -> Result<Option<(FileLines, PathBuf)>, Error> {
        if file.contains(['/', '\0']) || matches!(file, "" | "." | "..") {
            return Ok(None);
        }
        for folder in FOLDERS {
            let path = self.dir.join(folder).join(file);
            match Lines::open(&path) {
                Ok(Some(lines)) => return Ok(Some((lines, path))),
                Ok(None) => {}
                // A folder that is a file, a name that is too long: it is not there.
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::NotADirectory | ErrorKind::InvalidFilename
                    ) => {}
                Err(error) => return Err(Error::new(&path, &error)),
            }
        }
        Ok(None)
    }

    fn list(&mut self, mut lines: FileLines, path: &Path) -> Result<List, Error> {
        let mut list = List::default();
        let mut is_described = true;
        // A line of nothing but LF ends the list for enigma2, one of CR LF does not.
        while let Some(line) = lines
            .next()
            .map_err(|error| Error::new(path, &error))?
            .filter(|line| line.length >= 2)
        {
            if let Some(text) = field(line.bytes, b"#SERVICE") {
                let entry = read_entry(decode(text).trim_end());
                // A name behind a line that cannot be read belongs to nobody.
                is_described = entry.is_none();
                list.damaged += u32::from(entry.is_none());
                list.entries.extend(entry);
            } else if let Some(text) = field(line.bytes, b"#DESCRIPTION") {
                if let Some(entry) = list.entries.last_mut().filter(|_| !is_described) {
                    entry.name = clean_line(&decode(text)).into();
                    is_described = true;
                }
            } else if let Some(text) = line.bytes.strip_prefix(b"#NAME ") {
                list.name = clean_line(&decode(text)).into();
            }
        }
        self.damaged += list.damaged;
        Ok(list)
    }

    /// Adds the bouquets whose files lie there although no list names them, as enigma2 does when it starts.
    fn add_unlinked(
        &mut self,
        media: Media,
        place: Unlinked,
        bouquets: &mut Vec<Entry>,
    ) -> Result<(), Error> {
        let fault = |error| Error::new(self.dir, &error);
        let ending = format!(".{}", media.as_str());
        let mut files = Vec::new();
        for file in std::fs::read_dir(self.dir).map_err(fault)? {
            let file = file.map_err(fault)?;
            let name = file.file_name();
            let name = name.to_string_lossy();
            let is_file = file.file_type().is_ok_and(|kind| kind.is_file());
            if is_file && name.contains("userbouquet") && name.ends_with(&ending) {
                files.push(name.into_owned());
            }
        }
        files.sort_unstable();
        let number = if media == Media::Tv { 1 } else { 2 };
        let mut first = 0;
        for file in files {
            if self.named.contains_key(&file) || file.contains(['"', '%', ':']) {
                continue;
            }
            let reference =
                format!("1:7:{number}:0:0:0:0:0:0:0:FROM BOUQUET \"{file}\" ORDER BY bouquet");
            let Some(mut entry) = Entry::new(&reference, "") else {
                continue;
            };
            self.enter(&mut entry)?;
            if place == Unlinked::Last || file == "userbouquet.LastScanned.tv" {
                bouquets.push(entry);
            } else {
                bouquets.insert(first, entry);
                first += 1;
            }
        }
        Ok(())
    }
}

/// The text behind a word; old editors wrote a colon behind it.
fn field<'a>(line: &'a [u8], word: &[u8]) -> Option<&'a [u8]> {
    let rest = line.strip_prefix(word)?;
    let rest = rest.strip_prefix(b":").unwrap_or(rest);
    Some(rest.strip_prefix(b" ").unwrap_or(rest))
}

/// An entry from its reference. A bouquet may be named by its bare file name, as long ago; in other quotes than `"`
/// enigma2 knows none.
fn read_entry(text: &str) -> Option<Entry> {
    let entry = Entry::new(text, "")?;
    let is_list = matches!(entry.kind(), EntryKind::Bouquet | EntryKind::Group)
        || (entry.service.is_bouquet() && entry.service.is_invisible());
    if !is_list || entry.service.bouquet_file().is_some() {
        return Some(entry);
    }
    let path = entry.service.path();
    let file = path.rsplit('/').next().filter(|file| !file.is_empty())?;
    if path.contains("FROM ") || file.contains('"') {
        return None;
    }
    let address = entry.service.address();
    let (end, _) = address.match_indices(':').nth(9)?;
    let file = file.replace('%', "%25").replace(':', "%3a");
    let linked = format!(
        "{}:FROM BOUQUET \"{file}\" ORDER BY bouquet",
        address.get(..end)?
    );
    Entry::new(&linked, &entry.name)
}
