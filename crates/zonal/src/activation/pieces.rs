//! Splits a formula into pieces on which it is analytic. In each piece, every |x|, max, min and step is replaced by the
//! branch that applies there.
//!
//! Zeros of a subexpression are isolated by interval arithmetic: there are none outside the intervals found, and if the
//! enclosed derivative has a constant sign there is exactly one. If neither is certain, as at the double zero of |t^2|,
//! the call remains in the tree; quadrature then narrows down the uncertainty and adds it to its error.

use super::tree::Node;
use crate::numeric::{DoubleDouble, Interval, Rectangle, Tracked};

/// The largest number of kinks within the range of a unit.
const MAX_KINKS: usize = 200;
/// The number of interval evaluations available for finding the zeros of one subexpression.
const SEARCH_BUDGET: usize = 20_000;
/// Points closer than this fraction of the range count as equal.
const SAME: f64 = 1e-29;

/// The reason why a formula cannot be split into pieces.
pub(super) enum Obstacle {
    /// There are more kinks than this, or they are too close to be separated.
    TooManyKinks(usize),
    /// The formula is infinite near this argument.
    Pole(f64),
}

/// A formula between two points, analytic in the interior.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The lower end.
    pub from: DoubleDouble,
    /// The upper end.
    pub to: DoubleDouble,
    /// The formula as a function of the distance from the lower end.
    pub after: FromEnd,
    /// The formula as a function of the distance from the upper end.
    pub before: FromEnd,
}

/// A formula as a function of the distance from one end of its piece.
#[derive(Clone, Debug)]
pub struct FromEnd {
    root: Node,
}

impl FromEnd {
    /// Returns the value at a distance, with a bound on its error.
    pub fn value(&self, distance: DoubleDouble) -> Tracked {
        self.root.value(&Tracked::rounded(distance))
    }

    /// Returns an enclosure of the values at complex distances.
    pub fn enclosure(&self, distance: Rectangle) -> Rectangle {
        self.root.value(&distance)
    }
}

impl Piece {
    /// Creates a piece from a formula that is analytic in the interior.
    pub(super) fn new(root: &Node, from: DoubleDouble, to: DoubleDouble) -> Self {
        let seen = |end, forward| FromEnd { root: root.seen_from(end, forward) };
        Self { from, to, after: seen(from, true), before: seen(to, false) }
    }

    /// Creates a piece of the constant function 1.
    pub(crate) fn constant(from: DoubleDouble, to: DoubleDouble) -> Self {
        Self::new(&Node::Constant(DoubleDouble::ONE), from, to)
    }

    /// Returns the derivative of the formula.
    pub(super) fn derivative(&self) -> Self {
        let after = FromEnd { root: self.after.root.derivative() };
        // The distance from the upper end increases as t decreases.
        let before = FromEnd { root: Node::Negative(Box::new(self.before.root.derivative())) };
        Self { after, before, ..*self }
    }
}

/// Returns the pieces of a formula on [low, high]; `kinks` replaces the search for the points between them.
pub(super) fn pieces(
    root: &Node,
    low: f64,
    high: f64,
    kinks: Option<&[f64]>,
) -> std::result::Result<Vec<Piece>, Obstacle> {
    let ends = (DoubleDouble::from(low), DoubleDouble::from(high));
    let mut found = Vec::new();
    if let Some(kinks) = kinks {
        let mut points: Vec<f64> = kinks.iter().copied().filter(|k| *k > low && *k < high).collect();
        points.sort_by(f64::total_cmp);
        points.dedup();
        no_pole(root, ends)?;
        push_pieces(root, ends, points.into_iter().map(DoubleDouble::from).collect(), &mut found);
    } else {
        resolve(root, ends, &mut Vec::new(), &mut found)?;
    }
    Ok(found)
}

/// Splits [from, to] at the zeros of the innermost call that branches on a sign, replaces the call on each side, and
/// repeats.
fn resolve(
    root: &Node,
    (from, to): (DoubleDouble, DoubleDouble),
    unclear: &mut Vec<Node>,
    found: &mut Vec<Piece>,
) -> std::result::Result<(), Obstacle> {
    let too_many = || Obstacle::TooManyKinks(MAX_KINKS);
    let branch = root.innermost_branch(unclear).and_then(|b| Some((b.clone(), b.difference()?)));
    let Some((branch, difference)) = branch else {
        no_pole(root, (from, to))?;
        push_pieces(root, (from, to), singularities(root, from, to), found);
        return if found.len() > MAX_KINKS + 1 { Err(too_many()) } else { Ok(()) };
    };
    let groups = if difference.varies() { groups(&difference, from, to) } else { Some(Vec::new()) };
    let groups = groups.ok_or_else(too_many)?;
    let Some(zeros) = simple_zeros(&difference, &groups) else {
        unclear.push(branch);
        return resolve(root, (from, to), unclear, found);
    };
    let edges = edges(from, to, zeros);
    for pair in edges.windows(2) {
        let middle = (pair[0] + pair[1]).scale_by_power_of_two(-1);
        let positive = difference.value(&middle).to_f64() > 0.0;
        let side = root.replaced(&branch, &branch.side(positive));
        resolve(&side, (pair[0], pair[1]), &mut unclear.clone(), found)?;
        if found.len() > MAX_KINKS + 1 {
            return Err(too_many());
        }
    }
    Ok(())
}

/// Rejects a formula that may be infinite.
fn no_pole(root: &Node, (from, to): (DoubleDouble, DoubleDouble)) -> std::result::Result<(), Obstacle> {
    for node in root.denominators() {
        let groups = groups(&node, from, to).ok_or(Obstacle::TooManyKinks(MAX_KINKS))?;
        if let Some((a, b)) = groups.first() {
            return Err(Obstacle::Pole(0.5 * (a + b)));
        }
    }
    Ok(())
}

/// Returns points at which a logarithm or a root is not analytic. They only guide the splitting, so a missed point is
/// not an error.
fn singularities(root: &Node, from: DoubleDouble, to: DoubleDouble) -> Vec<DoubleDouble> {
    let radicands = root.radicands();
    let varying = radicands.iter().filter(|r| r.varies());
    varying
        .flat_map(|r| {
            // Zeros at the ends are already boundaries.
            let inside = |(a, b): &(f64, f64)| *a > from.to_f64() && *b < to.to_f64();
            let groups = groups(r, from, to).unwrap_or_default();
            groups.into_iter().filter(inside).map(|(a, b)| refine(r, a, b)).collect::<Vec<_>>()
        })
        .collect()
}

fn push_pieces(
    root: &Node,
    (from, to): (DoubleDouble, DoubleDouble),
    points: Vec<DoubleDouble>,
    found: &mut Vec<Piece>,
) {
    let edges = edges(from, to, points);
    found.extend(edges.windows(2).map(|pair| Piece::new(root, pair[0], pair[1])));
}

/// Returns the ends and the points strictly between them, in ascending order.
fn edges(from: DoubleDouble, to: DoubleDouble, points: Vec<DoubleDouble>) -> Vec<DoubleDouble> {
    let near = SAME * (from.to_f64().abs().max(to.to_f64().abs()));
    let mut edges = vec![from];
    let mut inside: Vec<DoubleDouble> = points;
    inside.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    for point in inside {
        let last = edges[edges.len() - 1];
        if (point - last).to_f64() > near && (to - point).to_f64() > near {
            edges.push(point);
        }
    }
    edges.push(to);
    edges
}

/// Returns the zeros in the groups if each group certainly contains at most one, with a change of sign.
fn simple_zeros(node: &Node, groups: &[(f64, f64)]) -> Option<Vec<DoubleDouble>> {
    let slope = node.derivative();
    let mut zeros = Vec::new();
    for &(a, b) in groups {
        let wider = b - a;
        let slope = slope.value(&Interval::new(a - wider, b + wider));
        if slope.contains_zero() || !slope.is_finite() {
            return None;
        }
        let sign = |t: f64| node.value(&DoubleDouble::from(t)).to_f64();
        // Monotone without a change of sign: the enclosure was too wide, and there is no zero.
        if sign(a) * sign(b) <= 0.0 {
            zeros.push(refine(node, a, b));
        }
    }
    Some(zeros)
}

/// Returns small intervals that contain all zeros of a subexpression; None if there are too many or they cannot be
/// separated.
fn groups(node: &Node, from: DoubleDouble, to: DoubleDouble) -> Option<Vec<(f64, f64)>> {
    let (low, high) = (from.to_f64(), to.to_f64());
    let resolution = (high - low) * 1e-9;
    let mut open = vec![(low, high)];
    let mut small: Vec<(f64, f64)> = Vec::new();
    let mut spent = 0;
    while let Some((a, b)) = open.pop() {
        spent += 1;
        if spent > SEARCH_BUDGET {
            return None;
        }
        if !node.value(&Interval::new(a, b)).contains_zero() {
            continue;
        }
        if b - a <= resolution {
            small.push((a, b));
        } else {
            let middle = 0.5 * (a + b);
            open.push((middle, b));
            open.push((a, middle));
        }
    }
    // Adjacent intervals belong to the same zero.
    let mut groups: Vec<(f64, f64)> = Vec::new();
    for (a, b) in small {
        match groups.last_mut() {
            Some(last) if a - last.1 <= resolution => last.1 = b,
            _ => groups.push((a, b)),
        }
    }
    if groups.len() > MAX_KINKS {
        return None;
    }
    Some(groups)
}

/// Finds a zero by bisection in double-double arithmetic if the sign changes; otherwise returns the midpoint.
fn refine(node: &Node, low: f64, high: f64) -> DoubleDouble {
    let sign = |t: DoubleDouble| {
        let v = node.value(&t).to_f64();
        if v > 0.0 {
            1
        } else if v < 0.0 {
            -1
        } else {
            0
        }
    };
    let (mut a, mut b) = (DoubleDouble::from(low), DoubleDouble::from(high));
    let (sa, sb) = (sign(a), sign(b));
    if sa == 0 {
        return a;
    }
    if sb == 0 {
        return b;
    }
    let middle = |a: DoubleDouble, b: DoubleDouble| (a + b).scale_by_power_of_two(-1);
    if sa == sb {
        return middle(a, b);
    }
    for _ in 0..110 {
        let m = middle(a, b);
        match sign(m) {
            0 => return m,
            s if s == sa => a = m,
            _ => b = m,
        }
    }
    middle(a, b)
}
