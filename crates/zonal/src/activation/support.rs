//! The degrees in which an activation can have a non-zero coefficient, derived from its even and odd parts.

use crate::sphere::Degree;

/// The set of degrees that can have a non-zero coefficient.
///
/// A polynomial of degree p is orthogonal to P_k for every k > p, in every dimension and at every scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Support {
    /// The even part of phi.
    pub(super) even: Part,
    /// The odd part of phi.
    pub(super) odd: Part,
}

/// The even or the odd part of an activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The part is zero.
    Zero,
    /// A polynomial of this degree.
    Polynomial(Degree),
    /// Not a polynomial.
    Unlimited,
}

impl Support {
    /// Returns whether the Funk-Hecke coefficient of this degree is zero in every dimension and at every scale.
    pub fn vanishes_at(self, degree: Degree) -> bool {
        match if degree.is_multiple_of(2) { self.even } else { self.odd } {
            Part::Zero => true,
            Part::Polynomial(last) => last < degree,
            Part::Unlimited => false,
        }
    }

    /// Returns whether only finitely many degrees can have a non-zero coefficient, as for a polynomial.
    pub fn is_finite(self) -> bool {
        self.even != Part::Unlimited && self.odd != Part::Unlimited
    }

    /// Returns the support of the derivative.
    pub fn derivative(self) -> Self {
        let lower = |part| match part {
            Part::Zero | Part::Polynomial(0) => Part::Zero,
            Part::Polynomial(degree) => Part::Polynomial(degree - 1),
            Part::Unlimited => Part::Unlimited,
        };
        Self { even: lower(self.odd), odd: lower(self.even) }
    }

    /// Returns the support of a polynomial, from the exponents of its terms.
    pub(super) fn of_exponents(exponents: impl Iterator<Item = Degree> + Clone) -> Self {
        let last =
            |parity| exponents.clone().filter(|p| p % 2 == parity).max().map_or(Part::Zero, Part::Polynomial);
        Self { even: last(0), odd: last(1) }
    }
}
