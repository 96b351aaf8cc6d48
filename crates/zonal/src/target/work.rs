//! A limit on the exact arithmetic for a target. The cost of a step is estimated from sizes before the step is
//! performed, so the same targets are rejected on every machine.

use crate::error::{Error, Result};

/// The remaining budget, approximately in nanoseconds on current hardware.
#[derive(Debug)]
pub(super) struct Work {
    left: u64,
}

/// The total budget: a quarter of a second.
const MOST: u64 = 250_000_000;
/// The fixed cost of an operation on fractions, followed by the cost per pair of words, which is that of a bitwise
/// greatest common divisor.
const FRACTION: u64 = 100;
const FRACTION_WORDS: u64 = 400;
/// The fixed cost of adding a product of integers to a sum, followed by the cost per pair of words.
const WHOLE: u64 = 50;
const WHOLE_WORDS: u64 = 3;

impl Work {
    pub(super) fn new() -> Self {
        Self { left: MOST }
    }

    /// Charges `count` sums or products of fractions whose numerators and denominators together have `bits` bits.
    ///
    /// # Errors
    /// [`Error::Parameter`] if they would take too long.
    pub(super) fn fractions(&mut self, count: usize, bits: u64) -> Result<()> {
        let words = bits / 64 + 1;
        self.spend(count, FRACTION.saturating_add(words.saturating_mul(words).saturating_mul(FRACTION_WORDS)))
    }

    /// Charges `count` additions of products of two integers with the given numbers of bits.
    ///
    /// # Errors
    /// As [`Self::fractions`].
    pub(super) fn products(&mut self, count: usize, bits: [u64; 2]) -> Result<()> {
        let [a, b] = bits.map(|bits| bits / 64 + 1);
        self.spend(count, WHOLE.saturating_add(a.saturating_mul(b).saturating_mul(WHOLE_WORDS)))
    }

    fn spend(&mut self, count: usize, each: u64) -> Result<()> {
        let left = self.left.checked_sub(each.saturating_mul(count as u64));
        self.left = left.ok_or_else(|| {
            Error::parameter(
                "the time needed for exact arithmetic on the target's polynomial",
                "more than a quarter of a second",
                "less; use fewer variables, a lower degree, shorter numbers, or harmonic(K)",
            )
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::sphere::Dim;
    use crate::target::Target;

    #[test]
    fn targets_that_take_long_are_refused_before_they_do() {
        let parse = |text: &str, dim| Target::parse(text, Dim::new(dim).unwrap(), 0);
        for (text, dim) in [
            ("(x1 + x2 + x3 + x4 + x5 + x6)^8", 8),
            ("(x1 + x2 + x3)^20", 6),
            ("(x1 + x2 + x3 + x4)^14", 6),
            ("(x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + x10)^4", 12),
        ] {
            assert!(parse(text, dim).is_ok(), "{text}: {:?}", parse(text, dim).err());
        }
        // Many terms; numbers with many digits, which come from short powers of ten; many products that contribute to
        // the same term.
        let terms = "(x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9)^6".to_owned();
        let numbers = format!("x1{}", "*1e300/7e300".repeat(600));
        let power = "(x1 + x2 + x3)^14";
        let products = vec![format!("{power}*{power}"); 150].join(" + ");
        for (text, dim) in [(terms, 100), (numbers, 4), (products, 5)] {
            let error = parse(&text, dim).unwrap_err().to_string();
            assert!(error.contains("more than a quarter of a second"), "{error}");
        }
    }
}
