//! The program as its users meet it, in one test program: each module is linked with everything only once.

mod again;
mod bad_input;
mod classes;
mod commands;
mod common;
mod curve;
mod descent;
mod encoding;
mod faults;
mod generated;
mod golden;
mod grown;
mod help;
mod intervals;
mod parts;
mod plan;
mod predict;
mod report;
mod runs;
mod sq;
mod stop;
mod sweep;
mod tables;
