//! The configuration is read again: when its file changes, on SIGHUP, and when somebody asks for it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use smol::future::FutureExt;
use smol::Timer;

use super::house::House;
use crate::access::KEYS_FILE;
use crate::config::{self, Loaded, Outcome, Wish};
use crate::log::audit::{Event, Kind};
use crate::notice::Notice;
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

/// How the configuration is read again.
#[derive(Clone)]
pub struct Reread {
    /// Reads it, from wherever it was read at the start; the errors are sentences.
    pub read: Rc<dyn Fn() -> Result<Loaded, Vec<String>>>,
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
                let outcome = again(&house, &reread);
                record(&house, &outcome, &wish.by, Some(&wish));
                refused = outcome.clone();
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
                    Outcome::Refused(_) => outcome != refused,
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
    let old = house.loaded();
    let mut new = match (reread.read)() {
        Ok(new) => new,
        Err(errors) => {
            // Who got a token may use it all the same, perhaps to mend what is wrong.
            if house.has_new_keys() {
                if let Ok(furniture) = house.prepare((*old).clone()) {
                    house.move_in(furniture);
                }
            }
            return Outcome::Refused(errors);
        }
    };
    if let Some(demo) = &house.demo {
        demo.replace(&mut new.config);
    }
    let mut changes = config::settle(&old, &mut new);
    if house.has_new_keys() {
        changes.push(config::Change::of_keys());
    }
    let counts_now = changes.iter().any(|change| !change.needs_restart);
    if counts_now || new.file != old.file {
        match house.prepare(new) {
            Ok(furniture) => house.move_in(furniture),
            Err(error) => return Outcome::Refused(vec![error.to_string()]),
        }
    }
    Outcome::Taken(changes)
}

fn is_gone(file: Option<&Path>) -> bool {
    let kind = |file: &Path| std::fs::metadata(file).err().map(|error| error.kind());
    file.and_then(kind) == Some(ErrorKind::NotFound)
}

/// Counts it, and tells log and audit.
fn record(house: &House, outcome: &Outcome, by: &str, wish: Option<&Wish>) {
    house.reloads.count(matches!(outcome, Outcome::Taken(_)));
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
        Outcome::Refused(errors) => {
            log::error!("the configuration is wrong, the one in force stays:");
            errors.iter().for_each(|error| log::error!("{error}"));
            let count = ("errors", errors.len().to_string());
            let first = FIRST.into_iter().zip(errors.iter().cloned());
            let details = std::iter::once(count).chain(first).collect();
            (Kind::ConfigReloadError, details)
        }
    };
    let keys = details.iter().map(|(key, _)| (*key).to_owned());
    let is_taken = kind == Kind::ConfigReload;
    house.notices.push(&Notice::ConfigReloaded {
        success: is_taken,
        changes: keys.filter(|_| is_taken).collect(),
    });
    let file = loaded.file.as_ref();
    let file = file.map(|file| file.display().to_string());
    house.audit.record(Event {
        actor: by,
        action: "reload",
        resource: file.as_deref().unwrap_or("configuration"),
        remote: wish.and_then(|wish| wish.remote),
        request_id: wish.map_or("", |wish| &wish.request_id),
        details: &details,
        ..Event::of(kind)
    });
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

/// Whether something happened to the configuration's file, or to a link to it, or to the keys.
fn concerns(change: &Change, of_files: &[PathBuf]) -> bool {
    match change {
        Change::Files { directory, names } => {
            of_files.contains(directory) || names.iter().any(|name| name == KEYS_FILE)
        }
        Change::Gone(_) | Change::Anything => true,
    }
}
