//! Numbers as users write them: counts such as `1e9`, widths and dimensions that may be infinite, and values that may
//! be `auto`. Also the short forms in which the program prints numbers.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// The largest count accepted, 10^18.
pub const MAX_COUNT: u64 = 1_000_000_000_000_000_000;

/// Parses a count from 0 to 10^18: digits, or a decimal number with an exponent or one of the suffixes k and M, whose
/// value is an integer.
///
/// ```
/// use zonal_documents::number::count;
/// assert_eq!(count("2.5e3"), Ok(2500));
/// assert_eq!(count("100k"), Ok(100_000));
/// assert!(count("0.5").is_err());
/// ```
///
/// # Errors
/// A message that states what was found and what is needed.
pub fn count(text: &str) -> Result<u64, String> {
    let wrong = || format!("'{text}' is not a count; write an integer from 0 to 1e18, such as 1000 or 1e9");
    if let Ok(n) = text.parse::<u64>() {
        return if n <= MAX_COUNT { Ok(n) } else { Err(wrong()) };
    }
    let (digits, unit) = match text.strip_suffix(['k', 'K']) {
        Some(thousands) => (thousands, 1e3),
        None => text.strip_suffix('M').map_or((text, 1.0), |millions| (millions, 1e6)),
    };
    let x = digits.parse::<f64>().map_err(|_| wrong())? * unit;
    if x >= 0.0 && x <= MAX_COUNT as f64 && x.fract() == 0.0 { Ok(x as u64) } else { Err(wrong()) }
}

/// Parses a non-negative integer that fits `T`.
///
/// # Errors
/// A message that states what was found and what is needed.
pub fn whole<T: TryFrom<u64>>(text: &str) -> Result<T, String> {
    let number = text.parse::<u64>().ok().and_then(|n| T::try_from(n).ok());
    number.ok_or_else(|| format!("'{text}' is not a non-negative integer; write digits, such as 0 or 12"))
}

/// Parses a finite number.
///
/// # Errors
/// A message that states what was found and what is needed.
pub fn real(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|x| x.is_finite());
    number.ok_or_else(|| format!("'{text}' is not a finite number; write one such as 0.25 or 1e-3"))
}

/// Parses a finite number or `auto`.
///
/// # Errors
/// A message that states what was found and what is needed.
pub fn real_or_auto(text: &str) -> Result<Auto<f64>, String> {
    if text == "auto" {
        return Ok(Auto::Auto);
    }
    let number = text.parse::<f64>().ok().filter(|x| x.is_finite());
    number
        .map(Auto::Fixed)
        .ok_or_else(|| format!("'{text}' is not a finite number; write auto or a number such as 0.25"))
}

/// A count that may be infinite. Infinity is written `inf`, also in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extended {
    /// A finite count.
    Finite(u64),
    /// Infinity.
    Infinite,
}

impl Extended {
    /// Returns the count, if it is finite.
    pub fn finite(self) -> Option<u64> {
        match self {
            Self::Finite(count) => Some(count),
            Self::Infinite => None,
        }
    }
}

impl schemars::JsonSchema for Extended {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Extended".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A count that may be infinite.",
            "anyOf": [{"type": "integer", "minimum": 0}, {"const": "inf"}]
        })
    }
}

impl FromStr for Extended {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "inf" { Ok(Self::Infinite) } else { count(text).map(Self::Finite) }
    }
}

impl fmt::Display for Extended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Finite(n) => n.fmt(f),
            Self::Infinite => f.write_str("inf"),
        }
    }
}

impl Serialize for Extended {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Finite(n) => serializer.serialize_u64(*n),
            Self::Infinite => serializer.serialize_str("inf"),
        }
    }
}

impl<'de> Deserialize<'de> for Extended {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::deserialize(deserializer)
    }
}

/// The scale s of the units phi(s <w, x>): `auto`, `sqrt-dim` or a positive number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// Chosen on validation rows of a table; 1 for targets.
    Auto,
    /// s = sqrt(n), at which s <w, x> has variance 1.
    SqrtDim,
    /// A specified number, positive and finite.
    Fixed(f64),
}

impl Scale {
    /// Returns the scale in dimension n, or None for `Auto`.
    pub fn value(self, dim: u64) -> Option<f64> {
        match self {
            Self::Auto => None,
            Self::SqrtDim => Some((dim as f64).sqrt()),
            Self::Fixed(s) => Some(s),
        }
    }
}

impl FromStr for Scale {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "sqrt-dim" => Ok(Self::SqrtDim),
            _ => match text.parse::<f64>() {
                Ok(s) if s > 0.0 && s.is_finite() => Ok(Self::Fixed(s)),
                _ => Err(format!("'{text}' is not a scale; write auto, sqrt-dim or a positive number")),
            },
        }
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::SqrtDim => f.write_str("sqrt-dim"),
            Self::Fixed(s) => s.fmt(f),
        }
    }
}

impl Serialize for Scale {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fixed(s) => serializer.serialize_f64(*s),
            other => serializer.collect_str(other),
        }
    }
}

impl<'de> Deserialize<'de> for Scale {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::deserialize(deserializer)
    }
}

/// A value that is either specified or chosen automatically, which is written `auto`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Auto<T> {
    /// Chosen automatically.
    Auto,
    /// Specified by the caller.
    Fixed(T),
}

impl<T> Auto<T> {
    /// Returns the specified value, or None for `Auto`.
    pub fn given(self) -> Option<T> {
        match self {
            Self::Auto => None,
            Self::Fixed(x) => Some(x),
        }
    }
}

/// An error of parsing whose advice may name another possible value.
pub trait Advice: fmt::Display {
    /// Returns the message with this value as a further possibility, where the message lists what is possible.
    fn or(&self, other: &str) -> String;
}

impl Advice for String {
    fn or(&self, other: &str) -> String {
        format!("{self}, or {other}")
    }
}

impl Advice for std::convert::Infallible {
    fn or(&self, _: &str) -> String {
        self.to_string()
    }
}

impl Advice for std::num::ParseFloatError {
    fn or(&self, other: &str) -> String {
        format!("{self}, or {other}")
    }
}

impl Advice for zonal::Error {
    fn or(&self, other: &str) -> String {
        match self {
            // The message ends with the text and a mark below it.
            Self::Expression { .. } => self.to_string(),
            // A question names the nearest word.
            Self::Unknown { advice, .. } if advice.ends_with('?') => self.to_string(),
            _ => format!("{self}, or {other}"),
        }
    }
}

impl<T: FromStr<Err: Advice>> FromStr for Auto<T> {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            Ok(Self::Auto)
        } else {
            text.parse().map(Self::Fixed).map_err(|e: T::Err| e.or("auto"))
        }
    }
}

impl<T: fmt::Display> fmt::Display for Auto<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Fixed(x) => x.fmt(f),
        }
    }
}

impl<T: Serialize> Serialize for Auto<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::Fixed(x) => x.serialize(serializer),
        }
    }
}

impl<'de, T: FromStr<Err: Advice>> Deserialize<'de> for Auto<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::deserialize(deserializer)
    }
}

/// A count from 0 to 10^18 in a request: digits, or a decimal number with an exponent whose value is an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(pub u64);

/// A non-negative integer in a request, such as a degree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole(pub usize);

/// A finite number in a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Real(pub f64);

/// Implements parsing, printing and serde for a number of a request. JSON may hold the number or its text.
macro_rules! request_number {
    ($name:ident, $inner:ty, $read:expr, $kind:literal) => {
        impl FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                $read(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                text::deserialize(deserializer)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": $kind })
            }
        }
    };
}

request_number!(Count, u64, count, "integer");
request_number!(Whole, usize, whole::<usize>, "integer");
request_number!(Real, f64, real, "number");

/// Serde functions for values with a text form: JSON holds the text that a user would type, or a number.
pub mod text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use std::fmt::Display;
    use std::str::FromStr;

    /// A JSON number or string.
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a number or a string is needed")]
    enum Found {
        Whole(u64),
        Real(f64),
        Text(String),
    }

    impl Found {
        fn text(self) -> String {
            match self {
                Self::Whole(n) => n.to_string(),
                Self::Real(x) if x.fract() == 0.0 && x.abs() < 1e15 => (x as i64).to_string(),
                Self::Real(x) => x.to_string(),
                Self::Text(text) => text,
            }
        }
    }

    /// Deserialises a number or a string by parsing its text.
    ///
    /// # Errors
    /// The errors of the deserialiser and of parsing.
    pub fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        Found::deserialize(deserializer)?.text().parse().map_err(D::Error::custom)
    }

    /// Serialises a value as its text.
    ///
    /// # Errors
    /// The errors of the serialiser.
    pub fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    /// Deserialises a number, a string, or a list of them into strings.
    ///
    /// # Errors
    /// The errors of the deserialiser.
    pub fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a number, a string or a list of them is needed")]
        enum Several {
            Many(Vec<Found>),
            One(Found),
        }
        Ok(match Several::deserialize(deserializer)? {
            Several::Many(all) => all.into_iter().map(Found::text).collect(),
            Several::One(one) => vec![one.text()],
        })
    }
}

impl From<Auto<Real>> for Auto<f64> {
    fn from(value: Auto<Real>) -> Self {
        match value {
            Auto::Auto => Self::Auto,
            Auto::Fixed(Real(x)) => Self::Fixed(x),
        }
    }
}

/// Formats a number of bytes with a decimal unit: `64.0 GB`.
pub fn readable_bytes(bytes: u64) -> String {
    if bytes == u64::MAX {
        return "18 EB".to_owned();
    }
    let units = ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} bytes") } else { format!("{value:.1} {}", units[unit]) }
}

/// Formats a duration in seconds with the largest fitting unit: `2.0 hours`.
pub fn readable_seconds(seconds: f64) -> String {
    let units = [("years", 31_557_600.0), ("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0)];
    match units.iter().find(|(_, size)| seconds >= 1.5 * size) {
        Some((name, size)) if seconds / size >= 1e4 => format!("{:.0e} {name}", seconds / size),
        Some((name, size)) => format!("{:.1} {name}", seconds / size),
        None if seconds >= 1.5 => format!("{seconds:.0} seconds"),
        None if seconds >= 1.0 => "a second".to_owned(),
        None => "less than a second".to_owned(),
    }
}

/// Formats a number with four significant digits; exponents below 1e-3 and from 1e6.
pub fn short(x: f64) -> String {
    if x == 0.0 {
        return "0".to_owned();
    }
    let size = x.abs();
    if !(1e-3..1e6).contains(&size) {
        return format!("{x:.3e}");
    }
    let decimals = (3 - size.log10().floor() as i32).clamp(0, 6);
    format!("{x:.*}", decimals as usize)
}

/// Formats an upper bound with four significant digits, rounded up so that it remains a bound.
pub fn short_up(x: f64) -> String {
    let near = short(x);
    if x <= 0.0 || !x.is_finite() || near.parse::<f64>().is_ok_and(|near| near >= x) {
        return near;
    }
    short(x + 10f64.powf(x.log10().floor() - 3.0) / 2.0)
}

/// Formats a number known up to an error: at most four significant digits, and only those that the error determines.
/// If the error exceeds half the number, the result is an upper bound such as `<0.02`.
pub fn short_known(x: f64, error: f64) -> String {
    if error <= 5e-4 * x {
        return short(x);
    }
    if error >= 0.5 * x {
        return format!("<{}", short_up(x + error));
    }
    let digits = (x / error).log10().floor().max(0.0) as usize;
    format!("{x:.digits$e}")
}

/// Residuals below this size are negligible in a report.
const NEGLIGIBLE: f64 = 1e-20;

/// Formats a loss or an energy that remains: as [`short`], but below 1e-20 only `<1e-20`.
pub fn short_residual(x: f64) -> String {
    if x > 0.0 && x < NEGLIGIBLE { format!("<{NEGLIGIBLE:e}") } else { short(x) }
}

/// Formats a count; powers of ten from 100,000 are in exponent form, such as `1e9`.
pub fn short_count(n: u64) -> String {
    if n >= 100_000 && n.is_multiple_of(10u64.pow(n.ilog10())) {
        return format!("{:e}", n as f64);
    }
    n.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_whole_and_bounded() {
        assert_eq!(count("1e9"), Ok(1_000_000_000));
        assert_eq!(count("0"), Ok(0));
        assert_eq!((count("1.5k"), count("2M"), count("3K")), (Ok(1_500), Ok(2_000_000), Ok(3_000)));
        for bad in [
            "-1",
            "1.5",
            "1.0001k",
            "k",
            "2m",
            "-1k",
            "nank",
            "nan",
            "inf",
            "1e19",
            "20000000000000000000",
            "x",
            "",
        ] {
            assert!(count(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn infinity_is_a_word_in_json() {
        assert_eq!(serde_json::to_string(&Extended::Infinite).unwrap(), "\"inf\"");
        assert_eq!(serde_json::from_str::<Extended>("\"inf\"").unwrap(), Extended::Infinite);
        assert_eq!(serde_json::from_str::<Extended>("12").unwrap(), Extended::Finite(12));
    }

    #[test]
    fn what_is_written_reads_back() {
        for scale in [Scale::Auto, Scale::SqrtDim, Scale::Fixed(0.1)] {
            let text = serde_json::to_string(&scale).unwrap();
            assert_eq!(serde_json::from_str::<Scale>(&text).unwrap(), scale);
        }
        for value in [Auto::Auto, Auto::Fixed(2.5)] {
            let text = serde_json::to_string(&value).unwrap();
            assert_eq!(serde_json::from_str::<Auto<f64>>(&text).unwrap(), value);
        }
        assert_eq!(serde_json::from_str::<Auto<String>>("\"relu\"").unwrap(), Auto::Fixed("relu".to_owned()));
        assert!(serde_json::from_str::<Scale>("\"-1\"").is_err());
    }

    #[test]
    fn bytes_are_readable() {
        assert_eq!(readable_bytes(999), "999 bytes");
        assert_eq!(readable_bytes(64_000_000_000), "64.0 GB");
        assert_eq!(readable_bytes(u64::MAX), "18 EB");
    }

    #[test]
    fn durations_are_readable() {
        assert_eq!(readable_seconds(0.2), "less than a second");
        assert_eq!(readable_seconds(42.0), "42 seconds");
        assert_eq!(readable_seconds(7_200.0), "2.0 hours");
        assert_eq!(readable_seconds(1e300), "3e292 years");
    }

    #[test]
    fn numbers_have_four_digits() {
        assert_eq!(short(0.0), "0");
        assert_eq!(short(0.044_449), "0.04445");
        assert_eq!(short(53.21), "53.21");
        assert_eq!(short(5929.88), "5930");
        assert_eq!(short(-1.5e-7), "-1.500e-7");
        assert_eq!(short_count(1_000_000_000), "1e9");
        assert_eq!(short_count(1000), "1000");
        for x in [0.140_01, 0.139_99, 2.0, 1e-9, 1.234_49, 1.234_51, 99_999.7, 3.000_1e12, 0.0] {
            let up: f64 = short_up(x).parse().unwrap();
            assert!(up >= x && up <= 1.0011 * x, "{x}: {up}");
        }
    }
}
