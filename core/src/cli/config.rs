//! `ds-aio config`: what the settings come to, what is wrong with a file, and files to start from.

use std::{io::Write, path::PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use ds_aio::{
    AioConfig, ConfigSchema, Loaded,
    config::{AIO_ENV_TEMPLATE, AIO_FORMAT, AIO_JSON_SCHEMA, AIO_TOML_TEMPLATE, Diagnostic, Origin, Severity},
};
use serde::Serialize;

use super::{exit::Failure, output::Output, settings::SettingsArguments};

/// What the settings come to, what is wrong with files, and files to start from
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {}

pub(super) fn run(arguments: &Arguments, _output: &mut Output) -> Result<(), Failure> {
    match arguments.command {}
}
