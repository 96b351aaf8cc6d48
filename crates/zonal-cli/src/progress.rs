//! What a person sees on a terminal while work takes longer than a second: how far it is, how fast, how long it will still
//! take, and what a training has measured so far. When it is done a line is left for each stage that took long. While files
//! are written signals wait; work that keeps what is done is asked to stop instead of being left.

use crate::interrupt::Interrupt;
use crate::output::{beside, say};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::fmt::Write;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use zonal::observer::{Observer, Reading, Stage, StopReason};
use zonal_documents::number::{readable_seconds, short};

/// Shows progress, and lets signals wait while a run is written.
pub(crate) struct Progress {
    interrupt: Interrupt,
    started: Instant,
    view: Option<View>,
    /// Whether a signal asks the work to stop in place of leaving at once.
    asks: bool,
    /// Whether it does so in the stages that can be taken up again.
    saves: bool,
}

/// Nothing is shown before this.
const PATIENCE: Duration = Duration::from_secs(1);

impl Progress {
    pub(crate) fn new(interrupt: &Interrupt, quiet: bool) -> Self {
        Self {
            interrupt: interrupt.clone(),
            started: Instant::now(),
            // indicatif draws on terminals only.
            view: (!quiet).then(|| View::new(ProgressDrawTarget::stderr)),
            asks: false,
            saves: false,
        }
    }

    /// For work that can be taken up again: the first signal asks it to stop.
    pub(crate) fn asking(interrupt: &Interrupt, quiet: bool) -> Self {
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
}

/// Whether what is done in this stage can be saved and taken up again.
fn can_go_on(stage: Stage) -> bool {
    matches!(stage, Stage::Statistics | Stage::Descent | Stage::Measurement)
}

impl Observer for Progress {
    fn progress(&mut self, stage: Stage, done: u64, total: u64) -> ControlFlow<StopReason> {
        if stage == Stage::Writing {
            // Until the page is there too, which comes after this.
            self.interrupt.hold(true);
            return ControlFlow::Continue(());
        }
        if self.asks {
            self.interrupt.hold(true);
        } else if self.saves {
            self.interrupt.hold(can_go_on(stage));
        }
        let asked = self.asks || self.saves && can_go_on(stage);
        if asked && self.interrupt.waited().is_some() {
            return ControlFlow::Break(StopReason::Interrupted);
        }
        // An eigenproblem reports nothing while it runs, so its bar appears at once and only ticks.
        if let Some(view) = &mut self.view
            && (stage == Stage::Eigenproblem || self.started.elapsed() > PATIENCE)
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
                say(&line);
            }
        }
    }
}

/// The picture on the terminal.
struct View {
    target: Box<dyn Fn() -> ProgressDrawTarget>,
    current: Option<Current>,
    /// The energies at the first reading, which later ones are compared with.
    first: Vec<f64>,
    reading: String,
    done: Vec<String>,
}

/// The stage that runs.
struct Current {
    stage: Stage,
    bar: ProgressBar,
    began: Instant,
    /// Where it stood when it was first shown, and stands now.
    from: u64,
    position: u64,
    hidden: bool,
}

/// Degrees that have a line, and the length of its bar.
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
        // Between two stretches of descent the state is measured, which is no stage of its own to look at.
        let same = |s: Stage| s == stage || s == Stage::Descent && stage == Stage::Measurement;
        if self.current.as_ref().is_none_or(|c| !same(c.stage)) {
            self.end();
            let target = (self.target)();
            let hidden = target.is_hidden();
            let bar = ProgressBar::with_draw_target(Some(total), target);
            bar.set_style(style(stage, total));
            bar.set_prefix(stage.name());
            bar.enable_steady_tick(Duration::from_millis(200));
            // What was there before is not counted as fast work.
            bar.set_position(done);
            bar.reset_eta();
            beside(Some(bar.clone()));
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

    /// The loss, and for each degree what is left of its first energy.
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
            let left = (now / first).clamp(0.0, 1.0);
            let full = (left * BAR as f64).round() as usize;
            let bar = "#".repeat(full) + &".".repeat(BAR - full);
            let _ = write!(text, "\ndegree {k:>2}  {bar}  {}", short(*now));
        }
        self.reading = text;
    }

    /// Takes the stage off the terminal, and keeps a line about it if it took long.
    fn end(&mut self) {
        let Some(current) = self.current.take() else { return };
        beside(None);
        current.bar.finish_and_clear();
        let seconds = current.began.elapsed().as_secs_f64();
        if current.hidden || seconds < PATIENCE.as_secs_f64() {
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
            let _ = write!(line, ", {steps} {unit}, {:.0} a second", steps as f64 / seconds);
        }
        self.done.push(line);
    }

    /// Ends the view: the lines that are left behind.
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
    fn the_view_shows_what_is_measured_and_leaves_nothing_but_a_line() {
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
        // Measurement between two stretches changes nothing.
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
        let left = view.finish();
        assert_eq!(screen.contents(), "");
        assert_eq!(left.len(), 1);
        assert!(left[0].starts_with("descent: 2 seconds, 50 iterations, 2"), "{left:?}");
    }
}
