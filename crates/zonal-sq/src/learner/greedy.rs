//! Greedy search for the query that rules out the most members.

use super::VersionSpace;
use crate::answers::{Answers, fullest_window};
use crate::query::Query;
use rand::RngExt;
use zonal::Result;
use zonal::linalg::add_scaled;
use zonal::numeric::random::{Purpose, stream};

/// Number of members from which searches start.
const STARTS: usize = 2;
/// A combination has at most this multiple of 1/tau^2 members.
const LENGTH_FACTOR: f64 = 2.0;
/// The largest number of members of a combination.
const MAX_LENGTH: usize = 1_000;

/// The answer that the learner expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedAnswer {
    /// Zero whenever some remaining member permits it.
    Base,
    /// The answer that keeps the most members.
    Worst,
}

/// Searches for a combination of remaining members that drops as many of them as possible if the answer is the expected
/// one. Starting from one member, the member with the largest correlation with the sum is added repeatedly, with the
/// sign that increases it or with alternating signs; the best length wins. None if no member remains.
///
/// # Errors
/// As [`crate::Family::answers`].
pub fn greedy(
    space: &VersionSpace<'_>,
    answers: &dyn Answers,
    expected: ExpectedAnswer,
    seed: u64,
    round: u64,
) -> Result<Option<Query>> {
    let (family, live) = (space.family(), space.live());
    if live.is_empty() {
        return Ok(None);
    }
    let mut rng = stream(seed, Purpose::Learner, 1 + round);
    let mut best: Option<(usize, Vec<(usize, f64)>)> = None;
    for start in 0..2 * STARTS {
        let first = live[rng.random_range(0..live.len())];
        let (dropped, parts) = grow(space, answers, expected, first, start % 2 == 1)?;
        if best.as_ref().is_none_or(|(most, _)| dropped > *most) {
            best = Some((dropped, parts));
        }
    }
    let Some((_, parts)) = best else { return Ok(None) };
    Query::correlation(family.combination(&parts)?, family.dim()).map(Some)
}

/// Returns the best prefix of one sequence of members, and the number of members that it drops.
fn grow(
    space: &VersionSpace<'_>,
    answers: &dyn Answers,
    expected: ExpectedAnswer,
    first: usize,
    alternating: bool,
) -> Result<(usize, Vec<(usize, f64)>)> {
    let (family, live) = (space.family(), space.live());
    let member = |i: usize| Query::correlation(family.member(i), family.dim());
    let tau = answers.tolerance(&member(first)?);
    let max_length = ((LENGTH_FACTOR / (tau * tau)).ceil() as usize).clamp(1, MAX_LENGTH).min(live.len());
    // Correlations of the current sum with all members, and its squared norm.
    let mut sums = family.answers(&member(first)?, live)?;
    let mut parts = vec![(first, 1.0)];
    let mut square = 1.0f64;
    let mut taken: Vec<bool> = live.iter().map(|&i| i == first).collect();
    let (mut most_dropped, mut best_length) = (0, 1);
    loop {
        // Members separated only by rounding do not count.
        let limit = tau * square.sqrt() * (1.0 + 1e-9);
        let separated = sums.iter().filter(|c| c.abs() > limit).count();
        let dropped = match expected {
            // If zero kept no member, the oracle would give another answer.
            ExpectedAnswer::Base if separated < live.len() => separated,
            _ => live.len() - fullest_window(&sums, limit).1,
        };
        if dropped > most_dropped {
            (most_dropped, best_length) = (dropped, parts.len());
        }
        if parts.len() >= max_length {
            break;
        }
        let candidates = (0..live.len()).filter(|&i| !taken[i]);
        let Some(next) = candidates.max_by(|&a, &b| sums[a].abs().total_cmp(&sums[b].abs())) else { break };
        let negative = if alternating { parts.len() % 2 == 1 } else { sums[next] < 0.0 };
        let sign = if negative { -1.0 } else { 1.0 };
        let more = square + 1.0 + 2.0 * sign * sums[next];
        if more < 1e-6 {
            break;
        }
        square = more;
        taken[next] = true;
        parts.push((live[next], sign));
        add_scaled(&mut sums, sign, &family.answers(&member(live[next])?, live)?);
    }
    parts.truncate(best_length);
    Ok((most_dropped, parts))
}
