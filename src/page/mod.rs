//! The web page: what a browser gets, as it was written. It uses nothing but the addresses of docs/HTTP.md.
//!
//! Whoever runs no scripts reads the basics, which stand in the document; a script puts the views in their place.

mod link;

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

/// The modules, each behind those whose values it needs while it is read.
macro_rules! modules {
    ($($name:literal)+) => {
        #[cfg(test)]
        const MODULES: &[(&str, &str)] = &[$(($name, include_str!($name))),+];
        const SCRIPTS: &[&str] = &[$(include_str!($name)),+];
    };
}

modules! {
    "texts.js" "dom.js" "api.js" "live.js" "qr.js" "pairing.js" "programme.js"
    "home.js" "watch.js" "channels.js" "guide.js" "settings.js" "check.js" "log.js"
    "page.js"
}

/// A text made of these while the program is built.
macro_rules! linked {
    ($texts:expr, $is_linked:literal) => {{
        const LENGTH: usize = link::length($texts, $is_linked);
        static TEXT: [u8; LENGTH] = link::link($texts, $is_linked);
        match std::str::from_utf8(&TEXT) {
            Ok(text) => text,
            Err(_) => panic!("only whole lines were left out"),
        }
    }};
}

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// All files but the document.
pub static ASSETS: [Asset; 4] = [
    Asset {
        name: "page.js",
        content_type: SCRIPT,
        text: linked!(SCRIPTS, true),
    },
    // Only German browsers ask for it.
    Asset {
        name: "de.js",
        content_type: SCRIPT,
        text: linked!(&[include_str!("de.js")], false),
    },
    Asset {
        name: "page.css",
        content_type: "text/css; charset=utf-8",
        text: linked!(&[include_str!("page.css")], false),
    },
    Asset {
        name: "icon.svg",
        content_type: "image/svg+xml",
        text: include_str!("icon.svg"),
    },
];

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
    fn every_setting_has_german_help() {
        let german = ASSETS.iter().find(|asset| asset.name == "de.js").unwrap();
        for key in KEYS {
            assert!(
                german.text.contains(&format!("\n\"{}\": \"", key.path)),
                "{}",
                key.path
            );
        }
    }

    #[test]
    fn modules_name_only_modules_that_there_are_in_one_line_each() {
        for (name, text) in MODULES {
            for line in text.lines().filter(|line| line.starts_with("import ")) {
                let (_, from) = line.split_once("\"./").unwrap();
                let from = from.strip_suffix("\";").unwrap();
                assert!(
                    MODULES.iter().any(|(one, _)| *one == from),
                    "{name}: {line}"
                );
            }
        }
    }

    #[test]
    fn no_name_is_given_in_two_modules() {
        let mut given: Vec<(&str, &str)> = Vec::new();
        for (module, text) in MODULES {
            for line in text.lines() {
                let line = line
                    .trim_start_matches("export ")
                    .trim_start_matches("default ");
                let line = line.trim_start_matches("async ");
                let kinds = ["const ", "let ", "function ", "class "];
                let Some(rest) = kinds.iter().find_map(|kind| line.strip_prefix(kind)) else {
                    continue;
                };
                let name = rest
                    .split(|c: char| !c.is_alphanumeric() && c != '_')
                    .next()
                    .unwrap();
                let before = given.iter().find(|(one, _)| *one == name);
                assert!(before.is_none(), "{name} in {module} and {before:?}");
                given.push((name, module));
            }
        }
        assert!(given.len() > 100);
    }
}
