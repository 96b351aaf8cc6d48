//! Tools of the tests: reference tables of high precision, the order of the modules, generated documents, and a few
//! statistics. Not published.

#![deny(unsafe_code)]

pub mod documents;
pub mod faults;
pub mod figures;
pub mod hostile;
pub mod layers;
#[allow(unsafe_code, reason = "functions compiled for the instructions that the processor has")]
pub mod peak;
pub mod reference;
pub mod statistics;

/// The Rust examples of pages, run as tests of the documentation.
#[cfg(doctest)]
mod examples {
    #[doc = include_str!("../../README.md")]
    struct Readme;
    #[doc = include_str!("../../docs/how-to/use-from-rust.md")]
    struct HowTo;
}
