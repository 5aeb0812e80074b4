//! Times as text. Everything is UTC: no time zone data on a receiver is to be trusted.

use std::time::{SystemTime, UNIX_EPOCH};

/// Year, month 1-12, day 1-31, hour, minute, second of a time in seconds since 1970. 32 bits, because a receiver's
/// processor divides no more at once.
fn civil(seconds: u64) -> [u32; 6] {
    let (days, rest) = ((seconds / 86_400) as u32, (seconds % 86_400) as u32);
    // Days are counted from 1 March of year 0 (proleptic Gregorian), so that leap days come last in a year.
    let z = days + 719_468;
    let era = z / 146_097;
    let day_of_era = z % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = era * 400 + year_of_era + u32::from(month <= 2);
    [year, month, day, rest / 3_600, rest / 60 % 60, rest % 60]
}

/// Past events shown in a guide: those that ran in the last four hours.
const PAST: u32 = 4 * 3_600;

/// The wall clock of a receiver without network shows 1970, or the date of its image, until it has the time from the
/// broadcast. Before the year of this version nothing is asked or stamped (2026-01-01, in seconds since 1970).
const RELEASED: u64 = 1_767_225_600;

/// Whether the clock that says `now` has been set.
pub fn clock_is_set(now: SystemTime) -> bool {
    unix_seconds(now) >= RELEASED
}

/// Seconds since 1970 of a time; 0 for a clock before that.
pub fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// Seconds since 1970 now, as events count them.
pub fn unix_now() -> u32 {
    u32::try_from(unix_seconds(SystemTime::now())).unwrap_or(u32::MAX)
}

/// Where a guide begins that is made at `now`: at a full hour, so that it stays the same for an hour.
pub fn guide_begin(now: u32) -> u32 {
    (now - now % 3_600).saturating_sub(PAST)
}

/// `2026-11-22T19:55:00Z`.
pub fn rfc3339(seconds: u64) -> String {
    let [year, month, day, hour, minute, second] = civil(seconds);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// `20261122195500 +0000` (rule G9).
pub fn xmltv_time(seconds: u32) -> String {
    let [year, month, day, hour, minute, second] = civil(u64::from(seconds));
    let mut text = String::with_capacity(20);
    // Two times for each of 100 000 programmes: `format!` takes twenty times as long.
    for two in [year / 100, year % 100, month, day, hour, minute, second] {
        text.extend([two / 10, two % 10].map(|digit| char::from(b'0' + (digit % 10) as u8)));
    }
    text.push_str(" +0000");
    text
}

/// `Sun, 22 Nov 2026 19:55:00 GMT` (RFC 9110, 5.6.7).
pub fn http_date(seconds: u64) -> String {
    let [year, month, day, hour, minute, second] = civil(seconds);
    let weekday =
        ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][(seconds / 86_400 % 7) as usize];
    let name = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ][month as usize - 1];
    format!("{weekday}, {day:02} {name} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// `2026-11-22T20:15:00Z` or with an offset like `+01:00`, as seconds since 1970.
pub fn parse_rfc3339(text: &str) -> Option<u32> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let separators: Vec<u8> = [4, 7, 10, 13, 16]
        .iter()
        .filter_map(|at| text.as_bytes().get(*at).copied())
        .collect();
    let fits = separators == *b"--T::" && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !fits || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let zone = text
        .get(19..)?
        .trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let offset = match (zone, zone.get(..1)) {
        ("Z" | "z", _) => 0,
        // A `+` in a query is a blank to those who forget to encode it.
        (_, Some(sign @ ("+" | "-" | " "))) if zone.len() == 6 => {
            let seconds = zone.get(1..3)?.parse::<i64>().ok()? * 3_600
                + zone.get(4..6)?.parse::<i64>().ok()? * 60;
            if sign == "-" {
                -seconds
            } else {
                seconds
            }
        }
        _ => return None,
    };
    // Days since 1970 by the civil calendar, years beginning in March.
    let shifted = if month > 2 { year } else { year - 1 };
    let era_days = 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400;
    let month_days = (153 * ((month + 9) % 12) + 2) / 5;
    let days = era_days + month_days + day - 1 - 719_468;
    u32::try_from(days * 86_400 + hour * 3_600 + minute * 60 + second - offset).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_are_written_right() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(rfc3339(1_795_373_700), "2026-11-22T18:55:00Z");
        assert_eq!(xmltv_time(1_795_373_700), "20261122185500 +0000");
        assert_eq!(http_date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(rfc3339(4_102_444_799), "2099-12-31T23:59:59Z");
    }

    #[test]
    fn a_clock_is_set_from_the_release_on() {
        let at = |seconds| UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        assert_eq!(rfc3339(RELEASED), "2026-01-01T00:00:00Z");
        assert!(!clock_is_set(UNIX_EPOCH) && !clock_is_set(at(RELEASED - 1)));
        assert!(clock_is_set(at(RELEASED)) && clock_is_set(SystemTime::now()));
    }

    #[test]
    fn times_are_read_with_their_zone() {
        assert_eq!(parse_rfc3339("2026-11-22T18:55:00Z"), Some(1_795_373_700));
        assert_eq!(
            parse_rfc3339("2026-11-22T19:55:00+01:00"),
            Some(1_795_373_700)
        );
        assert_eq!(
            parse_rfc3339("2026-11-22T18:55:00.25Z"),
            Some(1_795_373_700)
        );
        assert_eq!(parse_rfc3339("2000-02-29T00:00:00Z"), Some(951_782_400));
        for text in [
            "",
            "2026",
            "2026-13-22T18:55:00Z",
            "2026-11-22 18:55:00Z",
            "2026-11-22T18:55:00",
            "1969-01-01T00:00:00Z",
        ] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }
}
