//! The search: from a coarse grid to neighbours of the best, and a last comparison of the few that are
//! left. It knows nothing of files: what a candidate is worth it is told.
//!
//! Whatever is compared is measured in turn, one sample each a round, so that a slow minute is one for
//! all of them. Differences within the noise count for nothing; of those that are as fast the
//! one that takes the least is chosen.

use serde::Serialize;

use super::candidate::{Candidate, Space};
use crate::cli::{bench::mixed, exit::Failure};

/// A candidate and how fast it was each time.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Trial {
    #[serde(flatten)]
    pub(super) candidate: Candidate,
    /// In GB/s.
    pub(super) samples: Vec<f64>,
}

/// What the search came to.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    pub(super) chosen: Candidate,
    /// Everything that was measured, the fastest first.
    pub(super) trials: Vec<Trial>,
    /// By how much one sample differs from the next, as a share.
    pub(super) noise: f64,
    /// How much faster the chosen one is than what there was; none if too little was measured.
    pub(super) gain: Option<Gain>,
    /// Whether the last comparison was made in full.
    pub(super) complete: bool,
}

/// The median of the ratios of samples taken in the same round, and where it lies nine times out of ten.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Gain {
    pub(super) median: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// Measures a candidate, and tells its speed; none when it is to end.
pub(super) type Measure<'a> = dyn FnMut(&Candidate) -> Result<Option<f64>, Failure> + 'a;

/// So many are left by the coarse rounds.
const LEFT_BY_COARSE: usize = 3;
/// Rounds for neighbours, before they are believed to be better.
const ROUNDS_OF_NEIGHBOURS: usize = 2;
/// Of the last comparison.
const FINALISTS: usize = 4;
const LAST_ROUNDS: usize = 7;
/// The parts of the time after which coarse rounds and steps to neighbours are over.
const COARSE_UNTIL: f64 = 0.4;
const NEIGHBOURS_UNTIL: f64 = 0.7;
/// A share by which being slower is hardly to be felt.
const HARDLY: f64 = 0.04;

/// A search under way.
pub(super) struct Search<'a> {
    start: Candidate,
    space: Space,
    measure: &'a mut Measure<'a>,
    /// The part of the time that is gone.
    spent: &'a dyn Fn() -> f64,
    trials: Vec<Trial>,
    /// The samples of the last comparison alone, which are of the same rounds.
    last: Vec<Trial>,
    ended: bool,
}

impl<'a> Search<'a> {
    /// From what there is.
    pub(super) fn new(
        start: Candidate,
        space: Space,
        measure: &'a mut Measure<'a>,
        spent: &'a dyn Fn() -> f64,
    ) -> Self {
        Self { start, space, measure, spent, trials: Vec::new(), last: Vec::new(), ended: false }
    }

    pub(super) fn run(mut self) -> Result<Outcome, Failure> {
        self.coarse()?;
        self.neighbours()?;
        let complete = self.last()?;
        Ok(self.outcome(complete))
    }

    /// Halves the grid round by round.
    fn coarse(&mut self) -> Result<(), Failure> {
        let mut left = self.start.coarse(&self.space);
        left.retain(|candidate| *candidate != self.start);
        left.insert(0, self.start);
        // The first sample of all pays for what is cold.
        let _ = (self.measure)(&self.start)?;
        while left.len() > LEFT_BY_COARSE && (self.spent)() < COARSE_UNTIL {
            self.round(&left)?;
            if self.ended {
                return Ok(());
            }
            left = self.best_of(&left, left.len().div_ceil(2));
        }
        Ok(())
    }

    /// Goes to a better neighbour while there is one.
    fn neighbours(&mut self) -> Result<(), Failure> {
        while !self.ended && (self.spent)() < NEIGHBOURS_UNTIL {
            let Some(best) = self.fastest() else { return Ok(()) };
            let mut new = best.neighbours(&self.space);
            new.retain(|candidate| self.trials.iter().all(|trial| trial.candidate != *candidate));
            if new.is_empty() {
                return Ok(());
            }
            new.insert(0, best);
            for _ in 0..ROUNDS_OF_NEIGHBOURS {
                self.round(&new)?;
            }
            let next = self.best_of(&new, 1);
            let (next, best) = (self.median_of(next.first()), self.median_of(Some(&best)));
            if next <= best * (1.0 + HARDLY.min(self.noise())) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Compares the few that may be the best, with what there was among them; tells whether all
    /// rounds were made.
    fn last(&mut self) -> Result<bool, Failure> {
        let mut finalists: Vec<_> = self.trials.iter().map(|trial| trial.candidate).collect();
        finalists = self.best_of(&finalists, FINALISTS);
        // One that takes less and seemed as fast.
        let best = self.median_of(finalists.first());
        let near = best * (1.0 - 2.0 * HARDLY);
        let cheap = self.trials.iter().filter(|trial| trial.median() >= near);
        let cheap = cheap.map(|trial| trial.candidate).min_by_key(Candidate::cost);
        for further in cheap.into_iter().chain([self.start]) {
            if !finalists.contains(&further) {
                finalists.push(further);
            }
        }
        let earlier = std::mem::take(&mut self.trials);
        for _ in 0..LAST_ROUNDS {
            self.round(&finalists)?;
        }
        self.last = std::mem::replace(&mut self.trials, earlier);
        Ok(!self.ended)
    }

    /// A sample of each, in turn.
    fn round(&mut self, candidates: &[Candidate]) -> Result<(), Failure> {
        for candidate in candidates {
            if self.ended {
                return Ok(());
            }
            let Some(speed) = (self.measure)(candidate)? else {
                self.ended = true;
                return Ok(());
            };
            match self.trials.iter_mut().find(|trial| trial.candidate == *candidate) {
                Some(trial) => trial.samples.push(speed),
                None => {
                    self.trials.push(Trial { candidate: *candidate, samples: vec![speed] });
                }
            }
        }
        Ok(())
    }

    fn outcome(mut self, complete: bool) -> Outcome {
        let noise = self.noise();
        for last in &self.last {
            match self.trials.iter_mut().find(|trial| trial.candidate == last.candidate) {
                Some(trial) => trial.samples.extend(&last.samples),
                None => self.trials.push(last.clone()),
            }
        }
        let chosen = if complete { self.cheapest_of_the_last() } else { self.fastest_known() };
        let chosen = chosen.unwrap_or(self.start);
        let samples = |candidate: Candidate| {
            let trial = self.last.iter().find(|trial| trial.candidate == candidate);
            trial.map_or(&[][..], |trial| &trial.samples)
        };
        let gain = Gain::of(samples(chosen), samples(self.start)).filter(|_| complete);
        self.trials.sort_by(|a, b| b.median().total_cmp(&a.median()));
        Outcome { chosen, noise, gain, complete, trials: self.trials }
    }

    /// Of those that are no slower than the fastest for certain, and hardly so by their medians, the
    /// one that takes the least.
    fn cheapest_of_the_last(&self) -> Option<Candidate> {
        let fastest = self.last.iter().max_by(|a, b| a.median().total_cmp(&b.median()))?;
        let as_fast = self.last.iter().filter(|trial| {
            let against = Gain::of(&trial.samples, &fastest.samples);
            against.is_some_and(|gain| gain.high >= 1.0 && gain.median >= 1.0 - HARDLY)
        });
        let by_cost = |a: &&Trial, b: &&Trial| {
            let by_speed = || b.median().total_cmp(&a.median());
            a.candidate.cost().cmp(&b.candidate.cost()).then_with(by_speed)
        };
        Some(as_fast.min_by(by_cost)?.candidate)
    }

    /// Of those that were sampled most.
    fn fastest_known(&self) -> Option<Candidate> {
        let most = self.trials.iter().map(|trial| trial.samples.len()).max()?;
        let known = self.trials.iter().filter(|trial| trial.samples.len() + 1 >= most);
        Some(known.max_by(|a, b| a.median().total_cmp(&b.median()))?.candidate)
    }

    fn fastest(&self) -> Option<Candidate> {
        let by_speed = |a: &&Trial, b: &&Trial| a.median().total_cmp(&b.median());
        Some(self.trials.iter().max_by(by_speed)?.candidate)
    }

    /// The fastest so many of `candidates`.
    fn best_of(&self, candidates: &[Candidate], count: usize) -> Vec<Candidate> {
        let mut sorted = candidates.to_vec();
        let speed = |candidate: &Candidate| self.median_of(Some(candidate));
        sorted.sort_by(|a, b| speed(b).total_cmp(&speed(a)));
        sorted.truncate(count);
        sorted
    }

    fn median_of(&self, candidate: Option<&Candidate>) -> f64 {
        let is = |trial: &&Trial| Some(&trial.candidate) == candidate;
        self.trials.iter().find(is).map_or(0.0, Trial::median)
    }

    /// The usual distance of a sample from the median of its candidate's, as a standard deviation.
    fn noise(&self) -> f64 {
        let all = self.trials.iter().chain(&self.last);
        let often = all.filter(|trial| trial.samples.len() > 1);
        let distances = often.flat_map(|trial| {
            let median = trial.median();
            trial.samples.iter().map(move |sample| (sample / median - 1.0).abs())
        });
        1.4826 * median(distances.collect())
    }
}

impl Trial {
    pub(super) fn median(&self) -> f64 {
        median(self.samples.clone())
    }
}

impl Gain {
    /// None of less than three pairs.
    fn of(chosen: &[f64], start: &[f64]) -> Option<Self> {
        const RESAMPLED: u64 = 1000;
        let ratios: Vec<_> =
            chosen.iter().zip(start).map(|(chosen, start)| chosen / start).collect();
        if ratios.len() < 3 {
            return None;
        }
        let drawn = |resample: u64| {
            let draws = (0..ratios.len() as u64).map(|draw| {
                let chance = mixed(resample << 32 | (draw + 1));
                ratios[(chance % ratios.len() as u64) as usize]
            });
            median(draws.collect())
        };
        let mut medians: Vec<_> = (0..RESAMPLED).map(drawn).collect();
        medians.sort_by(f64::total_cmp);
        let at = |share: f64| medians[(share * (RESAMPLED - 1) as f64) as usize];
        Some(Self { median: median(ratios.clone()), low: at(0.05), high: at(0.95) })
    }
}

/// 0 of none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let Some(last) = values.len().checked_sub(1) else { return 0.0 };
    f64::midpoint(values[last / 2], values[values.len() / 2])
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::cell::Cell;

    use ds_aio::{AioConfig, BackendMode};

    use super::*;

    const SPACE: Space = Space { most_bytes: 256 << 20, most_threads: 16, has_ring: true };

    /// Searches a machine whose speeds are those of `speed`, with noise of so much, in so many
    /// measurements.
    fn search(speed: impl Fn(&Candidate) -> f64, noise: f64, limit: u64) -> (Outcome, u64) {
        let count = Cell::new(0);
        let mut measure = |candidate: &Candidate| {
            if count.get() == limit {
                return Ok(None);
            }
            count.set(count.get() + 1);
            let chance = mixed(count.get()) as f64 / u64::MAX as f64 - 0.5;
            Ok(Some(speed(candidate) * (1.0 + 2.0 * noise * chance)))
        };
        let spent = || count.get() as f64 / limit as f64;
        let start = Candidate::of(&AioConfig::DEFAULT);
        let outcome = Search::new(start, SPACE, &mut measure, &spent).run().unwrap();
        (outcome, count.get())
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
            let (outcome, measured) = search(saturating, noise, 400);
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
        let (outcome, _) = search(|_| 1.0, 0.1, 400);
        let gain = outcome.gain.unwrap();
        assert!(gain.low < 1.0 && gain.high > 1.0 || gain.median == 1.0, "{gain:?}");
        assert_eq!(outcome.chosen.thread_count, 1);
        assert!((0.02..0.2).contains(&outcome.noise), "{}", outcome.noise);
    }

    #[test]
    fn settings_that_are_no_numbers_are_tried_too() {
        let speed = |candidate: &Candidate| {
            let threads = if candidate.backend == BackendMode::Threads { 2.0 } else { 1.0 };
            let single = if candidate.single_submit { 1.5 } else { 1.0 };
            threads * single * saturating(candidate)
        };
        let (outcome, _) = search(speed, 0.01, 600);
        assert_eq!(outcome.chosen.backend, BackendMode::Threads);
        assert!(outcome.chosen.single_submit);
    }

    #[test]
    fn it_ends_when_its_time_is_over_and_chooses_among_what_it_knows() {
        for limit in 0..60 {
            let (outcome, measured) = search(saturating, 0.01, limit);
            assert_eq!(measured, limit);
            assert!(!outcome.complete && outcome.gain.is_none());
            let known = outcome.trials.iter().any(|trial| trial.candidate == outcome.chosen);
            assert!(known || limit < 2, "{limit}: {outcome:#?}");
        }
    }

    #[test]
    fn no_candidate_is_outside_of_the_space() {
        let space = Space { most_bytes: 8 << 20, most_threads: 2, has_ring: false };
        let start = Candidate::of(&AioConfig::DEFAULT);
        let mut all = start.coarse(&space);
        all.extend(start.neighbours(&space));
        assert!(!all.is_empty());
        for candidate in all {
            assert!(candidate.bytes() <= 8 << 20 && candidate.thread_count <= 2, "{candidate:?}");
            assert_eq!(candidate.backend, BackendMode::Auto);
            assert!(candidate.within(&AioConfig::DEFAULT).is_ok());
        }
    }

    #[test]
    fn a_gain_lies_within_its_interval() {
        assert_eq!(Gain::of(&[2.0, 2.0], &[1.0, 1.0]), None);
        let gain = Gain::of(&[2.0, 2.2, 1.8, 2.1], &[1.0, 1.0, 1.0, 1.0]).unwrap();
        assert!(gain.low <= gain.median && gain.median <= gain.high && gain.low >= 1.8);
    }
}
