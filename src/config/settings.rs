//! The settings that were changed over HTTP: a file of their own, so that the user's keeps its comments.
//!
//! It is edited by lines: what else stands in it, also what is wrong or what a newer version wrote, stays as it is.

use super::toml::{self, Value};
use super::Key;

/// Its name in the directory of the small state.
pub const SETTINGS_FILE: &str = "settings.toml";

const HEAD: &str = "# Settings changed over HTTP, written by xg2g. They count over the configuration file; without its line here a key\n# counts there again.\n";

/// The text in which `key` is said as `value`, `None`: not at all.
pub(super) fn say(text: &str, key: &Key, value: Option<&Value>) -> String {
    let document = toml::parse(text);
    let is_ours = |said: &str| said == key.path;
    let is_at_fault = document.faults.iter().any(|fault| is_ours(&fault.key));
    let mut said = document.entries.iter().filter(|said| is_ours(&said.key));
    if !is_at_fault && said.next().map(|said| &said.value) == value {
        return text.into();
    }
    let rest = without(text.into(), key.path);
    match value {
        Some(value) => with(rest, key, value),
        None => rest,
    }
}

/// The text without the lines of a key, right or wrong.
fn without(mut text: String, path: &str) -> String {
    loop {
        let document = toml::parse(&text);
        let said = document.entries.iter().find(|said| said.key == path);
        let fault = document.faults.iter().find(|fault| fault.key == path);
        let said = said.map(|said| (said.line, said.last));
        let Some((first, last)) = said.or(fault.map(|fault| (fault.line, fault.line))) else {
            return text;
        };
        let is_other = |line: u32| line < first || line > last;
        let numbered = (1..).zip(text.split_inclusive('\n'));
        let rest: String = numbered
            .filter(|(line, _)| is_other(*line))
            .map(|(_, line)| line)
            .collect();
        if rest.len() == text.len() {
            return text;
        }
        text = rest;
    }
}

/// The text with a key that it does not say yet.
fn with(mut text: String, key: &Key, value: &Value) -> String {
    if text.is_empty() {
        text.push_str(HEAD);
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let (section, name) = key.parts();
    let document = toml::parse(&text);
    let header = document.tables.iter().find(|(table, _)| table == section);
    let below = format!("{section}.");
    let is_dotted = || document.entries.iter().any(|e| e.key.starts_with(&below));
    let is_comment = |line: &&str| line.starts_with('#');
    let (behind, line) = match header {
        Some((_, line)) => (*line as usize, format!("{name} = {value}\n")),
        // A header for a table made by dotted keys would make it twice.
        None if is_dotted() => (
            text.lines().take_while(is_comment).count(),
            format!("{} = {value}\n", key.path),
        ),
        None => {
            text.push_str(&format!("\n[{section}]\n{name} = {value}\n"));
            return text;
        }
    };
    let at = text.split_inclusive('\n').take(behind).map(str::len).sum();
    text.insert_str(at, &line);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(path: &str) -> &'static Key {
        Key::find(path).unwrap()
    }

    fn put(text: &str, path: &str, value: Value) -> String {
        let put = say(text, key(path), Some(&value));
        let document = toml::parse(&put);
        let said: Vec<_> = document.entries.iter().filter(|e| e.key == path).collect();
        assert_eq!(said.len(), 1, "{put}");
        assert_eq!(said[0].value, value, "{put}");
        assert!(document.faults.iter().all(|fault| fault.key != path));
        assert_eq!(say(&put, key(path), Some(&value)), put, "once more");
        let gone = toml::parse(&say(&put, key(path), None));
        assert!(gone.entries.iter().all(|e| e.key != path), "{put}");
        put
    }

    #[test]
    fn keys_come_into_their_sections_and_go_again() {
        let text = put("", "guide.days", Value::Number(3));
        assert!(text.starts_with("# Settings changed over HTTP"));
        assert!(text.ends_with("\n\n[guide]\ndays = 3\n"), "{text}");
        let text = put(&text, "log.level", Value::Text("debug".into()));
        let text = put(&text, "guide.enabled", Value::Flag(false));
        let text = put(&text, "guide.days", Value::Number(4));
        let end = "[guide]\ndays = 4\nenabled = false\n\n[log]\nlevel = \"debug\"\n";
        assert!(text.ends_with(end), "{text}");
        let text = say(&text, key("guide.days"), None);
        assert!(text.ends_with("[guide]\nenabled = false\n\n[log]\nlevel = \"debug\"\n"));
    }

    #[test]
    fn what_else_stands_there_stays() {
        let other = "# mine\n[guide] # here\nnights = 1\n[later]\nx = [\n 1, # a\n 'y',\n]\n";
        let text = put(other, "guide.days", Value::Number(3));
        assert_eq!(text, other.replace("here\n", "here\ndays = 3\n"));
        let list = Value::List(vec![Value::Text("a \"b\"\n".into())]);
        let text = put(&text, "channels.bouquets", list);
        assert!(text.starts_with("# mine\n[guide] # here\ndays = 3\nnights = 1\n"));
        let one = say(&text, key("guide.days"), None);
        assert_eq!(
            say(&one, key("channels.bouquets"), None).lines().count(),
            10
        );
    }

    #[test]
    fn a_text_however_broken_takes_a_key() {
        for text in [
            "[guide]\ndays = many",
            "[guide]\ndays = 1\ndays = 2\n[guide]\ndays = 3",
            "[guide\ndays = 1\n",
            "guide.days = 1\nguide.enabled = true\n",
            "# a\nguide.enabled = true\r\n[log]\r\n",
            "[guide]\ndays = [\n 1 2,\n 3,\n]\n",
            "[guide]\ndays = [\n 1,\n",
            "x = [\n",
            "guide.days",
            "\u{feff}[guide]\n",
            "[[guide]]\ndays = 1",
            "[guide.x]\ny = 1",
            "[ \"guide\" ]\n'days' = 7 # old",
        ] {
            put(text, "guide.days", Value::Number(5));
        }
    }
}
