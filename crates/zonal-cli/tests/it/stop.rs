//! The rows that choose the iteration: leave-one-out against refits, its default, and ridges.

use crate::common::Place;
use crate::tables::{csv, trained, values};
use zonal::dynamics::{GradientPath, Step};
use zonal::linalg::Matrix;
use zonal::observer::Silent;
use zonal::risk::Quadratic;
use zonal_documents::train::{Stop, TrainReport};
use zonal_io::model::{HiddenLayer, Model};

/// The rows of a training: the features of its network, labels in standard units, and weights.
struct Fitted {
    features: Matrix,
    labels: Matrix,
    weights: Vec<f64>,
    units: Vec<f64>,
}

/// Reads the network of a run on all rows: columns a, b and c, and labels y and z.
fn fitted(place: &Place, run: &str, rows: &[[f64; 5]], weights: &[f64]) -> Fitted {
    let model = Model::load(&place.path().join(run).join("model.safetensors")).unwrap();
    let table = model.description.table.unwrap();
    let HiddenLayer::Fixed(network) = &model.hidden else { panic!("drawn units") };
    let columns = rows.iter().flat_map(|r| r[..3].to_vec()).collect();
    let points = table.lift.apply(&Matrix::from_rows(rows.len(), 3, columns).unwrap()).unwrap();
    let standard =
        |r: &[f64; 5]| [0, 1].map(|l| (r[3 + l] - table.labels[l].mean) / table.labels[l].deviation);
    Fitted {
        features: network.features(&points).unwrap(),
        labels: Matrix::from_rows(rows.len(), 2, rows.iter().flat_map(standard).collect()).unwrap(),
        weights: weights.to_vec(),
        units: table.labels.iter().map(|l| l.deviation).collect(),
    }
}

impl Fitted {
    /// Returns the mean square over rows and labels of the residuals of rows in descent on all rows with other features.
    fn refitted(&self, step: f64, ridge: f64, iterations: &[u64]) -> Vec<f64> {
        let (rows, width) = (self.features.rows(), self.features.columns());
        let total: f64 = self.weights.iter().sum();
        let mut out = vec![0.0; iterations.len()];
        for i in 0..rows {
            let others: Vec<usize> =
                (0..rows).filter(|&j| self.features.row(j) != self.features.row(i)).collect();
            let mut k = Matrix::zeros(width, width);
            let mut b = Matrix::zeros(2, width);
            for &j in &others {
                let (x, w) = (self.features.row(j), self.weights[j] / total);
                for p in 0..width {
                    k.row_mut(p).iter_mut().zip(x).for_each(|(k, q)| *k += w * x[p] * q);
                    (0..2).for_each(|l| b.row_mut(l)[p] += w * x[p] * self.labels.row(j)[l]);
                }
            }
            let quadratic = Quadratic::with_labels(k, b, vec![1.0; 2]).unwrap().with_ridge(ridge).unwrap();
            let path = GradientPath::new(&quadratic, Step::Fixed(step), &mut Silent).unwrap();
            let coefficients = path.coefficients(iterations);
            for (place, out) in out.iter_mut().enumerate() {
                for l in 0..2 {
                    let a = coefficients.row(2 * place + l);
                    let predicted: f64 = a.iter().zip(self.features.row(i)).map(|(a, x)| a * x).sum();
                    let residual = self.units[l] * (self.labels.row(i)[l] - predicted);
                    *out += self.weights[i] / total * residual * residual / 2.0;
                }
            }
        }
        out
    }
}

fn report(place: &Place, arguments: &[&str]) -> TrainReport {
    serde_json::from_str(&place.succeed(arguments).stdout).unwrap()
}

/// Several labels, weights, rows with equal features, steps and ridges.
#[test]
fn leave_one_out_is_a_refit_without_each_row() {
    let place = Place::new();
    let mut rows = values(70);
    // Copies with other labels: all three rows are left out together.
    for i in [3, 41] {
        rows.push([rows[7][0], rows[7][1], rows[7][2], 0.1 * f64::from(i), 2.0]);
    }
    let weights: Vec<f64> = (0..rows.len()).map(|i| [1.0, 0.5, 3.0][i % 3]).collect();
    let lines = rows.iter().zip(&weights);
    let lines = lines.map(|(r, w)| format!("{},{w}\n", r.map(|x| x.to_string()).join(",")));
    let text: String = ["a,b,c,y,z,w\n".to_owned()].into_iter().chain(lines).collect();
    place.file("t.csv", text);
    for (run, more) in [
        ("plain", &["--width", "20"][..]),
        ("wide", &["--width", "90", "--ridge", "1e-4"]),
        ("step", &["--width", "15", "--step", "2.5", "--ridge", "0.1"]),
    ] {
        let base = [
            "train",
            "t.csv",
            "--label",
            "y,z",
            "--weight",
            "w",
            "--stop",
            "leave-one-out",
            "--test-fraction",
            "0",
            "-a",
            "tanh",
            "--scale",
            "1",
            "--bias",
            "1",
            "--at",
            "1,30,1000,100000",
            "--format",
            "json",
            "--solver",
            "dense",
            "--out",
            run,
        ];
        let found = report(&place, &[&base[..], more].concat());
        assert_eq!(found.stop, Some(Stop::LeaveOneOut), "{run}");
        let counts = found.rows.unwrap();
        assert_eq!((counts.train, counts.validation, counts.test), (72, 0, 0));
        let fitted = fitted(&place, run, &rows, &weights);
        let ridge = found.ridge.unwrap();
        let iterations: Vec<u64> = found.path.iter().map(|c| c.iteration).collect();
        let expected = fitted.refitted(found.step_size, ridge, &iterations);
        for (checkpoint, expected) in found.path.iter().zip(&expected) {
            let loss = checkpoint.validation_loss.unwrap();
            let t = checkpoint.iteration;
            assert!((loss - expected).abs() < 1e-8 * expected, "{run} {t}: {loss} {expected}");
        }
        // The interval is that of the same residuals.
        assert_eq!(found.interval.unwrap().rows, 72);
    }
}

#[test]
fn a_ridge_ends_at_ridge_regression() {
    let place = Place::new();
    let rows = values(90);
    place.file("t.csv", csv(&rows));
    let weights = vec![1.0; 90];
    for (run, ridge) in [("small", "1e-6"), ("large", "0.5")] {
        let found = report(
            &place,
            &[
                "train",
                "t.csv",
                "--label",
                "y,z",
                "--stop",
                "validation",
                "--validation-fraction",
                "0",
                "--test-fraction",
                "0",
                "-a",
                "relu",
                "--scale",
                "1",
                "--bias",
                "1",
                "--at",
                "1e12",
                "--width",
                "30",
                "--ridge",
                ridge,
                "--format",
                "json",
                "--out",
                run,
            ],
        );
        assert_eq!((found.stop, found.ridge), (None, Some(ridge.parse().unwrap())));
        let fitted = fitted(&place, run, &rows, &weights);
        let model = Model::load(&place.path().join(run).join("model.safetensors")).unwrap();
        let last = model.coefficients.rows() - 2;
        let mut loss = 0.0;
        for l in 0..2 {
            // The gradient of the penalised loss vanishes.
            let a = model.coefficients.row(last + l);
            let residual = |i: usize| {
                let f: f64 = a.iter().zip(fitted.features.row(i)).map(|(a, x)| a * x).sum();
                fitted.labels.row(i)[l] - f
            };
            for (p, a) in a.iter().enumerate() {
                let gradient: f64 = (0..90).map(|i| residual(i) * fitted.features.row(i)[p] / 90.0).sum();
                let ridge = found.ridge.unwrap();
                assert!((gradient - ridge * a).abs() < 1e-9, "{run}: {gradient} {}", ridge * a);
            }
            loss += (0..90).map(|i| (fitted.units[l] * residual(i)).powi(2) / 180.0).sum::<f64>();
        }
        // Losses are those of the network, without the penalty.
        assert!((found.loss - loss).abs() < 1e-9 * loss, "{run}: {} {loss}", found.loss);
    }
}

#[test]
fn small_tables_are_stopped_by_leave_one_out() {
    let place = Place::new();
    place.file("t.csv", csv(&values(200)));
    let base = ["t.csv", "--label", "y", "--scale", "2", "--bias", "1", "--out", "none"];
    let of = |more: &[&str]| trained(&place, &[&base[..], more].concat());
    let usual = of(&[]);
    let rows = usual.rows.unwrap();
    assert_eq!((usual.stop, usual.folds, rows.validation), (Some(Stop::LeaveOneOut), None, 0));
    assert!(rows.train + rows.test == 200 && usual.validation_rmse.is_some());
    let best = usual.path.iter().map(|c| c.validation_loss.unwrap()).fold(f64::INFINITY, f64::min);
    assert_eq!(usual.best().unwrap().validation_loss, Some(best));
    assert_eq!(usual.validation_rmse, Some(best.sqrt()));
    assert_eq!(usual, of(&["--stop", "leave-one-out"]));
    // With rows left out there are none to refit to.
    assert_eq!(usual, of(&["--refit"]));
    for more in [&["--stop", "validation"][..], &["--validation-fraction", "0.3"], &["--validation", "t.csv"]]
    {
        assert_eq!(of(more).stop, Some(Stop::Validation), "{more:?}");
    }
    assert_eq!(of(&["--validation-fraction", "0"]).stop, None);
    assert_eq!((of(&["--stop", "folds"]).folds, of(&["--folds", "3"]).stop), (Some(5), Some(Stop::Folds)));
    let shown =
        place.succeed(&[&["train", "--hidden", "drawn", "-a", "tanh", "--width", "60"], &base[..]].concat());
    for part in ["each left out once", "leave-one-out RMSE", "chosen by leave-one-out"] {
        assert!(shown.stdout.contains(part), "{}", shown.stdout);
    }
    place.file("large.csv", csv(&values(20_000)));
    let large = ["train", "large.csv", "--label", "y", "--hidden", "drawn", "-a", "tanh", "--scale", "2"];
    let more = ["--bias", "1", "--width", "8", "--at", "100", "--format", "json", "--out", "none"];
    assert_eq!(report(&place, &[&large[..], &more].concat()).stop, Some(Stop::Validation));
    let single = of(&["--precision", "f32"]);
    assert_eq!(single.stop, Some(Stop::Validation));
    place.fail(
        &[&["train"], &base[..], &["--stop", "leave-one-out", "--precision", "f32"]].concat(),
        2,
        &["--stop leave-one-out", "f64", "--precision f32"],
    );
}

#[test]
fn rows_that_do_not_fit_together_are_refused_by_name() {
    let place = Place::new();
    place.file("t.csv", csv(&values(60)));
    let fail = |more: &[&str], parts: &[&str]| {
        place.fail(&[&["train", "t.csv", "--label", "y", "--out", "none"], more].concat(), 2, parts);
    };
    let left_out = ["--stop", "leave-one-out"];
    for (more, parts) in [
        (&["--groups", "a"][..], &["--groups", "--stop leave-one-out"][..]),
        (&["--time", "a"], &["--time", "--stop leave-one-out"]),
        (&["--folds", "3"], &["--folds", "--stop leave-one-out"]),
        (&["--validation", "t.csv"], &["--validation", "--stop leave-one-out"]),
        (&["--layers", "both"], &["--stop leave-one-out", "output layer"]),
        (&["--hidden", "grown"], &["--stop leave-one-out", "--folds", "--hidden drawn"]),
        (&["-a", "relu", "--step", "1000"], &["the step", "diverges"]),
    ] {
        fail(&[&left_out[..], more].concat(), parts);
    }
    let close = [
        "--width",
        "9",
        "-a",
        "relu",
        "--scale",
        "1",
        "--bias",
        "1",
        "--test-fraction",
        "0",
        "--format",
        "json",
    ];
    let step = report(
        &place,
        &[&["train", "t.csv", "--label", "y", "--out", "none"], &left_out[..], &close].concat(),
    )
    .step_size;
    let long = (1.95 * step).to_string();
    fail(
        &[&left_out[..], &close, &["--step", &long]].concat(),
        &["too large for --stop leave-one-out", "--stop validation"],
    );
    fail(&["--stop", "validation", "--folds", "3"], &["--folds", "--stop validation"]);
    fail(&["--stop", "validation", "--hidden", "grown"], &["--stop validation", "--hidden drawn"]);
    fail(&["--ridge", "-1"], &["--ridge is -1", "at least 0"]);
    fail(&["--ridge", "1", "--hidden", "grown"], &["--ridge", "--hidden grown"]);
    fail(&["--ridge", "1", "--layers", "both"], &["--ridge", "output layer"]);
    place.fail(&["train", "--target", "x1", "--ridge", "1"], 2, &["--ridge", "--target"]);
}
