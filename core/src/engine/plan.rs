//! Planning: how a request's range is cut into blocks and which way each goes. Touches no file.

use crate::{config::AIO_BLOCK_SIZE, engine::settings::Difference, error::NotDirect};

/// What O_DIRECT asks of a file, in bytes; each is a power of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "made where there is O_DIRECT"))]
pub(crate) struct Alignment {
    /// Of the memory's address.
    pub(crate) memory: usize,
    /// Of a read's offset in the file and length.
    pub(crate) read: usize,
    /// Of a write's offset in the file and length.
    pub(crate) write: usize,
    /// The size of a page of the page cache.
    pub(crate) page: usize,
}

impl Alignment {
    /// Of the offset in the file and of the length.
    pub(crate) fn unit(&self, writes: bool) -> usize {
        if writes { self.write } else { self.read }
    }

    /// Of the border between direct and buffered parts, so that no page of the page cache belongs
    /// to both.
    pub(crate) fn border(&self, writes: bool) -> usize {
        self.page.max(self.unit(writes))
    }

    /// What the block size has to be a multiple of for any of a file's blocks to go direct.
    ///
    /// Where the page cache may take over (`mixed`) a block that writes is whole pages: it can
    /// then turn to the page cache (after an odd short count, say) without sharing a page with
    /// a direct one.
    pub(crate) fn of_blocks(&self, writes: bool, mixed: bool) -> usize {
        if writes && mixed { self.border(true) } else { self.unit(writes) }
    }
}

/// Which ways a file's requests may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "made where there is O_DIRECT"))]
pub(crate) enum Ways {
    /// All of it through the page cache.
    Buffered,
    /// What is aligned with O_DIRECT, the rest through the page cache.
    Mixed(Alignment),
    /// With O_DIRECT or not at all.
    Direct(Alignment),
}

impl Ways {
    /// Why a request cannot go any of these ways.
    pub(crate) fn refusal(&self, writes: bool, offset: u64, len: usize) -> Option<NotDirect> {
        let Self::Direct(alignment) = self else {
            return None;
        };
        let multiple_of = alignment.unit(writes);
        let aligned = offset.is_multiple_of(multiple_of as u64) && len.is_multiple_of(multiple_of);
        (len > 0 && !aligned).then_some(NotDirect::Unaligned { multiple_of })
    }
}

/// What becomes of a block size with which no write goes direct, whichever the file; `least` is
/// what every file asks for, none if no file has O_DIRECT.
pub(crate) fn block_size_difference(
    block_size: usize,
    least: Option<Alignment>,
) -> Option<Difference> {
    let unit = least?.of_blocks(true, true);
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
    /// Read through the page cache, which had all of it when the block began.
    Resident,
}

impl Route {
    /// Whether it bypasses the page cache.
    pub(crate) fn is_direct(self) -> bool {
        matches!(self, Self::Direct | Self::Bounced)
    }
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
    needs: Option<Needs>,
}

/// What a plan's direct blocks ask for, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Needs {
    /// Of the memory's address.
    pub(crate) memory: usize,
    /// Of the offset in the file, of the length, and of each part's length where there are several.
    pub(crate) unit: usize,
}

impl Plan {
    /// The plan for `len` bytes of the file from `offset` on. Blocks that may go direct are
    /// [`Route::Direct`]; whether their memory is aligned for it remains to be seen.
    ///
    /// Of a range that `ways` refuses there is no block that could be run.
    pub(crate) fn new(
        writes: bool,
        offset: u64,
        len: usize,
        block_size: usize,
        ways: Ways,
    ) -> Self {
        let block_size = block_size.max(1);
        let buffered = |len| Extent { len, route: Route::Buffered };
        let range = match ways {
            Ways::Buffered => None,
            Ways::Mixed(alignment) => direct_range(offset, len, alignment.border(writes))
                .filter(|_| block_size.is_multiple_of(alignment.of_blocks(writes, true)))
                .map(|(head, middle)| (head, middle, alignment)),
            Ways::Direct(alignment) => Some((0, len, alignment)),
        };
        let extents = match range {
            Some((head, middle, _)) => {
                let direct = Extent { len: middle, route: Route::Direct };
                [buffered(head), direct, buffered(len - head - middle)]
            }
            None => [buffered(len), buffered(0), buffered(0)],
        };
        let needs = range.map(|(_, _, alignment)| Needs {
            memory: alignment.memory,
            unit: alignment.unit(writes),
        });
        Self { extents, block_size, needs }
    }

    /// What the direct blocks ask for; none if there are none.
    pub(crate) fn needs(&self) -> Option<Needs> {
        self.needs
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

    /// The first block that may go direct, if there is one.
    pub(crate) fn first_direct(&self) -> Option<Block> {
        let [head, ..] = &self.extents;
        let first = self.block(head.len.div_ceil(self.block_size));
        first.filter(|block| block.route == Route::Direct)
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
