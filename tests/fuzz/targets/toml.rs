//! The configuration: what can be read prints as a file that means the same, and shows no secret.
//!
//! Behind a NUL each further piece is `key=value` of the command line, or the settings changed over HTTP if it begins with
//! a comment.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use xg2g::config::{effective, load, Config, Loaded, Said, Source};
use xg2g::model::Secret;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let mut pieces = text.split('\0');
    let file = pieces.next().unwrap_or_default();
    let (settings, flags): (Vec<&str>, Vec<&str>) =
        pieces.partition(|piece| piece.starts_with('#'));
    let flags: Vec<(String, String)> = flags
        .into_iter()
        .filter_map(|piece| piece.split_once('='))
        // Who gives the command is told of it as it was given.
        .filter(|(key, _)| !key.contains(char::is_control))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    let said = Said {
        file: Some((Path::new("x.toml"), file)),
        settings: settings.first().map(|text| (Path::new("s.toml"), *text)),
        flags: &flags,
        ..Said::default()
    };
    let loaded = match load(&said) {
        Ok(loaded) => loaded,
        Err(errors) => {
            for error in &errors {
                let told = error.to_string();
                assert!(!told.contains(['\n', '\r', '\u{1b}']), "{told:?}");
            }
            return;
        }
    };
    let out = print(&loaded);
    for secret in secrets(&mut loaded.config.clone()) {
        keeps(&loaded, secret.reveal(), &text);
    }
    // A mask is too short for a key.
    let out = out.replace("stream_key = \"***\"", "");
    let printed = Said {
        file: Some((Path::new("y.toml"), &out)),
        ..Said::default()
    };
    let mut again = load(&printed).expect("what is printed can be read");
    let mut config = loaded.config;
    let kept = secrets(&mut config).map(|secret| secret.clone());
    for (place, secret) in secrets(&mut again.config).into_iter().zip(kept) {
        *place = secret;
    }
    assert_eq!(again.config, config);
});

fn secrets(config: &mut Config) -> [&mut Secret; 3] {
    let auth = &mut config.auth;
    [
        &mut config.receiver.password,
        &mut auth.token,
        &mut auth.stream_key,
    ]
}

fn print(loaded: &Loaded) -> String {
    let mut out = Vec::new();
    effective(loaded, &mut out).expect("a Vec takes all");
    String::from_utf8(out).expect("text")
}

/// A secret that was said once is in no value shown.
fn keeps(loaded: &Loaded, password: &str, said: &str) {
    if password.len() < 5 || said.matches(password).count() != 1 {
        return;
    }
    for (key, value, source) in loaded.values() {
        let is_default = *source == Source::Default;
        assert!(
            is_default || !value.to_string().contains(password),
            "{}",
            key.path
        );
    }
}
