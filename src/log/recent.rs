//! The last lines, kept in memory for who has no shell on this machine.

use std::collections::VecDeque;

use log::Level;

/// Lines that are kept.
const LINES: usize = 200;
/// Bytes of their texts that are kept.
const BYTES: usize = 48 * 1024;
/// A longer line is cut here (bytes), or one would push out many.
const LONGEST: usize = 2 * 1024;

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    level: Level,
    /// Time, target and text, one behind the other: one piece of memory a line.
    whole: Box<str>,
    /// Where in it the target begins, and where the text does.
    target: usize,
    text: usize,
}

impl Line {
    /// `text` is one line already.
    pub(super) fn new(time: &str, level: Level, target: &str, text: &str) -> Line {
        let is_cut = text.len() > LONGEST;
        let mut end = text.len().min(LONGEST);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let mut whole = String::with_capacity(time.len() + target.len() + end + 3);
        whole.push_str(time);
        whole.push_str(target);
        whole.push_str(&text[..end]);
        if is_cut {
            whole.push('…');
        }
        Line {
            level,
            whole: whole.into(),
            target: time.len(),
            text: time.len() + target.len(),
        }
    }

    /// When it was written, as RFC 3339.
    pub fn time(&self) -> &str {
        &self.whole[..self.target]
    }

    /// How much it matters.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Who says it: a module.
    pub fn target(&self) -> &str {
        &self.whole[self.target..self.text]
    }

    /// What it says.
    pub fn text(&self) -> &str {
        &self.whole[self.text..]
    }
}

/// The last lines, bounded in number and size.
pub(super) struct Recent {
    lines: VecDeque<Line>,
    bytes: usize,
}

impl Recent {
    pub(super) const fn new() -> Recent {
        Recent {
            lines: VecDeque::new(),
            bytes: 0,
        }
    }

    /// Keeps a line; the oldest go.
    pub(super) fn push(&mut self, line: Line) {
        self.bytes += line.whole.len();
        self.lines.push_back(line);
        while self.lines.len() > LINES || self.bytes > BYTES {
            let Some(gone) = self.lines.pop_front() else {
                break;
            };
            self.bytes -= gone.whole.len();
        }
    }

    /// The last so many, oldest first.
    pub(super) fn last(&self, most: usize) -> Vec<Line> {
        let skipped = self.lines.len().saturating_sub(most);
        self.lines.iter().skip(skipped).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        Line::new("2026-11-22T20:15:00Z", Level::Info, "xg2g::refresh", text)
    }

    #[test]
    fn a_line_is_kept_with_its_parts() {
        let line = line("12 channels");
        assert_eq!(line.time(), "2026-11-22T20:15:00Z");
        assert_eq!(
            (line.level(), line.target()),
            (Level::Info, "xg2g::refresh")
        );
        assert_eq!(line.text(), "12 channels");
    }

    #[test]
    fn the_last_two_hundred_are_kept_in_their_order() {
        let mut recent = Recent::new();
        for number in 0..LINES + 50 {
            recent.push(line(&number.to_string()));
        }
        let all = recent.last(usize::MAX);
        assert_eq!((all.len(), all[0].text()), (LINES, "50"));
        let two: Vec<Line> = recent.last(2);
        assert_eq!((two[0].text(), two[1].text()), ("248", "249"));
        assert!(recent.last(0).is_empty());
    }

    #[test]
    fn long_lines_are_cut_and_never_take_more_than_the_room() {
        let mut recent = Recent::new();
        for _ in 0..100 {
            recent.push(line(&"ü".repeat(5_000)));
            assert!(recent.bytes <= BYTES);
        }
        let all = recent.last(usize::MAX);
        assert!(all.len() > 20 && all.len() < 100, "{}", all.len());
        assert!(all[0].text().ends_with("ü…"));
        let held: usize = all.iter().map(|line| line.whole.len()).sum();
        assert_eq!(held, recent.bytes);
    }
}
