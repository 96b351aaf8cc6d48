//! Available memory, and checks that a job fits before anything is allocated.

use std::path::Path;
use zonal_documents::{Error, Result};

/// Returns the available memory in bytes: that of the machine, or less if a control group or the address space of the
/// process (`ulimit -v`) is limited. Cached file pages of a control group count as available, since the system
/// reclaims them. Returns `u64::MAX` if the system does not report it.
pub fn free() -> u64 {
    free_of_system().min(address_space().unwrap_or(u64::MAX))
}

fn free_of_system() -> u64 {
    let Ok(mut system) = sysinfo::System::new() else { return u64::MAX };
    system.refresh_memory();
    let machine = reported(system.total_memory(), system.available_memory());
    let group = limits_of_this_process(&mut system).or_else(|| system.cgroup_limits());
    match group {
        Some(limits) if limits.total_memory > 0 => {
            machine.min(limits.total_memory.saturating_sub(limits.rss))
        }
        _ => machine,
    }
}

/// Returns the available memory of a machine; a total of 0 means that it is unknown, as in a root without /proc.
fn reported(total: u64, available: u64) -> u64 {
    if total == 0 { u64::MAX } else { available }
}

/// Returns the remaining bytes of a limited address space; None if it is not limited.
fn address_space() -> Option<u64> {
    let read = |file: &str| std::fs::read_to_string(Path::new("/proc/self").join(file)).ok();
    let number = |text: String, name: &str| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let limit = number(read("limits")?, "Max address space")?;
    let used = number(read("status")?, "VmSize:")?.saturating_mul(1024);
    Some(limit.saturating_sub(used))
}

fn limits_of_this_process(system: &mut sysinfo::System) -> Option<sysinfo::CGroupLimits> {
    let this = sysinfo::get_current_pid().ok()?;
    let (only, nothing) = (sysinfo::ProcessesToUpdate::Some(&[this]), sysinfo::ProcessRefreshKind::nothing());
    system.refresh_processes_specifics(only, false, nothing);
    system.process(this)?.cgroup_limits()
}

/// Returns the bytes that a job may use: 90 % of the available memory.
pub fn budget() -> u64 {
    budget_of(free())
}

fn budget_of(free: u64) -> u64 {
    free - free / 10
}

/// Checks that the square matrices of a width fit into memory; the error names the largest width that fits.
///
/// `matrices` is the number of m x m matrices held at once, `per_unit` the additional bytes per unit.
pub(crate) fn check_width(width: u64, matrices: u64, per_unit: u64) -> Result<()> {
    check(width, |m| needed(m, matrices, per_unit), free())
}

/// Checks that `need(width)` bytes fit into memory; the error names the largest width that fits.
pub(crate) fn check_need(width: u64, need: impl Fn(u64) -> u64) -> Result<()> {
    check(width, need, free())
}

/// Returns the bytes of `matrices` square matrices of the width plus `per_unit` bytes for each unit.
pub(crate) fn needed(width: u64, matrices: u64, per_unit: u64) -> u64 {
    let square = (u128::from(width) * u128::from(width)).saturating_mul(8 * u128::from(matrices));
    u64::try_from(square.saturating_add(u128::from(width) * u128::from(per_unit))).unwrap_or(u64::MAX)
}

fn check(width: u64, need: impl Fn(u64) -> u64, free: u64) -> Result<()> {
    let budget = budget_of(free);
    if need(width) <= budget {
        return Ok(());
    }
    let (mut fits, mut fails) = (0u64, width);
    while fails - fits > 1 {
        let middle = fits + (fails - fits) / 2;
        if need(middle) <= budget { fits = middle } else { fails = middle }
    }
    // Rounded down to two significant digits, which are easier to type.
    let unit = 10u64.pow(fits.max(1).ilog10().saturating_sub(1));
    let widest = usize::try_from(fits / unit * unit).unwrap_or(usize::MAX);
    Err(Error::Memory {
        width: usize::try_from(width).unwrap_or(usize::MAX),
        needed: need(width),
        free,
        widest,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_is_not_reported_is_no_limit() {
        assert_eq!(reported(0, 0), u64::MAX);
        assert_eq!(reported(8, 0), 0);
    }

    #[test]
    fn the_widest_width_named_does_fit() {
        let against = |width: u64| check(width, |m| needed(m, 5, 100), 16_000_000_000);
        let Err(Error::Memory { widest, needed, .. }) = against(1_000_000) else {
            panic!("a width of a million must not fit into 16 GB");
        };
        assert!(needed > 16_000_000_000);
        assert!(against(widest as u64).is_ok());
        assert!(against(widest as u64 * 11 / 10).is_err());
        assert!(against(u64::MAX).is_err());
    }
}
