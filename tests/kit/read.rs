//! Reads playlists and guides.

/// A channel of a playlist.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) number: u32,
    pub(crate) name: String,
    pub(crate) logo: String,
    pub(crate) groups: Vec<String>,
    pub(crate) radio: bool,
    /// The lines between name and address.
    pub(crate) extras: Vec<String>,
    pub(crate) url: String,
    /// The whole first line.
    pub(crate) line: String,
}

impl Item {
    pub(super) fn all(text: &str) -> Vec<Item> {
        let mut lines = text.lines();
        let head = lines.next().unwrap();
        assert!(head.starts_with("#EXTM3U "), "{head}");
        let mut items = Vec::new();
        while let Some(line) = lines.next() {
            assert!(line.starts_with("#EXTINF:-1 "), "{line}");
            let mut extras = Vec::new();
            let url = loop {
                match lines.next().unwrap() {
                    extra if extra.starts_with('#') => extras.push(extra.to_owned()),
                    url => break url.to_owned(),
                }
            };
            let value = |name: &str| attribute(line, name).unwrap_or_default().to_owned();
            let (_, name) = line.rsplit_once(',').unwrap();
            assert_eq!(value("tvg-name"), name);
            items.push(Item {
                id: value("tvg-id"),
                number: value("tvg-chno").parse().unwrap(),
                name: name.to_owned(),
                logo: value("tvg-logo"),
                groups: value("group-title").split(';').map(str::to_owned).collect(),
                radio: value("radio") == "true",
                extras,
                url,
                line: line.to_owned(),
            });
        }
        items
    }

    /// The id without its suffix, as it stands in addresses.
    pub(crate) fn slug(&self) -> &str {
        self.id.strip_suffix(".e2").unwrap()
    }
}

/// The item of this name.
pub(crate) fn item<'a>(items: &'a [Item], name: &str) -> &'a Item {
    let found = items.iter().find(|item| item.name == name);
    found.unwrap_or_else(|| panic!("no {name} in {:?}", names(items)))
}

pub(crate) fn names(items: &[Item]) -> Vec<&str> {
    items.iter().map(|item| item.name.as_str()).collect()
}

/// A guide document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Guide {
    /// Ids, in order.
    pub(crate) channels: Vec<String>,
    pub(crate) programmes: Vec<Programme>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Programme {
    pub(crate) channel: String,
    pub(crate) start: String,
    pub(crate) stop: String,
    pub(crate) title: String,
}

impl Guide {
    pub(super) fn parse(text: &str) -> Guide {
        assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"));
        assert!(
            text.ends_with("</tv>\n"),
            "{:?}",
            text.get(text.len() - 40..)
        );
        let mut programmes = text.split("<programme ");
        let channels = programmes.next().unwrap().split("<channel ").skip(1);
        let value = |text: &str, name: &str| attribute(text, name).unwrap().to_owned();
        Guide {
            channels: channels.map(|text| value(text, "id")).collect(),
            programmes: programmes
                .map(|text| Programme {
                    channel: value(text, "channel"),
                    start: value(text, "start"),
                    stop: value(text, "stop"),
                    title: {
                        // With its language, where that is known.
                        let title = between(text, "<title", "</title>").unwrap();
                        title.split_once('>').unwrap().1.to_owned()
                    },
                })
                .collect(),
        }
    }

    /// The titles of a channel's programmes.
    pub(crate) fn titles<'a>(&'a self, id: &'a str) -> Vec<&'a str> {
        let own = self.of(id);
        own.map(|programme| programme.title.as_str()).collect()
    }

    pub(crate) fn of<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Programme> + 'a {
        let all = self.programmes.iter();
        all.filter(move |programme| programme.channel == id)
    }
}

fn attribute<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let text = format!(" {text}")
        .find(&format!(" {name}=\""))
        .map(|at| &text[at..])?;
    between(text, "=\"", "\"")
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?
        .1
        .split_once(after)
        .map(|parts| parts.0)
}
