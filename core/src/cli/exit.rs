//! How the command ends.

use std::{fmt::Display, io, process::ExitCode};

use ds_aio::{ConfigErrors, Error, Failed, Failures, StartError};

use super::output::warn;

/// The codes, for the help.
pub(super) const CODES: &str = "\
Exit codes: 0 fine; 1 something failed, or `doctor` found a problem, or `config check --strict` a \
warning; 2 wrong arguments or a bad configuration; 130 interrupted (Ctrl-C, SIGTERM, SIGHUP).";

/// An end other than the one asked for.
#[derive(Debug)]
pub(super) struct Failure {
    exit: Exit,
    /// For standard error; empty if there is nothing more to say.
    message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    Failed = 1,
    Misconfigured = 2,
    Interrupted = 130,
}

impl Failure {
    /// Something could not be done.
    pub(super) fn failed(message: impl Display) -> Self {
        Self { exit: Exit::Failed, message: message.to_string() }
    }

    /// The arguments ask for something that cannot be.
    pub(super) fn misconfigured(message: impl Display) -> Self {
        Self { exit: Exit::Misconfigured, message: message.to_string() }
    }

    /// The output says what failed.
    pub(super) fn told() -> Self {
        Self::failed("")
    }

    /// The output says what is wrong with the configuration.
    pub(super) fn told_misconfigured() -> Self {
        Self::misconfigured("")
    }

    /// The user stopped it; what there is to say after "interrupted".
    pub(super) fn interrupted(further: &str) -> Self {
        Self { exit: Exit::Interrupted, message: format!("interrupted{further}") }
    }

    /// What there is to say, for who goes on nevertheless.
    pub(super) fn into_message(self) -> String {
        self.message
    }

    /// Tells it, and the exit code.
    pub(super) fn tell(self) -> ExitCode {
        if !self.message.is_empty() {
            warn(format_args!("ds-aio: {}", self.message));
        }
        ExitCode::from(self.exit as u8)
    }
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        Self::misconfigured(format!("the settings are not right\n{errors}"))
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Settings(errors) => errors.into(),
            error => Self::failed(error),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::failed(error)
    }
}

impl<B> From<Failed<B>> for Failure {
    fn from(failed: Failed<B>) -> Self {
        Self::failed(failed)
    }
}

impl From<Failures> for Failure {
    fn from(failures: Failures) -> Self {
        Self::failed(failures)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::failed(error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        io::Error::from(error).into()
    }
}
