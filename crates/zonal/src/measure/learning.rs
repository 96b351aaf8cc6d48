//! Time to learn a degree: the first iteration at which the residual's energy in it has fallen to a share of what the
//! target has there.

/// The shares of a degree's energy for which times are reported.
pub const SHARES: [f64; 3] = [0.5, 0.1, 0.01];

/// The first iteration with at most `share` of the energy of the first entry of `path`, whose entries are
/// (iteration, energy) with ascending iterations; None if there is none, or no energy to begin with.
///
/// Between two listed iterations ln(energy) is taken as linear, which is exact where the energy decays at one rate; the
/// result lies between them in any case. A path that falls, rises and falls again counts from its first fall.
pub fn time_to_learn(path: &[(u64, f64)], share: f64) -> Option<u64> {
    let initial = path.first()?.1;
    let goal = share * initial;
    let after = path.iter().position(|&(_, energy)| initial > 0.0 && energy <= goal)?;
    let (end, low) = path[after];
    let Some(&(start, high)) = after.checked_sub(1).and_then(|i| path.get(i)) else { return Some(end) };
    // An energy of zero has no logarithm; the smallest number has one.
    let low = low.max(f64::MIN_POSITIVE);
    let part = (high / goal).ln() / (high / low).ln();
    let inside = (start as f64 + part * (end - start) as f64).ceil() as u64;
    Some(inside.clamp(start + 1, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_rate_is_timed_exactly_from_a_coarse_path() {
        let energy = |t: u64| 0.7 * 0.99f64.powi(t as i32);
        let path: Vec<(u64, f64)> = [0, 1, 10, 100, 1000].iter().map(|&t| (t, energy(t))).collect();
        for share in SHARES {
            let first = (0..).find(|&t| energy(t) <= share * 0.7).unwrap();
            assert_eq!(time_to_learn(&path, share), Some(first));
        }
    }

    #[test]
    fn what_is_never_learned_has_no_time() {
        assert_eq!(time_to_learn(&[(0, 0.4), (10, 0.4), (100, 0.39)], 0.5), None);
        assert_eq!(time_to_learn(&[(0, 0.0), (10, 0.0)], 0.5), None);
        assert_eq!(time_to_learn(&[], 0.5), None);
        assert_eq!(time_to_learn(&[(0, 1.0), (1, 0.0)], 0.5), Some(1));
    }
}
