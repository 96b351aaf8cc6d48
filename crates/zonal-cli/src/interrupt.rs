//! Ctrl-C and SIGTERM. The program reports that nothing was saved and exits at once, unless it is writing a finished
//! run: then the first signal is deferred until the files are written, and a second one exits at once.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The exit codes of shells for the two signals, 128 plus the signal number.
const INTERRUPTED: u8 = 130;
const TERMINATED: u8 = 143;

/// The state of signal handling.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt {
    /// Whether a signal exits at once.
    exits_at_once: Arc<AtomicBool>,
    /// Whether a signal has arrived.
    arrived: Arc<AtomicBool>,
    interrupted: Arc<AtomicBool>,
    terminated: Arc<AtomicBool>,
}

impl Interrupt {
    /// Installs the handlers of both signals.
    pub(crate) fn install() -> Self {
        let off = || Arc::new(AtomicBool::new(false));
        let exits_at_once = Arc::new(AtomicBool::new(true));
        let this = Self { exits_at_once, arrived: off(), interrupted: off(), terminated: off() };
        for (signal, which, code) in
            [(SIGINT, &this.interrupted, INTERRUPTED), (SIGTERM, &this.terminated, TERMINATED)]
        {
            // The order matters: exit if it is the second signal, otherwise record it. If a handler cannot be
            // installed, the signal ends the program by its default action.
            let _ = flag::register_conditional_shutdown(signal, i32::from(code), Arc::clone(&this.arrived));
            let _ = flag::register(signal, Arc::clone(&this.arrived));
            let _ = flag::register(signal, Arc::clone(which));
        }
        if !this.watch_signals() {
            for (signal, code) in [(SIGINT, INTERRUPTED), (SIGTERM, TERMINATED)] {
                let _ = flag::register_conditional_shutdown(
                    signal,
                    i32::from(code),
                    Arc::clone(&this.exits_at_once),
                );
            }
        }
        // Exceeding the file size limit (`ulimit -f`) is a write error and must not end the program.
        #[cfg(unix)]
        let _ = flag::register(signal_hook::consts::SIGXFSZ, off());
        this
    }

    /// Starts a thread that prints a line and exits at the first signal that is not deferred. A signal handler itself
    /// must not print; without the thread the program exits silently.
    #[cfg(unix)]
    fn watch_signals(&self) -> bool {
        use crate::output;
        use signal_hook::{iterator::Signals, low_level};
        let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return false };
        let exits_at_once = Arc::clone(&self.exits_at_once);
        let wait = move || {
            for signal in signals.forever() {
                if exits_at_once.load(Ordering::SeqCst) {
                    output::print_error_line("interrupted: nothing was saved; the same command starts over");
                    let code = if signal == SIGTERM { TERMINATED } else { INTERRUPTED };
                    low_level::exit(i32::from(code));
                }
            }
        };
        std::thread::Builder::new().name("signals".into()).spawn(wait).is_ok()
    }

    /// Returns false: signals cannot be waited for on this system.
    #[cfg(not(unix))]
    fn watch_signals(&self) -> bool {
        false
    }

    /// Starts or stops deferring signals.
    pub(crate) fn defer(&self, defer: bool) {
        self.exits_at_once.store(!defer, Ordering::SeqCst);
    }

    /// Returns the exit code of a deferred signal.
    pub(crate) fn deferred_code(&self) -> Option<u8> {
        if self.terminated.load(Ordering::SeqCst) {
            Some(TERMINATED)
        } else if self.interrupted.load(Ordering::SeqCst) {
            Some(INTERRUPTED)
        } else {
            None
        }
    }
}
