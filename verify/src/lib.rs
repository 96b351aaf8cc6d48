//! The means by which the project's claims are checked: reference tables of high precision, the order of the modules,
//! and a few statistics. Not published.

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
