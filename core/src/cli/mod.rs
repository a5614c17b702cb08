//! The command `ds-aio`, a program on the crate's public API like any other.
//!
//! What was asked for goes to standard output, as text or JSON; warnings, progress and failures go
//! to standard error.

mod bench;
mod config;
mod doctor;
mod exit;
mod interrupt;
mod output;
mod place;
mod settings;
mod tune;

use std::{io::Write, process::ExitCode};

use clap::{CommandFactory, Parser, Subcommand};

use exit::Failure;
use output::Output;

/// What is right and wrong with a machine, how fast it is, and what its settings come to.
#[derive(Debug, Parser)]
#[command(name = "ds-aio", bin_name = "ds-aio", version, after_help = exit::CODES)]
struct Arguments {
    /// Print JSON in place of text
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Doctor(doctor::Arguments),

    Bench(bench::Arguments),

    Tune(tune::Arguments),

    Config(config::Arguments),

    /// Print the completions of a shell, to be sourced or installed
    Completions {
        /// Whose
        shell: clap_complete::Shell,
    },

    /// Print a manual page, as roff: `ds-aio man | man -l -`
    Man {
        /// Of this subcommand, `config show` say [default: of the command as a whole]
        #[arg(value_name = "COMMAND")]
        of: Vec<String>,
    },
}

/// Runs the command with the arguments of this process.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut output = Output::new(arguments.json);
    let ended = run(arguments.command, &mut output);
    match ended.and_then(|()| Ok(output.flush()?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.tell(),
    }
}

fn run(command: Command, output: &mut Output) -> Result<(), Failure> {
    match command {
        Command::Doctor(arguments) => doctor::run(&arguments, output),
        Command::Bench(arguments) => bench::run(&arguments, output),
        Command::Tune(arguments) => tune::run(&arguments, output),
        Command::Config(arguments) => config::run(&arguments, output),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "ds-aio", &mut script);
            Ok(output.write_all(&script)?)
        }
        Command::Man { of } => Ok(output.write_all(&manual(&of)?)?),
    }
}

fn manual(of: &[String]) -> Result<Vec<u8>, Failure> {
    let mut command = Arguments::command();
    // Names of subcommands become whole ones.
    command.build();
    let mut described = &command;
    for name in of {
        described =
            described.find_subcommand(name).ok_or_else(|| no_subcommand(described, name))?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(described.clone()).render(&mut page)?;
    Ok(page)
}

fn no_subcommand(of: &clap::Command, name: &str) -> Failure {
    let names = of.get_subcommands().map(clap::Command::get_name).filter(|name| *name != "help");
    let names: Vec<_> = names.collect();
    let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let of = of.get_bin_name().unwrap_or_default();
    Failure::misconfigured(format!("{of} has no subcommand {name}: there is {there}"))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_agree_with_each_other() {
        Arguments::command().debug_assert();
    }
}
