//! What was measured of a candidate, and how two are compared.

use serde::Serialize;

use super::candidate::Candidate;
use crate::cli::bench::{Legs, mixed};

/// A candidate and how fast it was each time.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Trial {
    #[serde(flatten)]
    pub(super) candidate: Candidate,
    pub(super) samples: Vec<Sample>,
    /// How fast it is as a multiple of the chosen one; none of those that were not compared last.
    pub(super) against_chosen: Option<Gain>,
}

/// One measurement.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Sample {
    /// Of reads and writes in the proportion that was asked for.
    pub(super) gb_per_s: f64,
    #[serde(flatten)]
    pub(super) legs: Legs,
}

/// The median of the ratios of samples taken in the same round, and where it lies nine times out of ten.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Gain {
    pub(super) median: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// Rounds that a comparison can rest on, if there is no time for more.
pub(super) const ENOUGH_ROUNDS: usize = 3;

impl Trial {
    pub(super) fn median(&self) -> f64 {
        self.median_by(|sample| sample.gb_per_s)
    }

    /// The median of something of its samples.
    pub(super) fn median_by(&self, of: impl Fn(&Sample) -> f64) -> f64 {
        median(self.samples.iter().map(of).collect())
    }

    /// The least and the most.
    pub(super) fn range(&self) -> (f64, f64) {
        let speeds = || self.samples.iter().map(|sample| sample.gb_per_s);
        (speeds().fold(f64::INFINITY, f64::min), speeds().fold(0.0, f64::max))
    }

    /// The usual distance of a sample from the median, as a standard deviation and a share; none of
    /// one sample.
    pub(super) fn noise(&self) -> Option<f64> {
        (self.samples.len() > 1).then(|| deviation(self.distances().collect()))
    }

    pub(super) fn distances(&self) -> impl Iterator<Item = f64> {
        let median = self.median();
        self.samples.iter().map(move |sample| (sample.gb_per_s / median - 1.0).abs())
    }
}

impl Gain {
    /// Of two in the same rounds; none of less than three.
    pub(super) fn of(one: &Trial, other: &Trial) -> Option<Self> {
        const RESAMPLED: u64 = 1000;
        let pairs = one.samples.iter().zip(&other.samples);
        let ratios: Vec<_> = pairs.map(|(one, other)| one.gb_per_s / other.gb_per_s).collect();
        if ratios.len() < ENOUGH_ROUNDS {
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

/// The standard deviation that distances from a median tell of.
pub(super) fn deviation(distances: Vec<f64>) -> f64 {
    1.4826 * median(distances)
}

/// 0 of none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let Some(last) = values.len().checked_sub(1) else { return 0.0 };
    f64::midpoint(values[last / 2], values[values.len() / 2])
}

#[cfg(all(test, not(loom)))]
mod tests {
    use ds_aio::AioConfig;

    use super::*;

    fn trial(speeds: &[f64]) -> Trial {
        let sample = |gb_per_s: &f64| Sample { gb_per_s: *gb_per_s, legs: Legs::default() };
        let candidate = Candidate::of(&AioConfig::DEFAULT);
        Trial { candidate, samples: speeds.iter().map(sample).collect(), against_chosen: None }
    }

    #[test]
    fn a_gain_lies_within_its_interval() {
        assert_eq!(Gain::of(&trial(&[2.0, 2.0]), &trial(&[1.0, 1.0])), None);
        let gain = Gain::of(&trial(&[2.0, 2.2, 1.8, 2.1]), &trial(&[1.0; 4])).unwrap();
        assert!(gain.low <= gain.median && gain.median <= gain.high && gain.low >= 1.8);
    }

    #[test]
    fn a_trial_is_told_by_its_median_and_its_range() {
        let trial = trial(&[3.0, 1.0, 2.0]);
        assert_eq!((trial.median(), trial.range()), (2.0, (1.0, 3.0)));
        assert_eq!(median(Vec::new()), 0.0);
    }
}
