//! Statistical tests and long paths, which `cargo xtask check` skips.

mod finite_width;
mod games;
mod long_paths;
mod moving;
