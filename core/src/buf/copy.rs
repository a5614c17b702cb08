//! Copying between a caller's memory and a bounce buffer.

/// From so many bytes on a copy leaves the processor's caches to others: it is longer than what the
/// caller will soon touch of it.
const STREAMED: usize = 64 << 10;

/// Copies `source` to `target`, which are of one length.
///
/// Long copies do not read the target's lines before they overwrite them, which the processor
/// otherwise does, and which is a third of the memory traffic of a copy.
pub(crate) fn copy(target: &mut [u8], source: &[u8]) {
    if target.len() >= STREAMED && target.len() == source.len() {
        stream(target, source);
    } else {
        target.copy_from_slice(source);
    }
}

/// The C library's memcpy does the same from a length on that it derives from the size of the
/// processor's last cache: three quarters of it, which on a large server is longer than any block.
#[cfg(target_arch = "x86_64")]
fn stream(target: &mut [u8], source: &[u8]) {
    use std::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_sfence, _mm_stream_si128};

    /// What the processor writes at once.
    const LINE: usize = 64;
    /// A load waits for the stores before it to addresses that have these low bits in common with
    /// its own (4K aliasing), and a store past the caches takes long.
    const ALIASES: usize = 4096;

    let head = target.as_ptr().align_offset(LINE).min(target.len());
    let (target_head, target) = target.split_at_mut(head);
    let (source_head, source) = source.split_at(head);
    target_head.copy_from_slice(source_head);
    let whole = target.len() - target.len() % LINE;
    let (target, target_tail) = target.split_at_mut(whole);
    let (source, source_tail) = source.split_at(whole);
    target_tail.copy_from_slice(source_tail);

    // Where the target is a little ahead of the source in that sense, the next loads upwards would
    // be from where the last stores went, and those downwards are not.
    let ahead = target.as_ptr().addr().wrapping_sub(source.as_ptr().addr()) % ALIASES;
    let downwards = (1..ALIASES / 2).contains(&ahead);
    let lines = target.chunks_exact_mut(LINE).zip(source.chunks_exact(LINE));
    let copy_line = |(to, from): (&mut [u8], &[u8])| {
        let (to, from) = (to.as_mut_ptr().cast::<__m128i>(), from.as_ptr().cast::<__m128i>());
        // SAFETY: both chunks have 64 bytes, of which these are the four sixteenths. The target
        // begins at a multiple of 64, as a store of this kind asks for, since the bytes before it
        // were split off. SSE2 is a part of x86-64.
        unsafe {
            let quarters = [0, 1, 2, 3].map(|quarter| _mm_loadu_si128(from.add(quarter)));
            for (quarter, bytes) in quarters.into_iter().enumerate() {
                _mm_stream_si128(to.add(quarter), bytes);
            }
        }
    };
    if downwards {
        lines.rev().for_each(copy_line);
    } else {
        lines.for_each(copy_line);
    }
    // SAFETY: the instruction has no operands. It orders the stores above, which are weakly
    // ordered, before whatever tells others that the bytes are there.
    unsafe { _mm_sfence() };
}

#[cfg(not(target_arch = "x86_64"))]
fn stream(target: &mut [u8], source: &[u8]) {
    target.copy_from_slice(source);
}

#[cfg(all(test, not(loom)))]
mod tests {
    #[test]
    fn every_byte_is_copied_wherever_it_is() {
        let source: Vec<u8> = (0..200_000_u32).map(|at| (at * 7 % 251) as u8).collect();
        for (from, to) in [(0, 0), (1, 0), (0, 1), (3, 61), (16, 63)] {
            for len in [0, 1, 65_535, 65_536, 65_537, 100_063, 131_072] {
                let mut target = vec![0; 200_000];
                super::copy(&mut target[to..to + len], &source[from..from + len]);
                assert!(target[..to].iter().all(|&byte| byte == 0), "{from} {to} {len}");
                assert!(target[to..to + len] == source[from..from + len], "{from} {to} {len}");
                assert!(target[to + len..].iter().all(|&byte| byte == 0), "{from} {to} {len}");
            }
        }
    }
}
