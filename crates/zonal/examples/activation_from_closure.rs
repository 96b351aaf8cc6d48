//! The spectrum of your own activation: a closure, and the points where it is not smooth.

use zonal::prelude::*;

fn main() -> zonal::Result<()> {
    let dim = Dim::new(20)?;
    let elu = Function::new("elu", [0.0], |t: f64| if t > 0.0 { t } else { t.exp_m1() });
    let spectrum = Spectrum::new(&Activation::from(elu), dim, 1.0, 8)?;
    println!("{spectrum}");

    // ReLU does not see the odd degrees from 3 on; this one sees every degree.
    let relu = Spectrum::new(&Activation::Relu, dim, 1.0, 8)?;
    assert!(!relu.visible(3)?);
    for (degree, coefficient) in &spectrum {
        assert!(coefficient.visible(), "degree {degree}");
        // For code the error is an estimate; for named activations and formulas it is proved.
        assert!(!coefficient.proven && coefficient.absolute_error < 1e-13);
    }

    // The same function as a formula, whose kink is found and whose errors are proved.
    let formula: Activation = "max(t,0) + exp(min(t,0)) - 1".parse()?;
    let proved = Spectrum::new(&formula, dim, 1.0, 8)?;
    for ((_, a), (_, b)) in spectrum.iter().zip(&proved) {
        let difference = (a.value.to_f64() - b.value.to_f64()).abs();
        assert!(difference <= a.absolute_error + b.absolute_error);
    }
    Ok(())
}

#[test]
fn example() -> zonal::Result<()> {
    main()
}
