use super::super::super::Status;
use super::super::tests::not_kept;
use super::*;
use crate::model::{Entry, ListedBouquet, Listing, Media, Selection};

const ONE: &str = "1-0-19-283D-3FB-1-C00000-0-0-0";

fn lineup() -> Lineup {
    let entries = [
        ("1:0:19:283D:3FB:1:C00000:0:0:0:", "Das Erste HD"),
        ("1:0:19:283E:3FB:1:C00000:0:0:0:", "Zwei"),
    ];
    let entries = entries
        .iter()
        .map(|(service, name)| Entry::new(service, name).unwrap());
    let bouquets = vec![ListedBouquet {
        reference: "1:7:1:0:0:0:0:0:0:0:FROM BOUQUET \"userbouquet.a.tv\" ORDER BY bouquet".into(),
        name: "A".into(),
        media: Media::Tv,
        entries: entries.collect(),
    }];
    Lineup::resolve(&Listing { bouquets }, &Selection::default())
}

fn good() -> String {
    let channel = |slug: &str, number: u32, name: &str| {
        format!(
            "#EXTINF:-1 tvg-id=\"{slug}.e2\" tvg-chno=\"{number}\" tvg-name=\"{name}\" \
             tvg-logo=\"http://box:8080/picon/{slug}.png\" group-title=\"A\",{name}\n\
             #KODIPROP:mimetype=video/mp2t\nhttp://box:8080/stream/{slug}.ts\n"
        )
    };
    let two = ONE.replace("283D", "283E");
    format!(
        "#EXTM3U url-tvg=\"http://box:8080/xmltv.xml\"\n{}{}",
        channel(ONE, 1, "Das Erste HD"),
        channel(&two, 2, "Zwei")
    )
}

fn judged(text: &str, is_direct: bool) -> Vec<Finding> {
    let base = Base {
        address: "http://box:8080".into(),
        ..Base::default()
    };
    let lineup = lineup();
    let mut playlist = Playlist::new(&lineup, &base, is_direct);
    text.split_terminator('\n')
        .for_each(|line| playlist.line(line));
    playlist.end().0
}

/// The rules that are broken when `from` in a good playlist is `to`.
fn broken(from: &str, to: &str) -> Vec<String> {
    let good = good();
    assert!(good.contains(from), "{from}");
    not_kept(judged(&good.replacen(from, to, 1), false))
}

#[test]
fn a_good_playlist_keeps_every_rule() {
    let findings = judged(&good(), false);
    assert!(
        findings.iter().all(|one| one.status == Status::Ok),
        "{findings:?}"
    );
    for rule in ["G1", "G2", "G3", "G15", "G16", "G17", "G18", "G19", "G30"] {
        let mut told = findings.iter();
        let ending = format!("({rule})");
        assert!(told.any(|one| one.message.ends_with(&ending)), "{rule}");
    }
    let numbers = "2 channels have a number of their own (G19)";
    assert_eq!(findings.last().unwrap().message, numbers);
}

#[test]
fn each_broken_rule_is_told() {
    let logo = format!("http://box:8080/picon/{ONE}.png");
    let stream = format!("http://box:8080/stream/{ONE}.ts");
    for (from, to, rules) in [
        (&*stream, "http://box:8080/stream/7.ts", &["G1"][..]),
        (&stream, &format!("{stream}?token=1"), &["G1"]),
        (&format!("{stream}\n"), "", &["G1"]),
        (&stream, &stream.replace(".ts", ".m3u8"), &["G1", "G2"]),
        ("#KODIPROP:mimetype=video/mp2t\n", "", &["G3"]),
        (
            "tvg-id=\"1-0-19-283E",
            "tvg-id=\"1-0-19-283D",
            &["G1", "G15"],
        ),
        (
            &format!("{ONE}.e2"),
            "1:0:19:283D:3FB:1:C00000:0:0:0:",
            &["G1", "G15"],
        ),
        (",Das Erste HD", ",Das, Erste HD", &["G16"]),
        (",Zwei", ",", &["G16"]),
        (",Das Erste HD", ",3 sat", &["G16"]),
        ("tvg-name=\"Zwei\"", "tvg-name=\"Z\"wei\"", &["G16"]),
        ("group-title=\"A\"", "group-title=\"A'\"", &["G16"]),
        (&logo, &format!("{logo}?media=1"), &["G17"]),
        (&logo, "/picon/x.png", &["G18"]),
        (&logo, "http://box:8080/picon/ä.png", &["G18"]),
        ("tvg-chno=\"2\"", "tvg-chno=\"1\"", &["G19"]),
        ("tvg-chno=\"2\"", "tvg-chno=\"0\"", &["G19"]),
        ("tvg-chno=\"2\"", "tvg-chno=\"\"", &["G19"]),
        ("#EXTM3U", "#EXTM3U8", &["G30"]),
        ("#EXTM3U", "\u{feff}#EXTM3U", &["G30"]),
        ("#KODIPROP", "\r#KODIPROP", &["G30"]),
    ] {
        assert_eq!(broken(from, to), rules, "{from} -> {to}");
    }
}

#[test]
fn direct_addresses_are_a_warning_and_nothing_else() {
    let text = good().replace("http://box:8080/stream/", "http://box:8001/");
    let findings = judged(&text, true);
    let mut wrong = findings.iter().filter(|one| one.status != Status::Ok);
    let told = wrong.next().unwrap();
    assert!(told.status == Status::Warning && told.message.ends_with("(G1, G2)"));
    assert!(wrong.next().is_none(), "{findings:?}");
}

#[test]
fn an_empty_playlist_is_told_with_what_to_look_at() {
    let findings = judged("#EXTM3U\n", false);
    assert_eq!(findings.len(), 2);
    assert_eq!(findings[1].status, Status::Warning);
    assert!(findings[1].message.contains("channels.bouquets"));
}

#[test]
fn numbers_may_have_two_parts() {
    for right in ["1", "12.3", "007"] {
        assert!(is_channel_number(right), "{right}");
    }
    for wrong in ["", "0", "00", "1.", ".1", "a", "1.2.3", "-1"] {
        assert!(!is_channel_number(wrong), "{wrong}");
    }
}
