//! Season and episode read out of the text of an event: broadcasters put them nowhere else.

use super::Event;

/// Season and episode as the text counts them, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Episode {
    /// `None` when the text gives the episode alone.
    pub season: Option<u32>,
    /// At least 1.
    pub number: u32,
}

impl Episode {
    /// Finds `S02E05`, `S2 E5`, `S2 Ep5`, `Staffel 2, Folge 5`, `Season 2, Episode 5`, `2. Staffel, Folge 5` and a
    /// `Folge 5` / `Episode 5` / `Ep. 5` without a season. Title and short text are searched first, then the first
    /// line of the description.
    pub fn find(event: &Event) -> Option<Episode> {
        let first_line = event.description.lines().next().unwrap_or("");
        [event.title.as_str(), event.summary.as_str(), first_line]
            .into_iter()
            .find_map(scan)
    }
}

/// Words that stand before or after a season number, and before an episode number; all lower case.
const SEASON: [&str; 6] = ["s", "staffel", "season", "saison", "series", "stagione"];
const EPISODE: [&str; 7] = ["e", "ep", "folge", "episode", "épisode", "episodio", "afl"];

fn scan(text: &str) -> Option<Episode> {
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let tokens = tokens(text);
    let number = |at: usize| match tokens.get(at) {
        Some(Token::Number(n)) if (1..=9_999).contains(n) => Some(*n),
        _ => None,
    };
    let is = |at: usize, words: &[&str]| matches!(tokens.get(at), Some(Token::Word(w)) if words.contains(&w.as_str()));
    let mut episode_alone = None;
    for at in 0..tokens.len() {
        let season = if is(at, &SEASON) {
            number(at + 1).map(|n| (n, at + 2))
        } else {
            None
        };
        // "2. Staffel": the number comes first.
        let season = season.or_else(|| {
            (is(at + 1, &SEASON[1..]))
                .then(|| number(at).map(|n| (n, at + 2)))
                .flatten()
        });
        if let Some((season, next)) = season {
            if is(next, &EPISODE) {
                if let Some(number) = number(next + 1) {
                    return Some(Episode {
                        season: Some(season),
                        number,
                    });
                }
            }
        }
        if episode_alone.is_none() && is(at, &EPISODE[1..]) {
            episode_alone = number(at + 1).map(|number| Episode {
                season: None,
                number,
            });
        }
    }
    episode_alone
}

enum Token {
    Word(String),
    Number(u32),
}

/// Words and numbers of the text, `S02E05` split into four; all else separates.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(&c) = chars.peek() {
        if c.is_ascii_digit() {
            let mut value = 0u32;
            while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
                value = value.saturating_mul(10).saturating_add(digit);
                chars.next();
            }
            tokens.push(Token::Number(value));
        } else if c.is_alphabetic() {
            let mut word = String::new();
            while let Some(&c) = chars.peek().filter(|c| c.is_alphabetic()) {
                word.extend(c.to_lowercase());
                chars.next();
            }
            tokens.push(Token::Word(word));
        } else {
            chars.next();
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(title: &str, summary: &str, description: &str) -> Option<(Option<u32>, u32)> {
        let event = Event {
            title: title.into(),
            summary: summary.into(),
            description: description.into(),
            ..Event::default()
        };
        Episode::find(&event).map(|e| (e.season, e.number))
    }

    #[test]
    fn the_usual_spellings_are_found() {
        assert_eq!(find("Nachtschicht S02E05", "", ""), Some((Some(2), 5)));
        assert_eq!(
            find("Nachtschicht", "S2 E5: Der Fall", ""),
            Some((Some(2), 5))
        );
        assert_eq!(
            find("Nachtschicht", "Staffel 2, Folge 5", ""),
            Some((Some(2), 5))
        );
        assert_eq!(
            find("Nachtschicht", "", "2. Staffel, Folge 5\nText"),
            Some((Some(2), 5))
        );
        assert_eq!(
            find("Night", "Season 12, Episode 103", ""),
            Some((Some(12), 103))
        );
        assert_eq!(find("Night", "Folge 8", ""), Some((None, 8)));
    }

    #[test]
    fn plain_numbers_are_no_episodes() {
        for title in [
            "Tagesschau 20",
            "24",
            "Formel 1",
            "S 1000",
            "Folge deinem Herzen",
            "e 5",
            "Folge 0",
        ] {
            assert_eq!(find(title, "", ""), None, "{title}");
        }
    }
}
