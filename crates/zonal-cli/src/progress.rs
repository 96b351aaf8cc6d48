//! A progress bar on a terminal, for work that takes longer than a second. While files are written signals wait; work
//! that keeps what is done is asked to stop instead of being left.

use crate::interrupt::Interrupt;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use zonal::observer::{Observer, Stage, StopReason};

/// Shows progress, and lets signals wait while a run is written.
pub(crate) struct Progress {
    interrupt: Interrupt,
    started: Instant,
    quiet: bool,
    /// Whether a signal asks the work to stop in place of leaving at once.
    asks: bool,
    /// Whether it does so in the stages that can be taken up again.
    saves: bool,
    bar: Option<(Stage, ProgressBar)>,
}

/// Nothing is shown before this.
const PATIENCE: Duration = Duration::from_secs(1);

impl Progress {
    pub(crate) fn new(interrupt: &Interrupt, quiet: bool) -> Self {
        Self {
            interrupt: interrupt.clone(),
            started: Instant::now(),
            quiet,
            asks: false,
            saves: false,
            bar: None,
        }
    }

    /// For work that can be taken up again: the first signal asks it to stop.
    pub(crate) fn asking(interrupt: &Interrupt, quiet: bool) -> Self {
        interrupt.hold(true);
        let mut progress = Self::new(interrupt, quiet);
        progress.asks = true;
        progress
    }

    /// For a training that keeps its sums or its weights: a signal asks it to stop while it makes them.
    pub(crate) fn saving(interrupt: &Interrupt, quiet: bool) -> Self {
        let mut progress = Self::new(interrupt, quiet);
        progress.saves = true;
        progress
    }

    fn show(&mut self, stage: Stage, done: u64, total: u64) {
        if self.bar.as_ref().is_none_or(|(s, _)| *s != stage) {
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
            // indicatif draws on terminals only.
            let template = match (total, stage) {
                (0, _) => "{msg:14} {spinner} {human_pos} rows {per_sec} {elapsed}",
                (_, Stage::Statistics | Stage::Scoring | Stage::Descent) => {
                    "{msg:14} {wide_bar} {percent:>3} % {per_sec} {elapsed} left {eta}"
                }
                _ => "{msg:14} {wide_bar} {percent:>3} % {elapsed}",
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_message(stage.name());
            bar.enable_steady_tick(Duration::from_millis(200));
            self.bar = Some((stage, bar));
        }
        if let Some((_, bar)) = &self.bar {
            bar.set_position(done);
        }
    }
}

/// Whether what is done in this stage can be saved and taken up again.
fn can_go_on(stage: Stage) -> bool {
    matches!(stage, Stage::Statistics | Stage::Descent | Stage::Measurement)
}

impl Observer for Progress {
    fn progress(&mut self, stage: Stage, done: u64, total: u64) -> ControlFlow<StopReason> {
        if stage == Stage::Writing {
            self.interrupt.hold(done < total || self.asks);
            return ControlFlow::Continue(());
        }
        if self.saves {
            self.interrupt.hold(can_go_on(stage));
        }
        let asked = self.asks || self.saves && can_go_on(stage);
        if asked && self.interrupt.waited().is_some() {
            return ControlFlow::Break(StopReason::Interrupted);
        }
        // An eigenproblem reports nothing while it runs, so its bar appears at once and only ticks.
        if !self.quiet && (stage == Stage::Eigenproblem || self.started.elapsed() > PATIENCE) {
            self.show(stage, done, total);
        }
        ControlFlow::Continue(())
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((_, bar)) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
