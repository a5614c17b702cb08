//! Layered loading: defaults, then files, then the environment, then explicit values.

use core::fmt;
use core::marker::PhantomData;
use std::path::PathBuf;

use unicode_width::UnicodeWidthStr;

use super::access::ABSENT;
use super::diagnostic::{ConfigErrors, Diagnostic, Severity, one_line};
use super::layer::{Candidate, Entry, Layer, merge};
use super::outline::Outline;
use super::raw::RawValue;
use super::source::Place;
use super::together::Together;
use super::values::Values;
use super::{ConfigSchema, EnvSource, FieldMeta, ProcessEnv, file, variables};

/// Collects the layers of a configuration and loads it; made by the generated `loader()`.
///
/// The order of precedence is fixed, whatever the order of the calls: defaults, files in the order
/// given, environment, explicit values. Nothing is read before [`load`](Self::load), except that
/// [`env`](Self::env) and [`env_from`](Self::env_from) take the variables when they are called.
#[must_use = "a loader does nothing until `load()`"]
pub struct Loader<T> {
    files: Vec<(PathBuf, bool)>,
    environment: Vec<Layer>,
    explicit: Vec<(String, RawValue)>,
    target: PhantomData<fn() -> T>,
}

/// Without the values, for some may be secrets.
impl<T> fmt::Debug for Loader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let explicit: Vec<_> = self.explicit.iter().map(|(key, _)| key).collect();
        f.debug_struct("Loader")
            .field("files", &self.files)
            .field("environment", &self.environment)
            .field("explicit", &explicit)
            .finish()
    }
}

impl<T: ConfigSchema> Default for Loader<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: ConfigSchema> Loader<T> {
    /// A loader that knows the defaults alone.
    pub fn new() -> Self {
        Self {
            files: Vec::new(),
            environment: Vec::new(),
            explicit: Vec::new(),
            target: PhantomData,
        }
    }

    /// Adds a TOML (`.toml`) or JSON (`.json`, `.jsonc`) file; its section is read, the rest of it
    /// ignored. It is an error if the file does not exist.
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.files.push((path.into(), false));
        self
    }

    /// Like [`file`](Self::file), but a file that does not exist is passed over.
    pub fn optional_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.files.push((path.into(), true));
        self
    }

    /// Adds the environment of this process.
    pub fn env(self) -> Self {
        self.env_from(&ProcessEnv)
    }

    /// Adds variables from `source`. An empty variable counts as unset.
    pub fn env_from(mut self, source: &(impl EnvSource + ?Sized)) -> Self {
        self.environment.push(variables::layer(&Outline::of::<T>(), source));
        self
    }

    /// Sets the field `key`, above every other layer; `io.block_size` is that of the nested struct
    /// `io`. Text is read as a variable's would be, so `set("block_size", "4MiB")` suits values from
    /// a command line. The last call for a key wins.
    ///
    /// An unknown key or a bad value is reported by [`load`](Self::load).
    pub fn set(mut self, key: &str, value: impl Into<RawValue>) -> Self {
        self.explicit.push((key.to_owned(), value.into()));
        self
    }

    /// Like [`set`](Self::set), but `None` leaves the field to the other layers: for options of a command
    /// line that may be left out. (`set` takes `None` as a value, that of a field which is an `Option`.)
    ///
    /// ```
    /// use ds_aio::AioConfig;
    ///
    /// let (depth, direct): (Option<usize>, Option<&str>) = (None, Some("never"));
    /// let loader = AioConfig::loader().env_from(&[("DS_AIO_QUEUE_DEPTH", "4")]);
    /// let loaded = loader.set_if_some("queue_depth", depth).set_if_some("direct", direct).load()?;
    /// assert_eq!((loaded.value.queue_depth, loaded.value.direct.name()), (4, "never"));
    /// # Ok::<(), ds_aio::ConfigErrors>(())
    /// ```
    pub fn set_if_some(self, key: &str, value: Option<impl Into<RawValue>>) -> Self {
        match value {
            Some(value) => self.set(key, value),
            None => self,
        }
    }

    /// Reads the files and merges all layers.
    ///
    /// # Errors
    ///
    /// Everything that is wrong in any layer, all of it at once: files that cannot be read or
    /// parsed, unknown and duplicate keys, values that are not allowed (those that a later layer
    /// overrides too), and required fields that nothing sets; if there is nothing of that, what the
    /// struct's own check says of the whole. The warnings that a successful load
    /// has in [`Loaded::warnings`] follow, for they may explain an error.
    pub fn load(self) -> Result<Loaded<T>, ConfigErrors> {
        let outline = Outline::of::<T>();
        let mut diagnostics = Vec::new();
        let mut layers = Vec::new();
        for (path, optional) in &self.files {
            layers.extend(file::read(path, &outline, *optional));
        }
        layers.extend(self.environment);
        layers.push(explicit(&outline, self.explicit));

        let merged = merge(&outline, Values::of::<T>(), layers, &mut diagnostics);
        let (errors, warnings): (Vec<_>, Vec<_>) =
            diagnostics.into_iter().partition(|found| found.severity() == Severity::Error);
        let check = |mut errors: Vec<_>| {
            if !errors.is_empty() {
                errors.extend(warnings.iter().cloned());
            }
            ConfigErrors::check(errors)
        };
        check(errors)?;
        let value = T::from_values(merged.values).ok_or_else(ConfigErrors::incomplete)?;
        check(Together::check(&value))?;
        let settings = outline.settings.into_iter().zip(merged.candidates);
        let provenance = settings.map(|(setting, candidates)| Provenance {
            default: shown_default(setting.field),
            key: setting.path,
            given: candidates.into_iter().map(Shadowed::from).collect(),
        });
        Ok(Loaded { value, provenance: provenance.collect(), warnings })
    }
}

/// What the program sets, as a layer.
fn explicit(outline: &Outline, set: Vec<(String, RawValue)>) -> Layer {
    let entries = set.into_iter().map(|(path, raw)| {
        let (table, key) = outline.locate(&path);
        let key = key.to_owned();
        Entry { table, key, key_place: Place::Explicit, raw, place: Place::Explicit }
    });
    Layer { entries: entries.collect(), unique_keys: false, diagnostics: Vec::new() }
}

fn shown_default(field: &FieldMeta) -> String {
    match field.default {
        Some(default) => default.to_string(),
        None if field.optional => ABSENT.to_owned(),
        None => String::new(),
    }
}

/// Where an effective value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The field's own default.
    Default,
    /// A file.
    File {
        /// The file.
        path: PathBuf,
        /// The line of the value, from 1.
        line: usize,
        /// The column of the value, in characters from 1.
        column: usize,
    },
    /// An environment variable, by its name.
    Variable(String),
    /// A call of [`Loader::set`].
    Explicit,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Origin::Variable(name) => write!(f, "variable {name}"),
            Origin::Explicit => f.write_str("explicit"),
        }
    }
}

/// A value that a later layer overrode.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shadowed {
    /// Where it was written.
    pub origin: Origin,
    /// The value, as text.
    pub value: String,
}

impl From<Candidate> for Shadowed {
    fn from(candidate: Candidate) -> Self {
        let origin = match candidate.place {
            Place::Span { source, span } => {
                let (line, column) = source.position(span.start);
                Origin::File { path: source.path.clone(), line, column }
            }
            Place::File(path) => Origin::File { path, line: 1, column: 1 },
            Place::Variable(name) => Origin::Variable(name),
            Place::Explicit | Place::Memory => Origin::Explicit,
        };
        Self { origin, value: candidate.shown }
    }
}

#[derive(Clone, Debug)]
struct Provenance {
    key: String,
    /// Every value given, the effective one last; empty when the default holds.
    given: Vec<Shadowed>,
    default: String,
}

impl Provenance {
    fn origin(&self) -> &Origin {
        self.given.last().map_or(&Origin::Default, |effective| &effective.origin)
    }

    fn value(&self) -> &str {
        self.given.last().map_or(&self.default, |effective| &effective.value)
    }

    fn shadowed(&self) -> &[Shadowed] {
        self.given.split_last().map_or(&[], |(_, shadowed)| shadowed)
    }
}

/// A loaded configuration: the value, and where each part of it came from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Loaded<T> {
    /// The configuration.
    pub value: T,
    provenance: Vec<Provenance>,
    warnings: Vec<Diagnostic>,
}

impl<T: ConfigSchema> Loaded<T> {
    /// Where the value of `key` (or of the key that `key` is an alias of) came from; `None` if
    /// there is no such key. That of a nested struct is `io.block_size`.
    #[must_use]
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        self.provenance_of(key).map(Provenance::origin)
    }

    /// The values that the effective one of `key` overrode, in the order of the layers. The
    /// default is not among them. Empty too if there is no such key.
    #[must_use]
    pub fn shadowed(&self, key: &str) -> &[Shadowed] {
        self.provenance_of(key).map_or(&[], Provenance::shadowed)
    }

    /// What deserves a look although loading succeeded: variables that look misspelt, deprecated
    /// keys, and files that lack the section but have something like it.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// A table of every key, its value and its origin, one line each, ending with a newline.
    /// Characters that would disturb it, such as line breaks, are escaped.
    #[must_use]
    pub fn explain(&self) -> String {
        let header = ["KEY", "VALUE", "FROM"].map(str::to_owned);
        let rows = self.provenance.iter().map(|field| {
            let mut origin = field.origin().to_string();
            for shadowed in field.shadowed().iter().rev() {
                origin += &format!(", over {} from {}", shadowed.value, shadowed.origin);
            }
            [&field.key, field.value(), &origin].map(one_line)
        });
        table(core::iter::once(header).chain(rows).collect())
    }

    fn provenance_of(&self, key: &str) -> Option<&Provenance> {
        self.provenance.get(Outline::of::<T>().setting_at(key)?)
    }
}

fn table(rows: Vec<[String; 3]>) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].width()).max();
    let (keys, values) = (width(0).unwrap_or(0), width(1).unwrap_or(0));
    let padded = |text: &str, width: usize| {
        let padding = width.saturating_sub(text.width());
        format!("{text}{}", " ".repeat(padding))
    };
    rows.iter()
        .map(|[key, value, origin]| {
            let (key, value) = (padded(key, keys), padded(value, values));
            format!("{key}  {value}  {origin}\n")
        })
        .collect()
}
