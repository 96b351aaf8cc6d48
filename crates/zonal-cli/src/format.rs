//! How results are printed: a table for people, JSON or CSV for programs.

use clap::ValueEnum;

/// The three formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table for people
    Table,
    /// JSON, one object or one object a line
    Json,
    /// Comma-separated values with a header
    Csv,
}

/// A number with four significant digits, short and aligned.
pub(crate) fn short(x: f64) -> String {
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

/// An upper bound with four significant digits, rounded up so that it still is one.
pub(crate) fn short_up(x: f64) -> String {
    let near = short(x);
    if x <= 0.0 || !x.is_finite() || near.parse::<f64>().is_ok_and(|near| near >= x) {
        return near;
    }
    short(x + 10f64.powf(x.log10().floor() - 3.0) / 2.0)
}

/// A count that people can read: a round power of ten in exponent form.
pub(crate) fn short_count(n: u64) -> String {
    if n >= 100_000 && n.is_multiple_of(10u64.pow(n.ilog10())) {
        return format!("{:e}", n as f64);
    }
    n.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

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
