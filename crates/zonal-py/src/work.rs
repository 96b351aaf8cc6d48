//! Long work beside the interpreter: it runs on a thread of its own without the interpreter's lock, while the thread that
//! called looks for Ctrl-C and shows progress.

use crate::error::{Failure, Outcome, exception};
use pyo3::prelude::*;
use std::cell::Cell;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use zonal::observer::{Observer, Stage, StopReason};
use zonal_documents::request::Threads;

/// How often the caller looks.
const LOOK: Duration = Duration::from_millis(50);
/// How long it waits, after Ctrl-C, for work to end that cannot be told to stop at once.
const PARTING: Duration = Duration::from_millis(600);
/// Deep enough for expressions of any permitted depth.
const STACK: usize = 16 << 20;

/// What the work tells the caller, and the caller the work.
#[derive(Default)]
pub(crate) struct Shared {
    stop: AtomicBool,
    stage: Mutex<Option<(Stage, u64, u64)>>,
    notes: Mutex<Vec<String>>,
}

/// The side of the work.
pub(crate) struct Work(Arc<Shared>);

impl Shared {
    /// Whether the caller no longer waits.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl Work {
    /// What it shares with the caller.
    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.0)
    }

    /// Keeps a note for the caller.
    pub(crate) fn note(&self, note: &str) {
        lock(&self.0.notes).push(note.to_owned());
    }

    /// An observer of the same work.
    pub(crate) fn observer(&self) -> impl Observer + use<> {
        Work(Arc::clone(&self.0))
    }
}

impl Observer for Work {
    fn progress(&mut self, stage: Stage, done: u64, total: u64) -> ControlFlow<StopReason> {
        *lock(&self.0.stage) = Some((stage, done, total));
        match self.0.stop.load(Ordering::Relaxed) {
            true => ControlFlow::Break(StopReason::Interrupted),
            false => ControlFlow::Continue(()),
        }
    }
}

/// A lock whose holder cannot have left anything half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does the work. `watch` is called with (stage, done, total) about twenty times a second.
///
/// # Errors
/// Those of the work as exceptions; whatever a signal handler raises, `KeyboardInterrupt` mostly.
pub(crate) fn run<T: Send + 'static>(
    py: Python<'_>,
    watch: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&Work) -> Outcome<T> + Send + 'static,
) -> PyResult<(T, Vec<String>)> {
    check_process(py)?;
    supervise(py, watch, work)
}

/// As [`run`], also in the child of a process that has worked. The child has none of its parent's threads, so one new thread
/// does all of the work. A child that was forked in the middle of other work is refused: locks may be held by threads that
/// no longer exist.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_after_fork<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce(&Work) -> Outcome<T> + Send + 'static,
) -> PyResult<T> {
    let here = std::process::id();
    if [0, here].contains(&PROCESS.load(Ordering::Relaxed)) {
        return Ok(run(py, None, work)?.0);
    }
    // The interpreter's lock is held from here until the work is counted.
    if CHILD.load(Ordering::Relaxed) != here && WORKING.load(Ordering::Relaxed) > 0 {
        check_process(py)?;
    }
    CHILD.store(here, Ordering::Relaxed);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).stack_size(STACK).build();
    let pool = pool.map_err(|e| no_thread(py, &e))?;
    Ok(supervise(py, None, move |told| pool.install(|| work(told)))?.0)
}

fn no_thread(py: Python<'_>, error: &dyn std::fmt::Display) -> PyErr {
    exception(py, "ResourceError", &format!("a thread could not be started: {error}"))
}

/// Does the work on a thread of its own and watches it.
fn supervise<T: Send + 'static>(
    py: Python<'_>,
    watch: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&Work) -> Outcome<T> + Send + 'static,
) -> PyResult<(T, Vec<String>)> {
    zonal::numeric::check_instructions().map_err(|e| exception(py, "ParameterError", &e.to_string()))?;
    if INSIDE.get() {
        let message = "zonal was called from inside a callable that zonal calls, whose threads would wait for each other; compute \
                       such values beforehand";
        return Err(exception(py, "ResourceError", message));
    }
    let shared = Arc::new(Shared::default());
    let (sender, receiver) = sync_channel(1);
    let told = Work(Arc::clone(&shared));
    let count = WorkCount::new();
    let job = move || {
        let result = catch_unwind(AssertUnwindSafe(|| work(&told)));
        // Before the caller may fork.
        drop(count);
        // Nobody waits any longer after Ctrl-C.
        let _ = sender.send(result.unwrap_or_else(|payload| Err(Failure::panic(&*payload))));
    };
    std::thread::Builder::new()
        .name("zonal".to_owned())
        .stack_size(STACK)
        .spawn(job)
        .map_err(|e| no_thread(py, &e))?;
    let mut receiver = receiver;
    loop {
        let answer;
        (receiver, answer) = wait(py, receiver, LOOK);
        match answer {
            Ok(Ok(done)) => {
                let notes = std::mem::take(&mut *lock(&shared.notes));
                return Ok((done, notes));
            }
            Ok(Err(failure)) => return Err(failure.raise(py)),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Failure::Panic("its thread has ended".to_owned()).raise(py));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        let seen = py.check_signals().and_then(|()| match (watch, *lock(&shared.stage)) {
            (Some(watch), Some((stage, done, total))) => watch.call1((stage.name(), done, total)).map(|_| ()),
            _ => Ok(()),
        });
        if let Err(raised) = seen {
            shared.stop.store(true, Ordering::Relaxed);
            return Err(part(py, receiver, &shared, raised));
        }
    }
}

/// After Ctrl-C: work that is told to stop mostly does so at once, files that are being written are waited for, and a
/// factorisation ends by itself later.
fn part<T: Send>(
    py: Python<'_>,
    mut receiver: Receiver<Outcome<T>>,
    shared: &Shared,
    raised: PyErr,
) -> PyErr {
    let until = Instant::now() + PARTING;
    let is_writing = || matches!(*lock(&shared.stage), Some((Stage::Writing, ..)));
    while Instant::now() < until || is_writing() {
        let answer;
        (receiver, answer) = wait(py, receiver, LOOK);
        match answer {
            Err(RecvTimeoutError::Timeout) => {}
            // How to go on stands in the note of the exception.
            Ok(Err(Failure::Ours(error))) => {
                if let Some(zonal_documents::Error::Interrupted { message }) = error.downcast_ref() {
                    let _ = raised.value(py).call_method1("add_note", (message.as_str(),));
                }
                return raised;
            }
            _ => return raised,
        }
    }
    raised
}

type Answer<T> = (Receiver<Outcome<T>>, Result<Outcome<T>, RecvTimeoutError>);

/// Waits without the interpreter's lock.
fn wait<T: Send>(py: Python<'_>, receiver: Receiver<Outcome<T>>, time: Duration) -> Answer<T> {
    py.detach(move || {
        let answer = receiver.recv_timeout(time);
        (receiver, answer)
    })
}

thread_local! {
    /// Whether this thread does work already: other work that began here would wait for threads that wait for it.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Calls code of the user on a thread that works; no work can begin in it.
pub(crate) fn without_work<T>(call: impl FnOnce() -> T) -> T {
    let before = INSIDE.replace(true);
    let answer = call();
    INSIDE.set(before);
    answer
}

/// The process whose threads work.
static PROCESS: AtomicU32 = AtomicU32::new(0);
/// The child process that can work with a thread of its own.
static CHILD: AtomicU32 = AtomicU32::new(0);
/// The number of works in progress; a child starts with those of its parent at the fork.
static WORKING: AtomicU32 = AtomicU32::new(0);

/// Counts a work in progress as long as it lives.
struct WorkCount;

impl WorkCount {
    fn new() -> Self {
        WORKING.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

impl Drop for WorkCount {
    fn drop(&mut self) {
        WORKING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Threads do not survive a fork: work in the child of a process that has worked would wait for ever.
fn check_process(py: Python<'_>) -> PyResult<()> {
    let here = std::process::id();
    match PROCESS.compare_exchange(0, here, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => Ok(()),
        Err(first) if first == here => Ok(()),
        Err(_) => Err(exception(
            py,
            "ResourceError",
            "this process was forked from one that had used zonal, and threads do not survive a fork, so only predict works \
             here, unless zonal was busy at the time; start workers with 'spawn' or 'forkserver', as in \
             multiprocessing.get_context('spawn')",
        )),
    }
}

/// Fixes the number of threads of this process, before the first work; results do not depend on it.
#[pyfunction]
pub(crate) fn set_threads(py: Python<'_>, threads: usize) -> PyResult<()> {
    let refuse = |message: String| Err(exception(py, "ParameterError", &message));
    let Ok(threads) = threads.to_string().parse::<Threads>() else {
        return refuse(format!("threads is {threads}, but must be from 1 to 1024"));
    };
    match zonal_run::set_threads(threads) {
        // Forked children are told from here on.
        Ok(()) => check_process(py),
        Err(_) => refuse(
            "the threads of this process have been started; set their number before any work".to_owned(),
        ),
    }
}
