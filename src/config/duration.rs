//! Durations as people write them: `250ms`, `30s`, `30m`, `24h`, `7d`.

use std::time::Duration;

/// The units, largest first, in milliseconds.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Reads a whole number followed by its unit.
///
/// # Errors
/// A sentence saying what is missing.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    if !number.is_empty() && unit.is_empty() {
        return Err(format!(
            "needs a unit, such as \"{number}ms\" or \"{number}s\""
        ));
    }
    let factor = UNITS.iter().find(|(name, _)| *name == unit.trim());
    factor
        .and_then(|(_, factor)| number.parse::<u64>().ok()?.checked_mul(*factor))
        .map(Duration::from_millis)
        .ok_or_else(|| "must be a whole number and a unit: ms, s, m, h or d".into())
}

/// Prints a duration in the largest unit that divides it; a single day stays `24h`.
pub(super) fn print(duration: Duration) -> String {
    let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    for (unit, factor) in UNITS {
        if ms >= factor && ms % factor == 0 && (unit != "d" || ms > factor) {
            return format!("{}{unit}", ms / factor);
        }
    }
    format!("{ms}ms")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_survives_the_way_there_and_back() {
        for text in [
            "0ms", "1ms", "250ms", "30s", "90s", "30m", "24h", "36h", "7d",
        ] {
            assert_eq!(parse(text).map(print).as_deref(), Ok(text));
        }
    }

    #[test]
    fn a_number_without_unit_is_refused_with_a_hint() {
        assert_eq!(
            parse("5000").unwrap_err(),
            "needs a unit, such as \"5000ms\" or \"5000s\""
        );
    }

    #[test]
    fn nonsense_and_overflow_are_refused() {
        for text in [
            "",
            "s",
            "-5s",
            "1.5s",
            "5 weeks",
            "1h30m",
            "99999999999999999999s",
            "999999999999999d",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
