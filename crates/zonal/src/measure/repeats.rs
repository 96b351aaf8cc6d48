//! The noise floor of labels of repeated rows: the spread of labels over equal features, below which no function of the
//! features can predict (TB-6).

use crate::error::{Result, check_size};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Groups of rows with equal features, with memory for at most a fixed number of groups.
#[derive(Clone, Debug)]
pub struct Repeats {
    labels: usize,
    most: usize,
    /// Groups with a hash above this limit are not tracked.
    limit: u64,
    groups: HashMap<(u64, u64), Group>,
}

#[derive(Clone, Debug)]
struct Group {
    count: u64,
    mean: Vec<f64>,
    /// Sum of squared deviations from the mean.
    spread: Vec<f64>,
}

/// The noise floor that repeated rows show.
#[derive(Clone, Debug, PartialEq)]
pub struct NoiseFloor {
    /// The number of tracked rows whose features occur more than once.
    pub repeated_rows: u64,
    /// The fraction of all features that was tracked: 1 unless there are very many.
    pub followed: f64,
    /// The number of repeated rows minus the number of their groups.
    pub degrees_of_freedom: u64,
    /// The variance within groups, for each label.
    pub variance: Vec<f64>,
}

impl Repeats {
    /// Creates an empty collection; at most `most` groups are tracked.
    pub fn new(labels: usize, most: usize) -> Self {
        Self { labels, most: most.max(2), limit: u64::MAX, groups: HashMap::new() }
    }

    /// Adds a row. Rows are compared by their bits (0 and -0 are equal), through 128 bits of hash.
    ///
    /// # Errors
    /// [`crate::Error::Size`] for another number of labels.
    pub fn push(&mut self, features: &[f64], labels: &[f64]) -> Result<()> {
        check_size("labels of a row", labels.len(), self.labels)?;
        let hash = |salt: u64| {
            let mut hasher = DefaultHasher::new();
            salt.hash(&mut hasher);
            features.iter().for_each(|x| (x + 0.0).to_bits().hash(&mut hasher));
            hasher.finish()
        };
        let key = (hash(1), hash(2));
        if key.0 > self.limit {
            return Ok(());
        }
        let group = self.groups.entry(key).or_insert_with(|| Group {
            count: 0,
            mean: vec![0.0; labels.len()],
            spread: vec![0.0; labels.len()],
        });
        group.count += 1;
        for (l, &y) in labels.iter().enumerate() {
            let delta = y - group.mean[l];
            group.mean[l] += delta / group.count as f64;
            group.spread[l] += delta * (y - group.mean[l]);
        }
        // Too many groups: half of all possible features are no longer tracked, independently of their labels.
        while self.groups.len() > self.most {
            self.limit /= 2;
            let limit = self.limit;
            self.groups.retain(|key, _| key.0 <= limit);
        }
        Ok(())
    }

    /// Returns the noise floor, or None if no row repeats.
    pub fn noise_floor(&self) -> Option<NoiseFloor> {
        let mut groups: Vec<(&(u64, u64), &Group)> =
            self.groups.iter().filter(|(_, g)| g.count > 1).collect();
        // A fixed order makes the bits of the sum reproducible.
        groups.sort_by_key(|(key, _)| **key);
        let rows: u64 = groups.iter().map(|(_, g)| g.count).sum();
        let free = rows - groups.len() as u64;
        let sum = |l: usize| groups.iter().map(|(_, g)| g.spread[l]).sum::<f64>() / free as f64;
        (free > 0).then(|| NoiseFloor {
            repeated_rows: rows,
            followed: (self.limit as f64 / u64::MAX as f64).min(1.0),
            degrees_of_freedom: free,
            variance: (0..self.labels).map(sum).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::random::{Purpose, normal, stream};

    #[test]
    fn the_spread_within_groups_is_the_noise() {
        let mut all = Repeats::new(1, 1 << 20);
        let mut some = Repeats::new(1, 300);
        for i in 0..4_000u64 {
            let noise = normal(&mut stream(0, Purpose::Noise, i));
            let x = [(i % 1_000) as f64, -0.0];
            let y = [x[0].sin() + 0.5 * noise];
            all.push(&x, &y).unwrap();
            some.push(&x, &y).unwrap();
        }
        let found = all.noise_floor().unwrap();
        assert_eq!((found.repeated_rows, found.degrees_of_freedom, found.followed), (4_000, 3_000, 1.0));
        // Four standard errors: 0.25 sqrt(2 / 3000) each.
        assert!((found.variance[0] - 0.25).abs() < 0.026, "{:?}", found.variance);
        let found = some.noise_floor().unwrap();
        assert!(some.groups.len() <= 300 && found.followed < 0.5);
        assert!((found.variance[0] - 0.25).abs() < 0.1, "{:?}", found.variance);
    }

    #[test]
    fn rows_that_do_not_repeat_tell_nothing() {
        let mut r = Repeats::new(2, 100);
        (0..50).for_each(|i| r.push(&[f64::from(i)], &[1.0, 2.0]).unwrap());
        assert_eq!(r.noise_floor(), None);
    }
}
