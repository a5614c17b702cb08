//! Settings whose value is one of a few names.

/// Makes an enum the value of a setting, each variant by its name in files and variables.
macro_rules! choice {
    ($type:ident, $what:ident, { $($variant:ident: $name:literal),+ $(,)? }) => {
        impl $type {
            const ALL: &[Self] = &[$(Self::$variant),+];
            const NAMES: &[&str] = &[$($name),+];

            /// The name in files and variables.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            fn named(name: &str) -> Option<Self> {
                let is_meant = |choice: &&Self| choice.name().eq_ignore_ascii_case(name);
                Self::ALL.iter().copied().find(|choice| is_meant(&choice))
            }
        }

        impl core::fmt::Display for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.name())
            }
        }

        impl From<$type> for $crate::config::value::RawValue {
            fn from($what: $type) -> Self {
                Self::Text($what.name().to_owned())
            }
        }

        impl $crate::config::value::sealed::Sealed for $type {}

        impl $crate::config::value::ConfigValue for $type {
            type Field = $crate::config::field::Field<Self>;
            const KIND: $crate::config::value::Kind =
                $crate::config::value::Kind::Choice { names: Self::NAMES };
            fn from_scalar(scalar: $crate::config::scalar::Scalar<'static>) -> Option<Self> {
                match scalar {
                    $crate::config::scalar::Scalar::Text(name) => Self::named(name),
                    _ => None,
                }
            }
            fn read(
                raw: &$crate::config::value::RawValue,
                _: &$crate::config::field::FieldMeta,
            ) -> Result<Self, $crate::config::value::Rejection> {
                $crate::config::choice::read(raw, Self::NAMES, Self::named)
            }
            fn scalar(&self) -> Option<$crate::config::scalar::Scalar<'_>> {
                Some($crate::config::scalar::Scalar::Text(self.name()))
            }
        }

        #[doc(hidden)]
        impl $crate::config::field::Field<$type> {
            #[must_use]
            pub const fn default(self, $what: $type) -> Self {
                self.default_scalar($crate::config::scalar::Scalar::Text($what.name()))
            }
        }
    };
}
pub(super) use choice;

use super::diagnostic::closest;
use super::value::{RawValue, Rejection};

/// The value that a name stands for.
pub(super) fn read<T>(
    raw: &RawValue,
    names: &'static [&'static str],
    named: fn(&str) -> Option<T>,
) -> Result<T, Rejection> {
    let name = match raw {
        RawValue::Text(name) => name,
        RawValue::Untyped(name) => name.trim(),
        other => return Err(Rejection::wrong_type(other)),
    };
    named(name).ok_or_else(|| {
        let meant = closest(name, names.iter().copied());
        Rejection::not_allowed(meant.map(|meant| format!("did you mean `{meant}`?")))
    })
}
