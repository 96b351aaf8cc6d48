//! The identity of queries.

use super::unit::Unit;
use siphasher::sip128::{Hasher128, SipHasher13};
use std::fmt;
use std::hash::Hasher;

/// A 128-bit hash of all parts of a query. Queries with equal identities are treated as the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity(u128);

impl Identity {
    /// Returns an index for the query's random streams.
    pub(crate) fn index(self) -> u64 {
        self.0 as u64
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// A hasher for the parts of a query.
#[derive(Default)]
pub(super) struct Hash(SipHasher13);

impl Hash {
    pub(super) fn number(&mut self, x: u64) {
        self.0.write(&x.to_le_bytes());
    }

    pub(super) fn reals(&mut self, values: &[f64]) {
        self.number(values.len() as u64);
        for &x in values {
            // Both zeros have the same hash.
            self.number(if x == 0.0 { 0 } else { x.to_bits() });
        }
    }

    pub(super) fn set(&mut self, set: &[usize]) {
        self.number(set.len() as u64);
        for &i in set {
            self.number(i as u64);
        }
    }

    pub(super) fn unit(&mut self, unit: &Unit) {
        let name = unit.activation().name();
        self.number(name.len() as u64);
        self.0.write(name.as_bytes());
        self.reals(&[unit.scale()]);
    }

    pub(super) fn finish(&self) -> Identity {
        Identity(self.0.finish128().as_u128())
    }

    pub(super) fn identity(&mut self, part: Identity) {
        self.number(part.0 as u64);
        self.number((part.0 >> 64) as u64);
    }
}
