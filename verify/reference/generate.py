#!/usr/bin/env python3
"""High-precision reference tables for the tests of `zonal`.

Made with Python 3.11, mpmath 1.3.0 and gmpy2 2.3.2 (pin both, the checksums depend on nothing else):

    pip install mpmath==1.3.0 gmpy2==2.3.2
    python generate.py --check          # what the committed tables were made with
    python generate.py                  # the same numbers, every "independent" flag false

What is computed.  Let t be one coordinate of a uniform point on the unit sphere in R^n: its density is
w_n (1-t^2)^((n-3)/2) on [-1, 1] with w_n = Gamma(n/2) / (sqrt(pi) Gamma((n-1)/2)).  P_k is the Legendre
polynomial of degree k in dimension n with P_k(1) = 1.  The main table holds the Funk-Hecke coefficients

    alpha_k(phi, n, s) = E[phi(s t) P_k(t)].

How.  Every family takes the cheapest route whose error can be bounded:

  * powers and their pieces (relu, step, abs, polynomials, ...): E[t_+^a P_k] is a ratio of Gamma functions,
    and with an integer power it is rational, so polynomials are summed exactly;
  * exp, sin, cos: the 0F1 (Bessel) series, which does not cancel for the scales used;
  * sigmoid, tanh, erf, gelu, silu, softplus: the trapezoidal rule in u after t = tanh(u), see `analytic`.

Every argument that a 64-bit program would receive as an f64 (a scale, a slope, a correlation) is the exact
value of that f64 here too: the scale "sqrt(n)" is the f64 nearest to it, and the leaky slope is the f64 0.01.

`--check` recomputes a seeded sample by an independent route (mpmath's adaptive quadrature of the defining
integral, with the activation's textbook definition) and requires 50 digits of agreement.
"""

import argparse
import hashlib
import json
import math
import random
import sys
import time
from fractions import Fraction
from pathlib import Path

import gmpy2
import mpmath
from mpmath import mp

SCHEMA = 1
# Digits that every coefficient must keep inside the computation, and digits written.
GUARANTEED = 62
DIGITS = 25
SPECIAL_DIGITS = 40
CHECK_DIGITS = 50

DIMENSIONS = [2, 3, 5, 10, 100, 1000, 1000000]
DEGREES = [*range(13), 15, 16, 20, 21, 24, 27, 31, 32, 40, 45, 48, 55, 63, 64]
K_MAX = max(DEGREES)
LEAKY_SLOPE = 0.01

# (activation, degree) pairs whose coefficient is exactly zero, by parity or by orthogonality.
ZERO_ROWS = [
    ("relu", 3), ("relu", 63), ("leaky-relu", 5), ("squared-relu", 4), ("squared-relu", 64), ("step", 2),
    ("sign", 0), ("sign", 4), ("abs", 1), ("abs", 7), ("sigmoid", 2), ("tanh", 6), ("erf", 0), ("gelu", 3),
    ("silu", 5), ("softplus", 3), ("sin", 2), ("cos", 1), ("square", 1), ("square", 4), ("cube", 5),
    ("hermite-3", 2), ("hermite-4", 1), ("hermite-4", 6),
]
ZERO_DIMENSIONS = [3, 100]


# ---------------------------------------------------------------------------------------------------------
# Small shared pieces
# ---------------------------------------------------------------------------------------------------------


def multiplicity(n, k):
    """Dimension of the degree-k spherical harmonics in R^n: C(n+k-1, k) - C(n+k-3, k-2), an exact integer."""
    return math.comb(n + k - 1, k) - (math.comb(n + k - 3, k - 2) if k >= 2 else 0)


def log10_int(value):
    """log10 of a positive integer of any size (math.log10 takes big integers without overflow)."""
    return math.log10(value)


def log10_abs(x):
    """log10|x| as a float for an mpf of any exponent."""
    man, exponent = mp.frexp(abs(x))
    return math.log10(man) + exponent * math.log10(2)


def legendre(n, t, k_max, number):
    """P_0..P_k_max at t, in whatever arithmetic `number` makes (Fraction, mpf or mpfr)."""
    values = [number(1), t]
    for k in range(1, k_max):
        values.append(((2 * k + n - 2) * t * values[k] - k * values[k - 1]) / number(k + n - 2))
    return values[: k_max + 1]


def density_constant(n):
    """w_n at the current mpmath precision."""
    half = mp.mpf(1) / 2
    return mp.gamma(n * half) / (mp.sqrt(mp.pi) * mp.gamma((n - 1) * half))


def to_mpf(x):
    """mpf or exact rational -> mpf at the current precision."""
    return mp.mpf(x.numerator) / x.denominator if isinstance(x, Fraction) else mp.mpf(x)


def text(x, digits=DIGITS):
    """Scientific notation with `digits` significant digits, trailing zeros dropped ("-1.25e-3", "0.0")."""
    with mp.workdps(max(2 * digits, 120)):
        out = mp.nstr(to_mpf(x), digits, min_fixed=0, max_fixed=0)
    return out.replace("e+", "e")


def log_text(x, digits=DIGITS):
    """ln|x| in the same notation; "-inf" for zero."""
    if x == 0:
        return "-inf"
    with mp.workdps(120):
        return text(mp.log(abs(to_mpf(x))), digits)


def write_rows(path, header, tables):
    """A JSON object with one row per line, so that a changed row is a changed line in review."""
    lines = [",\n".join(f"{json.dumps(key)}:{json.dumps(value)}" for key, value in header.items())]
    for name, rows in tables.items():
        body = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
        lines.append(f"{json.dumps(name)}:[\n{body}\n]")
    path.write_text("{" + ",\n".join(lines) + "}\n", encoding="utf-8")


def header(digits):
    return {
        "schema": SCHEMA,
        "generator": "generate.py",
        "mpmath": mpmath.__version__,
        "gmpy2": gmpy2.version(),
        "digits": digits,
    }


def require(condition, message):
    """An `assert` that python -O keeps."""
    if not condition:
        raise SystemExit(f"generate.py: {message}")


def agreeing_digits(a, b):
    """Number of leading decimal digits that a and b share, as a float (inf when equal)."""
    if a == b:
        return math.inf
    return -log10_abs((a - b) / (b if b != 0 else 1))


# ---------------------------------------------------------------------------------------------------------
# Activations
# ---------------------------------------------------------------------------------------------------------

# The degrees that can be non-zero.  "even+1" is an even function plus a multiple of t, and so on.
EVEN = lambda k: k % 2 == 0  # noqa: E731
ODD = lambda k: k % 2 == 1  # noqa: E731
SUPPORT = {
    "relu": lambda k: EVEN(k) or k == 1,
    "leaky-relu": lambda k: EVEN(k) or k == 1,
    "squared-relu": lambda k: ODD(k) or k in (0, 2),
    "step": lambda k: ODD(k) or k == 0,
    "sign": ODD,
    "abs": EVEN,
    "sigmoid": lambda k: ODD(k) or k == 0,
    "tanh": ODD,
    "erf": ODD,
    "gelu": lambda k: EVEN(k) or k == 1,
    "silu": lambda k: EVEN(k) or k == 1,
    "softplus": lambda k: EVEN(k) or k == 1,
    "sin": ODD,
    "cos": EVEN,
    "exp": lambda k: True,
    "square": lambda k: k in (0, 2),
    "cube": lambda k: k in (1, 3),
    "hermite-3": lambda k: k in (1, 3),
    "hermite-4": lambda k: k in (0, 2, 4),
}
ACTIVATIONS = list(SUPPORT)
ANALYTIC = ["sigmoid", "tanh", "erf", "gelu", "silu", "softplus"]

# Textbook definitions, used only by the independent checks: the tables never evaluate these.
DEFINITION = {
    "relu": lambda x: x if x > 0 else mp.zero,
    "leaky-relu": lambda x: x if x > 0 else mp.mpf(LEAKY_SLOPE) * x,
    "squared-relu": lambda x: x * x if x > 0 else mp.zero,
    "step": lambda x: mp.one if x > 0 else mp.zero,
    "sign": lambda x: mp.one if x > 0 else -mp.one,
    "abs": lambda x: abs(x),
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "tanh": lambda x: mp.tanh(x),
    "erf": lambda x: mp.erf(x),
    "gelu": lambda x: x * (1 + mp.erf(x / mp.sqrt(2))) / 2,
    "silu": lambda x: x / (1 + mp.exp(-x)),
    "softplus": lambda x: mp.log(1 + mp.exp(x)),
    "sin": lambda x: mp.sin(x),
    "cos": lambda x: mp.cos(x),
    "exp": lambda x: mp.exp(x),
    "square": lambda x: x * x,
    "cube": lambda x: x**3,
    "hermite-3": lambda x: (x**3 - 3 * x) / mp.sqrt(6),
    "hermite-4": lambda x: (x**4 - 6 * x**2 + 3) / mp.sqrt(24),
}


# ---------------------------------------------------------------------------------------------------------
# Closed forms
# ---------------------------------------------------------------------------------------------------------


def half_power(n, a, k):
    """E[t_+^a P_k] = Gamma(n/2) Gamma(a+1) / (2^(a+1) Gamma((a-k)/2+1) Gamma((k+n+a)/2))."""
    if k > a and (k - a) % 2 == 0:
        return mp.zero  # 1/Gamma at a pole
    half = mp.mpf(1) / 2
    return (
        mp.gamma(n * half)
        * mp.factorial(a)
        / (mp.mpf(2) ** (a + 1) * mp.gamma((a - k) * half + 1) * mp.gamma((k + n + a) * half))
    )


def power(n, a, k):
    """E[t^a P_k], an exact rational: zero unless k <= a and k = a mod 2."""
    if k > a or (a - k) % 2:
        return Fraction(0)
    value = Fraction(math.factorial(a), 2**a * math.factorial((a - k) // 2))
    for j in range((k + a) // 2):
        value /= Fraction(n, 2) + j
    return value


def bessel(n, s, k, sign):
    """s^k / (n (n+2) ... (n+2k-2)) * 0F1(; n/2+k; sign s^2/4): exp for sign = +1, |sin| and |cos| for -1.

    With s^2 <= n the terms of the series fall at least like 2^-j / j!, so a negative sign loses no digits.
    """
    s = mp.mpf(s)
    factor = mp.one
    for j in range(k):
        factor *= s / (n + 2 * j)
    z = sign * s * s / 4
    term = total = mp.one
    j = 0
    while abs(term) > mp.eps * abs(total) * mp.mpf(10) ** -5:
        term *= z / ((j + 1) * (mp.mpf(n) / 2 + k + j))
        total += term
        j += 1
    return factor * total


def closed_form(activation, n, s, k):
    """alpha_k where a formula is known; mpf or Fraction."""
    exact_s = Fraction(s)
    if activation in ("relu", "step", "squared-relu"):
        a = {"step": 0, "relu": 1, "squared-relu": 2}[activation]
        return mp.mpf(s) ** a * half_power(n, a, k)
    if activation == "sign":
        return 2 * half_power(n, 0, k) - to_mpf(power(n, 0, k))
    if activation == "abs":
        return mp.mpf(s) * (2 * half_power(n, 1, k) - to_mpf(power(n, 1, k)))
    if activation == "leaky-relu":
        # max(t,0) - c max(-t,0) = (1-c) t_+ + c t
        c = Fraction(LEAKY_SLOPE)
        return mp.mpf(s) * (to_mpf(1 - c) * half_power(n, 1, k) + to_mpf(c * power(n, 1, k)))
    if activation == "exp":
        return bessel(n, s, k, 1)
    if activation in ("sin", "cos"):
        return (-1) ** (k // 2) * bessel(n, s, k, -1)
    if activation == "square":
        return exact_s**2 * power(n, 2, k)
    if activation == "cube":
        return exact_s**3 * power(n, 3, k)
    if activation == "hermite-3":
        return to_mpf(exact_s**3 * power(n, 3, k) - 3 * exact_s * power(n, 1, k)) / mp.sqrt(6)
    if activation == "hermite-4":
        inner = exact_s**4 * power(n, 4, k) - 6 * exact_s**2 * power(n, 2, k) + 3 * power(n, 0, k)
        return to_mpf(inner) / mp.sqrt(24)
    raise KeyError(activation)


def closed_norm(activation, n, s):
    """E[phi(s t)^2] where a formula is known."""
    exact_s = Fraction(s)
    moment = lambda a: exact_s**a * power(n, a, 0)  # noqa: E731
    if activation == "relu":
        return moment(2) / 2
    if activation == "leaky-relu":
        return moment(2) * (1 + Fraction(LEAKY_SLOPE) ** 2) / 2
    if activation == "squared-relu":
        return moment(4) / 2
    if activation == "step":
        return Fraction(1, 2)
    if activation == "sign":
        return Fraction(1)
    if activation == "abs":
        return moment(2)
    if activation == "exp":
        return bessel(n, 2 * s, 0, 1)
    if activation in ("sin", "cos"):
        double = bessel(n, 2 * s, 0, -1)
        return (1 - double) / 2 if activation == "sin" else (1 + double) / 2
    if activation == "square":
        return moment(4)
    if activation == "cube":
        return moment(6)
    if activation == "hermite-3":
        return (moment(6) - 6 * moment(4) + 9 * moment(2)) / 6
    if activation == "hermite-4":
        return (moment(8) - 12 * moment(6) + 42 * moment(4) - 36 * moment(2) + 9) / 24
    raise KeyError(activation)


# ---------------------------------------------------------------------------------------------------------
# The analytic activations
# ---------------------------------------------------------------------------------------------------------


def analytic(n, scales, k_max, log=None):
    """alpha_0..alpha_k_max and E[phi^2] of the six analytic activations: {(activation, s): (alphas, norm)}.

    After t = tanh(u) the integral is over the whole line with weight sech(u)^(n-1), and the integrand is
    analytic in a strip: the trapezoidal rule then converges geometrically in 1/h, at the same points for
    all activations, scales and degrees.  Each activation is split by parity into an elementary part and
    one odd or even function, which halves the work and makes the parity zeros exact:

        sigmoid  = 1/2 + tanh(x/2)/2         gelu     = x/2 + (x/2) erf(x/sqrt 2)
        softplus = x/2 + ln(2 cosh(x/2))     silu     = x/2 + (x/2) tanh(x/2)

    Precision.  |alpha_k| can be as small as about 1/(n(n+2)...(n+2k-2)) (the k-th derivative at 0 is at
    least 1), while by Cauchy-Schwarz E|phi P_k| <= sqrt(E[phi^2] / N(n, k)): their ratio is what the sum
    cancels.  Both are known beforehand well enough to choose the precision and the cut-off, and the bounds
    are checked again with the coefficients found.
    """
    tail = GUARANTEED + 8 + sum(math.log10(n + 2 * j) for j in range(k_max))
    digits = math.ceil(tail - 0.5 * log10_int(multiplicity(n, k_max))) + 20
    # sech(u)^(n-1) = 10^-tail at the cut-off.
    lift = tail * math.log(10) / (n - 1)
    cut = lift + math.log(2) if lift > 30 else math.acosh(math.exp(lift))

    with gmpy2.context(gmpy2.get_context(), precision=int(digits * 3.33) + 32), mp.workdps(digits):
        real = gmpy2.mpfr
        one, half, sqrt_half = real(1), real(1) / 2, gmpy2.sqrt(real(1) / 2)
        rise = [real(2 * k + n - 2) / (k + n - 2) if k else one for k in range(k_max)]
        fall = [real(k) / (k + n - 2) if k else one for k in range(k_max)]
        # Per scale: odd parts tanh(x/2), tanh x, erf x; even parts of gelu, silu, softplus; their squares.
        odd_count, even_count = (k_max + 1) // 2, k_max // 2 + 1
        odd = {(f, s): [real(0)] * odd_count for s in scales for f in ("sigmoid", "tanh", "erf")}
        even = {(f, s): [real(0)] * even_count for s in scales for f in ("gelu", "silu", "softplus")}
        square = {key: real(0) for key in [*odd, *even]}
        mass = real(0)

        def add(u, factor):
            nonlocal mass
            e = gmpy2.exp(u)
            r = one / e
            cosh = (e + r) * half
            t = (e - r) * half / cosh
            w = factor / cosh ** (n - 1)
            mass += w
            p = [one, t]
            for k in range(1, k_max):
                p.append(rise[k] * t * p[k] - fall[k] * p[k - 1])
            p_even, p_odd = p[0 : k_max + 1 : 2], p[1 : k_max + 1 : 2]
            for s in scales:
                x = s * t
                h = x * half
                th = gmpy2.tanh(h)
                values = (
                    (odd, "sigmoid", th, p_odd),
                    (odd, "tanh", gmpy2.tanh(x), p_odd),
                    (odd, "erf", gmpy2.erf(x), p_odd),
                    (even, "gelu", h * gmpy2.erf(x * sqrt_half), p_even),
                    (even, "silu", h * th, p_even),
                    (even, "softplus", gmpy2.log(gmpy2.exp(h) + gmpy2.exp(-h)), p_even),
                )
                for sums, name, value, column in values:
                    key = (name, s)
                    wf = w * value
                    sums[key] = [a + wf * b for a, b in zip(sums[key], column)]
                    square[key] += wf * value

        def mpf(x):
            mantissa, exponent = x.as_mantissa_exp()
            return mp.ldexp(mp.mpf(int(mantissa)), int(exponent))

        constant = density_constant(n)

        def estimate(step):
            # The sum runs over u >= 0 only (with half weight at 0), hence the 2.
            c = 2 * mpf(step) * constant
            table = {key: [c * mpf(x) for x in column] for key, column in [*odd.items(), *even.items()]}
            return table, {key: c * mpf(x) for key, x in square.items()}, c * mpf(mass)

        points = 32
        step = real(cut) / points
        add(real(0), half)
        for j in range(1, points + 1):
            add(j * step, one)
        previous = None
        while True:
            table, norms, total = estimate(step)
            if previous is not None:
                worst = min(
                    agreeing_digits(a, b)
                    for key in table
                    for a, b in zip([*table[key], norms[key]], [*previous[0][key], previous[1][key]])
                )
                # Halving the step about squares the error: the newer estimate is far better than this.
                if worst >= GUARANTEED and agreeing_digits(total, mp.one) >= GUARANTEED:
                    break
            require(points < 2**20, f"trapezoidal rule did not converge at n = {n}")
            previous = table, norms
            step /= 2
            for j in range(points):
                add((2 * j + 1) * step, one)
            points *= 2

        # The two bounds promised above: rounding and cut-off, relative to each coefficient found.
        margin = math.inf
        for (name, s), column in table.items():
            spread = log10_abs(norms[name, s]) / 2
            for i, a in enumerate(column):
                k = 2 * i + (1 if (name, s) in odd else 0)
                lost = spread - 0.5 * log10_int(multiplicity(n, k)) - log10_abs(a)
                rounding = digits - lost - math.log10(points) - 1
                cutoff = tail + log10_abs(a) - math.log10(cut * (1 + s)) - log10_abs(constant)
                margin = min(margin, rounding, cutoff)
        require(margin >= GUARANTEED, f"only {margin:.1f} digits are certain at n = {n}")

        out = {}
        for s in scales:
            scale = mp.mpf(s)
            second = scale * scale / n  # E[x^2]
            zeros = [mp.zero] * (k_max + 1)
            for name in ANALYTIC:
                alphas, norm = list(zeros), norms[name, s]
                if name in ("sigmoid", "tanh", "erf"):
                    alphas[1::2] = table[name, s]
                else:
                    alphas[0::2] = table[name, s]
                if name == "sigmoid":
                    alphas = [a / 2 for a in alphas]
                    alphas[0] = mp.one / 2
                    norm = norm / 4 + mp.one / 4
                elif name in ("gelu", "silu", "softplus"):
                    alphas[1] = scale / (2 * n)
                    norm = norm + second / 4
                # Parseval: a sum of squares cannot exceed the whole.
                energy = mp.fsum(a * a * multiplicity(n, k) for k, a in enumerate(alphas))
                require(energy <= norm * (1 + mp.mpf(10) ** -GUARANTEED), f"Parseval fails: {name}, {n}, {s}")
                out[name, s] = alphas, norm
        if log:
            # `margin` bounds rounding and cut-off; the step size is what the loop above settled.
            log(f"  n = {n}: {2 * points + 1} points, {digits} digits carried, {margin:.0f} kept")
        return out


# ---------------------------------------------------------------------------------------------------------
# spectrum.json
# ---------------------------------------------------------------------------------------------------------


def independent_alpha(activation, n, s, k, alpha):
    """alpha_k from the defining integral by mpmath's tanh-sinh quadrature, split at the kink at 0.

    t = sin(theta) takes away the end-point singularity that n = 2 has; cos(theta)^(n-2) is then the whole
    weight.  The given alpha only sets the precision: quad stops at an absolute error, so P_k is scaled to
    unit norm and the digits still lost to cancellation are added.
    """
    root_n = 0.5 * log10_int(multiplicity(n, k))
    lost = max(0.0, -log10_abs(alpha) - root_n) + math.log10(1 + s)
    # Rounded up, so that quad's cached nodes are shared between entries.
    digits = 40 * math.ceil((CHECK_DIGITS + 15 + lost) / 40)
    with mp.workdps(digits):
        phi, scale = DEFINITION[activation], mp.mpf(s)
        front = density_constant(n) * mp.sqrt(multiplicity(n, k))
        # |P_k| <= 1 and |phi| is moderate: past `cut` the integrand is below 10^-(digits + 10).
        drop = (digits + 10 + root_n) * math.log(10) / max(n - 2, 1)
        cut = mp.mpf(math.acos(math.exp(-drop))) if n > 50 and drop < 10 else mp.pi / 2

        def integrand(theta):
            c, t = mp.cos_sin(theta)
            previous, current = mp.one, t
            for j in range(1, k):
                previous, current = current, ((2 * j + n - 2) * t * current - j * previous) / (j + n - 2)
            return phi(scale * t) * (current if k else previous) * c ** (n - 2) * front

        value = mp.quad(integrand, [-cut, 0, cut], maxdegree=13)
        return value / mp.sqrt(multiplicity(n, k))


def independent_norm(activation, n, s):
    with mp.workdps(60):
        phi, scale, front = DEFINITION[activation], mp.mpf(s), density_constant(n)
        drop = 75 * math.log(10) / max(n - 2, 1)
        cut = mp.mpf(math.acos(math.exp(-drop))) if n > 50 and drop < 10 else mp.pi / 2

        def integrand(theta):
            c, t = mp.cos_sin(theta)
            return phi(scale * t) ** 2 * c ** (n - 2) * front

        return mp.quad(integrand, [-cut, 0, cut], maxdegree=12)


def choose_sample(keys, extra, rng):
    """One entry of every (activation, dimension) pair, then `extra` more from the rest."""
    groups = {}
    for key in keys:
        groups.setdefault((key[0], key[1]), []).append(key)
    chosen = [rng.choice(group) for group in groups.values()]
    rest = sorted(set(keys) - set(chosen))
    return chosen + rng.sample(rest, extra)


def spectrum(out, check, seed, extra, log):
    values, norms = {}, {}
    for n in DIMENSIONS:
        scales = [1.0, math.sqrt(n)]
        tables = analytic(n, scales, K_MAX, log)
        for s in scales:
            for activation in ACTIVATIONS:
                wanted = [k for k in DEGREES if SUPPORT[activation](k)]
                if activation in ANALYTIC:
                    alphas, norm = tables[activation, s]
                    for k in wanted:
                        values[activation, n, s, k] = alphas[k]
                else:
                    with mp.workdps(120):
                        for k in wanted:
                            values[activation, n, s, k] = to_mpf(closed_form(activation, n, s, k))
                        norm = to_mpf(closed_norm(activation, n, s))
                norms[activation, n, s] = norm
    require(all(v != 0 for v in values.values()), "a coefficient that should not be zero is")
    log(f"spectrum: {len(values)} non-zero coefficients")

    checked = set()
    if check:
        rng = random.Random(seed)
        sample = choose_sample(list(values), extra, rng)
        worst, where, start = math.inf, None, time.process_time()
        for index, key in enumerate(sample):
            found = independent_alpha(*key, values[key])
            with mp.workdps(500):
                digits = agreeing_digits(found, values[key])
            require(digits >= CHECK_DIGITS, f"{key}: only {digits:.1f} digits agree")
            if digits < worst:
                worst, where = digits, key
            checked.add(key)
            if (index + 1) % 25 == 0:
                log(f"  {index + 1}/{len(sample)} checked, {time.process_time() - start:.0f} s")
        log(f"check: {len(sample)} coefficients agree with direct quadrature, worst {worst:.1f} digits")
        log(f"  the worst is {where}")
        norm_keys = rng.sample(sorted(norms), 40)
        worst = math.inf
        for key in norm_keys:
            digits = agreeing_digits(independent_norm(*key), norms[key])
            require(digits >= CHECK_DIGITS, f"norm {key}: only {digits:.1f} digits agree")
            worst = min(worst, digits)
        log(f"check: {len(norm_keys)} norms agree with direct quadrature, worst {worst:.1f} digits")

    for activation, k in ZERO_ROWS:
        require(not SUPPORT[activation](k), f"{activation}, {k} is not a zero row")
        for n in ZERO_DIMENSIONS:
            values[activation, n, 1.0, k] = mp.zero
    order = {name: i for i, name in enumerate(ACTIVATIONS)}
    rows = []
    for key in sorted(values, key=lambda key: (order[key[0]], *key[1:])):
        activation, n, s, k = key
        alpha = values[key]
        sign = int(mp.sign(alpha))
        rows.append([activation, n, repr(s), k, sign, text(alpha), log_text(alpha), key in checked])
    norm_rows = [[a, n, repr(s), text(v)] for (a, n, s), v in norms.items()]
    norm_rows.sort(key=lambda row: (order[row[0]], row[1], float(row[2])))
    head = header(DIGITS) | {"leaky_slope": repr(LEAKY_SLOPE)}
    write_rows(out / "spectrum.json", head, {"rows": rows, "norms": norm_rows})
    log(f"spectrum.json: {len(rows)} rows ({len(checked)} independent), {len(norm_rows)} norms")


# ---------------------------------------------------------------------------------------------------------
# legendre.json, multiplicity.json
# ---------------------------------------------------------------------------------------------------------


def legendre_table(out, check, log):
    """P_k(t) in exact rational arithmetic; the check is the hypergeometric form."""
    degrees = [0, 1, 2, 3, 7, 12, 33, 64]
    rows, compared = [], 0
    for n in [2, 3, 5, 10, 100, 1000]:
        for t in [-1.0, -0.9, -0.3, 0.0, 0.1, 0.5, 0.99, 1.0]:
            values = legendre(n, Fraction(t), max(degrees), Fraction)
            for k in degrees:
                if check:
                    with mp.workdps(100):
                        z = (1 - mp.mpf(t)) / 2
                        # zeroprec: an odd P_k at t = 0 sums to an exact zero.
                        other = mp.hyp2f1(-k, k + n - 2, mp.mpf(n - 1) / 2, z, zeroprec=3000)
                        digits = agreeing_digits(other, to_mpf(values[k]))
                    require(digits >= CHECK_DIGITS, f"P_{k}({t}) in dimension {n}: {digits:.1f} digits agree")
                    compared += 1
                rows.append([n, k, repr(t), text(values[k])])
    rows.sort(key=lambda row: (row[0], row[1], float(row[2])))
    write_rows(out / "legendre.json", header(DIGITS), {"rows": rows})
    log(f"legendre.json: {len(rows)} rows, {compared} compared with 2F1")


def multiplicity_table(out, log):
    rows = []
    for n in [2, 3, 4, 10, 100, 1000, 1000000]:
        for k in [0, 1, 2, 3, 7, 12, 33, 64]:
            value = multiplicity(n, k)
            if k:
                # The other textbook form, (2k+n-2)/k C(k+n-3, k-1).
                require(value * k == (2 * k + n - 2) * math.comb(k + n - 3, k - 1), f"N({n}, {k})")
            rows.append([n, k, str(value)])
    require(multiplicity(1000, 7) == 202605816498742800, "N(1000, 7)")
    write_rows(out / "multiplicity.json", {"schema": SCHEMA, "generator": "generate.py"}, {"rows": rows})
    log(f"multiplicity.json: {len(rows)} rows")


# ---------------------------------------------------------------------------------------------------------
# kernel.json
# ---------------------------------------------------------------------------------------------------------


def closed_kernel(activation, n, rho):
    """kappa(rho) of the homogeneous activations (arc-cosine kernels), at s = 1."""
    sine = mp.sqrt((1 - rho) * (1 + rho))
    if activation == "relu":
        return (sine + rho * (mp.pi - mp.acos(rho))) / (2 * mp.pi * n)
    if activation == "step":
        return (mp.pi - mp.acos(rho)) / (2 * mp.pi)
    if activation == "abs":
        return 2 * (sine + rho * mp.asin(rho)) / (mp.pi * n)
    raise KeyError(activation)


def planar_kernel(activation, n, rho):
    """E[phi(<u,x>) phi(<v,x>)] as an integral over the plane of u and v.

    There x has polar coordinates (sin psi, theta) with density (n-2)/(2 pi) sin(psi) cos(psi)^(n-3), and
    <u,x>, <v,x> are sin(psi) cos(theta), sin(psi) cos(theta - arccos rho).  The circle is split where
    either of them changes sign.
    """
    with mp.workdps(36):
        phi, angle = DEFINITION[activation], mp.acos(mp.mpf(rho))
        front = (n - 2) / (2 * mp.pi)
        half_pi = mp.pi / 2
        cuts = {mp.mpf(0), 2 * mp.pi}
        for kink in (half_pi, 3 * half_pi, half_pi + angle, 3 * half_pi + angle, angle - half_pi):
            kink = kink % (2 * mp.pi)
            if all(abs(kink - c) > mp.mpf(10) ** -20 for c in cuts):
                cuts.add(kink)

        def inner(theta):
            a, b = mp.cos(theta), mp.cos(theta - angle)

            def radial(psi):
                c, r = mp.cos_sin(psi)
                return phi(r * a) * phi(r * b) * r * c ** (n - 3)

            return mp.quad(radial, [0, half_pi], method="gauss-legendre", maxdegree=5)

        return front * mp.quad(inner, sorted(cuts), method="gauss-legendre", maxdegree=5)


def kernel_table(out, check, log):
    """Closed forms where there are any, otherwise sum alpha_k^2 N_k P_k(rho) with Parseval as its tail bound."""
    correlations = [-1.0, -0.7, 0.0, 0.3, 0.95, 1.0]
    values = {}
    for n in [3, 10, 50]:
        tables = analytic(n, [1.0], 96)
        for activation in ["relu", "step", "abs", "sigmoid", "tanh", "erf"]:
            for rho in correlations:
                with mp.workdps(60):
                    if activation in ANALYTIC:
                        alphas, norm = tables[activation, 1.0]
                        weights = [a * a * multiplicity(n, k) for k, a in enumerate(alphas)]
                        tail = abs(norm - mp.fsum(weights))
                        polynomials = legendre(n, mp.mpf(rho), len(alphas) - 1, mp.mpf)
                        value = mp.fsum(w * p for w, p in zip(weights, polynomials))
                        # A kernel value of an odd activation vanishes at rho = 0, so it has no relative error.
                        require(tail < mp.mpf(10) ** -(DIGITS + 12), f"series too short: {activation}, {n}")
                        exact_zero = rho == 0 and activation in ("tanh", "erf")
                    else:
                        value = closed_kernel(activation, n, mp.mpf(rho))
                        exact_zero = (rho == -1 and activation in ("relu", "step"))
                    if exact_zero:
                        require(abs(value) < mp.mpf(10) ** -50, f"not zero: {activation}, {n}, {rho}")
                        value = mp.zero
                    values[activation, n, rho] = value
    checked, worst = set(), math.inf
    if check:
        for activation, n, rho in [
            ("relu", 3, 0.3), ("relu", 10, -0.7), ("relu", 50, 0.95),
            ("step", 3, -0.7), ("step", 50, 0.3), ("abs", 3, 0.95), ("abs", 10, 0.0),
            ("sigmoid", 3, 0.3), ("sigmoid", 10, -1.0), ("tanh", 3, 0.95), ("tanh", 50, -0.7),
            ("erf", 3, -0.7), ("erf", 10, 1.0), ("erf", 50, 0.3),
        ]:
            digits = agreeing_digits(planar_kernel(activation, n, rho), values[activation, n, rho])
            require(digits >= DIGITS + 1, f"kernel {activation}, {n}, {rho}: only {digits:.1f} digits agree")
            worst = min(worst, digits)
            checked.add((activation, n, rho))
        log(f"check: {len(checked)} kernel values agree with planar quadrature, worst {worst:.1f} digits")
    rows = [[a, n, "1.0", repr(rho), text(v), (a, n, rho) in checked] for (a, n, rho), v in values.items()]
    write_rows(out / "kernel.json", header(DIGITS), {"rows": rows})
    log(f"kernel.json: {len(rows)} rows")


# ---------------------------------------------------------------------------------------------------------
# special.json
# ---------------------------------------------------------------------------------------------------------


def special_table(out, seed, log):
    """Special functions at f64 arguments, from mpmath; MPFR (through gmpy2) must agree on every row."""
    rng = random.Random(seed)
    rows = []

    def emit(name, arguments, value, other):
        # Zero and overflowed forms need no relative comparison.
        same = value == other or agreeing_digits(value, other) >= SPECIAL_DIGITS + 10
        require(same, f"{name}{arguments}: mpmath and MPFR differ")
        rows.append([name, [repr(x) for x in arguments], text(value, SPECIAL_DIGITS)])

    with mp.workdps(120), gmpy2.context(gmpy2.get_context(), precision=420):
        def both(name, x, ours, theirs):
            mantissa, exponent = theirs(gmpy2.mpfr(x)).as_mantissa_exp()
            emit(name, [x], ours(mp.mpf(x)), mp.ldexp(mp.mpf(int(mantissa)), int(exponent)))

        tiny = [2.0**-60, 1e-20, 1e-10, 2.0**-30, 1e-5, 1e-3]
        line = [0.0, *tiny, *(-x for x in tiny), 0.1, -0.1, 0.5, -0.5, 1.0, -1.0, 2.5, -2.5, 10.0, -10.0, 30.0, -30.0]
        line += [rng.uniform(-1, 1) for _ in range(6)] + [rng.uniform(-30, 30) for _ in range(12)]
        for x in line:
            both("exp", x, mp.exp, gmpy2.exp)
            both("tanh", x, mp.tanh, gmpy2.tanh)
            both("sigmoid", x, lambda v: 1 / (1 + mp.exp(-v)), lambda v: 1 / (1 + gmpy2.exp(-v)))
            both("softplus", x, lambda v: mp.log1p(mp.exp(v)), lambda v: gmpy2.log1p(gmpy2.exp(v)))
            both("erf", x, mp.erf, gmpy2.erf)

        spread = [0.2, 0.46875, 0.75, 1.25, 1.5, 1.9, 2.0, 2.7, 3.0, 3.9, 4.0, 4.5, 5.3, 5.9, 6.5, 8.0, 9.7]
        for x in spread + [rng.uniform(0, 6) for _ in range(12)]:
            both("erf", x, mp.erf, gmpy2.erf)
            both("erf", -x, mp.erf, gmpy2.erf)
        deep = [0.0, 1e-20, 1e-5, 12.0, 15.5, 20.25, 26.0, 26.5, 27.2]
        for x in deep + spread + [rng.uniform(-4, 27) for _ in range(20)]:
            both("erfc", x, mp.erfc, gmpy2.erfc)

        # Includes both zeros, at 1 and 2, and their neighbourhoods on both sides.
        gammas = [1e-20, 1e-10, 0.001, 0.1, 0.5, 0.9, 1 - 2.0**-20, 1.0, 1 + 2.0**-40, 1.1, 1.4616321449683622]
        gammas += [1.5, 2 - 2.0**-30, 2.0, 2 + 2.0**-45, 2.5, 3.0, 3.5, 5.25, 7.0, 10.5, 12.75, 20.0, 33.3, 50.0]
        gammas += [64.5, 100.0, 171.5, 500.0, 999.5, 1000.0, 12345.678, 1e5, 500000.5, 999999.5, 1e6]
        # Products, not powers: 10**x depends on the platform's pow, and the rows must not.
        decades = [1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0, 1e3, 1e4, 1e5]
        gammas += [rng.uniform(1, 10) * rng.choice(decades) for _ in range(20)]
        for x in gammas:
            both("lgamma", x, mp.loggamma, lambda v: gmpy2.lgamma(v)[0])

        bases = [0.5, 1.0, 1.5, 2.0, 2.5, 3.7, 5.0, 7.25, 10.0, 16.5, 50.0, 99.5, 500.0, 1234.5, 1e4, 500000.0]
        bases += [500000.5, 1e6] + [rng.uniform(1, 10) * rng.choice(decades[2:]) for _ in range(8)]
        for x in bases:
            for a in [0.5, 1.0, 1.5, 10.0, 64.0]:
                # x + a as real numbers, not rounded to f64.
                top = mp.mpf(x) + mp.mpf(a)
                ratio = mp.gamma(top) / mp.gamma(mp.mpf(x))
                difference = gmpy2.lgamma(gmpy2.mpfr(x) + gmpy2.mpfr(a))[0] - gmpy2.lgamma(gmpy2.mpfr(x))[0]
                mantissa, exponent = difference.as_mantissa_exp()
                other = mp.ldexp(mp.mpf(int(mantissa)), int(exponent))
                emit("gamma_ratio", [x, a], ratio, mp.exp(other))
                rows.append(["ln_gamma_ratio", [repr(x), repr(a)], text(mp.log(ratio), SPECIAL_DIGITS)])
    unique = {(row[0], *row[1]): row for row in rows}
    order = list(dict.fromkeys(row[0] for row in rows))
    rows = sorted(unique.values(), key=lambda row: (order.index(row[0]), [float(x) for x in row[1]]))
    write_rows(out / "special.json", header(SPECIAL_DIGITS), {"rows": rows})
    counts = {name: sum(row[0] == name for row in rows) for name in order}
    log(f"special.json: {len(rows)} rows {counts}")


# ---------------------------------------------------------------------------------------------------------


def main():
    tables = ["multiplicity", "legendre", "special", "kernel", "spectrum"]
    parser = argparse.ArgumentParser(description="Write the reference tables of zonal-verify.")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent, help="folder to write to")
    parser.add_argument("--only", nargs="+", choices=tables, default=tables, help="tables to write (default: all)")
    parser.add_argument("--check", action="store_true", help="recompute a sample independently and mark its rows")
    parser.add_argument("--extra", type=int, default=367, help="checked coefficients beyond one per activation and n")
    parser.add_argument("--seed", type=int, default=20240607, help="seed of the sample and of the random arguments")
    arguments = parser.parse_args()

    log = lambda line: print(line, flush=True)  # noqa: E731
    out, check = arguments.out, arguments.check
    out.mkdir(parents=True, exist_ok=True)
    if sys.version_info < (3, 10):
        raise SystemExit("generate.py: needs Python 3.10 or newer")
    makers = {
        "multiplicity": lambda: multiplicity_table(out, log),
        "legendre": lambda: legendre_table(out, check, log),
        "special": lambda: special_table(out, arguments.seed, log),
        "kernel": lambda: kernel_table(out, check, log),
        "spectrum": lambda: spectrum(out, check, arguments.seed, arguments.extra, log),
    }
    for name in tables:
        if name in arguments.only:
            start = time.process_time()
            makers[name]()
            log(f"  {name}: {time.process_time() - start:.1f} s CPU")
    sums = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}\n" for p in sorted(out.glob("*.json"))]
    (out / "checksums.txt").write_text("".join(sums), encoding="utf-8")
    log(f"total {time.process_time():.1f} s CPU")


if __name__ == "__main__":
    main()
