//! The descriptors of an event: those that are kept as broadcast (EN 300 468, TS 102 323), and the short event as
//! enigma2 rewrites it (`eventData::eventData`).

use xg2g::model::{Aspect, Credit, Details, Event, Quality, Role, Sound};

use super::epg::Style;

const SHORT_EVENT: u8 = 0x4d;
const EXTENDED_EVENT: u8 = 0x4e;
const COMPONENT: u8 = 0x50;
const CONTENT: u8 = 0x54;
const PARENTAL_RATING: u8 = 0x55;
const CONTENT_IDENTIFIER: u8 = 0x76;

/// What enigma2 keeps of a title or a short text, in bytes.
const LONGEST_SHORT: usize = 249;
/// What a descriptor holds beside the fixed fields of an extended event.
const LONGEST_EXTENDED: usize = 249;

/// The characters of a broadcast text (EN 300 468, annex A).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// Also what importers of guides write.
    Utf8,
    /// What is not in it becomes `?`.
    Latin1,
    /// Two bytes a character, big end first.
    Utf16,
}

/// Tag and body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Descriptor {
    tag: u8,
    body: Vec<u8>,
}

impl Descriptor {
    /// Tag, length, body.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.tag, u8::try_from(self.body.len()).unwrap()];
        bytes.extend(&self.body);
        bytes
    }

    /// The key enigma2 files it under: a CRC that begins with 0, highest bit first.
    pub(crate) fn crc(&self) -> u32 {
        self.bytes().into_iter().fold(0, |crc, byte| {
            (0..8).fold(crc ^ u32::from(byte) << 24, |crc, _| {
                let carry = crc >> 31;
                (crc << 1) ^ (0x04c1_1db7 * carry)
            })
        })
    }
}

/// All descriptors of an event, in the order of a broadcast.
pub(super) fn descriptors(event: &Event, style: &Style) -> Vec<Descriptor> {
    let nothing = Details::default();
    let details = event.details.as_deref().unwrap_or(&nothing);
    let own = match details.language.as_str() {
        "" => style.language,
        language => language,
    };
    let translations = details.translations.iter();
    let texts = || {
        let own = (own, &event.title, &event.summary, &event.description);
        let others = translations.clone().map(|one| {
            (
                one.language.as_str(),
                &one.title,
                &one.summary,
                &one.description,
            )
        });
        std::iter::once(own).chain(others)
    };
    let mut all = Vec::new();
    for (language, title, summary, _) in texts() {
        all.extend(short(language, title, summary));
    }
    let mut items = items(details, own);
    for (language, _, _, description) in texts() {
        all.extend(extended(language, &items, description, style));
        // People are named once.
        items.clear();
    }
    let components = components(details).into_iter();
    all.extend(components.map(|[coded, kind]| {
        let mut body = vec![coded, kind, 0];
        body.extend(own.as_bytes());
        descriptor(COMPONENT, body)
    }));
    if event.genre != 0 {
        all.push(descriptor(CONTENT, vec![event.genre, 0]));
    }
    if let Some(age) = details.age {
        let mut body = b"DEU".to_vec();
        body.push(age.checked_sub(3).unwrap());
        all.push(descriptor(PARENTAL_RATING, body));
    }
    all.extend(identifiers(details));
    all
}

fn descriptor(tag: u8, body: Vec<u8>) -> Descriptor {
    Descriptor { tag, body }
}

/// One for the title, another for the text if there is one: each in UTF-8, whatever it was on the air.
fn short(language: &str, title: &str, text: &str) -> Vec<Descriptor> {
    let coded = |text: &str| {
        let ends = (0..=text.len().min(LONGEST_SHORT)).rev();
        let end = ends.into_iter().find(|end| text.is_char_boundary(*end));
        let text = &text[..end.unwrap()];
        let mut coded = vec![u8::try_from(text.len() + 1).unwrap(), 0x15];
        coded.extend(text.as_bytes());
        coded
    };
    let of = |body: [&[u8]; 3]| descriptor(SHORT_EVENT, body.concat());
    let mut both = vec![of([language.as_bytes(), &coded(title), &[0]])];
    if !text.is_empty() {
        both.push(of([language.as_bytes(), &[0], &coded(text)]));
    }
    both
}

/// Items and text, on as many descriptors as they need.
fn extended(
    language: &str,
    items: &[(String, String)],
    text: &str,
    style: &Style,
) -> Vec<Descriptor> {
    let mut parts: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for (label, value) in items {
        let mut item = Vec::new();
        for text in [label, value] {
            let coded = style.coding.one(text);
            item.push(u8::try_from(coded.len()).unwrap());
            item.extend(coded);
        }
        assert!(item.len() <= LONGEST_EXTENDED, "{value}");
        match parts.last_mut() {
            Some((items, _)) if items.len() + item.len() <= LONGEST_EXTENDED => items.extend(item),
            _ => parts.push((item, Vec::new())),
        }
    }
    let mut rest = style
        .coding
        .units(text, style.cuts_characters)
        .into_iter()
        .peekable();
    if let Some((items, text)) = parts.last_mut() {
        *text = style.coding.fill(&mut rest, LONGEST_EXTENDED - items.len());
    }
    while rest.peek().is_some() {
        let text = style.coding.fill(&mut rest, LONGEST_EXTENDED);
        parts.push((Vec::new(), text));
    }
    let last = parts.len().saturating_sub(1);
    assert!(last < 16, "the text is longer than any broadcast: {text}");
    let numbered = parts.into_iter().enumerate();
    let body = numbered.map(|(number, (items, text))| {
        let mut body = vec![u8::try_from(number << 4 | last).unwrap()];
        body.extend(language.as_bytes());
        for part in [items, text] {
            body.push(u8::try_from(part.len()).unwrap());
            body.extend(part);
        }
        descriptor(EXTENDED_EVENT, body)
    });
    body.collect()
}

/// People, year and countries as broadcasters label them. Those of one kind that follow each other share an item.
fn items(details: &Details, language: &str) -> Vec<(String, String)> {
    let german = matches!(language, "deu" | "ger");
    let word = |english: &str, own: &str| if german { own } else { english }.to_owned();
    let mut items: Vec<(String, String)> = Vec::new();
    for Credit { role, name } in &details.credits {
        let label = match role {
            Role::Director => word("Director", "Regie"),
            Role::Actor => word("Actors", "Darsteller"),
            Role::Writer => word("Writer", "Drehbuch"),
            Role::Producer => word("Producer", "Produzent"),
            Role::Composer => word("Music", "Musik"),
            Role::Presenter => word("Presenter", "Moderation"),
            Role::Guest => word("Guests", "Gäste"),
        };
        match items.last_mut() {
            Some((same, names)) if *same == label && names.len() < 150 => {
                names.push_str(", ");
                names.push_str(name);
            }
            _ => items.push((label, name.clone())),
        }
    }
    if let Some(year) = details.year {
        items.push((word("Year", "Produktionsjahr"), year.to_string()));
    }
    if !details.countries.is_empty() {
        items.push((
            word("Country", "Produktionsland"),
            details.countries.join(", "),
        ));
    }
    items
}

/// Stream content (the half above it tells more of HEVC and is all ones for older ones) and type, EN 300 468 table 26.
fn components(details: &Details) -> Vec<[u8; 2]> {
    let mut all = Vec::new();
    match (details.quality, details.aspect) {
        (None, None) => {}
        (Some(Quality::Sd), Some(Aspect::Normal)) => all.push([0xf1, 0x01]),
        (Some(Quality::Sd), Some(Aspect::Wide)) => all.push([0xf1, 0x03]),
        (Some(Quality::Hd), Some(Aspect::Normal)) => all.push([0xf1, 0x09]),
        (Some(Quality::Hd), Some(Aspect::Wide)) => all.push([0xf5, 0x0b]),
        // HEVC tells the aspect apart.
        (quality, aspect) => {
            match quality {
                Some(Quality::Uhd) => all.push([0x09, 0x04]),
                Some(Quality::Hd) => all.push([0x09, 0x00]),
                Some(Quality::Sd) => panic!("no word for SD of unknown aspect"),
                None => {}
            }
            match aspect {
                Some(Aspect::Normal) => all.push([0xfb, 0x00]),
                Some(Aspect::Wide) => all.push([0xfb, 0x01]),
                None => {}
            }
        }
    }
    match details.sound {
        Some(Sound::Mono) => all.push([0xf2, 0x01]),
        Some(Sound::Stereo) => all.push([0xf2, 0x03]),
        // Who has it has a stereo track, too, and tells of it first.
        Some(Sound::Surround) => all.extend([[0xf2, 0x03], [0xf4, 0x44]]),
        None => {}
    }
    if details.has_subtitles {
        all.push([0xf3, 0x10]);
    }
    all
}

/// The CRIDs, in the descriptor itself: one for the programme, one for the series.
fn identifiers(details: &Details) -> Option<Descriptor> {
    let mut body = Vec::new();
    for (kind, crid) in [(1_u8, &details.programme_crid), (2, &details.series_crid)] {
        if !crid.is_empty() {
            body.extend([kind << 2, u8::try_from(crid.len()).unwrap()]);
            body.extend(crid.as_bytes());
        }
    }
    (!body.is_empty()).then(|| descriptor(CONTENT_IDENTIFIER, body))
}

impl Coding {
    /// What selects it.
    fn selector(self) -> &'static [u8] {
        match self {
            Coding::Utf8 => &[0x15],
            Coding::Latin1 => &[0x10, 0x00, 0x01],
            Coding::Utf16 => &[0x11],
        }
    }

    /// A short text.
    fn one(self, text: &str) -> Vec<u8> {
        let mut coded = self.selector().to_vec();
        coded.extend(self.units(text, false).concat());
        coded
    }

    /// The text in parts that stay together; a break of line is what the coding has for it.
    fn units(self, text: &str, cuts_characters: bool) -> Vec<Vec<u8>> {
        let units = text.chars().map(|c| match self {
            Coding::Utf8 => c.to_string().into_bytes(),
            Coding::Latin1 if c == '\n' => vec![0x8a],
            Coding::Latin1 => vec![u8::try_from(c).unwrap_or(b'?')],
            Coding::Utf16 => {
                let c = if c == '\n' { '\u{e08a}' } else { c };
                let words = c.encode_utf16(&mut [0; 2]).to_vec();
                words.into_iter().flat_map(u16::to_be_bytes).collect()
            }
        });
        if cuts_characters {
            return units.flatten().map(|byte| vec![byte]).collect();
        }
        units.collect()
    }

    /// As much of the rest as `room` bytes hold, with the selector; nothing if that is all there is room for.
    fn fill(
        self,
        rest: &mut std::iter::Peekable<impl Iterator<Item = Vec<u8>>>,
        room: usize,
    ) -> Vec<u8> {
        let mut coded = self.selector().to_vec();
        while let Some(unit) = rest.next_if(|unit| coded.len() + unit.len() <= room) {
            coded.extend(unit);
        }
        if coded.len() == self.selector().len() {
            coded.clear();
        }
        coded
    }
}
