//! `xg2g backup` and `xg2g restore`.

use std::fs;
use std::os::unix::fs::{symlink, PermissionsExt};
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;
use xg2g::backup::{Backup, Homes};

use crate::kit::{get, get_with, xg2g, Folder, Process, Receiver};

/// Runs a command to its end: its status, and what it said.
fn run(args: &[&str], file: &Path) -> (i32, String) {
    let mut command = xg2g(args.iter().copied());
    let (status, said) = Process::start(command.arg(file)).end();
    (status.code().unwrap(), said)
}

/// The same for one that succeeds.
#[track_caller]
fn done(args: &[&str], file: &Path) -> String {
    let (status, said) = run(args, file);
    assert_eq!(status, 0, "{args:?}: {said}");
    said
}

/// Every file below a directory, with its content and whether others may read it.
fn all(folder: &Folder) -> Vec<(String, Vec<u8>, u32)> {
    let mut all = Vec::new();
    let mut directories = vec![folder.path("")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            let (path, meta) = (entry.path(), entry.metadata().unwrap());
            if meta.is_dir() {
                directories.push(path);
            } else {
                let mode = meta.permissions().mode() & 0o777;
                all.push((path.display().to_string(), fs::read(path).unwrap(), mode));
            }
        }
    }
    all.sort();
    all
}

const FILE: &str = "[guide]\nenabled = false\ndays = 4\n";

/// A configuration beside its keys, and the arguments that name it.
struct Machine {
    folder: Folder,
    file: String,
}

impl Machine {
    fn new(text: &str) -> Machine {
        let folder = Folder::new();
        let file = folder.write("xg2g.toml", text).display().to_string();
        Machine { folder, file }
    }

    fn with_keys() -> Machine {
        let this = Machine::new(FILE);
        done(&["token", "--config"], Path::new(&this.file));
        this
    }

    fn backup(&self, to: &Path) -> (i32, String) {
        run(&["backup", "--config", &self.file], to)
    }

    fn restore(&self, from: &Path) -> (i32, String) {
        run(&["restore", "--config", &self.file], from)
    }
}

#[test]
fn what_was_saved_destroyed_and_restored_is_served_as_before() {
    let receiver = Receiver::start(&["--services", "40", "--bouquets", "3"]);
    let url = &receiver.url;
    let folder = Folder::new();
    let data = folder.path("data");
    let text = format!(
        "[receiver]\nurl = '{url}'\n[server]\nlisten = '127.0.0.1:0'\n[guide]\nenabled = false\n\
         [auth]\neverything = true\n[files]\ndata = '{}'\nstate = '{}'\n",
        data.display(),
        folder.path("state").display()
    );
    let file = folder.write("xg2g.toml", &text);
    let named = ["--config", file.to_str().unwrap()];
    done(&["token", "--config"], &file);
    let token = done(&["token", "--config"], &file);
    let asked = format!("Authorization: Bearer {token}\r\n");
    let mut program = Process::start(&mut xg2g(named));
    let address = program.listens();
    while get(address, "/readyz").status != 200 {}
    let before = get_with(address, "/playlist.m3u", &asked).text().to_owned();
    assert_eq!(before.matches("#EXTINF").count(), 40, "{before}");
    assert!(program.stop().0.success());

    let id = folder.path("state").join("device");
    fs::write(&id, "1075D4B1\n").unwrap();
    let saved = folder.path("saved");
    let said = done(&["backup", "--config", file.to_str().unwrap()], &saved);
    assert_eq!(said.matches("saved ").count(), 5, "{said}");
    let mode = fs::metadata(&saved).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "it holds the keys");
    fs::remove_dir_all(folder.path("state")).unwrap();
    fs::remove_dir_all(&data).unwrap();
    fs::write(&file, "[[[ broken").unwrap();
    // Without the receiver nobody can tell the channels any more.
    receiver.process.stop();

    let said = done(&["restore", "--config", file.to_str().unwrap()], &saved);
    assert_eq!(fs::read_to_string(&id).unwrap(), "1075D4B1\n");
    assert!(
        said.contains("a running xg2g takes configuration"),
        "{said}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    assert_eq!(done(&["token", "--config"], &file), token);
    let mut program = Process::start(&mut xg2g(named));
    let address = program.listens();
    let after = get_with(address, "/playlist.m3u", &asked).text().to_owned();
    let keyless = get(address, "/playlist.m3u");
    assert_eq!(keyless.status, 401);
    let port = |text: &str| text.replace(&address.port().to_string(), "");
    assert_eq!(port(&after), port(&before));
    assert!(program.stop().0.success());
}

#[test]
fn a_running_program_takes_restored_keys_when_it_is_told_to() {
    let this = Machine::with_keys();
    let token = done(&["token", "--config"], Path::new(&this.file));
    let saved = this.folder.path("saved");
    assert_eq!(this.backup(&saved).0, 0);
    fs::remove_file(this.folder.path("keys")).unwrap();
    done(&["token", "--config"], Path::new(&this.file));
    let state = format!("files.state={}", this.folder.path("").display());
    let args = ["--demo", "--listen", "127.0.0.1:0", "--set", &state];
    let mut program = Process::start(xg2g(args).args(["--config", &this.file]));
    let address = program.listens();
    let asked = format!("Authorization: Bearer {token}\r\n");
    assert_eq!(get_with(address, "/api/v1/status", &asked).status, 403);
    assert_eq!(this.restore(&saved).0, 0);
    program.tell(Signal::HUP);
    program.says("keys = \"made anew\"");
    assert_eq!(get_with(address, "/api/v1/status", &asked).status, 200);
}

#[test]
fn a_dry_run_tells_what_would_change_and_touches_nothing() {
    let this = Machine::with_keys();
    let saved = this.folder.path("saved");
    this.backup(&saved);
    fs::remove_file(this.folder.path("keys")).unwrap();
    fs::write(&this.file, "[guide]\ndays = 4\n").unwrap();
    let before = all(&this.folder);
    let dry = ["restore", "--dry-run", "--config", &this.file];
    let said = done(&dry, &saved);
    assert_eq!(all(&this.folder), before);
    for line in [
        format!("new      {}", this.folder.path("keys").display()),
        format!("changed  {}", this.file),
        "xg2g: nothing was touched".into(),
    ] {
        assert!(said.lines().any(|said| said == line), "{line}: {said}");
    }
    assert_eq!(this.restore(&saved).0, 0);
    let said = done(&dry, &saved);
    assert_eq!(said.matches("same  ").count(), 2, "{said}");
}

#[test]
fn one_changed_bit_or_a_missing_end_is_refused_and_touches_nothing() {
    let this = Machine::with_keys();
    let saved = this.folder.path("saved");
    this.backup(&saved);
    let bytes = fs::read(&saved).unwrap();
    fs::write(&this.file, "[guide]\ndays = 4\n").unwrap();
    fs::remove_file(&saved).unwrap();
    let before = all(&this.folder);
    let broken = Folder::new();
    let path = broken.path("broken");
    let homes = Homes {
        configuration: Some(this.folder.path("xg2g.toml")),
        settings: None,
        state: this.folder.path(""),
    };
    let refused = |bytes: &[u8], what: String| {
        fs::write(&path, bytes).unwrap();
        let read = Backup::read(&path).and_then(|backup| backup.restore(&homes, false));
        assert!(read.is_err(), "{what}");
    };
    for at in 0..bytes.len() {
        refused(&bytes[..at], format!("cut at {at}"));
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        refused(&flipped, format!("byte {at}"));
    }
    // And by the program itself.
    let (status, said) = this.restore(&path);
    assert_eq!(status, 1);
    assert!(said.ends_with("broken is damaged or cut short"), "{said}");
    assert_eq!(all(&this.folder), before);
    fs::write(&path, &bytes).unwrap();
    assert_eq!(this.restore(&path).0, 0);
}

/// A backup with these files, each a name, a mode and a content.
fn forged(files: &[(&str, &str)]) -> String {
    let mut all = "xg2g-backup 1\nby 9.8.7\n".to_owned();
    for (name, content) in files {
        all += &format!("{name} 600 {}\n{content}", content.len());
    }
    let mut crc = flate2::Crc::new();
    crc.update(all.as_bytes());
    format!("{all}end {:08x}\n", crc.sum())
}

#[test]
fn what_the_program_would_not_take_is_refused_and_touches_nothing() {
    let this = Machine::with_keys();
    let elsewhere = Folder::new();
    let before = all(&this.folder);
    for (text, says) in [
        (
            "xg2g-backup 2\nby 9\nend of it".to_owned(),
            "is of format 2, which xg2g",
        ),
        (
            forged(&[("../../xg2g-was-here", "x")]),
            "which is no file of xg2g",
        ),
        (
            forged(&[("/tmp/xg2g-was-here", "x")]),
            "which is no file of xg2g",
        ),
        (
            forged(&[("keys", "\0")]),
            "cannot be taken: keys this is no file of keys",
        ),
        (
            forged(&[("keys", "token a\n"), ("channels.gz", "x")]),
            "channels.gz is damaged",
        ),
        (
            forged(&[("numbers", "xg2g numbers 1\n1\ta\n1\tb\n")]),
            "numbers is damaged",
        ),
        (
            forged(&[("device", "12345678\n")]),
            "cannot be taken: device must be an id with a right checksum",
        ),
        (
            forged(&[
                ("keys", "token a\n"),
                ("xg2g.toml", "[guide]\ndays = 99\n[later]\nkey = 1"),
            ]),
            "xg2g.toml:2: guide.days = 99: must be",
        ),
        (
            forged(&[("xg2g.toml", "[later]\nkey = 1")]),
            "later.key: no such key",
        ),
        ("#!/bin/sh\n".into(), "is no backup of xg2g"),
    ] {
        let (status, said) = this.restore(&elsewhere.write("forged", &text));
        assert_eq!(status, 1, "{said}");
        assert!(said.contains(says), "{says}: {said}");
        assert_eq!(all(&this.folder), before);
    }
    for (file, says) in [
        ("/no/such", "/no/such is not there"),
        ("/dev/zero", "this is no file"),
    ] {
        let (status, said) = this.restore(Path::new(file));
        assert!(status == 1 && said.contains(says), "{said}");
    }
    let large = elsewhere.path("large");
    fs::File::create(&large)
        .unwrap()
        .set_len((8 << 20) + 1)
        .unwrap();
    assert!(this.restore(&large).1.contains("larger than 8 MB"));
    assert_eq!(all(&this.folder), before);

    let (status, said) = this.restore(&elsewhere.write("good", &forged(&[("keys", "token a\n")])));
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("was made by xg2g 9.8.7, this is "), "{said}");
    assert_eq!(fs::read_to_string(&this.file).unwrap(), FILE, "it had none");
}

#[test]
fn it_is_restored_where_the_configuration_is_said_to_be() {
    let this = Machine::with_keys();
    let saved = this.folder.path("saved");
    this.backup(&saved);
    let other = Folder::new();
    let place = other.path("etc/box.toml");
    let args = ["restore", "--config", place.to_str().unwrap()];
    done(&args, &saved);
    assert_eq!(fs::read_to_string(&place).unwrap(), FILE);
    let keys = fs::read(this.folder.path("keys")).unwrap();
    assert_eq!(fs::read(other.path("etc/keys")).unwrap(), keys);
    let mode = |name: &str| fs::metadata(other.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("etc/box.toml"), mode("etc/keys")), (0o644, 0o600));

    // A link stays one, and who may read the file stays as it was.
    fs::rename(&place, other.path("elsewhere.toml")).unwrap();
    fs::write(other.path("elsewhere.toml"), "").unwrap();
    symlink(other.path("elsewhere.toml"), &place).unwrap();
    fs::set_permissions(&this.file, fs::Permissions::from_mode(0o600)).unwrap();
    this.backup(&saved);
    done(&args, &saved);
    assert!(place.is_symlink());
    assert_eq!(
        fs::read_to_string(other.path("elsewhere.toml")).unwrap(),
        FILE
    );
    assert_eq!(mode("elsewhere.toml"), 0o600);
}

#[test]
fn as_many_backups_stay_as_are_wanted() {
    let this = Machine::new("");
    let names = || {
        let folder = fs::read_dir(this.folder.path("kept")).unwrap();
        let mut names: Vec<_> = folder
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let saved = this.folder.path("kept/box");
    let days = |name: &str| {
        let text = fs::read_to_string(this.folder.path("kept").join(name)).unwrap();
        let (_, rest) = text.split_once("days = ").unwrap();
        rest[..1].to_owned()
    };
    let save = |day: u32, keep: &str| {
        fs::write(&this.file, format!("[guide]\ndays = {day}\n")).unwrap();
        done(&["backup", "--keep", keep, "--config", &this.file], &saved)
    };
    for (day, expected) in [
        (1, &["box"][..]),
        (2, &["box", "box.1"]),
        (3, &["box", "box.1", "box.2"]),
        (4, &["box", "box.1", "box.2"]),
        // Nothing has changed: nothing is pushed out.
        (4, &["box", "box.1", "box.2"]),
    ] {
        save(day, "3");
        assert_eq!(names(), expected);
    }
    assert_eq!([days("box"), days("box.1"), days("box.2")], ["4", "3", "2"]);
    save(5, "1");
    assert_eq!([days("box"), days("box.1"), days("box.2")], ["5", "3", "2"]);
    // What is no backup is never pushed out, and then nothing moves at all.
    fs::write(this.folder.path("kept/box.1"), "mine").unwrap();
    fs::write(&this.file, "").unwrap();
    let before = all(&this.folder);
    let (status, said) = run(&["backup", "--keep", "3", "--config", &this.file], &saved);
    assert_eq!(status, 1);
    assert!(
        said.contains("box.1 is there and is no backup of xg2g"),
        "{said}"
    );
    assert_eq!(all(&this.folder), before);
}

#[test]
fn what_is_no_backup_is_not_overwritten_and_nothing_is_no_backup() {
    let this = Machine::new(FILE);
    for path in [
        Path::new(&this.file),
        Path::new("/dev/full"),
        Path::new("/tmp"),
    ] {
        let (status, said) = this.backup(path);
        assert_eq!(status, 1, "{said}");
        assert!(said.contains(path.to_str().unwrap()), "{said}");
    }
    assert_eq!(fs::read_to_string(&this.file).unwrap(), FILE);
    let state = format!("files.state={}", this.folder.path("none").display());
    let saved = this.folder.path("saved");
    let (status, said) = run(
        &["backup", "--config", "/dev/null", "--set", &state],
        &saved,
    );
    assert_eq!(status, 1, "{said}");
}

#[test]
fn state_that_the_program_would_not_take_is_left_out_with_a_word() {
    let this = Machine::with_keys();
    fs::write(this.folder.path("channels.gz"), "x").unwrap();
    let saved = this.folder.path("saved");
    let (status, said) = this.backup(&saved);
    assert_eq!(status, 0, "{said}");
    assert!(
        said.contains("skipped  ") && said.contains("channels.gz: is damaged"),
        "{said}"
    );
    assert_eq!(this.restore(&saved).0, 0);
}

/// The program under a shell that lets it write files of no more than `blocks` (512 bytes): as a disk that is full does,
/// a write fails.
fn on_a_full_disk(blocks: u32, args: &[&str], file: &Path) -> (i32, String) {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command
        .env_clear()
        .args(["-c", &script, env!("CARGO_BIN_EXE_xg2g")]);
    let (status, said) = Process::start(command.args(args).arg(file)).end();
    (status.code().unwrap(), said)
}

#[test]
fn a_full_disk_is_told_and_what_was_there_stays() {
    let this = Machine::with_keys();
    let saved = this.folder.path("saved");
    let backup = ["backup", "--keep", "2", "--config", &this.file];
    done(&backup, &saved);
    fs::write(&this.file, format!("{FILE}# {}\n", "x".repeat(4_000))).unwrap();
    let before = all(&this.folder);
    let (status, said) = on_a_full_disk(1, &backup, &saved);
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("saved: File too large"), "{said}");
    assert_eq!(all(&this.folder), before);

    // The first of the files would fit, the second does not: neither is put in place.
    done(&backup, &saved);
    fs::remove_file(this.folder.path("keys")).unwrap();
    fs::write(&this.file, "").unwrap();
    let before = all(&this.folder);
    let (status, said) = on_a_full_disk(1, &["restore", "--config", &this.file], &saved);
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("xg2g.toml: File too large"), "{said}");
    assert_eq!(all(&this.folder), before);
}

#[test]
fn a_directory_that_cannot_be_written_is_told() {
    let this = Machine::with_keys();
    // /proc: also root cannot.
    let (status, said) = this.backup(Path::new("/proc/xg2g"));
    assert_eq!(status, 1);
    assert!(said.contains("/proc/xg2g: "), "{said}");
    let saved = this.folder.path("saved");
    assert_eq!(this.backup(&saved).0, 0);
    let before = all(&this.folder);
    fs::remove_file(this.folder.path("keys")).unwrap();
    let args = [
        "restore",
        "--config",
        &this.file,
        "--set",
        "files.state=/proc/xg2g",
    ];
    let (status, said) = run(&args, &saved);
    assert_eq!(status, 1);
    assert!(said.contains("/proc/xg2g/keys: "), "{said}");
    done(&["restore", "--config", &this.file], &saved);
    assert_eq!(all(&this.folder), before);
}
