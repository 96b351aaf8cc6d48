//! How many statistical queries any learner needs: bounds with their theorem and their assumptions.

use zonal::sphere::Dim;
use zonal_sq::bound::{Goal, QueryClass, zonal_harmonics};

fn main() -> zonal::Result<()> {
    // Success with probability 1/2, with a mean squared error of at most 1/2.
    let goal = Goal::new(0.5, 0.5)?;
    println!("log10 of the queries for sqrt(N) P_3(<u, x>) with unknown u, at tolerance 0.03");
    let mut previous = f64::NEG_INFINITY;
    for n in [100, 1_000, 10_000] {
        let bound = zonal_harmonics(Dim::new(n)?, 3, 0.03, QueryClass::Correlational, goal)?;
        let log10 = bound.log10_queries.unwrap_or(f64::NEG_INFINITY);
        println!("n = {n:>6}: {log10:>7.2}  ({} {})", bound.theorem, bound.query_class);
        assert!(log10 > previous);
        previous = log10;
    }

    // In a low dimension the same tolerance proves nothing, and the bound says so.
    let bound = zonal_harmonics(Dim::new(10)?, 3, 0.03, QueryClass::Correlational, goal)?;
    println!("n = 10: vacuous = {}", bound.vacuous);
    assert!(bound.vacuous);
    for assumption in &bound.assumptions {
        println!("  {assumption}");
    }
    // Queries of any kind can do more than correlational ones: their bound is not larger.
    let dim = Dim::new(1_000)?;
    let bound = |class| zonal_harmonics(dim, 3, 0.03, class, goal).map(|b| b.log10_queries);
    assert!(bound(QueryClass::Any)? <= bound(QueryClass::Correlational)?);
    Ok(())
}

#[test]
fn example() -> zonal::Result<()> {
    main()
}
