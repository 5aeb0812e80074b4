//! What a form has to know of a key, to show it and to take only what is allowed.

use super::{Kind, Locked, Mode, ReceiverSource};
use std::fmt::Display;

impl Kind {
    /// What a form shows: `number`, `text`, `secret`, `flag`, `duration`, `list` or `choice`.
    pub fn form(&self) -> &'static str {
        match self {
            Kind::Number(..) | Kind::Port(_) => "number",
            Kind::Secret(_) | Kind::Token(_) | Kind::Key(_) => "secret",
            Kind::Flag(_) => "flag",
            Kind::Duration(..) => "duration",
            Kind::List(_)
            | Kind::Languages(_)
            | Kind::Networks(_)
            | Kind::Hosts(_)
            | Kind::Directories(_) => "list",
            Kind::ReceiverSource(_) | Kind::Mode(_) | Kind::Locked(_) | Kind::Level(_) => "choice",
            Kind::Text(_)
            | Kind::Path(_)
            | Kind::Directory(_)
            | Kind::ReceiverUrl(_)
            | Kind::PublicUrl(_)
            | Kind::Listen(_)
            | Kind::Output(_)
            | Kind::DeviceId(_)
            | Kind::Audit(_) => "text",
        }
    }

    /// The least and the largest number, if it is one.
    pub fn bounds(&self) -> Option<(u32, u32)> {
        match self {
            Kind::Number(_, min, max) => Some((*min, *max)),
            Kind::Port(_) => Some((1, u16::MAX.into())),
            _ => None,
        }
    }

    /// The words it is one of; none where it may be something else.
    pub fn choices(&self) -> Vec<String> {
        match self {
            Kind::ReceiverSource(_) => words(ReceiverSource::ALL),
            Kind::Mode(_) => words(Mode::ALL),
            Kind::Locked(_) => words(Locked::ALL),
            Kind::Level(_) => words(log::Level::iter()),
            _ => Vec::new(),
        }
    }

    /// Whether its value is shown to nobody.
    pub fn is_secret(&self) -> bool {
        self.form() == "secret"
    }
}

fn words(all: impl IntoIterator<Item: Display>) -> Vec<String> {
    let lower = |one: &dyn Display| one.to_string().to_lowercase();
    all.into_iter().map(|one| lower(&one)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Value, KEYS};

    #[test]
    fn a_form_that_keeps_to_what_it_is_told_is_never_refused() {
        for key in KEYS {
            let is_taken = |value: &Value| key.check(value).is_ok();
            let kind = &key.kind;
            let has_choices = !kind.choices().is_empty();
            assert_eq!(has_choices, kind.form() == "choice", "{}", key.path);
            for word in kind.choices() {
                assert!(is_taken(&Value::Text(word)), "{}", key.path);
            }
            assert_eq!(kind.bounds().is_some(), kind.form() == "number");
            if let Some((min, max)) = kind.bounds() {
                let number = |number: i64| is_taken(&Value::Number(number));
                assert!(number(min.into()) && number(max.into()), "{}", key.path);
                assert!(!number(i64::from(min) - 1) && !number(i64::from(max) + 1));
            }
            let value = key.value(&Config::default());
            let is_right = match kind.form() {
                "number" => matches!(value, Value::Number(_)),
                "flag" => matches!(value, Value::Flag(_)),
                "list" => matches!(value, Value::List(_)),
                _ => matches!(value, Value::Text(_)),
            };
            assert!(is_right && is_taken(&value), "{}", key.path);
        }
    }
}
