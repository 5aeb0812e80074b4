//! The built program as a process: signals, output, exit status.

use rustix::process::Signal;

use crate::kit::{get, get_with, xg2g, Folder, Process, Receiver};

/// The demo with a configuration file, on a free port.
fn demo(folder: &Folder, text: &str) -> Process {
    let file = folder.write("xg2g.toml", text);
    let mut command = xg2g(["--demo", "--listen", "127.0.0.1:0", "--config"]);
    Process::start(command.arg(file))
}

#[test]
fn a_changed_file_is_taken_at_sighup() {
    let folder = Folder::new();
    let mut program = demo(&folder, "[guide]\nenabled = false\n");
    let address = program.listens();
    program.says("Ctrl-C stops it");
    assert!(get(address, "/playlist.m3u")
        .text()
        .contains("http://box:8080/"));
    folder.write(
        "xg2g.toml",
        "[guide]\nenabled = false\n[server]\npublic_url = 'http://tv.example'\n",
    );
    program.tell(Signal::HUP);
    program.says("server.public_url = \"http://tv.example\", was \"\"");
    let playlist = get(address, "/playlist.m3u");
    assert!(
        playlist.text().contains("http://tv.example/"),
        "{}",
        playlist.text()
    );
    let (status, said) = program.stop();
    assert!(status.success(), "{said}");
}

#[test]
fn a_wrong_file_changes_nothing_and_every_error_is_told() {
    let folder = Folder::new();
    let mut program = demo(&folder, "");
    let address = program.listens();
    folder.write(
        "xg2g.toml",
        "[guide]\ndays = 99\n[reciever]\nurl = 'http://x'\n",
    );
    program.tell(Signal::HUP);
    program.says("the configuration is wrong, the one in force stays");
    program.says("xg2g.toml:2: guide.days = 99: ");
    program.says("xg2g.toml:4: reciever.url: ");
    assert_eq!(get(address, "/healthz").status, 200);
    std::fs::remove_file(folder.path("xg2g.toml")).unwrap();
    program.tell(Signal::HUP);
    program.says("cannot be read");
    assert_eq!(get(address, "/healthz").status, 200);
    folder.write("xg2g.toml", "# nothing\n");
    program.tell(Signal::HUP);
    program.says("the configuration has not changed");
    assert_eq!(get(address, "/healthz").status, 200);
    assert!(program.stop().0.success());
}

#[test]
fn what_cannot_be_put_in_force_leaves_the_former_one() {
    let folder = Folder::new();
    let state = folder.path("state");
    let text = format!("[files]\nstate = '{}'\n", state.display());
    let mut program = demo(&folder, &text);
    let address = program.listens();
    std::fs::create_dir_all(&state).unwrap();
    std::fs::write(state.join("keys"), "\0\0\0").unwrap();
    folder.write("xg2g.toml", &format!("{text}[auth]\neverything = true\n"));
    program.tell(Signal::HUP);
    program.says("the configuration is wrong, the one in force stays");
    program.says("token and stream key: ");
    assert_eq!(get(address, "/healthz").status, 200);
    assert!(program.stop().0.success());
}

#[test]
fn a_token_is_made_once_and_taken_at_a_reload() {
    let folder = Folder::new();
    let text = format!("[files]\nstate = '{}'\n", folder.path("state").display());
    let mut program = demo(&folder, &text);
    let address = program.listens();
    let file = folder.path("xg2g.toml");
    let token = |words: &[&str]| {
        let file = ["--config", file.to_str().unwrap()];
        let output = xg2g(words.iter().copied().chain(file)).output().unwrap();
        assert!(output.status.success());
        (
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (first, said) = token(&["token"]);
    assert!(
        first.len() == 33 && said.contains("/state; "),
        "{first}{said}"
    );
    assert_eq!(token(&["token"]), (first.clone(), String::new()));
    let (stream, _) = token(&["token", "--stream"]);
    assert_ne!(stream, first);
    assert_eq!(token(&["token"]).0, first);
    let wrong = "Authorization: Bearer wrong\r\n";
    // It has none yet, so there is none that would be wrong.
    assert_eq!(get_with(address, "/api/v1/status", wrong).status, 200);
    program.tell(Signal::HUP);
    program.says("keys = \"made anew\"");
    assert_eq!(get_with(address, "/api/v1/status", wrong).status, 403);
    let right = format!("Authorization: Bearer {}\r\n", first.trim());
    assert_eq!(get_with(address, "/api/v1/status", &right).status, 200);
    program.tell(Signal::HUP);
    program.says("has not changed");
    let (status, said) = program.stop();
    assert!(status.success() && !said.contains(first.trim()), "{said}");
}

#[test]
fn messages_go_to_a_file_if_that_is_wanted() {
    let folder = Folder::new();
    let log = folder.path("log");
    let mut command = xg2g(["--demo", "--listen", "127.0.0.1:0", "--set"]);
    let mut program = Process::start(command.arg(format!("log.output={}", log.display())));
    // Standard output is for the greeting.
    program.says("Ctrl-C stops it");
    let (status, said) = program.stop();
    assert!(status.success());
    assert!(!said.contains("listening on"), "{said}");
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(text.contains("INFO  [xg2g::run] listening on "), "{text}");
    assert!(text.ends_with("] stopped\n"), "{text}");
}

#[test]
fn messages_that_cannot_be_written_go_to_standard_error() {
    for output in ["/dev/null/log", "/dev/full"] {
        let set = format!("log.output={output}");
        let args = ["--demo", "--listen", "127.0.0.1:0", "--set", &set];
        let mut program = Process::start(&mut xg2g(args));
        program.listens();
        assert!(program.stop().0.success());
    }
}

#[test]
fn why_it_cannot_start_is_told_with_the_status_1() {
    let folder = Folder::new();
    let log = folder.path("log");
    let set = format!("log.output={}", log.display());
    let args = ["--demo", "--listen", "203.0.113.1:80", "--set", &set];
    let (status, said) = Process::start(&mut xg2g(args)).end();
    assert_eq!(status.code(), Some(1));
    assert!(
        said.starts_with("xg2g: cannot listen on 203.0.113.1:80: "),
        "{said}"
    );
    // Whoever started it may have thrown that away.
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(
        text.contains("ERROR [xg2g::run] cannot listen on"),
        "{text}"
    );
}

#[test]
fn without_a_word_of_configuration_it_is_made_for_a_receiver() {
    let (status, said) = Process::start(&mut xg2g(["config", "--config", "/dev/null"])).end();
    assert!(status.success());
    let said: Vec<String> = said
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    for line in [
        "url = \"http://127.0.0.1\" # default",
        "listen = \":8080\" # default",
        // RAM on a box.
        "data = \"\" # default",
        "output = \"stderr\" # default",
    ] {
        assert!(said.iter().any(|said| said == line), "{line}: {said:#?}");
    }
}

#[test]
fn one_refresh_is_for_the_next_start_and_leaves_a_running_program_alone() {
    let receiver = Receiver::start(&["--services", "40", "--bouquets", "3"]);
    let url = &receiver.url;
    let folder = Folder::new();
    let (data, state) = (folder.path("data"), folder.path("state"));
    let text = format!(
        "[receiver]\nurl = '{url}'\nretries = 0\n[server]\nlisten = '127.0.0.1:0'\n[guide]\ndays = 1\n\
         [files]\ndata = '{}'\nstate = '{}'\n",
        data.display(),
        state.display()
    );
    let file = folder.write("xg2g.toml", &text);
    let refresh = || {
        let mut command = xg2g(["refresh", "--config"]);
        let output = command.arg(&file).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    let (status, said) = refresh();
    assert_eq!(status, Some(0), "{said}");
    assert!(
        said.contains("40 channels, ") && said.contains(" events"),
        "{said}"
    );

    let mut program = Process::start(xg2g(["--config"]).arg(&file));
    let address = program.listens();
    // At once, of what was kept.
    assert_eq!(get(address, "/playlist.m3u").playlist().len(), 40);
    let (status, said) = refresh();
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("another xg2g uses this directory"), "{said}");
    assert_eq!(get(address, "/playlist.m3u").playlist().len(), 40);
    assert!(program.stop().0.success());

    receiver.process.stop();
    let (status, said) = refresh();
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("the refresh failed: "), "{said}");
    assert!(state.join("channels.gz").exists() && data.join("guide.deflate").exists());
}
