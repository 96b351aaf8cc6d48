//! Dates and times as numbers: days since the beginning of 1970, in the time that is written.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta};

/// The forms of a date.
const DATES: [&str; 2] = ["%Y-%m-%d", "%Y/%m/%d"];
/// The forms of a time after a date.
const TIMES: [&str; 2] = ["%H:%M:%S%.f", "%H:%M"];
const SECONDS_PER_DAY: f64 = 86_400.0;

/// Parses a date such as 2024-01-31 or 2024/01/31, with a time such as 12:30 or 12:30:15 after a space or T, if there is one, and a zone,
/// which is not used. Returns the days since 1970-01-01.
pub(super) fn days(text: &str) -> Option<f64> {
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time.trim())),
        None => (text, None),
    };
    let date = DATES.iter().find_map(|form| NaiveDate::parse_from_str(date, form).ok())?;
    let time = match time {
        None => NaiveTime::MIN,
        Some(time) => clock(time).or_else(|| zoned(text))?,
    };
    let since = date.and_time(time) - DateTime::UNIX_EPOCH.naive_utc();
    Some(since.num_milliseconds() as f64 / 1e3 / SECONDS_PER_DAY)
}

/// Returns the text of a time in nanoseconds since 1970-01-01, a date alone at midnight; None for years that have no date.
#[cfg(feature = "arrow")]
pub(super) fn text(nanoseconds: i128) -> Option<String> {
    const SECOND: i128 = 1_000_000_000;
    let seconds = i64::try_from(nanoseconds.div_euclid(SECOND)).ok()?;
    let time = DateTime::from_timestamp(seconds, nanoseconds.rem_euclid(SECOND) as u32)?.naive_utc();
    let form = if time.time() == NaiveTime::MIN { "%Y-%m-%d" } else { "%Y-%m-%dT%H:%M:%S%.f" };
    Some(time.format(form).to_string())
}

fn clock(text: &str) -> Option<NaiveTime> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    TIMES.iter().find_map(|form| NaiveTime::parse_from_str(text, form).ok())
}

fn zoned(text: &str) -> Option<NaiveTime> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.naive_local().time())
}

/// Returns the month from 1 to 12 and the day of the week from 0 for Monday to 6, of a number of days since 1970-01-01.
pub(super) fn parts(days: f64) -> [f64; 2] {
    let date = TimeDelta::try_days(days.floor() as i64)
        .and_then(|since| DateTime::UNIX_EPOCH.naive_utc().date().checked_add_signed(since));
    date.map_or([0.0; 2], |d| [f64::from(d.month()), f64::from(d.weekday().num_days_from_monday())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_with_months_and_weekdays() {
        for (text, expected) in [
            ("1970-01-01", Some(0.0)),
            ("1970/01/03", Some(2.0)),
            ("1969-12-31", Some(-1.0)),
            ("2024-02-29", Some(19_782.0)),
            ("2024-02-29 12:00", Some(19_782.5)),
            ("2024-02-29T06:00:00Z", Some(19_782.25)),
            ("2024-02-29T06:00:00.000+05:00", Some(19_782.25)),
            ("2023-02-29", None),
            ("2024-02-29 noon", None),
            ("20240229", None),
            ("12.5", None),
            ("", None),
        ] {
            assert_eq!(days(text), expected, "{text}");
        }
        // Thursdays, and the last day of a leap February.
        assert_eq!((parts(0.0), parts(19_782.9)), ([1.0, 3.0], [2.0, 3.0]));
        assert_eq!((parts(-1.0), parts(1e300)), ([12.0, 2.0], [0.0; 2]));
    }
}
