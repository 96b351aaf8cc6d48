//! Sigmoid units without bias: constants and odd degrees are learned, even degrees are not.

use super::relu::named_case;
use crate::claim::Claim;
use zonal::observer::Observer;
use zonal_documents::Result;
use zonal_documents::claims::{Check, Size};

pub(super) const CLAIM: Claim = Claim {
    name: "sigmoid",
    statement: "Unbiased sigmoid units learn degree 0 and all odd degrees of a target up to epsilon, whatever its \
                energy in the other degrees",
    source: "Vempala and Wilmes 2019, unbiased sigmoid units",
    formulas: "FH-6, PL-1b",
    run,
};

fn run(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let is_visible = |k: usize| k == 0 || k % 2 == 1;
    let target = "0.5*harmonic(0) + 0.7*harmonic(1) + 0.4*harmonic(2) + 0.4*harmonic(3)";
    named_case("sigmoid", 4.0, size.pick(5, 4), target, 3, 0.1, is_visible, size, observer)
}
