//! The row ranges of a table that sums or a survey cover.

use serde::{Deserialize, Serialize};
use zonal_documents::{Error, Result};

/// A set of rows, as disjoint ranges in ascending order without adjacent ranges.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<(u64, u64)>")]
pub struct Coverage(Vec<(u64, u64)>);

impl TryFrom<Vec<(u64, u64)>> for Coverage {
    type Error = String;

    fn try_from(ranges: Vec<(u64, u64)>) -> std::result::Result<Self, String> {
        let is_valid = ranges.iter().all(|r| r.0 < r.1) && ranges.windows(2).all(|w| w[0].1 < w[1].0);
        if is_valid {
            Ok(Self(ranges))
        } else {
            Err("ranges of rows that are not ascending and disjoint".into())
        }
    }
}

impl Coverage {
    /// Adds the rows from `first` to `end`, exclusive.
    ///
    /// # Errors
    /// [`Error::Usage`] for rows that are already included.
    pub fn add(&mut self, first: u64, end: u64) -> Result<()> {
        if first >= end {
            return Ok(());
        }
        let at = self.0.partition_point(|r| r.1 <= first);
        if let Some(range) = self.0.get(at).filter(|r| r.0 < end) {
            let (from, to) = (first.max(range.0), end.min(range.1) - 1);
            return Err(Error::Usage(format!(
                "rows {from} to {to} (counted from 0) are already included; each row must be added only once"
            )));
        }
        self.0.insert(at, (first, end));
        // Merge adjacent ranges.
        self.0.dedup_by(|next, before| {
            before.1 == next.0 && {
                before.1 = next.1;
                true
            }
        });
        Ok(())
    }

    /// Returns the union of two disjoint sets of rows.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn merge(&self, other: &Self) -> Result<Self> {
        let mut all = self.clone();
        other.0.iter().try_for_each(|&(first, end)| all.add(first, end))?;
        Ok(all)
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> u64 {
        self.0.iter().map(|r| r.1 - r.0).sum()
    }

    /// Returns the first row that is not included.
    pub fn next_row(&self) -> u64 {
        self.0.first().filter(|r| r.0 == 0).map_or(0, |r| r.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_covered_once() {
        let mut coverage = Coverage::default();
        for (first, end) in [(10, 20), (0, 5), (30, 40), (20, 30), (5, 10), (7, 7)] {
            coverage.add(first, end).unwrap();
        }
        assert_eq!(coverage, Coverage(vec![(0, 40)]));
        let other = Coverage(vec![(40, 50), (60, 70)]);
        assert_eq!(coverage.merge(&other).unwrap(), Coverage(vec![(0, 50), (60, 70)]));
        let overlap = Coverage(vec![(35, 60)]);
        assert!(coverage.merge(&overlap).unwrap_err().to_string().contains("rows 35 to 39"));
        assert_eq!((coverage.rows(), coverage.next_row(), overlap.next_row()), (40, 40, 0));
        assert!(coverage.add(39, 41).is_err() && coverage.add(0, 100).is_err());
        assert_eq!(coverage, Coverage(vec![(0, 40)]));
        for (text, is_valid) in [("[[0,5],[6,7]]", true), ("[[0,5],[5,7]]", false), ("[[3,2]]", false)] {
            assert_eq!(serde_json::from_str::<Coverage>(text).is_ok(), is_valid, "{text}");
        }
    }
}
