//! Settings are changed over HTTP, in a file of their own.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use nanoserde::DeJson;

use crate::kit::{get, get_with, send, xg2g, Answer, Folder, Process};

const FILE: &str = "# mine\n[guide]\nenabled = false # no guide\n";

#[derive(DeJson)]
struct Refused {
    code: String,
    details: Vec<String>,
    errors: Vec<Wrong>,
}

#[derive(DeJson)]
struct Wrong {
    key: String,
    problem: String,
}

/// A demo with its files in a folder.
struct Home {
    folder: Folder,
    file: String,
}

impl Home {
    fn new(more: &str) -> Home {
        let folder = Folder::new();
        let (state, data) = (folder.path("state"), folder.path("data"));
        let (state, data) = (state.display(), data.display());
        let text = format!("{FILE}[files]\nstate = '{state}'\ndata = '{data}'\n{more}");
        let file = folder.write("xg2g.toml", &text).display().to_string();
        fs::create_dir_all(folder.path("state")).unwrap();
        Home { folder, file }
    }

    fn settings(&self) -> PathBuf {
        self.folder.path("state/settings.toml")
    }

    /// What the file of settings says, without comments.
    fn said(&self) -> String {
        let text = fs::read_to_string(self.settings()).unwrap();
        let lines = text.lines();
        let said: Vec<&str> = lines.filter(|line| !line.starts_with('#')).collect();
        said.join("\n").trim().to_owned()
    }

    fn start_with(&self, args: &[&str], env: &[(&str, &str)]) -> (Process, SocketAddr) {
        let named = ["--demo", "--listen", "127.0.0.1:0", "--config", &self.file];
        let mut command = xg2g(named.iter().chain(args).copied());
        let mut program = Process::start(command.envs(env.iter().copied()));
        let address = program.listens();
        (program, address)
    }

    fn start(&self) -> (Process, SocketAddr) {
        self.start_with(&[], &[])
    }

    fn audit(&self) -> String {
        fs::read_to_string(self.folder.path("data/audit.log")).unwrap_or_default()
    }

    /// Runs another command beside; what it says.
    fn run(&self, args: &[&str]) -> String {
        let args = args.iter().copied().chain(["--config", &self.file]);
        let (status, said) = Process::start(&mut xg2g(args)).end();
        assert!(status.success(), "{said}");
        said
    }
}

fn post_with(address: SocketAddr, path: &str, headers: &str, body: &str) -> Answer {
    let length = body.len();
    send(
        address,
        &format!(
            "POST {path} HTTP/1.1\r\nHost: box:8080\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        ),
    )
}

fn post(address: SocketAddr, body: &str) -> Answer {
    post_with(address, "/api/v1/config", "", body)
}

#[track_caller]
fn saved(answer: &Answer) -> &str {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer
        .text()
        .starts_with(r#"{"status":"saved","changes":["#));
    answer.text()
}

#[track_caller]
fn refused(answer: &Answer) -> Refused {
    assert_eq!(answer.status, 422, "{}", answer.text());
    let refused = Refused::deserialize_json(answer.text()).unwrap();
    assert_eq!(refused.code, "E201");
    refused
}

/// What is shown of a key.
#[track_caller]
fn shown(address: SocketAddr, key: &str) -> String {
    let all = get(address, "/api/v1/config").text().to_owned();
    let begin = format!("{{\"key\":\"{key}\",");
    let (_, rest) = all.split_once(&begin).unwrap();
    rest.split_once('}').unwrap().0.to_owned()
}

#[test]
fn a_changed_key_counts_at_once_and_after_a_restart_and_the_user_s_file_stays() {
    let home = Home::new("");
    let before = fs::read(&home.file).unwrap();
    let (mut program, address) = home.start();
    let days = shown(address, "guide.days");
    for part in [
        r#""value":7,"default":7,"source":"default","kind":"number","min":1,"max":14,"#,
        r#""allowed":"a whole number from 1 to 14","#,
        r#""env":"XG2G_EPG_DAYS","needs_restart":false"#,
        r#""saved":false"#,
    ] {
        assert!(days.contains(part), "{part} {days}");
    }
    assert!(shown(address, "stream.mode").contains(r#""choices":["proxy","redirect","direct"]"#));
    let answer = post(
        address,
        r#"{"guide.days":3,"channels.guard":60,"channels.bouquets":["a","b\n"]}"#,
    );
    let change = r#"{"key":"guide.days","value":3,"was":7,"needs_restart":false}"#;
    assert!(saved(&answer).contains(change), "{}", answer.text());
    program.says("configuration: guide.days = 3, was 7");
    let said = "[guide]\ndays = 3\n\n[channels]\nbouquets = [\"a\", \"b\\n\"]\nguard = 60";
    let mut sections: Vec<String> = home.said().split("\n\n").map(str::to_owned).collect();
    sections.sort_by_key(|section| !section.starts_with("[guide]"));
    assert_eq!(sections.join("\n\n"), said);
    let mode = fs::metadata(home.settings()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "a password may come into it");
    let days = shown(address, "guide.days");
    assert!(
        days.starts_with(r#""value":3,"default":7,"source":""#),
        "{days}"
    );
    assert!(days.contains("/state/settings.toml:") && days.ends_with(r#""saved":true"#));
    // Somebody else changes the file: that is seen, and what was told is not told again.
    let text = fs::read_to_string(home.settings()).unwrap();
    fs::write(home.settings(), text.replace("60", "61")).unwrap();
    program.says("configuration: channels.guard = 61, was 60");
    let metrics = get(address, "/metrics");
    let count = "xg2g_config_reload_total{status=\"success\"} 2";
    assert!(metrics.text().contains(count), "{}", metrics.text());
    let (status, said) = program.stop();
    assert!(status.success(), "{said}");
    assert_eq!(said.matches("guide.days = 3").count(), 1, "{said}");
    let audit = home.audit();
    let line = audit.lines().find(|line| line.contains("config.reload"));
    let line = line.unwrap();
    for part in [
        "\"change\"",
        "127.0.0.1",
        "state/settings.toml",
        "guide.days",
    ] {
        assert!(line.contains(part), "{part} {line}");
    }

    let (program, address) = home.start();
    assert!(shown(address, "guide.days").starts_with("\"value\":3,"));
    let told = home.run(&["config"]);
    let line = told
        .lines()
        .find(|line| line.starts_with("days = 3 "))
        .unwrap();
    assert!(
        line.contains("# ") && line.contains("/state/settings.toml:"),
        "{line}"
    );
    let answer = post(address, r#"{"guide.days":null,"channels.bouquets":null}"#);
    assert!(saved(&answer).contains(r#"{"key":"guide.days","value":7,"was":3,"#));
    assert!(shown(address, "guide.days").starts_with(r#""value":7,"default":7,"source":"default""#));
    // A value that counts anyway needs no line.
    saved(&post(
        address,
        r#"{"guide.enabled":true,"channels.guard":50}"#,
    ));
    assert!(home.said().contains("enabled = true") && !home.said().contains("guard"));
    saved(&post(address, r#"{"guide.enabled":false}"#));
    assert!(!home.said().contains('='), "{}", home.said());
    assert_eq!(fs::read(&home.file).unwrap(), before);
    assert!(program.stop().0.success());
}

#[test]
fn anything_wrong_is_told_with_all_else_and_changes_nothing() {
    let home = Home::new("");
    let (program, address) = home.start();
    saved(&post(address, r#"{"guide.days":3}"#));
    let before = fs::read(home.settings()).unwrap();
    let answer = post(
        address,
        r#"{"guide.days":99,"guide.dys":1,"stream.port":4,"guide.enabled":"yes","log.level":{"a":1},"stream.port":5.0}"#,
    );
    let told = refused(&answer);
    let keys: Vec<&str> = told.errors.iter().map(|one| &*one.key).collect();
    let wrong = [
        "guide.days",
        "guide.dys",
        "guide.enabled",
        "log.level",
        "stream.port",
    ];
    assert_eq!(keys, wrong);
    assert_eq!(
        told.errors[0].problem,
        "must be a whole number from 1 to 14"
    );
    assert_eq!(told.errors[1].problem, "no such key; is guide.days meant?");
    assert_eq!(told.errors[4].problem, "is said twice");
    assert_eq!(
        told.details[0],
        "guide.days = 99: must be a whole number from 1 to 14"
    );
    // Two keys that contradict each other.
    let told = refused(&post(address, r#"{"refresh.interval":"2d"}"#));
    assert_eq!(told.errors[0].key, "refresh.interval");
    for (body, status, code) in [
        ("", 400, "E002"),
        ("[]", 400, "E002"),
        ("{\"guide.days\":", 400, "E002"),
        (&"x".repeat(20_000), 413, "E005"),
    ] {
        let answer = post(address, body);
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!(answer.text().contains(code), "{}", answer.text());
    }
    let checked = |query: &str, body: &str| {
        post_with(address, &format!("/api/v1/config?check={query}"), "", body)
    };
    assert_eq!(checked("maybe", "{}").status, 400);
    let told = refused(&checked("true", r#"{"guide.days":0}"#));
    assert_eq!(told.errors[0].key, "guide.days");
    let answer = checked("true", r#"{"guide.days":4,"stream.port":81}"#);
    assert_eq!(answer.status, 200);
    let text = answer.text();
    assert!(
        text.starts_with(r#"{"status":"checked","changes":[{"key":"guide.days","value":4,"was":3"#)
    );
    assert!(shown(address, "guide.days").starts_with("\"value\":3,"));
    assert_eq!(fs::read(home.settings()).unwrap(), before);
    let (status, said) = program.stop();
    assert!(status.success(), "{said}");
    let refusals = said.matches("settings are refused").count();
    assert_eq!(refusals, 2, "{said}");
    // What was only checked is nobody's concern.
    let audit = home.audit();
    assert_eq!(audit.matches("config.reload\"").count(), 1, "{audit}");
    assert_eq!(audit.matches("config.reload.error").count(), 2, "{audit}");
}

#[test]
fn what_a_stronger_place_says_is_locked_and_so_is_the_place_of_the_file_itself() {
    let home = Home::new("");
    let args = ["--set", "guide.days=2"];
    let (program, address) = home.start_with(&args, &[("XG2G_STREAM_PORT", "81")]);
    let answer = post(
        address,
        r#"{"guide.days":3,"stream.port":82,"files.state":"/x","channels.guard":60}"#,
    );
    let told = refused(&answer);
    let told: Vec<(&str, &str)> = told
        .errors
        .iter()
        .map(|one| (&*one.key, &*one.problem))
        .collect();
    let place = "says where these settings are kept: set it in the configuration file";
    let expected = [
        ("guide.days", "set on the command line, which wins"),
        ("stream.port", "set by XG2G_STREAM_PORT, which wins"),
        ("files.state", place),
    ];
    assert_eq!(told, expected);
    for (key, why) in expected {
        let locked = format!("\"locked\":\"{why}\"");
        assert!(
            shown(address, key).contains(&locked),
            "{}",
            shown(address, key)
        );
    }
    assert!(!shown(address, "channels.guard").contains("\"locked\":\""));
    assert!(!home.settings().exists());
    assert!(program.stop().0.success());
}

#[test]
fn a_key_that_needs_a_restart_is_saved_and_waits_for_it() {
    let home = Home::new("");
    let text = fs::read_to_string(&home.file).unwrap();
    let text = text.lines().filter(|line| !line.starts_with("data"));
    let text: Vec<&str> = text.collect();
    fs::write(&home.file, text.join("\n")).unwrap();
    let (program, address) = home.start();
    let other = home.folder.path("other").display().to_string();
    let answer = post(address, &format!(r#"{{"files.data":"{other}"}}"#));
    let change =
        format!(r#"{{"key":"files.data","value":"{other}","was":"","needs_restart":true}}"#);
    assert!(saved(&answer).contains(&change), "{}", answer.text());
    let data = shown(address, "files.data");
    assert!(
        data.starts_with(r#""value":"","default":"","source":"default","#),
        "{data}"
    );
    assert!(data.contains(&format!(r#""waiting":"{other}""#)), "{data}");
    assert!(data.ends_with(r#""saved":true"#), "{data}");
    assert!(program.stop().0.success());
    let (program, address) = home.start();
    let data = shown(address, "files.data");
    assert!(
        data.starts_with(&format!("\"value\":\"{other}\",")),
        "{data}"
    );
    assert!(home.folder.path("other").exists());
    // What follows from it for others does not move the state: the settings are found again.
    assert!(home.settings().exists());
    assert!(program.stop().0.success());
}

#[test]
fn secrets_are_set_and_never_shown() {
    const TOKEN: &str = "geheim-0123456789abc";
    let home = Home::new("[log]\nlevel = 'trace'\n");
    let (program, address) = home.start();
    let mut all = String::new();
    let body = format!(r#"{{"auth.token":"{TOKEN}","auth.stream_key":"geheim-stream-key-1"}}"#);
    all += saved(&post(address, &body));
    assert!(
        all.contains(r#""key":"auth.token","value":"***","was":"""#),
        "{all}"
    );
    // From now on it is needed.
    assert_eq!(post(address, "{}").status, 401);
    let asked = format!("Authorization: Bearer {TOKEN}\r\n");
    let post = |body: &str| post_with(address, "/api/v1/config", &asked, body);
    // What is shown may be sent back.
    all += saved(&post(
        r#"{"auth.token":"***","auth.stream_key":"***","guide.days":2}"#,
    ));
    all += post(r#"{"auth.token":"geheim geheim","receiver.url":"ftp://a:geheim@b"}"#).text();
    let config = get_with(address, "/api/v1/config", &asked);
    all += config.text();
    assert!(config
        .text()
        .contains(r#"{"key":"auth.stream_key","value":"***""#));
    let said = home.said();
    assert!(
        said.contains(TOKEN) && said.contains("\"geheim-stream-key-1\""),
        "{said}"
    );
    let (status, said) = program.stop();
    assert!(status.success(), "{said}");
    all += &said;
    all += &home.audit();
    all += &home.run(&["config"]);
    assert!(all.contains("auth.token"));
    assert_eq!(all.matches("geheim").count(), 0, "{all}");
}

#[test]
fn who_may_not_change_things_changes_no_settings() {
    let home = Home::new("[server]\ntrusted_proxies = ['127.0.0.1']\n");
    let (program, address) = home.start();
    let lan = "X-Forwarded-For: 192.168.7.7\r\n";
    let page = "Origin: http://evil.example\r\n";
    for (headers, code) in [(lan, "E015"), (page, "E013")] {
        let answer = post_with(address, "/api/v1/config", headers, r#"{"guide.days":3}"#);
        assert_eq!(answer.status, 403, "{}", answer.text());
        assert!(answer.text().contains(code), "{}", answer.text());
    }
    assert_eq!(get_with(address, "/api/v1/config", lan).status, 200);
    assert!(!home.settings().exists());
    assert!(program.stop().0.success());
}

#[test]
fn settings_that_cannot_be_saved_do_not_count() {
    let home = Home::new("");
    let (mut program, address) = home.start();
    saved(&post(address, r#"{"guide.days":3}"#));
    let before = fs::read(home.settings()).unwrap();
    // Nothing can be written beside the file: root, who may run this, is stopped by no permissions.
    let beside = home.folder.path("state/.settings.toml.new");
    fs::create_dir_all(beside.join("x")).unwrap();
    let answer = post(address, r#"{"guide.days":4}"#);
    assert_eq!(answer.status, 507, "{}", answer.text());
    assert!(answer.text().contains("\"code\":\"E202\""));
    assert!(
        answer.text().contains("settings.toml: "),
        "{}",
        answer.text()
    );
    program.says("settings cannot be saved, the configuration in force stays");
    assert!(shown(address, "guide.days").starts_with("\"value\":3,"));
    assert_eq!(fs::read(home.settings()).unwrap(), before);
    fs::remove_dir_all(beside).unwrap();
    saved(&post(address, r#"{"guide.days":4}"#));
    assert!(program.stop().0.success());
    assert!(home.audit().contains("config.reload.error"));
}

#[test]
fn a_line_that_is_wrong_is_passed_over_and_kept() {
    let home = Home::new("");
    let odd = "# by hand\n[guide]\ndays = 99\nnights = [\n 1, # one\n]\n[later]\nx = 1.5\n";
    fs::write(home.settings(), odd).unwrap();
    let (mut program, address) = home.start();
    let told = home.run(&["check", "--demo", "--listen", "127.0.0.1:0"]);
    for line in [3, 4, 8] {
        let begin = format!("settings.toml:{line}: ");
        let found = told.lines().find(|told| told.contains(&begin));
        assert!(found.unwrap().ends_with("; passed over"), "{told}");
    }
    assert!(shown(address, "guide.days").starts_with("\"value\":7,"));
    saved(&post(address, r#"{"guide.days":3}"#));
    program.says("nights: no such key");
    let text = fs::read_to_string(home.settings()).unwrap();
    assert_eq!(text, odd.replace("days = 99", "days = 3"));
    // One that is no text is neither read nor overwritten.
    fs::write(home.settings(), b"[guide]\ndays = 2 # \xff\n").unwrap();
    let answer = post(address, r#"{"guide.days":4}"#);
    assert!(refused(&answer).details[0].contains("settings.toml:2: is not UTF-8"));
    assert_eq!(
        fs::read(home.settings()).unwrap(),
        b"[guide]\ndays = 2 # \xff\n"
    );
    assert!(program.stop().0.success());
}

#[test]
fn settings_are_saved_and_restored_with_the_configuration() {
    let home = Home::new("");
    fs::write(home.settings(), "[guide]\ndays = 3\n").unwrap();
    let saved = home.folder.path("saved").display().to_string();
    let said = home.run(&["backup", &saved]);
    assert!(said.contains("state/settings.toml"), "{said}");
    let (mut program, address) = home.start();
    assert!(shown(address, "guide.days").starts_with("\"value\":3,"));
    let said = home.run(&["check", "--demo", "--listen", "127.0.0.1:0"]);
    assert!(
        said.contains("1 key changed over HTTP, read from "),
        "{said}"
    );
    // Those that are there now contradict the rest, and do not matter.
    fs::write(home.settings(), "[refresh]\ninterval = '2d'\n").unwrap();
    let said = home.run(&["restore", &saved]);
    assert!(
        said.contains("changed  ") && said.contains("settings.toml"),
        "{said}"
    );
    assert_eq!(home.said(), "[guide]\ndays = 3");
    let mode = fs::metadata(home.settings()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    fs::write(home.settings(), "").unwrap();
    program.says("guide.days = 7, was 3");
    home.run(&["restore", &saved]);
    program.says("guide.days = 3, was 7");
    assert!(program.stop().0.success());
}
