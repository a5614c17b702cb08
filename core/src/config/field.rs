//! What is known about one field.

use core::any::Any;

use super::ConfigSchema;
use super::access::{Access, Operations, Plain};
use super::describe::Field;
use super::nested::Nested;
use super::raw::RawValue;
use super::rejection::Rejection;
use super::rules::Rules;
use super::scalar::Scalar;
use super::slot::Slot;
use super::text;
use super::value::{ConfigValue, Kind};

/// An old key of a field: understood, with a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeprecatedKey {
    /// The old key.
    pub key: &'static str,
    /// What the warning says.
    pub note: &'static str,
}

/// A check of the program's own, of a value of the field's type.
pub(crate) type Check = fn(&dyn Any) -> Result<(), String>;

/// What is known about one field.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct FieldMeta {
    /// The key in a file.
    pub key: &'static str,
    /// Other keys that mean the same.
    pub aliases: &'static [&'static str],
    /// Keys that mean the same still, with a warning.
    pub deprecated: &'static [DeprecatedKey],
    /// The environment variable, if the field has one. Where the struct is nested in another, that
    /// one may put another prefix in front.
    pub env: Option<&'static str>,
    /// What the variable is called behind a prefix, of a field whose struct names no prefix: a
    /// struct that this one is nested in may give it one.
    pub env_key: Option<&'static str>,
    /// The default, if it is a plain value.
    pub default: Option<Scalar<'static>>,
    /// Whether a value has to be given.
    pub required: bool,
    /// Whether the field is an `Option`, which may go without a value.
    pub optional: bool,
    /// What stands between the items in a variable, if the field is a list.
    pub separator: Option<&'static str>,
    /// The rules a value keeps, or each item of a list.
    pub rules: Rules,
    /// The shape of the values, or of the items of a list.
    pub kind: Kind,
    /// The doc comment.
    pub doc: &'static str,
    /// Whether the value counts bytes and may be written as a size (`1MiB`).
    pub bytes: bool,
    /// Whether the field is left out of the text for other software (`FORMAT`), and comes after
    /// the others in the texts for people.
    pub advanced: bool,
    /// The struct that the field holds, if it is a nested one.
    pub nested: Option<Nested>,
    /// Whether the text `auto` means that the field is not set where it stands.
    pub auto: bool,
    /// Whether the value is a [`Secret`](crate::Secret), which is never shown.
    pub secret: bool,
    /// Whether the type itself has a value that is written `auto`.
    pub(crate) reads_auto: bool,
    pub(crate) check: Option<Check>,
    pub(crate) operations: &'static Operations,
}

impl FieldMeta {
    /// Starts the description of a field of type `T`.
    ///
    /// The type returned is [`Field<T>`], written so that for a `T` that is not supported it is no
    /// type at all: then the compiler says that once, and nothing about the calls that follow.
    #[doc(hidden)]
    #[must_use]
    #[allow(clippy::new_ret_no_self, reason = "the chain of calls ends in `meta()`")]
    pub const fn new<T: ConfigValue<Field = Field<T>>>(
        key: &'static str,
    ) -> <T as ConfigValue>::Field {
        let mut meta = Self::blank(key, T::KIND, Operations::of::<Plain<T>>());
        meta.secret = T::SECRET;
        meta.reads_auto = T::READS_AUTO;
        Field::new(meta)
    }

    /// Starts the description of a field that holds the nested struct `T`, whose variables begin
    /// with `env_prefix` if one is given.
    #[doc(hidden)]
    #[must_use]
    pub const fn nested<T: ConfigSchema + 'static>(
        key: &'static str,
        env_prefix: Option<&'static str>,
    ) -> Field<Nested> {
        let mut meta = Self::blank(key, Kind::Table, Operations::of_table());
        meta.required = false;
        meta.nested = Some(Nested::of::<T>(env_prefix));
        Field::new(meta)
    }

    /// A field of which no more is known yet.
    const fn blank(key: &'static str, kind: Kind, operations: &'static Operations) -> Self {
        Self {
            key,
            aliases: &[],
            deprecated: &[],
            env: None,
            env_key: None,
            default: None,
            required: true,
            optional: false,
            separator: None,
            rules: Rules::NONE,
            kind,
            doc: "",
            bytes: false,
            advanced: false,
            nested: None,
            auto: false,
            secret: false,
            reads_auto: false,
            check: None,
            operations,
        }
    }

    /// Starts the description of a field of type `Option<T>`: its rules are about the value inside.
    #[doc(hidden)]
    #[must_use]
    pub const fn optional<T: ConfigValue<Field = Field<T>>>(
        key: &'static str,
    ) -> <T as ConfigValue>::Field {
        let mut field: Field<T> = Self::new::<T>(key);
        field.meta.required = false;
        field.meta.optional = true;
        field.meta.operations = Operations::of_optional::<Plain<T>>();
        field
    }

    /// Starts the description of a field of type `Vec<T>`: its rules are about each item.
    #[doc(hidden)]
    #[must_use]
    pub const fn list<T: ConfigValue<Field = Field<T>>>(
        key: &'static str,
    ) -> <T as ConfigValue>::Field {
        let mut field: Field<T> = Self::new::<T>(key);
        field.meta.separator = Some(",");
        field.meta.operations = Operations::of_list::<Plain<T>>();
        field
    }

    /// Starts the description of a field whose values `A` knows how to read; what is said of it in
    /// constants are texts.
    #[doc(hidden)]
    #[must_use]
    pub const fn custom<A: Access>(key: &'static str) -> Field<String> {
        let mut field = Self::new::<String>(key);
        field.meta.kind = A::KIND;
        field.meta.operations = Operations::of::<A>();
        field
    }

    /// The same for an `Option`.
    #[doc(hidden)]
    #[must_use]
    pub const fn custom_optional<A: Access>(key: &'static str) -> Field<String> {
        let mut field = Self::optional::<String>(key);
        field.meta.kind = A::KIND;
        field.meta.operations = Operations::of_optional::<A>();
        field
    }

    /// The same for a `Vec`.
    #[doc(hidden)]
    #[must_use]
    pub const fn custom_list<A: Access>(key: &'static str) -> Field<String> {
        let mut field = Self::list::<String>(key);
        field.meta.kind = A::KIND;
        field.meta.operations = Operations::of_list::<A>();
        field
    }

    /// What the field admits, in words: `an integer from 1 to 65536`.
    #[must_use]
    pub fn allowed(&self) -> String {
        text::allowed(self)
    }

    pub(crate) fn deprecated_key(&self, key: &str) -> Option<&'static DeprecatedKey> {
        self.deprecated.iter().find(|deprecated| deprecated.key == key)
    }

    pub(crate) fn read(&self, raw: &RawValue) -> Result<Slot, Rejection> {
        (self.operations.read)(raw, self)
    }
}
