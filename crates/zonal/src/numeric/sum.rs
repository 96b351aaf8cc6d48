//! Sums whose bits do not depend on the number of threads: parts over fixed blocks, added in a fixed binary tree.

use rayon::prelude::*;

/// Sums `parts` in a fixed binary tree (neighbours first), which also limits rounding to O(log count).
pub fn tree_sum(parts: &[f64]) -> f64 {
    match parts.len() {
        0 => 0.0,
        1 => parts[0],
        len => {
            let (left, right) = parts.split_at(len.next_power_of_two() / 2);
            tree_sum(left) + tree_sum(right)
        }
    }
}

/// Sets a negative rounding error of a square or a sum of squares to zero. NaN remains NaN.
pub fn non_negative(x: f64) -> f64 {
    if x < 0.0 { 0.0 } else { x }
}

/// Like [`tree_sum`], element by element, for vectors of equal length.
pub(crate) fn tree_sum_vectors(mut parts: Vec<Vec<f64>>) -> Vec<f64> {
    while parts.len() > 1 {
        let mut next = Vec::with_capacity(parts.len().div_ceil(2));
        let mut iter = parts.into_iter();
        while let Some(mut left) = iter.next() {
            if let Some(right) = iter.next() {
                for (a, b) in left.iter_mut().zip(right) {
                    *a += b;
                }
            }
            next.push(left);
        }
        parts = next;
    }
    parts.pop().unwrap_or_default()
}

/// Sums `f(i)` for i in 0..count, evaluated in parallel in blocks of fixed size: the bits are the same for any number
/// of threads.
pub fn blocked_sum(count: usize, f: impl Fn(usize) -> f64 + Sync) -> f64 {
    const BLOCK: usize = 1024;
    let parts: Vec<f64> = (0..count.div_ceil(BLOCK))
        .into_par_iter()
        .map(|b| (b * BLOCK..((b + 1) * BLOCK).min(count)).map(&f).sum())
        .collect();
    tree_sum(&parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tree_of_vectors_equals_tree_of_numbers() {
        for len in 0..20usize {
            let parts: Vec<f64> = (0..len).map(|i| 0.1 * (i as f64 + 1.0).sqrt()).collect();
            let vectors: Vec<Vec<f64>> = parts.iter().map(|&x| vec![x]).collect();
            let expected = if len == 0 { vec![] } else { vec![tree_sum(&parts)] };
            assert_eq!(tree_sum_vectors(vectors), expected);
        }
    }
}
