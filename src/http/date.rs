//! HTTP dates (RFC 9110 section 5.6.7): one form written, three forms read.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Writes `time` as an IMF-fixdate in whole seconds, e.g. `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(super) fn format(time: SystemTime) -> String {
    let seconds = seconds(time);
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    format!(
        "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} GMT",
        DAYS[(days % 7) as usize],
        MONTHS[month as usize - 1],
        rest / 3600,
        rest / 60 % 60,
        rest % 60,
    )
}

/// Reads an IMF-fixdate, an RFC 850 date or an asctime date; anything else is `None`.
pub(super) fn parse(text: &str) -> Option<SystemTime> {
    let mut words = [""; 6];
    let mut count = 0;
    for word in text.split([' ', ',', '-']).filter(|word| !word.is_empty()) {
        *words.get_mut(count)? = word;
        count += 1;
    }
    let (day, month, year, clock) = match (count, words[5]) {
        (6, "GMT") => (words[1], words[2], words[3], words[4]),
        (5, _) => (words[2], words[1], words[4], words[3]),
        _ => return None,
    };
    let month = MONTHS.iter().position(|name| *name == month)? as u64 + 1;
    let day = number(day).filter(|day| (1..=31).contains(day))?;
    let year = match (year.len(), number(year)?) {
        // Two digits exist only in RFC 850; no file here is older than 1970.
        (2, short) if short >= 70 => 1900 + short,
        (2, short) => 2000 + short,
        (4, year) if year >= 1970 => year,
        _ => return None,
    };
    let mut clock = clock.splitn(3, ':').map(number);
    let hour = clock.next()?.filter(|hour| *hour < 24)?;
    let minute = clock.next()?.filter(|minute| *minute < 60)?;
    let second = clock.next()?.filter(|second| *second <= 60)?;
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// Whole seconds since 1970; earlier times count as 0.
pub(super) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// The current date as text, made anew once a second.
#[derive(Default)]
pub(super) struct Now {
    second: u64,
    text: String,
}

impl Now {
    pub(super) fn text(&mut self) -> &str {
        let now = SystemTime::now();
        if self.text.is_empty() || self.second != seconds(now) {
            self.second = seconds(now);
            self.text = format(now);
        }
        &self.text
    }
}

fn number(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// Days since 1970 to year, month, day. Years are counted from March, so the leap day is the last of a year.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year + era * 400 + u64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

/// The inverse of [`civil`].
fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = year - u64::from(month <= 2);
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn the_example_of_the_rfc_is_written_and_read_in_all_three_forms() {
        assert_eq!(format(at(784_111_777)), "Sun, 06 Nov 1994 08:49:37 GMT");
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(parse(text), Some(at(784_111_777)), "{text}");
        }
    }

    #[test]
    fn every_day_of_a_century_and_more_comes_back() {
        for day in 0..50_000 {
            let time = at(day * 86_400 + 86_399);
            assert_eq!(parse(&format(time)), Some(time));
        }
        assert_eq!(format(at(951_782_400)), "Tue, 29 Feb 2000 00:00:00 GMT");
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "0",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 40 Nov 1994 08:00:00 GMT",
            "Sun, 06 Non 1994 08:00:00 GMT",
            "Sun, 06 Nov 1894 08:00:00 GMT",
            "Sun, 06 Nov +994 08:00:00 GMT",
            "Sun, 06 Nov 1994 08:00 GMT",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
