//! Channels and guide from the receiver's own files, which the tests' writer makes of what the simulated one tells.

// The tests need more of it.
#[allow(dead_code, unused_imports, clippy::unwrap_used)]
#[path = "../kit/disk/mod.rs"]
mod disk;

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use xg2g::model::{Credit, Details, Event, Listing, Quality, Role, Sound, Translation};

use super::process::{Pass, Program, Receiver};
use super::table::Table;
use super::{mb, Folder, Outcome};
use disk::copy::{events, listing, web};
use disk::Events;

/// The guide that is copied: all there is, whenever it begins.
const DAYS: u32 = 9;
const DAY: u32 = 86_400;

/// What a refresh by OpenWebif costs, from files.
pub(crate) fn refreshes(table: &mut Table, by_web: &Pass) -> Outcome<()> {
    let receiver = Receiver::start(500, 10, 200)?;
    let (listing, mut events) = copy(&receiver)?;
    table.head("the same from the receiver's own files");
    let count = events.values().map(Vec::len).sum::<usize>();
    table.note("events", count as f64, "");
    let pass = pass(table, "files", &receiver, &listing, &events, true)?;
    table.note("  of that by OpenWebif", pass.cpu / by_web.cpu, "");
    for (seed, event) in (0..).zip(events.values_mut().flatten()) {
        tell(event, u32::wrapping_mul(seed, 2_654_435_769));
    }
    table.head("and with texts of its own for each event, as long as on the air");
    self::pass(table, "texts", &receiver, &listing, &events, false)?;
    events.values_mut().flatten().for_each(detail);
    table.head("and each in two languages, with its makers and more");
    self::pass(table, "details", &receiver, &listing, &events, false)?;
    receiver.process.stop()
}

/// The first pass with these files.
fn pass(
    table: &mut Table,
    name: &str,
    receiver: &Receiver,
    listing: &Listing,
    events: &Events,
    has_targets: bool,
) -> Outcome<Pass> {
    let folder = Folder::new(name)?;
    let files = Files::write(&folder.0, listing, events)?;
    let program = files.start(receiver, &folder.0, &[])?;
    let pass = program.pass(1)?;
    let peak = mb(program.memory("VmHWM")?);
    let size = files.guide.metadata()?.len() as f64 / 1024.0 / 1024.0;
    table.note("size of epg.dat", size, "MB");
    table.note("time to first playlist", pass.playlist, "s");
    table.note("first pass: time", pass.time, "s");
    let figures = [
        ("first pass: calls", pass.calls, 1.0, ""),
        ("first pass: peak memory", peak, 6.0, "MB"),
        ("first pass: CPU", pass.cpu, 0.25, "s"),
    ];
    for (name, value, target, unit) in figures {
        match has_targets {
            true => table.row(name, value, target, unit),
            false => table.note(name, value, unit),
        }
    }
    program.process.stop()?;
    Ok(pass)
}

/// As many services as a receiver with several dishes and IPTV lists has, to the playlist only.
pub(crate) fn large(table: &mut Table) -> Outcome<()> {
    let receiver = Receiver::start(10_000, 150, 1)?;
    let listing = smol::block_on(listing(&web(receiver.url.clone())));
    let folder = Folder::new("files-large")?;
    let files = Files::write(&folder.0, &listing, &Events::new())?;
    let program = files.start(&receiver, &folder.0, &[("XG2G_EPG_ENABLED", "false")])?;
    let time = program.playlist()?;
    let cpu = program.process.cpu()?;
    table.head("10 000 services, 150 bouquets from the receiver's own files, without guide");
    table.row("CPU to the first playlist", cpu * 1e3, 50.0, "ms");
    table.note("time to first playlist", time * 1e3, "ms");
    table.note("first pass: calls", program.pass(1)?.calls, "");
    table.note("peak memory", mb(program.memory("VmHWM")?), "MB");
    program.process.stop()?;
    receiver.process.stop()
}

/// What the simulated receiver has.
fn copy(receiver: &Receiver) -> Outcome<(Listing, Events)> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let from = u32::try_from(now)? - DAY;
    let web = web(receiver.url.clone());
    Ok(smol::block_on(async {
        let listing = listing(&web).await;
        let events = events(&web, &listing, from, DAYS * DAY / 60).await;
        (listing, events)
    }))
}

/// The files of a receiver.
struct Files {
    directory: PathBuf,
    guide: PathBuf,
}

impl Files {
    fn write(folder: &Path, listing: &Listing, events: &Events) -> Outcome<Files> {
        let files = Files {
            directory: folder.join("enigma2"),
            guide: folder.join("epg.dat"),
        };
        disk::write(&files.directory, listing, events, &files.guide);
        Ok(files)
    }

    /// Starts the program on them.
    fn start(&self, receiver: &Receiver, folder: &Path, more: &[(&str, &str)]) -> Outcome<Program> {
        let directory = self.directory.to_str().ok_or("an odd directory")?;
        let mut settings = vec![
            ("XG2G_RECEIVER_SOURCE", "disk"),
            ("XG2G_RECEIVER_DIR", directory),
        ];
        settings.extend(more);
        Program::start_with(&receiver.url, folder, &settings)
    }
}

/// Gives an event texts as long as those on the air, which hardly any two events share.
fn tell(event: &mut Event, seed: u32) {
    event.summary = words(seed, 6);
    event.description = words(seed ^ u32::MAX, 40);
}

/// Gives an event what a generous broadcaster tells.
fn detail(event: &mut Event) {
    let people = [
        (Role::Director, "Ada Lindqvist"),
        (Role::Actor, "Bertil Sandvik"),
        (Role::Actor, "Cécile Armand"),
        (Role::Actor, "Dimitri Wolkow"),
    ];
    let credit = |(role, name): (Role, &str)| Credit {
        role,
        name: name.into(),
    };
    event.details = Some(Box::new(Details {
        language: "deu".into(),
        translations: vec![Translation {
            language: "fra".into(),
            title: format!("{} (VF)", event.title),
            summary: format!("VF: {}", event.summary),
            description: format!("VF: {}", event.description),
        }],
        credits: people.map(credit).into(),
        year: Some(2001),
        countries: vec!["Schweden".into()],
        age: Some(12),
        quality: Some(Quality::Hd),
        sound: Some(Sound::Surround),
        series_crid: format!("crid://example.org/{}", event.id),
        ..Details::default()
    }));
}

/// So many words: others for another seed.
fn words(seed: u32, count: usize) -> String {
    const WORDS: &str = "auf der Suche nach einem alten Freund findet die Kommissarin im Hafen von Lübeck einen \
        Brief mit unbekannter Schrift während draußen Regen fällt und niemand mehr an das Gute glaubt außer ihrem \
        Bruder Jonas zwischen Gestern Morgen über größere Städte Familie Geheimnis Wahrheit zurück Leben";
    let list: Vec<&str> = WORDS.split_whitespace().collect();
    let mut state = seed | 1;
    let mut text = String::new();
    for _ in 0..count {
        // Marsaglia's generator, with the shifts of his paper.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        text.push_str(list[state as usize % list.len()]);
        text.push(' ');
    }
    text.truncate(text.trim_end().len());
    text
}
