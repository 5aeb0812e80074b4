//! What a receiver says about its bouquets, before any decision of ours.

use std::sync::Arc;

use super::{clean_line, Media, Service, ServiceRef};

/// One line of a bouquet.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The reference, flags and name included.
    pub service: ServiceRef,
    /// The name the receiver shows; cleaned, may be empty.
    pub name: Box<str>,
    /// The members, if it is a sub-bouquet or a group of alternatives.
    pub members: Vec<Entry>,
    /// Whether the receiver asks for a PIN before it shows the service.
    pub is_locked: bool,
    /// What else the receiver's list of services says; `None` where only its web interface was asked.
    pub facts: Option<Arc<Service>>,
}

/// What an [`Entry`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// Something to tune.
    Service,
    /// A service that keeps its number but is not shown.
    HiddenService,
    /// A title, or a hidden bouquet: neither shown nor numbered.
    Ignored,
    /// A title that takes a number.
    NumberedMarker,
    /// A group of alternatives.
    Group,
    /// A sub-bouquet.
    Bouquet,
}

impl Entry {
    /// Reads an entry from the reference and the name a receiver gives. Names that say "no name" (`<n/a>`, `(...)`)
    /// are replaced by the one inside the reference.
    pub fn new(reference: &str, name: &str) -> Option<Entry> {
        let service = ServiceRef::parse(reference)?;
        let name = clean_line(name);
        let name = match name.as_str() {
            "" | "<n/a>" | "(...)" => clean_line(service.name()),
            _ => name,
        };
        Some(Entry {
            service,
            name: name.into(),
            members: Vec::new(),
            is_locked: false,
            facts: None,
        })
    }

    /// What the flags say it is.
    pub fn kind(&self) -> EntryKind {
        let service = &self.service;
        if service.is_numbered_marker() {
            EntryKind::NumberedMarker
        } else if service.is_marker() || (service.is_bouquet() && service.is_invisible()) {
            EntryKind::Ignored
        } else if service.is_bouquet() {
            EntryKind::Bouquet
        } else if service.is_invisible() {
            EntryKind::HiddenService
        } else if service.is_group() {
            EntryKind::Group
        } else {
            EntryKind::Service
        }
    }
}

/// A bouquet with its entries.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedBouquet {
    /// The reference as the receiver wrote it: `1:7:...FROM BOUQUET "userbouquet.x.tv" ORDER BY bouquet`.
    pub reference: Box<str>,
    /// The name the receiver shows; cleaned.
    pub name: Box<str>,
    /// From the TV or the radio list.
    pub media: Media,
    /// In the receiver's order.
    pub entries: Vec<Entry>,
}

impl ListedBouquet {
    /// The stem of the file name, by which addresses name the bouquet: `favourites` of `userbouquet.favourites.tv`,
    /// `favourites.radio` of its radio twin.
    pub fn stem(&self) -> String {
        stem(&self.reference, &self.name, self.media)
    }

    /// Whether it is shown nowhere; its services take numbers all the same. The web interface does not list such.
    pub fn is_hidden(&self) -> bool {
        ServiceRef::parse(&self.reference).is_some_and(|bouquet| bouquet.is_invisible())
    }

    /// Services that can be tuned, in sub-bouquets too.
    pub fn services(&self) -> Vec<&ServiceRef> {
        fn walk<'a>(entries: &'a [Entry], into: &mut Vec<&'a ServiceRef>) {
            for entry in entries {
                match entry.kind() {
                    EntryKind::Service | EntryKind::Group => into.push(&entry.service),
                    EntryKind::Bouquet => walk(&entry.members, into),
                    _ => {}
                }
            }
        }
        let mut services = Vec::new();
        walk(&self.entries, &mut services);
        services
    }
}

/// All bouquets of a receiver.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    /// TV bouquets, then radio bouquets, each in the receiver's order.
    pub bouquets: Vec<ListedBouquet>,
}

/// The stem of a bouquet's file name; of its display name when the reference names no file.
pub(super) fn stem(reference: &str, name: &str, media: Media) -> String {
    let service = ServiceRef::parse(reference);
    let file = service
        .as_ref()
        .and_then(ServiceRef::bouquet_file)
        .unwrap_or(name);
    let file = file.strip_prefix("userbouquet.").unwrap_or(file);
    let stem = file
        .strip_suffix(".tv")
        .or_else(|| file.strip_suffix(".radio"))
        .unwrap_or(file);
    match media {
        Media::Tv => stem.to_owned(),
        Media::Radio => format!("{stem}.radio"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_told_apart() {
        let kind = |reference: &str| Entry::new(reference, "x").unwrap().kind();
        assert_eq!(kind("1:0:19:283D:3FB:1:C00000:0:0:0:"), EntryKind::Service);
        assert_eq!(kind("1:64:1:0:0:0:0:0:0:0::T"), EntryKind::Ignored);
        assert_eq!(kind("1:832:1:0:0:0:0:0:0:0::T"), EntryKind::NumberedMarker);
        assert_eq!(
            kind("1:512:1:2F49:441:1:C00000:0:0:0:"),
            EntryKind::HiddenService
        );
        assert_eq!(
            kind("1:7:1:0:0:0:0:0:0:0:FROM BOUQUET \"a.tv\" ORDER BY bouquet"),
            EntryKind::Bouquet
        );
        assert_eq!(
            kind("1:519:1:0:0:0:0:0:0:0:FROM BOUQUET \"a.tv\" ORDER BY bouquet"),
            EntryKind::Ignored
        );
        assert_eq!(
            kind("1:134:1:0:0:0:0:0:0:0:FROM BOUQUET \"alternatives.a.tv\" ORDER BY bouquet"),
            EntryKind::Group
        );
    }

    #[test]
    fn a_missing_name_is_taken_from_the_reference() {
        let entry = Entry::new(
            "5003:0:1:4:0:0:0:0:0:0:http%3a//h/u.ts:Handlerless 5003",
            "<n/a>",
        )
        .unwrap();
        assert_eq!(&*entry.name, "Handlerless 5003");
    }

    #[test]
    fn stems_come_from_the_file_not_from_the_name() {
        let tv = "1:7:1:0:0:0:0:0:0:0:FROM BOUQUET \"userbouquet.favourites.tv\" ORDER BY bouquet";
        let radio =
            "1:7:2:0:0:0:0:0:0:0:FROM BOUQUET \"userbouquet.favourites.radio\" ORDER BY bouquet";
        assert_eq!(stem(tv, "Favoriten Ü", Media::Tv), "favourites");
        assert_eq!(stem(radio, "Radio", Media::Radio), "favourites.radio");
    }
}
