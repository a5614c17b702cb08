//! How a range of a tensor is cut into requests.

use crate::{engine::Failed, store::tensor::Record};

/// A part of a tensor that is read by one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// Where in the tensor it begins.
    pub(super) at: u64,
    pub(super) len: u64,
    /// Whether it is whole blocks, and not a part of one.
    pub(super) is_whole: bool,
}

impl Piece {
    /// Where the blocks begin that it is of, and their bytes.
    pub(super) fn whole_blocks(&self, record: &Record) -> (u64, u64) {
        let start = self.at - self.at % record.block;
        let end = record.block_end((self.at + self.len - 1) / record.block);
        (start, end - start)
    }
}

/// The pieces of `len` bytes of a tensor from `from` on: whole blocks in pieces of `part` bytes, none
/// of which is in two chunks of the tensor's place. A chunk is whole blocks, or 0 if there is one.
pub(super) fn pieces(from: u64, len: u64, record: &Record, part: usize, chunk: u64) -> Vec<Piece> {
    let (mut at, end, block) = (from, from + len, record.block);
    let part = (part as u64 / block).max(1) * block;
    let chunk_end = |at: u64| at.checked_div(chunk).map_or(u64::MAX, |number| (number + 1) * chunk);
    let mut pieces = Vec::new();
    while at < end {
        let number = at / block;
        let is_whole = at == number * block && end >= record.block_end(number);
        let until = if is_whole {
            let whole = if end == record.len { end } else { end - end % block };
            whole.min(at + part).min(chunk_end(at))
        } else {
            end.min(record.block_end(number))
        };
        pieces.push(Piece { at, len: until - at, is_whole });
        at = until;
    }
    pieces
}

/// Hands `with` each piece with its part of a buffer that is as long as all of them.
pub(super) fn each_piece<P>(
    buffer: P,
    pieces: &[Piece],
    split: impl Fn(P, usize) -> Result<(P, P), Failed<P>>,
    mut with: impl FnMut(&Piece, P),
) {
    let Some((last, others)) = pieces.split_last() else { return };
    let mut rest = buffer;
    for piece in others {
        // Never out of bounds.
        let len = usize::try_from(piece.len).unwrap_or(usize::MAX);
        let Ok((part, behind)) = split(rest, len) else { return };
        with(piece, part);
        rest = behind;
    }
    with(last, rest);
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn check(len: u64, from: u64, end: u64, chunk: u64) {
        let record = Record::for_tests(len, 4096);
        let mut at = from;
        for piece in pieces(from, end - from, &record, 8192, chunk) {
            let until = piece.at + piece.len;
            assert_eq!(piece.at, at);
            let begins = piece.at % 4096 == 0;
            let ends = until % 4096 == 0 || until == len;
            assert_eq!(piece.is_whole, begins && ends, "{piece:?} of {len}");
            assert!(piece.len <= 8192 && piece.len > 0);
            let is_in_one = chunk == 0 || piece.at / chunk == (until - 1) / chunk;
            assert!(is_in_one, "{piece:?}, chunks of {chunk}");
            at = until;
        }
        assert_eq!(at, end);
    }

    #[test]
    fn pieces_are_the_range_and_whole_ones_are_whole_blocks() {
        for len in [1_u64, 4095, 4096, 4097, 20_000, 5 * 4096] {
            for from in [0, 1, 4095, 4096, 5000, 8192, 12_288] {
                for end in [1, 4096, 4097, 8192, 12_000, 16_384, 20_000, 20_480] {
                    if from >= end || end > len {
                        continue;
                    }
                    for chunk in [0, 4096, 12_288] {
                        check(len, from, end, chunk);
                    }
                }
            }
        }
    }
}
