//! Planning: how a request's range is cut into blocks and which way each goes. Touches no file.

use crate::{config::AIO_BLOCK_SIZE, engine::settings::Difference};

/// What O_DIRECT asks of a file, in bytes; each is a power of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "made where there is O_DIRECT"))]
pub(crate) struct Alignment {
    /// Of the memory's address.
    pub(crate) memory: usize,
    /// Of the offset in the file and of the length.
    pub(crate) offset: usize,
    /// Of the border between direct and buffered parts, so that no page of the page cache
    /// belongs to both: at least the page size and at least `offset`.
    pub(crate) border: usize,
}

impl Alignment {
    /// What the block size must be a multiple of for a request to go direct. One that writes does
    /// only if every block is whole pages: then a block can still turn to the page cache (after an
    /// odd short count, say) without sharing a page with a direct one.
    fn block_unit(self, writes: bool) -> usize {
        if writes { self.border } else { self.offset }
    }
}

/// What becomes of a block size with which no write goes direct, whichever the file; `least` is
/// what every file asks for, none if no file has O_DIRECT.
pub(crate) fn block_size_difference(
    block_size: usize,
    least: Option<Alignment>,
) -> Option<Difference> {
    let unit = least?.block_unit(true);
    (!block_size.is_multiple_of(unit)).then(|| {
        let effective = format!("{block_size}, with every write through the page cache");
        let reason = format!("writes bypass it in blocks of whole pages, {unit} bytes, alone");
        Difference::new(AIO_BLOCK_SIZE, block_size, effective, reason)
    })
}

/// Which way a block goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// O_DIRECT from or to the caller's memory.
    Direct,
    /// O_DIRECT through an aligned bounce buffer, since the caller's memory is not aligned.
    Bounced,
    /// Through the page cache.
    Buffered,
}

/// One block of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Block {
    /// Where in the request it begins, in bytes.
    pub(crate) start: usize,
    /// Its length in bytes, at most the block size.
    pub(crate) len: usize,
    pub(crate) route: Route,
}

/// A run of equally routed blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Extent {
    len: usize,
    route: Route,
}

/// A request's blocks, in file order: disjoint, none empty, together the whole range.
///
/// Where the file allows O_DIRECT these are a buffered head up to the first border, a direct
/// middle, and a buffered tail from the last border on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    extents: [Extent; 3],
    block_size: usize,
}

impl Plan {
    /// The plan for `len` bytes between the file at `offset` and the memory at `address`.
    ///
    /// `direct` is what the file asks for, none if it has no O_DIRECT.
    pub(crate) fn new(
        writes: bool,
        offset: u64,
        len: usize,
        address: usize,
        block_size: usize,
        direct: Option<Alignment>,
    ) -> Self {
        let block_size = block_size.max(1);
        let buffered = |len| Extent { len, route: Route::Buffered };
        let extents = match direct.and_then(|alignment| {
            let (head, middle) = direct_range(offset, len, alignment.border)?;
            block_size
                .is_multiple_of(alignment.block_unit(writes))
                .then_some((head, middle, alignment))
        }) {
            Some((head, middle, alignment)) => {
                let aligned = address.wrapping_add(head) % alignment.memory == 0
                    && block_size.is_multiple_of(alignment.memory);
                let route = if aligned { Route::Direct } else { Route::Bounced };
                [buffered(head), Extent { len: middle, route }, buffered(len - head - middle)]
            }
            None => [buffered(len), buffered(0), buffered(0)],
        };
        Self { extents, block_size }
    }

    /// How many blocks there are.
    pub(crate) fn blocks(&self) -> usize {
        self.extents.iter().map(|extent| extent.len.div_ceil(self.block_size)).sum()
    }

    /// The block of that number in file order; none past the last.
    pub(crate) fn block(&self, mut number: usize) -> Option<Block> {
        let mut start = 0;
        for extent in &self.extents {
            let blocks = extent.len.div_ceil(self.block_size);
            if number < blocks {
                let into = number * self.block_size;
                let len = self.block_size.min(extent.len - into);
                return Some(Block { start: start + into, len, route: extent.route });
            }
            number -= blocks;
            start += extent.len;
        }
        None
    }

    /// The whole length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.extents.iter().map(|extent| extent.len).sum()
    }
}

/// Head and middle of a range whose middle begins and ends at multiples of `border`; none if it
/// holds no whole one.
fn direct_range(offset: u64, len: usize, border: usize) -> Option<(usize, usize)> {
    let border = border as u64;
    let end = offset.checked_add(len as u64)?;
    let first = offset.checked_next_multiple_of(border)?;
    let last = end - end % border;
    let middle = last.checked_sub(first).filter(|&middle| middle > 0)?;
    Some((usize::try_from(first - offset).ok()?, usize::try_from(middle).ok()?))
}
