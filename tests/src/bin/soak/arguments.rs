//! The command line.

use std::{env, path::PathBuf, str::FromStr, time::Duration};

use ds_aio_tests::bytes::seed;

pub(crate) const USAGE: &str =
    "usage: soak [--minutes N | --rounds N] [--seed SEED] [--dir DIR] [--memory PERCENT]";

pub(crate) struct Arguments {
    minutes: Option<f64>,
    rounds: Option<u64>,
    pub(crate) seed: u64,
    pub(crate) dir: PathBuf,
    /// Percent of the machine's memory that are to be in use at times.
    pub(crate) memory: u64,
}

impl Arguments {
    pub(crate) fn parse(words: Vec<String>) -> Result<Self, String> {
        let (minutes, rounds, dir) = (None, None, env::temp_dir());
        let mut arguments = Self { minutes, rounds, seed: seed(), dir, memory: 60 };
        let mut words = words.into_iter();
        while let Some(option) = words.next() {
            let value = words.next().ok_or_else(|| format!("{option} has no value"))?;
            match &*option {
                "--minutes" => arguments.minutes = Some(number(&option, &value)?),
                "--rounds" => arguments.rounds = Some(number(&option, &value)?),
                "--seed" => arguments.seed = number(&option, &value)?,
                "--dir" => arguments.dir = value.into(),
                "--memory" => arguments.memory = number(&option, &value)?,
                _ => return Err(format!("{option} is no option")),
            }
        }
        if arguments.memory > 95 {
            return Err("--memory is beyond 95 percent".to_owned());
        }
        if arguments.minutes.is_none() && arguments.rounds.is_none() {
            arguments.minutes = Some(1.0);
        }
        Ok(arguments)
    }

    /// Whether there is to be one more round.
    pub(crate) fn go_on(&self, rounds: u64, elapsed: Duration) -> bool {
        self.rounds.is_none_or(|wanted| rounds < wanted)
            && self.minutes.is_none_or(|minutes| elapsed.as_secs_f64() < minutes * 60.0)
    }
}

fn number<T: FromStr>(option: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{option} does not take {value:?}"))
}
