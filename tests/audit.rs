//! What the audit is told, and where it is written.

use std::fs;
use std::path::Path;

use nanoserde::DeJson;
use rustix::process::Signal;
use smol::future::zip;
use xg2g::config::{Config, ReceiverSource};
use xg2g::log::audit::{Event, Kind, Output};
use xg2g::model::parse_rfc3339;
use xg2g::receiver::demo::{Fault, Options};

use crate::kit::disk::{self, copy_of};
use crate::kit::{with, with_channels, with_demo, xg2g, AuditLine, Folder, Kit, Log, Process};

const FIELDS: [&str; 10] = [
    "timestamp",
    "log_type",
    "event_type",
    "actor",
    "action",
    "resource",
    "result",
    "remote_addr",
    "request_id",
    "details",
];

/// One line of the audit, looked at as it must be in any case.
fn parse(line: &str) -> AuditLine {
    let places = FIELDS.map(|field| line.find(&format!("\"{field}\":")));
    assert!(
        places.iter().all(Option::is_some) && places.is_sorted(),
        "{line}"
    );
    let read = AuditLine::deserialize_json(line).unwrap();
    assert!(parse_rfc3339(&read.timestamp).is_some(), "{line}");
    assert!(read.timestamp.ends_with('Z'), "{line}");
    assert_eq!(read.log_type, "audit");
    read
}

fn lines_of(path: &Path) -> Vec<AuditLine> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.ends_with("}}\n"), "{text}");
    text.lines().map(parse).collect()
}

/// Stops the program, which writes what waits, and reads the file where it lies if nobody says otherwise.
async fn lines(kit: &Kit) -> Vec<AuditLine> {
    kit.stop().await;
    lines_of(&kit.directory().join("data/audit.log"))
}

/// Event and who did it.
fn events(lines: &[AuditLine]) -> Vec<(&str, &str)> {
    lines
        .iter()
        .map(|line| (line.event_type.as_str(), line.actor.as_str()))
        .collect()
}

fn to(output: Output) -> impl FnOnce(&mut Config) {
    |config| {
        config.guide.enabled = false;
        config.audit.output = output;
    }
}

#[test]
fn a_pass_tells_that_it_begins_and_how_it_ended() {
    with_demo(async |kit| {
        kit.pass().await;
        let status = kit.status().await;
        let lines = lines(kit).await;
        assert_eq!(
            events(&lines),
            [("refresh.start", "start"), ("refresh.success", "start")]
        );
        let (begin, end) = (&lines[0], &lines[1]);
        for line in &lines {
            assert_eq!(
                (&*line.action, &*line.resource),
                ("refresh", "channels and guide")
            );
            assert_eq!((&*line.remote_addr, &*line.request_id), ("", ""));
        }
        assert_eq!((&*begin.result, &*end.result), ("started", "success"));
        assert!(begin.details.is_empty());
        let channels = status.channels.tv + status.channels.radio;
        assert_eq!(end.details["channels"], channels.to_string());
        assert_eq!(
            end.details["events"],
            status.guide.unwrap().events.to_string()
        );
        assert!(end.details["bouquets"].parse::<u32>().unwrap() > 1);
        assert!(end.details["duration_ms"].parse::<u32>().is_ok());
    });
}

#[test]
fn a_pass_that_a_client_asked_for_has_its_address_and_the_id_of_its_request() {
    with_channels(async |kit| {
        kit.pass().await;
        let ask = kit.request(
            "POST /api/v1/refresh HTTP/1.1\r\nHost: box:8080\r\nX-Request-ID: by-hand-1\r\n\r\n",
        );
        let (_, answer) = zip(kit.pass(), ask).await;
        assert_eq!(answer.status, 202, "{}", answer.text());
        let lines = lines(kit).await;
        let asked: Vec<&AuditLine> = lines
            .iter()
            .filter(|line| line.request_id == "by-hand-1")
            .collect();
        let kinds: Vec<&str> = asked.iter().map(|line| line.event_type.as_str()).collect();
        assert!(
            kinds.ends_with(&["refresh.start", "refresh.success"]),
            "{kinds:?}"
        );
        for line in asked {
            assert_eq!(
                (&*line.actor, &*line.remote_addr),
                ("127.0.0.1", "127.0.0.1")
            );
        }
    });
}

#[test]
fn a_receiver_that_fails_gives_an_error_with_its_reason() {
    with_channels(async |kit| {
        kit.pass().await;
        kit.receiver().set_fault(Some(Fault::Error500));
        kit.refresh().await;
        let why = kit.status().await.refresh.error.unwrap();
        let lines = lines(kit).await;
        let last = lines.last().unwrap();
        assert_eq!(
            (&*last.event_type, &*last.result),
            ("refresh.error", "failure")
        );
        assert_eq!(last.details["error"], why);
        assert!(last.details.contains_key("duration_ms"));
        assert!(!last.details.contains_key("channels"));
    });
}

#[test]
fn a_look_at_files_that_changed_is_told() {
    with_channels(async |kit| {
        kit.pass().await;
        let (listing, events_there) = copy_of(kit.receiver()).await;
        let directory = kit.directory().join("enigma2");
        disk::write(
            &directory,
            &listing,
            &events_there,
            &kit.directory().join("epg.dat"),
        );
        kit.forget().await;
        let dir = directory.clone();
        kit.configure(|config| {
            config.receiver.source = ReceiverSource::Disk;
            config.receiver.dir = dir;
        });
        kit.start();
        kit.pass().await;
        let bouquets = fs::read(directory.join("bouquets.tv")).unwrap();
        zip(kit.pass(), async {
            disk::place(&directory, "bouquets.tv", &bouquets)
        })
        .await;
        let lines = lines(kit).await;
        assert_eq!(
            events(&lines)[2..6],
            [
                ("refresh.start", "files"),
                ("refresh.success", "files"),
                ("refresh.start", "files"),
                ("refresh.success", "files"),
            ]
        );
        assert_eq!(
            (&*lines[2].resource, &*lines[4].resource),
            ("channels", "guide")
        );
    });
}

#[test]
fn hostile_text_stays_one_line_and_is_read_back_as_it_was() {
    let hostile =
        "a\"}}\r\n{\"log_type\":\"audit\"}\u{0}\u{1b}[2J\u{85}\u{2028}\u{202e}\\u000a\\\u{fffd}😀";
    with_channels(async |kit| {
        kit.pass().await;
        kit.audit().record(Event {
            actor: hostile,
            action: hostile,
            resource: hostile,
            request_id: hostile,
            details: &[("agent", hostile.to_owned())],
            ..Event::of(Kind::ApiForbidden)
        });
        let lines = lines(kit).await;
        assert_eq!(lines.len(), 3);
        let last = &lines[2];
        for text in [
            &last.actor,
            &last.action,
            &last.resource,
            &last.request_id,
            &last.details["agent"],
        ] {
            assert_eq!(text, hostile);
        }
    });
}

#[test]
fn the_audit_can_go_to_the_log() {
    let log = Log::start();
    with(Options::default(), to(Output::Log), async |kit| {
        kit.pass().await;
        kit.audit().record(Event {
            actor: "a\u{2028}\n",
            ..Event::of(Kind::AuthMissing)
        });
        kit.stop().await;
        assert!(!kit.directory().join("data/audit.log").exists());
        let said = log.take();
        let told = said.iter().filter_map(|line| line.strip_prefix("INFO {"));
        let lines: Vec<AuditLine> = told.map(|line| parse(&format!("{{{line}"))).collect();
        assert_eq!(
            events(&lines),
            [
                ("refresh.start", "start"),
                ("refresh.success", "start"),
                ("auth.missing", "a\u{2028}\n"),
            ]
        );
    });
}

#[test]
fn the_log_of_the_built_program_takes_it_unchanged_unless_its_level_is_too_high() {
    for (level, is_told) in [("info", true), ("warn", false)] {
        let folder = Folder::new();
        let log = folder.path("log");
        let file = folder.write(
            "xg2g.toml",
            &format!(
                "[guide]\nenabled = false\n[audit]\noutput = 'log'\n[log]\nlevel = '{level}'\noutput = '{}'\n",
                log.display()
            ),
        );
        let mut command = xg2g(["--demo", "--listen", "127.0.0.1:0", "--config"]);
        let mut program = Process::start(command.arg(file));
        program.says("Ctrl-C stops it");
        assert!(program.stop().0.success());
        let text = fs::read_to_string(&log).unwrap();
        let lines: Vec<AuditLine> = text
            .lines()
            .filter_map(|line| line.split_once("INFO  [xg2g::audit] "))
            .map(|(_, line)| parse(line))
            .collect();
        assert_eq!(lines.len(), if is_told { 2 } else { 0 }, "{text}");
        let warnings = text.matches("its lines are lost: log.level").count();
        assert_eq!(warnings, usize::from(!is_told), "{text}");
    }
}

#[test]
fn the_audit_can_be_off_or_in_another_file() {
    with(Options::default(), to(Output::Off), async |kit| {
        kit.pass().await;
        let audit = kit.audit();
        kit.stop().await;
        assert!(!kit.directory().join("data/audit.log").exists());
        assert_eq!(audit.dropped(), 0);
    });
    let folder = Folder::new();
    let path = folder.path("a.log");
    with(
        Options::default(),
        to(Output::File(path.clone())),
        async |kit| {
            kit.pass().await;
            kit.stop().await;
            assert!(!kit.directory().join("data/audit.log").exists());
            assert_eq!(lines_of(&path).len(), 2);
        },
    );
}

#[test]
fn a_full_file_is_set_aside() {
    with_channels(async |kit| {
        kit.pass().await;
        kit.stop().await;
        let (file, aside) = ("data/audit.log", "data/audit.log.1");
        let (file, aside) = (kit.directory().join(file), kit.directory().join(aside));
        let old = "x".repeat(256 * 1024);
        fs::write(&file, &old).unwrap();
        kit.start();
        kit.pass().await;
        kit.stop().await;
        assert!(fs::read_to_string(&aside).unwrap() == old);
        assert_eq!(lines_of(&file).len(), 2);
    });
}

#[test]
fn lines_too_many_are_dropped_counted_and_told() {
    with_channels(async |kit| {
        kit.pass().await;
        let audit = kit.audit();
        // Nobody else runs meanwhile, so that nothing is written.
        for _ in 0..1_000 {
            audit.record(Event::of(Kind::ApiRateLimit));
        }
        let dropped = audit.dropped();
        assert!((744..=746).contains(&dropped), "{dropped}");
        let lines = lines(kit).await;
        let kept = lines
            .iter()
            .filter(|line| line.event_type == "api.ratelimit");
        assert_eq!(kept.count(), 1_000 - dropped as usize);
        let told: Vec<&AuditLine> = lines
            .iter()
            .filter(|line| line.event_type == "audit.dropped")
            .collect();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].details["lines"], dropped.to_string());
        assert_eq!((&*told[0].actor, &*told[0].result), ("xg2g", "failure"));
    });
}

#[test]
fn a_file_that_cannot_be_written_is_warned_of_once_and_stops_nothing() {
    let log = Log::start();
    let full = Output::File("/dev/full".into());
    with(Options::default(), to(full), async |kit| {
        kit.pass().await;
        kit.refresh().await;
        kit.refresh().await;
        assert_eq!(kit.get("/playlist.m3u").await.status, 200);
        let audit = kit.audit();
        kit.stop().await;
        // Three passes begin and end, two of them after a request.
        assert_eq!(audit.dropped(), 8);
        let said = log.take();
        let warnings: Vec<&String> = said.iter().filter(|line| line.contains("WARN")).collect();
        assert_eq!(warnings.len(), 1, "{said:?}");
        assert!(warnings[0].starts_with("WARN ") && warnings[0].contains("/dev/full: "));
    });
}

/// The built program on a file, its data beside it.
fn program(folder: &Folder, text: &str) -> Process {
    let file = configure(folder, text);
    let mut command = xg2g(["--demo", "--listen", "127.0.0.1:0", "--config"]);
    Process::start(command.arg(file))
}

fn configure(folder: &Folder, text: &str) -> std::path::PathBuf {
    let data = folder.path("data");
    folder.write(
        "xg2g.toml",
        &format!("files.data = '{}'\n{text}", data.display()),
    )
}

#[test]
fn a_reload_is_told_with_what_changed_and_no_secret() {
    let folder = Folder::new();
    let mut program = program(&folder, "guide.enabled = false\n");
    program.says("Ctrl-C stops it");
    let text = "guide.enabled = false\nguide.days = 3\nauth.token = 'geheim'\nfiles.state = '/x'\n";
    configure(&folder, text);
    program.tell(Signal::HUP);
    program.says("files.state");
    program.tell(Signal::HUP);
    program.says("files.state");
    assert!(program.stop().0.success());
    let lines = lines_of(&folder.path("data/audit.log"));
    let told: Vec<&AuditLine> = lines
        .iter()
        .filter(|line| line.event_type.starts_with("config."))
        .collect();
    assert_eq!(told.len(), 2, "{lines:?}");
    let file = folder.path("xg2g.toml").display().to_string();
    for line in &told {
        assert_eq!(
            (&*line.event_type, &*line.result),
            ("config.reload", "success")
        );
        assert_eq!((&*line.actor, &*line.action), ("signal", "reload"));
        assert_eq!(line.resource, file);
    }
    let mut changes: Vec<(&str, &str)> = told[0]
        .details
        .iter()
        .map(|(key, change)| (key.as_str(), change.as_str()))
        .collect();
    changes.sort_unstable();
    assert_eq!(
        changes,
        [
            ("auth.token", "\"***\", was \"\""),
            ("files.state", "\"/x\", was \"\", needs a restart"),
            ("guide.days", "3, was 7"),
        ]
    );
    assert_eq!(told[1].details.len(), 1, "still to be restarted for");
}

#[test]
fn a_reload_that_is_refused_is_told_with_its_first_reasons() {
    let folder = Folder::new();
    let mut program = program(&folder, "guide.enabled = false\n");
    program.says("Ctrl-C stops it");
    let text = "guide.days = 99\nreceiver.url = 'ftp://root:geheim@box'\nreceiver.password = 7\nlog.level = 'x'\n";
    configure(&folder, text);
    program.tell(Signal::HUP);
    program.says("xg2g.toml:5: ");
    configure(&folder, "guide.days = 98\n");
    program.tell(Signal::HUP);
    program.says("xg2g.toml:2: ");
    assert!(program.stop().0.success());
    let file = folder.path("data/audit.log");
    assert!(!fs::read_to_string(&file).unwrap().contains("geheim"));
    let lines = lines_of(&file);
    let told: Vec<&AuditLine> = lines
        .iter()
        .filter(|line| line.event_type.starts_with("config."))
        .collect();
    assert_eq!(told.len(), 2, "{lines:?}");
    for line in &told {
        assert_eq!(
            (&*line.event_type, &*line.result),
            ("config.reload.error", "failure")
        );
    }
    let details = &told[0].details;
    assert_eq!((details.len(), &*details["errors"]), (4, "4"));
    assert!(details["first"].contains("xg2g.toml:2: guide.days = 99: "));
    assert!(details["second"].contains("receiver.url"));
    assert!(details["third"].contains("receiver.password"));
    assert_eq!(told[1].details["errors"], "1");
    assert!(told[1].details["first"].contains("guide.days = 98: "));
}

#[test]
fn the_page_names_every_event_field_and_result() {
    let read =
        |path: &str| fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let (page, source) = (read("docs/AUDIT.md"), read("src/log/audit/event.rs"));
    let names: Vec<&str> = source
        .split(" => \"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert_eq!(names.len(), 12 + 4, "{names:?}");
    for name in names.iter().chain(&FIELDS) {
        assert!(
            page.contains(&format!("`{name}`")),
            "{name} is not in the page"
        );
    }
    let example = page.lines().find(|line| line.starts_with('{')).unwrap();
    parse(example);
}
