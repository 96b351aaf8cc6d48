//! Examples and explanations that follow the options in the help of each command.

pub(crate) const SPECTRUM: &str = r"Examples:
  zonal spectrum --activation relu --dim 10 --max-degree 12
  zonal spectrum --activation relu,tanh --dim 10,100,inf
  zonal spectrum --activation 't*tanh(t)' --scale sqrt-dim
  zonal spectrum --for-degrees 0..4 --dim 20

Each degree k of a target is learned at the rate of its eigenvalue alpha_k^2. A degree whose coefficient is zero is
invisible: no width and no number of iterations learns it.";

pub(crate) const PLAN: &str = r"Examples:
  zonal plan --target 'x1*x2 + 0.5*x3' --dim 8
  zonal plan --target '0.6*harmonic(2) + 0.8*harmonic(1) + 0.3*harmonic(4)' --dim 10 --degree 2 --epsilon 0.05 --verify
  zonal plan --target 'harmonic(3)' --dim 10 --activation relu

The mean of the loss over random hidden units is at most the error of the best polynomial of the degree plus epsilon
(plus the energy of degrees that are invisible to the activation). The guarantee is for exact expectations, as in
`train --target`, not for tables.";

pub(crate) const TRAIN: &str = r"Examples:
  zonal train data.csv --label y
  zonal train 'rows/*.parquet' --label y,z --width 4000 --folds 5
  zonal train --target '0.8*harmonic(2) + 0.3*harmonic(4)' --dim 10 --width 2000 --iterations 1e9
  zonal train --target 'teacher(tanh, units=5) + x1^2' --dim 8 --activation tanh --width inf
  zonal train --target 'neuron(tanh)' --dim 20 --layers both --activation erf --width 500
  zonal train data.csv --label y --layers both --batch 256 --precision f32

Targets are sums of polynomials in x1..xn, harmonic(K), neuron(A) and teacher(A, units=U) with coefficients.
By default, gradient descent trains the output layer from zero, and any number of iterations costs the same. With
--layers both or hidden, or a --batch, training is iterative.

The run folder contains run.json, metrics.jsonl and metrics.csv (the path), model.safetensors, report.html, and for
tables test_rows.csv (labels and predictions of up to 1,000 evenly spaced test rows).";

pub(crate) const ANALYZE: &str = r"Examples:
  zonal analyze data.csv --label y
  zonal analyze 'rows/*.parquet' --label y --max-degree 4 --format json

Energies are those of the label over the directions of the standardised rows (over the rows themselves if all have
length 1). They are harmonic energies if the rows are uniform on the sphere; a test of uniformity is printed. The
energy of degree 0 is the square of the label's mean.

Columns of --format csv: error and test_error are mean squared errors, rmse and test_rmse their roots.";

pub(crate) const PREDICT: &str = r"Examples:
  zonal predict runs/diabetes-relu-1 new.csv > predictions.csv
  zonal predict runs/diabetes-relu-1 examples/data/diabetes.csv --label progression --part test
  cat new.csv | zonal predict runs/diabetes-relu-1 -";

pub(crate) const REPORT: &str = r"The page of one run is written into its folder, that of several runs to comparison.html or the file given by --out.
Trainings are compared; sweeps, checked claims and games follow one after the other.

Examples:
  zonal report runs/data-relu-1
  zonal report runs/a runs/b --out both.html
  zonal report runs/a --figures svg,png";

pub(crate) const REPRODUCE: &str = r"Examples:
  zonal reproduce
  zonal reproduce --claim frequency,width
  zonal reproduce --quick --format json

Claims: convergence, width, iterations, representation, frequency, operator, invisible, sigmoid, relu, batches,
circle, tangent-limit, both-layers, sq-lower-bound, sq-descent-stalls, sq-attack, sq-samples, sq-upper-bound. All of
them take a few minutes, with --quick about one. The exit code is 3 if a claim does not hold. Seeds are fixed: the
same version yields the same numbers.";

pub(crate) const SWEEP: &str = r#"Examples:
  zonal sweep examples/staircase.toml
  zonal sweep grid.toml --out runs/grid --at-once 2
  zonal sweep --resume runs/grid

The file. Only target, dim and width are required. A key may hold one value or a list; lists span the grid:

  target = "harmonic({degree})"     # {degree} stands for each degree in turn
  dim = [5, 10]
  degree = [1, 2, 3]
  activation = "tanh"               # default relu
  scale = "sqrt-dim"                # or a number; default 1
  width = [100, "n^2", "3*n^1.5"]   # counts, or powers of the dimension
  rows = ["exact", "n^2"]           # sampled rows; default exact expectations
  noise = 0.1                       # standard deviation added to sampled labels; a number, default 0
  step = "auto"                     # or a number
  iterations = [1e3, 1e9]           # default 1e9; all of them come from one path
  seeds = 5                         # number of seeds, from --seed on; default 5
  max-degree = 4                    # largest degree of the energies in the table

The folder contains report.html, table.csv, table.arrow (for pandas, polars, R), a copy of the file, and the finished
trainings. Ctrl-C keeps those and prints how to resume; the resumed table is identical byte for byte. Equal cells are
trained once. If the step is too large, the cell counts the seeds that diverged and has no losses."#;

pub(crate) const SQ: &str = r"A learner by statistical queries sees a target only through expectations E h(x, y), each answered with an error up
to a tolerance. Gradient descent is such a learner, with correlational queries y g(x).

Examples:
  zonal sq bound --family zonal --dim 100,1000 --degree 3,6 --tolerance .3,.1,.03,.01
  zonal sq play --family monomials --dim 12 --degree 3 --tolerance .25 --learner greedy
  zonal sq learn --target 'harmonic(2)' --dim 10 --oracle lazy:0.3";

pub(crate) const SQ_BOUND: &str = r"Families: zonal, sqrt(N) P_k(<u,x>) in an unknown direction u; random, any combination of all N harmonics of degree
k; signs, a product of k of the signs of the coordinates; monomials, a product of k coordinates.

Tolerances are for queries of norm 1 if correlational, and for values in [-1, 1] otherwise. A bound below one query
excludes nothing and is called vacuous.

Examples:
  zonal sq bound --family zonal --dim 1000 --degree 3 --tolerance .01
  zonal sq bound --family random --dim 20,50,100 --degree 3 --tolerance .3,.1,.03 --queries any
  zonal sq bound --family signs --dim 100 --degree 4 --tolerance .03 --format json";

pub(crate) const SQ_PLAY: &str = r"Learners: greedy queries the combination of members that excludes most; members queries one member after the other;
regression, a basis of all harmonics of the degree; descent, hidden ReLU units in random directions; attack, the
clipped label, which is not a correlational query; brute-force uses rows instead of queries.

Examples:
  zonal sq play --family monomials --dim 12 --degree 3 --tolerance .25 --learner greedy
  zonal sq play --family zonal --directions devore --dim 25 --degree 3 --size 125 --tolerance .5 --learner members --answers interval
  zonal sq play --family signs --dim 100 --degree 4 --size 5000 --tolerance .1 --learner brute-force --noise .5 --rows 48";

pub(crate) const SQ_LEARN: &str = r"Oracles: exact; honest:TAU adds a uniform error; quantised:TAU rounds to multiples of 2 TAU; lazy:TAU answers zero
if that is within TAU, and otherwise the allowed value nearest to zero; sampled:ROWS answers the mean over rows, new
ones for each query or, with sampled:ROWS:shared, the same for all; vstat:T is lazy with the tolerance max(1/T,
sqrt(p (1-p) / T)) for p = (1 + E/range) / 2; replay:FILE answers from a transcript saved by --save. Losses and
energies are exact. Bounds hold for the worst answers: random errors of the same size are often harmless.

Examples:
  zonal sq learn --target 'harmonic(2)' --dim 10 --oracle lazy:0.3
  zonal sq learn --target '0.8*harmonic(1) + 0.6*harmonic(2)' --dim 10 --oracle sampled:1000:shared --width 300
  zonal sq learn --target 'harmonic(2)' --dim 10 --oracle lazy:0.1 --layers both --iterations 500";

pub(crate) const COMPLETIONS: &str = r"Example:
  zonal completions bash > ~/.local/share/bash-completion/completions/zonal";

pub(crate) const MAN: &str = r"Example:
  zonal man ~/.local/share/man/man1 && man zonal-train";
