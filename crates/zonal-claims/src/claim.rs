//! The type of a claim.

use zonal::observer::Observer;
use zonal_documents::Result;
use zonal_documents::claims::{Check, Size};

/// A claim with its check.
pub(crate) struct Claim {
    pub(crate) name: &'static str,
    pub(crate) statement: &'static str,
    pub(crate) source: &'static str,
    pub(crate) formulas: &'static str,
    pub(crate) run: fn(Size, &mut dyn Observer) -> Result<Vec<Check>>,
}
