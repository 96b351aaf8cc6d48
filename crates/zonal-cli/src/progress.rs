//! The progress display on a terminal, shown for work of more than a second: position, rate, remaining time, and the
//! latest measurements of a training. A line for each long stage remains afterwards. Signals are deferred while files
//! are written, and work that can save its state is stopped instead of ended.

use crate::interrupt::Interrupt;
use crate::output::{print_error_line, set_bar};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::fmt::Write;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use zonal::observer::{Observer, Reading, Stage, StopReason};
use zonal_documents::number::{readable_seconds, short};

/// An observer that shows progress and defers signals while a run is written.
pub(crate) struct Progress {
    interrupt: Interrupt,
    started: Instant,
    view: Option<View>,
    /// Whether a signal stops the work in every stage.
    stops: bool,
    /// Whether a signal stops the work in stages that can be resumed.
    stops_resumable: bool,
}

/// The delay before anything is shown.
const DELAY: Duration = Duration::from_secs(1);

impl Progress {
    pub(crate) fn new(interrupt: &Interrupt, quiet: bool) -> Self {
        Self {
            interrupt: interrupt.clone(),
            started: Instant::now(),
            // indicatif draws only on terminals.
            view: (!quiet).then(|| View::new(ProgressDrawTarget::stderr)),
            stops: false,
            stops_resumable: false,
        }
    }

    /// Returns progress for work that keeps partial results: the first signal stops it.
    pub(crate) fn stopping(interrupt: &Interrupt, quiet: bool) -> Self {
        let mut progress = Self::new(interrupt, quiet);
        progress.stops = true;
        progress
    }

    /// Returns progress for a training that saves its sums or weights: a signal stops it in the stages that compute
    /// them.
    pub(crate) fn resumable(interrupt: &Interrupt, quiet: bool) -> Self {
        let mut progress = Self::new(interrupt, quiet);
        progress.stops_resumable = true;
        progress
    }
}

/// Returns whether the work of a stage can be saved and resumed.
fn is_resumable(stage: Stage) -> bool {
    matches!(stage, Stage::Statistics | Stage::Descent | Stage::Measurement)
}

impl Observer for Progress {
    fn progress(&mut self, stage: Stage, done: u64, total: u64) -> ControlFlow<StopReason> {
        if stage == Stage::Writing {
            // Signals stay deferred until the page is written too.
            self.interrupt.defer(true);
            return ControlFlow::Continue(());
        }
        if self.stops {
            self.interrupt.defer(true);
        } else if self.stops_resumable {
            self.interrupt.defer(is_resumable(stage));
        }
        let may_stop = self.stops || self.stops_resumable && is_resumable(stage);
        if may_stop && self.interrupt.deferred_code().is_some() {
            return ControlFlow::Break(StopReason::Interrupted);
        }
        // An eigenproblem reports nothing while it runs, so its spinner appears at once.
        if let Some(view) = &mut self.view
            && (stage == Stage::Eigenproblem || self.started.elapsed() > DELAY)
        {
            view.show(stage, done, total);
        }
        ControlFlow::Continue(())
    }

    fn measured(&mut self, reading: &Reading<'_>) {
        if let Some(view) = &mut self.view {
            view.measured(reading);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(view) = &mut self.view {
            for line in view.finish() {
                print_error_line(&line);
            }
        }
    }
}

/// The display on the terminal.
struct View {
    target: Box<dyn Fn() -> ProgressDrawTarget>,
    current: Option<Current>,
    /// The energies at the first measurement, the reference of the bars.
    first: Vec<f64>,
    reading: String,
    done: Vec<String>,
}

/// The current stage.
struct Current {
    stage: Stage,
    bar: ProgressBar,
    began: Instant,
    /// The position when the stage was first shown, and the current one.
    from: u64,
    position: u64,
    hidden: bool,
}

/// The largest number of degrees shown, and the length of their bars.
const DEGREES: usize = 8;
const BAR: usize = 24;

impl View {
    fn new(target: impl Fn() -> ProgressDrawTarget + 'static) -> Self {
        Self {
            target: Box::new(target),
            current: None,
            first: Vec::new(),
            reading: String::new(),
            done: Vec::new(),
        }
    }

    fn show(&mut self, stage: Stage, done: u64, total: u64) {
        // Measurements between stretches of descent belong to the descent.
        let same = |s: Stage| s == stage || s == Stage::Descent && stage == Stage::Measurement;
        if self.current.as_ref().is_none_or(|c| !same(c.stage)) {
            self.end();
            let target = (self.target)();
            let hidden = target.is_hidden();
            let bar = ProgressBar::with_draw_target(Some(total), target);
            bar.set_style(style(stage, total));
            bar.set_prefix(stage.name());
            bar.enable_steady_tick(Duration::from_millis(200));
            // Work done before a resumption does not count towards the rate.
            bar.set_position(done);
            bar.reset_eta();
            set_bar(Some(bar.clone()));
            self.current =
                Some(Current { stage, bar, began: Instant::now(), from: done, position: done, hidden });
        }
        if let Some(current) = &mut self.current
            && current.stage == stage
        {
            current.bar.set_position(done);
            current.bar.set_message(self.reading.clone());
            current.position = done;
        }
    }

    /// Formats the loss, and for each degree the remaining share of its initial energy.
    fn measured(&mut self, reading: &Reading<'_>) {
        if self.first.is_empty() {
            self.first = reading.energies.to_vec();
        }
        let mut text = format!("iteration {}   loss {}", reading.iteration, short(reading.loss));
        if let Some(loss) = reading.validation_loss {
            let _ = write!(text, "   validation {}", short(loss));
        }
        let total: f64 = self.first.iter().sum();
        let shown = self.first.iter().zip(reading.energies).enumerate();
        for (k, (first, now)) in shown.filter(|(_, (first, _))| **first > 1e-6 * total).take(DEGREES) {
            let remaining = (now / first).clamp(0.0, 1.0);
            let full = (remaining * BAR as f64).round() as usize;
            let bar = "#".repeat(full) + &".".repeat(BAR - full);
            let _ = write!(text, "\ndegree {k:>2}  {bar}  {}", short(*now));
        }
        self.reading = text;
    }

    /// Removes the stage from the terminal, and adds a line to the summary if it took long.
    fn end(&mut self) {
        let Some(current) = self.current.take() else { return };
        set_bar(None);
        current.bar.finish_and_clear();
        let seconds = current.began.elapsed().as_secs_f64();
        if current.hidden || seconds < DELAY.as_secs_f64() {
            return;
        }
        let mut line = format!("{}: {}", current.stage.name(), readable_seconds(seconds));
        let unit = match current.stage {
            Stage::Descent => "iterations",
            Stage::Reading | Stage::Statistics | Stage::Scoring => "rows",
            _ => "",
        };
        let steps = current.position.saturating_sub(current.from);
        if !unit.is_empty() && steps > 0 {
            let _ = write!(line, ", {steps} {unit}, {:.0} per second", steps as f64 / seconds);
        }
        self.done.push(line);
    }

    /// Ends the display and returns the lines of the summary.
    fn finish(&mut self) -> Vec<String> {
        self.end();
        std::mem::take(&mut self.done)
    }
}

fn style(stage: Stage, total: u64) -> ProgressStyle {
    let template = match (total, stage) {
        (0, _) => "{prefix:14} {spinner} {human_pos} rows {rate} {elapsed}",
        (_, Stage::Statistics | Stage::Scoring | Stage::Descent) => {
            "{prefix:14} {wide_bar} {percent:>3} % {rate} {elapsed} left {eta}\n{msg}"
        }
        (_, Stage::Eigenproblem) => "{prefix:14} {spinner} {elapsed}",
        _ => "{prefix:14} {wide_bar} {percent:>3} % {elapsed} left {eta}",
    };
    let rate = |state: &ProgressState, out: &mut dyn Write| {
        let _ = write!(out, "{:.0}/s", state.per_sec());
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.with_key("rate", rate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use indicatif::{InMemoryTerm, TermLike};

    #[test]
    fn the_view_shows_measurements_and_leaves_one_line() {
        let terminal = InMemoryTerm::new(20, 80);
        let screen = terminal.clone();
        let mut view =
            View::new(move || ProgressDrawTarget::term_like(Box::new(terminal.clone()) as Box<dyn TermLike>));
        view.measured(&Reading {
            iteration: 0,
            loss: 1.0,
            validation_loss: None,
            energies: &[0.0, 0.6, 0.4],
        });
        view.show(Stage::Descent, 0, 100);
        view.measured(&Reading {
            iteration: 50,
            loss: 0.35,
            validation_loss: Some(0.5),
            energies: &[0.0, 0.3, 0.05],
        });
        view.show(Stage::Descent, 50, 100);
        // A measurement between two stretches changes nothing.
        view.show(Stage::Measurement, 1, 3);
        if let Some(current) = &mut view.current {
            current.bar.force_draw();
            current.began = Instant::now().checked_sub(Duration::from_secs(2)).unwrap();
        }
        let seen = screen.contents();
        for part in
            ["descent", "50 %", "loss 0.3500", "validation 0.5000", "degree  1  ############............"]
        {
            assert!(seen.contains(part), "{part}: {seen}");
        }
        assert!(!seen.contains("degree  0"), "{seen}");
        let lines = view.finish();
        assert_eq!(screen.contents(), "");
        assert_eq!(lines.len(), 1);
        assert!(lines[0].starts_with("descent: 2 seconds, 50 iterations, 2"), "{lines:?}");
    }
}
