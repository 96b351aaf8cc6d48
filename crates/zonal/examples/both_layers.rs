//! Hidden units that move: gradient descent on both layers, step by step on exact expectations. The units turn towards the
//! direction of the target.

use zonal::measure::{alignment, moving_energies};
use zonal::prelude::*;

fn main() -> zonal::Result<()> {
    let dim = Dim::new(8)?;
    let target = Target::parse("neuron(tanh(3*t))", dim, 0)?;
    let architecture = Architecture {
        activation: Activation::Erf,
        scale: 2.0,
        dim: dim.as_usize(),
        width: 30,
        labels: 1,
        biases: false,
        on_sphere: false,
        parametrisation: Parametrisation::Ntk,
    };
    let start = architecture.weights(Start::Random, 0)?;
    let source = Source::Exact { target: &target };
    let mut descent =
        Descent::new(&architecture, Layers::Both, &start, source, Step::Auto, Precision::F64, 0)?;

    // The direction of the neuron, as the basis of a space of one dimension.
    let direction = target.zonal_terms()[0].direction.clone();
    let direction = Matrix::from_rows(1, dim.as_usize(), direction)?;
    let mut losses = Vec::new();
    for steps in [0, 10, 100, 300] {
        descent.run(steps, 300, &mut Silent)?;
        let weights = descent.weights();
        let residual = moving_energies(&architecture, &weights, &target, 3, &mut Silent)?;
        let aligned = alignment(&weights, &direction)?;
        println!("{steps:>5}  loss {:.2e}  alignment {aligned:.3}", residual.energies.total());
        losses.push(residual.energies.total());
    }
    assert!(losses.windows(2).all(|pair| pair[1] < pair[0]));
    assert!(losses[3] < 1e-2 * losses[0]);
    // Random directions have one eighth of their length in any one direction.
    assert!(alignment(&descent.weights(), &direction)? > alignment(&start, &direction)?);
    Ok(())
}

#[test]
fn example() -> zonal::Result<()> {
    main()
}
