//! The tables in `reference/`, computed with mpmath. Their numbers are strings, since they have more digits than `f64`.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::ToPrimitive;
use serde_json::Value;
use std::path::PathBuf;
use zonal::numeric::DoubleDouble;

/// A reference table.
#[derive(Debug)]
pub struct Table {
    document: Value,
}

impl Table {
    /// Loads `reference/NAME.json`.
    ///
    /// # Panics
    /// If the file is missing or not JSON, since nothing can be verified then.
    pub fn load(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("reference").join(format!("{name}.json"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let document = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Self { document }
    }

    /// Returns the rows under a key.
    ///
    /// # Panics
    /// If the key is missing.
    pub fn rows(&self, key: &str) -> &[Value] {
        self.document[key].as_array().unwrap_or_else(|| panic!("the table has no rows '{key}'"))
    }
}

/// Parses a decimal number exactly.
///
/// # Panics
/// If the text is not a decimal number.
pub fn decimal(text: &str) -> BigRational {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: BigInt = format!("{whole}{fraction}").parse().unwrap_or_else(|e| panic!("{text}: {e}"));
    let exponent: i32 = exponent.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
    let shift = exponent - i32::try_from(fraction.len()).unwrap_or(i32::MAX);
    let power = BigRational::from_integer(BigInt::from(10).pow(shift.unsigned_abs()));
    let number = BigRational::from_integer(digits);
    if shift < 0 { number / power } else { number * power }
}

/// Returns |x - reference| / |reference|, with the difference computed exactly.
///
/// # Panics
/// If x is not finite.
pub fn relative_error(x: DoubleDouble, reference: &str) -> f64 {
    let exact = decimal(reference);
    let (hi, lo) = x.parts();
    let float = |x| BigRational::from_float(x).unwrap_or_else(|| panic!("{x} is not finite"));
    ((float(hi) + float(lo) - &exact) / exact).to_f64().unwrap_or(f64::NAN).abs()
}

/// Returns the string in an entry.
///
/// # Panics
/// If the entry is not a string.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a string"))
}

/// Returns the number in an entry, stored as a string or as a JSON number.
///
/// # Panics
/// If the entry is not a number.
pub fn number(value: &Value) -> f64 {
    match value {
        Value::String(s) => s.parse().unwrap_or_else(|e| panic!("{s}: {e}")),
        other => other.as_f64().unwrap_or_else(|| panic!("{other} is not a number")),
    }
}
