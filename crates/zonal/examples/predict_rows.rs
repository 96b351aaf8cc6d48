//! From rows to predictions without files: standardise and lift to the sphere, solve the path of gradient descent, choose the
//! iteration on held-out rows, predict in the label's unit.

use zonal::prelude::*;

/// Four columns in different units, and a label that depends on three of them.
fn table(rows: usize) -> zonal::Result<(Matrix, Matrix)> {
    let points = uniform_points(Dim::new(4)?, rows, 7, Purpose::Points);
    let mut features = points.clone();
    let mut labels = Matrix::zeros(rows, 1);
    for i in 0..rows {
        let x = points.row(i);
        features.row_mut(i).copy_from_slice(&[20.0 + 5.0 * x[0], x[1], 1000.0 * x[2], 0.01 * x[3]]);
        labels.row_mut(i)[0] = 50.0 + 8.0 * x[0] * x[1] + 3.0 * x[2];
    }
    Ok((features, labels))
}

fn main() -> zonal::Result<()> {
    let (features, labels) = table(1_200)?;
    let (training, held_out) = (features.row_range(0, 800), features.row_range(800, 1_200));

    // All constants come from the training rows.
    let columns = ["temperature", "ratio", "height", "share"].map(String::from);
    let lift = Lift::learn(&columns, &Moments::of(&training), 1.0)?;
    let label = LabelScale::learn("yield", &Moments::of(&labels.row_range(0, 800)), 0)?;
    let standard: Vec<f64> = labels.values()[..800].iter().map(|&y| label.standard(y)).collect();

    let points = lift.apply(&training)?;
    let network = Network::random(Activation::Relu, 1.0, lift.dim()?, 300, 0)?;
    let quadratic = Empirical::new(&points, &standard).quadratic(&network)?;
    let path = GradientPath::new(&quadratic, Step::Auto, &mut Silent)?;

    // One row of output weights for each iteration count, one column of predictions for each.
    let iterations = logarithmic_grid(1_000_000_000);
    let values = network.values(&path.coefficients(&iterations), &lift.apply(&held_out)?)?;
    let error = |t: usize| -> f64 {
        let squares = (0..400).map(|i| (label.restore(values.row(i)[t]) - labels.values()[800 + i]).powi(2));
        (squares.sum::<f64>() / 400.0).sqrt()
    };
    let best = (0..iterations.len()).min_by(|&a, &b| error(a).total_cmp(&error(b))).unwrap_or(0);
    println!("error {:.3} at iteration {}, {:.3} at 0", error(best), iterations[best], error(0));
    assert!(error(best) < 0.2 * error(0));
    // Longer training fits the training rows better, and the held-out rows worse.
    let last = iterations.len() - 1;
    assert!(path.loss(iterations[last]) < path.loss(iterations[best]) && error(last) > error(best));
    Ok(())
}

#[test]
fn example() -> zonal::Result<()> {
    main()
}
