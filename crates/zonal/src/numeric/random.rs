//! Random streams: one independent stream for each purpose and index, so that a draw does not depend on how many others
//! precede it or on the thread that makes it.

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// The purpose of a stream. The numbers are fixed, since results must be reproducible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Directions of the hidden units.
    HiddenUnits = 1,
    /// Directions and signs inside a target.
    Target = 2,
    /// The part of each row of a table.
    Split = 3,
    /// Points of the sphere for sampled checks.
    Points = 4,
    /// Noise on sampled labels.
    Noise = 5,
    /// Output weights at a random start.
    OutputWeights = 6,
    /// The rows of each mini-batch.
    Batches = 7,
    /// Fresh points of each step.
    Fresh = 8,
    /// Deviations of an oracle's answers.
    Answers = 9,
    /// Members of a family of targets.
    Family = 10,
    /// Choices of a learner.
    Learner = 11,
    /// Candidates of a grown hidden layer.
    Growth = 12,
    /// The part of each row of a table of classes.
    Strata = 13,
    /// The order of rows that are divided into parts of a learning curve.
    Parts = 14,
}

/// Returns the generator for `(seed, purpose, index)`: ChaCha8 keyed by seed and purpose, on stream `index`.
pub fn stream(seed: u64, purpose: Purpose, index: u64) -> ChaCha8Rng {
    let mut key = [0u8; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8] = purpose as u8;
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(index);
    rng
}

/// Returns the numbers below `count` in random order.
pub fn permutation(count: usize, seed: u64, purpose: Purpose) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.shuffle(&mut stream(seed, purpose, 0));
    order
}

/// Returns a uniform number in [0, 1) with 53 bits.
pub fn uniform(rng: &mut impl Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// Returns a standard normal number.
pub fn normal(rng: &mut impl Rng) -> f64 {
    StandardNormal.sample(rng)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        // Guards the values against a change in the generator's crate: seeds in papers must keep their meaning.
        let first: Vec<u64> = (0..3).map(|i| stream(0, Purpose::HiddenUnits, i).next_u64()).collect();
        let again: Vec<u64> = (0..3).map(|i| stream(0, Purpose::HiddenUnits, i).next_u64()).collect();
        assert_eq!(first, again);
        assert_eq!(first, KNOWN);
        assert_ne!(stream(0, Purpose::Target, 0).next_u64(), first[0]);
        assert_ne!(stream(1, Purpose::HiddenUnits, 0).next_u64(), first[0]);
    }

    const KNOWN: [u64; 3] =
        [4_606_029_925_845_525_861, 5_443_655_015_760_716_627, 10_836_718_535_485_736_428];
}
