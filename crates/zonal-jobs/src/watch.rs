//! Work that asks nobody, watched: the observer is asked beside it, and the work is told when to stop.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;
use zonal::observer::{Observer, Stage};
use zonal_documents::Result;

/// How long the observer may not be asked.
const PATIENCE: Duration = Duration::from_millis(50);

/// Whether work that is watched should stop.
pub(crate) struct Wish(AtomicBool);

impl Wish {
    /// Ends work that nobody waits for; what the work returns is then not looked at.
    pub(crate) fn to_stop(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Does the work on a thread of its own, and asks the observer from this one until it is done.
///
/// # Errors
/// Those of the work; [`zonal::Error::Stopped`] when the observer asks for it.
pub(crate) fn watched<T: Send>(
    observer: &mut dyn Observer,
    (stage, done, total): (Stage, u64, u64),
    work: impl FnOnce(&Wish) -> Result<T> + Send,
) -> Result<T> {
    let wish = Wish(AtomicBool::new(false));
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(1);
        let told = &wish;
        let worker = scope.spawn(move || {
            let result = work(told);
            // Ends at once when nobody waits.
            let _ = sender.send(());
            result
        });
        let mut stopped = None;
        while let Err(RecvTimeoutError::Timeout) = receiver.recv_timeout(PATIENCE) {
            if stopped.is_none()
                && let ControlFlow::Break(reason) = observer.progress(stage, done, total)
            {
                wish.0.store(true, Ordering::Relaxed);
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
    use zonal::observer::{Silent, StopReason};

    struct Impatient;

    impl Observer for Impatient {
        fn progress(&mut self, _: Stage, _: u64, _: u64) -> ControlFlow<StopReason> {
            ControlFlow::Break(StopReason::Interrupted)
        }
    }

    #[test]
    fn work_is_told_to_stop_and_its_result_is_the_reason() {
        let at = (Stage::Choice, 0, 1);
        assert_eq!(watched(&mut Silent, at, |_| Ok(7)).unwrap(), 7);
        let endless = |wish: &Wish| {
            while !wish.to_stop() {
                std::thread::yield_now();
            }
            Ok(())
        };
        let error = watched(&mut Impatient, at, endless).unwrap_err();
        assert!(matches!(
            error,
            zonal_documents::Error::Core(zonal::Error::Stopped(StopReason::Interrupted))
        ));
    }
}
