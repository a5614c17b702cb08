//! Ten thousand tickets at once, in processes of their own that count what is left of them.

use std::process::Command;

use ds_aio_tests::bytes::seed;

fn storm(how_it_ends: &str) {
    let seed = seed().to_string();
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_ticket_storm"))
        .args([how_it_ends, &seed])
        .env("TMPDIR", dir.path())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}, to be replayed with DS_AIO_TEST_SEED={seed}:\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn ten_thousand_tickets_and_the_engine_dropped_at_once() {
    storm("drop");
}

#[test]
fn ten_thousand_tickets_and_the_engine_dropped_by_another_thread() {
    storm("drop-elsewhere");
}

#[test]
fn ten_thousand_tickets_and_the_engine_closed() {
    storm("close");
}
