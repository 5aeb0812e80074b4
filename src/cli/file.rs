//! The configuration file: where it is looked for, and its text.

use super::load::ReadFile;
use crate::config::{Error, Source};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Where the configuration is looked for when nobody names one.
pub(super) const PLACES: [&str; 2] = ["/etc/enigma2/xg2g/xg2g.toml", "/etc/xg2g/xg2g.toml"];

/// Larger files are none of ours: the sample has 6 kB.
const LIMIT: u64 = 1 << 20;

/// Where the file is, or would be: where it was named, else the first place that has one, else the one for this machine.
pub(super) fn place(named: Option<PathBuf>) -> PathBuf {
    let [on_box, elsewhere] = PLACES.map(PathBuf::from);
    named.unwrap_or_else(|| {
        let is_box = || !elsewhere.exists() && Path::new("/etc/enigma2").is_dir();
        if on_box.exists() || is_box() {
            on_box
        } else {
            elsewhere.clone()
        }
    })
}

/// The file's name and text. Only one that was named has to exist.
pub(super) fn find(
    named: Option<PathBuf>,
    read_file: ReadFile<'_>,
) -> Result<Option<(PathBuf, String)>, Error> {
    let must_exist = named.is_some();
    let places = named.map_or(PLACES.map(PathBuf::from).to_vec(), |path| vec![path]);
    for path in places {
        return match read_file(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound && !must_exist => continue,
            bytes => decode(&path, bytes).map(|text| Some((path, text))),
        };
    }
    Ok(None)
}

/// The text of the settings changed over HTTP; empty if there are none.
pub(super) fn settings(path: &Path, read_file: ReadFile<'_>) -> Result<String, Error> {
    match read_file(path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(String::new())
        }
        bytes => decode(path, bytes),
    }
}

fn decode(path: &Path, bytes: io::Result<Vec<u8>>) -> Result<String, Error> {
    let bytes = match bytes {
        Err(error) => return Err(unreadable(path, 0, format!("cannot be read: {error}"))),
        Ok(bytes) if bytes.len() as u64 > LIMIT => {
            let problem = "is larger than 1 MB: no configuration".into();
            return Err(unreadable(path, 0, problem));
        }
        Ok(bytes) => bytes,
    };
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        let problem = "is not UTF-8: save the file as UTF-8".into();
        unreadable(path, line, problem)
    })
}

fn unreadable(path: &Path, line: u32, problem: String) -> Error {
    Error {
        at: Source::File {
            path: path.to_owned(),
            line,
        },
        key: String::new(),
        value: String::new(),
        problem,
    }
}

/// A file's bytes, one more than allowed at most.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path)?;
    file.take(LIMIT + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn absent(_: &Path) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }

    #[test]
    fn no_file_is_needed_but_a_named_one_is() {
        assert_eq!(find(None, &absent), Ok(None));
        let error = find(Some("/no/such.toml".into()), &absent).unwrap_err();
        assert!(error
            .to_string()
            .starts_with("/no/such.toml: cannot be read"));
    }

    #[test]
    fn the_box_s_own_place_is_asked_first_and_one_that_is_shut_is_no_absent_one() {
        let asked = std::cell::RefCell::new(Vec::new());
        let look = |path: &Path| {
            asked.borrow_mut().push(path.to_path_buf());
            match asked.borrow().len() {
                1 => absent(path),
                _ => Err(io::ErrorKind::PermissionDenied.into()),
            }
        };
        assert!(find(None, &look).is_err());
        assert_eq!(*asked.borrow(), PLACES.map(PathBuf::from));
    }

    #[test]
    fn text_in_another_charset_is_refused_with_its_line() {
        let latin1 = |_: &Path| Ok(b"# ok\n# T\xe4glich\n".to_vec());
        let error = find(Some("x.toml".into()), &latin1).unwrap_err();
        assert!(
            error.to_string().starts_with("x.toml:2: is not UTF-8"),
            "{error}"
        );
    }

    #[test]
    fn a_file_far_too_large_is_refused_unread() {
        let error = find(Some("/dev/zero".into()), &read).unwrap_err();
        assert!(error.problem.contains("larger than 1 MB"));
    }
}
