//! A fork with a store at work, and what it does in the child.

use std::sync::Arc;

use ds_aio::{Engine, OffloadStore, StoreError, StoreErrorKind};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    fork::in_child,
    process::die_if_hung,
    settings::{MODES, SHAPES, settings},
};

const LEN: usize = 1 << 20;

pub(crate) fn run(_: &[&str]) {
    die_if_hung(100);
    let dir = tempfile::tempdir().unwrap();
    let open = |engine: &Arc<Engine>, path: &str| {
        let builder = OffloadStore::builder(dir.path().join(path));
        if path == "durable" { builder.durable().open(engine) } else { builder.open(engine) }
    };
    for path in ["ephemeral", "durable"] {
        let engine = Arc::new(Engine::new(&settings(64 << 10, SHAPES[2], MODES[0])).unwrap());
        let store = open(&engine, path).unwrap();
        store.put("before", pattern(1, LEN)).wait().unwrap();
        // Under way or not: their locks may be held at the fork, and their helpers are not there.
        let put = store.put("during", pattern(2, LEN));
        let get = store.get("before");
        let mut shared = Some((put, get, store));
        in_child(dir.path(), |steps| {
            let (put, get, store) = shared.take().unwrap();
            steps.at("waits for what the parent asked for");
            forked(put.wait().unwrap_err().error());
            forked(get.wait().unwrap_err().error());
            steps.at("requests of the child's");
            forked(store.put("child", vec![1; LEN]).wait().unwrap_err().error());
            forked(store.put_range("before", 0, vec![1]).wait().unwrap_err().error());
            forked(store.get("before").wait().unwrap_err().error());
            forked(&store.remove("before").unwrap_err());
            forked(&store.commit().unwrap_err());
            assert!(store.is_empty() && !store.contains("before"));
            steps.at("the store's end");
            forked(&store.close().unwrap_err());
        });
        let (put, get, store) = shared.unwrap();
        assert_same(&put.wait().unwrap(), &pattern(2, LEN), &"the parent's");
        assert_same(&get.wait().unwrap(), &pattern(1, LEN), &"the parent's");
        // The child's end has not let the directory go.
        assert_eq!(open(&engine, path).unwrap_err().kind(), StoreErrorKind::InUse);
        assert_same(&store.get("during").wait().unwrap(), &pattern(2, LEN), &"read after it");
        if store.is_durable() {
            store.commit().unwrap();
        }
        store.close().unwrap();
        assert_eq!(open(&engine, path).unwrap().len(), if path == "durable" { 2 } else { 0 });
    }
}

fn forked(error: &StoreError) {
    assert_eq!(error.kind(), StoreErrorKind::Forked, "{error}");
}
