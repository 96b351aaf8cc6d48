//! The short form of fuzzing: every seed, cut, flipped and mixed, through every reader. The long form is `cargo xtask fuzz`.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::path::Path;
use zonal_verify::hostile::ALL;

/// Damaged inputs for each reader.
const DAMAGED: usize = 20_000;
/// Larger ones are for the long form.
const MOST_BYTES: usize = 20_000;

fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(name);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<_> = entries.map(|e| e.unwrap().path()).collect();
    files.sort();
    files.iter().map(|f| std::fs::read(f).unwrap()).collect()
}

/// One to four small damages.
fn damaged(seeds: &[Vec<u8>], random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = seeds[random.random_range(0..seeds.len())].clone();
    for _ in 0..random.random_range(1..=4) {
        if bytes.is_empty() {
            return bytes;
        }
        let at = random.random_range(0..bytes.len());
        match random.random_range(0..6) {
            0 => bytes[at] ^= 1 << random.random_range(0..8),
            1 => bytes.truncate(at),
            2 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff, b'9', b'-', b'\n'][random.random_range(0..8)],
            3 => bytes.insert(at, random.random()),
            4 => {
                // A count of eight bytes becomes huge.
                for byte in bytes.iter_mut().skip(at).take(8) {
                    *byte = 0xff;
                }
            }
            _ => {
                let other = &seeds[random.random_range(0..seeds.len())];
                let from = random.random_range(0..=other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
        }
    }
    bytes.truncate(MOST_BYTES);
    bytes
}

#[test]
fn no_reader_panics_on_damaged_seeds() {
    ALL.par_iter().for_each(|(name, _, take)| {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "{name} has seeds");
        seeds.iter().for_each(|seed| take(seed));
        let mut random = ChaCha8Rng::seed_from_u64(7);
        for _ in 0..DAMAGED {
            let bytes = damaged(&seeds, &mut random);
            if let Err(panic) = std::panic::catch_unwind(|| take(&bytes)) {
                eprintln!("{name} panics on {bytes:?}");
                std::panic::resume_unwind(panic);
            }
        }
    });
}

/// Seeds that nobody accepts would try nothing but the first check.
#[test]
fn seeds_are_accepted() {
    use zonal_io::model::Model;
    use zonal_run::kept;
    let model = |bytes: &Vec<u8>| Model::read(bytes).is_ok();
    assert!(seeds("model").iter().any(model));
    let sums = |bytes: &Vec<u8>| zonal_io::statistics::from_bytes(bytes, None).is_ok();
    assert!(seeds("checkpoint").iter().any(sums));
    let weights = |bytes: &Vec<u8>| zonal_io::weights::from_bytes(bytes).is_ok();
    assert!(seeds("checkpoint").iter().any(weights));
    let sweep =
        |bytes: &Vec<u8>| zonal_run::sweep::trainings(&String::from_utf8_lossy(bytes), "sweep.toml").is_ok();
    assert!(seeds("sweep").iter().any(sweep));
    let record = |bytes: &Vec<u8>| {
        use zonal_io::folder::{CELLS, METRICS, RECORD, SWEEP, TEST_ROWS};
        let place = tempfile::tempdir().unwrap();
        let text = String::from_utf8_lossy(bytes);
        for (name, part) in [RECORD, METRICS, TEST_ROWS, SWEEP, CELLS].into_iter().zip(text.split("====\n")) {
            std::fs::write(place.path().join(name), part).unwrap();
        }
        kept::read(place.path()).is_ok()
    };
    assert!(seeds("record").iter().any(record));
}
