//! What somebody wants changed in the settings, and what it makes of their file.

use super::key::unknown;
use super::layers::cut;
use super::{settings, Error, Key, Loaded, Value, KEYS};
use std::fmt;

/// Settings to be changed over HTTP.
#[derive(Clone, Default)]
pub struct Edit {
    /// Nothing is to be saved, only checked.
    pub is_trial: bool,
    /// Keys and their values; `None`: what the file or the default says.
    said: Vec<(&'static Key, Option<Value>)>,
    problems: Vec<Problem>,
}

/// What is wrong with a configuration that is not taken. It never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key it is about; empty where it is about none.
    pub key: String,
    /// What is wrong, and what is allowed.
    pub problem: String,
    /// All of it as one sentence, with its place.
    pub sentence: String,
}

/// The values are nobody's business: some are secret.
impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.said.iter().map(|(key, _)| key.path);
        f.debug_list().entries(keys).finish()
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        Problem {
            sentence: error.to_string(),
            key: error.key,
            problem: error.problem,
        }
    }
}

/// About no key.
impl From<String> for Problem {
    fn from(sentence: String) -> Problem {
        Problem {
            key: String::new(),
            problem: sentence.clone(),
            sentence,
        }
    }
}

impl Problem {
    fn of(key: &str, value: Option<String>, problem: String) -> Problem {
        let key = cut(key);
        let value = value.map_or(String::new(), |value| format!(" = {}", cut(&value)));
        Problem {
            sentence: format!("{key}{value}: {problem}"),
            key,
            problem,
        }
    }
}

/// What a secret is shown as: whoever sends it back leaves it as it is.
const MASK: &str = "***";

impl Edit {
    /// A key is to have this value; `None`: that of the file or the default. What is wrong is kept to be told.
    pub fn say(&mut self, path: &str, value: Option<Value>) {
        let Some(key) = self.once(path) else {
            return;
        };
        if key.kind.is_secret() && value == Some(Value::Text(MASK.into())) {
            return;
        }
        if let Some(Err(problem)) = value.as_ref().map(|value| key.check(value)) {
            let shown = value.map(|value| key.kind.masked(&value.to_string()));
            self.problems.push(Problem::of(path, shown, problem));
        } else {
            self.said.push((key, value));
        }
    }

    /// A key is to have what is no value of any key.
    pub fn say_nonsense(&mut self, path: &str) {
        if let Some(key) = self.once(path) {
            let problem = format!("must be {}", key.kind.allowed());
            self.problems.push(Problem::of(path, None, problem));
        }
    }

    /// The key, if there is one that has not been said yet.
    fn once(&mut self, path: &str) -> Option<&'static Key> {
        let Some(key) = Key::find(path) else {
            self.problems.push(Problem::of(path, None, unknown(path)));
            return None;
        };
        let is_known = self.said.iter().any(|(said, _)| said.path == path)
            || self.problems.iter().any(|problem| problem.key == path);
        if is_known {
            let problem = "is said twice".to_owned();
            self.problems.push(Problem::of(path, None, problem));
            return None;
        }
        Some(key)
    }

    /// The text of the settings' file with the changes made; `below` is the configuration without that file. A value
    /// that counts there anyway is not kept.
    ///
    /// # Errors
    /// Everything that is wrong with the changes.
    pub fn apply(&self, text: &str, below: &Loaded) -> Result<String, Vec<Problem>> {
        let locked = |(key, _): &(&'static Key, Option<Value>)| {
            let why = below.locked(key)?;
            Some(Problem::of(key.path, None, why))
        };
        let locked = self.said.iter().filter_map(locked);
        let problems: Vec<Problem> = self.problems.iter().cloned().chain(locked).collect();
        if !problems.is_empty() {
            return Err(problems);
        }
        // Each comes first in its section: so they are in the order of the table in the end.
        let said = KEYS.iter().rev().filter_map(|key| {
            let mut said = self.said.iter();
            said.find(|(said, _)| said.path == key.path)
        });
        Ok(said.fold(text.to_owned(), |text, (key, value)| {
            let is_news = |value: &&Value| !below.says(key, value);
            settings::say(&text, key, value.as_ref().filter(is_news))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{load, Said};
    use super::*;
    use std::path::Path;

    fn text(text: &str) -> Option<Value> {
        Some(Value::Text(text.into()))
    }

    fn below(file: &str, env: &[(&str, &str)]) -> Loaded {
        let env: Vec<_> = env
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect();
        load(&Said {
            file: Some((Path::new("x.toml"), file)),
            env: &env,
            ..Said::default()
        })
        .unwrap()
    }

    fn apply(edit: &Edit, old: &str, below: &Loaded) -> Result<String, Vec<String>> {
        let problems = |problems: Vec<Problem>| problems.into_iter().map(|one| one.sentence);
        edit.apply(old, below)
            .map_err(|wrong| problems(wrong).collect())
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_and_no_secret() {
        let mut edit = Edit::default();
        edit.say("guide.days", Some(Value::Number(99)));
        edit.say("guide.dys", None);
        edit.say("guide.enabled", text("yes"));
        edit.say("auth.token", text("geheim geheim"));
        edit.say_nonsense("stream.port");
        edit.say("stream.port", Some(Value::Number(1)));
        edit.say("log.level", text("debug"));
        edit.say("files.state", text("/x"));
        edit.say("receiver.url", text("ftp://root:geheim@box"));
        let below = below("", &[("XG2G_LOG_LEVEL", "info")]);
        let told = apply(&edit, "", &below).unwrap_err();
        let expected = [
            "guide.days = 99: must be a whole number from 1 to 14",
            "guide.dys: no such key; is guide.days meant?",
            "guide.enabled = \"yes\": must be true or false",
            "auth.token = ***: must be letters",
            "stream.port: must be a port from 1 to 65535",
            "stream.port: is said twice",
            "receiver.url = \"ftp://***@box\": ",
            "log.level: set by XG2G_LOG_LEVEL, which wins",
            "files.state: says where these settings are kept",
        ];
        assert_eq!(told.len(), expected.len(), "{told:#?}");
        for (told, expected) in told.iter().zip(expected) {
            assert!(told.starts_with(expected), "{told}");
        }
        assert!(!format!("{told:?} {edit:?}").contains("geheim"));
    }

    #[test]
    fn what_counts_anyway_is_not_kept_and_a_mask_changes_nothing() {
        let file = "[guide]\ndays = 3\n[receiver]\npassword = 'p'\nurl = 'http://u:v@box'";
        let below = below(file, &[]);
        let kept = |path: &str, value: Option<Value>| {
            let mut edit = Edit::default();
            edit.say(path, value);
            apply(&edit, "", &below).unwrap()
        };
        assert_eq!(kept("guide.days", Some(Value::Number(3))), "");
        assert!(kept("guide.days", Some(Value::Number(7))).ends_with("[guide]\ndays = 7\n"));
        assert_eq!(kept("receiver.password", text("***")), "");
        assert_eq!(kept("receiver.password", text("p")), "");
        assert!(kept("receiver.password", text("q")).contains("password = \"q\""));
        assert!(kept("receiver.password", text("")).contains("password = \"\""));
        assert_eq!(kept("receiver.url", text("http://box/")), "");
        assert!(kept("receiver.url", text("http://a:b@box")).contains("a:b@"));
        assert_eq!(kept("guide.days", None), "");
        assert_eq!(kept("receiver.timeout", text("30000ms")), "");
    }

    #[test]
    fn several_keys_stand_in_the_order_of_the_table() {
        let mut edit = Edit::default();
        edit.say("stream.port", Some(Value::Number(80)));
        edit.say("guide.days", Some(Value::Number(2)));
        edit.say("guide.enabled", Some(Value::Flag(false)));
        let text = apply(&edit, "", &below("", &[])).unwrap();
        assert!(
            text.contains("[guide]\nenabled = false\ndays = 2\n"),
            "{text}"
        );
        assert!(text.contains("[stream]\nport = 80\n"), "{text}");
    }
}
