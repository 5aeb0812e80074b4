//! The papers say what the program does: each is compared with what the key table generates.

#![allow(clippy::unwrap_used)]

use crate::kit::{with_channels, Family};
use std::fs;
use std::path::Path;
use xg2g::{cli, config, http};

/// Compares a file with what it should be; `BLESS=1` writes it instead.
fn compare(name: &str, generated: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, generated).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap();
    assert!(
        kept == generated,
        "{name} is out of date: BLESS=1 cargo test papers"
    );
}

#[test]
fn the_sample_file_is_the_key_table() {
    compare("etc/xg2g.toml", &config::sample());
}

#[test]
fn the_reference_page_is_the_key_table() {
    compare("docs/CONFIGURATION.md", &config::reference());
}

#[test]
fn the_sample_changes_nothing_as_it_is_and_with_every_key_taken_in() {
    let sample = config::sample();
    // A key stands right behind its #, prose behind a blank.
    let taken_in: String = sample
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(key) if key.starts_with(|c: char| c.is_ascii_lowercase()) => format!("{key}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let load = |text: &str| {
        let said = config::Said {
            file: Some((Path::new("xg2g.toml"), text)),
            ..config::Said::default()
        };
        config::load(&said).unwrap()
    };
    for text in [&sample, &taken_in] {
        let loaded = load(text);
        assert_eq!(loaded.config, config::Config::default());
        assert!(loaded.warnings.is_empty());
    }
    let loaded = load(&taken_in);
    for (key, _, source) in loaded.values() {
        assert_ne!(*source, config::Source::Default, "{}", key.path);
    }
}

#[test]
fn help_names_every_key_and_its_variable() {
    let help = cli::help();
    for key in config::KEYS {
        let line = format!("  {} ", key.path);
        let found = help.lines().find(|text| text.starts_with(&line));
        assert!(
            found.is_some_and(|text| text.contains(key.env)),
            "{}",
            key.path
        );
    }
}

/// The texts between `begin` and a quote.
fn quoted(text: &str, begin: &str) -> Vec<String> {
    let parts = text.split(begin).skip(1);
    parts
        .filter_map(|part| part.split('"').next())
        .map(str::to_owned)
        .collect()
}

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

#[test]
fn the_page_of_migrations_lists_every_retired_name_and_no_other_as_one() {
    let (source, page) = (read("src/config/retired.rs"), read("docs/MIGRATIONS.md"));
    let retired = quoted(&source, "    other(\"");
    assert!(retired.len() > 30);
    let (_, table) = page.split_once("<!-- retired -->\n").unwrap();
    let (table, _) = table.split_once("<!-- /retired -->").unwrap();
    let listed: Vec<String> = table
        .split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect();
    let in_use = |name: &String| config::KEYS.iter().any(|key| key.env == *name);
    for name in &retired {
        assert!(listed.contains(name), "{name} is not in the page");
    }
    for name in &listed {
        let is_known = retired.contains(name) || in_use(name) || !name.starts_with("XG2G_");
        assert!(is_known, "{name} is in the page only");
    }
    let (_, kept) = page.split_once("<!-- kept -->\n").unwrap();
    let (kept, _) = kept.split_once("<!-- /kept -->").unwrap();
    for name in kept.split('`').filter(|name| name.starts_with("XG2G_")) {
        assert!(in_use(&name.to_owned()), "{name} is not read");
    }
}

#[test]
fn the_page_of_addresses_lists_every_route() {
    let (routes, page) = (read("src/server/routes.rs"), read("docs/HTTP.md"));
    for (method, call) in [("GET", "Route::get(\""), ("POST", "Route::post(\"")] {
        let paths = quoted(&routes, call);
        assert!(!paths.is_empty());
        for path in &paths {
            assert!(
                page.contains(&format!("| {method} | `{path}` |")),
                "{method} {path} is not in the page"
            );
        }
        let listed = page
            .lines()
            .filter(|line| line.starts_with(&format!("| {method} |")))
            .count();
        assert_eq!(
            listed,
            paths.len(),
            "the page lists {method} addresses that are not there"
        );
    }
}

#[test]
fn the_table_of_errors_in_the_page_of_addresses_is_that_of_the_program() {
    let mut table = String::from("| code | status | meaning |\n| --- | --- | --- |\n");
    for code in http::CODES {
        let statuses: Vec<String> = code.statuses.iter().map(u16::to_string).collect();
        table += &format!(
            "| {} | {} | {} |\n",
            code.name,
            statuses.join(", "),
            code.about
        );
    }
    compare_part("docs/HTTP.md", "codes", &table);
}

/// Compares the part of a page between two marks.
fn compare_part(name: &str, mark: &str, generated: &str) {
    let page = read(name);
    let (begin, end) = (format!("<!-- {mark} -->\n"), format!("<!-- /{mark} -->"));
    let (before, rest) = page.split_once(&begin).unwrap();
    let (_, after) = rest.split_once(&end).unwrap();
    compare(name, &format!("{before}{begin}{generated}{end}{after}"));
}

#[test]
fn the_page_of_metrics_is_what_the_program_tells() {
    with_channels(async |kit| {
        let mut table =
            String::from("| name | type | labels | meaning |\n| --- | --- | --- | --- |\n");
        for family in kit.metrics().await.families {
            let Family {
                name, kind, help, ..
            } = &family;
            let labels: Vec<String> = family.labels.iter().map(described).collect();
            table += &format!("| `{name}` | {kind} | {} | {help} |\n", labels.join("; "));
        }
        compare_part("docs/METRICS.md", "metrics", &table);
    });
}

/// A label, and its values where they are not told elsewhere.
fn described((name, values): &(String, Vec<String>)) -> String {
    if values
        .iter()
        .any(|value| matches!(&**value, "other" | "200"))
        || name == "version"
    {
        return format!("`{name}`");
    }
    let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
    format!("`{name}`: {}", values.join(", "))
}
