//! What a network with one hidden layer, f(x) = (1/sqrt m) sum_j a_j phi(s <w_j, x>), learns by gradient descent on
//! squared loss: the mathematics and the training. No files, no printing, no clock.
//!
//! Inputs are points of the sphere S^(n-1). A target splits into spherical harmonics by degree, the activation has one
//! Funk-Hecke coefficient alpha_k for each degree k, and gradient descent learns degree k at the rate alpha_k^2. This crate
//! computes the coefficients with error bounds, solves the descent of the output layer for every iteration count at once,
//! steps both layers, and measures what remains of the target by degree. Everything takes values and returns values or an
//! [`Error`]; no input causes a panic unless a function documents one. Results do not depend on the number of threads.
//!
//! # Which degrees an activation sees
//!
//! ```
//! use zonal::prelude::*;
//!
//! let spectrum = Spectrum::new(&Activation::Relu, Dim::new(10)?, 1.0, 4)?;
//! println!("{spectrum}");
//! assert!((spectrum.coefficient(1)? - 0.05).abs() < 1e-16);
//! // Degree 3 is invisible: no width and no number of iterations learns it.
//! assert!(!spectrum.visible(3)?);
//! // Degree 5 was not computed, which is an error and not zero.
//! assert!(spectrum.coefficient(5).is_err());
//! # Ok::<(), zonal::Error>(())
//! ```
//!
//! # The path of a random network on a target
//!
//! With fixed hidden units the loss is a quadratic form of the output weights. Its eigenvectors give every iterate of
//! gradient descent from zero, so iteration 10^9 costs what iteration 1 costs. Expectations over the sphere are exact.
//!
//! ```
//! use zonal::prelude::*;
//!
//! let dim = Dim::new(10)?;
//! // The last argument is the seed of the harmonics' random directions.
//! let target = Target::parse("0.8*harmonic(1) + 0.6*harmonic(3)", dim, 0)?;
//! let network = Network::random(Activation::Relu, 1.0, dim, 300, 0)?;
//! let path = GradientPath::new(&Population::new(&target).quadratic(&network)?, Step::Auto, &mut Silent)?;
//!
//! let coefficients = path.coefficients(&[0, 1_000, 1_000_000_000]);
//! let residuals = residual_energies(&network, &target, &coefficients, 3, &mut Silent)?;
//! let [start, middle, end] = [0, 1, 2].map(|i| &residuals[i].energies);
//! assert!((start[1] - 0.64).abs() < 1e-12 && (start[3] - 0.36).abs() < 1e-12);
//! // Degree 1 is learned; all of degree 3 remains.
//! assert!(middle[1] < 1e-2 * start[1] && end[3] > 0.9 * start[3]);
//! # Ok::<(), zonal::Error>(())
//! ```
//!
//! # From rows to predictions
//!
//! Rows are standardised, get a bias coordinate and are divided by their length, which puts them on a sphere. The loss on
//! rows is a quadratic form too.
//!
//! ```
//! use zonal::prelude::*;
//!
//! // Two columns and a label.
//! let rows: Vec<[f64; 2]> = (0..200).map(|i| [(i % 20) as f64, 0.1 * (i / 20) as f64]).collect();
//! let labels: Vec<f64> = rows.iter().map(|[a, b]| 5.0 + a * b).collect();
//! let features = Matrix::from_rows(200, 2, rows.concat())?;
//!
//! let lift = Lift::learn(&["a".into(), "b".into()], &Moments::of(&features), 1.0)?;
//! let scale = LabelScale::learn("y", &Moments::of(&Matrix::from_rows(200, 1, labels.clone())?), 0)?;
//! let standard: Vec<f64> = labels.iter().map(|&y| scale.standard(y)).collect();
//!
//! let points = lift.apply(&features)?;
//! let network = Network::random(Activation::Relu, 1.0, lift.dim()?, 200, 0)?;
//! let path = GradientPath::new(&Empirical::new(&points, &standard).quadratic(&network)?, Step::Auto, &mut Silent)?;
//!
//! let new = Matrix::from_rows(1, 2, vec![7.0, 0.35])?;
//! let prediction = network.values(&path.coefficients(&[1_000_000]), &lift.apply(&new)?)?;
//! let prediction = scale.restore(prediction.row(0)[0]);
//! assert!((prediction - (5.0 + 7.0 * 0.35)).abs() < 0.1);
//! # Ok::<(), zonal::Error>(())
//! ```
//!
//! The folder `examples` of the crate has longer programs: activations given as closures, held-out rows, plans, the tangent
//! kernel, sums of shards, hidden units that move.
//!
//! # Modules
//!
//! In the order in which data flows; each uses only those above it.
//!
//! | module | content |
//! | --- | --- |
//! | [`observer`] | progress and interruption |
//! | [`error`] | what can go wrong, with what was found and what is needed |
//! | [`numeric`] | double-double and Taylor arithmetic, special functions, ordered sums, random streams |
//! | [`linalg`] | matrices, products, symmetric eigenproblems |
//! | [`sphere`] | dimension, multiplicities, uniform points |
//! | [`legendre`] | the polynomials P_k by recurrence, and their sums |
//! | [`expression`] | the parser of targets and formulas |
//! | [`activation`] | phi: value, symmetry, closed forms, formulas with their kinks, closures |
//! | [`quadrature`] | Funk-Hecke integrals with error bounds |
//! | [`spectrum`] | the Funk-Hecke spectrum of an activation |
//! | [`kernel`] | kernels of pairs of units, by degree and in closed form; the tangent kernel |
//! | [`target`] | functions to learn, with exact spectra |
//! | [`rows`] | labelled rows and their parts |
//! | [`lift`] | from a table's columns to the sphere |
//! | [`columns`] | from a table's columns to the inputs of grown units |
//! | [`block`] | features of rows in strips that stay in cache |
//! | [`network`] | hidden units, weights of both layers, forward pass |
//! | [`statistics`] | sums over rows, which can be merged |
//! | [`risk`] | the loss, from exact expectations or from rows |
//! | [`dynamics`] | gradient descent: infinite width, every iteration at once, step by step |
//! | [`equivalent`] | predicted errors for any numbers of rows and units |
//! | [`plan`] | width and iterations with a guarantee |
//! | [`measure`] | energy by degree, time to learn, best polynomials |
//! | [`prelude`] | the names that most programs need |
//!
//! # Conventions
//!
//! The measure on the sphere is uniform with total 1, `E` and `||.||` refer to it, and `P_k` is the Legendre polynomial of
//! dimension n with P_k(1) = 1. `N_k` is the number of harmonics of degree k. The loss is E (f - g)^2; gradient descent
//! minimises half of it. Ids such as GD-3 or SQ-1 are formulas, stated and proved in `docs/theory` of the repository, with
//! all conventions in `docs/conventions.md`.

#![deny(unsafe_code)]
// No input may cause a panic.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo))]

pub mod activation;
pub mod block;
pub mod classes;
pub mod columns;
pub mod conformal;
pub mod dynamics;
pub mod equivalent;
pub mod error;
pub mod expression;
mod fused;
mod gram;
pub mod kernel;
#[allow(unreachable_pub, reason = "of this crate alone; its sizes are those of the quadratic form")]
mod lanczos;
pub mod legendre;
pub mod lift;
pub mod linalg;
pub mod measure;
pub mod network;
pub mod numeric;
pub mod observer;
pub mod plan;
pub mod prelude;
pub mod quadrature;
pub mod risk;
pub mod rows;
pub mod spectrum;
pub mod sphere;
pub mod statistics;
pub mod target;
#[allow(unreachable_pub, reason = "of this crate alone; its sizes are those of the network")]
mod units;

pub use error::{Error, Result};

/// The examples of the README are tested.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
