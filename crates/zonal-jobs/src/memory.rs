//! Memory: how much is free, and whether a job fits, before it is taken.

use std::path::Path;
use zonal_documents::{Error, Result};

/// Bytes that are free: the machine's, or less where the control group of this process, or one around it, sets a limit.
/// Pages of files that a group holds are free: the system gives them back. Less too where the address space of the process is
/// limited (`ulimit -v`). Unlimited where the system does not tell.
pub fn free() -> u64 {
    free_of_machine().min(address_space().unwrap_or(u64::MAX))
}

fn free_of_machine() -> u64 {
    let Ok(mut system) = sysinfo::System::new() else { return u64::MAX };
    system.refresh_memory();
    let machine = system.available_memory();
    let group = limits_of_this_process(&mut system).or_else(|| system.cgroup_limits());
    match group {
        Some(limits) if limits.total_memory > 0 => {
            machine.min(limits.total_memory.saturating_sub(limits.rss))
        }
        _ => machine,
    }
}

/// What is left of a limited address space; None where it is not limited.
fn address_space() -> Option<u64> {
    let read = |file: &str| std::fs::read_to_string(Path::new("/proc/self").join(file)).ok();
    let number = |text: String, name: &str| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let limit = number(read("limits")?, "Max address space")?;
    let taken = number(read("status")?, "VmSize:")?.saturating_mul(1024);
    Some(limit.saturating_sub(taken))
}

fn limits_of_this_process(system: &mut sysinfo::System) -> Option<sysinfo::CGroupLimits> {
    let this = sysinfo::get_current_pid().ok()?;
    let (only, nothing) = (sysinfo::ProcessesToUpdate::Some(&[this]), sysinfo::ProcessRefreshKind::nothing());
    system.refresh_processes_specifics(only, false, nothing);
    system.process(this)?.cgroup_limits()
}

/// Bytes that a job may take: a tenth of what is free stays for everything else.
pub fn budget() -> u64 {
    budget_of(free())
}

fn budget_of(free: u64) -> u64 {
    free - free / 10
}

/// Refuses a width whose square matrices do not fit, and names the widest that does.
///
/// `matrices` is how many m x m matrices are held at once, `per_unit` what each unit needs beside them, in bytes.
pub(crate) fn check_width(width: u64, matrices: u64, per_unit: u64) -> Result<()> {
    check(width, |m| needed(m, matrices, per_unit), free())
}

/// Refuses a width for which `need` says more bytes than are free, and names the widest that fits.
pub(crate) fn check_need(width: u64, need: impl Fn(u64) -> u64) -> Result<()> {
    check(width, need, free())
}

/// Bytes for `matrices` square matrices of the width and `per_unit` bytes for each unit.
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
    // A round number is easier to type; two digits of it are enough.
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
