//! The search: from a coarse grid to neighbours of the best, and a last comparison of the few that are
//! left. It knows nothing of files: what a candidate is worth it is told.
//!
//! Whatever is compared is measured in turn, one sample each a round, back and forth, so that a slow
//! minute is one for all of them. Differences within the noise count for nothing; of those that are
//! as fast the one that takes the least is chosen. One that fails is out, and the search goes on.

#[cfg(all(test, not(loom)))]
mod tests;

use std::cmp::Ordering;

use serde::Serialize;

use super::{
    candidate::{Candidate, Space},
    trial::{ENOUGH_ROUNDS, Gain, Sample, Trial, deviation},
};
use crate::cli::bench::mixed;

/// A candidate that could not be measured.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Skipped {
    #[serde(flatten)]
    pub(super) candidate: Candidate,
    pub(super) reason: String,
}

/// What the search came to.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    pub(super) chosen: Candidate,
    /// Everything that was measured, the fastest first.
    pub(super) trials: Vec<Trial>,
    /// What failed.
    pub(super) skipped: Vec<Skipped>,
    /// By how much one sample differs from the next, as a share.
    pub(super) noise: f64,
    /// How much faster the chosen one is than what there was; none if too little was measured.
    pub(super) gain: Option<Gain>,
    /// Whether nothing was left out for want of time.
    pub(super) complete: bool,
    /// How often something was measured.
    pub(super) measurements: usize,
    /// Rounds of the last comparison, on which the choice rests.
    pub(super) last_rounds: usize,
}

/// What comes of a measurement.
pub(super) enum Measured {
    Sample(Sample),
    /// These settings do not work here, and why.
    Failed(String),
    /// It is to end.
    Ended,
}

pub(super) type Measure<'a> = dyn FnMut(&Candidate) -> Measured + 'a;
/// What an engine makes of a candidate: one that asks for more than it can have is another one.
pub(super) type Effective<'a> = dyn Fn(Candidate) -> Candidate + 'a;

/// So many are left by the coarse rounds.
const LEFT_BY_COARSE: usize = 3;
/// Rounds for neighbours, before they are believed to be better.
const ROUNDS_OF_NEIGHBOURS: usize = 2;
/// Of the last comparison.
const FINALISTS: usize = 4;
pub(super) const LAST_ROUNDS: usize = 7;
/// And as long as it is not decided.
const MOST_ROUNDS: usize = 21;
/// The parts of the time after which coarse rounds and steps to neighbours are over.
const COARSE_UNTIL: f64 = 0.4;
const NEIGHBOURS_UNTIL: f64 = 0.7;
/// A share by which being slower is hardly to be felt.
pub(super) const HARDLY: f64 = 0.04;
/// And by which it may be within the noise: where that is larger, nothing is known.
const WITHIN_NOISE: f64 = 0.1;
/// What a search takes that has the time: rounds of the grid and its halves, steps to neighbours, and
/// the last comparison.
pub(super) const USUAL_MEASUREMENTS: usize = 140;

/// A search under way.
pub(super) struct Search<'a> {
    start: Candidate,
    space: Space,
    effective: &'a Effective<'a>,
    measure: &'a mut Measure<'a>,
    /// The part of the time that is gone.
    spent: &'a dyn Fn() -> f64,
    /// What was gone before the first measurement.
    spent_before: f64,
    measurements: usize,
    rounds: usize,
    trials: Vec<Trial>,
    /// The samples of the last comparison alone, which are of the same rounds.
    last: Vec<Trial>,
    skipped: Vec<Skipped>,
    ended: bool,
    cut_short: bool,
}

impl<'a> Search<'a> {
    /// From what there is.
    pub(super) fn new(
        start: Candidate,
        space: Space,
        effective: &'a Effective<'a>,
        measure: &'a mut Measure<'a>,
        spent: &'a dyn Fn() -> f64,
    ) -> Self {
        Self {
            start,
            space,
            effective,
            measure,
            spent,
            spent_before: spent(),
            measurements: 0,
            rounds: 0,
            trials: Vec::new(),
            last: Vec::new(),
            skipped: Vec::new(),
            ended: false,
            cut_short: false,
        }
    }

    pub(super) fn run(mut self) -> Outcome {
        self.coarse();
        self.neighbours();
        let last_rounds = self.last();
        self.outcome(last_rounds)
    }

    /// Halves the grid round by round.
    fn coarse(&mut self) {
        // The first sample of all pays for what is cold.
        let start = self.start;
        let _ = self.sample(&start);
        let base = if self.is_skipped(&start) { start.with_any_backend() } else { start };
        let mut left = self.distinct(base.coarse(&self.space));
        left.retain(|candidate| *candidate != start);
        left.insert(0, start);
        if base != start {
            left.insert(0, base);
        }
        self.shorten(&mut left);
        while !self.ended {
            self.round(&left);
            left = self.best_of(&left, left.len().div_ceil(2));
            if left.len() <= LEFT_BY_COARSE {
                return;
            }
            if !self.has_room(left.len(), COARSE_UNTIL) {
                self.cut_short = true;
                return;
            }
        }
    }

    /// What engines make of them, each once.
    fn distinct(&self, candidates: Vec<Candidate>) -> Vec<Candidate> {
        let mut distinct = Vec::new();
        for effective in candidates.into_iter().map(self.effective) {
            if !distinct.contains(&effective) {
                distinct.push(effective);
            }
        }
        distinct
    }

    /// Leaves so many of the grid as leave time for a comparison: the first, which is what there
    /// was, and others by lot, as even steps would meet one kind alone.
    fn shorten(&mut self, grid: &mut Vec<Candidate>) {
        let room = self.room(COARSE_UNTIL).max(LEFT_BY_COARSE + 1);
        if grid.len() <= room {
            return;
        }
        self.cut_short = true;
        let mut lots: Vec<_> = grid.drain(1..).zip((1..).map(mixed)).collect();
        lots.sort_by_key(|(_, lot)| *lot);
        grid.extend(lots.into_iter().take(room - 1).map(|(candidate, _)| candidate));
    }

    /// Goes to a better neighbour while there is one.
    fn neighbours(&mut self) {
        while !self.ended {
            let Some(best) = self.fastest() else { return };
            let mut new = self.distinct(best.neighbours(&self.space));
            new.retain(|candidate| {
                let known = self.trials.iter().any(|trial| trial.candidate == *candidate);
                !known && !self.is_skipped(candidate)
            });
            if new.is_empty() {
                return;
            }
            new.insert(0, best);
            if !self.has_room(new.len() * ROUNDS_OF_NEIGHBOURS, NEIGHBOURS_UNTIL) {
                self.cut_short = true;
                return;
            }
            for _ in 0..ROUNDS_OF_NEIGHBOURS {
                self.round(&new);
            }
            let next = self.best_of(&new, 1);
            let (next, best) = (self.median_of(next.first()), self.median_of(Some(&best)));
            if next <= best * (1.0 + HARDLY.min(self.noise())) {
                return;
            }
        }
    }

    /// Compares the few that may be the best, with what there was among them; tells how many whole
    /// rounds were made.
    fn last(&mut self) -> usize {
        let all: Vec<_> = self.trials.iter().map(|trial| trial.candidate).collect();
        let mut finalists = self.best_of(&all, FINALISTS);
        // One that takes less and seemed as fast.
        let best = self.median_of(finalists.first());
        let near = best * (1.0 - 2.0 * HARDLY);
        let cheap = self.trials.iter().filter(|trial| trial.median() >= near);
        let cheap = cheap.map(|trial| trial.candidate).min_by_key(Candidate::cost);
        let start = Some(self.start).filter(|start| !self.is_skipped(start));
        // The fastest, what there was, what is cheap, and then the others, as time allows.
        let others = finalists.split_off(finalists.len().min(1));
        for further in start.into_iter().chain(cheap).chain(others) {
            if !finalists.contains(&further) {
                finalists.push(further);
            }
        }
        let room = self.room(1.0) / ENOUGH_ROUNDS;
        if finalists.len() > room.max(2) {
            finalists.truncate(room.max(2));
            self.cut_short = true;
        }
        let earlier = std::mem::take(&mut self.trials);
        let mut rounds = 0;
        while rounds < LAST_ROUNDS || rounds < MOST_ROUNDS && !is_decided(&self.trials) {
            // What is beyond the usual need not be begun.
            if rounds >= LAST_ROUNDS && !self.has_room(finalists.len(), 1.0) {
                break;
            }
            self.round(&finalists);
            if self.ended {
                break;
            }
            rounds += 1;
        }
        self.last = std::mem::replace(&mut self.trials, earlier);
        rounds
    }

    /// A sample of each, in turn.
    fn round(&mut self, candidates: &[Candidate]) {
        self.rounds += 1;
        let mut in_turn = candidates.to_vec();
        if self.rounds.is_multiple_of(2) {
            in_turn.reverse();
        }
        for candidate in &in_turn {
            let Some(sample) = self.sample(candidate) else { continue };
            match self.trials.iter_mut().find(|trial| trial.candidate == *candidate) {
                Some(trial) => trial.samples.push(sample),
                None => {
                    let (candidate, samples) = (*candidate, vec![sample]);
                    self.trials.push(Trial { candidate, samples, against_chosen: None });
                }
            }
        }
    }

    /// None of one that fails, of one that failed before, and in the end.
    fn sample(&mut self, candidate: &Candidate) -> Option<Sample> {
        if self.ended || self.is_skipped(candidate) {
            return None;
        }
        match (self.measure)(candidate) {
            Measured::Sample(sample) => {
                self.measurements += 1;
                return Some(sample);
            }
            Measured::Failed(reason) => {
                self.skipped.push(Skipped { candidate: *candidate, reason });
                self.trials.retain(|trial| trial.candidate != *candidate);
            }
            Measured::Ended => self.ended = true,
        }
        None
    }

    fn is_skipped(&self, candidate: &Candidate) -> bool {
        self.skipped.iter().any(|skipped| skipped.candidate == *candidate)
    }

    /// How many measurements end before that part of the time is over, by those that were made.
    fn room(&self, until: f64) -> usize {
        let spent = (self.spent)();
        let each = (spent - self.spent_before) / self.measurements.max(1) as f64;
        // Of no time at all as many as there may be, and of none left none.
        ((until - spent) / each) as usize
    }

    fn has_room(&self, measurements: usize, until: f64) -> bool {
        self.room(until) >= measurements
    }

    fn outcome(mut self, last_rounds: usize) -> Outcome {
        let noise = self.noise();
        for last in &self.last {
            match self.trials.iter_mut().find(|trial| trial.candidate == last.candidate) {
                Some(trial) => trial.samples.extend(&last.samples),
                None => self.trials.push(last.clone()),
            }
        }
        self.trials.retain(|trial| {
            let mut skipped = self.skipped.iter();
            skipped.all(|skipped| skipped.candidate != trial.candidate)
        });
        let compared = last_rounds >= ENOUGH_ROUNDS;
        let chosen = if compared { self.cheapest_of_the_last() } else { self.fastest_known() };
        let chosen = chosen.unwrap_or(self.start);
        let last = |candidate: &Candidate| {
            self.last.iter().find(|trial| trial.candidate == *candidate).filter(|_| compared)
        };
        let against = |one: &Candidate, other: &Candidate| Gain::of(last(one)?, last(other)?);
        let gain = against(&chosen, &self.start);
        for trial in &mut self.trials {
            trial.against_chosen = against(&trial.candidate, &chosen);
        }
        self.trials.sort_by(|a, b| b.median().total_cmp(&a.median()));
        Outcome {
            chosen,
            noise,
            gain,
            complete: last_rounds >= LAST_ROUNDS && !self.cut_short,
            trials: self.trials,
            skipped: self.skipped,
            measurements: self.measurements,
            last_rounds,
        }
    }

    /// Of those that are no slower than the fastest for certain, and by their medians hardly so or
    /// within the noise, the one that takes the least.
    fn cheapest_of_the_last(&self) -> Option<Candidate> {
        let fastest = fastest_of(&self.last)?;
        // By so much medians of so many ratios of two differ by chance.
        let rounds = fastest.samples.len() as f64;
        let chance = (1.2533 * (2.0 / rounds).sqrt() * self.noise()).min(WITHIN_NOISE);
        let as_fast = self.last.iter().filter(|trial| {
            let against = Gain::of(trial, fastest);
            against.is_some_and(|gain| gain.high >= 1.0 && gain.median >= 1.0 - HARDLY.max(chance))
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
        Some(known.max_by(by_speed)?.candidate)
    }

    fn fastest(&self) -> Option<Candidate> {
        Some(fastest_of(&self.trials)?.candidate)
    }

    /// The fastest so many of those `candidates` that were measured.
    fn best_of(&self, candidates: &[Candidate], count: usize) -> Vec<Candidate> {
        let trials = self.trials.iter().filter(|trial| candidates.contains(&trial.candidate));
        let mut sorted: Vec<_> = trials.collect();
        sorted.sort_by(|a, b| b.median().total_cmp(&a.median()));
        sorted.iter().take(count).map(|trial| trial.candidate).collect()
    }

    fn median_of(&self, candidate: Option<&Candidate>) -> f64 {
        let is = |trial: &&Trial| Some(&trial.candidate) == candidate;
        self.trials.iter().find(is).map_or(0.0, Trial::median)
    }

    /// The usual distance of a sample from the median of its candidate's, as a standard deviation.
    fn noise(&self) -> f64 {
        let all = self.trials.iter().chain(&self.last);
        let often = all.filter(|trial| trial.samples.len() > 1);
        deviation(often.flat_map(Trial::distances).collect())
    }
}

fn by_speed(one: &&Trial, other: &&Trial) -> Ordering {
    one.median().total_cmp(&other.median())
}

fn fastest_of(trials: &[Trial]) -> Option<&Trial> {
    trials.iter().max_by(by_speed)
}

/// Whether of each it is known that it is slower than the fastest, or that it is hardly so.
fn is_decided(trials: &[Trial]) -> bool {
    let Some(fastest) = fastest_of(trials) else { return true };
    let gains = trials.iter().filter_map(|trial| Gain::of(trial, fastest));
    gains.into_iter().all(|gain| gain.high < 1.0 || gain.low >= 1.0 - HARDLY)
}
