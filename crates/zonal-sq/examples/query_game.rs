//! A learner against an oracle that has no target: it gives away as little as its tolerance allows, and no answer rules out
//! more members of the family than the bound says.

use std::sync::Arc;
use zonal::observer::Silent;
use zonal::sphere::Dim;
use zonal_sq::bound::{Goal, with_gram};
use zonal_sq::learner::{Limits, Strategy, VersionSpace, identify};
use zonal_sq::{AnswerRule, Directions, Family, Game, GramBounds};

fn main() -> zonal::Result<()> {
    let tolerance = 0.3;
    let family = Arc::new(Family::zonal(Dim::new(20)?, 3, 500, Directions::Random, 0)?);
    let gram = GramBounds::of(&family, &mut Silent)?;
    let most = gram.drop_bound(tolerance);
    println!("an answer rules out at most {most} of {} members", family.size());

    let game = Game::new(family.clone(), &gram, tolerance, AnswerRule::Base)?;
    let mut space = VersionSpace::new(&family);
    let limits = Limits { stop: 1, queries: 10_000, width: 0, seed: 0 };
    identify(Strategy::Greedy, &mut space, &game, limits, &mut Silent)?;

    let report = game.report();
    println!("{} queries, {} members remain", report.queries_distinct, report.live);
    assert_eq!(report.invariant_held, Some(true));
    assert!(report.max_dropped <= most);
    assert_eq!(report.live, space.live().len() as u64);

    // The learner cannot be faster than the lower bound for a member of this family.
    let dropped = family.size() as u64 - report.live;
    assert!(report.queries_distinct * most >= dropped);
    let bound = with_gram(&gram, tolerance, Goal::new(1.0, 0.5)?)?;
    println!("lower bound: 10^{:.2} queries", bound.log10_queries.unwrap_or(0.0));
    if report.live <= 1 {
        assert!(bound.log10_queries.is_none_or(|x| x <= (report.queries_distinct as f64).log10() + 1e-9));
    }
    Ok(())
}

#[test]
fn example() -> zonal::Result<()> {
    main()
}
