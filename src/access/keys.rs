//! The token and the stream key: made once, kept in a file of their own that only its owner may read.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::model::Secret;
use crate::replace::replace_private;

/// Its name in the directory of the small state.
pub const FILE: &str = "keys";
/// Random bytes of a key: 128 bits are not guessed.
const BYTES: usize = 16;

/// The keys that were made here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// The token; empty if none was made.
    pub token: Secret,
    /// The stream key; empty if none was made.
    pub stream: Secret,
}

impl Keys {
    /// The keys kept in a directory; none if there is no such file.
    ///
    /// # Errors
    /// Those of the file system, and when the file is not one of ours: better no start than one with open doors.
    pub fn load(directory: &Path) -> io::Result<Keys> {
        let path = directory.join(FILE);
        let text = match fs::read_to_string(&path) {
            Err(error) if is_absent(&error) => return Ok(Keys::default()),
            text => text,
        };
        let keys = text.and_then(|text| parse(&text));
        keys.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
    }

    /// The keys in the content of such a file.
    ///
    /// # Errors
    /// When it is not one of ours.
    pub fn parse(content: &[u8]) -> io::Result<Keys> {
        let text = std::str::from_utf8(content);
        let text = text.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
        parse(text)
    }

    /// Keeps the keys in a directory, which is made if it is missing.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn save(&self, directory: &Path) -> io::Result<()> {
        let (token, stream) = (self.token.reveal(), self.stream.reveal());
        let text = format!("token {token}\nstream {stream}\n");
        replace_private(&directory.join(FILE), text.as_bytes()).map(drop)
    }

    /// Makes the token, if there is none. Returns whether it did.
    ///
    /// # Errors
    /// When the kernel gives no random numbers.
    pub fn make_token(&mut self) -> io::Result<bool> {
        make(&mut self.token)
    }

    /// Makes the stream key, if there is none. Returns whether it did.
    ///
    /// # Errors
    /// When the kernel gives no random numbers.
    pub fn make_stream(&mut self) -> io::Result<bool> {
        make(&mut self.stream)
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn make(key: &mut Secret) -> io::Result<bool> {
    if !key.is_empty() {
        return Ok(false);
    }
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)?;
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    *key = text.as_str().into();
    Ok(true)
}

fn parse(text: &str) -> io::Result<Keys> {
    let mut keys = Keys::default();
    for line in text.lines() {
        match line.split_once(' ') {
            Some(("token", key)) => keys.token = key.into(),
            Some(("stream", key)) => keys.stream = key.into(),
            // A later version may keep more.
            Some((name, _)) if name.bytes().all(|byte| byte.is_ascii_lowercase()) => {}
            _ => {
                return Err(io::Error::new(
                    ErrorKind::InvalidData,
                    "this is no file of keys",
                ))
            }
        }
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn keys_are_made_once_and_only_the_owner_reads_them() {
        let directory = std::env::temp_dir().join(format!("xg2g-keys-{}", std::process::id()));
        let mut keys = Keys::load(&directory).unwrap();
        assert_eq!(keys, Keys::default());
        assert!(keys.make_token().unwrap() && keys.make_stream().unwrap());
        assert!(!keys.make_token().unwrap() && !keys.make_stream().unwrap());
        assert!(keys.token != keys.stream && keys.token.reveal().len() == 32);
        keys.save(&directory).unwrap();
        assert_eq!(Keys::load(&directory).unwrap(), keys);
        let mode = fs::metadata(directory.join(FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(directory.join(FILE), "half a").unwrap();
        assert_eq!(Keys::load(&directory).unwrap().token, Secret::default());
        fs::write(directory.join(FILE), "\0\0\0").unwrap();
        assert!(Keys::load(&directory)
            .unwrap_err()
            .to_string()
            .contains("no file of keys"));
        fs::remove_dir_all(&directory).unwrap();
    }
}
