//! The configuration: what can be read prints as a file that means the same, and shows no password.
//!
//! Behind a NUL each further piece is `key=value` of the command line.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use xg2g::config::{effective, load, Loaded, Source};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let mut pieces = text.split('\0');
    let file = pieces.next().unwrap_or_default();
    let flags: Vec<(String, String)> = pieces
        .filter_map(|piece| piece.split_once('='))
        // Who gives the command is told of it as it was given.
        .filter(|(key, _)| !key.contains(char::is_control))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    let loaded = match load(Some((Path::new("x.toml"), file)), &[], &flags) {
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
    keeps_password(&loaded, &text);
    let mut again =
        load(Some((Path::new("y.toml"), &out)), &[], &[]).expect("what is printed can be read");
    again
        .config
        .receiver
        .password
        .clone_from(&loaded.config.receiver.password);
    assert_eq!(again.config, loaded.config);
});

fn print(loaded: &Loaded) -> String {
    let mut out = Vec::new();
    effective(loaded, &mut out).expect("a Vec takes all");
    String::from_utf8(out).expect("text")
}

/// A password that was said once is in no value shown.
fn keeps_password(loaded: &Loaded, said: &str) {
    let password = loaded.config.receiver.password.reveal();
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
