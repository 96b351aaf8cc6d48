use super::*;
use crate::activation::Activation;
use crate::network::Network;
use crate::numeric::random::Purpose;
use crate::sphere::{Dim, uniform_points};

struct Table {
    network: Network,
    points: Matrix,
    labels: Matrix,
    parts: Vec<usize>,
}

fn table(rows: usize) -> Table {
    let dim = Dim::new(4).unwrap();
    let points = uniform_points(dim, rows, 1, Purpose::Points);
    let labels = (0..rows).flat_map(|i| [points.row(i)[0], points.row(i)[1].exp()]).collect();
    Table {
        network: Network::random(Activation::Tanh, 2.0, dim, 30, 0).unwrap(),
        labels: Matrix::from_rows(rows, 2, labels).unwrap(),
        parts: (0..rows).map(|i| usize::from(i % 7 == 3)).collect(),
        points,
    }
}

impl Table {
    /// Adds rows in batches of the given size.
    fn add(&self, s: &mut Statistics, from: usize, to: usize, size: usize) -> Result<()> {
        for first in (from..to).step_by(size) {
            let end = (first + size).min(to);
            let numbers: Vec<u64> = (first as u64..end as u64).collect();
            let batch = Batch {
                covered: (first as u64, end as u64),
                numbers: &numbers,
                parts: &self.parts[first..end],
                points: &self.points.row_range(first, end),
                labels: &self.labels.row_range(first, end),
                weights: &[],
            };
            s.update(&self.network, &batch)?;
        }
        s.close(&self.network)
    }

    fn statistics(&self, from: usize, to: usize, size: usize) -> Statistics {
        let mut s = Statistics::new(30, 2, 2, Precision::F64);
        self.add(&mut s, from, to, size).unwrap();
        s
    }
}

const ROWS: usize = 3 * BLOCK as usize + 1_234;

#[test]
fn bits_do_not_depend_on_batches_or_on_where_whole_blocks_were_summed() {
    let t = table(ROWS);
    let whole = t.statistics(0, ROWS, ROWS);
    for size in [700, 4_096, 20_000] {
        assert_eq!(t.statistics(0, ROWS, size).part(0), whole.part(0), "batches of {size}");
    }
    let block = BLOCK as usize;
    let pieces = [(2 * block, ROWS), (0, block), (block, 2 * block)];
    let mut pieces = pieces.map(|(from, to)| t.statistics(from, to, 999)).into_iter();
    let first = pieces.next().unwrap();
    let merged = pieces.fold(first, |a, b| a.merge(b).unwrap());
    for part in [0, 1] {
        assert_eq!(merged.part(part), whole.part(part));
    }
    assert_eq!(merged.next_row(), ROWS as u64);
    assert_eq!(merged.clone().into_parts(), vec![whole.part(0), whole.part(1)]);
    assert_eq!(t.statistics(block, ROWS, ROWS).next_row(), 0);
}

#[test]
fn pieces_that_cut_a_block_agree_up_to_rounding() {
    let t = table(ROWS);
    let whole = t.statistics(0, ROWS, ROWS).part(1);
    let merged = t.statistics(0, 20_001, 500).merge(t.statistics(20_001, ROWS, 800)).unwrap().part(1);
    assert_eq!(merged.weight, whole.weight);
    for (a, b) in merged.gram.values().iter().zip(whole.gram.values()) {
        assert!((a - b).abs() <= 1e-13 * whole.weight);
    }
}

#[test]
fn sums_are_those_of_the_features() {
    let t = table(500);
    let sums = t.statistics(0, 500, 77).part(0);
    let chosen: Vec<usize> = (0..500).filter(|i| t.parts[*i] == 0).collect();
    assert_eq!(sums.weight, chosen.len() as f64);
    let features = t.network.features(&t.points).unwrap();
    let f = |i: usize, j: usize| features.row(i)[j];
    let gram: f64 = chosen.iter().map(|&i| f(i, 5) * f(i, 3)).sum();
    assert!((sums.gram.row(5)[3] - gram).abs() < 1e-12);
    let cross: f64 = chosen.iter().map(|&i| f(i, 7) * t.labels.row(i)[1]).sum();
    assert!((sums.correlation.row(1)[7] - cross).abs() < 1e-12);
    let coefficients = Matrix::from_rows(2, 30, (0..60).map(|i| f64::from(i).sin()).collect()).unwrap();
    for (label, loss) in sums.losses(&coefficients).unwrap().into_iter().enumerate() {
        let error =
            |i: usize| crate::linalg::dot(features.row(i), coefficients.row(label)) - t.labels.row(i)[label];
        let exact = chosen.iter().map(|&i| error(i).powi(2)).sum::<f64>() / chosen.len() as f64;
        assert!((loss / exact - 1.0).abs() < 1e-12);
    }
}

#[test]
fn rows_are_not_taken_twice() {
    let t = table(ROWS);
    let mut s = t.statistics(0, ROWS, ROWS);
    assert!(t.add(&mut s.clone(), 0, 100, 100).is_err());
    assert!(s.clone().merge(s.clone()).is_err());
    // A truncated block accepts the rest of its rows, and no others.
    let rest = (ROWS..ROWS + 10).map(|i| i as u64).collect::<Vec<_>>();
    let extra = table(10);
    let batch = Batch {
        covered: (ROWS as u64, 4 * BLOCK),
        numbers: &rest,
        parts: &[0; 10],
        points: &extra.points,
        labels: &extra.labels,
        weights: &[],
    };
    s.update(&t.network, &batch).unwrap();
    assert_eq!(s.next_row(), 4 * BLOCK);
    assert!(s.update(&t.network, &batch).is_err());
}

#[test]
fn saved_sums_come_back() {
    let t = table(ROWS);
    let whole = t.statistics(0, ROWS, 5_000);
    let mut again = Statistics::new(30, 2, 2, Precision::F64);
    for e in whole.export() {
        again.import(e.first_block, e.level, e.covered, e.sums.to_vec()).unwrap();
    }
    assert_eq!(again.part(0), whole.part(0));
    let e = whole.export()[0];
    assert!(again.import(e.first_block, e.level, e.covered, e.sums.to_vec()).is_err());
    assert!(again.import(64, 3, 10, vec![Sums::zeros(30, 2)]).is_err());
    assert!(again.import(1, 3, 10, e.sums.to_vec()).is_err());
}

#[test]
fn single_precision_is_close() {
    let t = table(3_000);
    let mut narrow = Statistics::new(30, 2, 2, Precision::F32);
    t.add(&mut narrow, 0, 3_000, 1_000).unwrap();
    let (narrow, wide) = (narrow.part(0), t.statistics(0, 3_000, 1_000).part(0));
    for (a, b) in narrow.gram.values().iter().zip(wide.gram.values()) {
        assert!((a - b).abs() <= 1e-6 * wide.weight / 30.0);
    }
}

#[test]
fn weights_count_as_repeated_rows_in_both_precisions() {
    let t = table(1_500);
    let weights: Vec<f64> = (0..1_500).map(|i| f64::from(1 + i % 3)).collect();
    let repeated: Vec<usize> = (0..1_500).flat_map(|i| vec![i; 1 + i % 3]).collect();
    let sums = |points: &Matrix, labels: &Matrix, weights: &[f64], precision| {
        let mut s = Statistics::new(30, 2, 1, precision);
        let numbers: Vec<u64> = (0..points.rows() as u64).collect();
        let parts = vec![0; points.rows()];
        let covered = (0, points.rows() as u64);
        let batch = Batch { covered, numbers: &numbers, parts: &parts, points, labels, weights };
        s.update(&t.network, &batch).unwrap();
        s.close(&t.network).unwrap();
        s.part(0)
    };
    for (precision, tolerance) in [(Precision::F64, 1e-13), (Precision::F32, 1e-6)] {
        let weighted = sums(&t.points, &t.labels, &weights, precision);
        let whole = sums(&t.points.select(&repeated), &t.labels.select(&repeated), &[], precision);
        assert_eq!(weighted.weight, 3_000.0);
        assert_eq!(whole.weight, 3_000.0);
        let near = |a: &[f64], b: &[f64]| {
            assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance * 3_000.0), "{precision:?}");
        };
        near(weighted.gram.values(), whole.gram.values());
        near(weighted.correlation.values(), whole.correlation.values());
        near(&weighted.label_sq, &whole.label_sq);
        // Weights of 1 give the unweighted sums, bit for bit.
        assert_eq!(
            sums(&t.points, &t.labels, &[1.0; 1_500], precision),
            sums(&t.points, &t.labels, &[], precision)
        );
    }
}

#[test]
fn batches_with_and_without_weights_mix_and_bad_weights_are_refused() {
    let t = table(600);
    let mut s = Statistics::new(30, 2, 1, Precision::F64);
    let numbers: Vec<u64> = (0..600).collect();
    let half = |from: usize, weights: &'static [f64]| {
        let points = t.points.row_range(from, from + 300);
        let labels = t.labels.row_range(from, from + 300);
        (points, labels, weights)
    };
    static TWOS: [f64; 300] = [2.0; 300];
    for (from, (points, labels, weights)) in [(0, half(0, &[])), (300, half(300, &TWOS))] {
        let batch = Batch {
            covered: (from as u64, from as u64 + 300),
            numbers: &numbers[from..from + 300],
            parts: &[0; 300],
            points: &points,
            labels: &labels,
            weights,
        };
        s.update(&t.network, &batch).unwrap();
    }
    s.close(&t.network).unwrap();
    let squares = |from: usize, factor: f64| {
        (from..from + 300).map(|i| factor * t.labels.row(i)[1].powi(2)).sum::<f64>()
    };
    let sums = s.part(0);
    assert_eq!(sums.weight, 900.0);
    assert!((sums.label_sq[1] - squares(0, 1.0) - squares(300, 2.0)).abs() < 1e-9);
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let (points, labels) = (t.points.row_range(0, 1), t.labels.row_range(0, 1));
        let batch = Batch {
            covered: (600, 601),
            numbers: &[600],
            parts: &[0],
            points: &points,
            labels: &labels,
            weights: &[bad],
        };
        assert!(s.update(&t.network, &batch).unwrap_err().to_string().contains("weight"));
    }
}
