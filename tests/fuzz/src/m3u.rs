//! A reader of playlists that takes nothing but what the format says, to the letter.

/// A channel as a playlist has it.
#[derive(Debug, PartialEq)]
pub struct Item {
    /// Attributes in their order.
    pub attributes: Vec<(String, String)>,
    /// What follows the comma.
    pub name: String,
    /// Lines between the name and the address.
    pub more: Vec<String>,
    /// Where it is.
    pub address: String,
}

impl Item {
    /// The value of an attribute, which is there once.
    pub fn get(&self, key: &str) -> Option<&str> {
        let mut found = self.attributes.iter().filter(|(name, _)| name == key);
        let value = found.next().map(|(_, value)| &**value);
        value.filter(|_| found.next().is_none())
    }
}

/// Reads a whole playlist.
///
/// # Errors
/// The line that is none.
pub fn read(text: &str) -> Result<Vec<Item>, String> {
    let wrong = |line: &str| Err(format!("{line:?}"));
    // Some readers end a line at each of these.
    let others = ['\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];
    let Some(rest) = text
        .strip_suffix('\n')
        .filter(|rest| !rest.contains(others))
    else {
        return wrong(text);
    };
    let mut lines = rest.split('\n');
    let first = lines.next().unwrap_or_default();
    match first.strip_prefix("#EXTM3U").and_then(attributes) {
        Some(_) => {}
        None => return wrong(first),
    }
    let mut items = Vec::new();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("#EXTINF:-1") else {
            return wrong(line);
        };
        // All readers agree on a line whose only comma is the last: some look for the first, some for the last.
        let Some((head, name)) = info.split_once(',').filter(|(_, name)| !name.contains(','))
        else {
            return wrong(line);
        };
        let Some(attributes) = attributes(head) else {
            return wrong(line);
        };
        let mut more = Vec::new();
        let address = loop {
            match lines.next() {
                Some(line) if line.starts_with("#EXT") || line.is_empty() => return wrong(line),
                Some(line) if line.starts_with('#') => more.push(line.to_owned()),
                Some(line) => break line.to_owned(),
                None => return wrong(line),
            }
        };
        items.push(Item {
            attributes,
            name: name.to_owned(),
            more,
            address,
        });
    }
    Ok(items)
}

/// ` key="value"` any number of times and nothing else.
fn attributes(mut text: &str) -> Option<Vec<(String, String)>> {
    let mut found = Vec::new();
    while !text.is_empty() {
        let (key, rest) = text.strip_prefix(' ')?.split_once("=\"")?;
        let is_key = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
        let (value, rest) = rest.split_once('"').filter(|_| key.bytes().all(is_key))?;
        found.push((key.to_owned(), value.to_owned()));
        text = rest;
    }
    Some(found)
}
