"""What the functions return: frozen records whose fields have the names of the program's documents.

Written by `cargo xtask docs` from docs/schema; the descriptions are those of the program.
"""

from __future__ import annotations

from dataclasses import dataclass

from ._result import BoolArray, Columns, FloatArray, IntArray, Record, Result, SpectrumResult, TrainingResult

__all__ = [
    "Agreement",
    "Analysis",
    "BestPolynomials",
    "Bound",
    "Boundaries",
    "Calibration",
    "Candidates",
    "Checks",
    "Claim",
    "ClassScores",
    "Classification",
    "Cost",
    "Curve",
    "CurveMap",
    "CurvePoints",
    "Decay",
    "DegreeRows",
    "Degrees",
    "DescentReport",
    "DeterminingColumns",
    "EncodedColumns",
    "EnergyEstimates",
    "Game",
    "Importances",
    "Interval",
    "LabelAnalysis",
    "LabelErrors",
    "LearnPath",
    "Learning",
    "LearningTimes",
    "PartErrors",
    "PartRows",
    "Path",
    "Plan",
    "PolynomialErrors",
    "PowerLaw",
    "RankedActivations",
    "Ranking",
    "Reproduction",
    "Score",
    "SingleDraw",
    "Skipped",
    "SolverReport",
    "Spectrum",
    "StepChanges",
    "Sweep",
    "SweepRows",
    "TableCurve",
    "TableCurvePoints",
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
        The degree k.
    multiplicity : tuple[int | float, ...]
        The multiplicity N(n, k) in exact decimal digits; "inf" in infinite dimension for k >= 1.
    coefficient : FloatArray
        The coefficient alpha_k; 0 on underflow, where the next two fields still hold it. In infinite dimension the
        limit of alpha_k sqrt(N_k).
    sign : IntArray
        The sign of the coefficient: -1, 0 or 1.
    eigenvalue : FloatArray
        The eigenvalue of the kernel: alpha_k^2 for the feature kernel.
    energy : FloatArray
        The energy of the degree: the eigenvalue times N_k.
    visible : BoolArray
        Whether the eigenvalue is known to be non-zero, so that gradient descent can learn this degree.
    proven : BoolArray
        Whether `error` and `relative_error` are proven bounds; otherwise they are estimates.
    route : tuple[str, ...]
        The formula or quadrature that computed the coefficient.
    error : FloatArray | None
        The absolute error of the coefficient: a bound or an estimate, see `proven`; NaN if unknown.
    ln_abs_coefficient : FloatArray | None
        ln |alpha_k|; NaN for an exact zero.
    ln_eigenvalue : FloatArray | None
        ln of the eigenvalue; NaN for an exact zero.
    ln_multiplicity : FloatArray | None
        ln N(n, k); NaN if infinite.
    relative_error : FloatArray | None
        The relative error of the coefficient, a bound or an estimate likewise; NaN for a zero.
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
    """The power law eigenvalue ~ degree^(-exponent), fitted by least squares on logarithms.

    Attributes
    ----------
    from_degree : int
        The first degree of the fit.
    to_degree : int
        The last degree of the fit.
    degrees : int
        The number of degrees in the range with a non-zero eigenvalue.
    exponent : float
        The slope of ln(1 / eigenvalue) against ln(degree).
    standard_error : float
        The standard error of the slope of a least-squares line; not a statistical error, since eigenvalues are exact
        and only their curve is not a line.
    """

    _renamed = {"from_degree": "from", "to_degree": "to"}

    from_degree: int
    to_degree: int
    degrees: int
    exponent: float
    standard_error: float


@dataclass(frozen=True, eq=False, repr=False)
class Spectrum(SpectrumResult):
    """The Funk-Hecke spectrum of an activation, degree by degree.

    Attributes
    ----------
    dim : int | float
        The dimension n of the sphere S^(n-1).
    activation : str
        The activation phi.
    kernel : str
        The kernel of the eigenvalues.
    bias : bool
        Whether biases are trained.
    norm_sq : float
        The kernel at coinciding points: E[phi(s t)^2] for the feature kernel.
    tail_energy : float
        The energy beyond the last listed degree.
    degrees : Degrees
        The degrees 0, 1, .., in order.
    decay : Decay | None
        The fitted decay of the eigenvalues, if requested.
    degree_999 : int | None
        The smallest degree K such that degrees up to K hold 99.9 % of the energy; None if K exceeds 1000.
    norm_sq_error : float | None
        The absolute error of `norm_sq`; None for the tangent kernel.
    scale : float | None
        The scale s of the units phi(s t); None in infinite dimension, where it is sqrt(n).
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
    """An activation at a scale, rated for a range of degrees.

    Attributes
    ----------
    activation : tuple[str, ...]
        The activation phi.
    scale : FloatArray
        The scale s of the units phi(s <w, x>).
    ratio : FloatArray
        The smallest eigenvalue in the range divided by the largest of all degrees up to its end. Its inverse is about
        the number of iterations needed to learn the whole range. Zero if a degree of the range is invisible.
    visible_ratio : FloatArray
        The same ratio over the visible degrees of the range.
    smallest : FloatArray
        The smallest eigenvalue in the range.
    largest : FloatArray
        The largest eigenvalue of all degrees up to the end of the range.
    invisible_degrees : tuple[IntArray, ...]
        The degrees of the range with eigenvalue zero.
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
    """Activations ranked by how evenly they learn a range of degrees.

    Attributes
    ----------
    dim : int
        The dimension n of the sphere S^(n-1).
    from_degree : int
        The first degree of the range.
    to_degree : int
        The last degree of the range.
    ranking : RankedActivations
        The activations, best first.
    """

    _renamed = {"from_degree": "from", "to_degree": "to"}

    dim: int
    from_degree: int
    to_degree: int
    ranking: RankedActivations


@dataclass(frozen=True, eq=False, repr=False)
class Cost(Record):
    """The memory and time of the planned training, extrapolated from a short one.

    Attributes
    ----------
    memory_bytes : int
        The bytes needed; 2^64 - 1 means at least that many.
    memory_free_bytes : int
        The bytes of memory available.
    calibration_width : int
        The width of the timed training.
    seconds : float | None
        The estimated seconds: the time of a training of `calibration_width`, scaled by the cube of the width; None if
        not even that training fits into memory.
    """

    memory_bytes: int
    memory_free_bytes: int
    calibration_width: int
    seconds: float | None


@dataclass(frozen=True, eq=False, repr=False)
class WaysOut(Columns):
    """A change of the units that makes the invisible degrees visible.

    Attributes
    ----------
    kind : tuple[str, ...]
        The kind of change.
    activation : tuple[str, ...]
        The activation phi.
    scale : FloatArray
        The scale s of the units phi(s <w, x>).
    width : IntArray
        The width of a plan with these units for the same epsilon.
    loss_bound : FloatArray
        The upper bound on the expected loss of that plan.
    """

    kind: tuple[str, ...]
    activation: tuple[str, ...]
    scale: FloatArray
    width: IntArray
    loss_bound: FloatArray


@dataclass(frozen=True, eq=False, repr=False)
class DegreeRows(Columns):
    """The number of rows for half of a degree.

    Attributes
    ----------
    degree : IntArray
        The degree.
    rows : FloatArray
        The number of rows.
    """

    degree: IntArray
    rows: FloatArray


@dataclass(frozen=True, eq=False, repr=False)
class SingleDraw(Record):
    """A bound for a single draw of hidden units that holds with probability 1 - delta.

    Attributes
    ----------
    delta : float
        The probability that the bound fails.
    loss_bound : float
        The upper bound on the loss.
    """

    delta: float
    loss_bound: float


@dataclass(frozen=True, eq=False, repr=False)
class Verification(Record):
    """The verification of a plan by training.

    Attributes
    ----------
    seeds : int
        The number of draws of hidden units.
    mean_loss : float
        The mean loss over the draws.
    standard_error : float
        The standard error of the mean; 0 for a single draw.
    holds : bool | None
        Whether the mean is within the bound plus four standard errors; None if the mean is above the bound over fewer
        than eight draws, whose standard error is too uncertain.
    """

    seeds: int
    mean_loss: float
    standard_error: float
    holds: bool | None


@dataclass(frozen=True, eq=False, repr=False)
class Plan(Result):
    """A width, a step size and a number of iterations, and the loss that they guarantee (PL-1b).

    Attributes
    ----------
    target : str
        The expression of the target.
    dim : int
        The dimension n of the sphere S^(n-1).
    activation : str
        The activation phi.
    scale : float
        The scale s of the units phi(s <w, x>).
    degree : int
        The degree of the comparator, a polynomial.
    epsilon : float
        The allowed excess of the expected loss over the best polynomial's error, in addition to the energy that
        cannot be learned.
    width : int
        The width m.
    iterations : int
        The number of iterations T.
    step_size : float
        The step size eta = 1 / ||phi||^2; the automatic step of a training also satisfies the guarantee.
    norm_sq : float
        ||phi||^2 = E[phi(s t)^2].
    comparator_norm_sq : float
        R^2 of PL-1b, the mean square of the comparator's output coefficients.
    target_norm_sq : float
        The energy of the target, E[g^2].
    best_polynomial_error : float
        The mean squared error of the best polynomial of this degree.
    loss_bound : float
        The proven upper bound on the expected loss (PL-1b).
    comparator_error : float
        The error of the comparator's mean: the energy outside `degrees`, and what their shares leave out.
    degrees : IntArray
        The degrees of the comparator: visible, with energy.
    invisible_degrees : IntArray
        The degrees up to `degree` in which the target has energy and the activation has coefficient zero.
    invisible_energy : float
        The energy of the target in `invisible_degrees`: a lower limit of the loss at every width.
    undetermined_degrees : IntArray
        The degrees up to `degree` in which the target has energy and the coefficient is below its error bound.
    undetermined_energy : float
        The energy of the target in `undetermined_degrees`.
    cost : Cost
        The cost of training with the plan on this machine.
    ways_out : WaysOut
        Changes that make the invisible degrees visible, the cheapest of each kind.
    batch_rows : int | None
        The rows of a fresh batch: always None, since no number has a proof.
    noise : float
        The variance of the noise of labels that the numbers of rows allow for.
    operator_iterations : int | None
        The number of iterations that the operator at infinite width predicts (PL-2); not a guarantee.
    ridge_predicted : float | None
        The ridge of that prediction.
    ridge_proved : float | None
        The ridge of that proof.
    rows_half : DegreeRows
        For each degree that is learned, the number of rows with which a wide network without a ridge is predicted to
        have learned half of it.
    rows_predicted : float | None
        The number of rows with which the best ridge, or early stopping, is predicted to reach the goal at this width
        (RW-6), not a guarantee; None if no number is.
    rows_proved : int | None
        The number of rows for which ridge regression provably reaches the goal at infinite width, in the mean over
        rows and noise (PL-3); None if no number is proved.
    shares : FloatArray
        The share of each of them in the comparator; a small one would cost more than it gains.
    single_draw : SingleDraw | None
        A bound for a single draw of hidden units, if requested.
    verification : Verification | None
        The verification by training; None if not requested or interrupted.
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
    noise: float
    operator_iterations: int | None
    ridge_predicted: float | None
    ridge_proved: float | None
    rows_half: DegreeRows
    rows_predicted: float | None
    rows_proved: int | None
    shares: FloatArray
    single_draw: SingleDraw | None
    verification: Verification | None


@dataclass(frozen=True, eq=False, repr=False)
class CurvePoints(Columns):
    """The predicted errors at one number of rows and units.

    Attributes
    ----------
    rows : FloatArray
        The number of rows N.
    width : FloatArray
        The number of units m.
    best : BoolArray
        Whether the ridge or the iterations were chosen for the smallest test error.
    tail_error : FloatArray
        A bound on the relative error of `effective_dimension` that is due to the tail.
    energy : FloatArray | None
        The energy of the target. One row for each point, one column for each degree.
    learned : FloatArray | None
        The factor of this degree in the mean of the networks. One row for each point, one column for each degree.
    bias : FloatArray | None
        (1 - learned)^2 times the energy. One row for each point, one column for each degree.
    variance : FloatArray | None
        The energy of the networks around their mean; NaN where it is infinite. One row for each point, one column for
        each degree.
    regime : tuple[str, ...]
        How far to trust the prediction.
    effective_dimension : FloatArray | None
        The sum of multiplicities times learned factors.
    effective_ridge : FloatArray | None
        The ridge that infinitely many rows and units would need for the same mean; NaN for gradient descent.
    excess : FloatArray | None
        The test error without the noise of new labels, E |g - f|^2.
    further_variance : FloatArray | None
        The energy of the networks in all further degrees.
    iterations : FloatArray | None
        The number of iterations; NaN for ridge regression.
    noise_share : FloatArray | None
        The part of the excess that is due to the noise of the rows' labels.
    ridge : FloatArray | None
        The ridge; NaN for gradient descent.
    simulated : FloatArray | None
        The mean of the test error over draws of rows and units, with targets and noise averaged exactly; NaN without
        a simulation.
    standard_error : FloatArray | None
        The standard error of that mean; NaN without a simulation and for a single draw.
    test_error : FloatArray | None
        The mean square error on new rows, noise of their labels included; NaN where it is infinite, at the peak of
        double descent.
    train_error : FloatArray | None
        The mean square error on the rows; NaN where it is not defined.
    """

    _nested = {"energy": "degrees", "learned": "degrees", "bias": "degrees", "variance": "degrees"}

    rows: FloatArray
    width: FloatArray
    best: BoolArray
    tail_error: FloatArray
    energy: FloatArray | None
    learned: FloatArray | None
    bias: FloatArray | None
    variance: FloatArray | None
    regime: tuple[str, ...]
    effective_dimension: FloatArray | None
    effective_ridge: FloatArray | None
    excess: FloatArray | None
    further_variance: FloatArray | None
    iterations: FloatArray | None
    noise_share: FloatArray | None
    ridge: FloatArray | None
    simulated: FloatArray | None
    standard_error: FloatArray | None
    test_error: FloatArray | None
    train_error: FloatArray | None


@dataclass(frozen=True, eq=False, repr=False)
class Boundaries(Columns):
    """A boundary of a map.

    Attributes
    ----------
    degree : IntArray
        The degree.
    rows : tuple[FloatArray, ...]
        Numbers of rows.
    width : tuple[FloatArray, ...]
        The width at which half of the degree is learned from them.
    """

    degree: IntArray
    rows: tuple[FloatArray, ...]
    width: tuple[FloatArray, ...]


@dataclass(frozen=True, eq=False, repr=False)
class CurveMap(Record):
    """The degrees learned for all numbers of rows and units, by one fit.

    Attributes
    ----------
    rows : FloatArray
        The numbers of rows.
    width : FloatArray
        The numbers of units.
    is_stopped : bool
        Whether the fit is gradient descent.
    test_error : FloatArray
        The test error, one list for each number of rows; None where it is infinite.
    degree_learned : FloatArray
        The largest degree of which half is learned, with all lower ones that have energy and are seen; None if none
        is. One list for each number of rows.
    boundaries : Boundaries
        For each degree with energy the boundary of what is half learned, for a ridge, or without one, in closed form.
    iterations : int | None
        The iterations; None if they are the best ones everywhere, and for ridge regression.
    ridge : float | None
        The ridge; None if it is the best one everywhere, and for gradient descent.
    """

    rows: FloatArray
    width: FloatArray
    is_stopped: bool
    test_error: FloatArray
    degree_learned: FloatArray
    boundaries: Boundaries
    iterations: int | None
    ridge: float | None


@dataclass(frozen=True, eq=False, repr=False)
class Curve(Result):
    """Predicted errors for numbers of rows and units (RW-1 to RW-3).

    Attributes
    ----------
    dim : int
        The dimension n of the sphere S^(n-1).
    activation : str
        The activation phi.
    scale : float
        The scale s of the units phi(s <w, x>).
    noise : float
        The variance of the noise of labels.
    step_size : float
        The step of gradient descent.
    norm_sq : float
        ||phi||^2 = E[phi(s t)^2].
    target_energy : FloatArray
        The energy of the target by degree.
    unseen : float
        The energy of the target in degrees that are not listed, which is never learned.
    max_degree : int
        The largest degree that is not part of the tail.
    invisible_degrees : IntArray
        The degrees in which the target has energy and which the activation does not see: it is never learned.
    points : CurvePoints
        The predictions: for each fit, for each width, for each number of rows.
    rows_half : DegreeRows
        For each degree that the activation sees, up to that of the target, the number of rows with which a wide
        network without a ridge has learned half of it; also the number of units that learn half of it from unlimited
        rows.
    holds : bool | None
        Whether each simulated error is within four standard errors and 3 % of its prediction; None without a check.
    map : CurveMap | None
        The map over rows and units in place of points; None without one.
    seeds : int | None
        The number of draws of rows and units; None without a simulation.
    target : str | None
        The expression of the target; None if energies were given.
    """

    dim: int
    activation: str
    scale: float
    noise: float
    step_size: float
    norm_sq: float
    target_energy: FloatArray
    unseen: float
    max_degree: int
    invisible_degrees: IntArray
    points: CurvePoints
    rows_half: DegreeRows
    holds: bool | None
    map: CurveMap | None
    seeds: int | None
    target: str | None


@dataclass(frozen=True, eq=False, repr=False)
class PartErrors(Columns):
    """The mean error of disjoint parts of a table with the same number of rows.

    Attributes
    ----------
    rows : IntArray
        The number of rows of a part.
    parts : IntArray
        The number of parts.
    rmse : FloatArray
        The leave-one-out error with the best ridge for all parts.
    """

    rows: IntArray
    parts: IntArray
    rmse: FloatArray


@dataclass(frozen=True, eq=False, repr=False)
class PowerLaw(Record):
    """A power law of mean squared errors, in the label's unit squared.

    Attributes
    ----------
    offset : float
        a.
    factor : float
        c.
    exponent : float
        b.
    """

    offset: float
    factor: float
    exponent: float


@dataclass(frozen=True, eq=False, repr=False)
class TableCurvePoints(Columns):
    """The estimated error at a number of rows: an interval between two heuristics, and no bound.

    Attributes
    ----------
    rows : IntArray
        The number of rows.
    low : FloatArray
        The smaller one of the two estimates.
    high : FloatArray
        The larger one.
    power_law : FloatArray
        The estimate of the power law.
    equivalent : FloatArray
        The estimate of the equivalent of the table (RW-7).
    at_most : BoolArray
        Whether more rows could resolve more than those of the table show: the estimate of the equivalent may be too
        large.
    """

    rows: IntArray
    low: FloatArray
    high: FloatArray
    power_law: FloatArray
    equivalent: FloatArray
    at_most: BoolArray


@dataclass(frozen=True, eq=False, repr=False)
class TableCurve(Result):
    """The errors of drawn units with the best ridge, measured at a table's own number of rows and estimated at more.
    Errors are root mean squared errors in the label's unit.

    Attributes
    ----------
    label : str
        The name of the label.
    rows : int
        The number of rows; those with equal features count once.
    width : int
        The number of units m.
    activation : str
        The activation phi.
    scale : float
        The scale s of the units phi(s <w, x>).
    bias : float
        The bias of the lift.
    deviation : float
        The standard deviation of the label.
    leave_one_out : float
        The smallest leave-one-out error over ridges, measured on all rows.
    ridge : float
        The ridge of that error.
    reach : float
        The smallest effective ridge about which the rows tell something.
    parts : PartErrors
        The leave-one-out errors of parts of the table.
    power_law : PowerLaw
        The law a + c n^-b through the mean squares of these errors.
    points : TableCurvePoints
        The estimates at other numbers of rows.
    """

    label: str
    rows: int
    width: int
    activation: str
    scale: float
    bias: float
    deviation: float
    leave_one_out: float
    ridge: float
    reach: float
    parts: PartErrors
    power_law: PowerLaw
    points: TableCurvePoints


@dataclass(frozen=True, eq=False, repr=False)
class BestPolynomials(Columns):
    """The best polynomial of one degree, fitted by least squares.

    Attributes
    ----------
    degree : IntArray
        The largest degree of its monomials.
    error : FloatArray
        The mean squared error, on the training rows for tables.
    monomials : FloatArray | None
        The number of its monomials, for tables.
    rank : FloatArray | None
        The rank of the monomials on the training rows, for tables.
    test_error : FloatArray | None
        The mean squared error on the test rows.
    """

    degree: IntArray
    error: FloatArray
    monomials: FloatArray | None
    rank: FloatArray | None
    test_error: FloatArray | None


@dataclass(frozen=True, eq=False, repr=False)
class Path(Columns):
    """Losses and energies at one reported iteration.

    Attributes
    ----------
    iteration : IntArray
        The number of steps done.
    loss : FloatArray
        The loss; for tables on the rows that the network was fitted to: the training rows, with `refit` the
        validation rows too. For grown units all losses of a path are means over the networks, each on the rows that
        it was fitted to, on its own fold, and on the test rows.
    alignment : FloatArray | None
        Iterative training: the fraction of the hidden weights, each weighted by its output weights, in the span of
        the directions that the target depends on.
    energy : FloatArray | None
        The energy of the residual. One row for each iteration, one column for each degree.
    error : FloatArray | None
        The largest difference between `energy` and that of exact descent (RD-1); NaN for iterative training and at
        infinite width. One row for each iteration, one column for each degree.
    predicted : FloatArray | None
        The energy predicted at infinite width by the operator of the output layer, or by the tangent kernel at
        initialisation if hidden units move; NaN for an activation without a tangent kernel. One row for each
        iteration, one column for each degree.
    drawn_test_loss : FloatArray | None
        Grown units: the loss on the test rows, at the same iteration, of one network of as many ReLU units as one of
        these, but drawn at random, on all rows that are not for testing; for comparison.
    hidden_movement : FloatArray | None
        Iterative training: the distance of hidden weights and biases from initialisation, divided by their initial
        norm.
    log_loss : FloatArray | None
        Tables with classes: the smoothed log-loss on held-out rows that chooses the iteration, each at its own
        temperature.
    loss_error : FloatArray | None
        The largest difference between the loss and that of exact descent; NaN for iterative training on tables and at
        infinite width. Whole paths: rounding, which grows with the iteration, and truncation of the solver (RD-1).
        Iterative training on targets: degrees that are not summed (GD-4), without rounding, which is about 1e-13 of
        the energies of the target and the units.
    output_movement : FloatArray | None
        Iterative training: the distance of output weights from initialisation, divided by their initial norm; NaN if
        that is zero.
    predicted_loss : FloatArray | None
        Iterative training: the loss predicted by the tangent kernel at initialisation. On targets it is the kernel of
        infinite width, on tables the kernel on the training rows (if they are few and each step uses all of them).
    tail_energy : FloatArray | None
        The energy of the residual beyond the last listed degree. Whole paths sum it directly; in iterative training
        it is the loss minus the listed energies, with the error of the loss.
    tail_energy_error : FloatArray | None
        The largest difference between `tail_energy` and that of exact descent (RD-1); NaN for iterative training, on
        tables and at infinite width.
    test_loss : FloatArray | None
        The loss on the test rows.
    validation_loss : FloatArray | None
        The loss on the rows that choose the iteration: validation rows, folds, or each row left out of the descent on
        all others.
    """

    _nested = {"energy": "degrees", "error": "degrees", "predicted": "degrees"}

    iteration: IntArray
    loss: FloatArray
    alignment: FloatArray | None
    energy: FloatArray | None
    error: FloatArray | None
    predicted: FloatArray | None
    drawn_test_loss: FloatArray | None
    hidden_movement: FloatArray | None
    log_loss: FloatArray | None
    loss_error: FloatArray | None
    output_movement: FloatArray | None
    predicted_loss: FloatArray | None
    tail_energy: FloatArray | None
    tail_energy_error: FloatArray | None
    test_loss: FloatArray | None
    validation_loss: FloatArray | None


@dataclass(frozen=True, eq=False, repr=False)
class Candidates(Columns):
    """A candidate of the automatic choice, with its result in the last round it took part in.

    Attributes
    ----------
    activation : tuple[str, ...]
        The activation phi.
    scale : FloatArray
        The scale s of the units phi(s <w, x>).
    bias : FloatArray
        The bias of the lift to the sphere.
    rows : IntArray
        The number of rows of the trial.
    width : IntArray
        The width m of the trial.
    relative_rmse : FloatArray
        The smallest root mean squared error along the path on held-out rows, over folds, divided by the labels'
        standard deviation; the largest f64 on overflow. Errors of trials with other rows or widths are not
        comparable.
    """

    activation: tuple[str, ...]
    scale: FloatArray
    bias: FloatArray
    rows: IntArray
    width: IntArray
    relative_rmse: FloatArray


@dataclass(frozen=True, eq=False, repr=False)
class Calibration(Columns):
    """Rows whose predicted classes have probabilities in one tenth.

    Attributes
    ----------
    rows : IntArray
        The number of rows.
    probability : FloatArray
        The mean probability of the predicted class.
    right : FloatArray
        The share of rows of which the predicted class is the true one.
    """

    rows: IntArray
    probability: FloatArray
    right: FloatArray


@dataclass(frozen=True, eq=False, repr=False)
class ClassScores(Record):
    """How good predicted classes and probabilities are on some rows. Means are weighted by the weights of the rows.

    Attributes
    ----------
    rows : int
        The number of rows.
    accuracy : float
        The share of rows of which the most probable class is the true one.
    base_rate : float
        The same for the most frequent class of the training rows, always.
    log_loss : float
        The mean of -log p of the true class.
    base_log_loss : float
        The same for the shares of the classes in the training rows, always.
    brier : float
        The mean of sum_c (p_c - y_c)^2, halved for two classes.
    confusion : FloatArray
        The number of rows by true class (one list each) and predicted class.
    calibration : Calibration
        The rows by the probability of their predicted class, in tenths.
    auc : float | None
        The area under the receiver operating characteristic: of the second of two classes, or the mean of those of
        each class against the others. Null if only one class has rows, and for more than 2^20 probabilities.
    """

    rows: int
    accuracy: float
    base_rate: float
    log_loss: float
    base_log_loss: float
    brier: float
    confusion: FloatArray
    calibration: Calibration
    auc: float | None


@dataclass(frozen=True, eq=False, repr=False)
class Classification(Record):
    """The classes of a label, and how well they are predicted by the best network. The probability of class c is
    proportional to exp(T f_c), where f_c is the output of the network for this class and T the temperature.

    Attributes
    ----------
    classes : tuple[str, ...]
        The classes: numbers in ascending order, or texts in alphabetical order.
    shares : FloatArray
        The share of each class in the training rows.
    temperature : float
        The temperature T, which minimises the log-loss on held-out rows against classes smoothed by 1/(N+2).
    held_out : ClassScores | None
        On rows that were held out, of networks that were not fitted to them: on validation rows or folds, at most
        16,384 rows of a sample. Iteration and temperature, and grown units, were chosen on these rows, so that the
        measures are too good; None without such rows.
    test : ClassScores | None
        On the test rows.
    train : ClassScores | None
        On the training rows.
    """

    classes: tuple[str, ...]
    shares: FloatArray
    temperature: float
    held_out: ClassScores | None
    test: ClassScores | None
    train: ClassScores | None


@dataclass(frozen=True, eq=False, repr=False)
class StepChanges(Columns):
    """A step size and the first iteration that used it.

    Attributes
    ----------
    iteration : IntArray
        The first iteration with this step size.
    step_size : FloatArray
        The step size eta.
    """

    iteration: IntArray
    step_size: FloatArray


@dataclass(frozen=True, eq=False, repr=False)
class DescentReport(Record):
    """The options and the course of an iterative training.

    Attributes
    ----------
    layers : str
        The layers that were trained: output, hidden or both.
    batch : str
        The rows of a step: full, a number, fresh:N or exact.
    on_sphere : bool
        Whether hidden units were projected back to the sphere after each step.
    biases : bool
        Whether hidden units have trained biases.
    parametrisation : str
        The factor before the sum of the units: standard, ntk or mean-field.
    start : str
        The initial output weights: random, symmetric or zero.
    precision : str
        The precision of the steps: f64 or f32.
    steps : StepChanges
        The step sizes in use, each with its first iteration.
    curvature : float | None
        The largest eigenvalue of the tangent kernel at initialisation.
    diverged : int | None
        The iteration at which the loss diverged; None if it did not.
    ended : int | None
        The iteration after which L-BFGS found no lower loss; None if it did.
    evaluations : int | None
        With L-BFGS, the number of evaluations of loss and gradient; None for descent, which needs one a step.
    largest_stable_step : float | None
        The largest stable step size at initialisation, 2 / curvature.
    method : str
        What determined a step: descent or lbfgs.
    random_alignment : float | None
        The expected alignment of random directions, for targets that depend on few directions.
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
    ended: int | None
    evaluations: int | None
    largest_stable_step: float | None
    method: str
    random_alignment: float | None


@dataclass(frozen=True, eq=False, repr=False)
class EncodedColumns(Columns):
    """What was done to a column that is not used as it is.

    Attributes
    ----------
    column : tuple[str, ...]
        The name of the column.
    treatment : tuple[str, ...]
        What it holds and what was done, in words.
    """

    column: tuple[str, ...]
    treatment: tuple[str, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Importances(Columns):
    """How much a network moves with a feature: the mean square of its derivative by the feature's columns, in
    standard units, as a share of the sum. It is not a cause.

    Attributes
    ----------
    feature : tuple[str, ...]
        The name of the feature.
    share : FloatArray
        Its share.
    """

    feature: tuple[str, ...]
    share: FloatArray


@dataclass(frozen=True, eq=False, repr=False)
class Interval(Record):
    """Prediction intervals: the prediction of the best network plus and minus half a width.

    Attributes
    ----------
    level : float
        The probability with which an interval is to cover the label of a new row.
    rows : int
        The number of held-out rows from whose errors the widths follow.
    half_width : FloatArray
        Half the width for each label, in its unit.
    test_coverage : FloatArray | None
        The share of test rows whose label the interval covers, for each label; None without test rows.
    """

    level: float
    rows: int
    half_width: FloatArray
    test_coverage: FloatArray | None


@dataclass(frozen=True, eq=False, repr=False)
class LabelErrors(Columns):
    """The root mean squared errors of one label, in its unit.

    Attributes
    ----------
    label : tuple[str, ...]
        The name of the label.
    test_rmse : FloatArray | None
        The error on the test rows.
    train_rmse : FloatArray | None
        The error on the training rows.
    validation_rmse : FloatArray | None
        The error on the rows that chose the iteration, as in `validation_rmse`.
    """

    label: tuple[str, ...]
    test_rmse: FloatArray | None
    train_rmse: FloatArray | None
    validation_rmse: FloatArray | None


@dataclass(frozen=True, eq=False, repr=False)
class LearningTimes(Columns):
    """The iteration at which the energy of the residual in a degree has fallen to a share of the target's.

    Attributes
    ----------
    degree : IntArray
        The degree k.
    share : FloatArray
        The remaining share: 0.5, 0.1 or 0.01.
    iteration : FloatArray | None
        The first iteration with at most this share; NaN if the run does not reach it. Above 1000 it is accurate to
        one part in 1000; in iterative training it is the first reported one.
    predicted : FloatArray | None
        The iteration that the operator at infinite width predicts; NaN if the share is never reached.
    """

    degree: IntArray
    share: FloatArray
    iteration: FloatArray | None
    predicted: FloatArray | None


@dataclass(frozen=True, eq=False, repr=False)
class PartRows(Record):
    """The number of rows of each part of the split.

    Attributes
    ----------
    train : int
        The rows for training.
    validation : int
        The rows that choose the best iteration.
    test : int
        The rows for testing, which are only scored.
    dropped : int
        The rows dropped for missing values or weight 0.
    """

    train: int
    validation: int
    test: int
    dropped: int


@dataclass(frozen=True, eq=False, repr=False)
class SolverReport(Record):
    """The solver of a whole path, and bounds on its error.

    Attributes
    ----------
    name : str
        The name of the solver: dense or lanczos.
    loss_lower : float | None
        A lower bound on the final training loss of exact descent (RD-1, with Lanczos Gauss-Radau).
    loss_upper : float | None
        An upper bound on the final training loss of exact descent (RD-1, with Lanczos Gauss).
    prediction_error : float | None
        A bound on the difference between predictions and those of exact descent at every reported iteration: the root
        mean square over the training rows, divided by the labels' standard deviation. It includes truncation of
        Lanczos (LZ-1) and rounding (RD-1).
    steps : int | None
        The number of Lanczos steps.
    """

    name: str
    loss_lower: float | None
    loss_upper: float | None
    prediction_error: float | None
    steps: int | None


@dataclass(frozen=True, eq=False, repr=False)
class Training(TrainingResult):
    """The result of a training. Losses are mean squared errors E (f - g)^2, on tables in the label's unit squared,
    over several labels their mean. Root mean squared errors are in the label's unit. Fields that do not apply are
    null.

    Attributes
    ----------
    stop_reason : str
        The reason for the end of the training.
    scale : float
        The scale s of the units phi(s <w, x>); 1 for grown units, which have lengths of their own.
    dim : int
        The dimension n of the sphere S^(n-1); for grown units the number of columns that they use.
    width : int | float
        The width m; for grown units that of one network.
    iterations : int
        The number of iterations.
    step_size : float
        The step size eta; for grown units the mean of those of the networks; for L-BFGS 1, the multiple of its
        direction that it tries first.
    initial_loss : float
        The loss before the first step.
    loss : float
        The loss after the last step; for tables on the rows that the network was fitted to: the training rows, with
        `refit` the validation rows too. For grown units the mean over the networks.
    best_polynomial : BestPolynomials
        The best polynomial of each degree, as a baseline.
    path : Path
        The path, one entry for each reported iteration.
    activation : str | None
        The activation phi; None for grown units of several activations.
    activations : tuple[str, ...] | None
        The activations of grown units.
    best_iteration : int | None
        For tables the iteration with the smallest validation loss (over several labels the smallest mean of losses
        divided by each label's variance), otherwise the last; None for grown units, see `best_iterations`.
    best_iterations : IntArray | None
        The best iteration of each grown network, by the loss on the rows that it held out.
    bias : float | None
        The bias of the lift, for tables with drawn units.
    candidates : Candidates | None
        The candidates of an automatic choice of activation, scale or bias.
    classification : Classification | None
        Tables with classes: their probabilities and measures.
    descent : DescentReport | None
        Options and course of an iterative training; None for whole paths.
    dropped_columns : tuple[str, ...] | None
        The feature columns dropped because they are constant on the training rows, for tables.
    encoded_columns : EncodedColumns | None
        Tables with text or missing values: what was done to each column that is not used as it is.
    fingerprint : str | None
        A hash of all rows that identifies the table; None for tables read in shards.
    folds : int | None
        The number of folds that chose the best iteration, or best iterations; None if other rows did.
    importances : Importances | None
        How much the grown networks move with each feature.
    interval : Interval | None
        Tables with numbers: the interval around predictions that covers a label with a given probability. Null
        without held-out rows.
    invisible_degrees : IntArray | None
        The degrees in which the target has energy and the activation has coefficient zero, for targets.
    label_errors : LabelErrors | None
        The same errors for each label, for tables; of classes for each of their outputs.
    labels : tuple[str, ...] | None
        The names of the labels, for tables. A label of classes is one, although the network has an output for each
        class, which is 1 in rows of that class and 0 elsewhere; losses are means over these outputs.
    learning : LearningTimes | None
        The learning times of each degree with energy, for targets.
    loss_bound : float | None
        The upper bound of PL-1b on the expectation of `loss` over random hidden units, for targets.
    networks : int | None
        The number of grown networks, whose mean is the network; None for drawn units, as the next four.
    normalised : bool | None
        Whether rows are divided by their length before drawn units see them, which makes them points of the sphere.
    precision : str | None
        The precision of the features, for tables.
    refit : bool | None
        Whether the final network was fitted to the validation rows too, for tables.
    ridge : float | None
        The ridge of drawn units on tables: its product with the squared norm of the output weights was added to the
        mean squared error, in the labels' standard units.
    rows : PartRows | None
        The numbers of training, validation and test rows, for tables.
    run : str | None
        The path of the run folder; None if nothing was written.
    solver : SolverReport | None
        The solver of the path and its error bounds; None at infinite width and for iterative training.
    stop : str | None
        The rows that chose the best iteration of a table: validation, folds or leave-one-out; None if none were held
        out.
    target : str | None
        The expression of the target, for targets.
    target_energy : FloatArray | None
        The energy of the target by degree, for targets.
    test_rmse : float | None
        The root mean squared error on the test rows at the best iteration.
    total_width : int | None
        The number of units of all grown networks.
    train_rmse : float | None
        The root mean squared error on the training rows at the best iteration, over several labels the root of the
        mean. With `refit` it is still on the training rows, while `loss` and `path` are on training and validation
        rows together.
    validation_rmse : float | None
        The root mean squared error at the best iteration on the rows that chose it: validation rows, held-out rows
        over folds, or each row left out.
    """

    stop_reason: str
    scale: float
    dim: int
    width: int | float
    iterations: int
    step_size: float
    initial_loss: float
    loss: float
    best_polynomial: BestPolynomials
    path: Path
    activation: str | None
    activations: tuple[str, ...] | None
    best_iteration: int | None
    best_iterations: IntArray | None
    bias: float | None
    candidates: Candidates | None
    classification: Classification | None
    descent: DescentReport | None
    dropped_columns: tuple[str, ...] | None
    encoded_columns: EncodedColumns | None
    fingerprint: str | None
    folds: int | None
    importances: Importances | None
    interval: Interval | None
    invisible_degrees: IntArray | None
    label_errors: LabelErrors | None
    labels: tuple[str, ...] | None
    learning: LearningTimes | None
    loss_bound: float | None
    networks: int | None
    normalised: bool | None
    precision: str | None
    refit: bool | None
    ridge: float | None
    rows: PartRows | None
    run: str | None
    solver: SolverReport | None
    stop: str | None
    target: str | None
    target_energy: FloatArray | None
    test_rmse: float | None
    total_width: int | None
    train_rmse: float | None
    validation_rmse: float | None


@dataclass(frozen=True, eq=False, repr=False)
class Agreement(Result):
    """The comparison of a repeated run with the first one.

    Attributes
    ----------
    agrees : bool
        Whether the runs agree: bit by bit for the same version on the same kind of processor, otherwise losses within
        `tolerance`.
    same_bits : bool
        Whether everything compared is identical bit by bit.
    compared : tuple[str, ...]
        The documents compared: the summary, the path, and, if the first run still has them, the network and the test
        rows.
    same_machine : bool
        Whether version, platform, processor and vector instructions match, so that the bits must match too.
    same_table : bool
        Whether the table is that of the first run; true for targets.
    tolerance : float
        The allowed `loss_difference` on another machine.
    differs : tuple[str, ...]
        Descriptions of the differences.
    loss_difference : float | None
        The largest difference of losses along the path, divided by the initial loss; None if the paths report
        different iterations.
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
        The degree k.
    monomials : IntArray
        The number of its monomials.
    rank : IntArray
        The rank of the monomials on the fitted rows.
    error : FloatArray
        The mean squared error on the fitted rows.
    test_error : FloatArray | None
        The mean squared error on held-out rows.
    """

    degree: IntArray
    monomials: IntArray
    rank: IntArray
    error: FloatArray
    test_error: FloatArray | None


@dataclass(frozen=True, eq=False, repr=False)
class EnergyEstimates(Columns):
    """The estimated energy of one degree.

    Attributes
    ----------
    degree : IntArray
        The degree k.
    energy : FloatArray
        The unbiased estimate, which may be negative.
    standard_error : FloatArray
        The standard error of the estimate.
    """

    degree: IntArray
    energy: FloatArray
    standard_error: FloatArray


@dataclass(frozen=True, eq=False, repr=False)
class DeterminingColumns(Columns):
    """A feature column that alone determines a label.

    Attributes
    ----------
    column : tuple[str, ...]
        The name of the column.
    unexplained : FloatArray
        The estimated fraction of the label's variance that no continuous function of the column explains; below
        0.001.
    """

    column: tuple[str, ...]
    unexplained: FloatArray


@dataclass(frozen=True, eq=False, repr=False)
class LabelAnalysis(Record):
    """The analysis of one label.

    Attributes
    ----------
    label : str
        The name of the label.
    mean : float
        The mean over the fitted rows.
    deviation : float
        The standard deviation over the fitted rows.
    best_polynomial : PolynomialErrors
        The best polynomial of each degree, by least squares.
    energies : EnergyEstimates
        The energies of the label by degree, in the label's unit squared; that of degree 0 is the square of the mean.
        The estimates are unbiased for rows that are independent and uniform on the sphere.
    determined_by : DeterminingColumns
        The feature columns each of which alone determines the label, such as copies of it, the closest first; empty
        for tables with a single feature column.
    noise_rmse : float | None
        The noise floor: the smallest root mean squared error that a function of the features can have; None if no row
        repeats.
    """

    label: str
    mean: float
    deviation: float
    best_polynomial: PolynomialErrors
    energies: EnergyEstimates
    determined_by: DeterminingColumns
    noise_rmse: float | None


@dataclass(frozen=True, eq=False, repr=False)
class Skipped(Record):
    """A polynomial that was not fitted, since it has too many monomials.

    Attributes
    ----------
    degree : int
        The degree k.
    monomials : int | None
        The number of its monomials; None if it exceeds 64 bits.
    """

    degree: int
    monomials: int | None


@dataclass(frozen=True, eq=False, repr=False)
class Analysis(Result):
    """The result of an analysis.

    Attributes
    ----------
    rows : int
        The number of rows used.
    dropped : int
        The number of rows dropped for missing values.
    columns : int
        The number of feature columns.
    dropped_columns : tuple[str, ...]
        The feature columns dropped because they are constant.
    repeated_rows : int
        The number of rows with the same features as another row, among those compared; see `followed`.
    followed : float
        The fraction of all distinct feature rows that were compared for repetitions; 1 unless there are very many.
    sampled_rows : int
        The number of sampled rows from which energies are estimated.
    sphere_dim : int
        The dimension n of the sphere of the energies.
    on_sphere : bool
        Whether the rows have unit length; otherwise energies are those of the directions of standardised rows.
    uniformity : FloatArray
        The Rayleigh and Bingham statistics for uniformity on the sphere (degrees 1 and 2), in standard errors.
    labels : tuple[LabelAnalysis, ...]
        The results for each label.
    encoded_columns : EncodedColumns | None
        Tables with text or missing values: what was done to each column that is not used as it is.
    skipped : Skipped | None
        The first degree whose polynomial has too many monomials and was not fitted.
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
    encoded_columns: EncodedColumns | None
    skipped: Skipped | None


@dataclass(frozen=True, eq=False, repr=False)
class SweepRows(Columns):
    """A row of the table: a cell of the grid at one iteration. Means are over seeds; standard errors are null for a
    single seed.

    Attributes
    ----------
    dim : IntArray
        The dimension n of the sphere S^(n-1).
    target : tuple[str, ...]
        The expression of the target.
    activation : tuple[str, ...]
        The activation phi.
    scale : FloatArray
        The scale s of the units phi(s <w, x>).
    width : IntArray
        The width m.
    step : tuple[str, ...]
        The requested step size: auto or a number.
    iterations : IntArray
        The number of steps done.
    log_n_width : FloatArray
        ln m / ln n.
    seeds : IntArray
        The number of seeds.
    diverged : IntArray
        The number of seeds for which descent diverged, since the step is too large. If there are any, all results of
        descent are NaN, because means over the other seeds would mislead.
    step_size : FloatArray
        The mean step size eta.
    target_energy : FloatArray
        The mean energy of the target, E[g^2].
    energies : tuple[FloatArray, ...]
        The mean energy of the residual by degree; empty if a seed diverged.
    best_polynomial_error : FloatArray | None
        The mean error of the best polynomial of `degree`.
    degree : FloatArray | None
        The degree that is substituted into the target and used for the best polynomial.
    log_n_rows : FloatArray | None
        ln rows / ln n.
    loss : FloatArray | None
        The mean loss E (f - g)^2 over the sphere.
    loss_bound : FloatArray | None
        The mean upper bound of PL-1b on the loss, for exact expectations and steps to which it applies.
    loss_standard_error : FloatArray | None
        The standard error of `loss`.
    predicted_loss : FloatArray | None
        The mean loss predicted at infinite width, for exact expectations.
    rows : FloatArray | None
        The number of sampled rows; NaN for exact expectations.
    tail_energy : FloatArray | None
        The mean energy of the residual beyond the listed degrees.
    train_loss : FloatArray | None
        The mean loss on the sampled rows.
    train_loss_standard_error : FloatArray | None
        The standard error of `train_loss`.
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
    """The result of a sweep.

    Attributes
    ----------
    name : str
        The name of the sweep.
    trained : int
        The number of trainings run by this call; the others came from the journal.
    trainings : int
        The number of trainings of the whole grid.
    rows : SweepRows
        The rows of the table.
    run : str | None
        The path of the run folder; None if nothing was written.
    """

    name: str
    trained: int
    trainings: int
    rows: SweepRows
    run: str | None


@dataclass(frozen=True, eq=False, repr=False)
class Checks(Columns):
    """The comparison of a measured value with the theory.

    Attributes
    ----------
    quantity : tuple[str, ...]
        The measured quantity.
    measured : FloatArray
        The measured value; NaN if it is not a number, for example because the training failed.
    relation : tuple[str, ...]
        The required relation of measured value and threshold.
    threshold : FloatArray
        The threshold of the comparison.
    reason : tuple[str, ...]
        The justification of the threshold.
    holds : BoolArray
        Whether the relation holds.
    predicted : FloatArray | None
        The value predicted by the theory, unless the theory is only a bound.
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
    """The result of one claim. `measured`, `predicted`, `relation`, `threshold` and `reason` are those of the check
    closest to failing.

    Attributes
    ----------
    name : str
        The name of the claim.
    statement : str
        The statement of the claim.
    source : str
        The source of the statement in the literature.
    formulas : str
        The identifiers of the formulas in docs/theory.
    quantity : str
        The measured quantity.
    measured : float
        The measured value; None if the claim failed to run.
    relation : str
        The required relation of measured value and threshold.
    threshold : float
        The threshold of the comparison.
    reason : str
        The justification of the threshold.
    holds : bool
        Whether every check holds.
    checks : Checks
        The individual comparisons.
    predicted : float | None
        The value predicted by the theory, unless the theory is only a bound.
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
    """The results of the requested claims.

    Attributes
    ----------
    quick : bool
        Whether the claims were checked at smaller sizes.
    holds : bool
        Whether every requested claim was checked and holds.
    not_reached : tuple[str, ...]
        The requested claims that were not checked because of an interruption.
    claims : tuple[Claim, ...]
        The results of the checked claims.
    run : str | None
        The path of the run folder; None if nothing was written.
    """

    quick: bool
    holds: bool
    not_reached: tuple[str, ...]
    claims: tuple[Claim, ...]
    run: str | None


@dataclass(frozen=True, eq=False, repr=False)
class Bound(Result):
    """A lower bound on the number of queries, and its assumptions.

    Attributes
    ----------
    family : str
        The kind of family: zonal, random, signs or monomials.
    dim : int
        The dimension n of the sphere S^(n-1).
    degree : int
        The degree k.
    multiplicity : int
        The multiplicity N(n, k) in exact decimal digits.
    tolerance : float
        The tolerance tau of an answer: for queries of norm 1 if correlational, for values in [-1, 1] otherwise.
    query_class : str
        The class of queries: correlational, lipschitz:L or any.
    prior : str
        The distribution of the target.
    theorem : str
        The identifier of the theorem in docs/theory.
    delta : float
        The probability of success of the learner.
    epsilon : float
        The learner reaches a mean squared error of 1 - epsilon.
    vacuous : bool
        Whether the bound is below one query and so excludes nothing.
    assumptions : tuple[str, ...]
        The assumptions of the theorem.
    log10_queries : float | None
        log10 of the number of queries, rounded down; None if the formula is not positive, or if no number of queries
        suffices, in which case `vacuous` is false.
    size : int | None
        The number of members in exact decimal digits; None for infinitely many targets.
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
    """A query, its answer, and the number of members that remain.

    Attributes
    ----------
    query : tuple[str, ...]
        A description of the query.
    identity : tuple[str, ...]
        The identity of the query: equal queries have equal identities.
    answer : FloatArray
        The answer of the oracle.
    dropped : IntArray
        The number of members excluded by the answer.
    live : IntArray
        The number of members remaining after it.
    """

    query: tuple[str, ...]
    identity: tuple[str, ...]
    answer: FloatArray
    dropped: IntArray
    live: IntArray


@dataclass(frozen=True, eq=False, repr=False)
class Game(Result):
    """The course and the result of a game.

    Attributes
    ----------
    family : str
        The kind of family: zonal, random, signs or monomials.
    dim : int
        The dimension n of the sphere S^(n-1).
    degree : int
        The degree k.
    multiplicity : int
        The multiplicity N(n, k) in exact decimal digits.
    family_size : int
        The number of members M.
    tolerance : float
        The tolerance tau of an answer to a query of norm 1.
    epsilon : float
        The learner is to reach a mean squared error of 1 - epsilon.
    learner : str
        The strategy of the learner.
    answers : str
        The rule that chooses among consistent answers: base or interval.
    dropped_per_query_bound : int
        The largest number of members that one correlational query can exclude (SQ-1).
    fits_per_hypothesis_bound : int
        The largest number of members that one hypothesis fits.
    queries_distinct : int
        The number of distinct queries.
    queries_issued : int
        The number of queries including repetitions.
    live : int
        The number of remaining members.
    max_dropped : int
        The largest number of members excluded by one answer.
    learned : bool
        Whether few enough members remain for one hypothesis to fit them all; for the brute-force learner, whether it
        found the target.
    transcript : Transcript
        The distinct queries with their answers, in order.
    assumptions : tuple[str, ...]
        The assumptions of the bounds.
    invariant_held : bool | None
        Whether every answer excluded at most `dropped_per_query_bound` members; None if the bound does not apply.
    predicted_queries : int | None
        The lower bound on the number of correlational queries of every successful learner; None if no number
        suffices, and for learners that ask other queries or none.
    rows : int | None
        The number of rows that the brute-force learner used.
    run : str | None
        The path of the run folder; None if nothing was written.
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
    """Losses and energies at one reported iteration. They are computed exactly, not through the oracle.

    Attributes
    ----------
    iteration : IntArray
        The number of steps done.
    loss : FloatArray
        The loss E (f - g)^2 of the descent through the oracle.
    exact_loss : FloatArray
        The loss of the descent through the exact oracle.
    tail_energy : FloatArray
        The energy of the residual beyond the last listed degree.
    energy : FloatArray | None
        The energy after descent through the oracle. One row for each iteration, one column for each degree.
    exact_energy : FloatArray | None
        The energy after descent through the exact oracle. One row for each iteration, one column for each degree.
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
    """The course of a descent through an oracle, compared with descent through the exact oracle.

    Attributes
    ----------
    target : str
        The expression of the target.
    dim : int
        The dimension n of the sphere S^(n-1).
    oracle : str
        The oracle, as in the request.
    convention : str
        The unit of the oracle's tolerance: unit, raw or range.
    activation : str
        The activation phi.
    scale : float
        The scale s of the units phi(s <w, x>).
    width : int
        The width m.
    layers : str
        The layers that were trained: output or both.
    step_size : float
        The step size eta.
    query_norm : float
        The norm of the query of an output weight, by which tolerances in units of the norm are multiplied.
    target_norm_sq : float
        ||g||^2 = E[g^2], the loss of the zero network.
    target_energy : FloatArray
        The energy of the target by degree.
    vanishing_tolerance : float
        The smallest tolerance, for queries of norm 1, at which a lazy oracle answers every query of the first step
        with zero. From this tolerance on, descent stays at zero.
    vanishing_tolerance_raw : float
        The same tolerance for the answer itself.
    queries_distinct : int
        The number of distinct queries up to the last iteration.
    queries_issued : int
        The number of queries of a descent that asks all queries in each step, at most 2^64 - 1.
    smallest_loss : float
        The smallest loss at a reported iteration.
    smallest_exact_loss : float
        The smallest loss at a reported iteration through the exact oracle.
    path : LearnPath
        The path, one entry for each reported iteration.
    diverged : int | None
        The iteration at which the loss diverged; None if it did not.
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


@dataclass(frozen=True, eq=False, repr=False)
class Score(Record):
    """Predictions of a network, or its error on labelled rows.

    Attributes
    ----------
    labels : tuple[str, ...]
        The names of the predicted labels.
    rows : int
        The number of rows.
    class_scores : ClassScores | None
        The measures of predicted classes; None without labels.
    classes : tuple[str, ...] | None
        The classes, of a network that predicts them.
    coverage : FloatArray | None
        With intervals, the share of rows whose label the interval covers, for each label; None without labels.
    iteration : int | None
        The iteration of the network; None for grown networks, each at its own best iteration.
    label_rmse : FloatArray | None
        The root mean squared error of each label.
    rmse : float | None
        The root mean squared error in the label's unit, over several labels the root of the mean; None without
        labels.
    """

    labels: tuple[str, ...]
    rows: int
    class_scores: ClassScores | None
    classes: tuple[str, ...] | None
    coverage: FloatArray | None
    iteration: int | None
    label_rmse: FloatArray | None
    rmse: float | None
