"""Reference values for formulas with narrow features (bumps.json) and with integrable singularities (singular.json).

Both files hold "rows": [text, n, scale, E[f(s t)^2], [E[f(s t) P_0(t)], E[f(s t) P_1(t)], ...]].

The formulas are read from the text that is written, with every decimal taken exactly. Arithmetic is that of Arb balls
(python-flint), so rounding is bounded throughout.

bumps.json: the quadrature is bounded too. With t = sin(theta), each panel is integrated by the Gauss-Legendre rule with m
nodes, whose error is at most 8 M r rho^(1 - 2m) / (rho - 1), where r is half the length of the panel and M bounds the
integrand on the panel's Bernstein ellipse; M comes from evaluation over a complex box. Panels end at all kinks and
are halved until the bound is small enough. Before they are written, the values are within 1e-29 sqrt(norm), and the norm
within 1e-29 norm; that is asserted for each row. Written, they have 22 digits, or the fewer that reach that error.

singular.json: the tanh-sinh rule in theta between the singular points, halving the step until two results agree to
1e-29. Nodes come as close as 1e-190 to a singular point, and the working precision exceeds twice those digits.
"""

import argparse
import ast
import fractions
import hashlib
import json
import math
import pathlib
import random
import re

import flint
import mpmath as mp
from flint import acb, arb, ctx, fmpq

HERE = pathlib.Path(__file__).parent


# Formulas as Python code


class Powers(ast.NodeTransformer):
    """Turns a ** b into a call, so that each kind of number has its own power."""

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if not isinstance(node.op, ast.Pow):
            return node
        return ast.Call(ast.Name("power", ast.Load()), [node.left, node.right], [])


def compiled(text, functions, number):
    """The formula as a function of t over the numbers that `functions` and `number` belong to."""
    names = dict(functions)

    def literal(found):
        name = f"number_{len(names)}"
        names[name] = number(fractions.Fraction(found.group()))
        return name

    body = re.sub(r"\b\d+(\.\d*)?(e-?\d+)?", literal, text).replace("^", "**")
    tree = ast.fix_missing_locations(Powers().visit(ast.parse(f"lambda t: {body}", mode="eval")))
    return eval(compile(tree, text, "eval"), names)


def exact(x):
    return arb(fmpq(x.numerator, x.denominator))


def sign(x):
    """The sign of a ball that does not contain zero."""
    if x > 0:
        return 1
    if x < 0:
        return -1
    raise ArithmeticError(f"the sign of {x} is not known")


def whole_power(x, m):
    """x^m by squaring, which holds for balls around zero."""
    if m < 0:
        return 1 / whole_power(x, -m)
    result = type(x)(1)
    while m > 0:
        if m % 2 == 1:
            result = x * result
        x, m = x * x, m // 2
    return result


def real_power(x, y):
    whole = y.unique_fmpz()
    if whole is not None and y.is_exact():
        return whole_power(x, int(whole))
    return arb(0) if x.is_zero() and y > 0 else (y * x.log()).exp()


def real_softplus(x):
    return x + (-x).exp().log1p() if x > 0 else x.exp().log1p()


def real_normal_cdf(x):
    return (1 + (x / arb(2).sqrt()).erf()) / 2


REAL = {
    "exp": arb.exp,
    "ln": arb.log,
    "log": arb.log,
    "sqrt": arb.sqrt,
    "sin": arb.sin,
    "cos": arb.cos,
    "tan": arb.tan,
    "sinh": arb.sinh,
    "cosh": arb.cosh,
    "tanh": arb.tanh,
    "sigmoid": lambda x: 1 / (1 + (-x).exp()),
    "softplus": real_softplus,
    "erf": arb.erf,
    "normal_cdf": real_normal_cdf,
    "gelu": lambda x: x * real_normal_cdf(x),
    "silu": lambda x: x / (1 + (-x).exp()),
    "abs": abs,
    "relu": lambda x: x if sign(x) > 0 else arb(0),
    "step": lambda x: arb(int(sign(x) > 0)),
    "sign": lambda x: arb(sign(x)),
    "max": lambda x, y: x if sign(x - y) > 0 else y,
    "min": lambda x, y: y if sign(x - y) > 0 else x,
    "power": real_power,
}


# Bounds over complex boxes


class Box:
    """Values of a function, continued analytically from a real point, over a complex box around the point."""

    def __init__(self, point, box):
        self.point, self.box = point, box

    def __add__(self, y):
        return Box(self.point + y.point, self.box + y.box)

    def __sub__(self, y):
        return Box(self.point - y.point, self.box - y.box)

    def __mul__(self, y):
        return Box(self.point * y.point, self.box * y.box)

    def __truediv__(self, y):
        return Box(self.point / y.point, self.box / y.box)

    def __neg__(self):
        return Box(-self.point, -self.box)


def number_box(x):
    return Box(exact(x), acb(exact(x)))


def box_function(name, continued):
    real = REAL[name]
    return lambda x: Box(real(x.point), continued(x.box))


def box_exp(z):
    # The modulus is exp(Re z) for any imaginary part.
    size = z.real.exp()
    return acb(size * z.imag.cos(), size * z.imag.sin())


def box_sigmoid(z):
    if z.real > 0:
        return 1 / (1 + box_exp(-z))
    small = box_exp(z)
    return small / (1 + small)


def box_tanh(z):
    if z.real < 0:
        return -box_tanh(-z)
    return 2 * box_sigmoid(2 * z) - 1


def box_softplus(z):
    if z.real > 0:
        return z + (1 + box_exp(-z)).log(analytic=True)
    return (1 + box_exp(z)).log(analytic=True)


def ball(centre, radius):
    """All complex numbers within a distance of a centre, and a little more."""
    side = arb(0, arb(radius).abs_upper())
    return acb(centre + side, side)


def box_erf(z):
    """|erfc(z)| <= |exp(-z^2)| where Re z >= 0, and |erf(z)| <= 2/sqrt(pi) |z| exp((Im z)^2) everywhere."""
    if z.real < 0:
        return -box_erf(-z)
    if z.real > 0:
        return ball(1, (z.imag * z.imag - z.real * z.real).exp())
    return ball(0, 2 * z.abs_upper() * (z.imag * z.imag).exp() / arb.pi().sqrt())


def box_normal_cdf(z):
    return (1 + box_erf(z / arb(2).sqrt())) / 2


def box_power(x, y):
    whole = y.point.unique_fmpz()
    # Over the box too: t itself may be whole at the point.
    if whole is not None and y.box.is_exact():
        return Box(whole_power(x.point, int(whole)), whole_power(x.box, int(whole)))
    return Box(real_power(x.point, y.point), box_exp(y.box * x.box.log(analytic=True)))


def box_branch(x, above, below):
    return above if sign(x.point) > 0 else below


ZERO, ONE = number_box(fractions.Fraction(0)), number_box(fractions.Fraction(1))
BOX = {
    "exp": box_function("exp", box_exp),
    "ln": box_function("ln", lambda z: z.log(analytic=True)),
    "sqrt": box_function("sqrt", lambda z: z.sqrt(analytic=True)),
    "sin": box_function("sin", acb.sin),
    "cos": box_function("cos", acb.cos),
    "sinh": box_function("sinh", acb.sinh),
    "cosh": box_function("cosh", acb.cosh),
    "tanh": box_function("tanh", box_tanh),
    "sigmoid": box_function("sigmoid", box_sigmoid),
    "softplus": box_function("softplus", box_softplus),
    "erf": box_function("erf", box_erf),
    "normal_cdf": box_function("normal_cdf", box_normal_cdf),
    "gelu": box_function("gelu", lambda z: z * box_normal_cdf(z)),
    "silu": box_function("silu", lambda z: z * box_sigmoid(z)),
    "abs": lambda x: box_branch(x, x, -x),
    "relu": lambda x: box_branch(x, x, ZERO),
    "step": lambda x: box_branch(x, ONE, ZERO),
    "sign": lambda x: box_branch(x, ONE, -ONE),
    "max": lambda x, y: box_branch(x - y, x, y),
    "min": lambda x, y: box_branch(x - y, y, x),
    "power": box_power,
}


# The law of one coordinate


def total(n):
    """The integral of cos(theta)^(n - 2) over [-pi/2, pi/2]."""
    return arb.pi().sqrt() * (arb(n - 1) / 2).gamma() / (arb(n) / 2).gamma()


def legendre(n, last, x):
    values = [arb(1), x]
    for k in range(1, last):
        values.append(((2 * k + n - 2) * x * values[k] - k * values[k - 1]) / (k + n - 2))
    return values


def legendre_bound(n, last, size):
    """A bound of |P_k(z)| for all k <= last and |z| <= size."""
    values = [arb(1), size]
    for k in range(1, last):
        values.append(((2 * k + n - 2) * size * values[k] + k * values[k - 1]) / (k + n - 2))
    largest = arb(1)
    for v in values:
        largest = largest.max(v)
    return largest.abs_upper()


def decimal(value, error):
    """A ball as text: its digits down to the error, 22 at most."""
    with mp.workdps(60):
        v, e = (mp.mpf(x.mid().str(50, radius=False)) for x in (value, error))
        if abs(v) <= e:
            return "0.0"
        digits = int(mp.floor(mp.log10(abs(v)))) - int(mp.floor(mp.log10(e))) + 1
        return mp.nstr(v, min(22, digits))


# Narrow features: Gauss-Legendre rules with bounded errors

BITS = 192
LAST = 6
ORDERS = [8, 12, 16, 20, 24, 28, 32, 40, 48, 56]
RADII = [8.0, 5.0, 3.4, 2.5, 2.0]
GOAL = 1e-31


class Integrals:
    """Integrals of f P_0, ..., f P_last and f^2 against the law, for one formula."""

    rules = {}

    def __init__(self, text, n, scale, kinks, features):
        self.n, self.scale = n, exact(fractions.Fraction(scale))
        self.real = compiled(text, REAL, exact)
        self.box = compiled(text, BOX, number_box)
        self.total = total(n)
        self.kinks, self.features = kinks, features
        # A factor of 30 either way would do: the error is asserted at the end.
        self.size = self.rough_size()
        self.sums = [arb(0)] * (LAST + 2)
        # Bounds of all errors, divided by size for the coefficients and by its square for the norm.
        self.error = arb(0)

    @classmethod
    def rule(cls, m):
        if m not in cls.rules:
            cls.rules[m] = [arb.legendre_p_root(m, i, weight=True) for i in range(m)]
        return cls.rules[m]

    def rough_size(self):
        """sqrt(E f^2), roughly, from points that become dense at the features."""
        reach = min(math.pi / 2, 10 / math.sqrt(self.n))
        points = {reach * (i + 0.5) / 150 for i in range(-150, 150)}
        for centre, width in self.features:
            x = float(centre) / float(self.scale)
            if abs(x) < 1:
                steps = [0.1 * float(width) / float(self.scale) * 1.3**j for j in range(-2, 40)]
                points.update(math.asin(x) + sign * d for d in steps for sign in (-1, 1))
        points = sorted(p for p in points if abs(p) < math.pi / 2)

        def density(p):
            return float(self.real(self.scale * arb(p).sin()) ** 2 * arb(p).cos() ** (self.n - 2))

        values = [density(p) for p in points]
        area = sum((b - a) * (u + v) / 2 for a, b, u, v in zip(points, points[1:], values, values[1:]))
        return (arb(area) / self.total).sqrt()

    def edges(self):
        """Ends of the first panels, each a ball."""
        inside = [exact(k) / self.scale for k in {*self.kinks, *(c for c, _ in self.features)}]
        inside = [x for x in inside if abs(x) < 1]
        ends = [-arb.pi() / 2, *(x.asin() for x in inside), arb.pi() / 2]
        # Wide ranges where the law has no mass are skipped at once.
        spread = [arb(j) / arb(self.n).sqrt() for j in (-16, -8, -4, 4, 8, 16)]
        ends += [x.mid() for x in spread if abs(x) < arb(1.5)]
        return sorted(ends, key=float)

    def bounds(self, theta, box):
        """max(|f| |P_k| / size, f^2 / size^2) times the law, over a box around the real point theta."""
        x = box.sin()
        f = self.box(Box(self.scale * theta.sin(), self.scale * x)).box.abs_upper() / self.size
        polynomials = legendre_bound(self.n, LAST, x.abs_upper())
        law = whole_power(box.cos(), self.n - 2).abs_upper() / self.total
        bound = (f * law * polynomials.max(f)).abs_upper()
        return bound if bound.is_finite() else None

    def order(self, middle, half):
        """The number of nodes with which the error is below the goal, and the bound on that error. The number is 0 where
        the whole integral is below the goal; the result is None where the panel has to be halved."""
        bound = self.bounds(middle, acb(middle + arb(0, half), 0))
        if bound is not None and 2 * half * bound < GOAL:
            return 0, 2 * half * bound
        best = None
        for rho in RADII:
            a, b = (rho + 1 / rho) / 2, (rho - 1 / rho) / 2
            bound = self.bounds(middle, acb(middle + arb(0, half * a), arb(0, half * b)))
            if bound is None:
                continue
            for m in ORDERS:
                error = 8 * half * bound * arb(rho) ** (1 - 2 * m) / (arb(rho) - 1)
                if error < GOAL:
                    if best is None or m < best[0]:
                        best = m, error
                    break
        return best

    def add_panel(self, middle, half, m):
        sums = [arb(0)] * (LAST + 2)
        for node, weight in self.rule(m):
            theta = middle + half * node
            x, cosine = theta.sin_cos()
            f = self.real(self.scale * x)
            g = f * weight * cosine ** (self.n - 2)
            for k, p in enumerate(legendre(self.n, LAST, x)):
                sums[k] += g * p
            sums[-1] += g * f
        self.sums = [s + half * new for s, new in zip(self.sums, sums)]

    def run(self):
        edges = self.edges()
        open_panels = [(a.mid(), b.mid()) for a, b in zip(edges, edges[1:])]
        for a, b in open_panels:
            self.error += self.slivers(a, b, edges)
        while open_panels:
            a, b = open_panels.pop()
            middle, half = (a + b) / 2, ((b - a) / 2).abs_upper()
            chosen = self.order(middle.mid(), half)
            if chosen is None:
                assert half > arb(1e-14), "panels become too small"
                open_panels += [(a, middle.mid()), (middle.mid(), b)]
                continue
            self.error += chosen[1]
            if chosen[0] > 0:
                self.add_panel(middle, (b - a) / 2, chosen[0])
        self.sums = [s / self.total for s in self.sums]
        self.error = self.error.abs_upper()

    def slivers(self, a, b, edges):
        """What the ends of a panel, known to within a ball, can change."""
        middle, width = ((a + b) / 2).mid(), max((x.rad() for x in edges), key=float)
        if width == 0:
            return arb(0)
        total = arb(0)
        for end in (a, b):
            point = end + (middle - end) * arb(1e-10)
            bound = self.bounds(point.mid(), acb(end + arb(0, 2 * width), 0))
            total += 2 * width * bound
        return total

    def row(self):
        """The norm and the coefficients, as text; asserts how exact they are."""
        norm, coefficients = self.sums[-1], self.sums[:-1]
        size = norm.sqrt()
        ratio = (self.size / size).max(1)
        error = self.error * ratio * ratio
        accuracy = max(float((s.rad() / size + error).abs_upper()) for s in coefficients)
        accuracy = max(accuracy, float((norm.rad() / norm + error).abs_upper()))
        assert accuracy < 1e-29, accuracy
        goal = arb(1e-29)
        return decimal(norm, goal * norm), [decimal(c, goal * size) for c in coefficients]


# Random formulas

# Text and kinks.
BASES = [
    ("tanh(t)", []),
    ("relu(t)", ["0"]),
    ("sin(3*t)", []),
    ("exp(-t^2)", []),
    ("abs(t-0.2)", ["0.2"]),
    ("1/(1+t^2)", []),
    ("t^3", []),
    ("sigmoid(4*t)", []),
    ("gelu(t)", []),
    ("silu(2*t)", []),
    ("0.5", []),
    ("1", []),
    ("0.01*t", []),
    ("cos(5*t)", []),
    ("erf(2*t)", []),
    ("softplus(2*t)/2", []),
    ("sqrt(1+t^2)", []),
    ("normal_cdf(t)", []),
    ("ln(2+t^2)", []),
    ("t*tanh(t)", []),
    ("sinh(t/2)", []),
    ("2^t", []),
    ("max(t,-0.3)", ["-0.3"]),
    ("min(max(t,-0.2),0.4)", ["-0.2", "0.4"]),
    ("step(t+0.1)", ["-0.1"]),
    ("sign(t-0.2)*exp(t)", ["0.2"]),
    ("abs(t)*t", ["0"]),
    ("max(t,0)^2", ["0"]),
    ("t/(1+abs(t))", ["0"]),
]
# Height h, t = variable - c, x = t/w; kinks in units of x.
FEATURES = [
    ("{h}*exp(-({x})^2)", []),
    ("{h}/(1+({x})^2)", []),
    ("{h}*tanh({x})", []),
    ("{h}*sigmoid({x})", []),
    ("{h}*max(0,1-abs({x}))", [-1, 0, 1]),
    ("{h}*softplus({x})*{w}", []),
    ("{h}*erf({x})", []),
    ("{h}*sin({x})*exp(-({x})^2)", []),
    ("{h}*(step({t})-step({t}-{w}))", [0, 1]),
]
DIMENSIONS = [2, 3, 4, 5, 7, 10, 25, 50, 100, 1000]
COUNT = 1000


class Draw:
    """Random choices that only need random(), which is the same in every version of Python."""

    def __init__(self, seed):
        self.random = random.Random(seed).random

    def choice(self, list):
        return list[int(self.random() * len(list))]

    def uniform(self, low, high):
        return low + (high - low) * self.random()

    def short(self, value, digits):
        """A short decimal near a value."""
        text = f"{value:.{digits - 1}e}"
        mantissa, exponent = text.split("e")
        if -4 <= int(exponent) <= 4:
            return f"{float(text):.10f}".rstrip("0").rstrip(".")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def feature(draw, n, scale):
    """One narrow feature: text with its sign, kinks, (centre, width)."""
    form, kinks = draw.choice(FEATURES)
    reach = min(1.0, 2.5 / math.sqrt(n))
    if draw.random() < 0.12:
        # Far out, or beyond the range.
        reach = 1.5
    centre = draw.short(scale * draw.uniform(-reach, reach), draw.choice([1, 2, 4, 6]))
    width = draw.short(10 ** draw.uniform(-6, -1), draw.choice([1, 2, 3]))
    height = "1e6" if draw.random() < 0.06 else draw.short(10 ** draw.uniform(-3, 3), draw.choice([1, 2, 3]))
    shifted = "t" if float(centre) == 0 else f"t+{centre[1:]}" if centre.startswith("-") else f"t-{centre}"
    text = form.format(h=height, x=f"({shifted})/{width}", t=shifted, w=width)
    c, w = fractions.Fraction(centre), fractions.Fraction(width)
    return draw.choice("+-") + text, [c + k * w for k in kinks], (c, w)


def random_formula(draw):
    n = draw.choice(DIMENSIONS)
    scale = draw.choice(["0.5", "1.0", "2.0", repr(math.sqrt(n))])
    base, kinks = draw.choice(BASES)
    kinks, features = [fractions.Fraction(k) for k in kinks], []
    text = base
    for _ in range(draw.choice([1, 1, 2, 3])):
        part, more, at = feature(draw, n, float(scale))
        text += part
        kinks += more
        features.append(at)
    return text, n, scale, kinks, features


def bumps(check):
    ctx.prec = BITS
    draw = Draw(21)
    rows = []
    for i in range(COUNT):
        text, n, scale, kinks, features = random_formula(draw)
        integrals = Integrals(text, n, float(scale), kinks, features)
        integrals.run()
        norm, coefficients = integrals.row()
        rows.append([text, n, scale, norm, coefficients])
        if check and i % 50 == 0:
            compare(rows[-1], kinks, features)
    return rows


# The same by mpmath

PLAIN = {
    name: getattr(mp, name)
    for name in ["exp", "ln", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "erf", "sign", "power"]
} | {
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: x + mp.log1p(mp.exp(-x)) if x > 0 else mp.log1p(mp.exp(x)),
    "normal_cdf": mp.ncdf,
    "gelu": lambda x: x * mp.ncdf(x),
    "silu": lambda x: x / (1 + mp.exp(-x)),
    "abs": abs,
    "relu": lambda x: max(x, mp.mpf(0)),
    "step": lambda x: mp.mpf(int(x > 0)),
    "max": max,
    "min": min,
}


def compare(row, kinks, features):
    """Asserts that mpmath finds the same norm and coefficients of degrees 0 and 3, to 18 digits of sqrt(norm)."""
    text, n, scale, norm, coefficients = row
    with mp.workdps(30):
        f = compiled(text, PLAIN, lambda x: mp.mpf(x.numerator) / x.denominator)
        s = mp.mpf(float(scale))
        edges = {-mp.pi / 2, mp.pi / 2, *(j / mp.sqrt(n) for j in range(-20, 21) if abs(j / mp.sqrt(n)) < 1.5)}
        for at in [mp.mpf(k.numerator) / k.denominator for k in kinks]:
            edges |= {mp.asin(at / s)} if abs(at) < s else set()
        for c, w in features:
            c, w = (mp.mpf(x.numerator) / x.denominator / s for x in (c, w))
            points = [c + sign * w * mp.mpf(2) ** j for j in range(-2, 20) for sign in (-1, 0, 1)]
            edges |= {mp.asin(x) for x in points if abs(x) < 1}
        weight = mp.gamma(mp.mpf(n) / 2) / (mp.sqrt(mp.pi) * mp.gamma((mp.mpf(n) - 1) / 2))

        def integral(g):
            density = lambda a: g(mp.sin(a)) * mp.cos(a) ** (n - 2)
            return weight * mp.quad(density, sorted(edges), method="gauss-legendre", maxdegree=5)

        cubic = lambda x: ((n + 2) * x**3 - 3 * x) / (n - 1)
        found = [integral(lambda x: f(s * x)), integral(lambda x: f(s * x) * cubic(x))]
        norm = mp.mpf(norm)
        errors = [abs(x - mp.mpf(coefficients[k])) / mp.sqrt(norm) for x, k in zip(found, (0, 3))]
        errors.append(abs(integral(lambda x: f(s * x) ** 2) / norm - 1))
        assert max(errors) < mp.mpf(10) ** -18, (text, n, scale, errors)


# Singular formulas: tanh-sinh

SINGULAR_BITS = 1400
SINGULAR_LAST = 8
CLOSEST = 190
ALL = [2, 3, 5, 10, 50, 1000]
TWO = ["1.0", "0.5", "2.0"]


def root(x):
    return exact(fractions.Fraction(x)).sqrt()


def sine_zeros():
    return [j * arb.pi() / 5 for j in range(-3, 4)]


# A singular point, and ends of panels for a feature of width 0.001 around it.
AROUND = ["0.1", "0.09", "0.095", "0.0975", "0.1025", "0.105", "0.11"]

# Text, singular points (balls or decimals; the ends -1 and 1 of the law are always edges), dimensions, scales. A power
# -p at an end is square integrable when 4 p < n - 1, inside when 2 p < 1.
SINGULAR = [
    ("max(t,0)^1.5", ["0"], ALL, ["1.0", "2.0"]),
    ("sqrt(max(t,0))", ["0"], ALL, ["1.0", "2.0"]),
    ("relu(t)^0.5", ["0"], ALL, ["1.0"]),
    ("max(t,0)^2.5", ["0"], ALL, ["1.0"]),
    ("step(t)*abs(t)^1.5", ["0"], ALL, ["1.0"]),
    ("log(1+t)", [], ALL, ["1.0", "0.5"]),
    ("ln(1-t^2)", [], ALL, ["1.0"]),
    ("(1+t)^0.1", [], ALL, ["1.0", "0.5"]),
    ("(1+t)^-0.2", [], ALL, ["1.0"]),
    ("(1-t)^-0.1", [], ALL, ["1.0"]),
    ("(1+t)^-0.4", [], [3, 5, 10, 50, 1000], ["1.0"]),
    ("(1-t)^-0.5", [], [5, 10, 50, 1000], ["1.0"]),
    ("ln(abs(t-0.1))", ["0.1"], ALL, TWO),
    ("abs(t-0.3)^-0.2", ["0.3"], ALL, TWO),
    ("abs(t)^0.5", ["0"], ALL, TWO),
    ("abs(t)^0.1", ["0"], ALL, TWO),
    ("abs(t)^-0.3*sign(t)", ["0"], ALL, ["1.0", "2.0"]),
    ("abs(t)^-0.4", ["0"], ALL, ["1.0"]),
    ("t*ln(abs(t))", ["0"], ALL, TWO),
    ("sqrt(1-t^2)", [], ALL, ["1.0", "0.5"]),
    ("sqrt(1-abs(t))", ["0"], ALL, ["1.0", "0.5"]),
    ("abs(t^2-0.5)^0.3", [lambda: root("0.5"), lambda: -root("0.5")], ALL, TWO),
    ("ln(abs(sin(5*t)))", sine_zeros, ALL, TWO),
    ("(max(t,0)+max(-t-0.5,0))^0.7", ["0", "-0.5"], ALL, TWO),
    ("relu(tanh(t))^0.3", ["0"], ALL, ["1.0"]),
    ("sqrt(1+t)*relu(t-0.2)", ["0.2"], ALL, ["1.0"]),
    ("tanh(3*t)*sqrt(abs(t-0.05))", ["0.05"], ALL, ["1.0"]),
    ("ln(abs(t-0.1))+abs(t+0.2)^0.25", ["0.1", "-0.2"], ALL, ["1.0"]),
    ("sqrt(abs(t-0.1))+0.5*exp(-((t-0.1)/0.001)^2)", AROUND, ALL, ["1.0"]),
]


class TanhSinh:
    """Nodes and weights on [0, 1/2), by their distance to 0, level by level."""

    levels = {}

    @classmethod
    def level(cls, number):
        """The nodes that step 2^-number adds to those of the step before: (distance, weight over step)."""
        if number not in cls.levels:
            step, nodes = arb(2) ** -number, []
            stride, j = (1, 1) if number == 3 else (2, 1)
            while True:
                v = step * j
                e = (-arb.pi() * v.sinh()).exp()
                distance = e / (1 + e)
                if distance < arb(10) ** -CLOSEST:
                    break
                nodes.append((distance, arb.pi() * v.cosh() * distance * (1 - distance)))
                j += stride
            cls.levels[number] = nodes
        return cls.levels[number]


class Singular:
    """Integrals of f P_k and f^2 with singular points at the edges."""

    def __init__(self, text, n, scale, points):
        self.n, self.scale = n, exact(fractions.Fraction(scale))
        self.f = compiled(text, REAL, exact)
        inside = [p / self.scale for p in points]
        ends = [x.asin() for x in inside if abs(x) < 1]
        if n >= 10:
            # Panels of a deviation or two, but not next to a singular point.
            spread = [arb(j) / arb(n).sqrt() for j in range(-15, 16, 2)]
            near = arb(0.3) / arb(n).sqrt()
            ends += [x for x in spread if abs(x) < 1.4 and all(abs(x - e) > near for e in ends)]
        self.edges = sorted([-arb.pi() / 2, *ends, arb.pi() / 2], key=float)

    def terms(self, theta, weight):
        x, cosine = theta.sin_cos()
        f = self.f(self.scale * x)
        g = f * weight * cosine ** (self.n - 2)
        return [g * p for p in legendre(self.n, SINGULAR_LAST, x)] + [g * f]

    def side(self, start, length, number):
        """The sum over new nodes near one end; a negative length runs to the left."""
        sums = [arb(0)] * (SINGULAR_LAST + 2)
        for distance, weight in TanhSinh.level(number):
            new = self.terms(start + length * distance, weight * abs(length))
            sums = [s + x for s, x in zip(sums, new)]
            if distance < 1e-12 and abs(new[0]) < 1e-45 and abs(new[-1]) < 1e-50:
                break
        return sums

    def run(self):
        previous, sums = None, [arb(0)] * (SINGULAR_LAST + 2)
        panels = list(zip(self.edges, self.edges[1:]))
        for a, b in panels:
            middle = self.terms((a + b) / 2, (b - a) * arb.pi() / 4)
            sums = [s + x for s, x in zip(sums, middle)]
        for number in range(3, 10):
            for a, b in panels:
                for part in (self.side(a, b - a, number), self.side(b, a - b, number)):
                    sums = [s + x for s, x in zip(sums, part)]
            found = [s * arb(2) ** -number / total(self.n) for s in sums]
            if previous is not None and self.agree(previous, found):
                return found
            previous = found
        raise ArithmeticError("tanh-sinh does not converge")

    def agree(self, previous, found):
        norm = found[-1]
        size, goal = norm.sqrt(), arb(1e-29)
        return all(abs(a - b) < goal * size for a, b in zip(previous[:-1], found[:-1])) and (
            abs(previous[-1] - norm) < goal * norm
        )


def check_power(text, n, norm):
    """E |t|^b and E (1 + t)^b are known."""
    n = arb(n)
    if found := re.fullmatch(r"abs\(t\)\^([-.0-9]+)", text):
        b = 2 * exact(fractions.Fraction(found[1]))
        known = (n / 2).gamma() * ((b + 1) / 2).gamma() / (arb.pi().sqrt() * ((n + b) / 2).gamma())
    elif found := re.fullmatch(r"\(1[-+]t\)\^([-.0-9]+)", text):
        b = 2 * exact(fractions.Fraction(found[1]))
        half = (n - 1) / 2
        known = arb(2) ** b * (half + b).gamma() * (n - 1).gamma() / (half.gamma() * (n - 1 + b).gamma())
    else:
        return
    assert abs(norm / known - 1) < 1e-29, (text, n)


def singular():
    ctx.prec = SINGULAR_BITS
    rows = []
    for text, points, dimensions, scales in SINGULAR:
        points = points() if callable(points) else points
        points = [exact(fractions.Fraction(p)) if isinstance(p, str) else p() if callable(p) else p for p in points]
        for scale in scales:
            for n in dimensions:
                *coefficients, norm = Singular(text, n, scale, points).run()
                if scale == "1.0":
                    check_power(text, n, norm)
                goal = arb(1e-29)
                rows.append([text, n, scale, decimal(norm, goal * norm)])
                rows[-1].append([decimal(c, goal * norm.sqrt()) for c in coefficients])
    return rows


def write(folder, name, rows):
    head = {"schema": 1, "generator": "generate_bumps.py", "python-flint": flint.__version__, "digits": 22}
    lines = ",\n".join(json.dumps(r, separators=(",", ":")) for r in rows)
    (folder / name).write_text(json.dumps(head)[:-1] + ',\n"rows":[\n' + lines + "\n]}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare 20 rows of bumps.json with mpmath")
    parser.add_argument("--out", type=pathlib.Path, default=HERE)
    arguments = parser.parse_args()
    out = arguments.out
    write(out, "singular.json", singular())
    write(out, "bumps.json", bumps(arguments.check))
    sums = [f"{hashlib.sha256((out / n).read_bytes()).hexdigest()}  {n}" for n in ["bumps.json", "singular.json"]]
    (out / "checksums-bumps.txt").write_text("\n".join(sums) + "\n")


if __name__ == "__main__":
    main()
