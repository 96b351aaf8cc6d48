//! `zonal sq play`.

use crate::Global;
use crate::commands::report::FolderArgs;
use crate::format::Format;
use crate::interrupt::Interrupt;
use crate::output::{columns, command_line, csv, print, print_json, quoted};
use crate::progress::Progress;
use std::path::PathBuf;
use std::time::SystemTime;
use zonal_documents::Error;
use zonal_documents::number::{count, real, whole};
use zonal_documents::record::RunKind;
use zonal_documents::sq::{FamilyConfig, PlayConfig, PlayReport};
use zonal_jobs::record::{Output, keep};
use zonal_jobs::sq::play;
use zonal_sq::learner::Strategy;
use zonal_sq::{AnswerRule, Directions, Kind};

/// The game: a learner asks, an oracle without a target answers so that as many members as possible stay possible
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Learners: greedy asks for the combination of members that leaves fewest; members asks for one after the \
                  other; regression for a basis of all harmonics of the degree; descent for hidden ReLU units in random \
                  directions; attack asks about the label cut off, which is no correlational query; brute-force asks \
                  nothing and looks at rows.\n\nExamples:\n  zonal sq play --family monomials --dim 12 --degree 3 \
                  --tolerance .25 --learner greedy\n  zonal sq play --family zonal --directions devore --dim 25 --degree 3 \
                  --size 125 --tolerance .5 --learner members --answers interval\n  zonal sq play --family signs --dim 100 \
                  --degree 4 --size 5000 --tolerance .1 --learner brute-force --noise .5 --rows 48"
)]
pub(crate) struct Args {
    /// zonal, random, signs or monomials
    #[arg(long, value_name = "FAMILY")]
    family: Kind,
    /// The dimension n
    #[arg(long, short = 'n', value_name = "N", value_parser = count)]
    dim: u64,
    /// The degree k
    #[arg(long, short = 'k', value_parser = whole::<usize>, value_name = "K", allow_negative_numbers = true)]
    degree: usize,
    /// The number of members [default: all products of signs or coordinates, up to 5000; otherwise 500]
    #[arg(long, value_name = "M", value_parser = count)]
    size: Option<u64>,
    /// Directions of a zonal family: random, coordinate or devore
    #[arg(long, default_value_t = Directions::Random, value_name = "HOW")]
    directions: Directions,
    /// The largest error of an answer to a query of norm 1
    #[arg(long, short, value_parser = real, value_name = "TAU", allow_negative_numbers = true)]
    tolerance: f64,
    /// greedy, members, regression, descent, attack or brute-force
    #[arg(long, default_value = "greedy", value_name = "LEARNER")]
    learner: Strategy,
    /// What the oracle answers: base, zero wherever somebody is left to whom that is allowed, or interval, whatever leaves most
    #[arg(long, default_value = "base", value_name = "HOW")]
    answers: AnswerRule,
    /// The learner is to reach a mean squared error of 1 - EPSILON
    #[arg(long, default_value_t = 0.5, value_parser = real, value_name = "EPSILON", allow_negative_numbers = true)]
    epsilon: f64,
    /// The most queries that the learner may ask [default: ten for each member and 10,000]
    #[arg(long, value_name = "Q", value_parser = count)]
    max_queries: Option<u64>,
    /// Hidden units of the descent learner [default: 1000]
    #[arg(long, value_name = "M", value_parser = count)]
    width: Option<u64>,
    /// Rows of the brute-force learner [default: as many as suffice for products of signs 99 times in 100]
    #[arg(long, value_name = "S", value_parser = count)]
    rows: Option<u64>,
    /// Noise on the labels of those rows [default: 0]
    #[arg(long, value_parser = real, value_name = "SIGMA", allow_negative_numbers = true)]
    noise: Option<f64>,
    /// Keep the transcript in a file, to be replayed
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) folder: FolderArgs,
}

/// Members of a family without --size.
const MEMBERS: u64 = 500;
const MOST_SUBSETS: u64 = 5_000;

impl Args {
    /// Where the game goes; its transcript goes elsewhere.
    pub(crate) fn output(&self) -> anyhow::Result<Output> {
        let output = self.folder.output(RunKind::SqPlay)?;
        if let Some(file) = &self.save {
            output.check_apart("--save", file)?;
        }
        Ok(output)
    }

    pub(crate) fn config(&self, global: &Global) -> anyhow::Result<PlayConfig> {
        let unused = |given: bool, option: &str, learner: Strategy| {
            if given && self.learner != learner {
                return Err(Error::Usage(format!("{option} is for --learner {learner}")));
            }
            Ok(())
        };
        unused(self.width.is_some(), "--width", Strategy::Descent)?;
        unused(self.rows.is_some(), "--rows", Strategy::BruteForce)?;
        unused(self.noise.is_some(), "--noise", Strategy::BruteForce)?;
        Ok(PlayConfig {
            family: FamilyConfig {
                kind: self.family,
                dim: self.dim,
                degree: self.degree,
                size: match self.size {
                    Some(size) => size,
                    None => default_size(self)?,
                },
                directions: self.directions,
                seed: global.seed(),
            },
            tolerance: self.tolerance,
            learner: self.learner,
            answering: self.answers,
            epsilon: self.epsilon,
            max_queries: self.max_queries,
            width: self.width.unwrap_or(1_000),
            rows: self.rows,
            noise: self.noise.unwrap_or(0.0),
            save: self.save.clone(),
        })
    }
}

pub(crate) fn run(args: &Args, global: &Global, interrupt: &Interrupt) -> anyhow::Result<()> {
    let config = args.config(global)?;
    let output = args.output()?;
    let started = SystemTime::now();
    let mut report = play(&config, &mut Progress::new(interrupt, global.quiet))?;
    // What was found is printed whatever becomes of its folder and its page.
    let (saved, page) = interrupt.holding(|| {
        let saved = keep(&output, RunKind::SqPlay, &config, &report, command_line(), started);
        report.run = saved.as_ref().ok().cloned().flatten();
        (saved, args.folder.page.write(report.run.as_deref()))
    });
    match global.format {
        Format::Json => print_json(&report),
        Format::Csv => print(&transcript_csv(&report)),
        Format::Table => print(&text(&report)),
    }?;
    saved?;
    page
}

fn default_size(args: &Args) -> Result<u64, Error> {
    Ok(match args.family {
        Kind::Zonal if args.directions == Directions::Coordinate => args.dim,
        Kind::Zonal | Kind::Random => MEMBERS,
        Kind::Signs | Kind::Monomials => {
            zonal_jobs::sq::check_degree(args.degree)?;
            let all = zonal_sq::Family::subsets(zonal::sphere::Dim::new(args.dim)?, args.degree);
            if all == 0u8.into() {
                let (k, n) = (args.degree, args.dim);
                return Err(Error::Usage(format!(
                    "the degree is {k}, but must be at most the dimension, {n}"
                )));
            }
            u64::try_from(all).unwrap_or(u64::MAX).min(MOST_SUBSETS)
        }
    })
}

fn text(r: &PlayReport) -> String {
    let mut text = format!(
        "{} family, degree {} in dimension {} (N = {}): {} members\n",
        r.family, r.degree, r.dim, r.multiplicity, r.family_size
    );
    if let Some(rows) = r.rows {
        text += &format!(
            "brute force looked at {rows} rows and {} the target\n",
            if r.learned { "found" } else { "missed" }
        );
        return text + &assumed(r);
    }
    text += &format!("{} against {} answers at tolerance {}\n\n", r.learner, r.answers, r.tolerance);
    let optional = |x: Option<u64>, none: &str| x.map_or(none.to_owned(), |x| x.to_string());
    let attacks = r.invariant_held.is_none();
    let rows = [
        ("members ruled out by one query, at most", r.dropped_per_query_bound.to_string()),
        ("  and in this game", r.max_dropped.to_string()),
        (
            "queries needed for certain, at least",
            optional(
                r.predicted_queries,
                if attacks { "no bound for such queries" } else { "no number suffices" },
            ),
        ),
        ("  and asked", format!("{} different, {} in all", r.queries_distinct, r.queries_issued)),
        ("members left", r.live.to_string()),
        ("  one hypothesis may fit, at most", r.fits_per_hypothesis_bound.to_string()),
        (
            "invariant",
            match r.invariant_held {
                Some(true) => "held".to_owned(),
                Some(false) => "VIOLATED".to_owned(),
                None => "does not apply".to_owned(),
            },
        ),
        ("learned: one hypothesis may fit who is left", if r.learned { "yes" } else { "no" }.to_owned()),
    ];
    for (what, value) in rows {
        text += &format!("{what:<46}{value}\n");
    }
    if !r.transcript.is_empty() {
        let shown = 5.min(r.transcript.len());
        let header = ["query", "answer", "ruled out", "left"].map(String::from);
        let lines: Vec<Vec<String>> = r.transcript[..shown]
            .iter()
            .map(|a| {
                vec![
                    a.query.clone(),
                    crate::format::short(a.answer),
                    a.dropped.to_string(),
                    a.live.to_string(),
                ]
            })
            .collect();
        text +=
            &format!("\nThe first {shown} of {} answers:\n{}", r.transcript.len(), columns(&header, &lines));
    }
    text + &assumed(r)
}

fn assumed(r: &PlayReport) -> String {
    let run = r.run.as_ref().map_or(String::new(), |run| format!("\nrun: {run}\n"));
    format!("\nAssumed:\n{}{run}", r.assumptions.iter().map(|a| format!("  - {a}\n")).collect::<String>())
}

/// The transcript, one answer a row.
fn transcript_csv(r: &PlayReport) -> String {
    let header = ["number", "query", "identity", "answer", "dropped", "live"].map(String::from);
    let rows: Vec<Vec<String>> = r
        .transcript
        .iter()
        .enumerate()
        .map(|(i, a)| {
            vec![
                (i + 1).to_string(),
                quoted(&a.query),
                a.identity.clone(),
                a.answer.to_string(),
                a.dropped.to_string(),
                a.live.to_string(),
            ]
        })
        .collect();
    csv(&header, &rows)
}
