"""What the functions return: frozen records whose fields have the names of the program's documents.

Written by `cargo xtask docs` from docs/schema; the descriptions are those of the program.
"""

from __future__ import annotations

from dataclasses import dataclass

from ._result import BoolArray, Columns, FloatArray, IntArray, Record, Result, TrainingResult

__all__ = [
    "Agreement",
    "Analysis",
    "BestPolynomials",
    "Bound",
    "Candidates",
    "Checks",
    "Claim",
    "Cost",
    "Decay",
    "Degrees",
    "DescentReport",
    "EnergyEstimates",
    "Game",
    "LabelAnalysis",
    "LabelErrors",
    "LearnPath",
    "Learning",
    "LearningTimes",
    "PartRows",
    "Path",
    "Plan",
    "PolynomialErrors",
    "RankedActivations",
    "Ranking",
    "Reproduction",
    "SingleDraw",
    "Skipped",
    "SolverReport",
    "Spectrum",
    "StepChanges",
    "Sweep",
    "SweepRows",
    "Training",
    "Transcript",
    "Verification",
    "WaysOut",
]


@dataclass(frozen=True, eq=False, repr=False)
class Degrees(Columns):
    """One degree of a spectrum.

    Attributes
    ----------
    degree : IntArray
        k.
    multiplicity : tuple[int | float, ...]
        N(n, k), exactly; "inf" in infinite dimension for k >= 1.
    coefficient : FloatArray
        alpha_k; 0 where it leaves the range of f64, while the next two fields still hold it. In infinite dimension
        the limit of alpha_k sqrt(N_k).
    sign : IntArray
        Its sign.
    eigenvalue : FloatArray
        What gradient descent sees: alpha_k^2, or the tangent kernel's eigenvalue.
    energy : FloatArray
        The eigenvalue times N_k.
    visible : BoolArray
        Whether gradient descent sees this degree at all.
    proven : BoolArray
        Whether the errors are proven bounds; otherwise they are estimates.
    route : tuple[str, ...]
        The formula it came from.
    error : FloatArray | None
        Absolute error of the coefficient: a bound or an estimate, see `proven`; NaN where nothing is known.
    ln_abs_coefficient : FloatArray | None
        ln |alpha_k|; NaN for an exact zero.
    ln_eigenvalue : FloatArray | None
        Its natural logarithm; NaN for an exact zero.
    ln_multiplicity : FloatArray | None
        Its natural logarithm; NaN if infinite.
    relative_error : FloatArray | None
        Its relative error, likewise; NaN for a zero.
    """

    degree: IntArray
    multiplicity: tuple[int | float, ...]
    coefficient: FloatArray
    sign: IntArray
    eigenvalue: FloatArray
    energy: FloatArray
    visible: BoolArray
    proven: BoolArray
    route: tuple[str, ...]
    error: FloatArray | None
    ln_abs_coefficient: FloatArray | None
    ln_eigenvalue: FloatArray | None
    ln_multiplicity: FloatArray | None
    relative_error: FloatArray | None


@dataclass(frozen=True, eq=False, repr=False)
class Decay(Record):
    """The power of the degree by which eigenvalues fall.

    Attributes
    ----------
    from_degree : int
        First degree of the fit.
    to_degree : int
        Last degree of the fit.
    degrees : int
        Degrees with a non-zero eigenvalue among them.
    exponent : float
        Slope of ln(1 / eigenvalue) against ln(degree).
    standard_error : float
        Its standard error.
    """

    _renamed = {"from_degree": "from", "to_degree": "to"}

    from_degree: int
    to_degree: int
    degrees: int
    exponent: float
    standard_error: float


@dataclass(frozen=True, eq=False, repr=False)
class Spectrum(Result):
    """A spectrum with everything known about each degree.

    Attributes
    ----------
    dim : int | float
        The dimension n.
    activation : str
        The activation.
    kernel : str
        Which kernel the eigenvalues belong to.
    bias : bool
        Whether there are trained biases.
    norm_sq : float
        The kernel at coinciding points; E[phi(s t)^2] for the feature kernel.
    tail_energy : float
        Energy beyond the last degree listed.
    degrees : Degrees
        Each degree.
    decay : Decay | None
        The fitted decay of the eigenvalues, where it was asked for.
    degree_999 : int | None
        The smallest degree up to which 99.9 % of the norm lies; None if it is beyond a thousand.
    norm_sq_error : float | None
        Its absolute error; None for the tangent kernel.
    scale : float | None
        The scale s; None in infinite dimension, where it is sqrt(n).
    """

    dim: int | float
    activation: str
    kernel: str
    bias: bool
    norm_sq: float
    tail_energy: float
    degrees: Degrees
    decay: Decay | None
    degree_999: int | None
    norm_sq_error: float | None
    scale: float | None


@dataclass(frozen=True, eq=False, repr=False)
class RankedActivations(Columns):
    """How an activation at a scale suits a range of degrees.

    Attributes
    ----------
    activation : tuple[str, ...]
        The activation.
    scale : FloatArray
        The scale.
    ratio : FloatArray
        The smallest eigenvalue over the degrees, relative to the largest of all degrees up to the last: its inverse
        is about the number of iterations that learning all of them takes. Zero if one of them is invisible.
    visible_ratio : FloatArray
        The same over the visible ones among the degrees.
    smallest : FloatArray
        The smallest eigenvalue over the degrees.
    largest : FloatArray
        The largest eigenvalue over all degrees up to the last.
    invisible_degrees : tuple[IntArray, ...]
        Degrees among them that are invisible.
    """

    activation: tuple[str, ...]
    scale: FloatArray
    ratio: FloatArray
    visible_ratio: FloatArray
    smallest: FloatArray
    largest: FloatArray
    invisible_degrees: tuple[IntArray, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Ranking(Result):
    """Activations ranked for a range of degrees.

    Attributes
    ----------
    dim : int
        The dimension n.
    from_degree : int
        First and last degree wanted.
    to_degree : int
        Last degree wanted.
    ranking : RankedActivations
        Best first.
    """

    _renamed = {"from_degree": "from", "to_degree": "to"}

    dim: int
    from_degree: int
    to_degree: int
    ranking: RankedActivations


@dataclass(frozen=True, eq=False, repr=False)
class Cost(Record):
    """Memory and time of the planned training, extrapolated from a short one.

    Attributes
    ----------
    memory_bytes : int
        Bytes needed; 2^64 - 1 stands for that many or more.
    memory_free_bytes : int
        Bytes free here.
    calibration_width : int
        The width of the training that was timed.
    seconds : float | None
        Seconds, by the cube of the width from a training of `calibration_width`; None where not even a short one
        fits.
    """

    memory_bytes: int
    memory_free_bytes: int
    calibration_width: int
    seconds: float | None


@dataclass(frozen=True, eq=False, repr=False)
class WaysOut(Columns):
    """A unit that sees what the activation of the plan does not.

    Attributes
    ----------
    kind : tuple[str, ...]
        What is changed.
    activation : tuple[str, ...]
        The activation.
    scale : FloatArray
        The scale.
    width : IntArray
        The width that a plan with it needs for the same epsilon.
    loss_bound : FloatArray
        The bound of that plan.
    """

    kind: tuple[str, ...]
    activation: tuple[str, ...]
    scale: FloatArray
    width: IntArray
    loss_bound: FloatArray


@dataclass(frozen=True, eq=False, repr=False)
class SingleDraw(Record):
    """A bound that holds for a single draw of hidden units with a probability.

    Attributes
    ----------
    delta : float
        It may fail with this probability.
    loss_bound : float
        The bound on the loss.
    """

    delta: float
    loss_bound: float


@dataclass(frozen=True, eq=False, repr=False)
class Verification(Record):
    """The plan carried out.

    Attributes
    ----------
    seeds : int
        Draws of hidden units.
    mean_loss : float
        The mean of the losses.
    standard_error : float
        Its standard error; 0 for a single seed.
    holds : bool | None
        Whether the mean is within the bound, four standard errors allowed for; None for fewer than eight seeds, of
        which the standard error says too little, where the mean is above it.
    """

    seeds: int
    mean_loss: float
    standard_error: float
    holds: bool | None


@dataclass(frozen=True, eq=False, repr=False)
class Plan(Result):
    """Width, step and iterations, and the loss that they guarantee.

    Attributes
    ----------
    target : str
        The target.
    dim : int
        The dimension n.
    activation : str
        The activation.
    scale : float
        The scale.
    degree : int
        The degree of the comparator.
    epsilon : float
        What the expected loss may exceed the best polynomial's error by, beside the energy that cannot be learned.
    width : int
        The width m.
    iterations : int
        The iterations T.
    step_size : float
        The step, 1 / ||phi||^2; the automatic step of training does as well.
    norm_sq : float
        ||phi||^2.
    comparator_norm_sq : float
        R^2 of PL-1.
    target_norm_sq : float
        The energy of the target.
    best_polynomial_error : float
        The error of the best polynomial of the degree.
    loss_bound : float
        What the expected loss is proved to stay below (PL-1).
    comparator_error : float
        The part of the bound that no width and no iterations lower: the energy outside `degrees`.
    degrees : IntArray
        Degrees that are learned.
    invisible_degrees : IntArray
        Degrees up to `degree` with energy that the activation cannot see.
    invisible_energy : float
        The energy in them: an error that stays at any width and after any number of iterations.
    undetermined_degrees : IntArray
        Degrees up to `degree` with energy whose coefficients are too small to be told from zero.
    undetermined_energy : float
        The energy in them.
    cost : Cost
        What training with the plan takes on this machine.
    ways_out : WaysOut
        What would make the invisible degrees visible, the cheapest of each kind.
    batch_rows : int | None
        Rows for each fresh batch: always None, since there is no proof for any number.
    operator_iterations : int | None
        The operator's prediction for infinite width (PL-2), not a guarantee.
    single_draw : SingleDraw | None
        A bound for a single draw of hidden units.
    verification : Verification | None
        What training with the plan gave; None also where that was interrupted.
    """

    target: str
    dim: int
    activation: str
    scale: float
    degree: int
    epsilon: float
    width: int
    iterations: int
    step_size: float
    norm_sq: float
    comparator_norm_sq: float
    target_norm_sq: float
    best_polynomial_error: float
    loss_bound: float
    comparator_error: float
    degrees: IntArray
    invisible_degrees: IntArray
    invisible_energy: float
    undetermined_degrees: IntArray
    undetermined_energy: float
    cost: Cost
    ways_out: WaysOut
    batch_rows: int | None
    operator_iterations: int | None
    single_draw: SingleDraw | None
    verification: Verification | None


@dataclass(frozen=True, eq=False, repr=False)
class BestPolynomials(Columns):
    """The best polynomial of one degree.

    Attributes
    ----------
    degree : IntArray
        The largest degree of its terms.
    error : FloatArray
        Its error, on the training rows for tables.
    monomials : FloatArray | None
        Number of its terms, for tables.
    rank : FloatArray | None
        How many independent directions the training rows determine, for tables.
    test_error : FloatArray | None
        Its error on the test rows.
    """

    degree: IntArray
    error: FloatArray
    monomials: FloatArray | None
    rank: FloatArray | None
    test_error: FloatArray | None


@dataclass(frozen=True, eq=False, repr=False)
class Path(Columns):
    """The state at one iteration.

    Attributes
    ----------
    iteration : IntArray
        Number of steps done.
    loss : FloatArray
        The loss; for tables on the rows that the network was fitted to: the training rows, with `refit` those for
        validation too.
    alignment : FloatArray | None
        Step by step: the part of the hidden weights, each counted by its output weights, that lies in the directions
        which the target depends on.
    energy : FloatArray | None
        The residual's energy. One row for each iteration, one column for each degree.
    error : FloatArray | None
        How far it may be from that of exact descent (RD-1); null step by step and at infinite width. One row for each
        iteration, one column for each degree.
    predicted : FloatArray | None
        What infinite width predicts: the operator of the output layer, or the tangent kernel at the start where
        hidden units move; null for an activation without one. One row for each iteration, one column for each degree.
    hidden_movement : FloatArray | None
        Step by step: how far hidden weights and biases have moved, as part of their size at the start.
    loss_error : FloatArray | None
        How far the loss may be from that of exact descent. Whole paths: rounding, which grows with the iteration, and
        steps that the solver left out (RD-1). Step by step on targets: degrees that are not summed (GD-4; rounding,
        about 1e-13 of the energies of the target and the units, is not in it). Null step by step on tables and at
        infinite width.
    output_movement : FloatArray | None
        The same of output weights; NaN from a start at zero.
    predicted_loss : FloatArray | None
        Step by step: the loss that the tangent kernel at the start predicts, on targets that of infinite width, on
        tables that on the training rows (where these are few and all stand in each step).
    tail_energy : FloatArray | None
        The residual's energy beyond the last listed degree. Whole paths sum it by itself; step by step it is the loss
        minus the listed energies, with the same error.
    tail_energy_error : FloatArray | None
        How far that energy may be from that of exact descent (RD-1); NaN step by step, on tables and at infinite
        width.
    test_loss : FloatArray | None
        The loss on the test rows.
    validation_loss : FloatArray | None
        The loss on the validation rows.
    """

    _nested = {"energy": "degrees", "error": "degrees", "predicted": "degrees"}

    iteration: IntArray
    loss: FloatArray
    alignment: FloatArray | None
    energy: FloatArray | None
    error: FloatArray | None
    predicted: FloatArray | None
    hidden_movement: FloatArray | None
    loss_error: FloatArray | None
    output_movement: FloatArray | None
    predicted_loss: FloatArray | None
    tail_energy: FloatArray | None
    tail_energy_error: FloatArray | None
    test_loss: FloatArray | None
    validation_loss: FloatArray | None


@dataclass(frozen=True, eq=False, repr=False)
class Candidates(Columns):
    """One combination that was tried, in the last round that it took part in.

    Attributes
    ----------
    activation : tuple[str, ...]
        The activation.
    scale : FloatArray
        The scale.
    bias : FloatArray
        The bias of the lift.
    rows : IntArray
        Rows of the trial.
    width : IntArray
        Width of the trial.
    relative_rmse : FloatArray
        The smallest root mean squared error along the path on rows held out, over folds, as part of the labels'
        deviation; the largest number where it leaves the range.
    """

    activation: tuple[str, ...]
    scale: FloatArray
    bias: FloatArray
    rows: IntArray
    width: IntArray
    relative_rmse: FloatArray


@dataclass(frozen=True, eq=False, repr=False)
class StepChanges(Columns):
    """A step and the first iteration that took it.

    Attributes
    ----------
    iteration : IntArray
        The iteration.
    step_size : FloatArray
        The step.
    """

    iteration: IntArray
    step_size: FloatArray


@dataclass(frozen=True, eq=False, repr=False)
class DescentReport(Record):
    """A training step by step: what was asked for, and how it went.

    Attributes
    ----------
    layers : str
        Which layers changed: output, hidden or both.
    batch : str
        The rows of a step: full, a number, fresh:N or exact.
    on_sphere : bool
        Whether hidden units stayed on the sphere.
    biases : bool
        Whether units have trained biases.
    parametrisation : str
        The factor before the sum: standard, ntk or mean-field.
    start : str
        How output weights began: random, symmetric or zero.
    precision : str
        The precision of the steps.
    steps : StepChanges
        Each step in use, with the first iteration that took it.
    curvature : float | None
        The largest eigenvalue of the tangent kernel at the start.
    diverged : int | None
        The iteration at which the loss grew without bound.
    largest_stable_step : float | None
        The largest stable step there, 2 / curvature.
    random_alignment : float | None
        For targets that depend on few directions, the alignment of directions that know nothing of them.
    """

    layers: str
    batch: str
    on_sphere: bool
    biases: bool
    parametrisation: str
    start: str
    precision: str
    steps: StepChanges
    curvature: float | None
    diverged: int | None
    largest_stable_step: float | None
    random_alignment: float | None


@dataclass(frozen=True, eq=False, repr=False)
class LabelErrors(Columns):
    """Root mean squared errors of one label, in its unit.

    Attributes
    ----------
    label : tuple[str, ...]
        The label.
    test_rmse : FloatArray | None
        On the test rows.
    train_rmse : FloatArray | None
        On the training rows.
    validation_rmse : FloatArray | None
        On the validation rows, or over folds of rows held out.
    """

    label: tuple[str, ...]
    test_rmse: FloatArray | None
    train_rmse: FloatArray | None
    validation_rmse: FloatArray | None


@dataclass(frozen=True, eq=False, repr=False)
class LearningTimes(Columns):
    """When the residual's energy in a degree has fallen to a share of the target's. Null where it does not fall so
    far within the run, or for the prediction ever.

    Attributes
    ----------
    degree : IntArray
        The degree.
    share : FloatArray
        The share that is left: 0.5, 0.1 or 0.01.
    iteration : FloatArray | None
        The first iteration with so little left; from 1000 on to one part in 1000. Step by step the first listed one.
    predicted : FloatArray | None
        What the operator at infinite width predicts.
    """

    degree: IntArray
    share: FloatArray
    iteration: FloatArray | None
    predicted: FloatArray | None


@dataclass(frozen=True, eq=False, repr=False)
class PartRows(Record):
    """How many rows each part has.

    Attributes
    ----------
    train : int
        Rows that are learned from.
    validation : int
        Rows that the best iteration is chosen on.
    test : int
        Rows that are only scored.
    dropped : int
        Rows left out for missing values, or since their weight is 0.
    """

    train: int
    validation: int
    test: int
    dropped: int


@dataclass(frozen=True, eq=False, repr=False)
class SolverReport(Record):
    """How a path was found.

    Attributes
    ----------
    name : str
        dense or lanczos.
    loss_lower : float | None
        A bound below the last training loss of exact descent (RD-1, with Lanczos Gauss-Radau).
    loss_upper : float | None
        A bound above it (RD-1, with Lanczos Gauss).
    prediction_error : float | None
        How far predictions on the training rows may be from those of exact descent at any listed iteration: a root
        mean square, as part of the labels' deviation. Steps that Lanczos left out (LZ-1) and rounding (RD-1).
    steps : int | None
        Steps of Lanczos.
    """

    name: str
    loss_lower: float | None
    loss_upper: float | None
    prediction_error: float | None
    steps: int | None


@dataclass(frozen=True, eq=False, repr=False)
class Training(TrainingResult):
    """Everything that a training found. Losses are mean squared errors E (f - g)^2, on tables in the label's unit
    squared, and over several labels their mean; root mean squared errors are in the label's unit. What does not apply
    is null.

    Attributes
    ----------
    stop_reason : str
        Why it ended.
    activation : str
        The activation used.
    scale : float
        The scale used.
    dim : int
        The dimension of the sphere.
    width : int | float
        The width m.
    iterations : int
        The last iteration.
    step_size : float
        The step eta.
    initial_loss : float
        The loss before the first step.
    loss : float
        The loss after the last one; for tables on the rows that the network was fitted to: the training rows, with
        `refit` those for validation too.
    best_polynomial : BestPolynomials
        The best polynomial of each degree.
    best_iteration : int
        For tables the iteration with the smallest validation loss (over several labels the smallest mean of losses in
        units of each label's variance), otherwise the last.
    path : Path
        The path, one entry for each listed iteration.
    bias : float | None
        The bias of the lift, for tables.
    candidates : Candidates | None
        What was tried when activation or scale were chosen automatically.
    descent : DescentReport | None
        How the descent went, for trainings step by step.
    dropped_columns : tuple[str, ...] | None
        Feature columns left out because they do not vary over the training rows, for tables.
    fingerprint : str | None
        A hash of all rows by which a table is known again, for tables read by one program.
    folds : int | None
        The folds over which the best iteration was chosen; None when it was on validation rows.
    invisible_degrees : IntArray | None
        Degrees in which the target has energy and that the activation cannot see, for targets.
    label_errors : LabelErrors | None
        The same errors for each label, for tables.
    labels : tuple[str, ...] | None
        Names of the labels, for tables.
    learning : LearningTimes | None
        When each degree with energy is learned, for targets.
    loss_bound : float | None
        The bound of PL-1 on the expectation of the last loss over hidden units, for targets.
    precision : str | None
        The precision of the features, for tables.
    refit : bool | None
        Whether the final network is fitted to validation rows too, for tables.
    rows : PartRows | None
        How many rows each part has, for tables.
    run : str | None
        The run folder.
    solver : SolverReport | None
        How the path was found.
    target : str | None
        The target, for targets.
    target_energy : FloatArray | None
        The energy of the target by degree, for targets.
    test_rmse : float | None
        Root mean squared error on the test rows at the best iteration.
    train_rmse : float | None
        Root mean squared error on the training rows at the best iteration, with `refit` too, where `loss` and `path`
        are over training and validation rows together; over several labels the root of the mean.
    validation_rmse : float | None
        Root mean squared error on the validation rows at the best iteration, or over folds of rows held out.
    """

    stop_reason: str
    activation: str
    scale: float
    dim: int
    width: int | float
    iterations: int
    step_size: float
    initial_loss: float
    loss: float
    best_polynomial: BestPolynomials
    best_iteration: int
    path: Path
    bias: float | None
    candidates: Candidates | None
    descent: DescentReport | None
    dropped_columns: tuple[str, ...] | None
    fingerprint: str | None
    folds: int | None
    invisible_degrees: IntArray | None
    label_errors: LabelErrors | None
    labels: tuple[str, ...] | None
    learning: LearningTimes | None
    loss_bound: float | None
    precision: str | None
    refit: bool | None
    rows: PartRows | None
    run: str | None
    solver: SolverReport | None
    target: str | None
    target_energy: FloatArray | None
    test_rmse: float | None
    train_rmse: float | None
    validation_rmse: float | None


@dataclass(frozen=True, eq=False, repr=False)
class Agreement(Result):
    """Whether a repeated run agrees with the first one.

    Attributes
    ----------
    agrees : bool
        Whether it agrees: the same bits by the same version on the same kind of processor, otherwise losses to
        `tolerance`.
    same_bits : bool
        Whether everything that was compared is the same to the bit.
    compared : tuple[str, ...]
        What was compared: the summary, the path, and as far as the first run still has them the network and the test
        rows.
    same_machine : bool
        Whether version, platform, processor and instructions are those of the first run, so that the bits must be.
    same_table : bool
        Whether the table is that of the first run; true for targets.
    tolerance : float
        What it may be on another machine.
    differs : tuple[str, ...]
        What differs.
    loss_difference : float | None
        The largest difference of a loss of the path, as part of the first loss; None where the paths list other
        iterations.
    """

    agrees: bool
    same_bits: bool
    compared: tuple[str, ...]
    same_machine: bool
    same_table: bool
    tolerance: float
    differs: tuple[str, ...]
    loss_difference: float | None


@dataclass(frozen=True, eq=False, repr=False)
class PolynomialErrors(Columns):
    """The error of the best polynomial of one degree.

    Attributes
    ----------
    degree : IntArray
        The degree.
    monomials : IntArray
        The number of its monomials.
    rank : IntArray
        How many independent directions the rows determine.
    error : FloatArray
        Mean squared error on the rows of the fit.
    test_error : FloatArray | None
        Mean squared error on rows held out.
    """

    degree: IntArray
    monomials: IntArray
    rank: IntArray
    error: FloatArray
    test_error: FloatArray | None


@dataclass(frozen=True, eq=False, repr=False)
class EnergyEstimates(Columns):
    """An energy with its standard error.

    Attributes
    ----------
    degree : IntArray
        The degree.
    energy : FloatArray
        The estimate; it may be negative.
    standard_error : FloatArray
        Its standard error.
    """

    degree: IntArray
    energy: FloatArray
    standard_error: FloatArray


@dataclass(frozen=True, eq=False, repr=False)
class LabelAnalysis(Record):
    """What was found about one label.

    Attributes
    ----------
    label : str
        Its name.
    mean : float
        Its mean over the rows of the fit.
    deviation : float
        Its standard deviation there.
    best_polynomial : PolynomialErrors
        The best polynomial of each degree.
    energies : EnergyEstimates
        Energies of the label by degree, with standard errors, in the label's unit squared; that of degree 0 is the
        square of the label's mean. They are estimates without bias for rows that are independent and uniform on the
        sphere.
    noise_rmse : float | None
        The noise floor: the root mean squared error below which no function of the features gets; None where no row
        repeats.
    """

    label: str
    mean: float
    deviation: float
    best_polynomial: PolynomialErrors
    energies: EnergyEstimates
    noise_rmse: float | None


@dataclass(frozen=True, eq=False, repr=False)
class Skipped(Record):
    """A polynomial that would have had too many terms.

    Attributes
    ----------
    degree : int
        The degree.
    monomials : int | None
        The number of its monomials; None if it has more than fit into 64 bits.
    """

    degree: int
    monomials: int | None


@dataclass(frozen=True, eq=False, repr=False)
class Analysis(Result):
    """What was found.

    Attributes
    ----------
    rows : int
        Rows used.
    dropped : int
        Rows left out for missing values.
    columns : int
        Feature columns.
    dropped_columns : tuple[str, ...]
        Feature columns that do not vary.
    repeated_rows : int
        Rows with the same features as another row, of those that were followed; 0 if none repeats.
    followed : float
        The part of all features that was followed for repetitions: 1 unless there are very many.
    sampled_rows : int
        Rows from which energies are estimated.
    sphere_dim : int
        The dimension of the sphere of the energies.
    on_sphere : bool
        Whether rows had unit length already; otherwise the directions of standardised rows are used.
    uniformity : FloatArray
        How far the rows are from uniform on the sphere, in standard errors, for degrees 1 and 2 (Rayleigh, Bingham).
    labels : tuple[LabelAnalysis, ...]
        Each label.
    skipped : Skipped | None
        The first degree whose polynomial was not fitted, and the number of its monomials.
    """

    rows: int
    dropped: int
    columns: int
    dropped_columns: tuple[str, ...]
    repeated_rows: int
    followed: float
    sampled_rows: int
    sphere_dim: int
    on_sphere: bool
    uniformity: FloatArray
    labels: tuple[LabelAnalysis, ...]
    skipped: Skipped | None


@dataclass(frozen=True, eq=False, repr=False)
class SweepRows(Columns):
    """A row of the table. Means are over seeds; standard errors are null for a single seed.

    Attributes
    ----------
    dim : IntArray
        The dimension n.
    target : tuple[str, ...]
        The target.
    activation : tuple[str, ...]
        The activation.
    scale : FloatArray
        The scale.
    width : IntArray
        The width m.
    step : tuple[str, ...]
        The step asked for: auto or a number.
    iterations : IntArray
        Iterations.
    log_n_width : FloatArray
        ln m / ln n.
    seeds : IntArray
        How many seeds.
    diverged : IntArray
        Seeds for which the step is too large, so that the iterates grow without bound; where there are any, means
        over the others would mislead, and all that descent gives is NaN.
    step_size : FloatArray
        Mean step.
    target_energy : FloatArray
        Mean energy of the target.
    energies : tuple[FloatArray, ...]
        Mean energy of the residual by degree; none where a seed diverged.
    best_polynomial_error : FloatArray | None
        Mean error of the best polynomial of the degree.
    degree : FloatArray | None
        The degree put into the target and compared with.
    log_n_rows : FloatArray | None
        ln rows / ln n.
    loss : FloatArray | None
        Mean of E (f - g)^2 over the sphere.
    loss_bound : FloatArray | None
        Mean bound of PL-1, on exact expectations with a step that it covers.
    loss_standard_error : FloatArray | None
        Its standard error.
    predicted_loss : FloatArray | None
        Mean loss that infinite width predicts, on exact expectations.
    rows : FloatArray | None
        Rows of sampled data; NaN for exact expectations.
    tail_energy : FloatArray | None
        Mean energy of the residual beyond.
    train_loss : FloatArray | None
        Mean loss on the sampled rows.
    train_loss_standard_error : FloatArray | None
        Its standard error.
    """

    dim: IntArray
    target: tuple[str, ...]
    activation: tuple[str, ...]
    scale: FloatArray
    width: IntArray
    step: tuple[str, ...]
    iterations: IntArray
    log_n_width: FloatArray
    seeds: IntArray
    diverged: IntArray
    step_size: FloatArray
    target_energy: FloatArray
    energies: tuple[FloatArray, ...]
    best_polynomial_error: FloatArray | None
    degree: FloatArray | None
    log_n_rows: FloatArray | None
    loss: FloatArray | None
    loss_bound: FloatArray | None
    loss_standard_error: FloatArray | None
    predicted_loss: FloatArray | None
    rows: FloatArray | None
    tail_energy: FloatArray | None
    train_loss: FloatArray | None
    train_loss_standard_error: FloatArray | None


@dataclass(frozen=True, eq=False, repr=False)
class Sweep(Result):
    """The outcome of a sweep.

    Attributes
    ----------
    name : str
        The sweep's name.
    trained : int
        Trainings of this call; the others came from the journal.
    trainings : int
        All trainings.
    rows : SweepRows
        The table.
    run : str | None
        The folder.
    """

    name: str
    trained: int
    trainings: int
    rows: SweepRows
    run: str | None


@dataclass(frozen=True, eq=False, repr=False)
class Checks(Columns):
    """A measured value, what theory says about it, and the threshold that decides.

    Attributes
    ----------
    quantity : tuple[str, ...]
        What is measured.
    measured : FloatArray
        The measured value; NaN for one that is no number, as when the claim's training failed.
    relation : tuple[str, ...]
        How the measured value must lie to the threshold.
    threshold : FloatArray
        The threshold.
    reason : tuple[str, ...]
        Why this threshold.
    holds : BoolArray
        Whether it does.
    predicted : FloatArray | None
        What theory predicts, where it predicts a value and not only a bound.
    """

    quantity: tuple[str, ...]
    measured: FloatArray
    relation: tuple[str, ...]
    threshold: FloatArray
    reason: tuple[str, ...]
    holds: BoolArray
    predicted: FloatArray | None


@dataclass(frozen=True, eq=False, repr=False)
class Claim(Record):
    """The outcome of one claim. `measured` and `threshold` are those of the check that comes nearest to failing.

    Attributes
    ----------
    name : str
        Its name.
    statement : str
        What is claimed.
    source : str
        Where it is stated.
    formulas : str
        The formulas of docs/theory behind it.
    quantity : str
        What was measured.
    measured : float
        The measured value.
    relation : str
        How it must lie to the threshold.
    threshold : float
        The threshold.
    reason : str
        Why this threshold.
    holds : bool
        Whether all checks hold.
    checks : Checks
        Everything that was compared.
    predicted : float | None
        What theory predicts, where it predicts a value and not only a bound.
    """

    name: str
    statement: str
    source: str
    formulas: str
    quantity: str
    measured: float
    relation: str
    threshold: float
    reason: str
    holds: bool
    checks: Checks
    predicted: float | None


@dataclass(frozen=True, eq=False, repr=False)
class Reproduction(Result):
    """The outcome of all claims asked for.

    Attributes
    ----------
    quick : bool
        Whether the smaller sizes were used.
    holds : bool
        Whether every claim asked for was checked and holds.
    not_reached : tuple[str, ...]
        Claims asked for and not reached, because the checks were interrupted.
    claims : tuple[Claim, ...]
        The claims.
    run : str | None
        The run folder.
    """

    quick: bool
    holds: bool
    not_reached: tuple[str, ...]
    claims: tuple[Claim, ...]
    run: str | None


@dataclass(frozen=True, eq=False, repr=False)
class Bound(Result):
    """A lower bound on the number of queries, and what it rests on.

    Attributes
    ----------
    family : str
        zonal, random, signs or monomials.
    dim : int
        The dimension n.
    degree : int
        The degree k.
    multiplicity : int
        N(n, k), exactly.
    tolerance : float
        The tolerance of an answer: by unit norm for correlational queries, for values in [-1, 1] otherwise.
    query_class : str
        The class of queries.
    prior : str
        The law of the target.
    theorem : str
        The theorem's name in docs/theory.
    delta : float
        The probability of success.
    epsilon : float
        The mean squared error to be reached is 1 - epsilon.
    vacuous : bool
        Whether the bound is below one query and so says nothing.
    assumptions : tuple[str, ...]
        What it rests on.
    log10_queries : float | None
        log10 of the number of queries, rounded down; None where the formula gives nothing positive, or where no
        number of queries suffices, in which case `vacuous` is false.
    size : int | None
        Members of a finite family, exactly; None where targets are infinitely many.
    """

    family: str
    dim: int
    degree: int
    multiplicity: int
    tolerance: float
    query_class: str
    prior: str
    theorem: str
    delta: float
    epsilon: float
    vacuous: bool
    assumptions: tuple[str, ...]
    log10_queries: float | None
    size: int | None


@dataclass(frozen=True, eq=False, repr=False)
class Transcript(Columns):
    """A query, its answer, and what became of the members.

    Attributes
    ----------
    query : tuple[str, ...]
        The query in words.
    identity : tuple[str, ...]
        Its identity.
    answer : FloatArray
        The answer.
    dropped : IntArray
        Members that it ruled out.
    live : IntArray
        Members left after it.
    """

    query: tuple[str, ...]
    identity: tuple[str, ...]
    answer: FloatArray
    dropped: IntArray
    live: IntArray


@dataclass(frozen=True, eq=False, repr=False)
class Game(Result):
    """How a game went.

    Attributes
    ----------
    family : str
        zonal, random, signs or monomials.
    dim : int
        The dimension n.
    degree : int
        The degree k.
    multiplicity : int
        N(n, k), exactly.
    family_size : int
        M.
    tolerance : float
        The tolerance of an answer to a query of norm 1.
    epsilon : float
        Mean squared error at most 1 - epsilon is to be reached.
    learner : str
        The learner.
    answers : str
        base or interval.
    dropped_per_query_bound : int
        The most members that one correlational query can rule out (SQ-1).
    fits_per_hypothesis_bound : int
        The most members that one hypothesis fits.
    queries_distinct : int
        Different queries.
    queries_issued : int
        All queries.
    live : int
        Members that are left.
    max_dropped : int
        The most that were ruled out by one answer.
    learned : bool
        Whether so few are left that one hypothesis may fit them all; for rows, whether the target was found.
    transcript : Transcript
        Each query that was asked, once.
    assumptions : tuple[str, ...]
        What the bounds rest on.
    invariant_held : bool | None
        Whether no answer ruled out more than the bound; None where the bound does not apply.
    predicted_queries : int | None
        No learner by correlational queries succeeds with fewer; None where no number suffices, and for learners that
        ask others or none.
    rows : int | None
        Rows that were looked at, by the learner that does.
    run : str | None
        The run folder.
    """

    family: str
    dim: int
    degree: int
    multiplicity: int
    family_size: int
    tolerance: float
    epsilon: float
    learner: str
    answers: str
    dropped_per_query_bound: int
    fits_per_hypothesis_bound: int
    queries_distinct: int
    queries_issued: int
    live: int
    max_dropped: int
    learned: bool
    transcript: Transcript
    assumptions: tuple[str, ...]
    invariant_held: bool | None
    predicted_queries: int | None
    rows: int | None
    run: str | None


@dataclass(frozen=True, eq=False, repr=False)
class LearnPath(Columns):
    """One iteration. Losses and energies are true ones, whatever was answered.

    Attributes
    ----------
    iteration : IntArray
        The iteration.
    loss : FloatArray
        E (f - g)^2.
    exact_loss : FloatArray
        The same through the exact oracle.
    tail_energy : FloatArray
        The residual's energy beyond the last listed degree.
    energy : FloatArray | None
        Through the oracle. One row for each iteration, one column for each degree.
    exact_energy : FloatArray | None
        Through the exact one. One row for each iteration, one column for each degree.
    """

    _nested = {"energy": "degrees", "exact_energy": "degrees"}

    iteration: IntArray
    loss: FloatArray
    exact_loss: FloatArray
    tail_energy: FloatArray
    energy: FloatArray | None
    exact_energy: FloatArray | None


@dataclass(frozen=True, eq=False, repr=False)
class Learning(Result):
    """A descent through an oracle beside the exact one.

    Attributes
    ----------
    target : str
        The target.
    dim : int
        The dimension n.
    oracle : str
        Who answers.
    convention : str
        What its tolerance is measured in: unit, raw or range.
    activation : str
        The activation.
    scale : float
        The scale.
    width : int
        The width m.
    layers : str
        output or both.
    step_size : float
        The step.
    query_norm : float
        The norm of an output unit's query; tolerances by unit are multiplied by it.
    target_norm_sq : float
        ||g||^2, the loss of a network that has learned nothing.
    target_energy : FloatArray
        The energy of the target by degree.
    vanishing_tolerance : float
        The smallest tolerance, by unit norm, at which lazy answers to every query of the first step are zero: descent
        never leaves zero from there on.
    vanishing_tolerance_raw : float
        The same as a tolerance of the answer itself.
    queries_distinct : int
        Different queries up to the last iteration.
    queries_issued : int
        Queries of a descent that asks anew at each step, at most 2^64 - 1.
    smallest_loss : float
        The smallest loss at a listed iteration.
    smallest_exact_loss : float
        The same through the exact oracle.
    path : LearnPath
        Listed iterations.
    diverged : int | None
        The iteration at which the loss grew without bound, if it did.
    """

    target: str
    dim: int
    oracle: str
    convention: str
    activation: str
    scale: float
    width: int
    layers: str
    step_size: float
    query_norm: float
    target_norm_sq: float
    target_energy: FloatArray
    vanishing_tolerance: float
    vanishing_tolerance_raw: float
    queries_distinct: int
    queries_issued: int
    smallest_loss: float
    smallest_exact_loss: float
    path: LearnPath
    diverged: int | None
