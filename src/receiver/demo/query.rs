//! What a request asks for.

use super::answers::Answer;

/// A path and its parameters, decoded once.
pub(super) struct Query {
    pub(super) path: String,
    parameters: Vec<(String, String)>,
}

impl Query {
    pub(super) fn parse(target: &str) -> Query {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let parameters = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (
                    unquote(&name.replace('+', " ")),
                    unquote(&value.replace('+', " ")),
                )
            });
        Query {
            path: unquote(path),
            parameters: parameters.collect(),
        }
    }

    /// The first value of a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// A number, or `missing` where there is none.
    pub(super) fn number(&self, name: &str, missing: i64) -> i64 {
        self.get(name)
            .and_then(|value| value.parse().ok())
            .unwrap_or(missing)
    }

    /// A parameter that the guide's calls decode a second time, or the message that it is missing.
    pub(super) fn twice(&self, name: &str) -> Result<String, Answer> {
        self.once(name).map(|value| unquote(&value))
    }

    /// A parameter, or the message that it is missing.
    pub(super) fn once(&self, name: &str) -> Result<String, Answer> {
        match self.get(name) {
            None => Err(Answer::failure(&format!(
                "Missing mandatory parameter '{name}'"
            ))),
            Some("") => Err(Answer::failure(&format!(
                "The parameter '{name}' can't be empty"
            ))),
            Some(value) => Ok(value.to_owned()),
        }
    }
}

/// Undoes percent-encoding once.
pub(super) fn unquote(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = tail
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        match hex.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_once() {
        let query = Query::parse("/api/x?sRef=1%3A0+%2541&hidden=1&empty");
        assert_eq!(query.path, "/api/x");
        assert_eq!(query.get("sRef"), Some("1:0 %41"));
        assert_eq!(
            (query.number("hidden", -1), query.number("time", -1)),
            (1, -1)
        );
        assert!(query.has("empty") && !query.has("nothing"));
    }

    #[test]
    fn broken_percent_signs_stay() {
        assert_eq!(unquote("100%&%zz%4"), "100%&%zz%4");
        assert_eq!(unquote("%C3%96"), "Ö");
    }
}
