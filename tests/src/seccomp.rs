//! System calls that a filter refuses, as a container's or an old kernel does.

use std::error::Error;

use nix::{errno::Errno, libc};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter_all_threads,
};

/// From now on the calls of that number fail in all threads of this process, or those alone whose
/// `arguments`, of 32 bits and by their places, have these values.
///
/// # Errors
///
/// Where the machine does not let it.
pub fn deny(
    call: libc::c_long,
    arguments: &[(u8, u32)],
    errno: Errno,
) -> Result<(), Box<dyn Error>> {
    let equals = |&(place, value): &(u8, u32)| {
        SeccompCondition::new(place, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value.into())
    };
    let conditions = arguments.iter().map(equals).collect::<Result<Vec<_>, _>>()?;
    // A call without a rule fails whatever its arguments are.
    let rules =
        if conditions.is_empty() { Vec::new() } else { vec![SeccompRule::new(conditions)?] };
    let fails = SeccompAction::Errno(errno as u32);
    let arch = std::env::consts::ARCH.try_into()?;
    let rules = [(call, rules)].into_iter().collect();
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, fails, arch)?;
    Ok(apply_filter_all_threads(&BpfProgram::try_from(filter)?)?)
}
