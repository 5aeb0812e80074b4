//! Where clients find this program's outputs.

use std::fmt;

/// This program's address in outputs, with the key that its addresses carry, if they need one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base {
    /// `http://host:port`, no slash at the end.
    pub address: String,
    /// The stream key; empty where none is needed. Safe in a query as it is.
    pub key: String,
}

impl Base {
    /// The playlist.
    pub fn playlist(&self) -> String {
        self.to(format_args!("/playlist.m3u"))
    }

    /// The guide.
    pub fn guide(&self) -> String {
        self.to(format_args!("/xmltv.xml"))
    }

    /// The guide by the numbers of HDHomeRun clients.
    pub fn numbered_guide(&self) -> String {
        let Base { address, key } = self;
        if key.is_empty() {
            format!("{address}/xmltv.xml?client=plex")
        } else {
            format!("{address}/xmltv.xml?client=plex&key={key}")
        }
    }

    /// The logo of the channel with this slug.
    pub fn logo(&self, slug: &str) -> String {
        self.to(format_args!("/picon/{slug}.png"))
    }

    /// The stream of the channel with this slug.
    pub fn stream(&self, slug: &str) -> String {
        self.to(format_args!("/stream/{slug}.ts"))
    }

    /// The stream of the HDHomeRun program with this number.
    pub fn tune(&self, number: u32) -> String {
        self.to(format_args!("/auto/v{number}"))
    }

    /// The lineup for HDHomeRun clients.
    pub fn lineup(&self) -> String {
        self.to(format_args!("/lineup.json"))
    }

    fn to(&self, path: fmt::Arguments<'_>) -> String {
        let Base { address, key } = self;
        if key.is_empty() {
            format!("{address}{path}")
        } else {
            format!("{address}{path}?key={key}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_carry_the_key_if_there_is_one() {
        let mut base = Base {
            address: "http://box:8080".into(),
            key: String::new(),
        };
        assert_eq!(base.stream("1-0-19"), "http://box:8080/stream/1-0-19.ts");
        base.key = "k9".into();
        assert_eq!(
            base.stream("1-0-19"),
            "http://box:8080/stream/1-0-19.ts?key=k9"
        );
        assert_eq!(
            base.logo("1-0-19"),
            "http://box:8080/picon/1-0-19.png?key=k9"
        );
        assert_eq!(base.guide(), "http://box:8080/xmltv.xml?key=k9");
        assert_eq!(
            base.numbered_guide(),
            "http://box:8080/xmltv.xml?client=plex&key=k9"
        );
    }
}
