"""Reference values for the lower bounds on statistical queries (docs/theory/queries.md: SQ-2, SQ-4, SQ-5, SQ-9).

queries.json: under "rows" [family, class of queries, n, k, tolerance, log10 of the number of queries], to six digits
after the point, at delta = epsilon = 1/2. Families: "zonal", "random", "signs".

Each value is the optimum of its formula: golden sections over a real exponent q, where the project searches a grid, and
the moduli of SQ-5 integrated as they are, where the project bounds them panel by panel. Only the standard library.
"""

import argparse
import hashlib
import json
import math
import pathlib
from fractions import Fraction

DELTA = EPSILON = 0.5
TAUS = [0.3, 0.1, 0.03, 0.01]
ZONAL = [(20, 2), (20, 4), (50, 3), (50, 5), (100, 3), (100, 4), (100, 6), (1000, 3), (1000, 6)]
RANDOM = [(20, 3), (50, 3), (100, 3)]
SIGNS = [(20, 3), (50, 4), (100, 4)]


def multiplicity(n, k):
    """The dimension of the harmonics of degree k."""
    if k == 0:
        return 1
    return math.comb(n + k - 1, k) - (math.comb(n + k - 3, k - 2) if k >= 2 else 0)


def smallest(f, low, high):
    """The minimum over [low, high] of a function with one minimum, by golden sections in the logarithm."""
    ratio = (math.sqrt(5) - 1) / 2
    a, b = math.log(low), math.log(high)
    c, d = b - ratio * (b - a), a + ratio * (b - a)
    fc, fd = f(math.exp(c)), f(math.exp(d))
    while b - a > 1e-7:
        if fc < fd:
            b, d, fd = d, c, fc
            c = b - ratio * (b - a)
            fc = f(math.exp(c))
        else:
            a, c, fc = c, d, fd
            d = a + ratio * (b - a)
            fd = f(math.exp(d))
    return min(fc, fd)


def ln_moment(n, x):
    """ln E r^(2x) for the length r of a standard Gaussian vector of n coordinates."""
    return x * math.log(2) + math.lgamma(n / 2 + x) - math.lgamma(n / 2)


def ln_constant(n, j, q):
    """ln C_(j,q)^2."""
    return j * math.log(q - 1) + ln_moment(n, j) - (2 / q) * ln_moment(n, j * q / 2)


def ln_single(n, k, ln_v):
    """SQ-2: ln of the largest fraction of targets that one correlational query separates, ln_v = ln(N tau^2)."""
    best = smallest(lambda q: (q / 2) * (ln_constant(n, k, q) - ln_v), 2, 1e7)
    return min(0.0, -ln_v, best)


def ln_sum(n, weights, ln_rest, tau):
    """SQ-4, SQ-5: ln of the largest p with X(p) >= tau^2."""

    def reaches(minus_ln_p):
        x = math.exp(minus_ln_p + ln_rest)
        for j, ln_w in weights:
            best = smallest(lambda q: ln_constant(n, j, q) + (2 / q) * minus_ln_p, 2, 1e4 + 100 * minus_ln_p)
            x += math.exp(min(best, minus_ln_p) + ln_w)
        return x >= tau * tau

    if reaches(0.0):
        return 0.0
    low, high = 0.0, 1.0
    while not reaches(high):
        low, high = high, 2 * high
    while high - low > 1e-8 * (1 + high):
        middle = (low + high) / 2
        if reaches(middle):
            high = middle
        else:
            low = middle
    return -low


def log10_queries(p_plus, ln_p):
    return (math.log(DELTA - p_plus) - ln_p) / math.log(10)


def zonal(n, k):
    ln_n = math.log(multiplicity(n, k))

    def single(s):
        return ln_single(n, k, ln_n + 2 * math.log(s))

    p_plus = min(1 / (1 + multiplicity(n, k) * EPSILON), math.exp(single(math.sqrt(EPSILON))))
    first, step = (2, 2) if k % 2 == 0 else (1, 1)
    weights = [(j, -math.log(multiplicity(n, j))) for j in range(first, 60, step)]
    for tau in TAUS:
        yield "correlational", tau, log10_queries(p_plus, single(tau))
        yield "any", tau, log10_queries(p_plus, ln_sum(n, weights, -math.log(multiplicity(n, 60)), tau))


def legendre(n, degree, t):
    """P_0 .. P_degree of dimension n at t."""
    values = [1.0, t]
    for j in range(1, degree):
        values.append(((2 * j + n - 2) * t * values[j] - j * values[j - 1]) / (j + n - 2))
    return values


# Gauss-Legendre nodes and weights of four points on [-1, 1].
A, B = math.sqrt(3 / 7 - 2 / 7 * math.sqrt(6 / 5)), math.sqrt(3 / 7 + 2 / 7 * math.sqrt(6 / 5))
U, V = (18 + math.sqrt(30)) / 36, (18 - math.sqrt(30)) / 36
RULE = [(-B, V), (-A, U), (A, U), (B, V)]
PANELS = 20_000


def means(n, k, last):
    """E |P_(N,j)(z)| for j < last, and E (z^2 + (1 - z^2) s^2)^(last/2); z = P_(n,k)(<x,x'>), s a coordinate in R^(N-1)."""
    big = multiplicity(n, k)
    moments = [1.0]
    for i in range(last // 2):
        moments.append(moments[-1] * (2 * i + 1) / (big - 1 + 2 * i))
    power = last // 2
    end = min(math.pi / 2, 12 * math.sqrt(2 * power * k) / math.sqrt(n))
    total, rest, sums = 0.0, 0.0, [0.0] * last
    width = end / PANELS
    for panel in range(PANELS):
        for x, w in RULE:
            psi = (panel + 0.5 + 0.5 * x) * width
            w *= 0.5 * width * math.cos(psi) ** (n - 2)
            z = legendre(n, k, math.sin(psi))[k]
            total += w
            zz = z * z
            rest += w * sum(math.comb(power, i) * zz ** (power - i) * (1 - zz) ** i * moments[i] for i in range(power + 1))
            for j, value in enumerate(legendre(big, last - 1, z)):
                sums[j] += w * abs(value)
    return [s / total for s in sums], rest / total


def random(n, k):
    big = multiplicity(n, k)
    p_plus = 1 / (1 + big * EPSILON)
    legendre_means, rest = means(n, k, 20)
    weights = [(j, -math.log(big) if j == 1 else math.log(legendre_means[j])) for j in range(1, 20)]
    for tau in TAUS[:3]:
        yield "correlational", tau, log10_queries(p_plus, min(0.0, math.log(2) - big * tau * tau / 2))
        by_variance = min(0.0, math.log(2 / (big * tau * tau)))
        by_moments = ln_sum(big, weights, math.log(rest), tau)
        yield "any", tau, log10_queries(p_plus, min(by_variance, by_moments))


def signs(n, k):
    size = math.comb(n, k)
    for tau in TAUS[:3]:
        # The tolerance is the f64, as the program reads it.
        dropped = min(math.ceil(1 / Fraction(tau) ** 2) - 1, size)
        yield "any", tau, math.log10((Fraction(DELTA) * size - math.floor(1 / Fraction(EPSILON))) / dropped)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent)
    out = arguments.parse_args().out
    rows = []
    for family, settings, of in [("zonal", ZONAL, zonal), ("random", RANDOM, random), ("signs", SIGNS, signs)]:
        for n, k in settings:
            rows += [[family, kind, n, k, repr(tau), f"{value:.6f}"] for kind, tau, value in of(n, k)]
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    head = {"schema": 1, "generator": "generate_queries.py", "digits": 6}
    text = json.dumps(head)[:-1] + ',\n"rows":[\n' + lines + "\n]}\n"
    (out / "queries.json").write_text(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    (out / "checksums-queries.txt").write_text(f"{digest}  queries.json\n")


if __name__ == "__main__":
    main()
