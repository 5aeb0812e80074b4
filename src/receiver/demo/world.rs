//! What the simulated receiver has: bouquets and the services in them.

use super::plan::Genre;
use super::programme::Programme;
use super::titles::Language;

/// Where a service's picon lies in the receiver's picon folder.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Logo {
    /// Named after the ten fields of the reference.
    ByReference,
    /// Named after the service.
    ByName,
    /// There is none.
    None,
}

/// One line of a bouquet: a service, a marker, a group, a sub-bouquet.
#[derive(Clone)]
pub(super) struct Entry {
    /// The reference as enigma2 prints it.
    pub(super) sref: String,
    pub(super) name: String,
    pub(super) provider: &'static str,
    pub(super) genre: Genre,
    pub(super) language: Language,
    /// Whether events are known for it.
    pub(super) guided: bool,
    pub(super) logo: Logo,
}

impl Entry {
    pub(super) fn new(sref: String, name: &str, genre: Genre) -> Entry {
        Entry {
            sref,
            name: name.to_owned(),
            provider: "",
            genre,
            language: Language::German,
            guided: true,
            logo: Logo::ByReference,
        }
    }

    /// A text line between services; `flags` 64 plain, 320 numbered, 832 numbered and invisible.
    pub(super) fn marker(flags: u32, number: u32, name: &str) -> Entry {
        let text = name.replace('%', "%25").replace(':', "%3a");
        let sref = format!("1:{flags}:{number:X}:0:0:0:0:0:0:0::{text}");
        Entry {
            guided: false,
            logo: Logo::None,
            ..Entry::new(sref, name, Genre::Mixed)
        }
    }

    /// A line that opens another bouquet file; `flags` 7 sub-bouquet, 134 group of alternatives.
    pub(super) fn link(flags: u32, file: &str, name: &str) -> Entry {
        let sref = bouquet_reference(flags, file);
        Entry {
            guided: false,
            logo: Logo::None,
            ..Entry::new(sref, name, Genre::Mixed)
        }
    }

    /// The flags of the reference (`1:64:` is a marker).
    pub(super) fn flags(&self) -> u32 {
        field(&self.sref, 1).parse().unwrap_or(0)
    }

    pub(super) fn is_marker(&self) -> bool {
        self.flags() & 64 != 0
    }

    pub(super) fn is_hidden(&self) -> bool {
        self.flags() & 512 != 0
    }

    pub(super) fn is_group(&self) -> bool {
        self.flags() & 128 != 0
    }

    /// Whether it can be tuned: no marker, group or directory.
    pub(super) fn is_service(&self) -> bool {
        self.flags() & !512 == 0
    }

    /// The service id, which the web interface calls "program".
    pub(super) fn sid(&self) -> u16 {
        u16::from_str_radix(field(&self.sref, 3), 16).unwrap_or(0)
    }

    /// The name of the picon file, if there is one.
    pub(super) fn logo_file(&self) -> Option<String> {
        match self.logo {
            Logo::ByReference => {
                let fields: Vec<&str> = self.sref.split(':').take(10).collect();
                Some(format!("{}.png", fields.join("_")))
            }
            Logo::ByName => Some(format!("{}.png", logo_name(&self.name))),
            Logo::None => None,
        }
    }
}

/// A bouquet, a sub-bouquet, or the members of a group of alternatives.
#[derive(Clone)]
pub(super) struct Bouquet {
    /// The file it would lie in, `userbouquet.favourites.tv`.
    pub(super) file: String,
    pub(super) name: String,
    /// 7 bouquet, 519 hidden bouquet, 134 group of alternatives.
    pub(super) flags: u32,
    /// Whether it stands in the list of bouquets, not below another one.
    pub(super) top: bool,
    pub(super) entries: Vec<Entry>,
}

impl Bouquet {
    pub(super) fn new(
        flags: u32,
        file: &str,
        name: &str,
        top: bool,
        entries: Vec<Entry>,
    ) -> Bouquet {
        Bouquet {
            file: file.to_owned(),
            name: name.to_owned(),
            flags,
            top,
            entries,
        }
    }

    pub(super) fn is_radio(&self) -> bool {
        self.file.ends_with(".radio")
    }

    pub(super) fn sref(&self) -> String {
        bouquet_reference(self.flags, &self.file)
    }
}

/// Everything the receiver knows at one moment.
#[derive(Clone, Default)]
pub(super) struct World {
    pub(super) bouquets: Vec<Bouquet>,
    pub(super) programme: Programme,
    pub(super) standby: bool,
    /// What the television was last switched to.
    pub(super) television: Option<String>,
}

impl World {
    /// The bouquet whose file a reference names between quotes.
    pub(super) fn bouquet(&self, sref: &str) -> Option<&Bouquet> {
        let file = sref.split('"').nth(1)?;
        self.bouquets.iter().find(|bouquet| bouquet.file == file)
    }

    /// The bouquets the list of bouquets shows, hidden ones included.
    pub(super) fn top(&self, radio: bool) -> impl Iterator<Item = &Bouquet> {
        self.bouquets
            .iter()
            .filter(move |bouquet| bouquet.top && bouquet.is_radio() == radio)
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.bouquets.iter().flat_map(|bouquet| &bouquet.entries)
    }

    /// The service a reference means; flags and name do not count, as in enigma2.
    pub(super) fn service(&self, sref: &str) -> Option<&Entry> {
        self.entries()
            .find(|entry| entry.is_service() && same_service(&entry.sref, sref))
    }

    /// What is on the television: at first the first service of the first bouquet.
    pub(super) fn current(&self) -> Option<&Entry> {
        if self.standby {
            return None;
        }
        if let Some(sref) = &self.television {
            return self.service(sref);
        }
        self.entries()
            .find(|entry| entry.is_service() && !entry.is_hidden())
    }

    /// The entry whose events an entry shows: a group shows those of its first member.
    pub(super) fn source<'a>(&'a self, entry: &'a Entry) -> &'a Entry {
        if !entry.is_group() {
            return entry;
        }
        let members = self.bouquet(&entry.sref);
        members
            .and_then(|bouquet| bouquet.entries.first())
            .unwrap_or(entry)
    }
}

/// The reference of a bouquet file.
pub(super) fn bouquet_reference(flags: u32, file: &str) -> String {
    let kind = if file.ends_with(".radio") { 2 } else { 1 };
    format!("1:{flags}:{kind}:0:0:0:0:0:0:0:FROM BOUQUET \"{file}\" ORDER BY bouquet")
}

/// One of the ten colon-separated fields of a reference, empty if it is not there.
pub(super) fn field(sref: &str, index: usize) -> &str {
    sref.split(':').nth(index).unwrap_or("")
}

/// Whether the ten fields but the flags are equal.
pub(super) fn same_service(one: &str, other: &str) -> bool {
    let fields = |sref| {
        str::split(sref, ':')
            .take(10)
            .enumerate()
            .filter(|(i, _)| *i != 1)
    };
    fields(one).eq(fields(other))
}

/// A service name as picon files are named: small ASCII letters and digits.
fn logo_name(name: &str) -> String {
    let mut plain = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => plain.push(c),
            '&' => plain.push_str("and"),
            '+' => plain.push_str("plus"),
            '*' => plain.push_str("star"),
            'ä' | 'à' | 'â' => plain.push('a'),
            'é' | 'è' | 'ê' => plain.push('e'),
            'ö' | 'ô' => plain.push('o'),
            'ü' => plain.push('u'),
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_equal_without_flags_and_name() {
        assert!(same_service(
            "1:0:19:1:2:3:C00000:0:0:0:",
            "1:512:19:1:2:3:C00000:0:0:0::Name"
        ));
        assert!(!same_service(
            "1:0:19:1:2:3:C00000:0:0:0:",
            "1:0:19:1:2:4:C00000:0:0:0:"
        ));
    }

    #[test]
    fn markers_encode_colons_in_their_name() {
        let marker = Entry::marker(320, 3, "Privat: 100%");
        assert_eq!(marker.sref, "1:320:3:0:0:0:0:0:0:0::Privat%3a 100%25");
        assert!(marker.is_marker() && !marker.is_service());
    }

    #[test]
    fn logo_names_are_small_ascii() {
        assert_eq!(logo_name("Ö-Klassik & Jazz+ HD"), "oklassikandjazzplushd");
    }
}
