//! The instruction sets for which this crate's own loops are compiled, and the choice among them at run time.

use crate::error::{Error, Result};
use pulp::{Scalar, Simd, WithSimd};
use std::sync::OnceLock;

/// An instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// The baseline that every processor of the architecture has.
    Baseline,
    /// 256-bit vectors with fused multiply-adds.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// 512-bit vectors.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// The environment variable that selects a lower level than the processor's: `avx2` or `none`.
const VARIABLE: &str = "ZONAL_SIMD";

/// Checks that the variable names an available level.
pub(crate) fn check_asked(asked: Option<&str>) -> Result<()> {
    match asked {
        None | Some("" | "none") => Ok(()),
        #[cfg(target_arch = "x86_64")]
        Some("avx2") => Ok(()),
        Some(other) => {
            let possible = if cfg!(target_arch = "x86_64") { "avx2 or none" } else { "none" };
            let required = format!("{possible}, or unset for the best that the processor has");
            Err(Error::parameter(VARIABLE, other, required))
        }
    }
}

/// Returns the value of the variable.
pub(crate) fn asked() -> Option<String> {
    std::env::var_os(VARIABLE).map(|text| text.to_string_lossy().into_owned())
}

impl Level {
    /// Returns the level in use: the best one of this processor, or a lower one selected by the environment.
    pub(crate) fn here() -> Self {
        static HERE: OnceLock<Level> = OnceLock::new();
        *HERE.get_or_init(|| {
            let best = Self::best();
            match asked().as_deref() {
                Some("none") => Self::Baseline,
                #[cfg(target_arch = "x86_64")]
                Some("avx2") => best.min(Self::Avx2),
                _ => best,
            }
        })
    }

    /// Returns its name, which for levels below the best is the value of the variable.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Baseline => "none",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "avx512",
        }
    }

    /// Returns the best level of this processor.
    fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if pulp::x86::V4::try_new().is_some() {
                return Self::Avx512;
            }
            if pulp::x86::V3::try_new().is_some() {
                return Self::Avx2;
            }
        }
        Self::Baseline
    }

    /// Returns all levels of this processor.
    #[cfg(test)]
    pub(crate) fn all() -> Vec<Self> {
        #[cfg(target_arch = "x86_64")]
        let every = [Self::Baseline, Self::Avx2, Self::Avx512];
        #[cfg(not(target_arch = "x86_64"))]
        let every = [Self::Baseline];
        every.into_iter().filter(|level| *level <= Self::best()).collect()
    }

    /// Runs an operation with the vectors of this level.
    pub(crate) fn dispatch<Op: WithSimd>(self, operation: Op) -> Op::Output {
        #[cfg(target_arch = "x86_64")]
        match self {
            Self::Avx512 => {
                if let Some(simd) = pulp::x86::V4::try_new() {
                    return Simd::vectorize(simd, operation);
                }
            }
            Self::Avx2 => {
                if let Some(simd) = pulp::x86::V3::try_new() {
                    return Simd::vectorize(simd, operation);
                }
            }
            Self::Baseline => return Simd::vectorize(Scalar, operation),
        }
        #[cfg(target_arch = "aarch64")]
        if let Some(simd) = pulp::aarch64::Neon::try_new() {
            return Simd::vectorize(simd, operation);
        }
        Simd::vectorize(Scalar, operation)
    }
}

#[cfg(test)]
mod tests {
    use super::check_asked;

    #[test]
    fn levels_that_there_are_not_are_told() {
        for asked in [None, Some(""), Some("none")] {
            assert!(check_asked(asked).is_ok());
        }
        for asked in ["avx512", "NONE", "sse2", "nonsense"] {
            let said = check_asked(Some(asked)).unwrap_err().to_string();
            assert!(
                said.contains("ZONAL_SIMD is") && said.contains(asked) && said.contains("none"),
                "{said}"
            );
        }
    }
}
