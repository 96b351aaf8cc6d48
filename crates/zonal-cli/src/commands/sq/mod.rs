//! `zonal sq`.

pub(crate) mod bound;
pub(crate) mod learn;
pub(crate) mod play;

use crate::Global;
use crate::interrupt::Interrupt;
use zonal_documents::Error;

/// Statistical queries: how many a learner needs, the game against an oracle, descent through one
#[derive(clap::Args, Debug)]
#[command(
    after_help = "A learner by statistical queries sees a target only through expectations E h(x, y), each answered with an \
                  error up to a tolerance. Gradient descent is one: it asks correlational queries y g(x).\n\nExamples:\n  \
                  zonal sq bound --family zonal --dim 100,1000 --degree 3,6 --tolerance .3,.1,.03,.01\n  zonal sq play \
                  --family monomials --dim 12 --degree 3 --tolerance .25 --learner greedy\n  zonal sq learn --target \
                  'harmonic(2)' --dim 10 --oracle lazy:0.3"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    Bound(bound::Args),
    Play(play::Args),
    Learn(learn::Args),
}

pub(crate) fn run(args: &Args, global: &Global, interrupt: &Interrupt) -> anyhow::Result<()> {
    match &args.command {
        Command::Bound(args) => bound::run(args, global, interrupt),
        Command::Play(args) => play::run(args, global, interrupt),
        Command::Learn(args) => learn::run(args, global, interrupt),
    }
}

/// Counts, likewise.
fn counts(texts: &[String], option: &str) -> Result<Vec<u64>, Error> {
    let read =
        |t: &String| zonal_documents::number::count(t).map_err(|e| Error::Usage(format!("{option}: {e}")));
    super::lists(texts, option)?.iter().map(read).collect()
}
