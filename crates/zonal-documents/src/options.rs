//! Identifiers of the options of all requests. Messages render them in the syntax of the caller: `--max-degree` in
//! the program, `max_degree` in Python.

pub use zonal_io::option::{
    DELIMITER, EXCLUDE, FEATURES, FORCE, GROUPS, INTERVAL, MISSING, NO_HEADER, OUT, OptionId, RESUME, TASK,
    TIME,
};

/// The option `activation`.
pub const ACTIVATION: OptionId = OptionId::new("activation");
/// The option `again`.
pub const AGAIN: OptionId = OptionId::new("again");
/// The option `at`.
pub const AT: OptionId = OptionId::new("at");
/// The option `at-once`.
pub const AT_ONCE: OptionId = OptionId::new("at-once");
/// The option `batch`.
pub const BATCH: OptionId = OptionId::new("batch");
/// The option `biases`.
pub const BIASES: OptionId = OptionId::new("biases");
/// The option `bias`.
pub const BIAS: OptionId = OptionId::new("bias");
/// The option `check`.
pub const CHECK: OptionId = OptionId::new("check");
/// The option `data`.
pub const DATA: OptionId = OptionId::new("data");
/// The option `decay`.
pub const DECAY: OptionId = OptionId::new("decay");
/// The option `degree`.
pub const DEGREE: OptionId = OptionId::new("degree");
/// The option `delta`.
pub const DELTA: OptionId = OptionId::new("delta");
/// The option `dim`.
pub const DIM: OptionId = OptionId::new("dim");
/// The option `directions`.
pub const DIRECTIONS: OptionId = OptionId::new("directions");
/// The option `energies`.
pub const ENERGIES: OptionId = OptionId::new("energies");
/// The option `epsilon`.
pub const EPSILON: OptionId = OptionId::new("epsilon");
/// The option `family`.
pub const FAMILY: OptionId = OptionId::new("family");
/// The option `figures`.
pub const FIGURES: OptionId = OptionId::new("figures");
/// The option `folds`.
pub const FOLDS: OptionId = OptionId::new("folds");
/// The option `for-degrees`.
pub const FOR_DEGREES: OptionId = OptionId::new("for-degrees");
/// The option `hidden`.
pub const HIDDEN: OptionId = OptionId::new("hidden");
/// The option `init`.
pub const INIT: OptionId = OptionId::new("init");
/// The option `iteration`.
pub const ITERATION: OptionId = OptionId::new("iteration");
/// The option `iterations`.
pub const ITERATIONS: OptionId = OptionId::new("iterations");
/// The option `kernel`.
pub const KERNEL: OptionId = OptionId::new("kernel");
/// The option `kinks`.
pub const KINKS: OptionId = OptionId::new("kinks");
/// The option `label`.
pub const LABEL: OptionId = OptionId::new("label");
/// The option `layers`.
pub const LAYERS: OptionId = OptionId::new("layers");
/// The option `learner`.
pub const LEARNER: OptionId = OptionId::new("learner");
/// The option `map`.
pub const MAP: OptionId = OptionId::new("map");
/// The option `max-degree`.
pub const MAX_DEGREE: OptionId = OptionId::new("max-degree");
/// The option `max-queries`.
pub const MAX_QUERIES: OptionId = OptionId::new("max-queries");
/// The option `method`.
pub const METHOD: OptionId = OptionId::new("method");
/// The option `most-monomials`.
pub const MOST_MONOMIALS: OptionId = OptionId::new("most-monomials");
/// The option `on-sphere`.
pub const ON_SPHERE: OptionId = OptionId::new("on-sphere");
/// The option `parametrisation`.
pub const PARAMETRISATION: OptionId = OptionId::new("parametrisation");
/// The option `part`.
pub const PART: OptionId = OptionId::new("part");
/// The option `patience`.
pub const PATIENCE: OptionId = OptionId::new("patience");
/// The option `precision`.
pub const PRECISION: OptionId = OptionId::new("precision");
/// The option `queries`.
pub const QUERIES: OptionId = OptionId::new("queries");
/// The option `refit`.
pub const REFIT: OptionId = OptionId::new("refit");
/// The option `ridge`.
pub const RIDGE: OptionId = OptionId::new("ridge");
/// The option `rows`.
pub const ROWS: OptionId = OptionId::new("rows");
/// The option `save`.
pub const SAVE: OptionId = OptionId::new("save");
/// The option `scale`.
pub const SCALE: OptionId = OptionId::new("scale");
/// The option `seed`.
pub const SEED: OptionId = OptionId::new("seed");
/// The option `simulate`.
pub const SIMULATE: OptionId = OptionId::new("simulate");
/// The option `size`.
pub const SIZE: OptionId = OptionId::new("size");
/// The option `solver`.
pub const SOLVER: OptionId = OptionId::new("solver");
/// The option `step`.
pub const STEP: OptionId = OptionId::new("step");
/// The option `stop`.
pub const STOP: OptionId = OptionId::new("stop");
/// The option `target`.
pub const TARGET: OptionId = OptionId::new("target");
/// The option `test`.
pub const TEST: OptionId = OptionId::new("test");
/// The option `test-fraction`.
pub const TEST_FRACTION: OptionId = OptionId::new("test-fraction");
/// The option `tolerance`.
pub const TOLERANCE: OptionId = OptionId::new("tolerance");
/// The option `units`.
pub const UNITS: OptionId = OptionId::new("units");
/// The option `validation-fraction`.
pub const VALIDATION_FRACTION: OptionId = OptionId::new("validation-fraction");
/// The option `validation`.
pub const VALIDATION: OptionId = OptionId::new("validation");
/// The option `verify`.
pub const VERIFY: OptionId = OptionId::new("verify");
/// The option `weight`.
pub const WEIGHT: OptionId = OptionId::new("weight");
/// The option `width`.
pub const WIDTH: OptionId = OptionId::new("width");
