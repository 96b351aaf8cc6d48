//! A fingerprint of the numbers of a table: another one means another table.

use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher13};
use std::fmt;
use std::hash::Hasher;
use zonal::rows::Rows;

/// The sum over rows of a hash (SipHash-1-3, 128 bits) of a row's number, features, labels and weight: the same however the
/// rows are read, in blocks or in parts. It guards against accidents; whoever wants to can find two tables with one
/// fingerprint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint(u128);

impl Fingerprint {
    /// Of one row of a block.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn of_row(rows: &Rows, i: usize) -> Self {
        let mut hasher = SipHasher13::new();
        hasher.write(&rows.numbers[i].to_le_bytes());
        // A row of weight 1 is one without a weight.
        let weight = rows.weights.get(i).filter(|w| **w != 1.0);
        for x in rows.features.row(i).iter().chain(rows.labels.row(i)).chain(weight) {
            hasher.write(&x.to_le_bytes());
        }
        Self(hasher.finish128().as_u128())
    }

    /// Of the rows of both.
    pub fn merge(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}
