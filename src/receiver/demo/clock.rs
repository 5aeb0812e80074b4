//! The simulated receiver's clock: where its time comes from, and how it prints it.

use std::fmt;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds a simulated receiver's wall clock is ahead of UTC (Central European Time, without summer time).
const ZONE: i64 = 3_600;

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Where the receiver takes its time from, so that tests can move it.
#[derive(Clone)]
pub struct Clock(Rc<dyn Fn() -> SystemTime>);

impl Clock {
    /// A clock that asks `now` each time.
    pub fn new(now: impl Fn() -> SystemTime + 'static) -> Clock {
        Clock(Rc::new(now))
    }

    /// Seconds since 1970, UTC.
    pub fn epoch(&self) -> i64 {
        let since = (self.0)().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    }
}

impl Default for Clock {
    fn default() -> Clock {
        Clock::new(SystemTime::now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.epoch())
    }
}

/// Minutes since midnight on the receiver's wall clock.
pub(super) fn minute_of_day(epoch: i64) -> i64 {
    (epoch + ZONE).rem_euclid(86_400) / 60
}

/// The receiver's wall clock as `HH:MM`.
pub(super) fn hh_mm(epoch: i64) -> String {
    let minute = minute_of_day(epoch);
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// The receiver's wall clock as `HH:MM:SS`.
pub(super) fn hh_mm_ss(epoch: i64) -> String {
    format!("{}:{:02}", hh_mm(epoch), epoch.rem_euclid(60))
}

/// `Sun 22.11.2026`, as OpenWebif 2.4 prints a day.
pub(super) fn day_numeric(epoch: i64) -> String {
    let (year, month, day, week_day) = date(epoch + ZONE);
    format!("{week_day} {day:02}.{month:02}.{year}")
}

/// `22.11.2026 20:37`, as timers are printed.
pub(super) fn day_and_time(epoch: i64) -> String {
    let (year, month, day, _) = date(epoch + ZONE);
    format!("{day:02}.{month:02}.{year} {}", hh_mm(epoch))
}

/// `Sun 22 Nov`, as OpenWebif 1.5 prints a day.
pub(super) fn day_named(epoch: i64) -> String {
    let (_, month, day, week_day) = date(epoch + ZONE);
    format!("{week_day} {day:02} {}", month_name(month))
}

/// A date as HTTP headers carry it.
pub(super) fn http_date(epoch: i64) -> String {
    let (year, month, day, week_day) = date(epoch);
    let second = epoch.rem_euclid(86_400);
    format!(
        "{week_day}, {day:02} {} {year} {:02}:{:02}:{:02} GMT",
        month_name(month),
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

fn month_name(month: i64) -> &'static str {
    let index = usize::try_from(month - 1).unwrap_or(0);
    MONTHS.get(index).copied().unwrap_or("Jan")
}

/// Year, month, day and name of the week day, counted in eras of 400 years that start in March.
fn date(epoch: i64) -> (i64, i64, i64, &'static str) {
    let days = epoch.div_euclid(86_400);
    let week_day = usize::try_from(days.rem_euclid(7)).unwrap_or(0);
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day, DAYS[week_day])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_dates_as_both_lines_do() {
        let sunday = 1_795_373_700;
        assert_eq!(hh_mm(sunday), "19:55");
        assert_eq!(hh_mm_ss(sunday + 7), "19:55:07");
        assert_eq!(day_numeric(sunday), "Sun 22.11.2026");
        assert_eq!(day_named(sunday), "Sun 22 Nov");
        assert_eq!(day_and_time(sunday), "22.11.2026 19:55");
        assert_eq!(http_date(sunday), "Sun, 22 Nov 2026 18:55:00 GMT");
    }

    #[test]
    fn knows_the_leap_day() {
        assert_eq!(http_date(1_709_164_800), "Thu, 29 Feb 2024 00:00:00 GMT");
    }
}
