//! Arithmetic for the mathematics: double-double numbers, Taylor arithmetic, special functions, ordered sums and random
//! streams.

pub mod contour;
mod double_double;
mod dual;
mod elementary;
mod interval;
pub(crate) mod jacobi;
mod jet;
pub(crate) mod lanes;
pub(crate) mod level;
pub mod random;
mod rectangle;
mod scaled;
pub mod special;
pub mod sum;
mod tracked;
#[allow(unsafe_code, reason = "functions compiled for the instructions that the processor has")]
pub mod vector;

/// Returns the vector instructions that this crate's own loops use: `avx512`, `avx2` or `none` (the baseline of the
/// architecture). The environment variable `ZONAL_SIMD` selects a lower level than the processor's. Other levels give
/// other last digits.
pub fn instructions() -> &'static str {
    level::Level::here().name()
}

/// Checks that `ZONAL_SIMD` names an available level; any other value is ignored elsewhere.
///
/// # Errors
/// [`Error::Parameter`](crate::Error::Parameter).
pub fn check_instructions() -> crate::Result<()> {
    level::check_asked(level::asked().as_deref())
}

pub use double_double::DoubleDouble;
pub use dual::Dual;
pub use elementary::Elementary;
pub use interval::Interval;
pub use jet::Jet;
pub use rectangle::Rectangle;
pub use scaled::Scaled;
pub use tracked::Tracked;
