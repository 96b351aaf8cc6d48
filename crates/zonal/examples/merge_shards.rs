//! A table in shards: each worker sums over its own rows, the sums are merged, and the path of gradient descent on all rows
//! follows from them. The rows themselves are never in one place.

use zonal::prelude::*;
use zonal::statistics::block_rows;

/// The sums over the rows from `first` on.
fn worker(network: &Network, target: &Target, first: u64, rows: usize) -> zonal::Result<Statistics> {
    let all = uniform_points(target.dim(), first as usize + rows, 1, Purpose::Points);
    let points = all.row_range(first as usize, first as usize + rows);
    let labels = (0..rows).map(|i| target.value(points.row(i))).collect::<zonal::Result<_>>()?;
    let labels = Matrix::from_rows(rows, 1, labels)?;
    let numbers: Vec<u64> = (first..first + rows as u64).collect();
    let mut statistics = Statistics::new(network.width(), 1, 1, Precision::F64);
    let batch = Batch {
        covered: (first, first + rows as u64),
        numbers: &numbers,
        parts: &vec![0; rows],
        points: &points,
        labels: &labels,
        weights: &[],
    };
    statistics.update(network, &batch)?;
    statistics.close(network)?;
    Ok(statistics)
}

fn main() -> zonal::Result<()> {
    let dim = Dim::new(5)?;
    let target = Target::parse("x1*x2 + 0.5*x3", dim, 0)?;
    let network = Network::random(Activation::Relu, 1.0, dim, 60, 0)?;

    // Shards that begin at multiples of this number give the same bits as one pass over all rows.
    let shard = block_rows(network.width()) as usize;
    let first = worker(&network, &target, 0, shard)?;
    let second = worker(&network, &target, shard as u64, 1_000)?;
    let merged = first.merge(second)?;
    let whole = worker(&network, &target, 0, shard + 1_000)?;
    assert_eq!(merged.part(0), whole.part(0));

    // The same rows twice are refused.
    let again = worker(&network, &target, 0, shard)?;
    assert!(whole.merge(again).is_err());

    let path = GradientPath::new(&Quadratic::from_sums(&merged.part(0))?, Step::Auto, &mut Silent)?;
    println!("loss {:.5} at the start, {:.5} after 10^6 steps", path.loss(0), path.loss(1_000_000));
    assert!(path.loss(1_000_000) < 0.1 * path.loss(0));
    Ok(())
}

#[test]
fn example() -> zonal::Result<()> {
    main()
}
