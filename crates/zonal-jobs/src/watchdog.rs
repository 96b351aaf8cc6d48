//! Progress and cancellation for work that cannot poll an observer itself.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;
use zonal::observer::{Observer, Stage, StopReason};
use zonal_documents::Result;

/// The interval at which the observer is polled.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// A request to cancel work; as an observer, it stops the work once it is requested.
#[derive(Default)]
pub(crate) struct Cancellation(AtomicBool);

impl Cancellation {
    /// Returns whether cancellation is requested. The result of cancelled work is discarded.
    pub(crate) fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Requests the cancellation.
    pub(crate) fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Observer for &Cancellation {
    fn progress(&mut self, _: Stage, _: u64, _: u64) -> ControlFlow<StopReason> {
        if self.is_requested() {
            ControlFlow::Break(StopReason::Interrupted)
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// Runs work on its own thread and polls the observer from the calling thread until the work ends.
///
/// # Errors
/// The errors of the work; [`zonal::Error::Stopped`] if the observer requests a stop.
pub(crate) fn run_cancellable<T: Send>(
    observer: &mut dyn Observer,
    (stage, done, total): (Stage, u64, u64),
    work: impl FnOnce(&Cancellation) -> Result<T> + Send,
) -> Result<T> {
    let cancellation = Cancellation::default();
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(1);
        let shared = &cancellation;
        let worker = scope.spawn(move || {
            let result = work(shared);
            // Fails only if the receiver is gone.
            let _ = sender.send(());
            result
        });
        let mut stopped = None;
        while let Err(RecvTimeoutError::Timeout) = receiver.recv_timeout(POLL_INTERVAL) {
            if stopped.is_none()
                && let ControlFlow::Break(reason) = observer.progress(stage, done, total)
            {
                cancellation.request();
                stopped = Some(reason);
            }
        }
        let result = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        match stopped {
            Some(reason) => Err(zonal::Error::from(reason).into()),
            None => result,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use zonal::observer::Silent;

    struct Impatient;

    impl Observer for Impatient {
        fn progress(&mut self, _: Stage, _: u64, _: u64) -> ControlFlow<StopReason> {
            ControlFlow::Break(StopReason::Interrupted)
        }
    }

    #[test]
    fn cancelled_work_returns_the_reason() {
        let at = (Stage::Choice, 0, 1);
        assert_eq!(run_cancellable(&mut Silent, at, |_| Ok(7)).unwrap(), 7);
        let endless = |cancellation: &Cancellation| {
            while !cancellation.is_requested() {
                std::thread::yield_now();
            }
            Ok(())
        };
        let error = run_cancellable(&mut Impatient, at, endless).unwrap_err();
        assert!(matches!(
            error,
            zonal_documents::Error::Core(zonal::Error::Stopped(StopReason::Interrupted))
        ));
    }
}
