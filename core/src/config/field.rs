//! One field: what is known about it, and how generated code says so in the field's own type.

use core::any::Any;
use core::marker::PhantomData;
use core::time::Duration;

use super::ConfigSchema;
use super::nested::Nested;
use super::raw::RawValue;
use super::rules::{Choices, List, Rules};
use super::scalar::{Integer, Scalar};
use super::slot::{Access, Operations, Plain, Slot};
use super::text;
use super::value::{ConfigValue, Kind, Rejection};

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
        Field { meta, field_type: PhantomData }
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
        Field { meta, field_type: PhantomData }
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

/// A description in progress. Methods that take a value of the field's type exist for the types
/// they suit: `range` for numbers, `multiple_of` for integers.
#[derive(Clone, Copy, Debug)]
pub struct Field<T> {
    meta: FieldMeta,
    field_type: PhantomData<fn() -> T>,
}

#[doc(hidden)]
impl<T> Field<T> {
    /// The doc comment.
    #[must_use]
    pub const fn doc(mut self, text: &'static str) -> Self {
        self.meta.doc = text;
        self
    }

    #[must_use]
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.meta.aliases = aliases;
        self
    }

    #[must_use]
    pub const fn deprecated(mut self, keys: &'static [DeprecatedKey]) -> Self {
        self.meta.deprecated = keys;
        self
    }

    #[must_use]
    pub const fn separator(mut self, separator: &'static str) -> Self {
        self.meta.separator = Some(separator);
        self
    }

    /// The default of a list of enums, as their names.
    #[must_use]
    pub const fn default_names(mut self, names: &'static [&'static str]) -> Self {
        self.meta.default = Some(Scalar::List(Choices(List::Text(names))));
        self.meta.required = false;
        self
    }

    #[must_use]
    pub const fn env(mut self, variable: &'static str) -> Self {
        self.meta.env = Some(variable);
        self
    }

    #[must_use]
    pub const fn env_key(mut self, key: &'static str) -> Self {
        self.meta.env_key = Some(key);
        self
    }

    #[must_use]
    pub const fn advanced(mut self) -> Self {
        self.meta.advanced = true;
        self
    }

    #[must_use]
    pub const fn auto(mut self) -> Self {
        self.meta.auto = true;
        self
    }

    #[must_use]
    pub const fn check(mut self, check: Check) -> Self {
        self.meta.check = Some(check);
        self
    }

    #[must_use]
    pub const fn meta(self) -> FieldMeta {
        self.meta
    }

    /// The default number `INDEX` of the struct `S`, for a type of any crate.
    #[must_use]
    pub const fn default_at<S: DefaultAt<T, INDEX>, const INDEX: usize>(mut self) -> Self
    where
        T: ConstScalar<S, INDEX>,
    {
        #[allow(clippy::panic, reason = "this is how a const reports an error")]
        if self.meta.secret && !self.meta.optional {
            panic!("a secret has no default: make it `required` or an `Option`")
        }
        self.meta.default = T::SCALAR;
        self.meta.required = false;
        self
    }
}

/// The default of the field number `INDEX`, of type `T`, as a constant of its struct.
pub trait DefaultAt<T, const INDEX: usize> {
    /// The default; `None` for a field that may go without a value.
    const DEFAULT: Option<T>;
}

/// A type whose default in the struct `S` can stand in the table of fields. A constant that depends
/// on `S` does what a `const fn` of a trait cannot.
#[diagnostic::on_unimplemented(
    message = "the default of a `{Self}` is known only where the field names that type itself",
    label = "an alias of `{Self}`"
)]
pub trait ConstScalar<S, const INDEX: usize> {
    /// That default.
    const SCALAR: Option<Scalar<'static>>;
}

macro_rules! const_scalar {
    ($type:ty, $argument:ident => $scalar:expr) => {
        impl<S: DefaultAt<$type, INDEX>, const INDEX: usize> ConstScalar<S, INDEX> for $type {
            const SCALAR: Option<Scalar<'static>> = match S::DEFAULT {
                Some($argument) => Some($scalar),
                None => None,
            };
        }
    };
}

macro_rules! value_methods {
    ($type:ty, $value:ty, $choices:ident, $argument:ident => $scalar:expr) => {
        #[doc(hidden)]
        impl Field<$type> {
            #[must_use]
            pub const fn default(mut self, $argument: $value) -> Self {
                self.meta.default = Some($scalar);
                self.meta.required = false;
                self
            }

            #[must_use]
            pub const fn default_or_none(self, value: Option<$value>) -> Self {
                match value {
                    Some(value) => self.default(value),
                    None => self,
                }
            }

            #[must_use]
            pub const fn default_list(mut self, items: &'static [$value]) -> Self {
                self.meta.default = Some(Scalar::List(Choices(List::$choices(items))));
                self.meta.required = false;
                self
            }

            #[must_use]
            pub const fn one_of(mut self, choices: &'static [$value]) -> Self {
                self.meta.rules.one_of = Some(Choices(List::$choices(choices)));
                self
            }
        }
    };
}

macro_rules! range_methods {
    ($type:ty, $argument:ident => $scalar:expr) => {
        const_scalar!($type, $argument => $scalar);

        #[doc(hidden)]
        impl Field<$type> {
            #[must_use]
            pub const fn at_least(mut self, $argument: $type) -> Self {
                self.meta.rules.min = Some($scalar);
                self
            }

            #[must_use]
            pub const fn at_most(mut self, $argument: $type) -> Self {
                self.meta.rules.max = Some($scalar);
                self
            }

            #[must_use]
            pub const fn below(mut self, $argument: $type) -> Self {
                self.meta.rules.max = Some($scalar);
                self.meta.rules.max_excluded = true;
                self
            }
        }
    };
}

macro_rules! integer_methods {
    ($($type:ty, $choices:ident, $from:ident, $wide:ty;)*) => {$(
        value_methods!($type, $type, $choices, value => {
            Scalar::Integer(Integer::$from(value as $wide))
        });
        range_methods!($type, value => Scalar::Integer(Integer::$from(value as $wide)));

        #[doc(hidden)]
        impl Field<$type> {
            #[must_use]
            pub const fn multiple_of(mut self, unit: $type) -> Self {
                self.meta.rules.multiple_of = Some(Integer::$from(unit as $wide));
                self
            }

            #[must_use]
            pub const fn power_of_two(mut self) -> Self {
                self.meta.rules.power_of_two = true;
                self
            }

            #[must_use]
            pub const fn bytes(mut self) -> Self {
                self.meta.bytes = true;
                self
            }
        }
    )*};
}

integer_methods! {
    u8, U8, from_u128, u128;
    u16, U16, from_u128, u128;
    u32, U32, from_u128, u128;
    u64, U64, from_u128, u128;
    u128, U128, from_u128, u128;
    usize, Usize, from_u128, u128;
    i8, I8, from_i128, i128;
    i16, I16, from_i128, i128;
    i32, I32, from_i128, i128;
    i64, I64, from_i128, i128;
    i128, I128, from_i128, i128;
    isize, Isize, from_i128, i128;
}

value_methods!(f32, f32, F32, value => Scalar::F32(value));
value_methods!(f64, f64, F64, value => Scalar::F64(value));
range_methods!(f32, value => Scalar::F32(value));
range_methods!(f64, value => Scalar::F64(value));
value_methods!(char, char, Char, value => Scalar::Char(value));
value_methods!(Duration, Duration, Duration, value => Scalar::Duration(value));
range_methods!(Duration, value => Scalar::Duration(value));
const_scalar!(char, value => Scalar::Char(value));
value_methods!(String, &'static str, Text, value => Scalar::Text(value));
value_methods!(std::path::PathBuf, &'static str, Text, value => Scalar::Text(value));

const_scalar!(bool, value => Scalar::Bool(value));

#[doc(hidden)]
impl Field<bool> {
    #[must_use]
    pub const fn default(mut self, value: bool) -> Self {
        self.meta.default = Some(Scalar::Bool(value));
        self.meta.required = false;
        self
    }

    #[must_use]
    pub const fn default_list(mut self, items: &'static [bool]) -> Self {
        self.meta.default = Some(Scalar::List(Choices(List::Bool(items))));
        self.meta.required = false;
        self
    }

    #[must_use]
    pub const fn default_or_none(self, value: Option<bool>) -> Self {
        match value {
            Some(value) => self.default(value),
            None => self,
        }
    }
}
