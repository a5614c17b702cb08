//! Ten thousand tickets at once, dropped, forgotten and awaited in any mix while their engine ends,
//! and then a count of threads, descriptors and buffers: `ticket_storm HOW_IT_ENDS SEED`.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use ds_aio::{AioFile, Engine, OpenOptions, Ticket};
use ds_aio_tests::{
    bytes::Rng,
    hooked::HookedBuf,
    process::{descriptors, die_if_hung, settles_to, threads},
    settings::{MODES, SHAPES, settings},
};

const TICKETS: usize = 10_000;
const FILE_LEN: usize = 1 << 20;

pub(crate) fn run(arguments: &[&str]) {
    die_if_hung(100);
    let [how_it_ends, seed] = *arguments else { panic!("usage: ticket_storm HOW_IT_ENDS SEED") };
    let mut rng = Rng::new(seed.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data");
    std::fs::write(&path, vec![0; FILE_LEN]).unwrap();
    for mode in MODES {
        let shape = rng.pick(&SHAPES);
        let block_size = rng.pick(&[512, 4096, 1 << 20]);
        let engine = || Engine::new(&settings(block_size, shape, mode)).unwrap();
        let before = (threads().unwrap(), descriptors().unwrap());
        storm(engine(), &path, how_it_ends, &mut rng);
        settles_to(before);
    }
}

fn storm(engine: Engine, path: &Path, how_it_ends: &str, rng: &mut Rng) {
    let file = engine.open_with(path, &OpenOptions::new().write()).unwrap();
    let alive = Arc::new(AtomicUsize::new(0));
    let mut tickets = Vec::new();
    let mut forgotten = 0;
    for _ in 0..TICKETS {
        let ticket = request(&engine, &file, &alive, rng);
        match rng.below(4) {
            0 => drop(ticket),
            1 => {
                std::mem::forget(ticket);
                forgotten += 1;
            }
            _ => tickets.push(ticket),
        }
    }
    drop(file);
    rng.shuffle(&mut tickets);
    let fates: Vec<usize> = tickets.iter().map(|_| rng.below(4)).collect();
    let end = move || match how_it_ends {
        // Half of the requests are beyond the file's end, so there is something to tell.
        "close" => drop(engine.close().unwrap_err()),
        _ => drop(engine),
    };
    if how_it_ends == "drop-elsewhere" {
        thread::scope(|scope| {
            scope.spawn(end);
            forgotten += consume(tickets, &fates);
        });
    } else {
        end();
        assert!(tickets.iter().all(Ticket::is_done), "the engine ended before its requests");
        forgotten += consume(tickets, &fates);
    }
    let deadline = Instant::now() + Duration::from_secs(60);
    while alive.load(Ordering::SeqCst) > forgotten && Instant::now() < deadline {
        thread::yield_now();
    }
    // Forgotten buffers leak, as asked; no other is lost and none is freed twice.
    assert_eq!(alive.load(Ordering::SeqCst), forgotten);
}

/// A read or write of a few blocks, or a read beyond the end.
fn request(
    engine: &Engine,
    file: &AioFile,
    alive: &Arc<AtomicUsize>,
    rng: &mut Rng,
) -> Ticket<HookedBuf> {
    alive.fetch_add(1, Ordering::SeqCst);
    let counted = Arc::clone(alive);
    let on_drop = move || {
        counted.fetch_sub(1, Ordering::SeqCst);
    };
    let buffer = HookedBuf::new(vec![7; 1 + rng.below(3000)], on_drop);
    let offset = rng.below(FILE_LEN - 3000) as u64;
    match rng.below(4) {
        0 => engine.pwrite(file, buffer, offset),
        1 => engine.pread(file, buffer, offset),
        _ => engine.pread(file, buffer, offset + FILE_LEN as u64),
    }
}

/// Waits for, awaits, drops or forgets each ticket; tells how many were forgotten.
fn consume(tickets: Vec<Ticket<HookedBuf>>, fates: &[usize]) -> usize {
    let mut forgotten = 0;
    for (ticket, fate) in tickets.into_iter().zip(fates) {
        match fate {
            0 => drop(ticket.wait()),
            1 => drop(pollster::block_on(ticket)),
            2 => drop(ticket),
            _ => {
                std::mem::forget(ticket);
                forgotten += 1;
            }
        }
    }
    forgotten
}
