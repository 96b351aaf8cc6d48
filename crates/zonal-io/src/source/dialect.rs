//! How a CSV file is written: what separates its fields, and how it writes numbers.

use crate::error::{Error, Result};

/// The dialect of a CSV file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// The byte between fields.
    pub delimiter: u8,
    /// Whether the first line names the columns; otherwise they are named c1, c2, ..
    pub header: bool,
    /// How decimals are written.
    pub decimal: Decimal,
}

/// How decimals are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decimal {
    /// With a point. Commas may mark thousands where they can mean nothing else: 1,234.5 and 1,234,567, but not 1,234.
    #[default]
    Point,
    /// With a point. Commas mark thousands: 1,234.
    PointWithThousands,
    /// With a comma. Points may mark thousands: 1.234,5.
    Comma,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { delimiter: b',', header: true, decimal: Decimal::Point }
    }
}

impl Dialect {
    /// Creates a dialect, and checks that the delimiter is one byte that cannot be part of a number.
    ///
    /// # Errors
    /// [`Error::Delimiter`].
    pub fn new(header: bool, delimiter: char, decimal: Decimal) -> Result<Self> {
        let byte = u8::try_from(delimiter).ok().filter(u8::is_ascii);
        let byte = byte.filter(|b| !b.is_ascii_alphanumeric() && !b"\"\r\n.+-".contains(b));
        byte.map(|delimiter| Self { delimiter, header, decimal }).ok_or(Error::Delimiter { found: delimiter })
    }
}
