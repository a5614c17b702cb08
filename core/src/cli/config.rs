//! `ds-aio config`: what settings come to, what is wrong with files, and files to start from.

use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand, ValueEnum};
use ds_aio::{
    AioConfig, ConfigErrors, ConfigSchema, EngineConfig, Loaded,
    config::{
        AIO, AIO_ENV_TEMPLATE, AIO_JSON_SCHEMA, AIO_TOML_TEMPLATE, Diagnostic, DiagnosticKind,
        Origin, Severity,
    },
};
use serde::Serialize;
use serde_json::Value;

use super::{
    exit::Failure,
    output::{Output, path_text, warn},
    settings::{SettingsArguments, settings_file},
};

/// Show what the settings come to, check and convert files, and print ones to start from
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print what the settings come to
    Show {
        /// As a table that tells where each comes from, and what it goes over
        #[arg(long)]
        explain: bool,
        /// As what [default: toml, or with --json every setting with where it comes from]
        #[arg(long = "as", value_name = "FORMAT", value_enum, conflicts_with = "explain")]
        format: Option<Format>,
        #[command(flatten)]
        settings: SettingsArguments,
    },
    /// Find all that is wrong with each of some files; exit code 2 if there is anything
    Check {
        /// TOML or JSON files, a DeepSpeed configuration for one
        #[arg(required = true, value_name = "FILE", value_parser = settings_file())]
        files: Vec<PathBuf>,
        /// Let warnings be failures, and files that set nothing of the section: exit code 1 for them
        #[arg(long)]
        strict: bool,
    },
    /// Print a file to start from, with every setting and its default
    Template {
        /// Of which kind
        #[arg(value_enum)]
        format: Format,
    },
    /// Print the JSON Schema of the section, for editors
    Schema,
    /// Print a file's settings in another format; to DeepSpeed's and from it, too
    ///
    /// DeepSpeed called the number of workers `thread_count` and calls it
    /// `intra_op_parallelism` now; the older name it ignores without a word. Both are read here.
    Migrate {
        /// The TOML or JSON file
        #[arg(value_name = "FILE", value_parser = settings_file())]
        file: PathBuf,
        /// As what
        #[arg(long = "to", value_name = "FORMAT", value_enum)]
        format: Format,
    },
}

/// How settings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    /// The section of a TOML file
    Toml,
    /// That of a JSON file
    Json,
    /// DS_AIO_* variables, for a job's script
    Env,
    /// JSON for DeepSpeed: its own settings, by the names it reads today
    Deepspeed,
}

/// A text, for JSON.
#[derive(Debug, Serialize)]
struct Text {
    format: Format,
    text: String,
}

/// A setting, for JSON.
#[derive(Debug, Serialize)]
struct Shown {
    value: Value,
    from: From,
    /// What it goes over, the default not among it.
    over: Vec<Over>,
}

#[derive(Debug, Serialize)]
struct Over {
    value: String,
    from: From,
}

#[derive(Debug, Serialize)]
#[serde(tag = "source", rename_all = "lowercase")]
enum From {
    Default,
    File {
        #[serde(serialize_with = "path_text")]
        path: PathBuf,
        line: usize,
        column: usize,
    },
    Variable {
        name: String,
    },
    Explicit,
}

/// A file that was checked, for JSON.
#[derive(Debug, Serialize)]
struct Checked<'a> {
    #[serde(serialize_with = "path_text")]
    file: &'a Path,
    /// Whether an engine would take it.
    ok: bool,
    /// How many settings it has, if it loads.
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<usize>,
    diagnostics: Vec<Found>,
}

#[derive(Debug, Serialize)]
struct Found {
    severity: &'static str,
    kind: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

pub(super) fn run(arguments: &Arguments, output: &mut Output) -> Result<(), Failure> {
    match &arguments.command {
        Command::Show { explain, format, settings } => {
            let loaded = settings.load()?;
            if output.json() && format.is_none() {
                return output.print_json(&shown(&loaded)?);
            }
            if *explain {
                return Ok(output.write_all(loaded.explain().as_bytes())?);
            }
            write(format.unwrap_or(Format::Toml), &loaded.value, output)
        }
        Command::Check { files, strict } => check(files, *strict, output),
        Command::Template { format } => print(*format, format.template()?, output),
        Command::Schema => Ok(writeln!(output, "{}", AIO_JSON_SCHEMA.trim_end())?),
        Command::Migrate { file, format } => {
            write(*format, &SettingsArguments::of_file(file).load()?.value, output)
        }
    }
}

fn write(format: Format, config: &AioConfig, output: &mut Output) -> Result<(), Failure> {
    if format == Format::Deepspeed {
        tell_what_is_left_out(config)?;
    }
    print(format, format.write(config)?, output)
}

fn print(format: Format, text: String, output: &mut Output) -> Result<(), Failure> {
    if output.json() {
        return output.print_json(&Text { format, text });
    }
    Ok(output.write_all(text.as_bytes())?)
}

impl Format {
    fn write(self, config: &AioConfig) -> Result<String, ConfigErrors> {
        match self {
            Self::Toml => config.to_toml(),
            Self::Json => config.to_json(),
            Self::Env => config.to_env(),
            Self::Deepspeed => Ok(config.to_deepspeed_json()),
        }
    }

    /// With the comments that the format has.
    fn template(self) -> Result<String, ConfigErrors> {
        match self {
            Self::Toml => Ok(AIO_TOML_TEMPLATE.to_owned()),
            Self::Env => Ok(AIO_ENV_TEMPLATE.to_owned()),
            Self::Json | Self::Deepspeed => self.write(&AioConfig::DEFAULT),
        }
    }
}

/// Every setting by its key.
fn shown(loaded: &Loaded<AioConfig>) -> Result<BTreeMap<String, Shown>, Failure> {
    let mut document: Value = serde_json::from_str(&loaded.value.to_json()?)?;
    let section = document.get_mut(AIO).map(Value::take).unwrap_or_default();
    let Value::Object(values) = section else { return Ok(BTreeMap::new()) };
    let shown = values.into_iter().map(|(key, value)| {
        let over = loaded.shadowed(&key).iter().rev();
        let over = over.map(|shadowed| Over {
            value: shadowed.value.clone(),
            from: From::of(&shadowed.origin),
        });
        let over = over.collect();
        let from = loaded.origin(&key).map_or(From::Default, From::of);
        (key, Shown { value, from, over })
    });
    Ok(shown.collect())
}

impl From {
    fn of(origin: &Origin) -> Self {
        match origin {
            Origin::Default => Self::Default,
            Origin::File { path, line, column } => {
                Self::File { path: path.clone(), line: *line, column: *column }
            }
            Origin::Variable(name) => Self::Variable { name: name.clone() },
            Origin::Explicit => Self::Explicit,
        }
    }
}

/// Each file on its own.
fn check(files: &[PathBuf], strict: bool, output: &mut Output) -> Result<(), Failure> {
    let mut checked = Vec::with_capacity(files.len());
    for file in files {
        let (found, diagnostics) = Checked::of(file);
        if !output.json() {
            for diagnostic in &diagnostics {
                writeln!(output, "{diagnostic}")?;
            }
            writeln!(output, "{}: {}", file.display(), found.verdict())?;
        }
        checked.push(found);
    }
    if output.json() {
        output.print_json(&checked)?;
    }
    if !checked.iter().all(|checked| checked.ok) {
        return Err(Failure::told_misconfigured());
    }
    let is_spotless = |checked: &Checked<'_>| checked.diagnostics.is_empty() && !checked.is_empty();
    if strict && !checked.iter().all(is_spotless) { Err(Failure::told()) } else { Ok(()) }
}

impl<'a> Checked<'a> {
    /// Whether it loads and an engine would take it, and all that is to be said of it.
    fn of(file: &'a Path) -> (Self, Vec<Diagnostic>) {
        let all = |errors: &ConfigErrors| errors.iter().cloned().collect::<Vec<_>>();
        let (ok, settings, diagnostics) = match AioConfig::loader().file(file).load() {
            Ok(loaded) => {
                let mut diagnostics = loaded.warnings().to_vec();
                let taken = loaded.value.engine_settings().check();
                diagnostics.extend(taken.as_ref().err().map(all).unwrap_or_default());
                let is_there = |key| matches!(loaded.origin(key), Some(Origin::File { .. }));
                let there = AioConfig::FIELDS.iter().filter(|field| is_there(field.key));
                (taken.is_ok(), Some(there.count()), diagnostics)
            }
            Err(errors) => (false, None, all(&errors)),
        };
        let found = diagnostics.iter().map(Found::of).collect();
        (Self { file, ok, settings, diagnostics: found }, diagnostics)
    }

    /// Whether it leaves every setting as it is by default.
    fn is_empty(&self) -> bool {
        self.settings == Some(0)
    }

    fn verdict(&self) -> String {
        if !self.ok {
            "not right".to_owned()
        } else if self.is_empty() {
            format!("no setting in a section `{AIO}`: the defaults hold")
        } else {
            "fine".to_owned()
        }
    }
}

impl Found {
    fn of(diagnostic: &Diagnostic) -> Self {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Self {
            severity: match diagnostic.severity() {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            kind: name(diagnostic.kind()),
            message: diagnostic.message().to_owned(),
            key: owned(diagnostic.key()),
            line: diagnostic.line(),
            column: diagnostic.column(),
            expected: owned(diagnostic.expected()),
            help: owned(diagnostic.help()),
        }
    }
}

/// What JSON calls a kind, whatever becomes of the variant's name.
fn name(kind: DiagnosticKind) -> &'static str {
    match kind {
        DiagnosticKind::Unreadable => "unreadable",
        DiagnosticKind::UnknownFormat => "unknown_format",
        DiagnosticKind::Syntax => "syntax",
        DiagnosticKind::UnknownKey => "unknown_key",
        DiagnosticKind::DuplicateKey => "duplicate_key",
        DiagnosticKind::Conflict => "conflict",
        DiagnosticKind::WrongType => "wrong_type",
        DiagnosticKind::NotAllowed => "not_allowed",
        DiagnosticKind::Inconsistent => "inconsistent",
        DiagnosticKind::Unsupported => "unsupported",
        DiagnosticKind::Missing => "missing",
        DiagnosticKind::NotUnicode => "not_unicode",
        DiagnosticKind::NotWritable => "not_writable",
        DiagnosticKind::UnknownVariable => "unknown_variable",
        DiagnosticKind::Deprecated => "deprecated",
        DiagnosticKind::MissingSection => "missing_section",
    }
}

/// Tells the settings that DeepSpeed has no name for, where they are not what they are by themselves.
pub(super) fn tell_what_is_left_out(config: &AioConfig) -> Result<(), Failure> {
    let advanced = AioConfig::FIELDS.iter().filter(|field| field.advanced);
    let values = [config, &AioConfig::DEFAULT]
        .map(|config| Ok::<_, Failure>(serde_json::from_str::<Value>(&config.to_json()?)?));
    let [given, default] = values;
    let (given, default) = (given?, default?);
    let left_out = advanced.filter(|field| given[AIO][field.key] != default[AIO][field.key]);
    let left_out: Vec<_> = left_out.map(|field| field.key).collect();
    if !left_out.is_empty() {
        let names = left_out.join(", ");
        warn(format_args!("ds-aio: DeepSpeed has no {names}: left out"));
    }
    Ok(())
}
