//! Times 65 coefficients of every named activation at n = 1000, scale 1, and prints them for the comparison with a
//! peer: `cargo xtask bench spectrum`.

use std::io::Write;
use std::time::Instant;
use zonal::activation::Activation;
use zonal::spectrum::Spectrum;
use zonal::sphere::Dim;

/// The number of repetitions; the median is printed.
const REPEATS: usize = 11;

fn main() -> zonal::Result<()> {
    let dim = Dim::new(1000)?;
    let mut times = Vec::new();
    let mut rows = String::new();
    for repeat in 0..REPEATS {
        let started = Instant::now();
        let spectra: zonal::Result<Vec<Spectrum>> =
            Activation::NAMED.iter().map(|a| Spectrum::new(a, dim, 1.0, 64)).collect();
        let spectra = spectra?;
        times.push(started.elapsed().as_secs_f64());
        if repeat == 0 {
            for s in &spectra {
                let row: Vec<String> = s.iter().map(|(_, c)| format!("{:e}", c.value.to_f64())).collect();
                rows += &format!("{} {}\n", s.activation(), row.join(" "));
            }
        }
    }
    times.sort_by(f64::total_cmp);
    // A reader of only the first line may close the pipe.
    let _ = write!(std::io::stdout(), "milliseconds {:.3}\n{rows}", 1000.0 * times[REPEATS / 2]);
    Ok(())
}
