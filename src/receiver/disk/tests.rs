use std::fs;

use nanoserde::DeJson;

use super::*;
use crate::model::{Codec, Entry, Lineup, ListedBouquet, Media, Selection};

/// A copy of the sample files in a directory of its own, to be changed at will.
struct Copy {
    path: PathBuf,
}

impl Copy {
    fn new(name: &str) -> Copy {
        let path = std::env::temp_dir().join(format!("xg2g-disk-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        for file in fs::read_dir(sample()).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), path.join(file.file_name())).unwrap();
        }
        Copy { path }
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.path.join(file), text).unwrap();
    }

    fn add(&self, file: &str, text: &str) {
        let mut whole = fs::read(self.path.join(file)).unwrap_or_default();
        whole.extend(text.as_bytes());
        fs::write(self.path.join(file), whole).unwrap();
    }

    fn remove(&self, file: &str) {
        fs::remove_file(self.path.join(file)).unwrap();
    }

    fn disk(&self) -> Disk {
        Disk::new(&self.path)
    }

    fn listing(&self) -> Listing {
        self.disk().listing().unwrap()
    }

    fn lineup(&self) -> Lineup {
        Lineup::resolve(&self.listing(), &Selection::default())
    }

    /// The names of the TV bouquets.
    fn bouquets(&self) -> Vec<String> {
        let listing = self.listing();
        let tv = listing.bouquets.iter().filter(|b| b.media == Media::Tv);
        tv.map(|bouquet| bouquet.name.to_string()).collect()
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/box")
}

fn numbers(lineup: &Lineup) -> Vec<(u32, &str)> {
    let channels = lineup.channels.iter();
    channels.map(|c| (c.number, &*c.name)).collect()
}

#[test]
fn numbers_names_and_order_are_those_of_the_screen() {
    let lineup = Lineup::resolve(
        &Disk::new(sample()).listing().unwrap(),
        &Selection::default(),
    );
    let expected = [
        (1, "Nordsicht HD"),
        (2, "Umbenannt: 100% gut"),
        (3, "Paar"),
        // A numbered marker, an invisible one and a hidden service.
        (7, "Kurz Kanal \"Vier\""),
        (8, "Mit Doppelpunkt"),
        // The sub-bouquet ends with a service that has its number already.
        (10, "Service A0F"),
        (11, "Nicht in der Liste"),
        (12, "Netz «Eins»"),
        (13, "Netzradio"),
        (14, "Uhd Eins"),
        // The hidden bouquet has two.
        (17, "Zehn"),
        (18, "München TV"),
        (19, "Klassik"),
        (20, "Welle 2"),
    ];
    assert_eq!(numbers(&lineup), expected);
    let stems: Vec<(&str, &str, u32)> = lineup
        .bouquets
        .iter()
        .map(|b| (b.stem.as_str(), b.name.as_str(), b.hidden))
        .collect();
    let expected = [
        ("first", "Lieblinge & Mehr", 1),
        ("sub", "Unterliste", 0),
        // A bouquet inside of itself is not entered again.
        ("first_", "Lieblinge & Mehr", 0),
        ("old", "Östliche", 0),
        ("music.radio", "Musik", 0),
    ];
    assert_eq!(stems, expected);
}

#[test]
fn facts_come_from_the_list_of_services() {
    let lineup = Copy::new("facts").lineup();
    let facts = |name: &str| {
        let mut channels = lineup.channels.iter();
        let channel = channels.find(|channel| &*channel.name == name).unwrap();
        let facts = channel.facts.as_deref()?;
        Some((&*facts.provider, facts.is_scrambled, facts.codec))
    };
    let h264 = Some(Codec::H264);
    assert_eq!(facts("Nordsicht HD"), Some(("Nordsicht", false, h264)));
    assert_eq!(
        facts("Umbenannt: 100% gut"),
        Some(("Nordsicht", true, None))
    );
    assert_eq!(facts("Kurz Kanal \"Vier\""), Some(("Süd", false, None)));
    assert_eq!(facts("Paar"), Some(("Weit", false, h264)));
    assert_eq!(facts("Uhd Eins"), Some(("Weit", false, Some(Codec::Hevc))));
    assert_eq!(facts("Zehn"), Some(("Weit", false, Some(Codec::Mpeg2))));
    assert_eq!(facts("München TV"), Some(("", false, None)));
    assert_eq!(facts("Nicht in der Liste"), None);
    assert_eq!(facts("Netz «Eins»"), None);
}

#[test]
fn every_version_of_the_list_says_the_same() {
    let copy = Copy::new("versions");
    let four = copy.listing();
    copy.remove("lamedb");
    assert!(copy.disk().is_there());
    assert_eq!(copy.listing(), four, "version 5");

    let text = fs::read_to_string(sample().join("lamedb")).unwrap();
    let three = text
        .replace("/4/", "/3/")
        .replace(
            "s 10729500:22000000:1:4:192:2:0:1:2:0:2",
            "s 10729500:22000000:1:4:192:2",
        )
        // The source is newer; the provider was alone once.
        .replace(":0:0\n", ":0\n")
        .replace("\np:Funk\n", "\nFunk\n");
    copy.write("lamedb", &three);
    assert_eq!(copy.listing(), four, "version 3");
    copy.write("lamedb", &text.replace('\n', "\r\n"));
    assert_eq!(copy.listing(), four, "CR LF");
}

/// What the web interface answers about the same files.
#[derive(DeJson)]
struct Answers {
    tv: Vec<Answer>,
    radio: Vec<Answer>,
    within: Vec<Answer>,
}

#[derive(DeJson)]
struct Answer {
    servicereference: String,
    servicename: String,
    services: Vec<Row>,
}

#[derive(DeJson)]
struct Row {
    servicereference: String,
    servicename: String,
}

#[test]
fn files_and_web_interface_make_the_same_channels() {
    fn entries(rows: &[Row], within: &[Answer]) -> Vec<Entry> {
        let entry = |row: &Row| {
            let mut entry = Entry::new(&row.servicereference, &row.servicename).unwrap();
            let mut within_it = within.iter();
            let list = within_it.find(|list| list.servicereference == row.servicereference);
            entry.members = list.map_or(Vec::new(), |list| entries(&list.services, within));
            entry
        };
        rows.iter().map(entry).collect()
    }
    let text = fs::read_to_string(sample().join("openwebif.json")).unwrap();
    let answers: Answers = DeJson::deserialize_json(&text).unwrap();
    let mut web = Listing::default();
    for (media, list) in [(Media::Tv, &answers.tv), (Media::Radio, &answers.radio)] {
        web.bouquets.extend(list.iter().map(|answer| ListedBouquet {
            reference: answer.servicereference.as_str().into(),
            name: answer.servicename.as_str().into(),
            media,
            entries: entries(&answer.services, &answers.within),
        }));
    }
    let copy = Copy::new("same");
    let mut disk = copy.listing();
    // The web interface does not list hidden bouquets.
    disk.bouquets.retain(|bouquet| !bouquet.is_hidden());
    let mut disk = Lineup::resolve(&disk, &Selection::default());
    for channel in &mut disk.channels {
        channel.facts = None;
    }
    assert_eq!(disk, Lineup::resolve(&web, &Selection::default()));
}

#[test]
fn locked_services_are_marked_where_parental_control_is_on() {
    let copy = Copy::new("locks");
    let lineup = copy.lineup();
    assert!(lineup.bouquets.iter().all(|bouquet| bouquet.locked == 0));

    copy.add("settings", "config.ParentalControl.configured=True\n");
    let lineup = copy.lineup();
    // A01 by itself, in both lists; A05 because it is in a bouquet that is locked.
    let locked: Vec<(&str, u32)> = lineup
        .bouquets
        .iter()
        .map(|bouquet| (bouquet.stem.as_str(), bouquet.locked))
        .collect();
    let expected = [
        ("first", 2),
        ("sub", 1),
        ("first_", 0),
        ("old", 0),
        ("music.radio", 0),
    ];
    assert_eq!(locked, expected);
    assert_eq!(numbers(&lineup)[0], (2, "Umbenannt: 100% gut"));
    assert!(numbers(&lineup).contains(&(17, "Zehn")), "numbers stay");
    let all = Selection {
        shows_locked: true,
        ..Selection::default()
    };
    let all = Lineup::resolve(&copy.listing(), &all);
    assert_eq!(all.channels.len(), lineup.channels.len() + 2);

    copy.write("blacklist", "");
    assert_eq!(copy.lineup().channels.len(), all.channels.len());
    let group = "1:0:1:0:0:0:0:0:0:0:FROM BOUQUET \"alternatives.pair.tv\" ORDER BY bouquet\n";
    copy.write("blacklist", group);
    assert_eq!(copy.lineup().bouquets[0].locked, 1);
    let flagged = fs::read_to_string(sample().join("lamedb")).unwrap();
    copy.write("lamedb", &flagged.replace("p:Funk", "p:Funk,f:100"));
    assert_eq!(copy.lineup().bouquets[4].locked, 2);
}

#[test]
fn a_whitelist_locks_all_others() {
    let copy = Copy::new("whitelist");
    copy.add(
        "settings",
        "config.ParentalControl.servicepinactive=true\nconfig.ParentalControl.type=whitelist\n",
    );
    copy.write("whitelist", "1:0:1:A0A:3E9:1:C00000:0:0:0:\r\n");
    assert_eq!(numbers(&copy.lineup()), [(17, "Zehn")]);
}

#[test]
fn services_hidden_in_the_list_keep_their_numbers() {
    let copy = Copy::new("hidden");
    let text = fs::read_to_string(sample().join("lamedb")).unwrap();
    copy.write("lamedb", &text.replace("c:000065", "f:2,c:000065"));
    let lineup = copy.lineup();
    assert_eq!(numbers(&lineup)[0], (2, "Umbenannt: 100% gut"));
    assert_eq!(
        (lineup.bouquets[0].hidden, lineup.bouquets[1].hidden),
        (2, 1)
    );
}

#[test]
fn files_that_no_list_names_are_added_as_the_settings_say() {
    let linked = ["Lieblinge & Mehr", "Geheim", "Östliche", "Last Scanned"];
    let copy = Copy::new("unlinked");
    assert_eq!(copy.bouquets(), linked);
    for name in ["b", "a"] {
        copy.write(
            &format!("userbouquet.{name}.tv"),
            &format!("#NAME {name}\n#SERVICE 1:0:1:A0A:3E9:1:C00000:0:0:0:\n"),
        );
        copy.write(&format!("userbouquet.{name}.tv.del"), "#NAME gone\n");
        copy.write(&format!("subbouquet.{name}.tv"), "#NAME no\n");
    }
    let with = |setting: &str| {
        let key = "config.misc.load_unlinked_userbouquets";
        copy.write("settings", &format!("{key}={setting}\n"));
        copy.bouquets().join("|")
    };
    let linked = linked.join("|");
    assert_eq!(with("0"), linked);
    assert_eq!(with("False"), linked);
    assert_eq!(with("1"), format!("a|b|{linked}"));
    assert_eq!(with("2"), format!("{linked}|a|b"));
    copy.write("settings", "");
    let text = fs::read_to_string(copy.path.join("bouquets.tv")).unwrap();
    let (start, _) = text
        .split_once("#SERVICE 1:7:1:0:0:0:0:0:0:0:FROM BOUQUET \"userbouquet.Last")
        .unwrap();
    copy.write("bouquets.tv", start);
    assert_eq!(copy.bouquets().join("|"), format!("a|b|{linked}"));
}

#[test]
fn no_file_outside_is_ever_read() {
    let copy = Copy::new("outside");
    fs::create_dir(copy.path.join("in")).unwrap();
    fs::rename(
        copy.path.join("bouquets.radio"),
        copy.path.join("in/bouquets.radio"),
    )
    .unwrap();
    fs::rename(
        copy.path.join("bouquets.tv"),
        copy.path.join("in/bouquets.tv"),
    )
    .unwrap();
    fs::copy(copy.path.join("lamedb"), copy.path.join("in/lamedb")).unwrap();
    let mut text = String::from("#NAME x\n");
    for file in [
        "../userbouquet.first.tv",
        "..",
        ".",
        "",
        "./../userbouquet.old.tv",
        "/etc/passwd",
    ] {
        text.push_str(&format!(
            "#SERVICE 1:7:1:0:0:0:0:0:0:0:FROM BOUQUET \"{file}\" ORDER BY bouquet\n"
        ));
    }
    text.push_str(
        "#SERVICE 1:7:1:0:0:0:0:0:0:0:../userbouquet.old.tv\n#SERVICE 1:7:1:0:0:0:0:0:0:0:..\n",
    );
    copy.write("in/bouquets.tv", &text);
    let listing = Disk::new(copy.path.join("in")).listing().unwrap();
    assert!(listing
        .bouquets
        .iter()
        .all(|b| b.entries.is_empty() && b.name.is_empty()));
    assert!(listing.bouquets.len() > 4);
}

#[test]
fn bouquets_without_end_end() {
    let copy = Copy::new("loops");
    let link = |n: u32| {
        format!(
            "#SERVICE 1:7:1:0:0:0:0:0:0:0:FROM BOUQUET \"userbouquet.n{n}.tv\" ORDER BY bouquet\n"
        )
    };
    // Each names all others: without a guard their number is that of all orders of twelve.
    let all: String = (0..12).map(link).collect();
    for n in 0..12 {
        copy.write(
            &format!("userbouquet.n{n}.tv"),
            &format!("#NAME {n}\n{all}"),
        );
    }
    copy.write(
        "bouquets.tv",
        &(link(0) + "#SERVICE 1:7:1:0:0:0:0:0:0:0:FROM BOUQUET \"bouquets.tv\" ORDER BY bouquet\n"),
    );
    fn size(entries: &[Entry]) -> usize {
        entries.iter().map(|entry| 1 + size(&entry.members)).sum()
    }
    let listing = copy.listing();
    let count: usize = listing.bouquets.iter().map(|b| size(&b.entries)).sum();
    assert!(count < 30_000, "{count}");
}

#[test]
fn lists_are_also_looked_for_in_folders_of_their_own() {
    let copy = Copy::new("folders");
    for (folder, file) in [
        ("alternatives", "alternatives.pair.tv"),
        ("bouquets", "userbouquet.first.tv"),
    ] {
        let folder = copy.path.join(folder);
        fs::create_dir(&folder).unwrap();
        fs::rename(copy.path.join(file), folder.join(file)).unwrap();
    }
    let plain = Disk::new(sample()).listing().unwrap();
    assert_eq!(copy.listing(), plain);
}

#[test]
fn what_must_be_there_is_missed_by_name() {
    let copy = Copy::new("missing");
    copy.remove("userbouquet.old.tv");
    copy.remove("bouquets.radio");
    copy.remove("whitelist_streamrelay");
    let listing = copy.listing();
    assert!(listing.bouquets.iter().any(|b| b.entries.is_empty()));
    assert_eq!(copy.disk().relay().unwrap().services, []);

    let why = |file: &str, text: &str| {
        copy.write(file, text);
        let error = copy.disk().listing().unwrap_err();
        assert_eq!(error.path, copy.path.join(file));
        error.to_string()
    };
    assert!(why("lamedb", "eDVB services /9/\n").contains("no list of services"));
    assert!(why("lamedb", "").contains("no list of services"));
    assert!(why("lamedb", "eDVB services /4/\ntransponders\nend\n").contains("ends before"));
    let whole = fs::read_to_string(sample().join("lamedb")).unwrap();
    let cut = &whole[..whole.len() - 60];
    assert!(why("lamedb", cut).contains("ends within"));
    copy.remove("lamedb");
    copy.remove("lamedb5");
    assert!(!copy.disk().is_there());
    copy.write("lamedb", &whole);
    copy.remove("bouquets.tv");
    let error = copy.disk().listing().unwrap_err();
    assert!(error.to_string().ends_with("bouquets.tv: there is none"));
}

#[test]
fn the_relay_is_a_list_and_a_port() {
    let relay = Disk::new(sample()).relay().unwrap();
    let services: Vec<String> = relay.services.iter().map(ServiceRef::to_string).collect();
    assert_eq!(services, ["1:0:19:A02:3E9:1:C00000:0:0:0:"]);
    assert_eq!(relay.port, Some(17998));
}
