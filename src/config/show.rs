//! The table of keys as people read it: effective values, sample file, reference page, help.

use super::{Config, Key, Loaded, KEYS, SECTIONS};
use std::fmt::Write as _;
use std::io::{self, Write};

/// Prints the configuration in force as a file, each value with where it came from.
///
/// # Errors
/// Those of `out`.
pub fn effective(loaded: &Loaded, out: &mut dyn Write) -> io::Result<()> {
    let mut last = "";
    for (key, value, source) in loaded.values() {
        let (section, name) = key.parts();
        if section != last {
            let gap = if last.is_empty() { "" } else { "\n" };
            writeln!(out, "{gap}[{section}]")?;
            last = section;
        }
        writeln!(out, "{:<47} # {source}", format!("{name} = {value}"))?;
    }
    Ok(())
}

/// The sample file: every key with its sentence, commented out, at its default.
pub fn sample() -> String {
    let mut text = String::from(
        "# The configuration of xg2g. On a box it lies in /etc/enigma2/xg2g/xg2g.toml.\n\
         #\n\
         # Every key is here at its default: take the # away to change one. Environment\n\
         # variables override this file, flags override both; `xg2g config` shows what counts.\n",
    );
    for section in SECTIONS {
        wrapped(&mut text, &format!("\n# {}", section.about), "# ");
        text += &format!("[{}]\n", section.name);
        for key in of_section(section.name) {
            wrapped(&mut text, &format!("\n# {}", key.about), "# ");
            wrapped(
                &mut text,
                &format!(
                    "# Allowed: {}. Environment: {}{}",
                    key.kind.allowed(),
                    key.env,
                    if key.is_cold() {
                        ". Needs a restart"
                    } else {
                        ""
                    }
                ),
                "# ",
            );
            text += &format!("#{} = {}\n", key.parts().1, default(key));
        }
    }
    text
}

/// The reference page: the one table key = environment = default, and how it is used.
pub fn reference() -> String {
    let mut text = String::from(PREFACE);
    for section in SECTIONS {
        text += &format!("\n### `[{}]`\n\n{}\n\n", section.name, section.about);
        text += "| key | environment | default | allowed | meaning |\n| --- | --- | --- | --- | --- |\n";
        for key in of_section(section.name) {
            let restart = if key.is_cold() {
                " Needs a restart."
            } else {
                ""
            };
            text += &format!(
                "| `{}` | `{}` | `{}` | {} | {}{restart} |\n",
                key.path,
                key.env,
                default(key),
                key.kind.allowed(),
                key.about
            );
        }
    }
    text
}

/// The settings' part of `--help`.
pub fn help() -> String {
    let mut text = String::new();
    for key in KEYS {
        text += &format!("  {:<27} {:<31} {}\n", key.path, key.env, default(key));
        wrapped(&mut text, &format!("      {}", key.about), "      ");
    }
    text
}

fn of_section(name: &str) -> impl Iterator<Item = &'static Key> + use<'_> {
    KEYS.iter().filter(move |key| key.parts().0 == name)
}

fn default(key: &Key) -> String {
    key.value(&Config::default()).to_string()
}

/// Adds a paragraph, broken at blanks; every line after the first begins with `indent`.
fn wrapped(text: &mut String, paragraph: &str, indent: &str) {
    let mut column = 0;
    for (index, word) in paragraph.split(' ').enumerate() {
        let width = word.chars().count();
        if index > 0 && column + 1 + width > WIDTH {
            // A String never refuses.
            let _ = write!(text, "\n{indent}");
            column = indent.len();
        } else if index > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += width;
    }
    text.push('\n');
}

/// The widest line of sample and help, for a terminal.
const WIDTH: usize = 80;

const PREFACE: &str = "\
# Configuration

On the receiver itself no configuration is needed. This page and the sample, `etc/xg2g.toml`, are
made from the program's own table of keys; a test compares them.

## Where values come from

The weakest first: the default, the file, the settings changed over HTTP, the environment, the command line.

* **File**: the one `--config FILE` names, else `/etc/enigma2/xg2g/xg2g.toml` (image backups keep
  `/etc/enigma2`), else `/etc/xg2g/xg2g.toml`. Without any of them the defaults hold.
* **Environment**: the names in the tables below. Lists are written with commas (a name that
  holds a comma needs the file), switches as `true` or `false`, numbers plainly. An empty variable counts as not set. A variable that other
  versions of xg2g read and this one does not gives a warning that names its replacement.
* **Command line**: `--set section.key=value` for every key, the last one counts; `--listen`,
  `--data` and `--log-level` are short for three of them and win over `--set`.

`xg2g config` prints the values in force and where each came from; passwords are shown as `***`.
`xg2g check` looks whether the program can work with them.

## Changing it while the program runs

The program sees when its file changes, however that is done (written in place, renamed over, deleted and made
again, a link that is led elsewhere in the same directory), and reads all of it again a second after the last
change. `SIGHUP` (`kill -HUP`, or the init script's `reload`) and `POST /api/v1/config/reload` do the same at once;
the latter answers with every change, or with every error (docs/HTTP.md). So are token and stream key taken that
`xg2g token` has just made. A file that is gone is waited for, unless one of those two asks.

Everything is read and checked before anything changes. If anything is wrong, every error is logged and the
configuration in force stays. Otherwise all changes count from one moment on: requests that run are answered as they
began, connections and streams go on, counters too. Three keys count only after a restart, and are told as such:
`server.listen`, `files.data` and `files.state`. A stream that runs keeps its buffer and linger, and its receiver until
it breaks. With another `receiver.url` the channels known are served until the new receiver has told its own.
A program that runs in the foreground ends when its terminal is closed.

## Settings changed over HTTP

`POST /api/v1/config` (docs/HTTP.md) changes every key of the tables below but `files.state`, and those that the environment or
the command line says. What is changed so stands in a file of its own, `settings.toml`, with the small state: in `files.state`, else
beside the configuration file, else where it would be. Your own file stays as it is. A key whose value is the same without that
file is not kept in it; delete its line, or the file, and your own counts again.

The file may be edited, too: it is written like the other one, watched like it, and what xg2g does not change in it stays. But what
is wrong in it (a key of a newer version, a value that is not allowed) does not keep xg2g from starting: each line gives a
warning, is passed over and stays. Two keys that contradict each other are an error as everywhere. Only its owner can read it, since a
password may be in it. A configuration file that is itself called `settings.toml` and lies there has no such file: then
nothing can be changed over HTTP.

## The file

The file is TOML, of which it uses: `[sections]`, `key = value`, strings in double or single quotes,
whole numbers, `true` and `false`, arrays (over several lines if you like), `#` comments. The text is
UTF-8. A key that does not exist or a value that is not allowed is an error, wherever it stands and
also if a stronger place overrides it; all errors are reported at once, with file and line, and the
program ends with status 78 (2 if the command line is wrong).

**Durations** are a whole number and a unit: `\"250ms\"`, `\"30s\"`, `\"30m\"`, `\"24h\"`, `\"7d\"`. A number
without unit is taken only from the variables whose names end in `_MS`, as milliseconds.

**A login** may stand in `receiver.url` (`http://user:password@host`, special characters as `%40`). It
counts as if `receiver.user` and `receiver.password` were set in the same place, which win over it.

## The keys
";

#[cfg(test)]
mod tests {
    use super::super::{load, Said};
    use super::*;
    use std::path::Path;

    #[test]
    fn effective_values_are_a_file_that_means_the_same() {
        let text = "[guide]\ndays = 3\n[channels]\nbouquets = ['Täglich, \"x\"']\n[receiver]\npassword = 'geheim'";
        let env = [("XG2G_LISTEN".to_string(), "[::1]:80".to_string())];
        let flags = [("log.level".to_string(), "debug".to_string())];
        let said = Said {
            file: Some((Path::new("/x.toml"), text)),
            settings: None,
            env: &env,
            flags: &flags,
        };
        let loaded = load(&said).unwrap();
        let mut out = Vec::new();
        effective(&loaded, &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        for (start, source) in [
            ("days = 3 ", "# /x.toml:2"),
            ("listen = \"[::1]:80\" ", "# XG2G_LISTEN"),
            ("level = \"debug\" ", "# command line"),
            ("password = \"***\" ", "# /x.toml:6"),
            ("retries = 3 ", "# default"),
        ] {
            let line = out.lines().find(|line| line.starts_with(start)).unwrap();
            assert!(line.ends_with(source), "{line}");
        }
        assert!(!out.contains("geheim"));
        let said = Said {
            file: Some((Path::new("/y.toml"), &out)),
            ..Said::default()
        };
        let mut again = load(&said).unwrap();
        again.config.receiver.password = "geheim".into();
        assert_eq!(again.config, loaded.config);
    }

    #[test]
    fn paragraphs_break_at_blanks_before_the_edge() {
        let mut text = String::new();
        wrapped(&mut text, &format!("# {}", "word ".repeat(40).trim()), "# ");
        assert!(text
            .lines()
            .all(|line| line.len() <= WIDTH && line.starts_with("# ")));
        assert_eq!(text.matches("word").count(), 40);
    }

    #[test]
    fn every_section_has_keys_and_every_key_a_section() {
        let shown: Vec<_> = SECTIONS
            .iter()
            .flat_map(|s| of_section(s.name))
            .map(|k| k.path)
            .collect();
        let all: Vec<_> = KEYS.iter().map(|key| key.path).collect();
        assert_eq!(shown, all);
    }
}
