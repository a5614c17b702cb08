//! With `direct` = always nothing turns to the page cache, whatever becomes of a transfer.

use nix::errno::Errno;

use super::*;
use crate::{config::DirectMode, error::NotDirect};

/// A bench whose file is direct or not at all; none where the file system cannot.
fn bench(sim: Sim) -> Option<Bench> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("blocks");
    let settings = EngineSettings { direct: DirectMode::Always, ..settings(1, 1) };
    let engine = Engine::with_backend(settings, Box::new(sim.clone()), Because::Asked).unwrap();
    match engine.create(&path) {
        Ok(file) => Some(Bench { sim, file, path, engine, _dir: dir }),
        Err(error) => {
            let required = std::env::var("DS_AIO_REQUIRE").unwrap_or_default();
            assert!(!required.split(',').any(|name| name.trim() == "direct"), "{error}");
            eprintln!("not tested for want of O_DIRECT: {error}");
            None
        }
    }
}

/// The bytes done and the reason of a write of four blocks, the second of which meets `fault` at its
/// first transfer.
fn after(fault: Fault) -> Option<(usize, Option<NotDirect>)> {
    let bench = bench(Sim::lanes(1, 1))?;
    let mut pending = Some(fault);
    bench.sim.inject(move |call| pending.take_if(|_| call.offset == offset(1)));
    let mut buffer = bench.engine.alloc(4 * BLOCK).unwrap();
    buffer.fill(7);
    let result = bench.engine.pwrite(&bench.file, buffer, 0).wait();
    assert!(bench.sim.pushed().iter().all(|call| call.direct), "{:?}", bench.sim.pushed());
    Some(match result {
        Ok(_) => (4 * BLOCK, None),
        Err(failed) => {
            assert_eq!(failed.error().kind(), ErrorKind::NotDirect);
            (failed.error().done(), failed.error().not_direct())
        }
    })
}

#[test]
fn a_refused_transfer_fails_the_request() {
    let Some(found) = after(Fault::Fail(Errno::EINVAL)) else { return };
    let refused = NotDirect::Refused { errno: Errno::EINVAL as i32 };
    assert_eq!(found, (BLOCK, Some(refused)));
}

#[test]
fn a_short_count_goes_on_where_it_stopped() {
    let sector = bench(Sim::lanes(1, 1)).and_then(|bench| bench.file.state.open.alignment());
    let Some(sector) = sector.map(|alignment| alignment.write).filter(|&at| at < BLOCK) else {
        return;
    };
    assert_eq!(after(Fault::Short(sector)), Some((4 * BLOCK, None)));
}
