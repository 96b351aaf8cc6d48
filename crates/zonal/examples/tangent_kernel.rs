//! The tangent kernel at the start of training: its values, its eigenvalues by degree, and how fast they fall.

use std::f64::consts::PI;
use zonal::kernel::{TangentKernel, decay_exponent, tangent_eigenvalues};
use zonal::prelude::*;

fn main() -> zonal::Result<()> {
    // On the circle degrees are frequencies.
    let dim = Dim::new(2)?;
    let kernel = TangentKernel::new(&Activation::Relu, dim, 1.0, false)?;
    for angle in [0.1f64, 1.0, 2.0, 3.0] {
        // Both layers: the first-order arc-cosine kernel over n, and cos(angle) times the zeroth-order one.
        let rest = PI - angle;
        let expected = (angle.sin() + rest * angle.cos()) / (4.0 * PI) + angle.cos() * rest / (2.0 * PI);
        assert!((kernel.value(angle.cos()) - expected).abs() < 1e-14);
    }

    // Without biases the odd frequencies from 3 on are invisible, with biases none is.
    let eigenvalues = |bias| tangent_eigenvalues(&Activation::Relu, dim, 1.0, bias, 60);
    let (without, with) = (eigenvalues(false)?, eigenvalues(true)?);
    for k in 0..=60 {
        println!("{k:>3}  {:>12.4}  {:>12.4}", without[k], with[k]);
        assert_eq!(without[k].sign() == 0, k > 1 && k % 2 == 1);
        assert!(with[k].sign() > 0);
    }

    // Eigenvalues fall like 1/k^2 in two dimensions: twice the frequency takes four times as long.
    let tail = with.iter().enumerate().skip(20).map(|(k, x)| (k, x.ln_abs()));
    let decay = decay_exponent(tail);
    assert!(decay.is_some_and(|d| (d.exponent - 2.0).abs() < 0.1), "{decay:?}");
    Ok(())
}

#[test]
fn example() -> zonal::Result<()> {
    main()
}
