"""Reference values for the path of gradient descent with fixed hidden units, in ball arithmetic.

paths.json: for each setting its target, activation, scale, step and directions, and under "path" [t, loss, energies],
where loss = E (f_t - g)^2 and energies[k] = ||(f_t - g)_k||^2, 25 digits.

The network has the unit vectors w_j / |w_j| of the stored directions as hidden units, 1/sqrt(m) before the sum and
output weights that start at zero. K comes from the Gegenbauer series (from the closed form for ReLU), coefficients
from Gauss-Legendre quadrature, and a_t = eta sum_(s<t) (1 - eta K)^s b from repeated squaring: no eigenvalue is
computed. Nothing here knows how the project computes. Made with mpmath 1.3.0, gmpy2 2.3.2 and python-flint 0.9.0.
"""

import argparse
import hashlib
import json
import pathlib
import random

import flint
import mpmath as mp
from flint import arb, arb_mat

DIGITS = 90
mp.mp.dps = DIGITS
flint.ctx.prec = 600
COUNTS = [0, 10**3, 10**9, 10**12, 10**15, 10**18]
LISTED = 10

SIGMOID = lambda t: 1 / (1 + mp.exp(-t))
# (name, activation, scale, n, m, harmonics as (coefficient, degree, axis), phi(s t), degrees of the series)
SETTINGS = [
    ("odd degrees, tanh", "tanh", "0.5", 3, 60, [("0.8", 5, 2), ("0.6", 7, 1)], lambda t: mp.tanh(t / 2), 60),
    ("softplus", "softplus", "2.0", 3, 90, [("1.0", 8, 1)], lambda t: mp.log(1 + mp.exp(2 * t)), 80),
    ("relu", "relu", "1.0", 3, 50, [("0.6", 1, 1), ("0.8", 4, 3)], None, 12),
    ("well-conditioned", "tanh", "3.0", 40, 30, [("0.8", 1, 1), ("0.6", 3, 2)], lambda t: mp.tanh(3 * t), 150),
    ("dimension 10", "sigmoid", "1.0", 10, 40, [("0.6", 1, 1), ("0.8", 2, 2)], SIGMOID, 50),
]


def exact(x):
    """The ball of a number of mpmath, which is a binary fraction."""
    sign, mantissa, exponent, _ = mp.mpf(x)._mpf_
    ball = arb(int(mantissa)) * arb(2) ** int(exponent)
    return -ball if sign else ball


def multiplicity(n, k):
    if k == 0:
        return 1
    value = mp.mpf(2 * k + n - 2) / (k + n - 2) * mp.binomial(k + n - 2, k)
    return int(mp.nint(value))


def legendre(n, last, t):
    values = [t * 0 + 1, t]
    for k in range(1, last):
        values.append(((2 * k + n - 2) * t * values[k] - k * values[k - 1]) / (k + n - 2))
    return values[: last + 1]


def nodes(n, edges):
    """(t, weight) of Gauss-Legendre rules in theta for the law of a coordinate."""
    factor = mp.gamma(mp.mpf(n) / 2) / (mp.sqrt(mp.pi) * mp.gamma((mp.mpf(n) - 1) / 2))
    rule = mp.calculus.quadrature.GaussLegendre(mp.mp).calc_nodes(8, mp.mp.prec)
    out = []
    for low, high in zip(edges, edges[1:]):
        half, middle = (high - low) / 2, (high + low) / 2
        for x, w in rule:
            angle = middle + half * x
            out.append((mp.cos(angle), factor * half * w * mp.sin(angle) ** (n - 2)))
    return out


def coefficients(n, phi, last, pieces):
    """alpha_k = E phi P_k for k <= last, by two rules that must agree."""
    found = []
    for count in (pieces, pieces + 2):
        edges = [mp.pi * j / count for j in range(count + 1)]
        sums = [mp.mpf(0)] * (last + 1)
        for t, w in nodes(n, edges):
            value = w * phi(t)
            for k, p in enumerate(legendre(n, last, t)):
                sums[k] += value * p
        found.append(sums)
    worst = max(abs(a - b) for a, b in zip(*found))
    assert worst < mp.mpf(10) ** -78, (n, mp.nstr(worst, 5))
    return [exact(a) for a in found[1]]


def gram(rho, n, alphas, last):
    """kappa_k(rho) = alpha_k^2 N_k P_k(rho) for k <= last."""
    return [a * a * multiplicity(n, k) * p for k, (a, p) in enumerate(zip(alphas, legendre(n, last, rho)))]


def relu_kernel(rho, n):
    angle = rho.acos()
    return ((1 - rho * rho).sqrt() + rho * (arb.pi() - angle)) / (2 * arb.pi() * n)


def build(setting):
    """K, b, ||g||^2 and their parts by degree, with the directions and the step."""
    name, _, _, n, m, harmonics, phi, last = setting
    source = random.Random(name)
    rows = []
    for _ in range(m):
        row = [source.gauss(0, 1) for _ in range(n)]
        length = sum(x * x for x in row) ** 0.5
        rows.append([x / length for x in row])
    units = []
    for row in rows:
        row = [arb(x) for x in row]
        length = sum((x * x for x in row), arb(0)).sqrt()
        units.append([x / length for x in row])
    relu = phi is None
    alphas = coefficients(n, phi or (lambda t: max(t, mp.mpf(0))), last, 2 if relu else 4)
    parts = [arb_mat(m, m) for _ in range(LISTED + 1)]
    whole = arb_mat(m, m)
    for i in range(m):
        for j in range(i + 1):
            rho = arb(1) if i == j else sum((x * y for x, y in zip(units[i], units[j])), arb(0))
            by_degree = gram(rho, n, alphas, last)
            if relu:
                total = arb(1) / (2 * n) if i == j else relu_kernel(rho, n)
            else:
                total = sum(by_degree, arb(0))
            for target, value in [(whole, total)] + list(zip(parts, by_degree)):
                target[i, j] = target[j, i] = value / m
    b = [arb_mat(m, 1) for _ in range(LISTED + 1)]
    energies = [arb(0)] * (LISTED + 1)
    for text, degree, axis in harmonics:
        c = arb(float(text))
        energies[degree] += c * c
        for j in range(m):
            value = legendre(n, max(degree, 1), units[j][axis - 1])[degree]
            b[degree][j, 0] += c * alphas[degree] * arb(multiplicity(n, degree)).sqrt() * value / arb(m).sqrt()
    return rows, whole, parts, b, energies


def step_size(k):
    """A step just below 1 / lambda_max, by power iteration."""
    m = k.nrows()
    v = [1.0] * m
    v[0] = 2.0
    entries = [[float(k[i, j].mid()) for j in range(m)] for i in range(m)]
    for _ in range(2000):
        w = [sum(x * y for x, y in zip(row, v)) for row in entries]
        length = sum(x * x for x in w) ** 0.5
        v = [x / length for x in w]
    return 0.999 / length


def path(setting):
    rows, k, parts, b_parts, energies = build(setting)
    m = k.nrows()
    step = step_size(k)
    b = sum(b_parts, arb_mat(m, 1))
    one = arb_mat(m, m)
    for i in range(m):
        one[i, i] = 1
    residual = one - k * arb(step)

    listed = []
    for t in COUNTS:
        # (R^s, eta sum_(i<s) R^i) for the leading bits s of t.
        power, total = one, arb_mat(m, m)
        for bit in bin(t)[2:]:
            total = total + power * total
            power = power * power
            if bit == "1":
                total = total + power * arb(step)
                power = power * residual
        a = total * b
        row = []
        for degree in range(LISTED + 1):
            inner = (a.transpose() * b_parts[degree])[0, 0]
            form = (a.transpose() * (parts[degree] * a))[0, 0]
            row.append(energies[degree] - 2 * inner + form)
        loss = sum(energies, arb(0)) - 2 * (a.transpose() * b)[0, 0] + (a.transpose() * (k * a))[0, 0]
        listed.append([t, decimal(loss), [decimal(x) for x in row]])
    return rows, step, listed


def decimal(x):
    """25 digits of a ball, or 0.0 for one below 1e-40; a ball that is too wide is an error."""
    middle, radius = mp.mpf(x.mid().str(60, radius=False)), float(x.rad())
    assert radius < 1e-45 or radius < 1e-26 * abs(middle), (middle, radius)
    return mp.nstr(middle, 25) if abs(middle) > mp.mpf(10) ** -40 else "0.0"


def document():
    settings = []
    for setting in SETTINGS:
        name, activation, scale, n, _, harmonics, _, _ = setting
        rows, step, listed = path(setting)
        target = " + ".join(f"{c}*harmonic({k}, axis=e{axis})" for c, k, axis in harmonics)
        settings.append(
            {
                "name": name,
                "target": target,
                "dim": n,
                "activation": activation,
                "scale": scale,
                "step": repr(step),
                "directions": [[repr(x) for x in row] for row in rows],
                "path": listed,
            }
        )
        print(name, "loss", [(t, loss[:12]) for t, loss, _ in listed], flush=True)
    return settings


def main():
    here = pathlib.Path(__file__).parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=here)
    out = parser.parse_args().out
    head = {"schema": 1, "generator": "generate_paths.py", "flint": flint.__version__, "digits": 25}
    lines = ",\n".join(json.dumps(s, separators=(",", ":")) for s in document())
    (out / "paths.json").write_text(json.dumps(head)[:-1] + ',\n"settings":[\n' + lines + "\n]}\n")
    digest = hashlib.sha256((out / "paths.json").read_bytes()).hexdigest()
    (out / "checksums-paths.txt").write_text(f"{digest}  paths.json\n")


if __name__ == "__main__":
    main()
