//! The whole path of gradient descent on a target, from exact expectations over the sphere: nothing is sampled, and an
//! iteration costs the same, however late it is.

use zonal::prelude::*;

fn main() -> zonal::Result<()> {
    let dim = Dim::new(10)?;
    let target = Target::parse("0.6*harmonic(1) + 0.5*harmonic(2) + 0.4*harmonic(3)", dim, 0)?;
    let network = Network::random(Activation::Relu, 1.0, dim, 400, 0)?;
    let path = GradientPath::new(&Population::new(&target).quadratic(&network)?, Step::Auto, &mut Silent)?;

    let iterations = [0, 10, 1_000, 100_000, 10_000_000];
    let coefficients = path.coefficients(&iterations);
    let residuals = residual_energies(&network, &target, &coefficients, 4, &mut Silent)?;
    println!("iteration      loss  degree 1  degree 2  degree 3");
    for (&t, residual) in iterations.iter().zip(&residuals) {
        let [_, one, two, three, _] = residual.energies[..] else { unreachable!("degrees 0 to 4") };
        println!("{t:>9}  {:>8.5}  {one:>8.5}  {two:>8.5}  {three:>8.5}", path.loss(t));
        // The energies by degree add up to the loss.
        assert!((residual.total() - path.loss(t)).abs() < 1e-10);
    }

    // Degree 1 is learned before degree 2, and degree 3 is never learned: ReLU does not see it.
    let share = |t: usize, k: usize| residuals[t].energies[k] / residuals[0].energies[k];
    assert!(share(1, 1) < 0.1 && share(1, 2) > 0.5);
    assert!(share(4, 2) < 0.01);
    assert!(share(4, 3) > 0.9);

    // The prediction of infinite width for degree 2.
    let spectrum = Spectrum::new(network.activation(), dim, network.scale(), 4)?;
    let operator = Operator::with_step(&spectrum, path.step());
    assert!(operator.time_to_learn(2, 0.5)?.is_some_and(|t| (10..1_000).contains(&t)));
    assert_eq!(operator.time_to_learn(3, 0.5)?, None);
    Ok(())
}

#[test]
fn example() -> zonal::Result<()> {
    main()
}
