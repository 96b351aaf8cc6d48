//! Explanations and examples that follow the options in the help of each command, and in its manual page.

use clap::Command;

/// What follows the options of a command.
pub(crate) struct Details {
    /// Explanations, one paragraph a line; empty lines separate them.
    pub(crate) text: &'static str,
    /// What a call does, and the call. The first ones are the most common.
    pub(crate) examples: &'static [(&'static str, &'static str)],
}

/// The number of examples in the short help.
const FEW: usize = 3;

impl Details {
    fn short(&self) -> String {
        let calls: String = self.examples.iter().take(FEW).map(|(_, call)| format!("\n  {call}")).collect();
        format!("Examples:{calls}")
    }

    fn long(&self) -> String {
        let examples: String =
            self.examples.iter().map(|(what, call)| format!("\n  {what}\n    {call}\n")).collect();
        let space = if self.text.is_empty() { "" } else { "\n\n" };
        format!("{}{space}Examples:{}", self.text, examples.trim_end())
    }
}

/// Returns the details of a command, named without the program: `sq bound`.
pub(crate) fn details(command: &str) -> Option<&'static Details> {
    DETAILS.iter().find(|(name, _)| *name == command).map(|(_, details)| details)
}

/// Adds its details to the help of a command and of its subcommands.
pub(crate) fn add(command: Command, name: &str) -> Command {
    let inner = |c: Command| {
        let name = format!("{name} {}", c.get_name());
        add(c, name.trim())
    };
    let command = command.mut_subcommands(inner);
    match details(name) {
        Some(details) => command.after_help(details.short()).after_long_help(details.long()),
        None => command,
    }
}

const DETAILS: [(&str, Details); 19] = [
    (
        "",
        Details {
            text: "`zonal COMMAND -h` summarises a command, `zonal COMMAND --help` explains every option.",
            examples: &[
                (
                    "The degrees that ReLU can learn, and how fast:",
                    "zonal spectrum --activation relu --dim 10",
                ),
                (
                    "What there is to learn in a table, before any network:",
                    "zonal analyze data.csv --label y",
                ),
                ("Train on a table:", "zonal train data.csv --label y"),
                (
                    "Train on a function on the sphere, by exact expectations:",
                    "zonal train --target 'x1*x2' --dim 5",
                ),
                ("Predict new rows:", "zonal predict runs/data-relu-1 new.csv"),
            ],
        },
    ),
    (
        "spectrum",
        Details {
            text: "Degree k of a target is learned at a rate proportional to its eigenvalue, the square of the coefficient \
                   alpha_k. A degree whose coefficient is zero is invisible: no width and no number of iterations learns it.",
            examples: &[
                ("One activation in full:", "zonal spectrum --activation relu --dim 10"),
                (
                    "Several activations and dimensions side by side:",
                    "zonal spectrum --activation relu,tanh --dim 10,100,inf",
                ),
                (
                    "The best activations for the degrees 0 to 4:",
                    "zonal spectrum --for-degrees 0..4 --dim 20",
                ),
                (
                    "A formula, with weights of norm sqrt(n):",
                    "zonal spectrum --activation 't*tanh(t)' --scale sqrt-dim",
                ),
                (
                    "The decay of the tangent kernel with biases:",
                    "zonal spectrum --kernel tangent --bias --dim 3 --decay 800..1000",
                ),
            ],
        },
    ),
    (
        "plan",
        Details {
            text: "The mean of the loss over random hidden units is at most the error of the best polynomial of the degree, plus \
                   epsilon, plus the energy of degrees that are invisible to the activation. The guarantee is for exact \
                   expectations, as in `train --target`, not for tables.",
            examples: &[
                ("Width and iterations for a polynomial:", "zonal plan --target 'x1*x2 + 0.5*x3' --dim 8"),
                (
                    "The same for a goal, checked by training over 20 seeds:",
                    "zonal plan --target '0.6*harmonic(2) + 0.8*harmonic(1)' --dim 10 --epsilon 0.05 --verify",
                ),
                (
                    "A degree that ReLU cannot learn, and what would change that:",
                    "zonal plan --target 'harmonic(3)' --dim 10 --activation relu",
                ),
            ],
        },
    ),
    (
        "curve",
        Details {
            text: "The mean of the test error over random rows, noise and random hidden units, for rows uniform on the sphere, from one \
                   scalar equation: for any number of rows, width, ridge and number of iterations. It is a prediction and no bound, \
                   away from interpolation right to about 1 % in dimension 10 and above; near it up to 40 % too low in dimension 5. The test error includes the \
                   noise of new labels.\n\n\
                   With a table: the error of drawn units with the best ridge, measured by leave-one-out at its own number of rows, and estimated \
                   at up to ten times as many, between a power law through the errors of parts of the table and the equivalent of its spectrum \
                   and label. These are heuristics and no bounds.",
            examples: &[
                (
                    "A learning curve with early stopping, unlimited width:",
                    "zonal curve --target '0.8*harmonic(1) + 0.6*harmonic(2)' --dim 10 --noise 0.1",
                ),
                (
                    "Double descent over the width at 300 rows, and how early stopping removes it:",
                    "zonal curve --energies 0,1 --noise 0.2 --rows 300 --width 30,100,300,1000 --ridge 0 -t best",
                ),
                (
                    "Which degree is learned, by rows and width:",
                    "zonal curve --energies 0.2,0.4,0.3,0,0.1 --noise 0.1 --map --figures png",
                ),
                (
                    "Predictions compared with simulated draws:",
                    "zonal curve --energies 0.2,0.4,0.3 --noise 0.2 --rows 100,1000 --width 200 -t 1e4 --simulate",
                ),
                (
                    "What twice or ten times the rows of a table would bring:",
                    "zonal curve data.csv --label y",
                ),
            ],
        },
    ),
    (
        "train",
        Details {
            text: "By default, gradient descent trains the output layer from zero, and any number of iterations costs the same. \
                   With --layers both or hidden, or with a --batch, training is iterative.\n\nThe run folder contains run.json, \
                   metrics.jsonl and metrics.csv (the path), model.safetensors, report.html, and for tables test_rows.csv \
                   (labels and predictions of up to 1,000 evenly spaced test rows).",
            examples: &[
                (
                    "A table; activation, scale and bias are chosen on a sample of it:",
                    "zonal train data.csv --label y",
                ),
                (
                    "A target, with the energy of the residual by degree:",
                    "zonal train --target '0.8*harmonic(2) + 0.3*harmonic(4)' --dim 10 --iterations 1e9",
                ),
                (
                    "Both layers, step by step:",
                    "zonal train --target 'neuron(tanh)' --dim 20 --layers both --activation erf --width 500",
                ),
                (
                    "Many files, two labels, cross-validation:",
                    "zonal train 'rows/*.parquet' --label y,z --hidden drawn --width 4000 --folds 5",
                ),
                (
                    "The limit of infinite width:",
                    "zonal train --target 'teacher(tanh, units=5) + x1^2' --dim 8 --activation tanh --width inf",
                ),
                (
                    "Both layers on a table, in mini-batches:",
                    "zonal train data.csv --label y --layers both --batch 256 --precision f32",
                ),
                ("Continue a training that was interrupted:", "zonal train --resume runs/data-relu-1"),
                ("Repeat a run, and check that it agrees:", "zonal train --again runs/data-relu-1"),
            ],
        },
    ),
    (
        "analyze",
        Details {
            text: "Energies are those of the label over the directions of the standardised rows, or over the rows themselves if \
                   all have length 1. They are harmonic energies if the rows are uniform on the sphere; a test of uniformity is \
                   printed. The energy of degree 0 is the square of the mean of the label.\n\nColumns of --format csv: error and \
                   test_error are mean squared errors, rmse and test_rmse their roots.",
            examples: &[
                (
                    "The error of the best polynomial of each degree, and the noise floor:",
                    "zonal analyze data.csv --label y",
                ),
                (
                    "The same up to degree 2, from chosen columns:",
                    "zonal analyze data.csv --label y --features a,b,c --max-degree 2",
                ),
                ("For a program:", "zonal analyze 'rows/*.parquet' --label y --format json"),
            ],
        },
    ),
    (
        "predict",
        Details {
            text: "",
            examples: &[
                ("Predictions as CSV:", "zonal predict runs/data-relu-1 new.csv > predictions.csv"),
                ("The error on labelled rows:", "zonal predict runs/data-relu-1 new.csv --label y"),
                ("Rows from a pipe:", "cat new.csv | zonal predict runs/data-relu-1 -"),
                (
                    "The error on the test rows of the training:",
                    "zonal predict runs/data-relu-1 data.csv --label y --part test",
                ),
            ],
        },
    ),
    (
        "report",
        Details {
            text: "The page of one run is written into its folder, that of several runs to comparison.html or to the file of \
                   --out. Trainings are compared; sweeps, checked claims and games follow one after the other.",
            examples: &[
                ("The page of a run:", "zonal report runs/data-relu-1"),
                (
                    "One page for two trainings:",
                    "zonal report runs/data-relu-1 runs/data-tanh-1 --out both.html",
                ),
                ("Figures for a paper:", "zonal report runs/data-relu-1 --figures svg,png"),
            ],
        },
    ),
    (
        "runs",
        Details {
            text: "Of options, only those are listed that are not the same in all runs of a command; what was chosen \
                   automatically is listed as chosen. States: finished, running, resumable (interrupted, continue with \
                   --resume), incomplete (interrupted, cannot be continued), unreadable (damaged, or of another version).",
            examples: &[
                ("The runs below the folder runs:", "zonal runs"),
                ("Two runs side by side:", "zonal runs compare runs/data-relu-1 runs/data-tanh-1"),
                ("Remove a run:", "zonal runs remove runs/data-relu-1"),
                ("The runs of another folder, for a spreadsheet:", "zonal runs experiments --format csv"),
            ],
        },
    ),
    (
        "runs compare",
        Details {
            text: "",
            examples: &[
                ("Two runs side by side:", "zonal runs compare runs/data-relu-1 runs/data-tanh-1"),
                ("For a program:", "zonal runs compare runs/data-relu-1 runs/data-tanh-1 --format json"),
            ],
        },
    ),
    (
        "runs remove",
        Details {
            text: "",
            examples: &[
                ("Remove a run:", "zonal runs remove runs/data-relu-1"),
                ("Remove all runs on targets:", "zonal runs remove runs/target-*"),
            ],
        },
    ),
    (
        "reproduce",
        Details {
            text: "Claims: convergence, width, iterations, representation, frequency, operator, invisible, sigmoid, relu, \
                   batches, circle, tangent-limit, both-layers, sq-lower-bound, sq-descent-stalls, sq-attack, sq-samples, \
                   sq-upper-bound.\n\nAll of them take a few minutes, with --quick about one. The exit code is 3 if a claim does \
                   not hold. Seeds are fixed: the same version yields the same numbers.",
            examples: &[
                ("Every claim:", "zonal reproduce"),
                ("Two claims, with every comparison:", "zonal reproduce --claim frequency,width"),
                ("Every claim at a smaller size, for a program:", "zonal reproduce --quick --format json"),
            ],
        },
    ),
    (
        "sweep",
        Details {
            text: SWEEP,
            examples: &[
                ("A sweep into a new folder:", "zonal sweep examples/staircase.toml"),
                ("Two trainings at a time:", "zonal sweep grid.toml --out runs/grid --at-once 2"),
                ("Continue after an interruption:", "zonal sweep --resume runs/grid"),
            ],
        },
    ),
    (
        "sq",
        Details {
            text: "A learner by statistical queries sees a target only through expectations E h(x, y), each answered with an \
                   error up to a tolerance. Gradient descent is such a learner, with correlational queries y g(x).",
            examples: &[
                (
                    "How many queries any learner needs:",
                    "zonal sq bound --family zonal --dim 1000 --degree 3 --tolerance .1,.01",
                ),
                (
                    "A learner against the worst oracle:",
                    "zonal sq play --family monomials --dim 12 --degree 3 --tolerance .25",
                ),
                (
                    "Descent through an oracle:",
                    "zonal sq learn --target 'harmonic(2)' --dim 10 --oracle lazy:0.3",
                ),
            ],
        },
    ),
    (
        "sq bound",
        Details {
            text: "Families: zonal, sqrt(N) P_k(<u,x>) in an unknown direction u; random, any combination of all N harmonics of \
                   degree k; signs, a product of k of the signs of the coordinates; monomials, a product of k \
                   coordinates.\n\nTolerances are for queries of norm 1 if correlational, and for values in [-1, 1] otherwise. \
                   A bound below one query excludes nothing and is called vacuous.",
            examples: &[
                (
                    "One bound, with its theorem and assumptions:",
                    "zonal sq bound --family zonal --dim 1000 --degree 3 --tolerance .01",
                ),
                (
                    "A table:",
                    "zonal sq bound --family random --dim 20,50,100 --degree 3 --tolerance .3,.1,.03 --queries any",
                ),
                (
                    "For a program:",
                    "zonal sq bound --family signs --dim 100 --degree 4 --tolerance .03 --format json",
                ),
            ],
        },
    ),
    (
        "sq play",
        Details {
            text: "Learners: greedy queries the combination of members that excludes most; members queries one member after the \
                   other; regression, a basis of all harmonics of the degree; descent, hidden ReLU units in random directions; \
                   attack, the clipped label, which is not a correlational query; brute-force uses rows instead of queries.",
            examples: &[
                (
                    "The greedy learner:",
                    "zonal sq play --family monomials --dim 12 --degree 3 --tolerance .25 --learner greedy",
                ),
                (
                    "Directions with known inner products, and the most evasive oracle:",
                    "zonal sq play --family zonal --directions devore -n 25 -k 3 --size 125 -t .5 --answers interval",
                ),
                (
                    "Rows instead of queries:",
                    "zonal sq play --family signs --dim 100 --degree 4 --tolerance .1 --learner brute-force --rows 48",
                ),
            ],
        },
    ),
    (
        "sq learn",
        Details {
            text: "Oracles: exact; honest:TAU adds a uniform error; quantised:TAU rounds to multiples of 2 TAU; lazy:TAU answers \
                   zero if that is within TAU, and otherwise the allowed value nearest to zero; sampled:ROWS answers the mean \
                   over rows, new ones for each query or, with sampled:ROWS:shared, the same for all; vstat:T is lazy with the \
                   tolerance max(1/T, sqrt(p (1-p) / T)) for p = (1 + E/range) / 2; replay:FILE answers from a transcript saved \
                   by --save.\n\nLosses and energies are exact. Bounds hold for the worst answers: random errors of the same size \
                   are often harmless.",
            examples: &[
                (
                    "An oracle that answers zero if it may:",
                    "zonal sq learn --target 'harmonic(2)' --dim 10 --oracle lazy:0.3",
                ),
                (
                    "Means over 1,000 rows:",
                    "zonal sq learn --target '0.8*harmonic(1) + 0.6*harmonic(2)' -n 10 --oracle sampled:1000:shared",
                ),
                (
                    "Both layers:",
                    "zonal sq learn --target 'harmonic(2)' --dim 10 --oracle lazy:0.1 --layers both --iterations 500",
                ),
            ],
        },
    ),
    (
        "completions",
        Details {
            text: "",
            examples: &[(
                "For bash:",
                "zonal completions bash > ~/.local/share/bash-completion/completions/zonal",
            )],
        },
    ),
    (
        "man",
        Details {
            text: "",
            examples: &[(
                "Write the pages where man finds them, and read one:",
                "zonal man ~/.local/share/man/man1 && man zonal-train",
            )],
        },
    ),
];

const SWEEP: &str = r#"The description. Only target, dim and width are required. A key may hold one value or a list; lists span the grid:

  target = "harmonic({degree})"     # {degree} stands for each degree in turn
  dim = [5, 10]
  degree = [1, 2, 3]
  activation = "tanh"               # default relu
  scale = "sqrt-dim"                # or a number; default 1
  width = [100, "n^2", "3*n^1.5"]   # counts, or powers of the dimension
  rows = ["exact", "n^2"]           # sampled rows; default exact expectations
  noise = 0.1                       # standard deviation added to sampled labels; default 0
  step = "auto"                     # or a number
  iterations = [1e3, 1e9]           # default 1e9; all of them come from one path
  seeds = 5                         # number of seeds, from --seed on; default 5
  max-degree = 4                    # largest degree of the energies in the table

The folder contains report.html, table.csv, table.arrow (for pandas, polars, R), a copy of the description, and the finished trainings. Ctrl-C keeps those and prints how to resume; the resumed table is identical byte for byte. Equal cells are trained once. If the step is too large, the cell counts the seeds that diverged and has no losses."#;

#[cfg(test)]
mod tests {
    use super::*;

    /// Splits a call into words as a shell does; quotes are single.
    fn words(call: &str) -> Vec<String> {
        let mut out = vec![String::new()];
        for (i, part) in call.split('\'').enumerate() {
            let is_quoted = i % 2 == 1;
            let pieces: Vec<&str> = if is_quoted { vec![part] } else { part.split(' ').collect() };
            for (j, piece) in pieces.into_iter().enumerate() {
                if j > 0 {
                    out.push(String::new());
                }
                if let Some(last) = out.last_mut() {
                    last.push_str(piece);
                }
            }
        }
        out.retain(|word| !word.is_empty());
        out
    }

    /// The help has at most 100 columns, of which four are indented.
    #[test]
    fn every_example_is_a_valid_call_of_its_command() {
        let mut seen = 0;
        for (command, details) in &DETAILS {
            for (what, call) in details.examples {
                assert!(what.ends_with(':') && call.len() <= 96, "{call}");
                for call in call.split("&&").flat_map(|part| part.split('|')).filter(|c| c.contains("zonal "))
                {
                    let call = call.split('>').next().unwrap_or_default();
                    let parsed = crate::parse(words(call).into_iter().map(Into::into));
                    assert!(parsed.is_ok(), "{command}: {call}: {}", parsed.unwrap_err());
                    seen += 1;
                }
            }
        }
        assert!(seen >= 40, "{seen}");
    }

    #[test]
    fn every_command_has_details() {
        fn check(command: &Command, name: &str) {
            assert!(details(name).is_some(), "{name}");
            for inner in command.get_subcommands() {
                check(inner, format!("{name} {}", inner.get_name()).trim());
            }
        }
        check(&crate::definition(), "");
    }
}
