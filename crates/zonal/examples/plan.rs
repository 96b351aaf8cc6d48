//! A width and a number of iterations with a proved loss, and the loss that training with them has.

use zonal::prelude::*;

fn main() -> zonal::Result<()> {
    let dim = Dim::new(6)?;
    let target = Target::parse("x1 + x1*x2", dim, 0)?;
    let activation = Activation::Relu;

    let spectrum = Spectrum::new(&activation, dim, 1.0, 2)?;
    let epsilon = 0.1 * target.norm_sq()?;
    let goal = Goal { degree: 2, epsilon, width: None, iterations: None };
    let plan = Plan::new(&target.power_spectrum(2)?, &spectrum, goal)?;
    println!(
        "width {}, {} iterations: mean loss at most {:.5}",
        plan.width, plan.iterations, plan.loss_bound
    );
    assert_eq!(plan.degrees, [1, 2]);
    assert!(plan.loss_bound <= plan.best_polynomial_error + epsilon);

    // The bound is on the mean over hidden units; five draws are far below it.
    let width = usize::try_from(plan.width).unwrap_or(usize::MAX);
    for seed in 0..5 {
        let network = Network::random(activation.clone(), 1.0, dim, width, seed)?;
        let quadratic = Population::new(&target).quadratic(&network)?;
        let path = GradientPath::new(&quadratic, Step::Fixed(plan.step_size), &mut Silent)?;
        println!("seed {seed}: {:.5}", path.loss(plan.iterations));
        assert!(path.loss(plan.iterations) < plan.loss_bound);
    }

    // tanh is odd: degree 2 cannot be learned at any width, and the plan says what that costs.
    let tanh = Spectrum::new(&Activation::Tanh, dim, 1.0, 2)?;
    let plan = Plan::new(&target.power_spectrum(2)?, &tanh, goal)?;
    assert_eq!(plan.invisible_degrees, [2]);
    assert!((plan.invisible_energy - target.power_spectrum(2)?.energies[2]).abs() < 1e-15);
    Ok(())
}

#[test]
fn example() -> zonal::Result<()> {
    main()
}
