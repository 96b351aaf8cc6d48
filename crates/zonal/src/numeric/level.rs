//! The instruction sets that our own loops are compiled for, and the choice among them at run time.

use crate::error::{Error, Result};
use pulp::{Scalar, Simd, WithSimd};
use std::sync::OnceLock;

/// An instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// What every processor of the kind has.
    Baseline,
    /// 256-bit vectors with fused multiply-adds.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// 512-bit vectors.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// A lower level than the processor's can be asked for by this variable: `avx2` or `none`.
const VARIABLE: &str = "ZONAL_SIMD";

/// Whether the variable asks for something that there is.
pub(crate) fn check_asked(asked: Option<&str>) -> Result<()> {
    match asked {
        None | Some("" | "none") => Ok(()),
        #[cfg(target_arch = "x86_64")]
        Some("avx2") => Ok(()),
        Some(other) => {
            let possible = if cfg!(target_arch = "x86_64") { "avx2 or none" } else { "none" };
            let required = format!("{possible}, or not set for the best that the processor has");
            Err(Error::parameter(VARIABLE, other, required))
        }
    }
}

/// What the variable asks for.
pub(crate) fn asked() -> Option<String> {
    std::env::var_os(VARIABLE).map(|text| text.to_string_lossy().into_owned())
}

impl Level {
    /// The level in use: the best one of this processor, or a lower one that the environment asks for.
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

    /// What it is called, in the words of the variable where it is lower than the best.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Baseline => "none",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "avx512",
        }
    }

    /// The best one of this processor.
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

    /// All that this processor has.
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
