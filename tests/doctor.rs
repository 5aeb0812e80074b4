//! `xg2g check`: what is told when something is wrong, and with which exit status.

// The derive knows no narrower word than `pub`, and writes its code its own way.
#![allow(unreachable_pub, clippy::question_mark)]

use std::net::TcpListener;

use nanoserde::DeJson;
use rustix::process::Signal;

use xg2g::model::{Entry, EpgKey, Event, ListedBouquet, Listing, Media, ServiceRef};

use crate::kit::{disk, xg2g, Folder, Process, Receiver};

#[derive(Debug, DeJson)]
pub struct Finding {
    pub check: String,
    pub status: String,
    pub message: String,
}

impl Receiver {
    /// What is found about it; `set` are further settings.
    fn check(&self, set: &[&str]) -> (Vec<Finding>, i32) {
        let url = format!("receiver.url={}", self.url);
        let port = format!("stream.port={}", self.streams);
        let mut all = vec![&*url, &*port, "server.listen=127.0.0.1:0"];
        all.extend(set);
        check(&all)
    }
}

fn check(set: &[&str]) -> (Vec<Finding>, i32) {
    let set = set.iter().flat_map(|set| ["--set", set]);
    let args = ["check", "--json"].into_iter().chain(set);
    let (status, said) = Process::start(&mut xg2g(args)).end();
    let findings = DeJson::deserialize_json(&said);
    let findings = findings.unwrap_or_else(|error| panic!("{error}: {said}"));
    (findings, status.code().unwrap())
}

/// The one finding that is a problem.
#[track_caller]
fn the_problem((findings, status): (Vec<Finding>, i32)) -> (String, String) {
    assert_eq!(status, 1, "{findings:?}");
    let mut problems = findings
        .into_iter()
        .filter(|finding| finding.status == "problem");
    let problem = problems.next().unwrap();
    assert!(problems.next().is_none());
    (problem.check, problem.message)
}

#[test]
fn a_demo_is_in_order_and_every_check_has_its_line() {
    let folder = Folder::new();
    let data = format!("files.data={}", folder.path("data").display());
    let args = ["check", "--demo", "--listen", "127.0.0.1:0", "--set", &data];
    let (status, said) = Process::start(&mut xg2g(args)).end();
    assert_eq!(status.code(), Some(0), "{said}");
    let checks: Vec<&str> = said
        .lines()
        .map(|line| line.split_whitespace().nth(1).unwrap())
        .collect();
    let all = "configuration access clock port data state source receiver login openwebif standby bouquets guide streams relay stream";
    assert_eq!(checks, all.split(' ').collect::<Vec<_>>(), "{said}");
    assert!(!said.contains("problem"), "{said}");
    assert!(said.contains("OpenWebif 2.4.0, xg2g Demo 4K, openATV"));
    assert!(said.contains("could be seen after "), "{said}");
    assert!(!folder.path("data").exists(), "it makes nothing");
}

#[test]
fn the_receiver_is_asked_little_and_never_two_things_at_once() {
    let receiver = Receiver::start(&["--bouquets", "30", "--services", "300", "--line", "1"]);
    let (findings, status) = receiver.check(&[]);
    assert_eq!(status, 0, "{findings:?}");
    let (_, said) = receiver.process.stop();
    let number = |name: &str| -> u32 {
        let line = said.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().trim().parse().unwrap()
    };
    assert!(number("calls ") <= 36, "{said}");
    assert_eq!(number("overlapping "), 0, "{said}");
}

#[test]
fn a_receiver_that_is_not_there_is_told_with_what_to_look_at() {
    let receiver = Receiver::start(&[]);
    let url = receiver.url.clone();
    receiver.process.stop();
    let url = format!("receiver.url={url}");
    let (check, message) = the_problem(check(&[&url, "server.listen=127.0.0.1:0"]));
    assert_eq!(check, "receiver");
    assert!(
        message.contains("nothing listens on 127.0.0.1:"),
        "{message}"
    );
    assert!(message.contains("is enigma2 running"), "{message}");
}

#[test]
fn a_login_that_is_wrong_or_missing_is_told() {
    let receiver = Receiver::start(&["--user", "root", "--password", "right"]);
    for (set, says) in [
        (
            &["receiver.user=root", "receiver.password=wrong"][..],
            "check user name and password",
        ),
        (&[], "it wants a login"),
    ] {
        let (check, message) = the_problem(receiver.check(set));
        assert_eq!(check, "login");
        assert!(
            message.contains(says) && message.contains("receiver.user"),
            "{message}"
        );
    }
    let (findings, status) = receiver.check(&["receiver.user=root", "receiver.password=right"]);
    assert_eq!(status, 0, "{findings:?}");
}

#[test]
fn what_is_no_openwebif_is_told() {
    for fault in ["html", "result-false", "empty-body", "cut-json"] {
        let receiver = Receiver::start(&["--fault", fault]);
        let (check, message) = the_problem(receiver.check(&[]));
        assert_eq!(check, "receiver");
        assert!(
            message.contains("not how OpenWebif answers"),
            "{fault}: {message}"
        );
    }
}

#[test]
fn a_receiver_that_hangs_is_told_after_the_time_it_is_given() {
    let receiver = Receiver::start(&["--fault", "hang"]);
    let (check, message) =
        the_problem(receiver.check(&["receiver.timeout=200ms", "receiver.backoff=1ms"]));
    assert_eq!(check, "receiver");
    assert!(message.contains("within 200 ms"), "{message}");
}

#[test]
fn a_receiver_without_bouquets_is_told() {
    let receiver = Receiver::start(&["--fault", "empty-list"]);
    let (check, message) = the_problem(receiver.check(&[]));
    assert_eq!(check, "bouquets");
    assert!(message.contains("make one on the receiver"), "{message}");
}

#[test]
fn a_receiver_without_a_guide_and_a_bouquet_it_does_not_have_are_warnings() {
    let receiver = Receiver::start(&["--events", "0", "--services", "20", "--bouquets", "4"]);
    let (findings, status) = receiver.check(&["channels.bouquets=Nope"]);
    assert_eq!(status, 1, "no channels are left: {findings:?}");
    let told = |check: &str, text: &str| {
        let mut all = findings.iter();
        all.any(|finding| {
            finding.check == check && finding.status == "warning" && finding.message.contains(text)
        })
    };
    assert!(told("bouquets", "no bouquet `Nope`"), "{findings:?}");
    let (findings, status) = receiver.check(&[]);
    assert_eq!(status, 0, "{findings:?}");
    let guide = findings
        .iter()
        .find(|finding| finding.check == "guide")
        .unwrap();
    assert_eq!(guide.status, "warning");
    assert!(guide.message.contains("EPGRefresh"), "{}", guide.message);
    let coverage = "for 0 of 20 channels; not for `";
    assert!(guide.message.contains(coverage), "{}", guide.message);
    assert!(guide.message.contains("` and 8 more;"), "{}", guide.message);
}

#[test]
fn a_stream_port_that_is_shut_is_told() {
    let receiver = Receiver::start(&[]);
    let shut = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (check, message) = the_problem(receiver.check(&[&format!("stream.port={}", shut.port())]));
    assert_eq!(check, "streams");
    assert!(message.contains("nothing can be played"), "{message}");
}

#[test]
fn a_stream_is_tried_without_a_tuner_of_its_own() {
    // The only tuner is the television's.
    let receiver = Receiver::start(&["--tuners", "1"]);
    let (findings, status) = receiver.check(&[]);
    let mut found = findings.iter();
    let found = found.find(|finding| finding.check == "stream").unwrap();
    assert_eq!((&*found.status, status), ("ok", 0), "{findings:?}");
    assert!(found.message.contains("could be seen"), "{found:?}");
    // Of the channels on its transponder none is offered.
    let (findings, status) = receiver.check(&["channels.bouquets=Radio"]);
    let mut found = findings.iter();
    let found = found.find(|finding| finding.check == "stream");
    let found = found.unwrap_or_else(|| panic!("{status} {findings:?}"));
    assert!(found.message.starts_with("none was tried"), "{found:?}");
    assert_eq!(status, 0, "{findings:?}");
}

#[test]
fn a_stream_that_does_not_come_is_told() {
    let told = |fault: &str| {
        let receiver = Receiver::start(&["--stream-fault", fault]);
        let patience = "stream.tune_timeout=500ms";
        let (findings, status) = receiver.check(&[patience]);
        let mut found = findings.into_iter();
        let found = found.find(|finding| finding.check == "stream").unwrap();
        (found.status, found.message, status)
    };
    let (status, message, code) = told("silence");
    assert_eq!((&*status, code), ("warning", 0), "{message}");
    assert!(message.contains("no data came within"), "{message}");
    let (status, message, code) = told("reset");
    assert_eq!((&*status, code), ("problem", 1), "{message}");
    assert!(message.contains("does the receiver itself play it"));
}

#[test]
fn a_taken_port_is_told_with_who_has_it() {
    let receiver = Receiver::start(&[]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    // Whoever has it may also be silent.
    let (check, message) = the_problem(receiver.check(&[&format!("server.listen={address}")]));
    assert_eq!(check, "port");
    let owner = format!("(pid {})", std::process::id());
    assert!(
        message.contains(&owner) && message.contains("server.listen"),
        "{message}"
    );
    // An address of some other machine.
    let (check, message) = the_problem(receiver.check(&["server.listen=203.0.113.1:80"]));
    assert_eq!(check, "port");
    assert!(message.contains("correct server.listen"), "{message}");
}

#[test]
fn a_running_program_is_recognised_and_asked_whether_it_is_ready() {
    let receiver = Receiver::start(&["--events", "2", "--services", "10"]);
    let folder = Folder::new();
    let (url, data) = (
        format!("receiver.url={}", receiver.url),
        format!("files.data={}", folder.path("data").display()),
    );
    let args = ["--set", &url, "--set", &data, "--listen", "127.0.0.1:0"];
    let mut program = Process::start(&mut xg2g(args));
    let address = program.listens();
    let listen = format!("server.listen={address}");
    let program_s = || {
        let (findings, status) = receiver.check(&[&listen]);
        assert_eq!(status, 0, "{findings:?}");
        let mut findings = findings.into_iter();
        let port = findings.find(|finding| finding.check == "port").unwrap();
        assert_eq!(port.message, format!("xg2g is running on {address}"));
        findings.next().unwrap()
    };
    while crate::kit::get(address, "/readyz").status != 200 {}
    let found = program_s();
    assert_eq!(
        (&*found.check, &*found.status),
        ("program", "ok"),
        "{found:?}"
    );
    drop(program);
    // Without a receiver it never gets ready.
    let gone = [
        "--set",
        "receiver.url=http://127.0.0.1:9",
        "--set",
        &data,
        "--listen",
        "127.0.0.1:0",
    ];
    let mut program = Process::start(&mut xg2g(gone));
    let listen = format!("server.listen={}", program.listens());
    let (findings, _) = receiver.check(&[&listen]);
    let found = findings
        .iter()
        .find(|finding| finding.check == "program")
        .unwrap();
    assert_eq!(found.status, "warning");
    assert!(
        found.message.contains("has not told its channels yet"),
        "{}",
        found.message
    );
    program.tell(Signal::TERM);
    program.end();
}

#[test]
fn a_wrong_configuration_is_told_error_by_error() {
    let (findings, status) = check(&["guide.days=99", "receiver.url=box"]);
    assert_eq!(status, 1);
    assert!(
        findings.len() == 2
            && findings
                .iter()
                .all(|finding| finding.status == "problem" && finding.check == "configuration")
    );
}

#[test]
fn the_receivers_own_files_are_told_with_what_they_lack() {
    let receiver = Receiver::start(&[]);
    let folder = Folder::new();
    let directory = folder.path("enigma2");
    let dir = format!("receiver.dir={}", directory.display());
    let source = |findings: &[Finding]| {
        let mut found = findings.iter();
        let found = found.find(|finding| finding.check == "source").unwrap();
        (found.status.clone(), found.message.clone())
    };

    // Nothing there: OpenWebif is asked, unless the files are wanted.
    let (findings, status) = receiver.check(&[&dir]);
    let (_, message) = source(&findings);
    assert_eq!(status, 0, "{findings:?}");
    assert!(message.contains("holds no lamedb"), "{message}");
    let wanted = receiver.check(&[&dir, "receiver.source=disk"]);
    let (check, message) = the_problem(wanted);
    assert!(
        check == "source" && message.contains("enigma2"),
        "{message}"
    );

    let first = "1:0:19:2B01:3E9:1:C00000:0:0:0:";
    let bouquet = ListedBouquet {
        reference: "1:7:1:0:0:0:0:0:0:0:FROM BOUQUET \"userbouquet.a.tv\" ORDER BY bouquet".into(),
        name: "A".into(),
        media: Media::Tv,
        entries: vec![Entry::new(first, "Erste").unwrap()],
    };
    let listing = Listing {
        bouquets: vec![bouquet],
    };
    let key = EpgKey::of(&ServiceRef::parse(first).unwrap());
    let event = Event {
        id: 1,
        start: 1_795_000_000,
        duration: 600,
        title: "Wetter".into(),
        ..Event::default()
    };
    let epg = folder.path("epg.dat");
    disk::write(&directory, &listing, &[(key, vec![event])].into(), &epg);
    let (findings, status) = receiver.check(&[&dir]);
    assert_eq!(status, 0, "{findings:?}");
    let (_, message) = source(&findings);
    assert!(message.contains("own files"), "{message}");
    let told = |check: &str| {
        let mut found = findings.iter();
        found.find(|finding| finding.check == check).unwrap()
    };
    let bouquets = told("bouquets");
    assert!(bouquets.message.starts_with("1 of TV"), "{bouquets:?}");
    let guide = told("guide");
    assert!(guide.message.contains("events of 1 of 1"), "{guide:?}");
    assert!(guide.message.contains("second"), "{guide:?}");

    std::fs::write(&epg, b"no guide").unwrap();
    let (findings, status) = receiver.check(&[&dir]);
    assert_eq!(status, 0, "{findings:?}");
    let mut guides = findings.iter();
    let guide = guides.find(|finding| finding.check == "guide").unwrap();
    assert!(guide.status == "warning" && guide.message.contains("epg.dat"));
}
