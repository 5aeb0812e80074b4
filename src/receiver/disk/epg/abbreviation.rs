//! Titles that go on in the short text.

/// Broadcasters whose titles must be short write "A long ti..." and "...tle. What it is about." enigma2 joins such
/// (`undoAbbreviation` in `lib/base/estring.cpp`), and so does this.
///
/// The whole title and what is left of the text; `None` if they are not of this kind.
pub(super) fn join(title: &str, summary: &str) -> Option<(String, String)> {
    let rest = summary.strip_prefix("...")?;
    let is_cut = title.ends_with("...") || title.ends_with(":..");
    let is_end = |c: char| ".:!?".contains(c);
    // The fourth character may be anything.
    let has_end = rest.chars().skip(1).any(is_end);
    if !is_cut || !has_end || title.len() <= 5 || summary.len() <= 5 {
        return None;
    }
    let begin = title.replace(":..", ": ...");
    let begin = begin.strip_suffix("...")?;
    let begin = begin.strip_suffix(' ').unwrap_or(begin);
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    let end = rest.find(is_end)?;
    if end <= 2 || rest.len() - end <= 2 {
        return None;
    }
    let (more, text) = (&rest[..end], rest[end + 1..].trim_start_matches(' '));
    (!begin.is_empty() && !text.is_empty()).then(|| (format!("{begin} {more}"), text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_that_goes_on_is_made_whole() {
        let whole = |title: &str, summary: &str| Some((title.to_owned(), summary.to_owned()));
        assert_eq!(
            join("A tale of ...", "... two cities: Drama in Paris."),
            whole("A tale of two cities", "Drama in Paris.")
        );
        assert_eq!(
            join("Series:..", "...The end. Last part."),
            whole("Series: The end", "Last part.")
        );
        for (title, summary) in [
            ("A tale of", "... two cities: Drama"),
            ("A tale of...", "two cities: Drama"),
            ("A tale of...", "... two cities"),
            ("A tale of...", "...: no"),
            ("A tale of...", "... two cities."),
        ] {
            assert_eq!(join(title, summary), None, "{summary}");
        }
    }
}
