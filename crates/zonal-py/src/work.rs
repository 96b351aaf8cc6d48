//! Background work: it runs on its own thread without the interpreter's lock, while the calling thread checks for
//! Ctrl-C and reports progress.

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

/// The interval at which the caller checks for signals and progress.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// The time that the caller waits for work to stop after Ctrl-C.
const STOP_TIMEOUT: Duration = Duration::from_millis(600);
/// The stack size in bytes, enough for expressions of the largest permitted depth.
const STACK: usize = 16 << 20;

/// The state shared between the work and its caller.
#[derive(Default)]
pub(crate) struct Shared {
    stop: AtomicBool,
    stage: Mutex<Option<(Stage, u64, u64)>>,
    notes: Mutex<Vec<String>>,
}

/// The work's handle of the shared state.
pub(crate) struct Work(Arc<Shared>);

impl Shared {
    /// Returns whether the caller has requested a stop.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl Work {
    /// Returns the state shared with the caller.
    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.0)
    }

    /// Adds a note for the caller.
    pub(crate) fn note(&self, note: &str) {
        lock(&self.0.notes).push(note.to_owned());
    }

    /// Returns another observer of the same work.
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

/// Locks a mutex whose value is consistent even if a holder panicked.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs work on its own thread. `progress` is called with (stage, done, total) about twenty times per second.
///
/// # Errors
/// The errors of the work as exceptions, and exceptions of signal handlers such as `KeyboardInterrupt`.
pub(crate) fn run<T: Send + 'static>(
    py: Python<'_>,
    progress: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&Work) -> Outcome<T> + Send + 'static,
) -> PyResult<(T, Vec<String>)> {
    check_process(py)?;
    supervise(py, progress, work)
}

/// As [`run`], but also works in a forked child of a process that has used zonal. The child has none of its parent's
/// threads, so a single new thread does all the work. A child that was forked during other work is rejected, since
/// locks may be held by threads that no longer exist.
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
    Ok(supervise(py, None, move |handle| pool.install(|| work(handle)))?.0)
}

/// Does work of less than a few milliseconds, which needs no supervision, without a thread of its own; in a forked child as
/// [`run_after_fork`].
///
/// # Errors
/// The errors of the work as exceptions.
pub(crate) fn run_briefly<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce() -> Outcome<T> + Send + 'static,
) -> PyResult<T> {
    if ![0, std::process::id()].contains(&PROCESS.load(Ordering::Relaxed)) || INSIDE.get() {
        return run_after_fork(py, |_| work());
    }
    zonal::numeric::check_instructions().map_err(|e| exception(py, "ParameterError", &e.to_string()))?;
    check_process(py)?;
    let count = WorkCount::new();
    // Inside of the pool parallel loops start at once.
    let result = py.detach(|| catch_unwind(AssertUnwindSafe(|| rayon::scope(|_| work()))));
    drop(count);
    result.unwrap_or_else(|payload| Err(Failure::panic(&*payload))).map_err(|failure| failure.raise(py))
}

fn no_thread(py: Python<'_>, error: &dyn std::fmt::Display) -> PyErr {
    exception(py, "ResourceError", &format!("cannot start a thread: {error}"))
}

/// Runs work on its own thread and supervises it from the calling thread.
fn supervise<T: Send + 'static>(
    py: Python<'_>,
    progress: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&Work) -> Outcome<T> + Send + 'static,
) -> PyResult<(T, Vec<String>)> {
    zonal::numeric::check_instructions().map_err(|e| exception(py, "ParameterError", &e.to_string()))?;
    if INSIDE.get() {
        let message = "zonal was called from a callable that zonal itself calls, which would deadlock; compute such values \
                       beforehand";
        return Err(exception(py, "ResourceError", message));
    }
    let shared = Arc::new(Shared::default());
    let (sender, receiver) = sync_channel(1);
    let handle = Work(Arc::clone(&shared));
    let count = WorkCount::new();
    let job = move || {
        let result = catch_unwind(AssertUnwindSafe(|| work(&handle)));
        // This must precede the answer, after which the caller may fork.
        drop(count);
        // After Ctrl-C there may be no receiver.
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
        (receiver, answer) = wait(py, receiver, POLL_INTERVAL);
        match answer {
            Ok(Ok(done)) => {
                let notes = std::mem::take(&mut *lock(&shared.notes));
                return Ok((done, notes));
            }
            Ok(Err(failure)) => return Err(failure.raise(py)),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Failure::Panic("the worker thread ended".to_owned()).raise(py));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        let checked = py.check_signals().and_then(|()| match (progress, *lock(&shared.stage)) {
            (Some(progress), Some((stage, done, total))) => {
                progress.call1((stage.name(), done, total)).map(|_| ())
            }
            _ => Ok(()),
        });
        if let Err(raised) = checked {
            shared.stop.store(true, Ordering::Relaxed);
            return Err(stop(py, receiver, &shared, raised));
        }
    }
}

/// Waits for work to stop after Ctrl-C. Most work stops at once; files that are being written are waited for, and a
/// factorisation continues in the background.
fn stop<T: Send>(
    py: Python<'_>,
    mut receiver: Receiver<Outcome<T>>,
    shared: &Shared,
    raised: PyErr,
) -> PyErr {
    let until = Instant::now() + STOP_TIMEOUT;
    let is_writing = || matches!(*lock(&shared.stage), Some((Stage::Writing, ..)));
    while Instant::now() < until || is_writing() {
        let answer;
        (receiver, answer) = wait(py, receiver, POLL_INTERVAL);
        match answer {
            Err(RecvTimeoutError::Timeout) => {}
            // The exception gets a note on how to resume.
            Ok(Err(Failure::Error(error))) => {
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

/// Waits for an answer without the interpreter's lock.
fn wait<T: Send>(py: Python<'_>, receiver: Receiver<Outcome<T>>, time: Duration) -> Answer<T> {
    py.detach(move || {
        let answer = receiver.recv_timeout(time);
        (receiver, answer)
    })
}

thread_local! {
    /// Whether this thread is running a callable for some work. New work from it would deadlock.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Calls user code during work; the code cannot start other work.
pub(crate) fn without_work<T>(call: impl FnOnce() -> T) -> T {
    let before = INSIDE.replace(true);
    let answer = call();
    INSIDE.set(before);
    answer
}

/// The identifier of the process that owns the worker threads.
static PROCESS: AtomicU32 = AtomicU32::new(0);
/// The identifier of the forked child that may use its own single thread.
static CHILD: AtomicU32 = AtomicU32::new(0);
/// The number of tasks in progress; a child starts with that of its parent at the fork.
static WORKING: AtomicU32 = AtomicU32::new(0);

/// A guard that counts a task in progress.
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

/// Rejects work in a forked child of a process that has used zonal: threads do not survive a fork, so the work would
/// hang.
fn check_process(py: Python<'_>) -> PyResult<()> {
    let here = std::process::id();
    match PROCESS.compare_exchange(0, here, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => Ok(()),
        Err(first) if first == here => Ok(()),
        Err(_) => Err(exception(
            py,
            "ResourceError",
            "this process was forked from one that had used zonal, and threads do not survive a fork; only predict works \
             here, unless zonal was busy at the time of the fork. Start workers with 'spawn' or 'forkserver', as in \
             multiprocessing.get_context('spawn')",
        )),
    }
}

/// Sets the number of threads of this process, before its first work; results do not depend on it.
#[pyfunction]
pub(crate) fn set_threads(py: Python<'_>, threads: usize) -> PyResult<()> {
    let reject = |message: String| Err(exception(py, "ParameterError", &message));
    let Ok(threads) = threads.to_string().parse::<Threads>() else {
        return reject(format!("threads is {threads}, but must be from 1 to 1024"));
    };
    match zonal_run::set_threads(threads) {
        // This records the process, so that forked children are detected.
        Ok(()) => check_process(py),
        Err(_) => reject(
            "the threads of this process are already running; call set_threads before any work".to_owned(),
        ),
    }
}
