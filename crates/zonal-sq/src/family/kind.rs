//! The kinds of families by their names.

use crate::choice;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The kinds of families.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// sqrt(N) P_k(<u, x>).
    Zonal,
    /// Random combinations of all harmonics of degree k.
    Random,
    /// prod_{i in S} sgn x_i, |S| = k.
    Signs,
    /// prod_{i in S} x_i, |S| = k, normalised.
    Monomials,
}

impl Kind {
    /// The kinds by their names.
    pub const CHOICES: [(&'static str, Self); 4] = [
        ("zonal", Self::Zonal),
        ("random", Self::Random),
        ("signs", Self::Signs),
        ("monomials", Self::Monomials),
    ];
}

impl FromStr for Kind {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        choice::parse(text, "family", &Self::CHOICES)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(choice::name(self, &Self::CHOICES))
    }
}
