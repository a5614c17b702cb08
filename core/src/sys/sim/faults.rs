//! The faults of the seeded backend, and whom they strike.

use nix::errno::Errno;

use crate::sys::{
    Direction,
    sim::{Random, track::Part},
};

/// How often each fault strikes a transfer, in thousandths.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    pub(crate) short: usize,
    pub(crate) interrupted: usize,
    /// `EINVAL` on direct transfers.
    pub(crate) refused_direct: usize,
    /// Errors of any kind.
    pub(crate) failed: usize,
    pub(crate) panics: usize,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Fault {
    /// Only so many bytes are moved.
    Short(usize),
    Fail(Errno),
    Panic,
}

impl Faults {
    /// What happens to a transfer, which depends on nothing but what is given here.
    pub(super) fn strike(
        self,
        seed: u64,
        key: u64,
        part: &Part,
        direction: Direction,
    ) -> Option<Fault> {
        let Self { short, interrupted, refused_direct, failed, panics } = self;
        let key = [seed, key, part.position as u64, part.attempt];
        let mut random = Random::of(&key);
        let mut strikes = |thousandths| random.below(1000) < thousandths;
        // A call that is interrupted for ever would be repeated for ever.
        let interrupted = strikes(interrupted) && part.attempt < 5;
        let refused = strikes(refused_direct) && part.direct;
        let (failed, panics, short) = (strikes(failed), strikes(panics), strikes(short));
        if panics {
            Some(Fault::Panic)
        } else if interrupted {
            Some(Fault::Fail(Errno::EINTR))
        } else if refused {
            Some(Fault::Fail(Errno::EINVAL))
        } else if failed {
            let errors: &[Errno] = match direction {
                Direction::Write => {
                    &[Errno::EIO, Errno::ENOSPC, Errno::EAGAIN, Errno::EDQUOT, Errno::EFBIG]
                }
                _ => &[Errno::EIO, Errno::EAGAIN],
            };
            Some(Fault::Fail(random.pick(errors)))
        } else if short && part.len > 0 {
            // Nothing at all is rare: it is an error, or the end of the file.
            let fit = [1, 4, 512, 1024, 4096].map(|unit| if unit < part.len { unit } else { 1 });
            let unit = random.pick(&fit);
            let len = random.below(part.len / unit) * unit;
            Some(Fault::Short(if len == 0 && !random.one_in(8) { unit } else { len }))
        } else {
            None
        }
    }
}
