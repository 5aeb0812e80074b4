//! `xg2g token`.

use std::io;
use std::path::PathBuf;

use crate::access::Keys;
use crate::cli::Places;
use crate::config::Loaded;
use crate::model::Secret;

/// A token or stream key.
pub struct Token {
    /// Itself.
    pub secret: Secret,
    /// The directory in which it was kept, if it has just been made.
    pub made: Option<PathBuf>,
}

/// The token, or the stream key, as configured or made before; makes it otherwise.
///
/// # Errors
/// When it cannot be made or kept.
pub fn token(loaded: &Loaded, stream: bool) -> io::Result<Token> {
    let auth = &loaded.config.auth;
    let set = if stream {
        &auth.stream_key
    } else {
        &auth.token
    };
    if !set.is_empty() {
        return Ok(Token {
            secret: set.clone(),
            made: None,
        });
    }
    let directory = Places::of(false, loaded).state;
    let mut keys = Keys::load(&directory)?;
    let is_new = if stream {
        keys.make_stream()?
    } else {
        keys.make_token()?
    };
    if is_new {
        keys.save(&directory)?;
    }
    Ok(Token {
        secret: if stream { keys.stream } else { keys.token },
        made: is_new.then_some(directory),
    })
}
