//! What becomes of a store whose syncs fail.

use super::{Bench, bytes, state_of};
use crate::store::StoreErrorKind;

#[test]
fn a_failed_sync_of_data_poisons_the_store_until_it_is_opened_again() {
    let bench = Bench::new();
    let store = bench.open().unwrap();
    store.put("a", bytes(1, 3000)).wait().unwrap();
    store.commit().unwrap();
    let committed = state_of(&store).unwrap();
    store.put("a", bytes(2, 3000)).wait().unwrap();
    bench.journal.fail_syncs(true);
    let error = store.commit().unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Io);
    assert_eq!(error.engine_error().unwrap().errno(), Some(nix::errno::Errno::EIO as i32));
    // Never again, although the device might say yes.
    bench.journal.fail_syncs(false);
    for error in [
        store.commit().unwrap_err(),
        store.put("a", bytes(3, 3000)).wait().unwrap_err().into_parts().0,
        store.put_range("a", 0, bytes(3, 30)).wait().unwrap_err().into_parts().0,
        store.remove("a").unwrap_err(),
    ] {
        assert_eq!(error.kind(), StoreErrorKind::Poisoned, "{error}");
        assert!(error.engine_error().is_some(), "the cause: {error}");
    }
    assert_eq!(store.get("a").wait().unwrap()[..], bytes(2, 3000));
    store.close().unwrap();
    let store = bench.open().unwrap();
    assert_eq!(state_of(&store).unwrap(), committed);
    store.put("a", bytes(4, 3000)).wait().unwrap();
    assert_eq!(store.commit().unwrap().number, 2);
}
