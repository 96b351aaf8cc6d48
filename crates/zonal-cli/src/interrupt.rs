//! Ctrl-C and SIGTERM: the program reports that nothing was saved and ends at once, unless it is writing a finished run; then
//! the first signal waits for the files and a second one ends it.

use crate::output::say;
use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;
use signal_hook::{flag, low_level};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Exit codes of shells for the two signals: 128 and the signal's number.
const INTERRUPTED: u8 = 130;
const TERMINATED: u8 = 143;

/// What the signals do now.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt {
    /// Whether a signal ends the program at once.
    leaves: Arc<AtomicBool>,
    /// Whether one of them came already.
    seen: Arc<AtomicBool>,
    interrupted: Arc<AtomicBool>,
    terminated: Arc<AtomicBool>,
}

impl Interrupt {
    /// Listens to both signals from now on.
    pub(crate) fn install() -> Self {
        let off = || Arc::new(AtomicBool::new(false));
        let leaves = Arc::new(AtomicBool::new(true));
        let this = Self { leaves, seen: off(), interrupted: off(), terminated: off() };
        for (signal, which, code) in
            [(SIGINT, &this.interrupted, INTERRUPTED), (SIGTERM, &this.terminated, TERMINATED)]
        {
            // In this order: leave if it is the second signal, otherwise remember it. If a handler cannot be set, the signal
            // ends the program, as it would without us.
            let _ = flag::register_conditional_shutdown(signal, i32::from(code), Arc::clone(&this.seen));
            let _ = flag::register(signal, Arc::clone(&this.seen));
            let _ = flag::register(signal, Arc::clone(which));
        }
        if !this.end_at_once() {
            for (signal, code) in [(SIGINT, INTERRUPTED), (SIGTERM, TERMINATED)] {
                let _ =
                    flag::register_conditional_shutdown(signal, i32::from(code), Arc::clone(&this.leaves));
            }
        }
        // A file that becomes larger than is allowed (`ulimit -f`) is an error of writing, and no end of the program.
        let _ = flag::register(SIGXFSZ, off());
        this
    }

    /// Ends the program with a line at the first signal that need not wait. It takes a thread, since a signal handler must
    /// not print; without one the program ends silently.
    fn end_at_once(&self) -> bool {
        let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return false };
        let leaves = Arc::clone(&self.leaves);
        let wait = move || {
            for signal in signals.forever() {
                if leaves.load(Ordering::SeqCst) {
                    say("interrupted: nothing was saved; the same command starts from the beginning");
                    low_level::exit(i32::from(if signal == SIGTERM { TERMINATED } else { INTERRUPTED }));
                }
            }
        };
        std::thread::Builder::new().name("signals".into()).spawn(wait).is_ok()
    }

    /// Signals wait from now on, or no longer.
    pub(crate) fn hold(&self, hold: bool) {
        self.leaves.store(!hold, Ordering::SeqCst);
    }

    /// The exit code of a signal that waited.
    pub(crate) fn waited(&self) -> Option<u8> {
        if self.terminated.load(Ordering::SeqCst) {
            Some(TERMINATED)
        } else if self.interrupted.load(Ordering::SeqCst) {
            Some(INTERRUPTED)
        } else {
            None
        }
    }
}
