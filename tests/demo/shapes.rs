//! The shape of the answers, against those of real OpenWebif.

use super::client::{bouquet, get, quote, still, with, FAVOURITES, FIRST};
use std::collections::BTreeSet;
use xg2g::receiver::demo::{Line, Options};

/// The keys of an indented document: depth, name, and the kind of value.
fn shape(json: &str) -> BTreeSet<(usize, &str, char)> {
    let keys = json.lines().filter_map(|line| {
        let (key, value) = line.trim_start().strip_prefix('"')?.split_once("\": ")?;
        let kind = match value.chars().next()? {
            '0'..='9' | '-' => '0',
            't' | 'f' => 't',
            first => first,
        };
        Some((line.len() - line.trim_start().len(), key, kind))
    });
    keys.collect()
}

/// The keys in the order of their first appearance.
fn order(json: &str) -> Vec<&str> {
    let mut keys = Vec::new();
    for line in json.lines() {
        let key = line
            .trim_start()
            .strip_prefix('"')
            .and_then(|rest| rest.split_once("\": "));
        keys.extend(key.map(|(key, _)| key).filter(|key| !keys.contains(key)));
    }
    keys
}

macro_rules! captured {
    ($($name:literal),* $(,)?) => {
        [$((
            $name,
            include_str!(concat!("../fixtures/openwebif/v1/", $name, ".json")),
            include_str!(concat!("../fixtures/openwebif/v2/", $name, ".json")),
        )),*]
    };
}

#[test]
fn answers_have_the_shape_of_captured_ones() {
    let fixtures = captured![
        "about",
        "about_standby",
        "bouquets",
        "currenttime",
        "epgmulti",
        "epgnext",
        "epgnow",
        "epgnownext",
        "epgservice",
        "epgservice_missing",
        "getallservices",
        "getpicon",
        "getservices",
        "getservices_root",
        "powerstate",
        "settings",
        "signal",
        "signal_standby",
        "statusinfo",
        "statusinfo_standby",
        "timerlist",
    ];
    for line in [Line::V1, Line::V2] {
        with(Options { line, ..still() }, |receiver| async move {
            for (name, v1, v2) in fixtures {
                let expected = if line == Line::V1 { v1 } else { v2 };
                receiver.set_standby(name.ends_with("_standby"));
                let bouquet = bouquet(FAVOURITES);
                let path = match name {
                    "getservices" => format!("getservices?sRef={bouquet}&hidden=1&showproviders=1&picon=1&showstreamrelay=1"),
                    "epgservice" => format!("epgservice?sRef={}&endTime=120", quote(&quote(FIRST))),
                    "getpicon" => format!("getpicon?sRef={}&json=true", quote(FIRST)),
                    "epgmulti" | "epgnow" | "epgnext" | "epgnownext" => format!("{name}?bRef={bouquet}&endTime=240"),
                    _ => name.split('_').next().unwrap_or(name).to_owned(),
                };
                let reply = get(&receiver, &format!("/api/{path}")).await;
                assert_eq!(reply.status(), "200", "{line:?} {name}");
                assert_eq!(shape(&reply.body), shape(expected), "{line:?} {name}");
                assert_eq!(order(&reply.body), order(expected), "{line:?} {name}");
            }
        });
    }
}
