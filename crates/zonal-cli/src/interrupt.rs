//! Ctrl-C and SIGTERM: the first asks to stop and save, a second one leaves at once.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Exit codes of shells for the two signals: 128 and the signal's number.
const INTERRUPTED: u8 = 130;
const TERMINATED: u8 = 143;

/// Whether somebody asked to stop.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt {
    interrupted: Arc<AtomicBool>,
    terminated: Arc<AtomicBool>,
}

impl Interrupt {
    /// Listens to both signals from now on.
    pub(crate) fn install() -> Self {
        let this = Self::default();
        for (signal, seen, code) in
            [(SIGINT, &this.interrupted, INTERRUPTED), (SIGTERM, &this.terminated, TERMINATED)]
        {
            // The order matters: the shutdown looks at the flag before this signal sets it. Without handlers the
            // signals end the program, which is what they did before.
            let _ = flag::register_conditional_shutdown(signal, i32::from(code), Arc::clone(seen));
            let _ = flag::register(signal, Arc::clone(seen));
        }
        this
    }

    /// Whether a signal came.
    pub(crate) fn requested(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed) || self.terminated.load(Ordering::Relaxed)
    }

    /// The exit code that tells which one.
    pub(crate) fn exit_code(&self) -> u8 {
        if self.terminated.load(Ordering::Relaxed) { TERMINATED } else { INTERRUPTED }
    }
}
