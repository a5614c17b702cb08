//! Very many small tensors: few files, and no more requests than there are tensors.

use std::{collections::VecDeque, sync::Arc};

use ds_aio::{DirectMode, Engine, OffloadStore, Stats, StoreTicket};
use ds_aio_tests::settings::{MODES, SHAPES, settings};

const LEN: usize = 4096;

fn tensor(number: u64) -> Vec<u8> {
    number.to_le_bytes().repeat(LEN / 8)
}

/// Ends the oldest tickets, so that so many are under way.
fn settle(under_way: &mut VecDeque<StoreTicket<Vec<u8>>>, left: usize) {
    while under_way.len() > left {
        under_way.pop_front().unwrap().wait().unwrap();
    }
}

/// Puts, commits, opens again and gets so many tensors: files, index bytes and requests.
fn live(count: u64) -> (usize, u64, [Stats; 3]) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let mut settings = settings(1 << 20, SHAPES[1], MODES[0]);
    // It is not the device that is looked at.
    settings.direct = DirectMode::Never;
    let engine = Arc::new(Engine::new(&settings).unwrap());
    let open = || OffloadStore::builder(&path).durable().open(&engine).unwrap();
    let mut under_way = VecDeque::new();

    let before = engine.stats();
    let store = open();
    for number in 0..count {
        under_way.push_back(store.put(&format!("layers/{number}/bias"), tensor(number)));
        settle(&mut under_way, 64);
    }
    settle(&mut under_way, 0);
    let puts = engine.stats();
    assert_eq!(store.commit().unwrap().tensors as u64, count);
    store.close().unwrap();
    let commit = engine.stats();
    let store = open();
    assert_eq!(store.len() as u64, count);
    let mut names: Vec<_> = (0..count).collect();
    // Not in the order in which they lie.
    names.sort_by_key(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    for some in names.chunks(64) {
        let get = |number| store.get_into(&format!("layers/{number}/bias"), vec![0; LEN]);
        let tickets: Vec<_> = some.iter().map(get).collect();
        for (number, bytes) in some.iter().zip(StoreTicket::wait_all(tickets)) {
            assert!(bytes.unwrap() == tensor(*number), "tensor {number}");
        }
    }
    let gets = engine.stats();
    let files = std::fs::read_dir(&path).unwrap().count();
    let index = path.join("index.dsaio").metadata().unwrap().len();
    let stats = [puts.since(&before), commit.since(&puts), gets.since(&commit)];
    (files, index, stats)
}

#[test]
fn a_hundred_thousand_tensors_take_few_files_and_one_request_each() {
    let mut index_of_each = Vec::new();
    for count in [10_000, 100_000] {
        let (files, index, [puts, commit, gets]) = live(count);
        assert!(files <= 2 + 7, "{files} files for {count} tensors");
        index_of_each.push(index as f64 / count as f64);
        assert_eq!((puts.write.requests, puts.read.requests, puts.sync.requests), (count, 0, 0));
        let moved = puts.write.bytes_moved;
        assert_eq!(moved, count * LEN as u64);
        // The index, and a sync of each file.
        assert_eq!((commit.write.requests, commit.read.requests), (1, 0));
        assert_eq!(commit.write.bytes_moved, index);
        assert_eq!(commit.sync.requests as usize, files - 2 + 1);
        // The index, and each tensor.
        assert_eq!((gets.read.requests, gets.write.requests), (count + 1, 0));
        assert_eq!(gets.read.bytes_moved, count * LEN as u64 + index);
    }
    // A name, a place and a checksum, however many there are.
    assert!(index_of_each.iter().all(|&bytes| bytes < 64.0), "{index_of_each:?} bytes a tensor");
}
