//! Measures what the threads of engines do once there is nothing to do.

use std::{collections::BTreeMap, fs, time::Duration};

use ds_aio::Engine;
use ds_aio_tests::{
    process::{die_if_hung, threads},
    settings::{MODES, SHAPES, settings},
};

pub(crate) fn run(_: &[&str]) {
    die_if_hung(100);
    let dir = tempfile::tempdir().unwrap();
    let mut engines = Vec::new();
    for mode in MODES {
        for shape in SHAPES {
            let engine = Engine::new(&settings(4096, shape, mode)).unwrap();
            let path = dir.path().join(format!("{mode:?} {shape:?}"));
            let file = engine.create(&path).unwrap();
            let tickets: Vec<_> = (0..20)
                .map(|number| engine.pwrite(&file, vec![1; 100_000], number * 100_000))
                .collect();
            drop(engine.pread(&file, vec![0; 100], 1 << 40));
            for ticket in tickets {
                ticket.wait().unwrap();
            }
            engine.sync(&file).unwrap_err();
            engines.push((engine, file));
        }
    }
    assert!(threads().unwrap() > engines.len(), "each has workers");
    // Workers that have just ended something are on their way to rest.
    let mut last = activity();
    for _ in 0..50 {
        // Not to wait for something to happen: this is how long nothing must happen.
        std::thread::sleep(Duration::from_millis(300));
        let now = activity();
        if now == last {
            return;
        }
        last = now;
    }
    unreachable!("idle workers never rest: {last:#?}");
}

/// Of each thread but this one: how often it gave up the processor or was put off it, and its
/// ticks in the program and in the kernel.
fn activity() -> BTreeMap<String, (Vec<String>, Vec<String>)> {
    let this = nix::unistd::gettid().to_string();
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let tasks = tasks.map(|task| task.unwrap().file_name().into_string().unwrap());
    tasks
        .filter(|task| *task != this)
        .map(|task| {
            let read = |file| fs::read_to_string(format!("/proc/self/task/{task}/{file}")).unwrap();
            let status = read("status");
            let switches = status.lines().filter(|line| line.contains("ctxt_switches"));
            let switches = switches.map(str::to_owned).collect();
            // Behind the name, which may hold spaces.
            let stat = read("stat");
            let stat = stat.rsplit(')').next().unwrap_or_default();
            let ticks = stat.split_whitespace().skip(11).take(2).map(str::to_owned).collect();
            (task, (switches, ticks))
        })
        .collect()
}
