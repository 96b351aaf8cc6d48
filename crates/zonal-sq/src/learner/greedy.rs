//! The query that leaves fewest, as far as a greedy search finds it.

use super::VersionSpace;
use crate::answers::{Answers, fullest_window};
use crate::query::Query;
use rand::RngExt;
use zonal::Result;
use zonal::linalg::add_scaled;
use zonal::numeric::random::{Purpose, stream};

/// Searches begin from so many members.
const STARTS: usize = 2;
/// Members of a combination are at most this many times 1/tau^2.
const LONGEST: f64 = 2.0;
/// And at most so many.
const MOST: usize = 1_000;

/// Which answer the learner expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expects {
    /// Zero wherever somebody is left to whom it is allowed.
    Base,
    /// The one that leaves most.
    Worst,
}

/// A combination of members left that drops as many of them as possible if the answer is the expected one: starting from one
/// member, the one with the largest correlation so far is added again and again, with the sign that makes it larger or
/// with alternating signs, and the best length kept. None when nobody is left.
///
/// # Errors
/// As [`crate::Family::answers`].
pub fn greedy(
    space: &VersionSpace<'_>,
    answers: &dyn Answers,
    expects: Expects,
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
        let (dropped, parts) = grow(space, answers, expects, first, start % 2 == 1)?;
        if best.as_ref().is_none_or(|(most, _)| dropped > *most) {
            best = Some((dropped, parts));
        }
    }
    let Some((_, parts)) = best else { return Ok(None) };
    Query::correlation(family.combination(&parts)?, family.dim()).map(Some)
}

/// The best beginning of one sequence of members, and how many it drops.
fn grow(
    space: &VersionSpace<'_>,
    answers: &dyn Answers,
    expects: Expects,
    first: usize,
    alternating: bool,
) -> Result<(usize, Vec<(usize, f64)>)> {
    let (family, live) = (space.family(), space.live());
    let member = |i: usize| Query::correlation(family.member(i), family.dim());
    let tau = answers.tolerance(&member(first)?);
    let longest = ((LONGEST / (tau * tau)).ceil() as usize).clamp(1, MOST).min(live.len());
    // Correlations of the sum so far with everybody, and its square norm.
    let mut sums = family.answers(&member(first)?, live)?;
    let mut parts = vec![(first, 1.0)];
    let mut square = 1.0f64;
    let mut taken: Vec<bool> = live.iter().map(|&i| i == first).collect();
    let mut kept = (0, 1);
    loop {
        // Who is separated by rounding alone is not.
        let limit = tau * square.sqrt() * (1.0 + 1e-9);
        let separated = sums.iter().filter(|c| c.abs() > limit).count();
        let dropped = match expects {
            // Where zero would leave nobody, another answer comes.
            Expects::Base if separated < live.len() => separated,
            _ => live.len() - fullest_window(&sums, limit).1,
        };
        if dropped > kept.0 {
            kept = (dropped, parts.len());
        }
        if parts.len() >= longest {
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
    parts.truncate(kept.1);
    Ok((kept.0, parts))
}
