//! The values of the setting `direct`.

use core::fmt;

use super::diagnostic::closest;
use super::field::{Field, FieldMeta};
use super::scalar::Scalar;
use super::value::{ConfigValue, Kind, RawValue, Rejection, sealed};

/// Whether requests bypass the page cache with O_DIRECT; the setting `direct`.
///
/// In files, variables and [`Loader::set`](crate::Loader::set) a mode is its name in lower case,
/// `auto`, `always` or `never`; any case is understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DirectMode {
    /// Whole pages are direct where the file system has it; but blocks to be read that the page
    /// cache has in full are read from there (where the system tells: Linux 6.5, not on
    /// overlayfs). All else goes through the page cache.
    #[default]
    Auto,
    /// Direct or not at all. Refused are files that cannot be, when they are opened, and requests
    /// whose offset or length is not a multiple of what the file asks for, 512 or 4096 bytes as a
    /// rule: so the odd end of a file is neither written nor read alone, and a read beyond it
    /// fails with the end of the file. Memory may be anywhere; it is copied where it is not
    /// aligned. What is in the page cache plays no part.
    Always,
    /// Through the page cache, always, which reads ahead.
    Never,
}

impl DirectMode {
    const ALL: [Self; 3] = [Self::Auto, Self::Always, Self::Never];
    const NAMES: &[&str] = &[Self::Auto.name(), Self::Always.name(), Self::Never.name()];

    /// The name in files and variables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Always => "always",
            Self::Never => "never",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for DirectMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<DirectMode> for RawValue {
    fn from(mode: DirectMode) -> Self {
        RawValue::Text(mode.name().to_owned())
    }
}

impl sealed::Sealed for DirectMode {}

impl ConfigValue for DirectMode {
    type Field = Field<Self>;
    const KIND: Kind = Kind::Choice { names: Self::NAMES };
    fn from_scalar(scalar: Scalar<'static>) -> Option<Self> {
        if let Scalar::Text(name) = scalar { Self::named(name) } else { None }
    }
    fn read(raw: &RawValue, _: &FieldMeta) -> Result<Self, Rejection> {
        let name = match raw {
            RawValue::Text(name) => name,
            RawValue::Untyped(name) => name.trim(),
            other => return Err(Rejection::wrong_type(other)),
        };
        Self::named(name).ok_or_else(|| {
            let meant = closest(name, Self::NAMES.iter().copied());
            Rejection::not_allowed(meant.map(|meant| format!("did you mean `{meant}`?")))
        })
    }
    fn scalar(&self) -> Option<Scalar<'_>> {
        Some(Scalar::Text(self.name()))
    }
}

#[doc(hidden)]
impl Field<DirectMode> {
    #[must_use]
    pub const fn default(self, mode: DirectMode) -> Self {
        self.default_scalar(Scalar::Text(mode.name()))
    }
}
