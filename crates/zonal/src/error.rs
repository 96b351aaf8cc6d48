//! The public error type of the crate: every variant states what was found and what is needed.

use crate::observer::StopReason;
use std::ops::Range;

/// An error of the mathematics or of training.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter outside its domain.
    #[error("{name} is {found}, but must be {required}")]
    Parameter {
        /// The name of the parameter, as the user knows it.
        name: String,
        /// The value found.
        found: String,
        /// The possible values.
        required: String,
    },
    /// A name that is none of the known ones.
    #[error("unknown {what} '{found}'; {advice}")]
    Unknown {
        /// The kind of the name, such as "activation".
        what: &'static str,
        /// The name found.
        found: String,
        /// The nearest known name, or all of them.
        advice: String,
    },
    /// A text that the parser of targets and activations rejects.
    #[error("{}", render_expression(what, text, span, message))]
    Expression {
        /// The kind of text: "target" or "activation".
        what: &'static str,
        /// The whole text.
        text: String,
        /// The byte range of the error.
        span: Range<usize>,
        /// What is wrong and what is needed.
        message: String,
    },
    /// A step with which gradient descent diverges.
    #[error(
        "the step {step} makes gradient descent diverge: with this network it must be below {limit:.6e} \
         (2 / largest eigenvalue); `auto` takes {suggested:.6e}"
    )]
    StepTooLarge {
        /// The given step.
        step: f64,
        /// Steps at or above this one diverge.
        limit: f64,
        /// The automatic step.
        suggested: f64,
    },
    /// Two sizes that must be equal and are not.
    #[error("{what}: found {found}, needed {required}")]
    Size {
        /// The quantity whose size is wrong.
        what: String,
        /// The size found.
        found: usize,
        /// The size needed.
        required: usize,
    },
    /// An infinite value or NaN where only finite numbers are valid.
    #[error("{what} holds {value} at row {row}, column {column} (counted from 0); all values must be finite")]
    NotFinite {
        /// The matrix or list that holds the value.
        what: String,
        /// Row, counted from 0.
        row: usize,
        /// Column, counted from 0.
        column: usize,
        /// The value.
        value: f64,
    },
    /// A label with only one value, from which nothing can be learned.
    #[error(
        "the label '{label}' has the same value {value} in all {rows} training rows: nothing can be learned"
    )]
    ConstantLabel {
        /// Name of the column.
        label: String,
        /// Its only value.
        value: f64,
        /// The number of training rows.
        rows: usize,
    },
    /// A column whose values cannot be standardised.
    #[error("{what} is {found}, but must be {required}")]
    Column {
        /// The computed quantity and its column.
        what: String,
        /// Its value.
        found: f64,
        /// The possible values.
        required: &'static str,
    },
    /// All features are constant on the training rows.
    #[error("none of the {columns} feature columns varies over the {rows} training rows: at least one must")]
    NoVaryingFeature {
        /// The number of feature columns.
        columns: usize,
        /// The number of training rows.
        rows: usize,
    },
    /// A part of a split has too few rows.
    #[error(
        "the {part} part has {found} of the {total} rows, but needs at least {required}; use more rows, another \
         fraction or another seed"
    )]
    TooFewRows {
        /// The name of the part: train, validation or test.
        part: &'static str,
        /// Rows found.
        found: usize,
        /// Rows needed.
        required: usize,
        /// All rows of the table.
        total: usize,
    },
    /// An eigenproblem that did not converge, which happens only for matrices with NaN.
    #[error(
        "the eigendecomposition of a {size} x {size} matrix did not converge; its entries must be finite; bring the scale of the units and the columns nearer to 1"
    )]
    NoConvergence {
        /// The order of the matrix.
        size: usize,
    },
    /// An observer requested a stop before there was a result.
    #[error("stopped before the first result was ready")]
    Stopped(StopReason),
}

impl Error {
    /// Creates an [`Error::Parameter`] from displayable values.
    pub fn parameter(
        name: impl Into<String>,
        found: impl std::fmt::Display,
        required: impl Into<String>,
    ) -> Self {
        let mut found = found.to_string();
        // Integers are shown with all their digits.
        if let (Ok(x), Err(_)) = (found.parse::<f64>(), found.parse::<i128>()) {
            // Digits beyond the fifteenth are those of binary fractions: 0.1 + 0.2 is shown as 0.3, not
            // 0.30000000000000004.
            if found.bytes().filter(u8::is_ascii_digit).count() > 16
                && let Ok(x) = format!("{x:.14e}").parse::<f64>()
            {
                found = x.to_string();
            }
            // Very long numbers, for instance with hundreds of zeros, are shown with an exponent.
            if found.len() > 24 {
                found = format!("{x:e}");
            }
        }
        Self::Parameter { name: name.into(), found, required: required.into() }
    }
}

/// What is found in place of a finite value.
pub(crate) const NOT_FINITE: &str = "not finite";

/// The error for an activation that has no finite value near an argument.
pub(crate) fn not_finite(activation: &str, t: f64) -> Error {
    Error::parameter(
        format!("the value of '{activation}' near t = {t:.6}"),
        NOT_FINITE,
        "finite for every t between -scale and scale; use another scale or activation",
    )
}

/// Checks that all values of a matrix with this number of columns, stored by rows, are finite.
///
/// # Errors
/// [`Error::NotFinite`] with the first one that is not.
pub fn check_finite(what: &str, values: &[f64], columns: usize) -> Result<()> {
    let Some(at) = values.iter().position(|x| !x.is_finite()) else { return Ok(()) };
    let columns = columns.max(1);
    Err(Error::NotFinite { what: what.into(), row: at / columns, column: at % columns, value: values[at] })
}

/// Checks that a size is the one that is needed.
///
/// # Errors
/// [`Error::Size`] if it is not.
pub fn check_size(what: &str, found: usize, required: usize) -> Result<()> {
    if found == required { Ok(()) } else { Err(Error::Size { what: what.to_owned(), found, required }) }
}

impl From<StopReason> for Error {
    fn from(reason: StopReason) -> Self {
        Self::Stopped(reason)
    }
}

/// Renders the message, the text and a line of carets under the span. Long texts are truncated around the span.
fn render_expression(what: &str, text: &str, span: &Range<usize>, message: &str) -> String {
    const AROUND: usize = 40;
    let chars: Vec<char> = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let column = text.get(..span.start).map_or(0, |s| s.chars().count());
    let width = text.get(span.clone()).map_or(1, |s| s.chars().count()).clamp(1, AROUND);
    let from = column.saturating_sub(AROUND);
    let to = (column + width + AROUND).min(chars.len());
    let (before, after) = (if from > 0 { "..." } else { "" }, if to < chars.len() { "..." } else { "" });
    let shown: String = chars[from.min(to)..to].iter().collect();
    let pad = " ".repeat(column - from + before.len());
    format!(
        "{what}, character {}: {message}\n  {before}{shown}{after}\n  {pad}{}",
        column + 1,
        "^".repeat(width)
    )
}

/// A result with [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Returns the known word nearest to a misspelt one: the same word in another case, or one at most a third of its
/// letters away, counting insertions, deletions, substitutions and swaps of neighbours. None if no word is that near.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let length = word.chars().count();
    // One letter in a short word makes another word of it.
    let allowed = if length < 3 { 0 } else { length / 3 };
    let near = |name: &&str| name.chars().count().abs_diff(length) <= allowed;
    known
        .into_iter()
        .filter(near)
        .map(|name| (strsim::damerau_levenshtein(&word, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Returns the advice of a message about an unknown word: the nearest known word, or else `otherwise`.
pub fn advice<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
    otherwise: impl FnOnce() -> String,
) -> String {
    nearest(word, known).map_or_else(otherwise, |name| format!("did you mean {name}?"))
}

#[cfg(test)]
mod tests {
    use super::{Error, nearest};

    #[test]
    fn numbers_in_messages_have_no_digits_of_binary_fractions() {
        let message = |x: f64| Error::parameter("x", x, "less").to_string();
        assert_eq!(message(0.1 + 0.2), "x is 0.3, but must be less");
        assert_eq!(message(0.2 * 0.2), "x is 0.04, but must be less");
        assert_eq!(message(1.0 / 440.0), "x is 0.00227272727272727, but must be less");
        // Digits that were written out in full are not rounded.
        assert_eq!(message(0.123_456_789_012), "x is 0.123456789012, but must be less");
        assert_eq!(message(1e300), "x is 1e300, but must be less");
        assert_eq!(
            Error::parameter("n", u64::MAX, "less").to_string(),
            format!("n is {}, but must be less", u64::MAX)
        );
    }

    #[test]
    fn misspelt_words_have_a_nearest_one_and_other_words_none() {
        let known = ["relu", "squared-relu", "tanh", "y"];
        for (word, expected) in [
            ("Relu", Some("relu")),
            ("rleu", Some("relu")),
            ("squared_relu", Some("squared-relu")),
            ("TANH", Some("tanh")),
            ("Y", Some("y")),
            ("z", None),
            ("swash", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
    }
}
