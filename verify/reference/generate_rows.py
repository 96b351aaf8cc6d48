"""Reference values for predicted errors at finite numbers of rows and units (RW-1 to RW-3), with 50 digits.

rows.json: under "ridge" [n, rows, width, ridge, test error, training error, kappa], under "descent" [n, rows, width, step,
iterations, test error, training error]; for relu at scale 1 with degrees up to 60 and the others as a white tail, the energies
0.2, 0.4, 0.3, 0.1 of degrees 0 to 3 and noise of variance 0.2. Ridge and step belong to the f64 written.

Coefficients come from the integral that defines them, kappa from bisection and Newton's method, and the errors from the
formulas of RW-2 as they are stated, whose cancellation the digits absorb. Descent is the integral over two parabolas with 60
nodes each; 48 agree to 18 digits, which is asserted. Made with mpmath 1.3.0.
"""

import argparse
import hashlib
import json
import pathlib
import random

import mpmath as mp

mp.mp.dps = 50
DEGREES = 60
ENERGIES = [mp.mpf(x) for x in ("0.2", "0.4", "0.3", "0.1")]
NOISE = mp.mpf("0.2")


def legendre(n, last, t):
    values = [mp.mpf(1), t]
    for k in range(1, last):
        values.append(((2 * k + n - 2) * t * values[k] - k * values[k - 1]) / (k + n - 2))
    return values


def multiplicity(n, k):
    return mp.mpf(1) if k == 0 else mp.mpf(2 * k + n - 2) / (k + n - 2) * mp.binomial(k + n - 2, k)


class Problem:
    def __init__(self, n):
        half = mp.mpf(n - 3) / 2
        density = lambda t: (1 - t * t) ** half
        total = mp.quad(density, [-1, 0, 1])
        # The polynomial times the density, on many panels with Gauss-Legendre nodes in the angle.
        panels = [mp.pi / 2 * j / 8 for j in range(9)]
        moments = [
            mp.quad(lambda a, k=k: mp.sin(a) * legendre(n, DEGREES, mp.sin(a))[k] * mp.cos(a) ** (n - 2), panels) / total
            if k < 2 or k % 2 == 0
            else mp.mpf(0)
            for k in range(DEGREES + 1)
        ]
        self.seen = []
        for k, alpha in enumerate(moments):
            if alpha != 0:
                energy = ENERGIES[k] if k < len(ENERGIES) else mp.mpf(0)
                self.seen.append((alpha**2, alpha**2 * multiplicity(n, k), energy))
        self.norm = mp.mpf(1) / (2 * n)
        self.white = self.norm - sum(w for _, w, _ in self.seen)
        self.unseen = ENERGIES[3]

    def df(self, kappa):
        return sum(w / (a + kappa) for a, w, _ in self.seen) + self.white / kappa

    def ridge_of(self, sizes, kappa):
        df = self.df(kappa)
        return kappa * (1 - df / sizes[0]) * (1 - df / sizes[1])

    def kappa(self, sizes, ridge):
        low, high = mp.mpf(10) ** -40, ridge + self.norm * (1 / sizes[0] + 1 / sizes[1]) * 2
        for _ in range(260):
            middle = mp.sqrt(low * high)
            if self.df(middle) < min(sizes) and self.ridge_of(sizes, middle) >= ridge:
                high = middle
            else:
                low = middle
        return mp.sqrt(low * high)

    def newton(self, sizes, kappa, ridge):
        for _ in range(60):
            df = self.df(kappa)
            slope = -sum(w / (a + kappa) ** 2 for a, w, _ in self.seen) - self.white / kappa**2
            s1, s2 = 1 - df / sizes[0], 1 - df / sizes[1]
            change = (kappa * s1 * s2 - ridge) / (s1 * s2 - kappa * slope * (s1 / sizes[1] + s2 / sizes[0]))
            kappa -= change
            if abs(change) < mp.mpf(10) ** -46 * abs(kappa):
                return kappa
        raise ValueError("no convergence")

    def error(self, sizes, k1, k2, f1=None, f2=None):
        f1 = f1 or [1 / (a + k1) for a, _, _ in self.seen]
        f2 = f2 or [1 / (a + k2) for a, _, _ in self.seen]
        rows, width = sizes
        d = q = b = t = mp.mpf(0)
        for (a, w, g), x, y in zip(self.seen, f1, f2):
            xy = x * y
            d += w * a * xy
            q += w * xy
            b += g * xy
            t += g * a * xy
        q = k1 * k2 * q + self.white
        b = k1 * k2 * b + self.unseen
        t = k1 * k2 * t
        c = 1 / (width - d)
        return (NOISE + b + c * q * t / (k1 * k2)) / (1 - d / rows - c * q * q / (rows * k1 * k2))

    def descent(self, sizes, step, t, nodes):
        h, mu = mp.mpf(3) / nodes, mp.pi * nodes / (12 * t)
        points, ridge = [], mp.expm1(mu) / step
        kappa = self.kappa(sizes, ridge)
        for j in range(nodes):
            direction = mp.mpc(1, (j + mp.mpf(1) / 2) * h)
            s = mu * direction**2
            target = mp.expm1(s) / step
            # Ten steps between nodes: each is short enough for Newton's method.
            for i in range(1, 11):
                kappa = self.newton(sizes, kappa, ridge + (target - ridge) * i / 10)
            ridge = target
            factor = mp.exp((t + 1) * s) / mp.expm1(s) * direction * mu * h / mp.pi
            points.append((kappa, factor, 1 - self.df(kappa) / sizes[0], [1 / (a + kappa) for a, _, _ in self.seen]))
        mirrored = [(mp.conj(k), mp.conj(c), mp.conj(s), [mp.conj(x) for x in f]) for k, c, s, f in points]
        test = train = mp.mpf(0)
        for k1, c1, s1, f1 in points:
            row_test = row_train = mp.mpc(0)
            for k2, c2, s2, f2 in points + mirrored:
                value = self.error(sizes, k1, k2, f1, f2) * c2
                row_test += value
                row_train += value * s1 * s2
            test += 2 * (c1 * row_test).real
            train += 2 * (c1 * row_train).real
        return test, train


def text(x):
    return mp.nstr(x, 20)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent)
    out = parser.parse_args().out
    random.seed(26)
    ridges, descents = [], []
    for n in (3, 5, 10, 40):
        problem = Problem(n)
        norm = float(problem.norm)
        for number in range(92):
            rows = round(10 ** random.uniform(1, 5))
            width = rows if number % 4 == 0 else round(10 ** random.uniform(1, 5))
            sizes = (mp.mpf(rows), mp.mpf(width))
            ridge = norm * 10 ** random.uniform(-14, 0.5)
            kappa = problem.kappa(sizes, mp.mpf(ridge))
            error = problem.error(sizes, kappa, kappa)
            train = (1 - problem.df(kappa) / rows) ** 2 * error
            ridges.append([n, rows, width, repr(ridge), text(error), text(train), text(kappa)])
        for t in (50, 300, 10**4, 10**6, 10**9, 10**12, 10**15, 10**17):
            rows = round(10 ** random.uniform(1.5, 4))
            width = rows if t == 10**9 else round(10 ** random.uniform(1.5, 4))
            sizes, step = (mp.mpf(rows), mp.mpf(width)), repr(1 / norm)
            found, coarse = (problem.descent(sizes, mp.mpf(step), t, nodes) for nodes in (60, 48))
            assert all(abs(a - b) < mp.mpf(10) ** -18 * (1 + abs(a)) for a, b in zip(found, coarse)), (found, coarse)
            descents.append([n, rows, width, step, t, text(found[0]), text(found[1])])
    path = out / "rows.json"
    lines = {name: ",\n".join(map(json.dumps, rows)) for name, rows in (("ridge", ridges), ("descent", descents))}
    path.write_text("{" + ",\n".join(f'"{name}": [\n{text}]' for name, text in lines.items()) + "}\n")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    (out / "checksums-rows.txt").write_text(f"{digest}  rows.json\n")


if __name__ == "__main__":
    main()
