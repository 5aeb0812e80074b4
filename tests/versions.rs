//! Files of a newer version, met by this one: what docs/MIGRATIONS.md says of going back.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use flate2::Compression;
use rustix::process::Signal;

use crate::kit::{get, xg2g, Folder, Process};

/// The demo with its files in a folder, on a free port.
fn demo(folder: &Folder) -> Process {
    let (data, state) = (folder.path("data"), folder.path("state"));
    let data = format!("files.data={}", data.display());
    let state = format!("files.state={}", state.display());
    let args = ["--demo", "--listen", "127.0.0.1:0"];
    let set = ["--set", &data, "--set", &state];
    Process::start(&mut xg2g(args.into_iter().chain(set)))
}

fn head_of(packed: &Path) -> String {
    let mut text = String::new();
    let file = File::open(packed).unwrap();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text.lines().next().unwrap().to_owned()
}

#[test]
fn channels_of_a_newer_version_are_asked_anew_and_saved_as_this_one_does() {
    let folder = Folder::new();
    let channels = folder.path("state/channels.gz");
    fs::create_dir_all(folder.path("state")).unwrap();
    let mut packer = GzEncoder::new(File::create(&channels).unwrap(), Compression::fast());
    packer.write_all(b"xg2g channels 3\tall is new\n").unwrap();
    packer.finish().unwrap();

    let mut program = demo(&folder);
    program.says("channels.gz is of version 3, which this xg2g does not know (2)");
    let address = program.listens();
    program.says("Ctrl-C stops it");
    assert!(get(address, "/playlist.m3u").text().contains("#EXTINF"));
    assert!(program.stop().0.success());
    assert!(head_of(&channels).starts_with("xg2g channels 2\t"));
    // And those of the present version are there before the receiver is asked.
    let mut program = demo(&folder);
    let address = program.listens();
    assert_eq!(get(address, "/playlist.m3u").status, 200);
    let (_, said) = program.stop();
    assert!(!said.contains("channels.gz"), "{said}");
}

#[test]
fn outputs_of_a_newer_version_are_made_anew() {
    let folder = Folder::new();
    let mut program = demo(&folder);
    program.says("Ctrl-C stops it");
    program.stop();
    for (name, mark) in [
        ("events.dat", b"xg2g events 3"),
        ("guide.deflate", b"xg2g gd2 new."),
    ] {
        fs::write(folder.path("data").join(name), mark).unwrap();
    }
    let mut program = demo(&folder);
    let address = program.listens();
    program.says("Ctrl-C stops it");
    let guide = get(address, "/xmltv.xml");
    assert!(guide.status == 200 && guide.text().contains("<programme "));
    program.stop();
    let events = fs::read(folder.path("data/events.dat")).unwrap();
    assert!(events.starts_with(b"xg2g events 2") && events.len() > 1_000);
}

#[test]
fn keys_of_a_newer_version_are_taken_and_what_else_was_kept_goes_with_the_next_that_is_made() {
    let folder = Folder::new();
    let (file, keys) = (folder.write("xg2g.toml", ""), folder.path("keys"));
    fs::write(&keys, "token 0123456789abcdef\nreader something\n").unwrap();
    let token = |args: &[&str]| {
        let mut command = xg2g(["token", "--config"]);
        Process::start(command.arg(&file).args(args)).end().1
    };
    assert_eq!(token(&[]), "0123456789abcdef");
    assert!(fs::read_to_string(&keys).unwrap().contains("reader"));
    token(&["--stream"]);
    let text = fs::read_to_string(&keys).unwrap();
    assert!(
        text.starts_with("token 0123456789abcdef\nstream "),
        "{text}"
    );
    assert!(!text.contains("reader"));
}

#[test]
fn a_configuration_of_a_newer_version_does_not_start_and_every_line_is_named() {
    let folder = Folder::new();
    let text = "[guide]\ndays = 3\nposters = true\n[recordings]\nenabled = true\n";
    let file = folder.write("xg2g.toml", text);
    let mut command = xg2g(["--demo", "--config"]);
    let (status, said) = Process::start(command.arg(&file)).end();
    assert_eq!(status.code(), Some(78));
    for line in [
        "xg2g.toml:3: guide.posters: ",
        "xg2g.toml:5: recordings.enabled: ",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    // One that runs goes on.
    folder.write("xg2g.toml", "");
    let mut command = xg2g(["--demo", "--listen", "127.0.0.1:0", "--config"]);
    let mut program = Process::start(command.arg(&file));
    let address = program.listens();
    folder.write("xg2g.toml", text);
    program.tell(Signal::HUP);
    program.says("guide.posters: no such key");
    assert_eq!(get(address, "/healthz").status, 200);
}
