//! What the statistics tell: differences of snapshots, percentiles, the table.

use std::time::Duration;

use ds_aio::Stats;
use ds_aio_tests::settings::{MODES, settings};

use super::support::Bench;

const BLOCK: usize = 4096;

fn bench() -> Bench {
    Bench::new(settings(BLOCK, (1, 4), MODES[0]))
}

#[test]
fn a_difference_is_what_happened_between() {
    let bench = bench();
    let file = bench.engine.create(bench.path("data")).unwrap();
    let start = bench.engine.stats();
    for _ in 0..7 {
        bench.engine.pwrite(&file, vec![1; 3 * BLOCK], 0).wait().unwrap();
    }
    bench.engine.pread(&file, vec![0; 2 * BLOCK], 2 * BLOCK as u64).wait().unwrap_err();
    let middle = bench.engine.stats();
    for _ in 0..5 {
        bench.engine.pread(&file, vec![0; 2 * BLOCK], 0).wait().unwrap();
    }
    bench.engine.sync(&file).unwrap();
    let end = bench.engine.stats();

    let (first, second) = (middle.since(&start), end.since(&middle));
    assert_eq!((first.write.requests, first.read.requests, first.sync.requests), (7, 1, 0));
    assert_eq!((first.read.failed, first.read.bytes_moved), (1, BLOCK as u64));
    assert_eq!((second.write.requests, second.read.requests, second.sync.requests), (0, 5, 1));
    assert_eq!((second.failed(), second.read.bytes_moved), (0, 10 * BLOCK as u64));
    assert_eq!((second.read.latency.count(), second.write.latency.count()), (5, 0));
    assert_eq!((second.read.transfer_time.count(), second.transfers), (10, 11));
    assert_eq!(second.write.latency.percentile(50.0), None, "of nothing in the interval");
    assert!(second.read.latency.max() <= end.read.latency.max());

    assert_eq!(end.since(&Stats::default()), end);
    let none = end.since(&end);
    assert_eq!(
        (none.requests(), none.transfers, none.direct_bytes + none.buffered_bytes),
        (0, 0, 0)
    );
    assert_eq!((none.read.latency.count(), none.read.latency.mean()), (0, None));
    let swapped = start.since(&end);
    assert_eq!((swapped.requests(), swapped.write.latency.count()), (0, 0));
}

#[test]
fn percentiles_rise_and_take_any_number() {
    let bench = bench();
    let file = bench.engine.create(bench.path("data")).unwrap();
    for len in [1, BLOCK, 100 * BLOCK] {
        bench.engine.pwrite(&file, vec![1; len], 0).wait().unwrap();
    }
    let latency = bench.engine.stats().write.latency;
    assert_eq!(latency.count(), 3);
    let told: Vec<_> = [0.0, 1.0, 50.0, 99.0, 99.99, 100.0]
        .iter()
        .map(|&percent| latency.percentile(percent).unwrap())
        .collect();
    assert!(told.is_sorted(), "{told:?}");
    assert_eq!(told.last().copied(), latency.max());
    assert!(told[0] > Duration::ZERO && latency.mean() <= latency.max());
    for nonsense in [-0.1, 100.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN] {
        assert_eq!(latency.percentile(nonsense), None, "{nonsense} percent");
    }
}

#[test]
fn the_table_shows_each_operation() {
    let bench = bench();
    let empty = bench.engine.stats().to_string();
    assert!(empty.contains("- / - / -"), "{empty}");
    let file = bench.engine.create(bench.path("data")).unwrap();
    bench.engine.pwrite(&file, vec![1; 384 * BLOCK], 0).wait().unwrap();
    bench.engine.pread(&file, vec![1; 100], 384 * BLOCK as u64).wait().unwrap_err();
    let table = bench.engine.stats().to_string();
    let row = |name: &str| {
        let row = table.lines().find(|line| line.starts_with(name)).unwrap();
        row.split_whitespace().collect::<Vec<_>>()
    };
    assert_eq!(row("write")[1..7], ["1", "0", "1.5", "MiB", "1.5", "MiB"], "{table}");
    assert_eq!(row("read")[1..7], ["1", "1", "100", "B", "0", "B"], "{table}");
    assert_eq!(row("sync")[1..3], ["0", "0"], "{table}");
    assert!(table.contains("in flight: 0 requests (peak 1)"), "{table}");
}
