//! Statistical tests and long paths: `cargo xtask check` leaves them out.

mod finite_width;
mod games;
mod long_paths;
mod moving;
