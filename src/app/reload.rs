//! The configuration is read again: when its file changes, on SIGHUP, and when somebody asks for it.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use smol::future::FutureExt;
use smol::Timer;

use super::house::House;
use crate::access::KEYS_FILE;
use crate::cli::Edited;
use crate::config::{self, Edit, Loaded, Outcome, Problem, Wish, SETTINGS_FILE};
use crate::log::audit::{Event, Kind};
use crate::notice::Notice;
use crate::replace::replace_private;
use crate::watch::{Change, Debounce, Timing, Watch};

/// Editors write a file in several steps; who saves it wants to see what becomes of it.
const TIMING: Timing = Timing {
    quiet: Duration::from_secs(1),
    longest: Duration::from_secs(5),
    again: Duration::from_secs(2),
};
/// The pause after a directory could not be watched any more.
const NEW_TRY: Duration = Duration::from_secs(60);
/// The names of the first errors in the audit; the log has all of them.
const FIRST: [&str; 3] = ["first", "second", "third"];

/// What was read, or everything that is wrong with it.
type Read<T> = Result<T, Vec<Problem>>;
/// Reads the configuration as it would be with other settings.
type ReadEdited = dyn Fn(&Edit) -> Read<Edited>;

/// How the configuration is read again.
#[derive(Clone)]
pub struct Reread {
    /// Reads it, from wherever it was read at the start.
    pub read: Rc<dyn Fn() -> Read<Loaded>>,
    /// Reads it as it would be with other settings.
    pub edit: Rc<ReadEdited>,
    /// Where a file would be, if there is none yet.
    pub places: Vec<PathBuf>,
}

/// Reads the configuration again whenever that is wished or its file has changed.
pub(super) async fn reload(house: Rc<House>, reread: Reread) {
    let mut folders = Folders::new();
    // What a file says that is wrong is told once.
    let mut refused = Outcome::Taken(Vec::new());
    loop {
        let file = house.loaded().file.clone();
        let places = file.map_or(reread.places.clone(), |file| vec![file]);
        folders.watch(&places, house.state());
        let news = async {
            folders.changed().await;
            None
        };
        let wished = async { Some(house.reloads.next().await) };
        match wished.or(news).await {
            Some(Some(wish)) => {
                let outcome = match &wish.edit {
                    None => {
                        refused = again(&house, &reread);
                        refused.clone()
                    }
                    Some(edit) => change(&house, &reread, edit),
                };
                if !wish.edit.as_ref().is_some_and(|edit| edit.is_trial) {
                    record(&house, &outcome, &wish.by, Some(&wish));
                }
                if let Some(answer) = wish.answer {
                    // Who asked may be gone.
                    let _ = answer.try_send(outcome);
                }
            }
            // Nobody can wish any more.
            Some(None) => return,
            None => {
                if is_gone(house.loaded().file.as_deref()) {
                    log::debug!("the configuration's file is gone; it may come back");
                    continue;
                }
                let outcome = again(&house, &reread);
                let is_news = match &outcome {
                    Outcome::Taken(changes) => !changes.iter().all(|change| change.needs_restart),
                    Outcome::Refused(_) | Outcome::Unsaved(_) => outcome != refused,
                };
                if is_news {
                    record(&house, &outcome, "file", None);
                }
                refused = outcome;
            }
        }
    }
}

/// Reads it and, if it is good, has everything done by it from now on.
fn again(house: &House, reread: &Reread) -> Outcome {
    let new = match (reread.read)() {
        Ok(new) => new,
        Err(problems) => {
            // Who got a token may use it all the same, perhaps to mend what is wrong.
            if house.has_new_keys() {
                if let Ok(furniture) = house.prepare((*house.loaded()).clone()) {
                    house.move_in(furniture);
                }
            }
            return Outcome::Refused(problems);
        }
    };
    let old = house.loaded();
    let (new, changes) = settled(house, &old, new);
    let counts_now = changes.iter().any(|change| !change.needs_restart);
    if counts_now || !new.is_said_like(&old) {
        match house.prepare(new) {
            Ok(furniture) => house.move_in(furniture),
            Err(error) => return Outcome::Refused(vec![error.to_string().into()]),
        }
    }
    Outcome::Taken(changes)
}

/// The same with other settings, which are saved first: what is in force is what the next start finds.
fn change(house: &House, reread: &Reread, edit: &Edit) -> Outcome {
    let edited = match (reread.edit)(edit) {
        Ok(edited) => edited,
        Err(problems) => return Outcome::Refused(problems),
    };
    let (new, changes) = settled(house, &house.loaded(), edited.loaded);
    let is_trial = edit.is_trial;
    let prepared = match is_trial {
        true => house.examine(&new.config).map(|()| None),
        false => house.prepare(new).map(Some),
    };
    match prepared {
        Err(error) => return Outcome::Refused(vec![error.to_string().into()]),
        Ok(None) => {}
        Ok(Some(furniture)) => {
            if let Err(error) = save(&edited.path, &edited.text) {
                return Outcome::Unsaved(format!("{}: {error}", edited.path.display()));
            }
            house.move_in(furniture);
        }
    }
    Outcome::Taken(changes)
}

/// A new configuration as it may be in force now, and all that changes.
fn settled(house: &House, old: &Loaded, mut new: Loaded) -> (Loaded, Vec<config::Change>) {
    if let Some(demo) = &house.demo {
        demo.replace(&mut new.config);
    }
    let mut changes = config::settle(old, &mut new);
    if house.has_new_keys() {
        changes.push(config::Change::of_keys());
    }
    (new, changes)
}

/// Saves the settings; nobody needs a file without any.
fn save(path: &Path, text: &str) -> io::Result<()> {
    if text.is_empty() && !path.exists() {
        return Ok(());
    }
    replace_private(path, text.as_bytes()).map(drop)
}

fn is_gone(file: Option<&Path>) -> bool {
    let kind = |file: &Path| std::fs::metadata(file).err().map(|error| error.kind());
    file.and_then(kind) == Some(ErrorKind::NotFound)
}

/// Counts it, and tells log and audit.
fn record(house: &House, outcome: &Outcome, by: &str, wish: Option<&Wish>) {
    house.reloads.count(matches!(outcome, Outcome::Taken(_)));
    let edit = wish.and_then(|wish| wish.edit.as_ref());
    let loaded = house.loaded();
    let (kind, details) = match outcome {
        Outcome::Taken(changes) if changes.is_empty() => {
            log::info!("the configuration has not changed");
            (Kind::ConfigReload, Vec::new())
        }
        Outcome::Taken(changes) => {
            for change in changes {
                log::info!("configuration: {} = {change}", change.key);
            }
            for warning in &loaded.warnings {
                log::warn!("{warning}");
            }
            let told = changes
                .iter()
                .map(|change| (change.key, change.to_string()));
            (Kind::ConfigReload, told.collect())
        }
        Outcome::Refused(problems) => {
            let told: Vec<String> = problems.iter().map(|one| one.sentence.clone()).collect();
            match edit {
                Some(_) => log::warn!("settings are refused, the configuration in force stays:"),
                None => log::error!("the configuration is wrong, the one in force stays:"),
            }
            told.iter().for_each(|one| log::error!("{one}"));
            (Kind::ConfigReloadError, errors(told))
        }
        Outcome::Unsaved(why) => {
            log::error!("settings cannot be saved, the configuration in force stays: {why}");
            (Kind::ConfigReloadError, errors(vec![why.clone()]))
        }
    };
    let keys = details.iter().map(|(key, _)| (*key).to_owned());
    let is_taken = kind == Kind::ConfigReload;
    house.notices.push(&Notice::ConfigReloaded {
        success: is_taken,
        changes: keys.filter(|_| is_taken).collect(),
    });
    let (action, file) = match edit {
        Some(_) => ("change", loaded.settings.as_ref()),
        None => ("reload", loaded.file.as_ref()),
    };
    let file = file.map(|file| file.display().to_string());
    house.audit.record(Event {
        actor: by,
        action,
        resource: file.as_deref().unwrap_or("configuration"),
        remote: wish.and_then(|wish| wish.remote),
        request_id: wish.map_or("", |wish| &wish.request_id),
        details: &details,
        ..Event::of(kind)
    });
}

/// What the audit tells of errors.
fn errors(told: Vec<String>) -> Vec<(&'static str, String)> {
    let count = ("errors", told.len().to_string());
    std::iter::once(count)
        .chain(FIRST.into_iter().zip(told))
        .collect()
}

/// The directories in which something may change.
struct Folders {
    /// `None`: the kernel does not tell.
    watch: Option<Watch>,
    /// Where the configuration's file may be: a link there may have any name.
    of_files: Vec<PathBuf>,
    debounce: Debounce,
}

impl Folders {
    fn new() -> Folders {
        let unheard = |error: &std::io::Error| {
            log::warn!("a changed configuration is not seen, only asked for: {error}");
        };
        Folders {
            watch: Watch::new().inspect_err(unheard).ok(),
            of_files: Vec::new(),
            debounce: Debounce::new(TIMING),
        }
    }

    /// Watches where the files are, where they really are, and where the keys are.
    fn watch(&mut self, files: &[PathBuf], state: &Path) {
        let Some(watch) = &mut self.watch else {
            return;
        };
        self.of_files.clear();
        let real = files.iter().filter_map(|file| file.canonicalize().ok());
        let folders = files.iter().cloned().chain(real).filter_map(|file| {
            let folder = file.parent()?;
            let is_here = folder.as_os_str().is_empty();
            Some(if is_here {
                ".".into()
            } else {
                folder.to_owned()
            })
        });
        self.of_files.extend(folders);
        for folder in self.of_files.iter().map(PathBuf::as_path).chain([state]) {
            // Perhaps it is not there yet. What was not watched so far may have changed meanwhile.
            if let Ok(true) = watch.add(folder) {
                self.debounce.news(Instant::now());
            }
        }
    }

    /// Waits until something has changed and it is quiet again. Nothing is lost when the wait is given up.
    async fn changed(&mut self) {
        let Some(watch) = &mut self.watch else {
            return std::future::pending().await;
        };
        loop {
            let news = async { Some(watch.changed().await) };
            let due = async {
                match self.debounce.due() {
                    Some(due) => drop(Timer::at(due).await),
                    None => std::future::pending().await,
                }
                None
            };
            match news.or(due).await {
                Some(Ok(change)) if concerns(&change, &self.of_files) => {
                    self.debounce.news(Instant::now());
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    log::warn!("a changed configuration is not seen for a while: {error}");
                    Timer::after(NEW_TRY).await;
                }
                None if self.debounce.take(Instant::now()) => return,
                None => {}
            }
        }
    }
}

/// Whether something happened to the configuration's file, or to a link to it, or to the settings or keys.
fn concerns(change: &Change, of_files: &[PathBuf]) -> bool {
    match change {
        Change::Files { directory, names } => {
            let is_ours = |name: &OsString| name == KEYS_FILE || name == SETTINGS_FILE;
            of_files.contains(directory) || names.iter().any(is_ours)
        }
        Change::Gone(_) | Change::Anything => true,
    }
}
