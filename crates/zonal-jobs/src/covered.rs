//! Which rows of a table have been seen.

use serde::{Deserialize, Serialize};
use zonal_documents::{Error, Result};

/// Ranges of rows, ascending and apart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<(u64, u64)>")]
pub struct Covered(Vec<(u64, u64)>);

impl TryFrom<Vec<(u64, u64)>> for Covered {
    type Error = String;

    fn try_from(ranges: Vec<(u64, u64)>) -> std::result::Result<Self, String> {
        let sound = ranges.iter().all(|r| r.0 < r.1) && ranges.windows(2).all(|w| w[0].1 < w[1].0);
        if sound { Ok(Self(ranges)) } else { Err("ranges of rows that are not ascending and apart".into()) }
    }
}

impl Covered {
    /// Adds a range.
    ///
    /// # Errors
    /// [`Error::Usage`] for rows that are there already.
    pub fn add(&mut self, first: u64, end: u64) -> Result<()> {
        if first >= end {
            return Ok(());
        }
        let at = self.0.partition_point(|r| r.1 <= first);
        if let Some(there) = self.0.get(at).filter(|r| r.0 < end) {
            let (from, to) = (first.max(there.0), end.min(there.1) - 1);
            return Err(Error::Usage(format!(
                "the rows {from} to {to} (counted from 0) are there already; rows must not be added twice"
            )));
        }
        self.0.insert(at, (first, end));
        // Neighbours that touch become one.
        self.0.dedup_by(|next, before| {
            before.1 == next.0 && {
                before.1 = next.1;
                true
            }
        });
        Ok(())
    }

    /// The ranges of both.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn merge(&self, other: &Self) -> Result<Self> {
        let mut all = self.clone();
        other.0.iter().try_for_each(|&(first, end)| all.add(first, end))?;
        Ok(all)
    }

    /// How many rows there are.
    pub fn rows(&self) -> u64 {
        self.0.iter().map(|r| r.1 - r.0).sum()
    }

    /// The first row after all that are there without a gap from row 0 on.
    pub fn next_row(&self) -> u64 {
        self.0.first().filter(|r| r.0 == 0).map_or(0, |r| r.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_covered_once() {
        let mut covered = Covered::default();
        for (first, end) in [(10, 20), (0, 5), (30, 40), (20, 30), (5, 10), (7, 7)] {
            covered.add(first, end).unwrap();
        }
        assert_eq!(covered, Covered(vec![(0, 40)]));
        let other = Covered(vec![(40, 50), (60, 70)]);
        assert_eq!(covered.merge(&other).unwrap(), Covered(vec![(0, 50), (60, 70)]));
        let overlap = Covered(vec![(35, 60)]);
        assert!(covered.merge(&overlap).unwrap_err().to_string().contains("rows 35 to 39"));
        assert_eq!((covered.rows(), covered.next_row(), overlap.next_row()), (40, 40, 0));
        assert!(covered.add(39, 41).is_err() && covered.add(0, 100).is_err());
        assert_eq!(covered, Covered(vec![(0, 40)]));
        for (text, sound) in [("[[0,5],[6,7]]", true), ("[[0,5],[5,7]]", false), ("[[3,2]]", false)] {
            assert_eq!(serde_json::from_str::<Covered>(text).is_ok(), sound, "{text}");
        }
    }
}
