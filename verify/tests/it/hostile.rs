//! The short form of fuzzing: every seed, truncated, with flipped bits and mixed, through every reader. The long form
//! is `cargo xtask fuzz`.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::path::Path;
use zonal_verify::hostile::{self, ALL, of_this_version, record_files};

/// The number of damaged inputs for each reader.
const DAMAGED: usize = 20_000;
/// Larger inputs are left to the long form.
const MOST_BYTES: usize = 20_000;

fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(name);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<_> = entries.map(|e| e.unwrap().path()).collect();
    files.sort();
    files.iter().map(|f| std::fs::read(f).unwrap()).collect()
}

/// Applies one to four small damages.
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
#[ignore = "slow"]
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

/// Returns a checkpoint with another word, which it must contain.
fn with(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    hostile::with(bytes, from, to).unwrap_or_else(|| panic!("{from} is not in the header"))
}

#[test]
fn sums_in_parts_are_checked_before_they_are_used() {
    use zonal_jobs::train::PartialSums;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/checkpoint");
    let [whole, empty] =
        ["partial", "partial-empty"].map(|name| of_this_version(&std::fs::read(folder.join(name)).unwrap()));
    let refused = |bytes: &[u8]| PartialSums::from_bytes(bytes).map(|_| ()).unwrap_err().to_string();
    // The same word is accepted; otherwise the tests below would test nothing.
    assert!(PartialSums::from_bytes(&with(&whole, "tanh", "tanh")).is_ok());
    // More units than fit in memory, in a file without sums.
    let wide = with(&empty, r#"width\\\":3"#, r#"width\\\":900000000000"#);
    let wide = with(&wide, r#"width\":3"#, r#"width\":900000000000"#);
    assert!(refused(&wide).contains("memory"), "{}", refused(&wide));
    for (from, to, part) in [
        (r#"kept\\\":[0,1]"#, r#"kept\\\":[0,9]"#, "prepare its rows"),
        (r#"kept\\\":[0,1]"#, r#"kept\\\":[]"#, "prepare its rows"),
        (r#"covered\\\":[[0,40]]"#, r#"covered\\\":[[40,0]]"#, "ascending"),
        (r#"covered\\\":[[0,40]]"#, r#"covered\\\":[[0,4]]"#, "more rows than it covers"),
    ] {
        let said = refused(&with(&whole, from, to));
        assert!(said.contains(part), "{to}: {said}");
    }
}

/// Seeds that are not accepted would test only the first check.
#[test]
fn seeds_are_accepted() {
    use zonal_io::model::Model;
    use zonal_jobs::saved_run;
    let model = |bytes: &Vec<u8>| Model::read(bytes).is_ok();
    assert!(seeds("model").iter().any(model));
    let sums = |bytes: &Vec<u8>| zonal_io::statistics::from_bytes(&of_this_version(bytes), None).is_ok();
    assert!(seeds("checkpoint").iter().any(sums));
    let weights = |bytes: &Vec<u8>| zonal_io::weights::from_bytes(bytes).is_ok();
    assert!(seeds("checkpoint").iter().any(weights));
    let descent = |bytes: &Vec<u8>| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        zonal_jobs::train::measured(file.path()).is_ok_and(|measured| measured > 0)
    };
    assert!(seeds("checkpoint").iter().any(descent));
    let partial =
        |bytes: &Vec<u8>| zonal_jobs::train::PartialSums::from_bytes(&of_this_version(bytes)).is_ok();
    assert_eq!(seeds("checkpoint").iter().filter(|b| partial(b)).count(), 2, "with rows and without");
    let transcript = |bytes: &Vec<u8>| serde_json::from_slice::<zonal_sq::Transcript>(bytes).is_ok();
    assert!(seeds("transcript").iter().any(transcript));
    let sweep =
        |bytes: &Vec<u8>| zonal_jobs::sweep::trainings(&String::from_utf8_lossy(bytes), "sweep.toml").is_ok();
    assert!(seeds("sweep").iter().any(sweep));
    let record = |bytes: &Vec<u8>| {
        let place = tempfile::tempdir().unwrap();
        for (name, contents) in record_files(bytes) {
            std::fs::write(place.path().join(name), contents).unwrap();
        }
        saved_run::read(place.path()).is_ok()
    };
    assert!(seeds("record").iter().all(record));
    let resume = |bytes: &Vec<u8>| {
        let place = tempfile::tempdir().unwrap();
        // As the reader does with every input.
        std::fs::write(place.path().join(zonal_io::folder::RESUME), of_this_version(bytes)).unwrap();
        zonal_jobs::train::interrupted(place.path()).is_ok()
    };
    assert!(seeds("resume").iter().all(resume));
    let table = |name: &str, bytes: &[u8]| {
        use zonal_io::source::{Columns, Dialect, Missing, Source};
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let source = Source::open(&[path], Dialect::default(), &Columns::default(), Missing::Drop);
        source.is_ok_and(|source| source.blocks().all(|rows| rows.is_ok()))
    };
    assert!(seeds("csv").iter().any(|bytes| table("t.csv", &bytes[1..])));
    for (reader, name) in
        [("numpy", "t.npy"), ("numpy", "t.npz"), ("parquet", "t.parquet"), ("arrow", "t.arrow")]
    {
        assert!(seeds(reader).iter().any(|bytes| table(name, bytes)), "{name}");
    }
}
