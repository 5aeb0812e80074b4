//! What a broadcast says about an event beyond its three texts. The web interface does not tell it; `epg.dat` does.

/// The further facts of an event. Texts are clean, one line each but for descriptions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The language of the event's own texts: three lower-case letters of ISO 639-2 as broadcast (`deu` and `ger` are
    /// both met); empty if not given.
    pub language: String,
    /// The texts in other languages, in the order of preference; no language twice.
    pub translations: Vec<Translation>,
    /// Who made it and who plays in it, in broadcast order.
    pub credits: Vec<Credit>,
    /// The year of production.
    pub year: Option<u16>,
    /// Countries of production as broadcast: names or codes.
    pub countries: Vec<String>,
    /// The youngest age it is meant for, in years (EN 300 468, parental rating: value + 3).
    pub age: Option<u8>,
    /// Width to height, if it is said.
    pub aspect: Option<Aspect>,
    /// How fine the picture is, if it is said.
    pub quality: Option<Quality>,
    /// The best sound that is announced.
    pub sound: Option<Sound>,
    /// Whether there are subtitles; those for the hard of hearing count.
    pub has_subtitles: bool,
    /// The CRID of the programme (ETSI TS 102 323): the same for each repeat.
    pub programme_crid: String,
    /// The CRID of the series.
    pub series_crid: String,
}

/// Title and texts in one language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Translation {
    /// Three lower-case letters of ISO 639-2.
    pub language: String,
    /// Never empty.
    pub title: String,
    /// The short text, often empty.
    pub summary: String,
    /// The long text, often empty.
    pub description: String,
}

/// A person and what they did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    /// What they did.
    pub role: Role,
    /// Their name.
    pub name: String,
}

/// What a person did, as far as XMLTV has a word for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Directed it.
    Director,
    /// Plays in it.
    Actor,
    /// Wrote it.
    Writer,
    /// Produced it.
    Producer,
    /// Wrote its music.
    Composer,
    /// Presents it.
    Presenter,
    /// Is a guest.
    Guest,
}

/// Width to height of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aspect {
    /// 4:3.
    Normal,
    /// 16:9 and wider.
    Wide,
}

/// How fine the picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quality {
    /// Standard definition.
    Sd,
    /// High definition.
    Hd,
    /// Ultra high definition.
    Uhd,
}

/// How the sound comes, poorest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sound {
    /// One channel.
    Mono,
    /// Two.
    Stereo,
    /// More than two.
    Surround,
}

impl Role {
    /// XMLTV's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Director => "director",
            Role::Actor => "actor",
            Role::Writer => "writer",
            Role::Producer => "producer",
            Role::Composer => "composer",
            Role::Presenter => "presenter",
            Role::Guest => "guest",
        }
    }
}

impl Aspect {
    /// `4:3` or `16:9`.
    pub fn as_str(self) -> &'static str {
        match self {
            Aspect::Normal => "4:3",
            Aspect::Wide => "16:9",
        }
    }
}

impl Quality {
    /// `sd`, `hd` or `uhd`.
    pub fn as_str(self) -> &'static str {
        match self {
            Quality::Sd => "sd",
            Quality::Hd => "hd",
            Quality::Uhd => "uhd",
        }
    }
}

impl Sound {
    /// `mono`, `stereo` or `surround`.
    pub fn as_str(self) -> &'static str {
        match self {
            Sound::Mono => "mono",
            Sound::Stereo => "stereo",
            Sound::Surround => "surround",
        }
    }
}
