//! How an engine begins and ends, and what it counts in between.

use std::error::Error as _;

use ds_aio::{BackendMode, Engine, EngineConfig, EngineSettings, ErrorKind, StartError};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    settings::{MODES, SHAPES, most_workers, settings},
};

use super::support::{Bench, HeldWorker};
use crate::capabilities::require;

#[track_caller]
fn assert_refused(settings: &EngineSettings, parts: &[&str]) {
    match Engine::new(settings) {
        Err(error @ StartError::Settings(_)) => {
            assert!(error.source().is_some());
            for part in parts {
                assert!(error.to_string().contains(part), "{part} in {error}");
            }
        }
        other => panic!("{settings:?} gave {other:?}"),
    }
}

fn block_size(settings: &mut EngineSettings) -> &mut usize {
    &mut settings.block_size
}

fn queue_depth(settings: &mut EngineSettings) -> &mut usize {
    &mut settings.queue_depth
}

fn thread_count(settings: &mut EngineSettings) -> &mut usize {
    &mut settings.thread_count
}

#[test]
fn settings_of_zero_and_absurd_ones_are_refused() {
    for field in [block_size, queue_depth, thread_count] {
        for value in [0, usize::MAX, 1 << 40] {
            let mut settings = EngineSettings::default();
            *field(&mut settings) = value;
            assert_refused(&settings, &[&value.to_string()]);
        }
    }
}

#[test]
fn every_setting_that_is_not_allowed_is_named_with_what_is() {
    let mut settings = EngineSettings::default();
    (settings.block_size, settings.queue_depth, settings.thread_count) = (1000, 0, 1025);
    let parts = [
        "block_size",
        "1000",
        "multiple of 512",
        "queue_depth",
        "1 to 65536",
        "thread_count",
        "1025",
        "1 to 1024",
    ];
    assert_refused(&settings, &parts);
}

#[test]
fn a_configuration_of_ones_own_starts_an_engine() {
    struct Own;

    impl EngineConfig for Own {
        fn engine_settings(&self) -> EngineSettings {
            settings(4096, (2, 3), (true, false))
        }
    }

    let engine = Engine::new(&Own).unwrap();
    assert_eq!(engine.settings().asked, Own.engine_settings());
    let dynamic: &dyn EngineConfig = &Own;
    assert_eq!(Engine::new(dynamic).unwrap().settings(), engine.settings());
}

#[test]
fn what_the_settings_became_is_told() {
    let backends = [(BackendMode::Threads, "threads"), (BackendMode::IoUring, "io_uring")];
    for ((threads, depth), on_threads, on_rings) in [
        ((1, 1), (1, 1), (1, 1)),
        ((1, 8), (1, 8), (1, 8)),
        ((1, 128), (1, 128), (1, 128)),
        ((1, 60_000), (1, 128), (1, 16_384)),
        ((4, 32), (4, 32), (4, 32)),
        ((4, 128), (4, 32), (4, 128)),
        ((3, 100), (3, 42), (3, 100)),
        ((128, 8), (128, 1), (128, 8)),
        ((1000, 1), (128, 1), (128, 1)),
    ] {
        for ((backend, name), effective) in backends.into_iter().zip([on_threads, on_rings]) {
            if backend == BackendMode::IoUring && !require("io_uring") {
                continue;
            }
            let mut asked = settings(4096, (threads, depth), MODES[0]);
            asked.backend = backend;
            let engine = Engine::new(&asked).unwrap();
            let told = engine.settings();
            assert_eq!((told.thread_count, told.queue_depth), effective);
            assert_eq!((&told.asked, told.backend), (&asked, name));
            let differs = |setting| told.differences().any(|told| told.setting == setting);
            assert_eq!(differs("thread_count"), effective.0 != threads);
            assert_eq!(differs("queue_depth"), effective.1 != depth);
            assert_eq!(engine.stats().workers, effective.0 as u64, "one for each group at first");
            engine.close().unwrap();
        }
    }
}

#[test]
fn each_difference_from_the_settings_is_told_with_its_reason() {
    let engine = Engine::new(&settings(1 << 20, (1, 8), MODES[0])).unwrap();
    assert_eq!(engine.settings().differences().count(), 0);
    assert!(!engine.settings().to_string().contains("asked"), "{}", engine.settings());

    let mut asked = settings(1 << 20, (200, 7), MODES[2]);
    asked.backend = BackendMode::Threads;
    let engine = Engine::new(&asked).unwrap();
    let told: Vec<_> = engine.settings().differences().collect();
    let values = |at: usize| (told[at].setting, &*told[at].asked, &*told[at].effective);
    assert_eq!(values(0), ("thread_count", "200", "128"));
    assert_eq!(values(1), ("queue_depth", "7", "1"));
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|told| told.reason.contains("at most 128 workers")), "{told:?}");
    assert_eq!(
        engine.settings().to_string(),
        "backend = threads\n\
         block_size = 1048576\n\
         queue_depth = 1 (asked for 7: an engine starts at most 128 workers, so 1 for each of 128 \
         groups)\n\
         thread_count = 128 (asked for 200: an engine starts at most 128 workers)\n\
         single_submit = true\n\
         overlap_events = true\n\
         direct = auto\n\
         queue_capacity = 65536\n\
         background_rate = 0"
    );
}

#[test]
fn no_more_workers_start_than_the_settings_say() {
    for mode in MODES {
        for shape in SHAPES {
            let bench = Bench::new(settings(4096, shape, mode));
            let file = bench.engine.create(bench.path("data")).unwrap();
            for _ in 0..50 {
                drop(bench.engine.pwrite(&file, vec![1; 50 * 4096], 0));
            }
            bench.engine.sync(&file).unwrap();
            let workers = bench.engine.stats().workers;
            let allowed = shape.0 as u64..=most_workers(&bench.engine);
            assert!(allowed.contains(&workers), "{workers} workers, allowed {allowed:?}");
        }
    }
}

#[test]
fn dropping_an_engine_finishes_what_it_accepted() {
    for mode in MODES {
        for shape in SHAPES {
            let Bench { engine, dir } = Bench::new(settings(4096, shape, mode));
            let path = dir.path().join("data");
            let file = engine.create(&path).unwrap();
            let data = pattern(1, 400_007);
            let tickets: Vec<_> = data
                .chunks(20_001)
                .enumerate()
                .map(|(number, part)| engine.pwrite(&file, part.to_vec(), (number * 20_001) as u64))
                .collect();
            drop(engine);
            assert!(tickets.iter().all(ds_aio::Ticket::is_done));
            assert_same(&std::fs::read(&path).unwrap(), &data, &"written by the time of the drop");
            for (ticket, part) in tickets.into_iter().zip(data.chunks(20_001)) {
                assert_same(&ticket.wait().unwrap(), part, &"the buffer");
            }
            assert_eq!(file.len().unwrap(), data.len() as u64);
        }
    }
}

#[test]
fn a_ticket_may_outlive_its_engine() {
    let bench = Bench::new(settings(4096, (1, 1), MODES[0]));
    let path = bench.filled("short", &[3; 100]);
    let file = bench.engine.open(&path).unwrap();
    let held = HeldWorker::of(&bench);
    let (good, bad) =
        (bench.engine.pread(&file, vec![0; 100], 0), bench.engine.pread(&file, vec![0; 101], 0));
    let ending = std::thread::spawn(move || drop(bench));
    drop((held, file));
    ending.join().unwrap();
    assert_eq!(pollster::block_on(good).unwrap(), [3; 100]);
    let failed = bad.wait().unwrap_err();
    assert_eq!(failed.error().kind(), ErrorKind::UnexpectedEof);
    assert_eq!(failed.error().path(), Some(path.as_path()));
}

#[test]
fn an_engine_ends_without_having_done_anything() {
    for shape in SHAPES {
        for mode in MODES {
            drop(Engine::new(&settings(512, shape, mode)).unwrap());
            Engine::new(&settings(512, shape, mode)).unwrap().close().unwrap();
        }
    }
}

#[test]
fn a_known_sequence_is_counted() {
    const BLOCK: usize = 64 << 10;
    for mode in MODES {
        let bench = Bench::new(settings(BLOCK, (2, 4), mode));
        let file = bench.engine.create(bench.path("data")).unwrap();
        let buffer = bench.engine.alloc(5 * BLOCK).unwrap();
        let buffer = bench.engine.pwrite(&file, buffer, 0).wait().unwrap();
        let stats = bench.engine.stats();
        assert_eq!((stats.write.requests, stats.write.bytes_moved), (1, 5 * BLOCK as u64));
        assert_eq!(stats.transfers, 5);

        let buffer = bench.engine.pread(&file, buffer, 0).wait().unwrap();
        bench.engine.sync(&file).unwrap();
        let past_the_end = bench.engine.pread(&file, buffer, 1).wait().unwrap_err();
        assert_eq!(past_the_end.error().done(), 5 * BLOCK - 1);
        let stats = bench.engine.stats();
        assert_eq!((stats.read.requests, stats.read.failed), (2, 1));
        assert_eq!(stats.read.bytes_asked, 10 * BLOCK as u64);
        assert_eq!(stats.read.bytes_moved, 10 * BLOCK as u64 - 1);
        assert_eq!((stats.sync.requests, stats.failed(), stats.in_flight), (1, 1, 0));
        let moved = stats.direct_bytes + stats.bounced_bytes + stats.buffered_bytes;
        assert_eq!(moved, 15 * BLOCK as u64 - 1);
        assert!(stats.transfers > 11 && stats.notifications > 0);
        assert!((2..=most_workers(&bench.engine)).contains(&stats.workers));
        bench.engine.close().unwrap();
    }
}

#[test]
fn requests_in_flight_are_counted() {
    let bench = Bench::new(settings(4096, (1, 1), MODES[0]));
    let file = bench.engine.create(bench.path("data")).unwrap();
    let held = HeldWorker::of(&bench);
    let tickets: Vec<_> = (0..7).map(|_| bench.engine.pwrite(&file, vec![1; 10], 0)).collect();
    assert_eq!(bench.engine.stats().in_flight, 7);
    drop(held);
    for ticket in tickets {
        ticket.wait().unwrap();
    }
    assert_eq!(bench.engine.stats().in_flight, 0);
}
