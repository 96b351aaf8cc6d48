//! The description of a sweep, and the grid of cells that it spans.

use crate::memory;
use serde::Deserialize;
use std::collections::HashSet;
use zonal::activation::Activation;
use zonal::spectrum::{Spectrum, SpectrumCache};
use zonal::sphere::{Degree, Dim};
use zonal::target::Target;
use zonal_documents::number::{Auto, MAX_COUNT, Scale, count, readable_bytes, real_or_auto};
use zonal_documents::{Error, Result};

/// The keys of a description. Keys of type `Values` hold a value or a list.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct SweepFile {
    name: Option<String>,
    target: Values,
    dim: Values,
    degree: Option<Values>,
    activation: Option<Values>,
    scale: Option<Values>,
    width: Values,
    rows: Option<Values>,
    noise: Option<Value>,
    step: Option<Values>,
    iterations: Option<Values>,
    seeds: Option<Value>,
    max_degree: Option<Value>,
}

/// One value or a list of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a number, a string or a list of them is needed")]
enum Values {
    One(Value),
    List(Vec<Value>),
}

/// A number or a string. Its key determines how it is parsed, so that errors name the key.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a number or a string is needed")]
enum Value {
    Integer(i64),
    Float(f64),
    Text(String),
}

impl Values {
    fn list(&self) -> &[Value] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::List(list) => list,
        }
    }
}

impl Value {
    fn text(&self) -> String {
        match self {
            Self::Integer(n) => n.to_string(),
            Self::Float(x) => x.to_string(),
            Self::Text(t) => t.clone(),
        }
    }
}

/// Parses all values of a key, or its default.
fn parse_list<T>(
    name: &str,
    values: Option<&Values>,
    default: &str,
    read: impl Fn(&str) -> std::result::Result<T, String>,
) -> Result<Vec<T>> {
    let texts: Vec<String> = match values {
        Some(values) => values.list().iter().map(Value::text).collect(),
        None => vec![default.to_owned()],
    };
    if texts.is_empty() {
        return Err(Error::Usage(format!("{name} is an empty list; list at least one value")));
    }
    texts.iter().map(|t| read(t).map_err(|e| Error::Usage(format!("{name}: {e}")))).collect()
}

/// Parses the single value of a key, or its default.
fn parse_one<T>(
    name: &str,
    value: Option<&Value>,
    default: T,
    read: impl Fn(&str) -> std::result::Result<T, String>,
) -> Result<T> {
    match value {
        None => Ok(default),
        Some(value) => read(&value.text()).map_err(|e| Error::Usage(format!("{name}: {e}"))),
    }
}

/// A number of units or rows: a count, or a power of the dimension such as `n^1.5` or `3*n^2`; for rows also `exact`.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Size {
    Count(u64),
    Power { factor: f64, exponent: f64 },
    Exact,
}

impl Size {
    fn read(text: &str) -> std::result::Result<Self, String> {
        if text == "exact" {
            return Ok(Self::Exact);
        }
        let (factor, power) = match text.split_once('*') {
            Some((factor, power)) => (factor.trim().parse::<f64>().ok(), power.trim()),
            None => (Some(1.0), text.trim()),
        };
        let exponent = match power.strip_prefix('n') {
            Some("") => Some(1.0),
            Some(rest) => rest.strip_prefix('^').and_then(|e| e.trim().parse::<f64>().ok()),
            None => return count(text).map(Self::Count),
        };
        match (factor, exponent) {
            (Some(factor), Some(exponent)) if factor > 0.0 && (0.0..=20.0).contains(&exponent) => {
                Ok(Self::Power { factor, exponent })
            }
            _ => Err(format!(
                "'{text}' is not a size; write a count, or a power of the dimension such as 'n^1.5' or '3*n^2'"
            )),
        }
    }

    /// Returns the value in dimension n; None for exact expectations.
    fn value(self, dim: u64) -> std::result::Result<Option<u64>, String> {
        match self {
            Self::Exact => Ok(None),
            Self::Count(n) => Ok(Some(n)),
            Self::Power { factor, exponent } => {
                let x = (factor * (dim as f64).powf(exponent)).round();
                if x <= MAX_COUNT as f64 {
                    Ok(Some(x as u64))
                } else {
                    Err(format!("{x:e} is too large; it must be at most {MAX_COUNT:e}"))
                }
            }
        }
    }

    /// Returns the value in dimension n, which must not be 0; `name` is the key in messages.
    fn positive(self, name: &str, dim: u64) -> Result<Option<u64>> {
        match self.value(dim) {
            Ok(Some(0)) => Err(Error::Usage(format!("{name}: at least 1 is needed"))),
            Ok(size) => Ok(size),
            Err(e) => Err(Error::Usage(format!("{name}: {e}"))),
        }
    }
}

/// A point of the grid, without iterations, which all come from one path.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) dim: u64,
    pub(super) degree: Option<Degree>,
    pub(super) target: String,
    pub(super) activation: Activation,
    pub(super) scale: f64,
    pub(super) width: u64,
    /// The number of sampled rows; None for exact expectations.
    pub(super) rows: Option<u64>,
    pub(super) step: Auto<f64>,
}

impl Cell {
    /// Returns a key that is equal for equal cells.
    fn key(&self) -> impl std::hash::Hash + Eq + use<> {
        let step = self.step.given().map(f64::to_bits);
        let what = (self.dim, self.degree, self.target.clone(), self.activation.name());
        (what, self.scale.to_bits(), self.width, self.rows, step)
    }
}

/// A checked sweep.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    pub(super) name: String,
    pub(super) cells: Vec<Cell>,
    pub(super) iterations: Vec<u64>,
    pub(super) first_seed: u64,
    pub(super) seeds: u64,
    pub(super) max_degree: Degree,
    /// The standard deviation of the noise added to sampled labels.
    pub(super) noise: f64,
    /// Of all cells: many have the same units.
    pub(super) spectra: SpectrumCache,
}

/// The largest number of trainings, cells times seeds.
const MAX_TRAININGS: usize = 1_000_000;
/// The length up to which TOML errors are shown with the text of the file.
const MAX_SHOWN: usize = 1_000;
/// The largest size of a description in bytes.
pub(super) const MAX_BYTES: usize = 1 << 20;
/// The default number of iterations.
const DEFAULT_ITERATIONS: &str = "1e9";
/// The default number of seeds.
const DEFAULT_SEEDS: u64 = 5;
/// The default largest degree of the energies.
const DEFAULT_DEGREE: Degree = 4;
/// The largest degree of the energies.
const MAX_ENERGY_DEGREE: u64 = 200;
/// The largest degree of the best polynomial of a cell.
const MAX_DEGREE: u64 = 1_000;

/// Formats a TOML error, without the text of the file if that is too long.
fn toml_message(text: &str, error: &toml::de::Error) -> String {
    let near = nearest_key(error.message()).map_or(String::new(), |key| format!("\ndid you mean {key}?"));
    let shown = error.to_string();
    if shown.len() <= MAX_SHOWN {
        return shown.trim_end().to_owned() + &near;
    }
    let line = error
        .span()
        .and_then(|span| text.get(..span.start))
        .map_or(1, |before| before.lines().count().max(1));
    format!("line {line}: {}{near}", error.message())
}

/// Returns the key nearest to an unknown one, from the message of serde, which quotes the unknown key and all others.
fn nearest_key(message: &str) -> Option<&str> {
    let mut quoted = message.strip_prefix("unknown field `")?.split('`').step_by(2);
    let unknown = quoted.next()?;
    zonal::error::nearest(unknown, quoted)
}

/// Parses and checks a description; `source` is its name in messages.
pub(super) fn read(text: &str, source: &str, default_name: &str, first_seed: u64) -> Result<Grid> {
    let wrong = |message: String| Error::Usage(format!("{source}: {message}"));
    if text.len() > MAX_BYTES {
        return Err(wrong(format!(
            "has {} bytes, but a description must have at most {MAX_BYTES}",
            text.len()
        )));
    }
    let file: SweepFile = toml::from_str(text).map_err(|e| wrong(toml_message(text, &e)))?;
    grid(&file, default_name, first_seed).map_err(|e| match e {
        Error::Usage(message) => wrong(message),
        other => wrong(other.to_string()),
    })
}

fn grid(file: &SweepFile, default_name: &str, first_seed: u64) -> Result<Grid> {
    let mut iterations = parse_list("iterations", file.iterations.as_ref(), DEFAULT_ITERATIONS, count)?;
    iterations.sort_unstable();
    iterations.dedup();
    let seeds = parse_one("seeds", file.seeds.as_ref(), DEFAULT_SEEDS, |t| match count(t)? {
        0 => Err("at least 1 is needed".to_owned()),
        n => Ok(n),
    })?;
    let max_degree =
        parse_one("max-degree", file.max_degree.as_ref(), DEFAULT_DEGREE, |t| match count(t)? {
            k if k <= MAX_ENERGY_DEGREE => Ok(k as usize),
            k => Err(format!("{k} is too high; at most {MAX_ENERGY_DEGREE}")),
        })?;
    let noise = parse_one("noise", file.noise.as_ref(), 0.0, |t| match t.parse::<f64>() {
        Ok(x) if x >= 0.0 && x.is_finite() => Ok(x),
        _ => Err(format!("'{t}' is not a standard deviation; write a number of at least 0")),
    })?;
    let name = file.name.clone().unwrap_or_else(|| default_name.to_owned());
    let name: String = name.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).take(40).collect();
    let name = if name.is_empty() { "sweep".to_owned() } else { name };
    if noise > 0.0 && file.rows.is_none() {
        return Err(Error::Usage("noise: needs sampled labels, but no rows are listed".into()));
    }
    if first_seed.checked_add(seeds).is_none() {
        return Err(Error::Usage(format!("seeds: {seeds} seeds from {first_seed} exceed the largest seed")));
    }
    let cells = cells(file, seeds)?;
    let spectra = SpectrumCache::default();
    Ok(Grid { name, cells, iterations, first_seed, seeds, max_degree, noise, spectra })
}

/// Returns the product of all lists, in the order of the columns of the table, each cell checked.
fn cells(file: &SweepFile, seeds: u64) -> Result<Vec<Cell>> {
    let axes = Axes::parse(file)?;
    let count = axes.count(seeds)?;
    let mut cells = Vec::with_capacity(count);
    let mut checks = Checks::default();
    let mut listed = HashSet::new();
    for index in 0..count {
        let cell = axes.cell(index, &mut checks)?;
        // Different sizes may be the same number, such as 10 and n at n = 10; equal cells are listed once.
        if listed.insert(cell.key()) {
            cells.push(cell);
        }
    }
    Ok(cells)
}

/// The lists of a description.
struct Axes {
    dims: Vec<Dim>,
    degrees: Vec<Option<u64>>,
    targets: Vec<String>,
    activations: Vec<Activation>,
    scales: Vec<Scale>,
    widths: Vec<Size>,
    rows: Vec<Size>,
    steps: Vec<Auto<f64>>,
}

/// Targets and activations that have been checked, since many cells have the same.
#[derive(Default)]
struct Checks {
    targets: HashSet<(u64, String)>,
    activations: HashSet<(u64, String, u64)>,
}

impl Axes {
    fn parse(file: &SweepFile) -> Result<Self> {
        let dim = |t: &str| Dim::new(count(t)?).map_err(|e| e.to_string());
        let degree = |t: &str| match count(t)? {
            k if k <= MAX_DEGREE => Ok(Some(k)),
            k => Err(format!("{k} is too high; at most {MAX_DEGREE}")),
        };
        let activation = |t: &str| Activation::parse(t).map_err(|e| e.to_string());
        let step = |t: &str| match real_or_auto(t)? {
            Auto::Fixed(x) if x <= 0.0 => Err(format!("{x} is not a step size; write a positive number")),
            step => Ok(step),
        };
        Ok(Self {
            dims: parse_list("dim", Some(&file.dim), "", dim)?,
            degrees: match &file.degree {
                Some(list) => parse_list("degree", Some(list), "", degree)?,
                None => vec![None],
            },
            targets: parse_list("target", Some(&file.target), "", |t| Ok(t.to_owned()))?,
            activations: parse_list("activation", file.activation.as_ref(), "relu", activation)?,
            scales: parse_list("scale", file.scale.as_ref(), "1", str::parse::<Scale>)?,
            widths: parse_list("width", Some(&file.width), "", Size::read)?,
            rows: parse_list("rows", file.rows.as_ref(), "exact", Size::read)?,
            steps: parse_list("step", file.step.as_ref(), "auto", step)?,
        })
    }

    fn lengths(&self) -> [usize; 8] {
        [
            self.dims.len(),
            self.degrees.len(),
            self.targets.len(),
            self.activations.len(),
            self.scales.len(),
            self.widths.len(),
            self.rows.len(),
            self.steps.len(),
        ]
    }

    /// Returns the number of cells, if they can all be trained and stored.
    fn count(&self, seeds: u64) -> Result<usize> {
        let count = self.lengths().iter().try_fold(1usize, |n, l| n.checked_mul(*l)).unwrap_or(usize::MAX);
        let trainings = count.saturating_mul(usize::try_from(seeds).unwrap_or(usize::MAX));
        if trainings > MAX_TRAININGS {
            return Err(Error::Usage(format!(
                "spans {count} cells with {seeds} seeds each, but must span at most {MAX_TRAININGS} trainings"
            )));
        }
        // Each cell stores its target, and sets of cells store it twice more.
        let longest = self.targets.iter().map(String::len).max().unwrap_or(0);
        let needed = (count as u64).saturating_mul(4 * (longest as u64 + 200));
        if needed > memory::budget() {
            let (needed, free) = (readable_bytes(needed), readable_bytes(memory::free()));
            return Err(Error::Usage(format!(
                "spans {count} cells, which need about {needed}; {free} of memory is available; list fewer values, or use shorter targets"
            )));
        }
        Ok(count)
    }

    /// Returns the cell of this index; the last list varies fastest.
    fn cell(&self, index: usize, checks: &mut Checks) -> Result<Cell> {
        let mut rest = index;
        let mut at = self.lengths();
        for place in at.iter_mut().rev() {
            let length = *place;
            *place = rest % length;
            rest /= length;
        }
        let [dim, degree, target, activation, scale, width, rows, step] = at;
        let (dim, degree) = (self.dims[dim], self.degrees[degree]);
        let target = with_degree(&self.targets[target], degree)?;
        checks.target(&target, dim)?;
        let n = dim.get();
        let Some(width) = self.widths[width].positive("width", n)? else {
            return Err(Error::Usage("width: 'exact' is for rows; write a count or a power of n".into()));
        };
        let cell = Cell {
            dim: n,
            degree: degree.map(|k| k as usize),
            target,
            activation: self.activations[activation].clone(),
            scale: self.scales[scale].value(n).unwrap_or(1.0),
            width,
            rows: self.rows[rows].positive("rows", n)?,
            step: self.steps[step],
        };
        checks.activation(&cell, dim)?;
        Ok(cell)
    }
}

impl Checks {
    /// Checks that a target exists in this dimension, with a norm whose square is a normal number.
    fn target(&mut self, target: &str, dim: Dim) -> Result<()> {
        if !self.targets.insert((dim.get(), target.to_owned())) {
            return Ok(());
        }
        let energy = Target::parse(target, dim, 0)
            .and_then(|t| t.norm_sq())
            .map_err(|e| Error::Usage(format!("target: {e}")))?;
        if (1e-290..1e290).contains(&energy) {
            return Ok(());
        }
        let range = "between 1e-290 and 1e290";
        Err(Error::Usage(format!("target: its norm squared is {energy:e}, but must be {range}")))
    }

    /// Checks that the activation of a cell has a spectrum.
    fn activation(&mut self, cell: &Cell, dim: Dim) -> Result<()> {
        if self.activations.insert((cell.dim, cell.activation.name(), cell.scale.to_bits())) {
            Spectrum::new(&cell.activation, dim, cell.scale, 1).map_err(|e| {
                Error::Usage(format!("activation {} at scale {}: {e}", cell.activation, cell.scale))
            })?;
        }
        Ok(())
    }
}

fn with_degree(target: &str, degree: Option<u64>) -> Result<String> {
    match degree {
        Some(k) => Ok(target.replace("{degree}", &k.to_string())),
        None if target.contains("{degree}") => {
            Err(Error::Usage(format!("target: '{target}' uses {{degree}}, but no degree is listed")))
        }
        None => Ok(target.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(text: &str) -> Result<Grid> {
        read(text, "a.toml", "a", 0)
    }

    #[test]
    fn cells_are_the_product_of_all_lists() {
        let g = grid(
            "target = 'harmonic({degree})'\ndim = [4, 9]\ndegree = [1, 2]\nwidth = [10, 'n^1.5', '5*n']\niterations = [1e3, 10]\n",
        )
        .unwrap();
        assert_eq!(
            (g.cells.len(), g.iterations.clone(), g.seeds, g.name.as_str()),
            (12, vec![10, 1000], 5, "a")
        );
        let widths: Vec<u64> =
            g.cells.iter().filter(|c| c.dim == 9 && c.degree == Some(2)).map(|c| c.width).collect();
        assert_eq!(widths, [10, 27, 45]);
        assert_eq!(g.cells[11].target, "harmonic(2)");
        let same =
            grid("target = 'x1'\ndim = [4, 9]\nwidth = [9, 'n', 9]\nscale = [2, 'sqrt-dim']\n").unwrap();
        let cells: Vec<_> = same.cells.iter().map(|c| (c.dim, c.scale, c.width)).collect();
        assert_eq!(cells, [(4, 2.0, 9), (4, 2.0, 4), (9, 2.0, 9), (9, 3.0, 9)]);
    }

    #[test]
    fn mistakes_are_named() {
        let base = "target = 'x1'\ndim = 3\nwidth = 10\n";
        assert!(grid(base).is_ok());
        for (text, part) in [
            ("dim = 3\nwidth = 10", "target"),
            ("target = 'x1'\ndim = 3\nwidth = 10\nwidht = 3", "widht"),
            ("target = 'x1'\ndim = 1\nwidth = 10", "dimension"),
            ("target = 'x9'\ndim = 3\nwidth = 10", "x9"),
            ("target = 'x1'\ndim = 3\nwidth = 0", "at least 1"),
            ("target = 'x1'\ndim = 3\nwidth = 'n^x'", "n^1.5"),
            ("target = 'x1'\ndim = 3\nwidth = 1.5", "not a count"),
            ("target = 'x1'\ndim = []\nwidth = 10", "empty"),
            ("target = 'harmonic({degree})'\ndim = 3\nwidth = 10", "no degree"),
            ("target = 'x1'\ndim = 3\nwidth = 10\nactivation = 'swash'", "swash"),
            ("target = 'x1'\ndim = 3\nwidth = 10\nscale = -1", "scale"),
            ("target = 'x1'\ndim = 3\nwidth = 10\nseeds = 0", "seeds"),
            ("target = 'x1'\ndim = true\nwidth = 10", "a number, a string or a list"),
            ("target = 'x1'\ndim = 3\nwidth = 10\nseeds = 1e9", "trainings"),
            ("target = 'x1\ndim = 3", "a.toml"),
            ("target = 'x1'\ndim = 3\nwidth = 10\nnoise = 0.1", "no rows"),
            ("target = 'x1'\ndim = 3\nwidth = 10\nstep = ['auto', -1]", "not a step size"),
            ("target = 'x1'\ndim = 3\nwidth = 10\ndegree = 1e18", "too high"),
            ("target = '1e160*harmonic(1)'\ndim = 3\nwidth = 10", "norm squared"),
            ("target = 'x1'\ndim = 3\nwidth = 10\nactivation = 'relu(t - 1e9)'", "activation"),
        ] {
            let message = grid(text).unwrap_err().to_string();
            assert!(message.contains(part) && message.contains("a.toml"), "{text}: {message}");
        }
    }
}
