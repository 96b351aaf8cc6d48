"""Long work: other threads go on, Ctrl-C is heard, bars are shown, forks are told."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import zonal
from zonal import _progress


def test_interleaved_fits_from_many_threads_are_those_one_after_another(rows):
    x, y = rows
    x, y = x[:400], y[:400]

    def fit(number: int) -> np.ndarray:
        run = zonal.train(x, y, width=40, seed=number % 25, activation="tanh", scale=2, bias=1, iterations=10**5)
        assert run.network is not None
        return run.network.predict(x[:20])

    alone = [fit(number) for number in range(25)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(fit, range(100)))
    assert all(np.array_equal(found, alone[number % 25]) for number, found in enumerate(together))


def test_other_threads_go_on_meanwhile(rows):
    x, y = rows
    counted, stop = [0], threading.Event()

    def count() -> None:
        while not stop.is_set():
            counted[0] += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    began = time.monotonic()
    zonal.train(x, y, width=700)
    took = time.monotonic() - began
    stop.set()
    thread.join()
    # With the lock held all the time it would have been once.
    assert counted[0] > 20 * took


LONG = {
    "both layers": "zonal.train(x, y, layers='both', width=2000, iterations=10**9, activation='tanh', scale=1, bias=1)",
    "choice": "zonal.train(np.repeat(x, 20, axis=0), np.repeat(y, 20), width=4000)",
    "rows": "zonal.train(np.repeat(x, 200, axis=0), np.repeat(y, 200), width=3000, activation='tanh', scale=1, bias=1)",
    "factorisation": "zonal.train(x, y, width=5000, solver='dense', activation='tanh', scale=1, bias=1)",
    "claims": "zonal.reproduce('convergence')",
    "callable": "zonal.spectrum(lambda t: (time.sleep(0.001), t)[1], dim=3)",
    "queries": "zonal.sq.bound(family='random', dim=8, degree=4, size=3000, tolerance=0.1)",
}


@pytest.mark.parametrize("name", LONG)
def test_control_c_is_heard_within_a_second(name):
    """The exception arrives in a second (two are allowed here, on a loaded machine), even in a factorisation."""
    script = f"""
        import time, numpy as np, zonal
        x = np.random.default_rng(0).normal(size=(6000, 10)); y = x[:, 0] * x[:, 1]
        print("begins", flush=True)
        try:
            {LONG[name]}
            print("done", flush=True)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "begins\n"
    time.sleep(0.7)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    answer = process.stdout.readline()
    took = time.monotonic() - began
    assert answer == "interrupted\n"
    assert took < 2
    # The interpreter ends well beside work that still ends in the background.
    assert process.wait(timeout=60) == 0


def test_an_interrupted_training_with_a_folder_says_how_to_go_on(tmp_path):
    script = f"""
        import numpy as np, zonal
        np.save({str(tmp_path / "rows.npy")!r}, np.random.default_rng(0).normal(size=(3000, 5)))
        print("begins", flush=True)
        try:
            zonal.train({str(tmp_path / "rows.npy")!r}, label="c1", layers="both", width=300, iterations=10**9, patience=1e9,
                        activation="tanh", scale=1, bias=1, out={str(tmp_path / "run")!r})
        except KeyboardInterrupt as stopped:
            print(*stopped.__notes__, flush=True)
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "begins\n"
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    answer, _ = process.communicate(timeout=60)
    if sys.version_info >= (3, 11):
        assert "resume with: zonal.train(resume=" in answer
    assert (tmp_path / "run/resume.json").is_file()


def test_a_forked_child_is_told_instead_of_waiting_for_ever():
    zonal.spectrum("relu")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            zonal.spectrum("relu")
            answer = b"worked"
        except zonal.errors.ResourceError as error:
            answer = b"spawn" if "spawn" in str(error) else b"other"
        os.write(writer, answer)
        os._exit(0)
    os.close(writer)
    assert os.read(reader, 100) == b"spawn"
    os.waitpid(child, 0)


FORKED = """
    import os, sys, threading, time, warnings
    warnings.simplefilter("ignore")
    import numpy as np, zonal
    x = np.random.default_rng(0).normal(size=(3000, 4)); y = x[:, 0] * x[:, 1]
    {before}
    child = os.fork()
    if child == 0:
        try:
            {inside}
            os._exit(7)
        except zonal.errors.ResourceError as error:
            os._exit(8 if "spawn" in str(error) else 9)
        except BaseException as error:
            print(type(error), error, file=sys.stderr, flush=True)
            os._exit(10)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def exit_code_of_fork(before, inside):
    """The exit code of a child: 7 if it worked, 8 if it was refused."""
    script = textwrap.dedent(FORKED).format(before=before, inside=inside)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    return int(done.stdout), done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
@pytest.mark.parametrize("activation", ["'tanh'", "np.tanh"])
def test_a_forked_child_predicts_the_same_bits(activation):
    train = f"network = zonal.train(x, y, width=100, activation={activation}, scale=1, bias=1).network"
    before = f"{train}; expected = network.predict(x)"
    same = "assert np.array_equal(network.predict(x), expected) and network.predict(x[:1])[0] == expected[0]"
    assert exit_code_of_fork(before, same) == (7, "")
    threads = "ts = [threading.Thread(target=network.predict, args=(x,)) for _ in range(4)]"
    many = f"{threads}; [t.start() for t in ts]; [t.join() for t in ts]; {same}"
    assert exit_code_of_fork(before, many) == (7, "")
    # A child of the child, and other work, which needs the threads.
    again = f"{same}; child = os.fork(); exec('if child == 0: network.predict(x); os._exit(0)'); "
    assert exit_code_of_fork(before, again + "assert os.waitpid(child, 0)[1] == 0") == (7, "")
    assert exit_code_of_fork(before, "zonal.spectrum('relu')")[0] == 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
def test_a_child_that_was_forked_while_work_was_done_is_refused():
    before = (
        "network = zonal.train(x, y, width=100, activation='tanh', scale=1, bias=1).network; "
        "threading.Thread(target=lambda: zonal.train(np.repeat(x, 30, axis=0), np.repeat(y, 30), width=2000), "
        "daemon=True).start(); time.sleep(1)"
    )
    # The parent ends while it works.
    assert exit_code_of_fork(before, "network.predict(x)")[0] == 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
def test_a_forked_pool_predicts_with_an_estimator():
    pytest.importorskip("sklearn")
    script = """
        import multiprocessing, warnings
        warnings.simplefilter("ignore")
        import numpy as np
        from zonal import OneHiddenLayerRegressor
        x = np.random.default_rng(0).normal(size=(500, 3))
        model = OneHiddenLayerRegressor(width=50, activation="relu").fit(x, x[:, 0] * x[:, 1])
        whole = model.predict(x)
        with multiprocessing.get_context("fork").Pool(2) as pool:
            parts = pool.map(model.predict, np.array_split(x, 4))
        print(np.array_equal(np.concatenate(parts), whole))
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "True\n"


def test_a_fork_after_fixing_threads_is_told_too():
    script = """
        import os, zonal
        zonal.set_threads(2)
        child = os.fork()
        if child == 0:
            try:
                zonal.spectrum("relu")
            except zonal.errors.ResourceError:
                os._exit(7)
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "7\n"


def test_progress_is_shown_on_request(rows, capsys, monkeypatch):
    monkeypatch.setattr(_progress, "_DELAY", 0.0)
    x, y = rows
    zonal.train(np.repeat(x, 10, axis=0), np.repeat(y, 10), hidden="drawn", width=800, progress=True)
    shown = capsys.readouterr().err
    assert "choice: " in shown and shown.endswith("\n") and "\r" not in shown
    zonal.train(x, y, width=50)
    assert capsys.readouterr().err == ""


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_on_a_terminal_is_one_line_that_disappears(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(_progress, "_DELAY", 0.0)
    monkeypatch.setattr(_progress, "_INTERVAL", 0.0)
    with _progress.progress_bars(None) as show:
        show("first stage", 0, 10)
        show("first stage", 5, 10)
        show("next", 1, 2)
    shown = screen.getvalue()
    assert "first stage:  50% [############            ] 5/10, 0 s left" in shown and "\n" not in shown
    last = shown.split("\r")
    assert last[-1] == "" and last[-2].strip() == "" and len(last[-2]) == len(last[-3])
    with _progress.progress_bars(False) as show:
        assert show is None


def test_positions_are_formatted():
    assert _progress.text("rows", 30, 120, 30, 10.0) == "rows:  25% [######                  ] 30/120, 30 s left"
    assert _progress.text("rows", 120, 120, 90, 10.0).endswith("120/120")
    assert _progress.text("path", 0, 0, 0, 12.3) == "path: 12 s"
    assert _progress.text("rows", 1, 10_001, 1, 60.0).endswith("167 h left")


def test_threads_are_fixed_before_the_first_work():
    script = """
        import zonal
        zonal.set_threads(2)
        zonal.spectrum("relu")
        try:
            zonal.set_threads(3)
        except zonal.errors.ParameterError as error:
            print(error)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True)
    assert "before any work" in done.stdout


def test_the_import_is_light():
    script = """
        import sys, numpy, zonal
        heavy = {"sklearn", "pandas", "dask", "matplotlib", "scipy", "pyarrow"} & set(sys.modules)
        print(sorted(heavy))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_instructions_that_there_are_not_are_told():
    code = "import zonal\ntry: zonal.spectrum('relu', dim=4)\nexcept zonal.errors.ParameterError as e: print(e)"
    environment = os.environ | {"ZONAL_SIMD": "AVX2"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.stdout.startswith("ZONAL_SIMD is AVX2, but must be"), done.stderr
