//! Everything that is said of the configuration, read and put together: at the start, again, and as it would be.

use super::{file, parse, Command, Failure, Places};
use crate::config::{self, Edit, Error, Loaded, Problem, Said, Source, SETTINGS_FILE};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// Gives the bytes of a file.
pub(super) type ReadFile<'a> = &'a dyn Fn(&Path) -> io::Result<Vec<u8>>;

/// A configuration with other settings, checked and not saved yet.
pub struct Edited {
    /// The configuration.
    pub loaded: Loaded,
    /// The file of the settings.
    pub path: PathBuf,
    /// What it is to hold.
    pub text: String,
}

/// Finds the file, takes our part of the environment, and loads it all with the settings changed over HTTP: those in
/// `settings`, or else where they belong.
pub(super) fn load(
    demo: bool,
    named: Option<PathBuf>,
    settings: Option<&Path>,
    env: Vec<(OsString, OsString)>,
    flags: &[(String, String)],
    read_file: ReadFile<'_>,
) -> Result<Loaded, Vec<Error>> {
    let file = file::find(named, read_file).map_err(|error| vec![error])?;
    let (env, odd) = ours(env);
    let mut said = Said {
        file: file
            .as_ref()
            .map(|(path, text)| (path.as_path(), text.as_str())),
        settings: None,
        env: &env,
        flags,
    };
    let below = match config::load(&said) {
        Ok(below) if odd.is_empty() => below,
        Ok(_) => return Err(odd),
        Err(errors) => return Err(errors.into_iter().chain(odd).collect()),
    };
    let place = || Places::of(demo, &below).state.join(SETTINGS_FILE);
    let path = settings.map_or_else(place, Path::to_owned);
    if is_one(&path, below.file.as_deref()) {
        return Ok(below);
    }
    let text = file::settings(&path, read_file);
    said.settings = Some((&path, text.as_ref().map_or("", String::as_str)));
    let mut loaded = config::load(&said)?;
    if let Err(error) = text {
        loaded.warnings.push(format!("{error}; passed over"));
    }
    Ok(loaded)
}

/// Whether the configuration's own file is what would be that of the settings.
fn is_one(settings: &Path, file: Option<&Path>) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    file.is_some_and(|file| real(file) == real(settings))
}

/// The environment as text, and what of ours is none.
fn ours(env: Vec<(OsString, OsString)>) -> (Vec<(String, String)>, Vec<Error>) {
    let (mut ours, mut odd) = (Vec::new(), Vec::new());
    for (name, value) in env {
        let Ok(name) = name.into_string() else {
            continue;
        };
        match value.into_string() {
            Ok(value) => ours.push((name, value)),
            Err(_) if name.starts_with("XG2G_") => odd.push(Error {
                at: Source::Environment(name),
                key: String::new(),
                value: String::new(),
                problem: "is not UTF-8".into(),
            }),
            Err(_) => {}
        }
    }
    (ours, odd)
}

/// The configuration as the same command would find it now. `settings`: where the running program has those changed over
/// HTTP, which stay there until it is started again.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read_again(settings: Option<&Path>) -> Result<Loaded, Failure> {
    read_as_if(settings, &file::read)
}

/// The configuration as it would be with other settings in the file `settings`. Nothing is written.
///
/// # Errors
/// Everything that is wrong with them, or with what comes of them.
pub fn read_edited(settings: Option<&Path>, edit: &Edit) -> Result<Edited, Vec<Problem>> {
    let Some(path) = settings else {
        let why = format!("the configuration's own file is called {SETTINGS_FILE}: rename it");
        return Err(vec![why.into()]);
    };
    let old = file::settings(path, &file::read).map_err(|error| vec![error.into()])?;
    let with = |text: Option<&str>| {
        let read_file = |at: &Path| match text {
            _ if at != path => file::read(at),
            Some(text) => Ok(text.as_bytes().to_owned()),
            None => Err(io::ErrorKind::NotFound.into()),
        };
        read_as_if(settings, &read_file).map_err(Failure::problems)
    };
    let text = edit.apply(&old, &with(None)?)?;
    Ok(Edited {
        loaded: with(Some(&text))?,
        path: path.to_owned(),
        text,
    })
}

/// The configuration as it would be once `restore` has put these at `place` and where the settings belong; `None`: what
/// is there now stays.
///
/// # Errors
/// Everything that would be wrong then.
pub fn read_restored(
    place: &Path,
    configuration: Option<&[u8]>,
    settings: Option<&[u8]>,
) -> Result<Loaded, Failure> {
    let read_file = |path: &Path| {
        let restored = match path.file_name() {
            _ if path == place => configuration,
            Some(name) if name == SETTINGS_FILE => settings,
            _ => None,
        };
        restored.map_or_else(|| file::read(path), |content| Ok(content.to_owned()))
    };
    read_as_if(None, &read_file)
}

fn read_as_if(settings: Option<&Path>, read_file: ReadFile<'_>) -> Result<Loaded, Failure> {
    let args = std::env::args_os().skip(1).collect();
    match parse(args, std::env::vars_os().collect(), settings, read_file)? {
        Command::Run { loaded, .. } => Ok(loaded),
        Command::Restore { loaded, .. } => loaded.map_err(Failure::Config),
        // The same arguments mean the same command.
        _ => Err(Failure::Usage(
            "nothing runs and nothing is restored".into(),
        )),
    }
}

impl Failure {
    /// Each reason by itself.
    pub fn problems(self) -> Vec<Problem> {
        match self {
            Failure::Usage(_) => vec![self.to_string().into()],
            Failure::Config(errors) => errors.into_iter().map(Problem::from).collect(),
        }
    }
}
