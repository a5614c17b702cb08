//! Ten thousand tickets at once, in processes of their own that count what is left of them.

use ds_aio_tests::bytes::seed;

use crate::process::scenario;

fn storm(how_it_ends: &str) {
    let seed = seed().to_string();
    println!("replay with DS_AIO_TEST_SEED={seed}");
    scenario("ticket_storm", &[how_it_ends, &seed]);
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
