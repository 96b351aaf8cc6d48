//! Draws that spread the rows of each class evenly over parts and folds.

use super::Draw;
use crate::numeric::random::{Purpose, stream, uniform};
use rand::Rng;

/// The largest number of rows of one class that are spread together.
const BLOCK: u64 = 60;
/// The number of groups that are spread together.
const GROUPS: u64 = 10;
/// Multiples of this number, modulo 1, are evenly spread, however many they are: the golden ratio less 1.
const GOLDEN: f64 = 0.618_033_988_749_894_9;
/// The number of streams of random numbers of each class.
const STREAMS: u64 = 1 << 40;

/// A sequence of draws for the rows of a table of classes, in their order. The rows of a class are divided into blocks of nearly
/// equal sizes. In each block every part has its share of the rows, rounded up or down at random, and folds are as equal.
/// Each class keeps a training row.
#[derive(Clone, Debug)]
pub struct Strata {
    seed: u64,
    /// The largest number of rows of one class that are spread together.
    block: u64,
    classes: Vec<Stratum>,
}

/// The rows of one class.
#[derive(Clone, Debug, Default)]
struct Stratum {
    /// The number of rows in the whole table.
    rows: u64,
    /// The number of rows so far.
    seen: u64,
    /// The draws of the rows of the current block that are still to come, in reverse.
    block: Vec<Draw>,
    /// The number of blocks so far.
    blocks: u64,
}

impl Strata {
    /// Starts the sequence for a table with this number of rows in each class.
    pub fn new(seed: u64, rows: &[u64]) -> Self {
        let classes = rows.iter().map(|&rows| Stratum { rows, ..Stratum::default() }).collect();
        Self { seed, block: BLOCK, classes }
    }

    /// Starts the sequence for groups of rows, which are of one class and of unknown number. Every ten of them are spread evenly.
    pub fn of_groups(seed: u64) -> Self {
        Self { block: GROUPS, ..Self::new(seed, &[u64::MAX]) }
    }

    /// Returns the draw of the next row of this class.
    ///
    /// # Panics
    /// For a class that does not exist.
    pub fn draw(&mut self, class: usize) -> Draw {
        let stratum = &mut self.classes[class];
        if stratum.block.is_empty() {
            stratum.block = stratum.next_block(self.seed, class as u64, self.block);
            stratum.blocks += 1;
            stratum.seen += stratum.block.len() as u64;
        }
        stratum.block.pop().unwrap_or(Draw { part: 0.0, fold: 0.0, rank: 0 })
    }
}

impl Stratum {
    fn next_block(&self, seed: u64, class: u64, block: u64) -> Vec<Draw> {
        // A table with more rows than were counted continues with full blocks.
        let left = self.rows.saturating_sub(self.seen);
        let size = if left == 0 { block } else { left.div_ceil(left.div_ceil(block)) };
        let mut rng = stream(seed, Purpose::Strata, class * STREAMS + self.blocks);
        let (of_part, of_fold) = (uniform(&mut rng), uniform(&mut rng));
        let draw = |place: u64| Draw {
            part: (place as f64 + of_part) / size as f64,
            fold: (of_fold + place as f64 * GOLDEN).fract(),
            rank: 0,
        };
        let mut block: Vec<Draw> = (0..size).map(draw).collect();
        if self.blocks == 0
            && let Some(last) = block.last_mut()
        {
            last.part = 1.0_f64.next_down();
        }
        for i in (1..block.len()).rev() {
            block.swap(i, (uniform(&mut rng) * (i + 1) as f64) as usize);
        }
        block.iter_mut().for_each(|draw| draw.rank = rng.next_u64());
        block
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Part, Split};
    use super::*;

    #[test]
    fn each_class_has_its_share_of_every_part_and_fold() {
        let split = Split::new(5, 0.2, 0.15).unwrap();
        for rows in [1u64, 2, 3, 7, 10, 59, 60, 61, 150, 5_000] {
            let mut strata = Strata::new(9, &[3, rows]);
            let draws: Vec<Draw> = (0..rows).map(|_| strata.draw(1)).collect();
            let blocks = rows.div_ceil(BLOCK) as f64;
            let count = |part| draws.iter().filter(|draw| split.part_of(draw) == part).count() as f64;
            let [train, validation, test] = Part::ALL.map(count);
            assert!(train >= 1.0, "{rows}");
            // In each block the number is rounded; one row is moved to the training rows.
            let slack = 1.0 + blocks;
            assert!(
                (test - 0.15 * rows as f64).abs() <= slack && (validation - 0.2 * rows as f64).abs() <= slack
            );
            if rows <= BLOCK {
                assert!((test - 0.15 * rows as f64).abs() < 2.0, "{rows}");
            }
            let fitted: Vec<&Draw> = draws.iter().filter(|d| split.part_of(d) != Part::Test).collect();
            for folds in [2, 5, 8] {
                let mean = fitted.len() as f64 / folds as f64;
                for fold in 0..folds {
                    let found = fitted.iter().filter(|d| d.fold(folds) == fold).count() as f64;
                    assert!((found - mean).abs() <= 2.0 * blocks, "{rows} rows, {folds} folds: {found}");
                }
            }
        }
        // Five standard errors of a mean of uniform numbers would be 0.02; those of a block are spread.
        let mut strata = Strata::new(1, &[5_000]);
        let draws: Vec<Draw> = (0..5_000).map(|_| strata.draw(0)).collect();
        for of in [|d: &Draw| d.part, |d: &Draw| d.fold, |d: &Draw| d.rank as f64 / u64::MAX as f64] {
            assert!((draws.iter().map(of).sum::<f64>() / 5_000.0 - 0.5).abs() < 0.02);
        }
        // The order of the rows of other classes does not matter, and the first rows are no part of their own.
        let mut mixed = Strata::new(1, &[5_000, 9]);
        for _ in 0..9 {
            mixed.draw(1);
        }
        assert_eq!(mixed.draw(0), draws[0]);
        let early = draws[..1_000].iter().filter(|d| split.part_of(d) == Part::Test).count();
        assert!((early as f64 - 150.0).abs() < 20.0, "{early}");
    }

    #[test]
    fn few_groups_fill_every_part_and_fold() {
        let split = Split::new(0, 0.2, 0.2).unwrap();
        for seed in 0..200 {
            let mut strata = Strata::of_groups(seed);
            let draws: Vec<Draw> = (0..30).map(|_| strata.draw(0)).collect();
            let count = |part| draws.iter().filter(|draw| split.part_of(draw) == part).count();
            assert!((4..=8).contains(&count(Part::Test)) && (4..=8).contains(&count(Part::Validation)));
            let fitted = draws.iter().filter(|d| split.part_of(d) != Part::Test);
            let folds: Vec<usize> = fitted.map(|d| d.fold(8)).collect();
            assert!((0..8).all(|fold| folds.contains(&fold)), "seed {seed}: {folds:?}");
        }
    }

    #[test]
    fn more_rows_than_were_counted_have_draws_too() {
        let mut strata = Strata::new(1, &[1]);
        let parts: Vec<f64> = (0..200).map(|_| strata.draw(0).part).collect();
        assert!(parts.iter().all(|part| (0.0..1.0).contains(part)));
        assert!((parts.iter().sum::<f64>() / 200.0 - 0.5).abs() < 0.05);
    }
}
