//! Circular dependencies between modules.
//!
//! The modules below one parent are nodes; a use of an item in one of them by code in another is an edge. The parent's
//! own code, without its children, is a node as well: children may use its items if it uses none of those children, and
//! it may use its children if they use none of its items. Re-exports are free: they only provide a name, and a use of
//! the name counts for the module that defines it.

use super::uses::Use;
use std::collections::{BTreeMap, BTreeSet};

/// The name of the node of a parent's own code.
const OWN: &str = "self";

/// Modules below one parent that all depend on each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circle {
    /// The parent.
    pub parent: String,
    /// Names of the modules.
    pub modules: Vec<String>,
    /// One use for each edge.
    pub uses: Vec<String>,
}

impl std::fmt::Display for Circle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}\n    {}", self.parent, self.modules.join(", "), self.uses.join("\n    "))
    }
}

/// Finds the circles of a crate.
pub fn circles(uses: &[Use]) -> Vec<Circle> {
    let mut graphs: BTreeMap<&[String], BTreeMap<(&str, &str), &Use>> = BTreeMap::new();
    for one in uses {
        let shared = one.from.iter().zip(&one.to).take_while(|(a, b)| a == b).count();
        let node = |path| <[String]>::get(path, shared).map_or(OWN, String::as_str);
        let arrow = (node(&one.from), node(&one.to));
        graphs.entry(&one.from[..shared]).or_default().entry(arrow).or_insert(one);
    }
    let mut found = Vec::new();
    for (parent, arrows) in graphs {
        let pairs: Vec<(&str, &str)> = arrows.keys().copied().collect();
        for circle in components(&pairs) {
            let within = arrows.iter().filter(|((a, b), _)| circle.contains(a) && circle.contains(b));
            let text = |((a, b), one): (&(&str, &str), &&Use)| {
                format!("{a} -> {b}: {} names {}", full(&one.from), one.written)
            };
            found.push(Circle {
                parent: full(parent),
                uses: within.map(text).collect(),
                modules: circle.into_iter().map(str::to_owned).collect(),
            });
        }
    }
    found
}

fn full(path: &[String]) -> String {
    [&["crate".to_owned()], path].concat().join("::")
}

/// Returns the sets of two or more nodes in which each node leads to all others.
pub fn components<'a>(arrows: &[(&'a str, &'a str)]) -> BTreeSet<BTreeSet<&'a str>> {
    let reached = |from: &'a str| {
        let mut seen = BTreeSet::new();
        let mut waiting = vec![from];
        while let Some(node) = waiting.pop() {
            for (_, to) in arrows.iter().filter(|(a, _)| *a == node) {
                if seen.insert(*to) {
                    waiting.push(to);
                }
            }
        }
        seen
    };
    let nodes: BTreeSet<&str> = arrows.iter().map(|(from, _)| *from).collect();
    let reach: BTreeMap<&str, BTreeSet<&str>> = nodes.into_iter().map(|n| (n, reached(n))).collect();
    let back = |a: &str, b: &str| reach.get(b).is_some_and(|r| r.contains(a));
    reach
        .iter()
        .map(|(node, to)| to.iter().copied().filter(|other| back(node, other)).collect::<BTreeSet<_>>())
        .filter(|set| set.len() > 1)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::tree::Tree;
    use crate::layers::uses::uses;

    fn names(text: &str) -> Vec<String> {
        circles(&uses(&Tree::parse(text)))
            .into_iter()
            .map(|c| c.parent + " " + &c.modules.join(" "))
            .collect()
    }

    #[test]
    fn siblings_that_use_each_other_are_a_circle_at_any_depth() {
        let text = "pub struct R;
            mod m { mod a { pub struct A; use super::b::B; } mod b { pub struct B; use super::c::deep::C; }
            mod c { mod deep { pub struct C; fn f(a: crate::m::a::A) {} } } mod d { use super::a::A; } }";
        assert_eq!(names(text), ["crate::m a b c"]);
    }

    #[test]
    fn a_parent_is_above_or_below_its_children_and_not_both() {
        let child = "mod a { use super::Shared; pub fn f(_: Shared) {} }";
        assert!(names(&format!("struct Shared; pub use a::f; {child}")).is_empty());
        assert_eq!(names(&format!("struct Shared; fn g() {{ a::f(Shared) }} {child}")), ["crate a self"]);
        // Through the re-export.
        assert_eq!(
            names(&format!("struct Shared; pub use a::f; fn g() {{ f(Shared) }} {child}")),
            ["crate a self"]
        );
        assert!(names("mod a { pub fn f() {} } fn g() { a::f() }").is_empty());
    }

    #[test]
    fn components_are_found_and_chains_are_none() {
        let sets = components(&[("a", "b"), ("b", "c"), ("c", "b"), ("c", "d"), ("e", "a")]);
        assert_eq!(sets, BTreeSet::from([BTreeSet::from(["b", "c"])]));
        assert!(components(&[("a", "b"), ("b", "c"), ("a", "c")]).is_empty());
    }
}
