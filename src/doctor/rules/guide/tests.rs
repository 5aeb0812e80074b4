use super::super::tests::not_kept;
use super::*;

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE tv SYSTEM \"xmltv.dtd\">\n<tv generator-info-name=\"xg2g\">\n";

fn programme(id: &str, start: &str, stop: &str) -> String {
    format!(
        "<programme start=\"20261122{start}00 +0000\" stop=\"20261122{stop}00 +0000\" channel=\"{id}\">\
         <title>Ü &amp; 😀</title><desc>Zeile\nZeile > 2</desc><category>Series</category>\
         <episode-num system=\"xmltv_ns\">1.4.</episode-num>\
         <episode-num system=\"dd_progid\">EP1.0005</episode-num></programme>\n"
    )
}

/// Two channels with two programmes each.
fn good() -> String {
    let mut text = HEAD.to_owned();
    for id in ["a.e2", "b.e2"] {
        text +=
            &format!("<channel id=\"{id}\"><display-name>Sender {id}</display-name></channel>\n");
    }
    for id in ["a.e2", "b.e2"] {
        text += &programme(id, "1800", "1900");
        text += &programme(id, "1900", "2000");
    }
    text + "</tv>\n"
}

fn ids() -> HashSet<String> {
    ["a.e2".to_owned(), "b.e2".to_owned()].into()
}

fn judged(text: &[u8], piece: usize) -> Vec<Finding> {
    let mut guide = Guide::default();
    text.chunks(piece).for_each(|piece| guide.read(piece));
    guide.end(&ids())
}

/// The rules that are broken by a text.
fn broken(text: &str) -> Vec<String> {
    not_kept(judged(text.as_bytes(), 100))
}

#[test]
fn a_good_guide_keeps_every_rule_however_it_is_cut() {
    let text = good();
    let whole = judged(text.as_bytes(), text.len());
    assert!(
        whole.iter().all(|one| one.status == Status::Ok),
        "{whole:?}"
    );
    for rule in ["G8", "G9", "G10", "G11", "G12", "G13", "G14", "G15", "G22"] {
        let ending = format!("({rule})");
        assert!(
            whole.iter().any(|one| one.message.ends_with(&ending)),
            "{rule}"
        );
    }
    for piece in [1, 2, 3, 7, 64, 1_000] {
        assert_eq!(judged(text.as_bytes(), piece), whole, "{piece}");
    }
    let size = "it has 0.0 MB: 4 programmes of 2 channels (G22)";
    assert!(whole.iter().any(|one| one.message == size), "{whole:?}");
}

#[test]
fn each_broken_rule_is_told() {
    let text = good();
    for (from, to, rules) in [
        ("<?xml", "\n<?xml", &["G8"][..]),
        ("</tv>\n", "", &["G8"]),
        ("</tv>", "<x></tv>", &["G8"]),
        ("</tv>\n", "</tv>\n<programme", &["G8"]),
        ("20261122180000 +0000", "202611221800 +0000", &["G9"]),
        ("20261122180000 +0000", "20261122180000 CET", &["G9"]),
        ("stop=\"20261122190000 +0000\"", "", &["G9"]),
        ("start=\"20261122190000", "start=\"20261122180000", &["G10"]),
        ("stop=\"20261122190000", "stop=\"20261122190100", &["G10"]),
        ("stop=\"20261122190000", "stop=\"20261122170000", &["G10"]),
        ("1.4.<", "1.4.0/2<", &["G11"]),
        ("1.4.<", "..<", &["G11"]),
        ("dd_progid", "onscreen", &["G12"]),
        ("<category>", "<category lang=\"de\">", &["G13"]),
        ("Zeile", "Zei\u{86}le", &["G14"]),
        ("Zeile", "Zei\u{1}le", &["G14"]),
        ("id=\"b.e2\"", "id=\"B.e2\"", &["G15", "G15"]),
    ] {
        assert!(text.contains(from), "{from}");
        assert_eq!(broken(&text.replacen(from, to, 1)), rules, "{from} -> {to}");
    }
}

#[test]
fn g10_a_channel_that_comes_back_is_told() {
    let again = programme("a.e2", "2100", "2200") + "</tv>";
    let text = good().replace("</tv>", &again);
    assert_eq!(broken(&text), ["G10"]);
    let findings = judged(text.as_bytes(), 50);
    let told = findings
        .iter()
        .find(|one| one.status != Status::Ok)
        .unwrap();
    assert!(told.message.starts_with("1 of 5 programmes"), "{told:?}");
    assert!(told.message.contains("`Sender a.e2`"), "{told:?}");
}

#[test]
fn g22_a_guide_too_large_for_small_players_is_told_with_what_makes_it_smaller() {
    assert_eq!(size(LARGE, 500, 100_000).status, Status::Ok);
    let large = size(LARGE + 1, 500, 100_000);
    assert_eq!(large.status, Status::Warning);
    assert!(large.message.starts_with("it has 25.0 MB"), "{large:?}");
    assert!(large.message.contains("guide.days"), "{large:?}");
}

#[test]
fn bytes_that_are_no_text_and_elements_without_end_are_told() {
    let mut bytes = good().into_bytes();
    let at = bytes.iter().position(|byte| *byte == 0xc3).unwrap();
    bytes[at] = 0xff;
    assert_eq!(judged(&bytes, 64)[0].status, Status::Problem);
    let endless = format!("{HEAD}<programme {}", "x>".repeat(LONGEST));
    assert_eq!(
        judged(endless.as_bytes(), 32 << 10)[0].status,
        Status::Problem
    );
}
