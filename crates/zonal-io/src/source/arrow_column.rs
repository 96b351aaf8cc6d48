//! The columns of Arrow arrays: numbers, booleans, texts and dates, perhaps as dictionaries, with nulls as missing values.

use super::dates;
use super::reader::Cell;
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Float16Type,
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_schema::{DataType, TimeUnit};
use std::borrow::Cow;

/// The values of a column.
pub(super) enum Column<'a> {
    Numbers(Vec<f64>),
    Booleans(Vec<Option<bool>>),
    Texts(Vec<Option<Cow<'a, str>>>),
}

/// Returns whether columns of a type can be read.
pub(super) fn is_readable(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, values) => is_readable(values),
        DataType::Null | DataType::Boolean => true,
        DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) => true,
        kind => kind.is_integer() || kind.is_floating() || is_text(kind),
    }
}

/// Returns whether columns of a type are read as texts.
pub(super) fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, values) => is_text(values),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => true,
        _ => false,
    }
}

impl<'a> Column<'a> {
    /// Reads a column; None for other types.
    pub(super) fn of(array: &'a dyn Array) -> Option<Self> {
        match array.data_type() {
            DataType::Dictionary(..) => Self::of_dictionary(array),
            DataType::Boolean => Some(Self::Booleans(array.as_boolean_opt()?.iter().collect())),
            kind if is_text(kind) => texts(array).map(Self::Texts),
            _ => numbers(array).map(Self::Numbers),
        }
    }

    fn of_dictionary(array: &'a dyn Array) -> Option<Self> {
        let dictionary = array.as_any_dictionary_opt()?;
        let keys = numbers(dictionary.keys())?;
        fn pick<T: Clone>(values: &[T], keys: &[f64], missing: &T) -> Vec<T> {
            let of = |key: &f64| if key.is_nan() { None } else { values.get(*key as usize) };
            keys.iter().map(|key| of(key).unwrap_or(missing).clone()).collect()
        }
        Some(match Self::of(dictionary.values().as_ref())? {
            Self::Numbers(values) => Self::Numbers(pick(&values, &keys, &f64::NAN)),
            Self::Booleans(values) => Self::Booleans(pick(&values, &keys, &None)),
            Self::Texts(values) => Self::Texts(pick(&values, &keys, &None)),
        })
    }

    /// Returns the value of a row.
    pub(super) fn cell(&self, row: usize) -> Cell<'_> {
        match self {
            Self::Numbers(values) if values[row].is_nan() => Cell::Missing,
            Self::Numbers(values) => Cell::Number(values[row]),
            Self::Booleans(values) => values[row].map_or(Cell::Missing, Cell::Boolean),
            Self::Texts(values) => values[row].as_deref().map_or(Cell::Missing, Cell::Text),
        }
    }
}

/// Returns the numbers of a column, with NaN for nulls; None for a type that does not hold numbers.
fn numbers(array: &dyn Array) -> Option<Vec<f64>> {
    fn of<T: ArrowPrimitiveType>(array: &dyn Array, f: impl Fn(T::Native) -> f64) -> Option<Vec<f64>> {
        let array = array.as_primitive_opt::<T>()?;
        if array.null_count() == 0 {
            return Some(array.values().iter().map(|&x| f(x)).collect());
        }
        Some(array.iter().map(|x| x.map_or(f64::NAN, &f)).collect())
    }
    // Division is rounded correctly, as the reading of text is.
    let unit = |scale: i8| 10f64.powi(i32::from(scale));
    match array.data_type() {
        DataType::Null => Some(vec![f64::NAN; array.len()]),
        DataType::Float64 => of::<Float64Type>(array, |x| x),
        DataType::Float32 => of::<Float32Type>(array, f64::from),
        DataType::Float16 => of::<Float16Type>(array, |x| x.to_f64()),
        DataType::Int64 => of::<Int64Type>(array, |x| x as f64),
        DataType::Int32 => of::<Int32Type>(array, f64::from),
        DataType::Int16 => of::<Int16Type>(array, f64::from),
        DataType::Int8 => of::<Int8Type>(array, f64::from),
        DataType::UInt64 => of::<UInt64Type>(array, |x| x as f64),
        DataType::UInt32 => of::<UInt32Type>(array, f64::from),
        DataType::UInt16 => of::<UInt16Type>(array, f64::from),
        DataType::UInt8 => of::<UInt8Type>(array, f64::from),
        DataType::Decimal32(_, scale) => of::<Decimal32Type>(array, |x| f64::from(x) / unit(*scale)),
        DataType::Decimal64(_, scale) => of::<Decimal64Type>(array, |x| x as f64 / unit(*scale)),
        DataType::Decimal128(_, scale) => of::<Decimal128Type>(array, |x| x as f64 / unit(*scale)),
        _ => None,
    }
}

/// Returns the texts of a column, and dates as texts; None for other types.
fn texts(array: &dyn Array) -> Option<Vec<Option<Cow<'_, str>>>> {
    fn dates<T: ArrowPrimitiveType>(array: &dyn Array, nanoseconds: i128) -> Option<Vec<Option<Cow<'_, str>>>>
    where
        T::Native: Into<i64>,
    {
        let text = |x: T::Native| dates::text(i128::from(x.into()) * nanoseconds).map(Cow::Owned);
        Some(array.as_primitive_opt::<T>()?.iter().map(|x| x.and_then(text)).collect())
    }
    fn borrowed(text: Option<&str>) -> Option<Cow<'_, str>> {
        text.map(Cow::Borrowed)
    }
    const DAY: i128 = 86_400_000_000_000;
    match array.data_type() {
        DataType::Utf8 => Some(array.as_string_opt::<i32>()?.iter().map(borrowed).collect()),
        DataType::LargeUtf8 => Some(array.as_string_opt::<i64>()?.iter().map(borrowed).collect()),
        DataType::Utf8View => Some(array.as_string_view_opt()?.iter().map(borrowed).collect()),
        DataType::Date32 => dates::<Date32Type>(array, DAY),
        DataType::Date64 => dates::<Date64Type>(array, 1_000_000),
        DataType::Timestamp(TimeUnit::Second, _) => dates::<TimestampSecondType>(array, 1_000_000_000),
        DataType::Timestamp(TimeUnit::Millisecond, _) => dates::<TimestampMillisecondType>(array, 1_000_000),
        DataType::Timestamp(TimeUnit::Microsecond, _) => dates::<TimestampMicrosecondType>(array, 1_000),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => dates::<TimestampNanosecondType>(array, 1),
        _ => None,
    }
}
