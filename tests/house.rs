//! The rules of the house: who may import whom, how large a file may be, what nobody may use.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The cellar: everybody may use it, it uses nothing of ours but, for `events` and `health`, the model.
const CELLAR: [&str; 12] = [
    "model", "cache", "events", "health", "notice", "replace", "log", "metrics", "shutdown",
    "watch", "xml", "json",
];

/// What each room may use besides the cellar. The table of docs/ARCHITECTURE.md.
const MAY_USE: [(&str, &[&str]); 28] = [
    ("model", &[]),
    ("health", &["model"]),
    ("cache", &[]),
    ("replace", &[]),
    ("log", &[]),
    ("metrics", &[]),
    ("shutdown", &[]),
    ("notice", &[]),
    ("watch", &[]),
    ("xml", &[]),
    ("json", &[]),
    ("config", &[]),
    ("http", &[]),
    ("playlist", &[]),
    ("access", &["config", "http"]),
    ("guide", &[]),
    ("hdhomerun", &[]),
    ("page", &[]),
    ("receiver", &["http"]),
    ("stream", &["config", "http"]),
    ("store", &["guide"]),
    ("picons", &["receiver"]),
    ("refresh", &["config", "receiver", "store"]),
    ("backup", &["access", "config", "store"]),
    (
        "doctor",
        &["access", "config", "http", "receiver", "store", "stream"],
    ),
    (
        "server",
        &[
            "access",
            "config",
            "http",
            "playlist",
            "guide",
            "stream",
            "store",
            "picons",
            "refresh",
            "hdhomerun",
            "discovery",
            "page",
            "doctor",
        ],
    ),
    ("discovery", &["hdhomerun"]),
    ("cli", &["config"]),
];

/// Lines of a file, tests included; tables may be longer.
const LONGEST: usize = 500;

/// The Rust files below a directory of the project.
fn files_in(directory: &str) -> Vec<(PathBuf, String)> {
    fn walk(directory: &Path, into: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, into);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                into.push((path, text));
            }
        }
    }
    let mut files = Vec::new();
    walk(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join(directory),
        &mut files,
    );
    files
}

fn sources() -> Vec<(PathBuf, String)> {
    let files = files_in("src");
    assert!(files.len() > 50);
    files
}

fn room_of(path: &Path) -> String {
    let below = path
        .strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
        .unwrap();
    let first = below
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_str()
        .unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// The code before the tests of a file, without comments; nothing of a file that is all tests.
fn code<'a>(path: &Path, text: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    let below = path
        .strip_prefix(env!("CARGO_MANIFEST_DIR"))
        .unwrap_or(path);
    let is_tests = below
        .components()
        .any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs");
    let text = if is_tests { "" } else { text };
    text.lines()
        .enumerate()
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(at, line)| (at + 1, line))
}

#[test]
fn rooms_use_only_what_the_table_allows() {
    let table: BTreeMap<&str, BTreeSet<&str>> = MAY_USE
        .iter()
        .map(|(room, uses)| (*room, uses.iter().copied().collect()))
        .collect();
    let rooms: BTreeSet<String> = sources().iter().map(|(path, _)| room_of(path)).collect();
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let room = room_of(&path);
        if matches!(room.as_str(), "app" | "run" | "main" | "lib") {
            continue;
        }
        for (line, code) in code(&path, &text) {
            let mut rest = code;
            while let Some(at) = rest.find("crate::") {
                rest = &rest[at + 7..];
                let used: String = rest
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                let in_cellar = CELLAR.contains(&used.as_str());
                let from_cellar = CELLAR.contains(&room.as_str());
                let allowed = used == room
                    || !rooms.contains(&used)
                    || (in_cellar && !from_cellar)
                    || (room == "events" && used == "model")
                    || table
                        .get(room.as_str())
                        .is_some_and(|uses| uses.contains(used.as_str()));
                if !allowed {
                    wrong.push(format!("{}:{line}: {room} uses {used}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_has_no_cycle() {
    fn reaches(from: &str, to: &str, depth: usize) -> bool {
        let uses = MAY_USE
            .iter()
            .find(|(room, _)| *room == from)
            .map_or(&[][..], |(_, uses)| uses);
        depth < 20
            && uses
                .iter()
                .any(|next| *next == to || reaches(next, to, depth + 1))
    }
    for (room, _) in MAY_USE {
        assert!(!reaches(room, room, 0), "{room} uses itself");
    }
}

#[test]
fn files_are_short() {
    for (path, text) in sources().into_iter().chain(files_in("tests")) {
        let lines = text.lines().count();
        assert!(lines <= LONGEST, "{} has {lines} lines", path.display());
    }
}

#[test]
fn nothing_that_is_told_is_made_for_debugging() {
    // Programs for receivers are built without it: `-Zfmt-debug=none` in cross/build.sh.
    for (path, text) in sources() {
        for (line, code) in code(&path, &text) {
            let is_debug = code.contains(":?}") || code.contains(":#?}") || code.contains("dbg!");
            assert!(!is_debug, "{}:{line}: {code}", path.display());
        }
    }
}

#[test]
fn nobody_does_what_only_one_may() {
    let only: [(&str, &[&str]); 8] = [
        ("std::env::var", &["cli"]),
        ("std::env::args", &["cli"]),
        ("std::env::temp_dir", &[]),
        ("http_types", &["http"]),
        ("async_h1", &["http"]),
        ("surf::", &["http"]),
        ("smol::spawn", &[]),
        ("AtomicU64", &[]),
    ];
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let room = room_of(&path);
        for (line, code) in code(&path, &text) {
            for (word, rooms) in only {
                if code.contains(word) && !rooms.contains(&room.as_str()) {
                    wrong.push(format!("{}:{line}: {word}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_top_level_is_what_was_agreed() {
    let known = [
        "Cargo.toml",
        "Cargo.lock",
        "LICENSE",
        "README.md",
        "src",
        "cross",
        "etc",
        "init.d",
        "tests",
        "docs",
        "target",
    ];
    for entry in fs::read_dir(env!("CARGO_MANIFEST_DIR")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            name.starts_with('.') || known.contains(&name.as_str()),
            "{name} does not belong there"
        );
    }
}
