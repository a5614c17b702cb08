//! The settings that an engine gets: of files, the environment and the command line.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{
    Args,
    builder::{PathBufValueParser, TypedValueParser},
};
use ds_aio::{AioConfig, Config, ConfigErrors, Loaded, Loader};

use super::{exit::Failure, output::warn};

/// Where settings come from, each source over those before it: defaults, files, DS_AIO_* variables,
/// `--set`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Settings")]
pub(super) struct SettingsArguments {
    /// Read settings from the section `aio` of this TOML or JSON file (a DeepSpeed configuration,
    /// say); later files go over earlier ones
    #[arg(short = 'f', long = "file", value_name = "FILE", value_parser = settings_file())]
    files: Vec<PathBuf>,

    /// Set one, over files and variables: `--set block_size=4MiB`
    #[arg(short = 's', long = "set", value_name = "KEY=VALUE", value_parser = assignment)]
    explicit: Vec<(String, String)>,

    /// Leave the DS_AIO_* variables out of it
    #[arg(long)]
    no_env: bool,
}

impl SettingsArguments {
    /// Those of one file alone.
    pub(super) fn of_file(file: &Path) -> Self {
        Self { files: vec![file.to_owned()], explicit: Vec::new(), no_env: true }
    }

    /// Loads them, and tells the warnings.
    pub(super) fn load(&self) -> Result<Loaded<AioConfig>, Failure> {
        let loaded = self.loader().load()?;
        loaded.warnings().iter().for_each(warn);
        Ok(loaded)
    }

    fn loader(&self) -> Loader<AioConfig> {
        let mut loader = AioConfig::loader();
        for file in &self.files {
            loader = loader.file(file);
        }
        if !self.no_env {
            loader = loader.env();
        }
        for (key, value) in &self.explicit {
            loader = loader.set(key, value.as_str());
        }
        loader
    }
}

/// A file of settings on the command line, whose name tells its format.
pub(super) fn settings_file() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| {
        let is_pipe = || path.metadata().is_ok_and(|found| !found.is_file() && !found.is_dir());
        let is_odd = || path == Path::new("-") || path.starts_with("/dev") || is_pipe();
        if path.extension().is_none() && is_odd() {
            return Err(
                "settings do not come from a pipe: give a file that ends in .toml or .json",
            );
        }
        Ok(path)
    })
}

fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err("write KEY=VALUE, as in block_size=4MiB".to_owned()),
    }
}

/// A number of bytes on the command line, read as settings are.
pub(super) fn size(text: &str) -> Result<u64, String> {
    #[derive(Config)]
    #[config(section = "size", consts = none)]
    struct Size {
        #[config(required, bytes, range = 1..)]
        bytes: u64,
    }
    let loaded = Size::loader().set("bytes", text).load();
    loaded.map(|loaded| loaded.value.bytes).map_err(hint)
}

/// A time on the command line that is not none, read as settings are: `90s`, `5min`.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    #[derive(Config)]
    #[config(section = "time", consts = none)]
    struct Time {
        #[config(required)]
        time: Duration,
    }
    let loaded = Time::loader().set("time", text).load();
    match loaded.map_err(hint)?.value.time {
        Duration::ZERO => Err("that is no time at all: give one such as 60s".to_owned()),
        time => Ok(time),
    }
}

/// What would be right.
fn hint(errors: ConfigErrors) -> String {
    let hint = errors.iter().find_map(|error| error.help().or(error.expected()));
    hint.map_or_else(|| errors.to_string(), str::to_owned)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_binary_and_what_is_not_understood_is_told() {
        assert_eq!(size("4K"), Ok(4096));
        assert_eq!(size("1GiB"), Ok(1 << 30));
        for wrong in ["1MB", "0", "many", "-4K"] {
            assert!(size(wrong).is_err_and(|hint| !hint.is_empty()), "{wrong}");
        }
    }

    #[test]
    fn times_have_units() {
        assert_eq!(time("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(time("1.5min"), Ok(Duration::from_secs(90)));
        for wrong in ["90", "0s"] {
            assert!(time(wrong).is_err_and(|hint| !hint.is_empty()), "{wrong}");
        }
    }

    #[test]
    fn an_assignment_has_a_key_and_any_value() {
        let pair = |key: &str, value: &str| Ok((key.to_owned(), value.to_owned()));
        assert_eq!(assignment("block_size=4MiB"), pair("block_size", "4MiB"));
        assert_eq!(assignment("a=b=c"), pair("a", "b=c"));
        assert_eq!(assignment("a="), pair("a", ""));
        assert!(assignment("block_size").is_err());
        assert!(assignment("=1").is_err());
    }
}
