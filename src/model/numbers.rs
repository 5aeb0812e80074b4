//! Numbers that stick to services: who programmed a recorder by number must not find another channel there because a
//! bouquet was sorted anew.

use std::collections::{HashMap, HashSet};
use std::fmt;

/// What the text of the file begins with; the version behind it.
const MARK: &str = "xg2g numbers 1";
/// Services that are gone and whose numbers are kept for the day they come back: those that went last.
const KEPT: usize = 500;
/// People may write into the file; there has to be room for one above all others.
const HIGHEST: u32 = 999_999_999;

/// Which number belongs to which service (by its slug). Those that were asked for last come first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Numbers(Vec<(Box<str>, u32)>);

impl Numbers {
    /// The number of each service: the one it has, else the one it wishes if that belongs to nobody, else one above
    /// all others.
    pub fn assign(&mut self, wishes: &[(&str, u32)]) -> Vec<u32> {
        let known: HashMap<&str, u32> = self.0.iter().map(|(slug, own)| (&**slug, *own)).collect();
        let mut taken: HashSet<u32> = known.values().copied().collect();
        let wished = wishes.iter().map(|(_, number)| *number);
        let mut last = taken.iter().copied().chain(wished).max().unwrap_or(0);
        let assigned: Vec<u32> = wishes
            .iter()
            .map(|(slug, wish)| match known.get(slug) {
                Some(own) => *own,
                None if taken.insert(*wish) => *wish,
                None => {
                    last += 1;
                    last
                }
            })
            .collect();
        let now: HashSet<&str> = wishes.iter().map(|(slug, _)| *slug).collect();
        let gone = self.0.iter().filter(|(slug, _)| !now.contains(&**slug));
        let present = wishes.iter().zip(&assigned);
        let present = present.map(|((slug, _), number)| ((*slug).into(), *number));
        self.0 = present.chain(gone.take(KEPT).cloned()).collect();
        assigned
    }

    /// Reads the text of the file; `None` if it is damaged or none of ours.
    pub fn parse(text: &str) -> Option<Numbers> {
        let lines = text.strip_prefix(MARK)?.strip_prefix('\n')?;
        let (mut slugs, mut taken) = (HashSet::new(), HashSet::new());
        let mut numbers = Vec::new();
        for line in lines.lines() {
            let (number, slug) = line.split_once('\t')?;
            let number = number.parse().ok();
            let number = number.filter(|number| (1..=HIGHEST).contains(number))?;
            if !slugs.insert(slug) || !taken.insert(number) {
                return None;
            }
            numbers.push((slug.into(), number));
        }
        // The last line may have been cut.
        let is_whole = lines.is_empty() || lines.ends_with('\n');
        is_whole.then_some(Numbers(numbers))
    }
}

/// The text of the file.
impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{MARK}")?;
        self.0
            .iter()
            .try_for_each(|(slug, number)| writeln!(f, "{number}\t{slug}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_keeps_its_number_when_all_others_move() {
        let mut numbers = Numbers::default();
        assert_eq!(numbers.assign(&[("a", 1), ("b", 2), ("c", 5)]), [1, 2, 5]);
        assert_eq!(numbers.assign(&[("c", 1), ("b", 2), ("a", 3)]), [5, 2, 1]);
    }

    #[test]
    fn a_new_service_gets_its_wish_or_a_number_above_all() {
        let mut numbers = Numbers::default();
        numbers.assign(&[("a", 1), ("b", 2)]);
        let wishes = [("n", 1), ("a", 2), ("b", 3), ("m", 4), ("o", 2)];
        assert_eq!(numbers.assign(&wishes), [5, 1, 2, 4, 6]);
    }

    #[test]
    fn who_is_gone_for_a_while_finds_its_number_again() {
        let mut numbers = Numbers::default();
        numbers.assign(&[("a", 1), ("b", 2)]);
        assert_eq!(numbers.assign(&[("b", 1)]), [2]);
        assert_eq!(numbers.assign(&[("n", 1), ("b", 2)]), [3, 2]);
        assert_eq!(numbers.assign(&[("a", 1), ("b", 2)]), [1, 2]);
    }

    #[test]
    fn only_so_many_that_are_gone_are_kept() {
        let mut numbers = Numbers::default();
        for at in 0..KEPT as u32 + 3 {
            numbers.assign(&[(&at.to_string(), at + 1)]);
        }
        assert_eq!(numbers.0.len(), KEPT + 1);
        // The first two are forgotten, and their numbers free.
        assert_eq!(numbers.assign(&[("new", 1), ("2", 9)]), [1, 3]);
    }

    #[test]
    fn what_was_written_is_read_again_and_damage_is_noticed() {
        let mut numbers = Numbers::default();
        assert_eq!(
            Numbers::parse(&numbers.to_string()),
            Some(Numbers::default())
        );
        numbers.assign(&[("1-0-19-1", 1), ("b", 12)]);
        let text = numbers.to_string();
        assert_eq!(text, "xg2g numbers 1\n1\t1-0-19-1\n12\tb\n");
        assert_eq!(Numbers::parse(&text), Some(numbers));
        for end in (0..text.len()).filter(|end| !text[..*end].ends_with('\n')) {
            assert_eq!(Numbers::parse(&text[..end]), None, "cut at {end}");
        }
        for wrong in [
            "0\ta",
            "1000000000\ta",
            "4294967295\ta",
            "1\ta\n1\tb",
            "1\ta\n2\ta",
            "a",
            "-1\ta",
        ] {
            assert_eq!(
                Numbers::parse(&format!("{MARK}\n{wrong}\n")),
                None,
                "{wrong}"
            );
        }
    }
}
