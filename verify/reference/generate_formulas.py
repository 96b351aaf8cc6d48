"""Reference values for user formulas and for the tangent kernel of ReLU, by direct quadrature with mpmath.

formulas.json: [text, n, scale, degree, E[phi(s t) P_k(t)]], 25 digits, and under "norms" [text, n, scale, E[phi(s t)^2]].
tangent.json:  [n, degree, eigenvalue of kappa_1(rho) + rho kappa_0(rho)], 25 digits, where for ReLU at scale 1
               kappa_1 = (sqrt(1 - rho^2) + rho (pi - arccos rho)) / (2 pi n) and kappa_0 = (pi - arccos rho) / (2 pi).

Each value is the defining integral in theta (t = cos theta), split at the kinks, at a working precision that exceeds
the cancellation; nothing here knows how the project computes. Made with mpmath 1.3.0 and gmpy2 2.3.2.
"""

import argparse
import hashlib
import json
import pathlib

import mpmath as mp

# Kinks below are made here, at more digits than any integral needs.
mp.mp.dps = 170

# (text as a user writes it, the same in Python, kinks)
FORMULAS = [
    ("t*tanh(t)", lambda t: t * mp.tanh(t), []),
    ("exp(-t^2)", lambda t: mp.exp(-t * t), []),
    ("max(t,0)^2 - 0.1*t", lambda t: max(t, mp.mpf(0)) ** 2 - mp.mpf("0.1") * t, [0]),
    ("1/(1+t^2)", lambda t: 1 / (1 + t * t), []),
    ("1/(1+25*t^2)", lambda t: 1 / (1 + 25 * t * t), []),
    ("sin(3*t)", lambda t: mp.sin(3 * t), []),
    ("cos(10*t)", lambda t: mp.cos(10 * t), []),
    ("sin(t)^2", lambda t: mp.sin(t) ** 2, []),
    ("exp(t)*cos(2*t)", lambda t: mp.exp(t) * mp.cos(2 * t), []),
    ("abs(t)^3", lambda t: abs(t) ** 3, [0]),
    ("abs(t - 0.3)", lambda t: abs(t - mp.mpf("0.3")), [mp.mpf("0.3")]),
    ("relu(t - 0.5)", lambda t: max(t - mp.mpf("0.5"), mp.mpf(0)), [mp.mpf("0.5")]),
    ("relu(t) - relu(t - 0.25)", lambda t: max(t, mp.mpf(0)) - max(t - mp.mpf("0.25"), mp.mpf(0)), [0, mp.mpf("0.25")]),
    ("min(max(t, -0.2), 0.4)", lambda t: min(max(t, mp.mpf("-0.2")), mp.mpf("0.4")), [mp.mpf("-0.2"), mp.mpf("0.4")]),
    ("step(t - 0.1)", lambda t: mp.mpf(1) if t > mp.mpf("0.1") else mp.mpf(0), [mp.mpf("0.1")]),
    ("sign(t)*t^2", lambda t: mp.sign(t) * t * t, [0]),
    ("sign(t - 0.2)*exp(t)", lambda t: (1 if t > mp.mpf("0.2") else -1) * mp.exp(t), [mp.mpf("0.2")]),
    ("abs(t^2 - 0.25)", lambda t: abs(t * t - mp.mpf("0.25")), [mp.mpf("-0.5"), mp.mpf("0.5")]),
    ("abs(sin(4*t))", lambda t: abs(mp.sin(4 * t)), [-mp.pi / 4, 0, mp.pi / 4]),
    ("sqrt(1 + t^2)", lambda t: mp.sqrt(1 + t * t), []),
    ("sqrt(1.01 + t)", lambda t: mp.sqrt(mp.mpf("1.01") + t), []),
    ("ln(2 + t)", lambda t: mp.log(2 + t), []),
    ("ln(1.001 - t)", lambda t: mp.log(mp.mpf("1.001") - t), []),
    ("sqrt(abs(t))", lambda t: mp.sqrt(abs(t)), [0]),
    ("abs(t)^1.5", lambda t: abs(t) ** mp.mpf("1.5"), [0]),
    ("tanh(5*t)", lambda t: mp.tanh(5 * t), []),
    ("tanh(20*t)", lambda t: mp.tanh(20 * t), []),
    ("sigmoid(10*(t - 0.3))", lambda t: 1 / (1 + mp.exp(-10 * (t - mp.mpf("0.3")))), []),
    ("erf(4*t)", lambda t: mp.erf(4 * t), []),
    ("softplus(8*t)/8", lambda t: mp.log(1 + mp.exp(8 * t)) / 8, []),
    ("gelu(3*t)", lambda t: 3 * t * (1 + mp.erf(3 * t / mp.sqrt(2))) / 2, []),
    ("silu(t) + 0.2*sin(5*t)", lambda t: t / (1 + mp.exp(-t)) + mp.mpf("0.2") * mp.sin(5 * t), []),
    ("exp(-50*t^2)", lambda t: mp.exp(-50 * t * t), []),
    ("exp(-200*(t - 0.4)^2)", lambda t: mp.exp(-200 * (t - mp.mpf("0.4")) ** 2), []),
    ("t^5 - 2*t^3 + t", lambda t: t**5 - 2 * t**3 + t, []),
    ("(1 + t)^8/256", lambda t: (1 + t) ** 8 / 256, []),
    ("2^t", lambda t: mp.mpf(2) ** t, []),
    ("e^(pi*t)", lambda t: mp.exp(mp.pi * t), []),
    ("sinh(2*t)", lambda t: mp.sinh(2 * t), []),
    ("cosh(t) - 1", lambda t: mp.cosh(t) - 1, []),
    ("tan(t)", lambda t: mp.tan(t), []),
    ("t/(1 + abs(t))", lambda t: t / (1 + abs(t)), [0]),
    ("max(abs(t), 0.5)", lambda t: max(abs(t), mp.mpf("0.5")), [mp.mpf("-0.5"), mp.mpf("0.5")]),
    ("relu(t)*exp(-t)", lambda t: max(t, mp.mpf(0)) * mp.exp(-t), [0]),
    ("relu(sin(6*t))", lambda t: max(mp.sin(6 * t), mp.mpf(0)), [-mp.pi / 6, 0, mp.pi / 6]),
    ("max(t, t^2)", lambda t: max(t, t * t), [0]),
    ("abs(t)*sin(t)", lambda t: abs(t) * mp.sin(t), [0]),
    ("step(t)*t^3 + 0.1", lambda t: (t**3 if t > 0 else mp.mpf(0)) + mp.mpf("0.1"), [0]),
    ("normal_cdf(2*t) - 0.5", lambda t: mp.erf(2 * t / mp.sqrt(2)) / 2, []),
    ("exp(sin(3*t))", lambda t: mp.exp(mp.sin(3 * t)), []),
]
DIMENSIONS = [2, 3, 10, 50]
DEGREES = [0, 1, 2, 3, 4, 7, 12]


def legendre(n, last, t):
    values = [mp.mpf(1), t]
    for k in range(1, last):
        values.append(((2 * k + n - 2) * t * values[k] - k * values[k - 1]) / (k + n - 2))
    return values


def integrate(n, f, edges):
    """E f(t) by Gauss-Legendre in theta between the edges."""
    weight = mp.gamma(mp.mpf(n) / 2) / (mp.sqrt(mp.pi) * mp.gamma((mp.mpf(n) - 1) / 2))
    g = lambda a: f(mp.cos(a)) * (mp.sin(a) ** (n - 2) if n > 2 else mp.mpf(1))
    value, error = mp.quad(g, edges, error=True, maxdegree=9)
    return weight * value, error


def edges_for(n, kinks):
    # Panels about one deviation wide around theta = pi/2, and split at the kinks.
    points = {mp.mpf(0), mp.pi}
    for j in range(-8, 9):
        a = mp.pi / 2 + j * mp.mpf(2) / mp.sqrt(n)
        if 0 < a < mp.pi:
            points.add(a)
    points.update(mp.acos(mp.mpf(k)) for k in kinks if abs(k) < 1)
    return sorted(points)


def formulas():
    rows, norms = [], []
    for text, f, kinks in FORMULAS:
        for n in DIMENSIONS:
            # Coefficients at n = 50, k = 12 are near 1e-17 of the norm.
            mp.mp.dps = 55
            edges = edges_for(n, kinks)
            for k in DEGREES:
                value, error = integrate(n, lambda t: f(t) * legendre(n, max(k, 1), t)[k], edges)
                assert error < mp.mpf(10) ** -32, (text, n, k, error)
                rows.append([text, n, "1.0", k, mp.nstr(value, 25) if abs(value) > mp.mpf(10) ** -38 else "0.0"])
            norm, error = integrate(n, lambda t: f(t) ** 2, edges)
            norms.append([text, n, "1.0", mp.nstr(norm, 25)])
    return {"rows": rows, "norms": norms}


def tangent():
    rows = []
    for n in [3, 5, 10, 25, 100]:
        mp.mp.dps = 60 if n < 25 else 160

        def theta(t):
            rest = mp.pi - mp.acos(t)
            return (mp.sqrt(1 - t * t) + t * rest) / (2 * mp.pi * n) + t * rest / (2 * mp.pi)

        # One set of nodes for all degrees: tanh-sinh in theta, doubled until it stands still.
        last = 40
        sums = None
        weight = mp.gamma(mp.mpf(n) / 2) / (mp.sqrt(mp.pi) * mp.gamma((mp.mpf(n) - 1) / 2))
        for level in range(4, 12):
            h = mp.mpf(1) / 2**level
            new = [mp.mpf(0)] * (last + 1)
            j = 0
            while True:
                largest = mp.mpf(0)
                for v in ({j * h, -j * h}):
                    x = mp.pi / 2 * mp.sinh(v)
                    a = mp.pi / (1 + mp.exp(-2 * x))
                    w = mp.pi * mp.pi / 2 * mp.cosh(v) / (2 * mp.cosh(x) ** 2)
                    t = mp.cos(a)
                    g = w * theta(t) * mp.sin(a) ** (n - 2)
                    largest = max(largest, abs(g))
                    for k, p in enumerate(legendre(n, last, t)):
                        new[k] += g * p
                if j > 0 and largest < mp.mpf(10) ** -(mp.mp.dps + 5):
                    break
                j += 1
            new = [weight * h * s for s in new]
            # Odd degrees from 3 on are zero, so an absolute floor stands beside the relative accuracy.
            floor = mp.mpf(10) ** (15 - mp.mp.dps)
            if sums and all(abs(a - b) <= max(abs(b) * mp.mpf(10) ** -30, floor) for a, b in zip(sums, new)):
                break
            sums = new
        else:
            raise AssertionError(n)
        rows += [[n, k, mp.nstr(value, 25) if abs(value) > floor else "0.0"] for k, value in enumerate(new)]
    return {"rows": rows}


def write(folder, name, tables):
    head = {"schema": 1, "generator": "generate_formulas.py", "mpmath": mp.__version__, "digits": 25}
    lines = [json.dumps(head)[:-1]]
    for key, rows in tables.items():
        lines.append('"%s":[\n%s\n]' % (key, ",\n".join(json.dumps(r, separators=(",", ":")) for r in rows)))
    (folder / name).write_text(",\n".join(lines) + "}\n")


def main():
    here = pathlib.Path(__file__).parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=here)
    out = parser.parse_args().out
    write(out, "tangent.json", tangent())
    write(out, "formulas.json", formulas())
    sums = [f"{hashlib.sha256((out / n).read_bytes()).hexdigest()}  {n}" for n in ["formulas.json", "tangent.json"]]
    (out / "checksums-formulas.txt").write_text("\n".join(sums) + "\n")


if __name__ == "__main__":
    main()
