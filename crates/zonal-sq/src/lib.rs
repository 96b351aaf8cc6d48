//! Statistical queries: oracles, learners, and lower bounds for every algorithm of this kind.
//!
//! A statistical-query algorithm sees a target only through expectations E h(x, f(x)), each answered with an error up
//! to a tolerance. Gradient descent is one: an output weight asks y phi(<w, x>), a hidden one y phi'(<w, x>) <e, x>.
//! This crate provides queries as values, oracles that answer as badly as the model allows, families of targets that
//! are hard to distinguish, bounds on the number of queries with their assumptions, learners, and the game between
//! learner and oracle.
//!
//! A learner receives only an [`Answers`]. A [`Secret`] holds the target and creates oracles, samples and exact
//! expectations.
//!
//! ```
//! use std::sync::Arc;
//! use zonal::sphere::Dim;
//! use zonal_sq::{Answers, Convention, Family, Policy, Query, Secret};
//!
//! let dim = Dim::new(12)?;
//! let family = Arc::new(Family::monomials(dim, 3, 220, 0)?);
//! let secret = Secret::member(family.clone(), 17)?;
//! let lazy = secret.oracle(Policy::Lazy(0.25), Convention::Unit, 0)?;
//! // Asking for the target itself is the one query in 220 that the oracle must answer.
//! assert_eq!(lazy.ask(&Query::correlation(family.member(17), dim)?)?, 0.75);
//! assert_eq!(lazy.ask(&Query::correlation(family.member(18), dim)?)?, 0.0);
//! assert_eq!(lazy.distinct(), 2);
//! # Ok::<(), zonal::Error>(())
//! ```

#![forbid(unsafe_code)]
// No input may cause a panic.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo))]

mod answers;
pub mod basis;
pub mod bound;
mod choice;
mod expectation;
mod family;
mod game;
pub mod learner;
mod oracle;
mod query;
mod rounding;
mod transcript;

pub use answers::{Answers, Convention, Rows};
pub use family::{Directions, Family, GramBounds, Kind};
pub use game::{AnswerRule, Game, GameReport};
pub use oracle::{Oracle, Policy, Secret};
pub use query::{Combination, Dense, Function, Identity, Label, Nodes, Query, Unit, from_tangents, tangents};
pub use transcript::{Entry, Replay, Transcript};

/// The examples of the README are tested.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
