//! The texts of the guide: titles and descriptions, all invented.

use super::phrases::{titles, NAMES, SENTENCES, SPORTS, SUBJECTS, TEAMS};
use super::plan::Kind;
use super::programme::{mix, Event};

/// The language a service speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    German,
    English,
    French,
}

/// Title, short and long description of an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Texts {
    pub(super) title: String,
    pub(super) short: String,
    pub(super) long: String,
}

/// The content descriptor of an event (level 1 * 16 + level 2) and its name as OpenWebif prints it.
pub(super) fn genre(kind: Kind) -> (i64, &'static str) {
    match kind {
        Kind::Film => (16, "Drama and Films: movie (general)"),
        Kind::Crime => (17, "Drama and Films: detective/thriller"),
        Kind::Comedy => (20, "Drama and Films: comedy"),
        Kind::Series => (21, "Drama and Films: soap/melodrama/folkloric"),
        Kind::News => (
            32,
            "News/Current Affairs/Social: news/current affairs (general)",
        ),
        Kind::Weather => (33, "News/Current Affairs/Social: news/weather report"),
        Kind::Documentary => (35, "News/Current Affairs/Social: documentary"),
        Kind::Quiz => (49, "Show/Game Show/Leisure hobbies: game show/quiz/contest"),
        Kind::Talk => (51, "Show/Game Show/Leisure hobbies: talk show"),
        Kind::SportNews => (64, "Sports: sports (general)"),
        Kind::Match => (67, "Sports: football/soccer"),
        Kind::Children => (
            80,
            "Children/Youth/Education/Science: children's/youth program (general)",
        ),
        Kind::Cartoon => (85, "Children/Youth/Education/Science: cartoon/puppets"),
        Kind::Clips => (97, "Music/Ballet/Dance: rock/pop"),
        Kind::Concert => (98, "Music/Ballet/Dance: serious/classic music"),
        // Known to the broadcaster, unknown to OpenWebif: a number without a name.
        Kind::Nature => (144, ""),
        Kind::Cooking => (165, ""),
        Kind::Magazine => (0, ""),
    }
}

/// What the news say about sign language.
const SIGNED: [&str; 3] = [
    "mit \u{86}Gebärdensprache\u{87}",
    "with \u{86}sign language\u{87}",
    "en \u{86}langue des signes\u{87}",
];

/// The texts of an event; the same seed gives the same texts.
pub(super) fn texts(event: &Event, language: Language) -> Texts {
    let seed = event.seed;
    let title = match event.kind {
        // A game is between two teams.
        Kind::Match => {
            let (sport, teams) = (pick(SPORTS[language as usize], seed), TEAMS);
            let home = seed >> 8;
            let guest = home + 1 + (seed >> 20) % 5;
            format!("{sport}: {} – {}", pick(teams, home), pick(teams, guest))
        }
        kind => pick(titles(kind, language), seed).to_owned(),
    };
    let episodic = matches!(
        event.kind,
        Kind::Series | Kind::Crime | Kind::Comedy | Kind::Cartoon
    );
    let (season, episode) = (1 + (seed >> 16) % 9, 1 + (seed >> 24) % 24);
    let subject = pick(SUBJECTS[language as usize], seed >> 32);
    let short = match (event.kind, seed >> 12 & 3) {
        _ if episodic => format!("S{season} E{episode} {subject}"),
        // Some broadcasters mark emphasis with control characters.
        (Kind::News | Kind::Weather, 0) => SIGNED[language as usize].to_owned(),
        (Kind::News | Kind::Weather, _) | (_, 0) => String::new(),
        (Kind::Film, _) => format!("{subject} ({})", 1962 + seed % 62),
        _ => subject.to_owned(),
    };
    Texts {
        title,
        short,
        long: story(seed, language, episodic.then_some((season, episode))),
    }
}

/// Texts that make one event of scale mode about 350 bytes of JSON.
pub(super) fn plain_texts(event: &Event, language: Language) -> Texts {
    let title = pick(titles(event.kind, language), event.seed).to_owned();
    Texts {
        title,
        short: String::new(),
        long: format!("Folge {} von 200.", event.id),
    }
}

/// Up to six sentences, sometimes none, sometimes with a list of names below.
fn story(seed: u64, language: Language, episode: Option<(u64, u64)>) -> String {
    let mut text = String::new();
    let sentences = match seed >> 40 & 7 {
        0 => 0,
        number @ 1..=4 => number,
        number => number - 1,
    };
    for index in 0..sentences {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(pick(SENTENCES[language as usize], (seed >> 43) + index));
    }
    if let Some((season, episode)) = episode.filter(|_| sentences > 0) {
        let words = [
            ("Staffel", "Folge"),
            ("Season", "Episode"),
            ("Saison", "Épisode"),
        ];
        let (season_word, episode_word) = words[language as usize];
        text.push_str(&format!(
            "\n{season_word} {season}, {episode_word} {episode}."
        ));
    }
    if sentences >= 4 {
        let names = [
            ("Regie", "Mit"),
            ("Director", "Cast"),
            ("Réalisation", "Avec"),
        ];
        let (director, cast) = names[language as usize];
        let name = |shift: u64| pick(NAMES, mix(seed ^ shift));
        text.push_str(&format!(
            "\r\n{director}: {}\n{cast}: {}, {}",
            name(11),
            name(12),
            name(13)
        ));
    }
    text
}

/// One of the phrases between bars.
fn pick(phrases: &'static str, seed: u64) -> &'static str {
    let count = phrases.split('|').count() as u64;
    let index = usize::try_from(seed % count).unwrap_or(0);
    phrases.split('|').nth(index).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: Kind, seed: u64) -> Event {
        Event {
            id: 1,
            begin: 0,
            duration: 300,
            kind,
            seed: mix(seed),
        }
    }

    #[test]
    fn the_same_event_has_the_same_texts() {
        let one = texts(&event(Kind::Film, 7), Language::English);
        assert_eq!(one, texts(&event(Kind::Film, 7), Language::English));
        assert_ne!(one, texts(&event(Kind::Film, 8), Language::English));
    }

    #[test]
    fn series_name_season_and_episode() {
        let short = texts(&event(Kind::Series, 3), Language::German).short;
        assert!(short.starts_with('S') && short.contains(" E"), "{short}");
    }

    #[test]
    fn games_are_between_two_teams() {
        for seed in 0..200 {
            let title = texts(&event(Kind::Match, seed), Language::German).title;
            let (home, guest) = title.split_once(" – ").unwrap_or_default();
            assert!(!guest.is_empty() && !home.ends_with(guest), "{title}");
        }
    }

    #[test]
    fn stories_vary_in_length() {
        let lengths: Vec<usize> = (0..100)
            .map(|seed| texts(&event(Kind::Film, seed), Language::German).long.len())
            .collect();
        assert!(lengths.contains(&0) && lengths.iter().any(|length| *length > 250));
    }
}
