//! No secret is shown anywhere.

use smol::unblock;

use super::*;
use crate::kit::{get, send, xg2g, Folder, Process};

const PASSWORD: &str = "passwort-geheim";
const KEY: &str = "schluessel-0123456789";

#[test]
fn nothing_that_is_said_or_written_or_answered_holds_a_secret() {
    let options = Options {
        login: Some(("root".into(), PASSWORD.into())),
        ..Options::default()
    };
    with(
        options,
        |config| config.guide.enabled = false,
        async |kit| {
            let url = kit
                .receiver()
                .url()
                .replace("http://", &format!("http://root:{PASSWORD}@"));
            let port = kit.receiver().stream_port();
            unblock(move || everything_said(&url, port)).await;
        },
    );
}

/// Runs the program against a receiver with a login, asks it all it can be asked, rightly and wrongly, and looks through
/// all that comes of it.
fn everything_said(url: &str, port: u16) {
    let folder = Folder::new();
    let text = format!(
        "[receiver]\nurl = '{url}'\nsource = 'openwebif'\n[stream]\nport = {port}\n[auth]\ntoken = '{TOKEN}'\n\
         everything = true\nstream_key = '{KEY}'\n[log]\nlevel = 'debug'\n"
    );
    let file = folder.write("xg2g.toml", &text);
    let file = file.to_str().unwrap();
    let data = folder.path("data");
    let command = |words: &[&str]| {
        let data = data.to_str().unwrap();
        xg2g(
            words
                .iter()
                .copied()
                .chain(["--config", file, "--data", data]),
        )
    };
    let mut program = Process::start(&mut command(&["--listen", "127.0.0.1:0"]));
    let address = program.listens();
    program.says("channels");
    let mut all = String::new();
    for (path, status) in [
        ("/api/v1/status", 200),
        ("/api/v1/config", 200),
        ("/api/v1/log", 200),
        ("/api/v1/channels", 200),
        ("/api/v1/streams", 200),
        ("/metrics", 200),
        ("/healthz", 200),
        ("/stream/1-2-3.ts", 404),
    ] {
        let answer = get(address, &format!("{path}?key={KEY}"));
        assert_eq!(answer.status, status, "{path} {}", answer.text());
        all += answer.text();
    }
    assert!(
        all.contains("\"key\":\"auth.token\",\"value\":\"***\""),
        "{all}"
    );
    let check = format!("/api/v1/check?key={KEY}");
    let begin = format!("POST {check} HTTP/1.1\r\nHost: box:8080\r\nConnection: close\r\n\r\n");
    assert_eq!(send(address, &begin).status, 202);
    let found = loop {
        let found = get(address, &check);
        if found.text().starts_with("{\"running\":false,") {
            break found;
        }
    };
    assert!(found.text().contains("(G18)"), "{}", found.text());
    all += found.text();
    for (path, status) in [
        ("/playlist.m3u?key=wrong", 403),
        ("/playlist.m3u", 401),
        ("/nothing/at/all", 401),
    ] {
        let answer = get(address, path);
        assert_eq!(answer.status, status, "{path}");
        all += answer.text();
    }
    // A playlist has to hold the key, which is what it is for.
    let playlist = get(address, &format!("/playlist.m3u?key={KEY}"));
    assert!(playlist.text().contains(KEY) && !playlist.text().contains(TOKEN));
    folder.write(
        "xg2g.toml",
        &text
            .replace("debug", "trace")
            .replace(TOKEN, &format!("{TOKEN}-2")),
    );
    program.tell(rustix::process::Signal::HUP);
    program.says("auth.token = \"***\", was \"***\"");
    let wrong = text
        .replace(KEY, &format!("{KEY} x"))
        .replace("root:", "root:root:@");
    folder.write("xg2g.toml", &wrong);
    program.tell(rustix::process::Signal::HUP);
    program.says("the configuration is wrong");
    let (status, said) = program.stop();
    assert!(status.success(), "{said}");
    folder.write("xg2g.toml", &text);
    all += &said;
    all += &std::fs::read_to_string(folder.path("data/audit.log")).unwrap();
    for words in [&["config"][..], &["check"], &["check", "--json"]] {
        let (_, said) = Process::start(&mut command(words)).end();
        assert!(said.len() > 500, "{said}");
        all += &said;
    }
    assert!(all.contains("auth.missing") && all.contains("receiver.url"));
    for secret in [PASSWORD, TOKEN, KEY] {
        let at = all.find(secret);
        assert_eq!(
            at,
            None,
            "{:?}",
            at.map(|at| &all[at.saturating_sub(200)..at])
        );
    }
}
