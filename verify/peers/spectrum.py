"""The peer of `cargo xtask bench spectrum`: the same coefficients by scipy, in turn with ours, and its errors.

Called with the path of our benchmark program. The peer is what a notebook does: scipy.integrate.quad of
phi(t) P_k(t) (1 - t^2)^((n-3)/2), P_k from scipy.special.eval_gegenbauer, with quad's default accuracy.
"""

import statistics
import subprocess
import sys
import time
import warnings

import numpy as np
import scipy
from scipy.integrate import quad
from scipy.special import erf, eval_gegenbauer, expit, gammaln, ndtr

N, DEGREES, REPEATS = 1000, 65, 5
warnings.simplefilter("ignore")

ACTIVATIONS = {
    "relu": lambda t: max(t, 0.0),
    "leaky-relu": lambda t: t if t > 0 else 0.01 * t,
    "squared-relu": lambda t: max(t, 0.0) ** 2,
    "step": lambda t: float(t > 0),
    "sign": lambda t: 1.0 if t > 0 else -1.0,
    "abs": abs,
    "sigmoid": expit,
    "tanh": np.tanh,
    "erf": erf,
    "gelu": lambda t: t * ndtr(t),
    "silu": lambda t: t * expit(t),
    "softplus": lambda t: np.logaddexp(0, t),
    "sin": np.sin,
    "cos": np.cos,
    "exp": np.exp,
    "square": lambda t: t**2,
    "cube": lambda t: t**3,
    "hermite-3": lambda t: (t**3 - 3 * t) / np.sqrt(6),
    "hermite-4": lambda t: (t**4 - 6 * t**2 + 3) / np.sqrt(24),
}


def peer():
    weight = np.exp(gammaln(N / 2) - gammaln((N - 1) / 2)) / np.sqrt(np.pi)
    lam = (N - 2) / 2
    out = {}
    for name, phi in ACTIVATIONS.items():
        row = []
        for k in range(DEGREES):
            at_one = eval_gegenbauer(k, lam, 1.0)
            f = lambda t: phi(t) * eval_gegenbauer(k, lam, t) / at_one * (1 - t * t) ** ((N - 3) / 2)
            # The weight is a spike of width 0.03: quad must be told where to look.
            row.append(weight * quad(f, -1, 1, points=[-0.1, 0.0, 0.1])[0])
        out[name] = row
    return out


def ours(program):
    lines = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    milliseconds = float(lines[0].split()[1])
    return milliseconds, {l.split()[0]: [float(x) for x in l.split()[1:]] for l in lines[1:]}


def main():
    times, peer_times = [], []
    for _ in range(REPEATS):
        milliseconds, exact = ours(sys.argv[1])
        times.append(milliseconds)
        started = time.perf_counter()
        found = peer()
        peer_times.append(1000 * (time.perf_counter() - started))
    right = total = 0
    for name, row in exact.items():
        for a, b in zip(row, found[name]):
            if a != 0:
                total += 1
                right += abs(b / a - 1) < 1e-6
    mine, theirs = statistics.median(times), statistics.median(peer_times)
    print(f"python {sys.version.split()[0]}, numpy {np.__version__}, scipy {scipy.__version__}")
    print(f"65 coefficients of {len(exact)} activations, n = {N}, scale 1, medians of {REPEATS} in turn:")
    print(f"  zonal {mine:.1f} ms, scipy {theirs:.0f} ms: ratio {theirs / mine:.0f}")
    print(f"  of {total} non-zero coefficients scipy has {right} right to six digits")


main()
