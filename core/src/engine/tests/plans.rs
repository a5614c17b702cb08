//! Plans against what they promise, for alignments that few machines have.

use std::collections::BTreeMap;

use crate::{
    engine::plan::{Alignment, Block, Plan, Route, Ways},
    error::NotDirect,
};

const PAGE: usize = 4096;

/// 512-byte sectors, 4096-byte ones, blocks larger than a page, and writes that need more than reads.
const ALIGNMENTS: [Alignment; 4] = [
    Alignment { memory: 4, read: 512, write: 512, page: PAGE },
    Alignment { memory: 512, read: 4096, write: 4096, page: PAGE },
    Alignment { memory: 512, read: 16_384, write: 16_384, page: PAGE },
    Alignment { memory: 512, read: 512, write: 16_384, page: PAGE },
];

const OFFSETS: [u64; 9] = [0, 1, 511, 512, 4095, 4096, 12_288, 16_384, 70_001];
const LENGTHS: [usize; 10] = [1, 511, 512, 4096, 4097, 8192, 16_384, 50_000, 65_536, 200_000];
const BLOCK_SIZES: [usize; 6] = [512, 1536, 4096, 6144, 16_384, 1 << 20];

fn blocks(plan: &Plan) -> Vec<Block> {
    let blocks: Vec<Block> = (0..plan.blocks()).filter_map(|number| plan.block(number)).collect();
    let mut end = 0;
    for block in &blocks {
        assert_eq!(block.start, end, "a gap or an overlap: {plan:?}");
        assert!(block.len > 0, "an empty block: {plan:?}");
        end += block.len;
    }
    assert_eq!(end, plan.len());
    blocks
}

fn every_case(mut check: impl FnMut(bool, u64, usize, usize, Alignment)) {
    for alignment in ALIGNMENTS {
        for (offset, len) in OFFSETS.iter().flat_map(|&at| LENGTHS.map(|len| (at, len))) {
            for block_size in BLOCK_SIZES {
                check(false, offset, len, block_size, alignment);
                check(true, offset, len, block_size, alignment);
            }
        }
    }
}

#[test]
fn direct_blocks_are_aligned_and_share_no_page_with_buffered_ones() {
    let mut direct_blocks = 0;
    every_case(|writes, offset, len, block_size, alignment| {
        let plan = Plan::new(writes, offset, len, block_size, Ways::Mixed(alignment));
        let mut pages: BTreeMap<u64, bool> = BTreeMap::new();
        for block in blocks(&plan) {
            assert!(block.len <= block_size);
            let (begin, end) =
                (offset + block.start as u64, offset + (block.start + block.len) as u64);
            let direct = block.route.is_direct();
            for page in begin / PAGE as u64..end.div_ceil(PAGE as u64) {
                let other = *pages.entry(page).or_insert(direct);
                assert_eq!(other, direct, "page {page} goes both ways: {plan:?}");
            }
            if direct {
                let unit = alignment.unit(writes) as u64;
                assert!(begin.is_multiple_of(unit) && end.is_multiple_of(unit), "{plan:?}");
                direct_blocks += 1;
            }
        }
    });
    assert!(direct_blocks > 1000, "{direct_blocks}");
}

#[test]
fn a_file_that_is_direct_alone_refuses_what_is_not_aligned() {
    every_case(|writes, offset, len, block_size, alignment| {
        let ways = Ways::Direct(alignment);
        let multiple_of = alignment.unit(writes);
        let aligned = offset.is_multiple_of(multiple_of as u64) && len.is_multiple_of(multiple_of);
        let refusal = ways.refusal(writes, offset, len);
        assert_eq!(refusal, (!aligned).then_some(NotDirect::Unaligned { multiple_of }));
        assert_eq!(ways.refusal(writes, offset, 0), None);
        if aligned {
            let plan = Plan::new(writes, offset, len, block_size, ways);
            assert!(blocks(&plan).iter().all(|block| block.route.is_direct()));
        }
        for other in [Ways::Buffered, Ways::Mixed(alignment)] {
            assert_eq!(other.refusal(writes, offset, len), None);
        }
    });
}

#[test]
fn reads_go_direct_where_writes_of_that_block_size_cannot() {
    let alignment = Alignment { memory: 512, read: 512, write: 16_384, page: PAGE };
    let route = |writes, block_size| {
        let plan = Plan::new(writes, 0, 65_536, block_size, Ways::Mixed(alignment));
        blocks(&plan)[0].route
    };
    assert_eq!((route(false, 512), route(true, 512)), (Route::Direct, Route::Buffered));
    assert_eq!((route(false, 4096), route(true, 4096)), (Route::Direct, Route::Buffered));
    assert_eq!((route(false, 16_384), route(true, 16_384)), (Route::Direct, Route::Direct));
}
