//! The web page: what a browser gets, as it was written. It uses nothing but the addresses of docs/HTTP.md.
//!
//! Whoever runs no scripts reads the basics, which stand in the document; a script puts the views in their place.

use crate::model::Base;
use crate::xml;

/// A file of the page.
#[derive(Debug)]
pub struct Asset {
    /// Its name below `/page/`.
    pub name: &'static str,
    /// Media type.
    pub content_type: &'static str,
    /// What is in it.
    pub text: &'static str,
}

macro_rules! assets {
    ($($name:literal $content_type:expr;)+) => {
        /// All files but the document.
        pub const ASSETS: &[Asset] = &[$(Asset {
            name: $name,
            content_type: $content_type,
            text: include_str!($name),
        }),+];
    };
}

const SCRIPT: &str = "text/javascript; charset=utf-8";

assets! {
    "page.css" "text/css; charset=utf-8";
    "icon.svg" "image/svg+xml";
    "page.js" SCRIPT;
    "texts.js" SCRIPT;
    "de.js" SCRIPT;
    "dom.js" SCRIPT;
    "api.js" SCRIPT;
    "live.js" SCRIPT;
    "home.js" SCRIPT;
    "watch.js" SCRIPT;
    "qr.js" SCRIPT;
    "programme.js" SCRIPT;
    "channels.js" SCRIPT;
    "guide.js" SCRIPT;
    "settings.js" SCRIPT;
    "help-de.js" SCRIPT;
    "pairing.js" SCRIPT;
    "check.js" SCRIPT;
    "log.js" SCRIPT;
}

const DOCUMENT: &str = include_str!("index.html");

/// What a browser may do with the page: run its own scripts and styles, and talk to nobody but us.
pub const POLICY: &str =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                          base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A language of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// German.
    German,
}

impl Language {
    /// The first of these (`Accept-Language`, the most wanted first) that the page has; else English.
    pub fn of<'a>(mut wanted: impl Iterator<Item = &'a str>) -> Language {
        let known = wanted.find_map(|tag| match tag.get(..2)?.to_ascii_lowercase().as_str() {
            "de" => Some(Language::German),
            "en" => Some(Language::English),
            _ => None,
        });
        known.unwrap_or(Language::English)
    }

    /// Its tag.
    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::German => "de",
        }
    }
}

/// What is told without scripts.
#[derive(Clone, Debug)]
pub struct Basics {
    /// Where we are, with a key only for those who may know it.
    pub base: Base,
    /// TV and radio channels that are served.
    pub channels: usize,
    /// How many of them have a guide; `None` if there is none.
    pub with_guide: Option<u32>,
    /// Why the last pass failed.
    pub error: Option<String>,
}

/// The document.
pub fn document(language: Language, basics: &Basics) -> String {
    DOCUMENT
        .replace("{language}", language.tag())
        .replace("{basics}", &told(language, basics))
}

fn told(language: Language, basics: &Basics) -> String {
    let Basics {
        base,
        channels,
        with_guide,
        error,
    } = basics;
    let guide = with_guide.unwrap_or(0);
    let known = match language {
        _ if *channels == 0 => String::new(),
        Language::English => format!("{channels} channels, {guide} of them with a guide."),
        Language::German => format!("{channels} Sender, davon {guide} mit Programm."),
    };
    let none = match language {
        Language::English => "The receiver has not told its channels yet.",
        Language::German => "Der Receiver hat seine Sender noch nicht genannt.",
    };
    let (failed, playlist, programme, numbered, tuners, scripts) = match language {
        Language::English => (
            "The last refresh failed:",
            "Playlist for Kodi, Jellyfin, Emby, Tvheadend, VLC",
            "Guide",
            "Guide for Plex",
            "Tuners",
            "All else on this page needs JavaScript.",
        ),
        Language::German => (
            "Die letzte Aktualisierung ist gescheitert:",
            "Senderliste für Kodi, Jellyfin, Emby, Tvheadend, VLC",
            "Programm",
            "Programm für Plex",
            "Tuner",
            "Alles Weitere auf dieser Seite braucht JavaScript.",
        ),
    };
    let mut out = format!(
        "<h1>xg2g</h1>\n<p>{}</p>\n",
        if known.is_empty() { none } else { &known }
    );
    if let Some(error) = error {
        out += &format!("<p>{failed} {}</p>\n", xml::text(error));
    }
    out += "<dl>\n";
    for (name, address) in [
        (playlist, base.playlist()),
        (programme, base.guide()),
        (numbered, base.numbered_guide()),
    ] {
        let address = xml::text(&address);
        out += &format!("<dt>{name}</dt><dd><a href=\"{address}\">{address}</a></dd>\n");
    }
    out += "</dl>\n";
    out += &format!(
        "<p><a href=\"/tuners.html\">{tuners}</a></p>\n<noscript><p>{scripts}</p></noscript>"
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::KEYS;

    fn basics() -> Basics {
        Basics {
            base: Base {
                address: "http://box:8080".into(),
                key: String::new(),
            },
            channels: 63,
            with_guide: Some(60),
            error: None,
        }
    }

    #[test]
    fn the_language_is_the_first_that_the_page_has() {
        for (wanted, found) in [
            ("de-AT,de;q=0.9,en;q=0.8", Language::German),
            ("fr, en-GB, de", Language::English),
            ("fr", Language::English),
            ("", Language::English),
            ("d", Language::English),
            ("ü, DE", Language::German),
        ] {
            assert_eq!(
                Language::of(wanted.split(',').map(str::trim)),
                found,
                "{wanted}"
            );
        }
    }

    #[test]
    fn basics_are_told_in_the_document_and_cannot_break_it() {
        let german = document(Language::German, &basics());
        assert!(german.contains("<html lang=\"de\">") && german.contains("63 Sender, davon 60"));
        assert!(german.contains("href=\"http://box:8080/xmltv.xml?client=plex\""));
        let broken = Basics {
            error: Some("<script>".into()),
            channels: 0,
            ..basics()
        };
        let english = document(Language::English, &broken);
        assert!(english.contains("failed: &lt;script&gt;") && english.contains("not told"));
        assert!(!english.contains('{'), "{english}");
    }

    #[test]
    fn scripts_name_only_files_that_there_are() {
        for asset in ASSETS.iter().filter(|asset| asset.name.ends_with(".js")) {
            for line in asset.text.lines() {
                let Some((_, rest)) = line.split_once("\"./") else {
                    continue;
                };
                let name = rest.split('"').next().unwrap_or_default();
                let is_there = ASSETS.iter().any(|one| one.name == name);
                assert!(is_there, "{}: {line}", asset.name);
            }
        }
    }
    #[test]
    fn every_key_has_its_help_in_german_and_nothing_else_has() {
        let help = include_str!("help-de.js");
        let entries = help.lines().filter_map(|line| line.strip_prefix("  \""));
        let entries: Vec<&str> = entries.filter_map(|line| line.split('"').next()).collect();
        let keys: Vec<&str> = KEYS.iter().map(|key| key.path).collect();
        assert_eq!(entries, keys);
    }
}
