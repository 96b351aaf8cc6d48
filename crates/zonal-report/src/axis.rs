//! Axes: ranges, scales and ticks.

use crate::text::group_digits;
use zonal_documents::number::short;

/// The map from values to positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scale {
    Linear,
    Logarithmic,
    /// Integers, or names at integers.
    Whole,
}

/// One axis.
#[derive(Clone, Debug)]
pub struct Axis {
    /// The label.
    pub label: String,
    scale: Scale,
    low: f64,
    high: f64,
    /// The fraction of the axis reserved for zero, which has no logarithm.
    zero: f64,
    /// Names of the values 0, 1, ..
    names: Vec<String>,
    /// Whether values are counts.
    counts: bool,
}

/// A labelled value of an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// The position along the axis, from 0 to 1.
    pub fraction: f64,
    /// The text; "10" if there is an exponent.
    pub text: String,
    /// The exponent of 10.
    pub exponent: Option<i32>,
}

/// The label of an axis of iterations.
pub const ITERATIONS: &str = "iterations";
/// Axes of counts below this limit show every integer.
const FEW: u64 = 10;
/// The fraction of an axis of iterations that is reserved for iteration 0.
const ZERO: f64 = 0.07;
/// With more decades than this only some have ticks.
const MAX_DECADES: i32 = 7;
/// A logarithmic axis of more decades has ticks only at powers of ten.
const ROUND: f64 = 2.5;

impl Axis {
    /// Creates a linear axis that contains these values.
    pub fn linear(label: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Self {
        let (mut low, mut high) = range(values);
        if low == high {
            let room = if low == 0.0 { 1.0 } else { 0.1 * low.abs() };
            (low, high) = (low - room, high + room);
        }
        let step = nice_step(high - low, 5.0);
        let (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
        Self {
            label: label.into(),
            scale: Scale::Linear,
            low,
            high,
            zero: 0.0,
            names: Vec::new(),
            counts: false,
        }
    }

    /// Creates an axis of the integers from `low` to `high`, with a margin of half a unit.
    pub fn whole(label: impl Into<String>, low: usize, high: usize) -> Self {
        let (low, high) = (low as f64 - 0.5, high as f64 + 0.5);
        Self {
            label: label.into(),
            scale: Scale::Whole,
            low,
            high,
            zero: 0.0,
            names: Vec::new(),
            counts: false,
        }
    }

    /// Creates an axis of names at 0, 1, ..
    pub fn names(label: impl Into<String>, names: Vec<String>) -> Self {
        Self { names: names.clone(), ..Self::whole(label, 0, names.len().saturating_sub(1)) }
    }

    /// Creates a logarithmic axis for the positive values. Values below `floor` times the largest are not shown.
    pub fn logarithmic(label: impl Into<String>, values: impl IntoIterator<Item = f64>, floor: f64) -> Self {
        let positive: Vec<f64> = values.into_iter().filter(|v| *v > 0.0 && v.is_finite()).collect();
        let (_, high) = range(positive.iter().copied());
        let (low, high) = range(positive.into_iter().filter(|v| *v >= floor * high));
        // Without positive values the axis is arbitrary.
        let (low, high) = if low > 0.0 { (low, high) } else { (0.1, 1.0) };
        let (low, high) = if (high / low).log10() > ROUND {
            (
                10f64.powf(low.log10().floor()).max(f64::MIN_POSITIVE),
                10f64.powf(high.log10().ceil()).min(f64::MAX),
            )
        } else {
            (low / 1.1, high * 1.1)
        };
        Self {
            label: label.into(),
            scale: Scale::Logarithmic,
            low,
            high,
            zero: 0.0,
            names: Vec::new(),
            counts: false,
        }
    }

    /// Creates an axis of iterations from 0 to `last`: logarithmic with a position for 0, or linear for few iterations.
    pub fn iterations(last: u64) -> Self {
        let label = ITERATIONS.to_owned();
        if last < FEW {
            return Self::whole(label, 0, last.max(1) as usize);
        }
        let (low, high) = (1.0, last as f64);
        Self { label, scale: Scale::Logarithmic, low, high, zero: ZERO, names: Vec::new(), counts: true }
    }

    /// Creates an axis of counts from 0 to `last`.
    pub fn counts(label: &str, last: u64) -> Self {
        if last < FEW {
            return Self::whole(label, 0, last.max(1) as usize);
        }
        Self { counts: true, ..Self::linear(label, [0.0, last as f64]) }
    }

    /// Returns the position of a value: between 0 and 1 within the axis, outside beyond it. None if the scale has no
    /// position for it.
    pub fn fraction(&self, value: f64) -> Option<f64> {
        let fraction = match self.scale {
            Scale::Linear | Scale::Whole => (value - self.low) / (self.high - self.low),
            Scale::Logarithmic if value > 0.0 => {
                let fraction = (value / self.low).ln() / (self.high / self.low).ln();
                self.zero + (1.0 - self.zero) * fraction
            }
            Scale::Logarithmic if value == 0.0 && self.zero > 0.0 => 0.0,
            Scale::Logarithmic => return None,
        };
        fraction.is_finite().then_some(fraction)
    }

    /// Returns whether a value is within the axis.
    pub fn shows(&self, value: f64) -> bool {
        self.fraction(value).is_some_and(|fraction| (-1e-9..=1.0 + 1e-9).contains(&fraction))
    }

    /// Returns the smallest value, other than a reserved zero.
    pub fn low(&self) -> f64 {
        self.low
    }

    /// Returns the largest value.
    pub fn high(&self) -> f64 {
        self.high
    }

    /// Formats a value.
    pub fn text(&self, value: f64) -> String {
        let whole = value.fract() == 0.0 && (0.0..1e15).contains(&value);
        match self.scale {
            Scale::Whole => self.names.get(value as usize).cloned().unwrap_or_else(|| value.to_string()),
            _ if self.counts && whole => group_digits(value as u64),
            _ => short(value),
        }
    }

    /// Returns the ticks.
    pub fn ticks(&self) -> Vec<Tick> {
        let mut values = match self.scale {
            Scale::Linear => linear_ticks(self.low, self.high),
            Scale::Logarithmic => logarithmic_ticks(self.low, self.high, self.zero == 0.0),
            Scale::Whole if self.names.is_empty() => whole_ticks(self.low, self.high),
            Scale::Whole => (0..self.names.len()).map(|i| i as f64).collect(),
        };
        if self.zero > 0.0 {
            values.insert(0, 0.0);
        }
        // Powers of ten are only used for large ranges.
        let plain = values.iter().all(|v| *v == 0.0 || (1e-3..1e5).contains(&v.abs()));
        let tick = |value: f64| {
            let fraction = self.fraction(value)?;
            if let Some(name) = self.names.get(value as usize) {
                return Some(Tick { fraction, text: name.clone(), exponent: None });
            }
            if self.scale != Scale::Logarithmic {
                return Some(Tick {
                    fraction,
                    text: linear_number(value, self.low, self.high),
                    exponent: None,
                });
            }
            if plain || value == 0.0 {
                return Some(Tick { fraction, text: plain_number(value), exponent: None });
            }
            let exponent = value.log10().round() as i32;
            let factor = value / 10f64.powi(exponent);
            if (factor - 1.0).abs() < 1e-9 && !(0..=1).contains(&exponent) {
                return Some(Tick { fraction, text: "10".to_owned(), exponent: Some(exponent) });
            }
            Some(Tick { fraction, text: plain_number(value), exponent: None })
        };
        values.into_iter().filter_map(tick).collect()
    }
}

/// Returns the smallest and largest finite value; zeros if there is none.
fn range(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let finite = values.into_iter().filter(|v| v.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    if low > high { (0.0, 0.0) } else { (low, high) }
}

/// Returns a step of 1, 2 or 5 times a power of ten that divides the width into about `count` steps.
fn nice_step(width: f64, count: f64) -> f64 {
    let rough = (width / count).max(f64::MIN_POSITIVE);
    let power = 10f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|f| f * power >= rough * 0.999).unwrap_or(10.0);
    factor * power
}

fn linear_ticks(low: f64, high: f64) -> Vec<f64> {
    let step = nice_step(high - low, 5.0);
    let first = (low / step - 1e-9).ceil();
    let count = ((high / step + 1e-9).floor() - first).max(0.0) as usize;
    // The product keeps 0.3 from becoming 0.30000000000000004 in most cases; the text rounds the rest away.
    (0..=count.min(20)).map(|i| (first + i as f64) * step).collect()
}

fn whole_ticks(low: f64, high: f64) -> Vec<f64> {
    let step = nice_step(high - low, 12.0).max(1.0) as usize;
    (low.ceil() as usize..=high.floor() as usize).step_by(step).map(|k| k as f64).collect()
}

/// Returns powers of ten, or finer ticks of a short range. If only some decades have ticks, the highest is one of them
/// with `from_top`, otherwise the lowest.
fn logarithmic_ticks(low: f64, high: f64, from_top: bool) -> Vec<f64> {
    let decades = (high / low).log10();
    let first = (low.log10() - 1e-9).ceil() as i32;
    let last = (high.log10() + 1e-9).floor() as i32;
    if decades > ROUND {
        let stride = (last - first) / MAX_DECADES + 1;
        let start = if from_top { first + (last - first) % stride } else { first };
        return (start..=last).step_by(stride as usize).map(|d| 10f64.powi(d)).collect();
    }
    let within = |v: &f64| *v >= low * (1.0 - 1e-9) && *v <= high * (1.0 + 1e-9);
    let fine: Vec<f64> =
        (first - 1..=last).flat_map(|d| [1.0, 2.0, 5.0].map(|f| f * 10f64.powi(d))).filter(within).collect();
    if fine.len() >= 3 { fine } else { linear_ticks(low, high).into_iter().filter(within).collect() }
}

/// Formats a tick with the digits that distinguish it from its neighbours.
fn linear_number(value: f64, low: f64, high: f64) -> String {
    let step = nice_step(high - low, 5.0).log10();
    let size = low.abs().max(high.abs()).log10();
    // A tick at zero is only zero up to rounding.
    let value = if value.abs() < 1e-9 * 10f64.powf(step) { 0.0 } else { value };
    let text = if (-4.0..7.0).contains(&size) {
        format!("{value:.*}", (-step + 1e-9).ceil().clamp(0.0, 9.0) as usize)
    } else if value == 0.0 {
        "0".to_owned()
    } else {
        format!("{value:.*e}", (size.floor() - step.floor() + 1.0).clamp(0.0, 12.0) as usize)
    };
    let Some((mantissa, exponent)) = text.split_once('e') else { return trim_zeros(&text) };
    format!("{}e{exponent}", trim_zeros(mantissa))
}

/// Removes trailing zeros of decimals.
fn trim_zeros(text: &str) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text.to_owned()
    }
}

/// Formats a number with at most five digits.
fn plain_number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let size = value.abs();
    if !(1e-4..1e6).contains(&size) {
        let text = format!("{value:.2e}");
        let Some((mantissa, exponent)) = text.split_once('e') else { return text };
        return format!("{}e{exponent}", trim_zeros(mantissa));
    }
    let decimals = (4 - size.log10().floor() as i32).clamp(0, 8) as usize;
    let text = format!("{value:.decimals$}");
    trim_zeros(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis) -> Vec<String> {
        let text = |m: Tick| m.text + &m.exponent.map_or(String::new(), |e| format!("^{e}"));
        axis.ticks().into_iter().map(text).collect()
    }

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(texts(&Axis::linear("", [0.0, 1.0])), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        assert_eq!(texts(&Axis::linear("", [-3.0, 14.0])), ["-5", "0", "5", "10", "15"]);
        assert_eq!(
            texts(&Axis::logarithmic("", [1e-5, 0.5], 0.0)),
            ["10^-5", "10^-4", "10^-3", "10^-2", "10^-1", "1"]
        );
        // The highest decade of an axis of values has a tick, as has the first iteration.
        assert_eq!(
            texts(&Axis::logarithmic("", [1e-9, 1.0], 0.0)),
            ["10^-8", "10^-6", "10^-4", "10^-2", "1"]
        );
        assert_eq!(texts(&Axis::iterations(1_000_000_000))[..3], ["0", "1", "10^2"]);
        assert_eq!(texts(&Axis::logarithmic("", [3.0, 40.0], 0.0)), ["5", "10", "20"]);
        assert_eq!(texts(&Axis::logarithmic("", [2700.0, 3300.0], 0.0)), ["2500", "3000", "3500"]);
        assert_eq!(texts(&Axis::whole("", 0, 2)), ["0", "1", "2"]);
        assert_eq!(texts(&Axis::whole("", 1, 40)).len(), 8);
        assert_eq!(texts(&Axis::names("", vec!["a".into(), "b".into()])), ["a", "b"]);
        assert_eq!(texts(&Axis::iterations(1000)), ["0", "1", "10", "100", "1000"]);
        let large = Axis::linear("", [2_000_001.0, 2_000_005.5]);
        assert_eq!(texts(&large), ["2000001", "2000002", "2000003", "2000004", "2000005", "2000006"]);
        let larger = Axis::linear("", [1.000_01e12, 1.000_03e12]);
        assert_eq!(texts(&larger)[..2], ["1.00001e12", "1.000015e12"]);
        assert_eq!(texts(&Axis::linear("", [-2e-8, 1e-8])), ["-2e-8", "-1e-8", "0", "1e-8"]);
        assert_eq!(texts(&Axis::iterations(3)), ["0", "1", "2", "3"]);
        for axis in [Axis::iterations(1_000_000_000_000_000_000), Axis::logarithmic("", [1e-300, 1e300], 0.0)]
        {
            assert!((3..=11).contains(&axis.ticks().len()), "{:?}", texts(&axis));
        }
    }

    #[test]
    fn every_input_makes_an_axis() {
        let odd: [&[f64]; 7] =
            [&[], &[f64::NAN], &[0.0], &[5.0], &[-1.0, f64::INFINITY], &[1e308, -1e308], &[5e-324]];
        for values in odd {
            for axis in [
                Axis::linear("", values.iter().copied()),
                Axis::logarithmic("", values.iter().copied(), 1e-9),
            ] {
                for tick in axis.ticks() {
                    assert!(tick.fraction.is_finite() && !tick.text.contains("NaN"), "{values:?}");
                }
            }
        }
        for last in [0, 1, u64::MAX] {
            assert!(Axis::iterations(last).shows(0.0) && Axis::iterations(last).shows(1.0));
        }
    }

    #[test]
    fn zero_is_left_of_one() {
        let axis = Axis::iterations(100);
        assert_eq!(axis.fraction(0.0), Some(0.0));
        assert!(
            (axis.fraction(1.0).unwrap() - ZERO).abs() < 1e-12
                && (axis.fraction(100.0).unwrap() - 1.0).abs() < 1e-12
        );
        assert!(!axis.shows(-1.0) && Axis::logarithmic("", [1.0, 2.0], 0.0).fraction(0.0).is_none());
    }
}
