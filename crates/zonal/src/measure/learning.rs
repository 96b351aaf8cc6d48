//! The time to learn a degree: the first iteration at which the residual's energy in the degree has fallen to a given
//! fraction of the target's energy there.

use crate::sphere::Degree;
use crate::target::PowerSpectrum;

/// The fractions of a degree's energy for which times are reported.
pub const SHARES: [f64; 3] = [0.5, 0.1, 0.01];

/// Returns the first iteration with at most `share` of the energy of the first entry of `path`, whose entries are
/// (iteration, energy) with ascending iterations; None if there is no such iteration, or no energy in the first entry.
///
/// Between two listed iterations ln(energy) is interpolated linearly, which is exact for an energy that decays at one
/// rate; the result is between them in any case. For a path that falls, rises and falls again, the first fall counts.
pub fn time_to_learn(path: &[(u64, f64)], share: f64) -> Option<u64> {
    let initial = path.first()?.1;
    let goal = share * initial;
    let after = path.iter().position(|&(_, energy)| initial > 0.0 && energy <= goal)?;
    let (end, low) = path[after];
    let Some(&(start, high)) = after.checked_sub(1).and_then(|i| path.get(i)) else { return Some(end) };
    // An energy of zero has no logarithm, so it is replaced by the smallest positive number.
    let low = low.max(f64::MIN_POSITIVE);
    let part = (high / goal).ln() / (high / low).ln();
    let inside = (start as f64 + part * end.saturating_sub(start) as f64).ceil() as u64;
    Some(inside.max(start.saturating_add(1)).min(end))
}

/// The relative precision of times from 1000 on is the inverse of this; smaller times are exact.
const PRECISION: u64 = 1000;
/// The number of counts tried inside each bracket at a time.
const SECTION: u64 = 16;

/// Returns, for each degree, the first iterations with at most each of [`SHARES`] of its energy, on a path that can be
/// evaluated at any count. `energies_at` returns the energies by degree (rows) at given counts, and `grid` holds the
/// counts at which the search begins, ascending. A degree that the spectra do not list has no energy. Exact to one part
/// in 1000 if the energy falls only once; if a degree rises and falls again within a step of the grid, this may be
/// missed. Cost: about three more calls of `energies_at` for each factor of 4000 between neighbours of the grid.
///
/// # Errors
/// The errors of `energies_at`.
pub fn times_to_learn<E>(
    degrees: &[Degree],
    grid: &[u64],
    mut energies_at: impl FnMut(&[u64]) -> Result<Vec<PowerSpectrum>, E>,
) -> Result<Vec<[Option<u64>; SHARES.len()]>, E> {
    let path = energies_at(grid)?;
    let course = |k: Degree| grid.iter().zip(&path).map(move |(&t, e)| (t, energy_of(e, k)));
    // Brackets: the energy is above the share at the first count and not above it at the second.
    let mut brackets = Vec::new();
    for &k in degrees {
        let course: Vec<(u64, f64)> = course(k).collect();
        let initial = course.first().map_or(0.0, |c| c.1);
        brackets.push(SHARES.map(|share| {
            let goal = share * initial;
            let after = course.iter().position(|&(_, energy)| initial > 0.0 && energy <= goal)?;
            Some((after.checked_sub(1).map_or(course[after].0, |i| course[i].0), course[after].0, goal))
        }));
    }
    let open = |(low, high, _): &(u64, u64, f64)| high.saturating_sub(*low) > (low / PRECISION).max(1);
    loop {
        let inside = |&(low, high, _): &(u64, u64, f64)| {
            let width = u128::from(high - low);
            (1..SECTION).map(move |i| low + (width * u128::from(i) / u128::from(SECTION)) as u64)
        };
        let mut counts: Vec<u64> =
            brackets.iter().flatten().flatten().filter(|b| open(b)).flat_map(inside).collect();
        if counts.is_empty() {
            break;
        }
        counts.sort_unstable();
        counts.dedup();
        let found = energies_at(&counts)?;
        if found.len() < counts.len() {
            break;
        }
        for (&k, brackets) in degrees.iter().zip(&mut brackets) {
            for bracket in brackets.iter_mut().flatten().filter(|b| open(b)) {
                let (low, high, goal) = *bracket;
                let here = counts.iter().zip(&found).filter(|(t, _)| (low..high).contains(*t));
                for (&t, energies) in here {
                    if energy_of(energies, k) <= goal {
                        bracket.1 = t;
                        break;
                    }
                    bracket.0 = t;
                }
            }
        }
    }
    Ok(brackets.into_iter().map(|b| b.map(|b| b.map(|(_, high, _)| high))).collect())
}

fn energy_of(spectrum: &PowerSpectrum, degree: Degree) -> f64 {
    spectrum.energies.get(degree).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sphere::Dim;

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
    fn a_path_with_two_rates_is_timed_from_any_grid() {
        let energy = |t: u64| 0.4 * 0.9f64.powf(t as f64) + 0.3 * (-1e-9 * t as f64).exp();
        let spectra = |counts: &[u64]| {
            let dim = Dim::new(5).unwrap();
            let list = counts.iter().map(|&t| PowerSpectrum::new(dim, vec![energy(t), 1.0], 0.0));
            Ok::<_, ()>(list.collect())
        };
        for grid in [vec![0, 10_000_000_000], vec![0, 1, 10, 100, 1_000_000, 10_000_000_000]] {
            let found = times_to_learn(&[0, 1], &grid, spectra).unwrap();
            assert_eq!(found[1], [None; 3]);
            for (share, t) in SHARES.into_iter().zip(found[0]) {
                let (t, goal) = (t.unwrap(), share * energy(0));
                assert!(energy(t) <= goal && energy(t - 1 - t / 900) > goal, "{share}: {t}");
            }
            assert_eq!(found[0][0], (0..).find(|&t| energy(t) <= 0.35));
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
