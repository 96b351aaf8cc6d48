//! Tests of the program that take long: `cargo xtask check` leaves them out.

mod faults;
