//! Text to checked values: default, then file, then environment, then flags.

use super::layers::Layers;
use super::source::{Error, Source};
use super::toml::Value;
use super::{Config, Key, KEYS};
use std::path::{Path, PathBuf};

/// A configuration that passed every check.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The values.
    pub config: Config,
    /// The file they were read from, if there was one.
    pub file: Option<PathBuf>,
    /// The file of the settings changed over HTTP, which need not be there; `None`: they cannot be changed.
    pub settings: Option<PathBuf>,
    /// What is no error but should be said, a sentence each.
    pub warnings: Vec<String>,
    /// Where each value came from, in the order of [`KEYS`].
    sources: Vec<Source>,
    /// The keys that stand in the file of settings.
    saved: Vec<&'static str>,
    /// The values that count after a restart, masked if secret.
    waiting: Vec<(&'static str, Value)>,
}

impl Loaded {
    /// Values that nobody said anywhere.
    pub fn unsaid(config: Config) -> Loaded {
        Loaded {
            config,
            file: None,
            settings: None,
            warnings: Vec::new(),
            sources: vec![Source::Default; KEYS.len()],
            saved: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// Takes the value of a key, and where it came from, from another configuration; its own waits for a restart.
    pub(super) fn keep(&mut self, key: &Key, from: &Loaded) {
        self.waiting.push((key.path, key.value(&self.config)));
        // A value that was shown can be read.
        let _ = key.kind.store(&mut self.config, &key.value(&from.config));
        if let Some(at) = KEYS.iter().position(|one| one.path == key.path) {
            self.sources[at] = from.sources[at].clone();
        }
    }

    /// Every key, its value (masked if secret) as a file would have it, and where that came from.
    pub fn values(&self) -> impl Iterator<Item = (&'static Key, Value, &Source)> {
        let values = KEYS.iter().zip(&self.sources);
        values.map(|(key, source)| (key, key.value(&self.config), source))
    }

    /// Whether a key stands in the file of settings, also where a stronger place overrides it.
    pub fn is_saved(&self, key: &Key) -> bool {
        self.saved.contains(&key.path)
    }

    /// The value (masked if secret) that a key will have after a restart, if it is another one.
    pub fn waiting(&self, key: &Key) -> Option<&Value> {
        let mut waiting = self.waiting.iter();
        let found = waiting.find(|(path, _)| *path == key.path);
        found.map(|(_, value)| value)
    }

    /// Why a key cannot be changed in the file of settings, if it cannot.
    pub fn locked(&self, key: &Key) -> Option<String> {
        let at = KEYS.iter().position(|one| one.path == key.path)?;
        match &self.sources[at] {
            source @ (Source::Environment(_) | Source::Flag) => {
                let place = match source {
                    Source::Flag => "on the command line".to_owned(),
                    variable => format!("by {variable}"),
                };
                Some(format!("set {place}, which wins"))
            }
            _ if key.is_place_of_settings() => {
                Some("says where these settings are kept: set it in the configuration file".into())
            }
            _ => None,
        }
    }

    /// Whether a value makes no difference to the one that counts.
    pub(super) fn says(&self, key: &Key, value: &Value) -> bool {
        let mut other = self.config.clone();
        // A login in an address is a value of other keys, too.
        let has_login = matches!(value, Value::Text(text) if key.kind.masked(text) != *text);
        (key.kind.is_secret() || !has_login)
            && key.kind.store(&mut other, value).is_ok()
            && !key.kind.differs(&self.config, &other)
    }

    /// Whether the other was said in the same places.
    pub fn is_said_like(&self, other: &Loaded) -> bool {
        (&self.file, &self.sources, &self.saved, &self.waiting)
            == (&other.file, &other.sources, &other.saved, &other.waiting)
    }
}

/// All that is said of a configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said<'a> {
    /// The file's name and text.
    pub file: Option<(&'a Path, &'a str)>,
    /// The same of the settings changed over HTTP.
    pub settings: Option<(&'a Path, &'a str)>,
    /// The environment; names that are none of ours are passed over.
    pub env: &'a [(String, String)],
    /// The command line's keys and values, of which the last counts.
    pub flags: &'a [(String, String)],
}

/// Puts a configuration together from all that was said, and checks it whole.
///
/// Values are checked wherever they stand, also where a stronger place overrides them.
///
/// # Errors
/// Everything that is wrong, in the order file (by line), environment, flags.
pub fn load(said: &Said<'_>) -> Result<Loaded, Vec<Error>> {
    let mut layers = Layers::default();
    if let Some((path, text)) = said.file {
        layers.file(path, text);
        layers.errors.sort_by(|one, other| one.at.cmp(&other.at));
    }
    if let Some((path, text)) = said.settings {
        layers.settings(path, text);
    }
    layers.environment(said.env);
    layers.flags(said.flags);
    layers.compare();
    if !layers.errors.is_empty() {
        return Err(layers.errors);
    }
    Ok(Loaded {
        config: layers.config,
        file: said.file.map(|(path, _)| path.into()),
        settings: said.settings.map(|(path, _)| path.into()),
        warnings: layers.warnings,
        sources: layers.sources,
        saved: layers.saved,
        waiting: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Kind;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
        pairs.iter().map(owned).collect()
    }

    fn all(text: &str, env: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Loaded, Vec<Error>> {
        load(&Said {
            file: Some((Path::new("x.toml"), text)),
            settings: None,
            env: &pairs(env),
            flags: &pairs(flags),
        })
    }

    fn errors(text: &str, env: &[(&str, &str)], flags: &[(&str, &str)]) -> Vec<String> {
        let errors = all(text, env, flags).unwrap_err();
        errors.iter().map(Error::to_string).collect()
    }

    fn source(loaded: &Loaded, path: &str) -> String {
        let mut values = loaded.values();
        values
            .find(|(key, ..)| key.path == path)
            .unwrap()
            .2
            .to_string()
    }

    #[test]
    fn a_message_has_no_controls_of_a_broken_value() {
        let told = errors("[guide]\nenabled = fals\u{1b}[2J\rdays", &[], &[]);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("x.toml:2: guide.enabled = fals\u{fffd}[2J\u{fffd}days: "));
    }

    #[test]
    fn every_key_can_be_said_in_every_place() {
        for key in KEYS {
            let value = key.value(&Config::default());
            let (section, name) = key.parts();
            let loaded = all(&format!("[{section}]\n{name} = {value}"), &[], &[]).unwrap();
            assert_eq!(source(&loaded, key.path), "x.toml:2");
            assert_eq!(loaded.config, Config::default(), "{}", key.path);
            let text = match &value {
                Value::Text(text) => text.clone(),
                Value::List(_) if matches!(key.kind, Kind::Languages(_)) => "deu, eng,".into(),
                Value::List(_) if matches!(key.kind, Kind::Networks(_)) => {
                    "10.0.0.0/8, ::1,".into()
                }
                Value::List(_) if matches!(key.kind, Kind::Hosts(_)) => "tv.example,".into(),
                Value::List(_) => "/a, /b,".into(),
                other => other.to_string(),
            };
            let flag = all("", &[], &[(key.path, &text)]).unwrap();
            assert_eq!(source(&flag, key.path), "command line");
            let env = all("", &[(key.env, &text)], &[]).unwrap();
            assert_eq!(env.config, flag.config, "{}", key.path);
            let there = if text.is_empty() { "default" } else { key.env };
            assert_eq!(source(&env, key.path), there);
        }
    }

    #[test]
    fn all_errors_of_all_places_are_reported_at_once() {
        let text = "[guide]\ndays = 99\nenabled = 'yes'\n[reciever]\nurl = 'http://x'\n[stream]\nport = 1.5\nmode = proxy\nport = 0";
        let env = [("XG2G_OWI_RETRIES", "many"), ("XG2G_LISTEN", "8080")];
        assert_eq!(
            errors(text, &env, &[("log.levle", "x"), ("refresh.interval", "5s")]),
            [
                "x.toml:2: guide.days = 99: must be a whole number from 1 to 14",
                "x.toml:3: guide.enabled = \"yes\": must be true or false",
                "x.toml:5: reciever.url: no such key; is receiver.url meant?",
                "x.toml:7: stream.port = 1.5: fractions are not used here; must be a port from 1 to 65535",
                "x.toml:8: stream.mode = proxy: text stands in quotes; must be \"proxy\", \"redirect\" or \"direct\"",
                "x.toml:9: stream.port = 0: must be a port from 1 to 65535",
                "XG2G_OWI_RETRIES: receiver.retries = \"many\": must be a whole number from 0 to 10",
                "XG2G_LISTEN: server.listen = \"8080\": needs a colon before the port, such as \":8080\"",
                "command line: log.levle: no such key; is log.level meant?",
                "command line: refresh.interval = \"5s\": must be a duration from \"1m\" to \"30d\"",
            ]
        );
    }

    #[test]
    fn languages_are_three_lower_case_letters_each() {
        let loaded = all("", &[("XG2G_GUIDE_LANGUAGES", "fra, deu")], &[]).unwrap();
        assert_eq!(loaded.config.guide.languages, ["fra", "deu"]);
        for wrong in ["'de'", "'Deu'", "'d3u'", "'deut'", "'däu'", "7"] {
            let found = errors(&format!("[guide]\nlanguages = ['eng', {wrong}]"), &[], &[]);
            let allowed = "must be a list of languages of three letters such as [\"deu\", \"eng\"]";
            assert!(found[0].ends_with(allowed), "{wrong}: {found:?}");
        }
        let found = errors("[guide]\nlanguages = 'deu'", &[], &[]);
        assert!(found[0].contains("must be a list"), "{found:?}");
    }

    #[test]
    fn the_source_of_the_guide_is_one_of_three_and_its_directory_has_a_name() {
        let text = "[receiver]\nsource = 'file'\ndir = ''";
        assert_eq!(
            errors(text, &[], &[]),
            [
                "x.toml:2: receiver.source = \"file\": must be \"auto\", \"disk\" or \"openwebif\"",
                "x.toml:3: receiver.dir = \"\": must be a directory",
            ]
        );
        let never = all("[guide]\nsave_interval = '0m'", &[], &[]).unwrap();
        assert!(never.config.guide.save_interval.is_zero());
    }

    #[test]
    fn a_key_without_its_section_and_an_empty_section_are_named() {
        assert_eq!(
            errors("days = 3", &[], &[]),
            ["x.toml:1: days: no such key; is guide.days meant?"]
        );
        assert_eq!(
            errors("[guides]", &[], &[]),
            ["x.toml:1: [guides]: no such section; is guide meant?"]
        );
        assert_eq!(
            errors("telemetry = 1", &[], &[]),
            ["x.toml:1: telemetry: no such key"]
        );
    }

    #[test]
    fn a_bad_value_counts_also_where_it_is_overridden() {
        let found = errors("[guide]\ndays = 0", &[("XG2G_EPG_DAYS", "3")], &[]);
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        let env = [
            ("XG2G_OWI_BASE", ""),
            ("XG2G_EPG_DAYS", ""),
            ("XG2G_XMLTV", ""),
        ];
        let loaded = all("[guide]\ndays = 3", &env, &[]).unwrap();
        assert_eq!(loaded.config.guide.days, 3);
        assert_eq!(loaded.warnings, [""; 0]);
    }

    #[test]
    fn bare_numbers_are_milliseconds_only_in_variables_that_say_so() {
        let loaded = all(
            "",
            &[
                ("XG2G_OWI_TIMEOUT_MS", "1500"),
                ("XG2G_OWI_BACKOFF_MS", "1s"),
            ],
            &[],
        )
        .unwrap();
        assert_eq!(loaded.config.receiver.timeout.as_millis(), 1500);
        assert_eq!(loaded.config.receiver.backoff.as_millis(), 1000);
        let hint = "needs a unit, such as \"1500ms\" or \"1500s\"";
        for found in [
            errors("[receiver]\ntimeout = 1500", &[], &[]),
            errors("", &[("XG2G_RECEIVER_MAX_BLOCK", "1500")], &[]),
            errors("", &[], &[("receiver.timeout", "1500")]),
        ] {
            assert!(found[0].ends_with(hint), "{found:?}");
        }
    }

    #[test]
    fn a_login_in_the_url_is_taken_over_and_goes_with_the_url() {
        let file = "[receiver]\nurl = 'http://root:p%40ss@box/'";
        let loaded = all(file, &[], &[]).unwrap();
        assert_eq!(loaded.config.receiver.url, "http://box");
        assert_eq!(loaded.config.receiver.user, "root");
        assert_eq!(loaded.config.receiver.password.reveal(), "p@ss");
        assert_eq!(source(&loaded, "receiver.password"), "x.toml:2");
        let other_box = all(file, &[("XG2G_OWI_BASE", "http://other")], &[]).unwrap();
        assert_eq!(other_box.config.receiver.user, "");
        assert!(other_box.config.receiver.password.is_empty());
        let other_user = all(file, &[("XG2G_OWI_USER", "tv")], &[]).unwrap();
        assert_eq!(other_user.config.receiver.user, "tv");
        let own_keys = "[receiver]\nuser = 'tv'\npassword = 'x'\nurl = 'http://root:y@box'";
        assert_eq!(all(own_keys, &[], &[]).unwrap().config.receiver.user, "tv");
        let kept = all(
            "[receiver]\nuser = 'tv'",
            &[("XG2G_OWI_BASE", "http://other")],
            &[],
        )
        .unwrap();
        assert_eq!(kept.config.receiver.user, "tv");
    }

    #[test]
    fn no_message_holds_a_secret() {
        let text =
            "[receiver]\nurl = 'https://root:geheim@box'\npassword = geheim\npasword = 'geheim'";
        let env = [
            ("XG2G_OWI_BASE", "root:geheim@box"),
            ("XG2G_PUBLIC_URL", "http://a:geheim@b"),
        ];
        let found = errors(text, &env, &[("receiver.pass", "geheim")]);
        assert_eq!(found.len(), 6, "{found:#?}");
        assert!(!format!("{found:?}").contains("geheim"), "{found:#?}");
        assert!(found.iter().any(|error| error.contains("`tls`")));
    }

    #[test]
    fn two_keys_that_contradict_each_other_are_named_with_their_places() {
        assert_eq!(
            errors("[receiver]\nbackoff = '1m'", &[("XG2G_REFRESH_FULL_INTERVAL", "10m")], &[]),
            [
                "x.toml:2: receiver.backoff = \"1m\": must not be longer than receiver.max_backoff, which is \"30s\" (default)",
                "XG2G_REFRESH_FULL_INTERVAL: refresh.interval = \"30m\": must not be longer than refresh.full_interval, which is \"10m\" (XG2G_REFRESH_FULL_INTERVAL)",
            ]
        );
    }

    #[test]
    fn variables_of_other_versions_and_slips_give_warnings() {
        let env = [
            ("XG2G_STREAM_BASE", "x"),
            ("XG2G_HDHR_ENABLED", "true"),
            ("XG2G_HDHR_MODEL", "x"),
            ("XG2G_BOUQUETS", "x"),
            ("XG2G_FOO", "x"),
            ("HOME", "/"),
        ];
        let warnings = all("", &env, &[]).unwrap().warnings;
        assert_eq!(warnings.len(), 4);
        assert!(warnings[0].contains("XG2G_PUBLIC_URL"));
        assert_eq!(warnings[1], "XG2G_HDHR_MODEL is not read: it is fixed");
        assert_eq!(
            warnings[2],
            "XG2G_BOUQUETS is not read: no such variable; is XG2G_BOUQUET meant?"
        );
        assert_eq!(warnings[3], "XG2G_FOO is not read: no such variable");
    }

    #[test]
    fn a_short_token_is_taken_with_a_warning_that_does_not_show_it() {
        let loaded = all("", &[("XG2G_API_TOKEN", "geheim")], &[]).unwrap();
        assert_eq!(loaded.config.auth.token.reveal(), "geheim");
        assert_eq!(loaded.warnings.len(), 1);
        assert!(!loaded.warnings[0].contains("geheim"));
        let long = all("", &[("XG2G_API_TOKEN", "0123456789+/=abc")], &[]).unwrap();
        assert!(long.warnings.is_empty());
        for wrong in ["two words", "ü", "a\tb"] {
            let text = errors(&format!("[auth]\ntoken = \"{wrong}\""), &[], &[]).concat();
            assert!(
                text.contains("without a blank") && !text.contains(wrong),
                "{text}"
            );
        }
        let key = errors("[auth]\nstream_key = \"short\"", &[], &[]).concat();
        assert!(key.contains("16 to 128") && !key.contains("short"), "{key}");
    }
}
