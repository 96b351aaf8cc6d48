//! Fingerprints of tables, which detect that a table has changed.

use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher13};
use std::fmt;
use std::hash::Hasher;
use zonal::rows::Rows;

/// The sum over rows of a hash (SipHash-1-3, 128 bits) of the row's number, features, labels and weight. It does not
/// depend on how the rows are divided into blocks or shards. It detects accidental changes, not deliberate
/// collisions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint(u128);

impl Fingerprint {
    /// Returns the fingerprint of one row of a block.
    ///
    /// # Panics
    /// If the row does not exist.
    pub fn of_row(rows: &Rows, i: usize) -> Self {
        let mut hasher = SipHasher13::new();
        hasher.write(&rows.numbers[i].to_le_bytes());
        // A row of weight 1 is equivalent to a row without a weight.
        let weight = rows.weights.get(i).filter(|w| **w != 1.0);
        for x in rows.features.row(i).iter().chain(rows.labels.row(i)).chain(weight) {
            hasher.write(&x.to_le_bytes());
        }
        Self(hasher.finish128().as_u128())
    }

    /// Returns the fingerprint of the rows of both.
    pub fn merge(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}
