//! Searches of machines that are made up.

use std::cell::Cell;

use ds_aio::{AioConfig, BackendMode};

use super::*;
use crate::cli::bench::Legs;

const SPACE: Space =
    Space { most_bytes: 256 << 20, most_threads: 16, ring: Some(BackendMode::Auto) };

fn sample(gb_per_s: f64) -> Sample {
    Sample { gb_per_s, legs: Legs::default() }
}

/// Searches a machine whose speeds are those of `speed`, none where it fails, with noise of so much,
/// in so many measurements.
fn search(
    start: Candidate,
    speed: impl Fn(&Candidate) -> Option<f64>,
    noise: f64,
    limit: u64,
) -> (Outcome, u64) {
    search_in(SPACE, start, &|candidate| candidate, speed, noise, limit)
}

/// In a space, with engines that may make something else of what they are asked for.
fn search_in(
    space: Space,
    start: Candidate,
    effective: &Effective<'_>,
    speed: impl Fn(&Candidate) -> Option<f64>,
    noise: f64,
    limit: u64,
) -> (Outcome, u64) {
    let count = Cell::new(0);
    let mut measure = |candidate: &Candidate| {
        if count.get() == limit {
            return Measured::Ended;
        }
        count.set(count.get() + 1);
        let chance = mixed(count.get()) as f64 / u64::MAX as f64 - 0.5;
        match speed(candidate) {
            Some(speed) => Measured::Sample(sample(speed * (1.0 + 2.0 * noise * chance))),
            None => Measured::Failed("it is not to be had".to_owned()),
        }
    };
    let spent = || count.get() as f64 / limit.max(1) as f64;
    let outcome = Search::new(start, space, effective, &mut measure, &spent).run();
    (outcome, count.get())
}

fn start() -> Candidate {
    Candidate::of(&AioConfig::DEFAULT)
}

/// Rises to a block size and a number of blocks, and stays.
fn saturating(candidate: &Candidate) -> f64 {
    let part = |value: usize, enough: usize| (value as f64 / enough as f64).min(1.0);
    let base = part(candidate.block_size, 4 << 20) * part(candidate.blocks(), 32);
    let backend = if candidate.backend == BackendMode::Threads { 0.8 } else { 1.0 };
    3.0 * base.powf(0.5) * backend
}

#[test]
fn the_least_that_is_as_fast_as_the_best_is_found() {
    for noise in [0.0, 0.02] {
        let speed = |candidate: &Candidate| Some(saturating(candidate));
        let (outcome, measured) = search(start(), speed, noise, 400);
        let Candidate { block_size, thread_count, backend, .. } = outcome.chosen;
        assert!(outcome.complete, "{outcome:#?}");
        assert!(saturating(&outcome.chosen) > 2.8, "{:?}", outcome.chosen);
        assert!(block_size <= 8 << 20 && thread_count == 1, "{:?}", outcome.chosen);
        assert_eq!(backend, BackendMode::Auto);
        assert!(outcome.gain.unwrap().low > 1.2, "{:?}", outcome.gain);
        assert!(measured < 200, "{measured}");
    }
}

#[test]
fn where_nothing_makes_a_difference_the_least_of_all_is_no_slower() {
    let (outcome, _) = search(start(), |_| Some(1.0), 0.1, 400);
    let gain = outcome.gain.unwrap();
    // One time of ten it lies beyond its interval.
    assert!((1.0 - HARDLY..1.0 + HARDLY).contains(&gain.median), "{gain:?}");
    assert_eq!(outcome.chosen.thread_count, 1);
    assert!((0.02..0.2).contains(&outcome.noise), "{}", outcome.noise);
}

#[test]
fn what_an_engine_does_not_run_is_not_tried() {
    const MOST_BLOCKS: usize = 12;
    let effective = |candidate: Candidate| {
        let most = (MOST_BLOCKS / candidate.thread_count).max(1);
        Candidate { queue_depth: candidate.queue_depth.min(most), ..candidate }
    };
    let speed = |candidate: &Candidate| {
        assert!(candidate.blocks() <= MOST_BLOCKS.max(candidate.thread_count), "{candidate:?}");
        Some(saturating(candidate))
    };
    let (outcome, _) = search_in(SPACE, effective(start()), &effective, speed, 0.01, 400);
    assert!(outcome.complete && outcome.gain.is_some_and(|gain| gain.low > 1.1), "{outcome:#?}");
    for (number, trial) in outcome.trials.iter().enumerate() {
        let mut earlier = outcome.trials[..number].iter();
        assert!(earlier.all(|other| other.candidate != trial.candidate), "{trial:#?}");
    }
}

#[test]
fn settings_that_are_no_numbers_are_tried_too() {
    let speed = |candidate: &Candidate| {
        let threads = if candidate.backend == BackendMode::Threads { 2.0 } else { 1.0 };
        let single = if candidate.single_submit { 1.5 } else { 1.0 };
        Some(threads * single * saturating(candidate))
    };
    let (outcome, _) = search(start(), speed, 0.01, 600);
    assert_eq!(outcome.chosen.backend, BackendMode::Threads);
    assert!(outcome.chosen.single_submit);
}

#[test]
fn a_ring_that_was_asked_for_by_name_is_not_tried_by_another() {
    let start = Candidate { backend: BackendMode::IoUring, ..start() };
    let speed = |candidate: &Candidate| {
        let threads = if candidate.backend == BackendMode::Threads { 1.5 } else { 1.0 };
        Some(threads * saturating(candidate))
    };
    let space = Space { ring: Some(BackendMode::IoUring), ..SPACE };
    let (outcome, _) = search_in(space, start, &|candidate| candidate, speed, 0.01, 600);
    assert_eq!(outcome.chosen.backend, BackendMode::Threads);
    assert!(outcome.trials.iter().any(|trial| trial.candidate.backend == BackendMode::IoUring));
    assert!(outcome.trials.iter().all(|trial| trial.candidate.backend != BackendMode::Auto));
}

#[test]
fn what_fails_is_left_out_and_the_rest_is_searched() {
    let speed = |candidate: &Candidate| {
        let works = candidate.thread_count == 1 && candidate.block_size != 512 << 10;
        works.then(|| saturating(candidate))
    };
    let (outcome, _) = search(start(), speed, 0.01, 400);
    assert!(outcome.complete && outcome.gain.is_some_and(|gain| gain.low > 1.2));
    assert!(saturating(&outcome.chosen) > 2.8, "{:?}", outcome.chosen);
    assert!(!outcome.skipped.is_empty());
    for (number, skipped) in outcome.skipped.iter().enumerate() {
        assert!(speed(&skipped.candidate).is_none(), "{skipped:?}");
        let again = outcome.skipped[..number].iter();
        assert!(again.filter(|other| other.candidate == skipped.candidate).count() == 0);
    }
    assert!(outcome.trials.iter().all(|trial| speed(&trial.candidate).is_some()));
}

#[test]
fn where_the_start_fails_for_its_backend_others_are_tried() {
    let start = Candidate { backend: BackendMode::IoUring, ..start() };
    let speed = |candidate: &Candidate| {
        (candidate.backend != BackendMode::IoUring).then(|| saturating(candidate))
    };
    let (outcome, _) = search(start, speed, 0.01, 400);
    assert_eq!(outcome.skipped.len(), 1, "{:#?}", outcome.skipped);
    assert!(outcome.complete && outcome.gain.is_none());
    assert!(saturating(&outcome.chosen) > 2.8, "{:?}", outcome.chosen);
}

#[test]
fn what_fails_in_the_end_only_is_not_chosen() {
    let measured = Cell::new(0);
    let failing = Cell::new(None);
    let speed = |candidate: &Candidate| {
        measured.set(measured.get() + 1);
        if measured.get() > 90 && failing.get().is_none() && saturating(candidate) > 2.9 {
            failing.set(Some(*candidate));
        }
        (failing.get() != Some(*candidate)).then(|| saturating(candidate))
    };
    let (outcome, _) = search(start(), speed, 0.0, 400);
    let failing = failing.get().unwrap();
    assert_ne!(outcome.chosen, failing);
    assert!(outcome.trials.iter().all(|trial| trial.candidate != failing));
}

#[test]
fn where_everything_fails_it_ends() {
    let (outcome, measured) = search(start(), |_| None, 0.0, 400);
    assert!(outcome.trials.is_empty() && measured < 30, "{measured}");
    assert_eq!(outcome.chosen, start());
}

#[test]
fn it_ends_when_its_time_is_over_and_chooses_among_what_it_knows() {
    for limit in 0..100 {
        let speed = |candidate: &Candidate| Some(saturating(candidate));
        let (outcome, measured) = search(start(), speed, 0.01, limit);
        assert!(measured <= limit && !outcome.complete, "{limit}: {outcome:#?}");
        let known = outcome.trials.iter().any(|trial| trial.candidate == outcome.chosen);
        assert!(known || limit < 2, "{limit}: {outcome:#?}");
        // Of little time some is kept for comparing.
        assert!(limit < 15 || outcome.gain.is_some(), "{limit}: {outcome:#?}");
    }
}

#[test]
fn no_candidate_is_outside_of_the_space() {
    let space = Space { most_bytes: 8 << 20, most_threads: 2, ring: None };
    let mut all = start().coarse(&space);
    all.extend(start().neighbours(&space));
    assert!(!all.is_empty());
    for candidate in all {
        assert!(candidate.bytes() <= 8 << 20 && candidate.thread_count <= 2, "{candidate:?}");
        assert_eq!(candidate.backend, BackendMode::Auto);
        assert!(candidate.within(&AioConfig::DEFAULT).is_ok());
    }
}
