//! `sq bound`: lower bounds on the number of queries, with their assumptions.

use super::check_degree;
use num_bigint::BigUint;
use zonal::observer::Observer;
use zonal::sphere::{Dim, multiplicity};
use zonal_documents::options::DIRECTIONS;
use zonal_documents::options::FAMILY;
use zonal_documents::options::QUERIES;
use zonal_documents::options::SIZE;
use zonal_documents::sq::{BoundConfig, BoundReport, FamilyConfig};
use zonal_documents::{Error, Result};
use zonal_io::model::SCHEMA;
use zonal_sq::bound::{
    Bound, Goal, QueryClass, check_tolerance, orthonormal_members, products_of_signs, random_harmonics,
    random_subfamily, with_gram, zonal_harmonics,
};
use zonal_sq::{Directions, Family, GramBounds, Kind};

/// Computes the bound for one family, dimension, degree and tolerance.
///
/// # Errors
/// [`Error::Usage`] for a class of queries without a bound for the family; errors of parameters outside their
/// domains.
pub fn bound(config: &BoundConfig, observer: &mut dyn Observer) -> Result<BoundReport> {
    let dim = Dim::new(config.dim)?;
    check_degree(config.degree)?;
    let goal = Goal::new(config.delta, config.epsilon)?;
    check_tolerance(config.tolerance)?;
    if config.directions != Directions::Random && config.size.is_none() {
        return Err(Error::Usage(format!(
            "{DIRECTIONS} needs a finite family; set {}, or omit both for a uniform direction",
            SIZE.with("M")
        )));
    }
    let (bound, size) = match config.kind {
        Kind::Zonal => zonal(config, dim, goal, observer)?,
        Kind::Random => random(config, dim, goal, observer)?,
        Kind::Signs | Kind::Monomials => subsets(config, dim, goal)?,
    };
    Ok(BoundReport {
        schema: SCHEMA,
        family: config.kind.to_string(),
        dim: config.dim,
        degree: config.degree,
        multiplicity: multiplicity(dim, config.degree).to_string(),
        size: size.map(|s| s.to_string()),
        tolerance: config.tolerance,
        query_class: bound.query_class,
        prior: bound.prior,
        theorem: bound.theorem,
        delta: config.delta,
        epsilon: config.epsilon,
        log10_queries: bound.log10_queries,
        vacuous: bound.vacuous,
        assumptions: bound.assumptions,
    })
}

type SizedBound = (Bound, Option<BigUint>);

fn zonal(config: &BoundConfig, dim: Dim, goal: Goal, observer: &mut dyn Observer) -> Result<SizedBound> {
    let Some(size) = config.size else {
        return Ok((zonal_harmonics(dim, config.degree, config.tolerance, config.queries, goal)?, None));
    };
    by_gram(config, size, goal, observer)
}

fn random(config: &BoundConfig, dim: Dim, goal: Goal, observer: &mut dyn Observer) -> Result<SizedBound> {
    let Some(size) = config.size else {
        return Ok((random_harmonics(dim, config.degree, config.tolerance, config.queries, goal)?, None));
    };
    let QueryClass::Lipschitz(l) = config.queries else { return by_gram(config, size, goal, observer) };
    let found = random_subfamily(dim, config.degree, config.tolerance, l, goal)?;
    if (size as f64).log10() < found.log10_size {
        return Err(Error::Usage(format!(
            "SQ-6 needs a family of at least 10^{:.2} members here, and {SIZE} is {size}; omit {SIZE} for a target that is \
             uniform over all harmonics (SQ-5)",
            found.log10_size
        )));
    }
    Ok((found.bound, Some(BigUint::from(size))))
}

/// Computes the bound of a finite family for correlational queries, from its Gram matrix.
fn by_gram(config: &BoundConfig, size: u64, goal: Goal, observer: &mut dyn Observer) -> Result<SizedBound> {
    if config.queries != QueryClass::Correlational {
        return Err(Error::Usage(format!(
            "finitely many {} harmonics have a bound only for correlational queries: without noise, about log2 M general \
             queries distinguish M of them (SQ-8); omit {SIZE}, or use {}",
            config.kind,
            QUERIES.with("correlational")
        )));
    }
    let family = super::family(&FamilyConfig {
        kind: config.kind,
        dim: config.dim,
        degree: config.degree,
        size,
        directions: config.directions,
        seed: config.seed,
    })?;
    let gram = GramBounds::of(&family, observer)?;
    let mut bound = with_gram(&gram, config.tolerance, goal)?;
    bound.assumptions.push(format!("the {size} members at seed {}", config.seed));
    Ok((bound, Some(BigUint::from(size))))
}

fn subsets(config: &BoundConfig, dim: Dim, goal: Goal) -> Result<SizedBound> {
    let all = Family::subsets(dim, config.degree);
    let size = config.size.map_or_else(|| all.clone(), BigUint::from);
    if config.degree == 0 || size == BigUint::from(0u8) || size > all {
        return Err(Error::Usage(format!(
            "there are {all} products of {} out of {} coordinates; {SIZE} must be from 1 to that number, and the degree from 1 \
             to the dimension",
            config.degree, config.dim
        )));
    }
    let bound = match (config.kind, config.queries) {
        (Kind::Signs, class) => products_of_signs(&size, config.tolerance, class, goal)?,
        (_, QueryClass::Correlational) => orthonormal_members(&size, config.tolerance, goal)?,
        _ => {
            return Err(Error::Usage(format!(
                "monomials have a bound only for correlational queries: y^2 x_i^2 is larger on average for the i that \
                 occur, so few general queries find them; products of signs ({}) have a bound for every class of queries",
                FAMILY.with("signs")
            )));
        }
    };
    Ok((bound, Some(size)))
}
