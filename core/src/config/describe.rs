//! How generated code describes a field, in the field's own type.

use core::marker::PhantomData;
use core::time::Duration;

use super::field::{Check, DeprecatedKey, FieldMeta};
use super::rules::{Choices, List};
use super::scalar::{Integer, Scalar};
use super::value::ConfigValue;

/// A description in progress. Methods that take a value of the field's type exist for the types
/// they suit: `range` for numbers, `multiple_of` for integers.
#[derive(Clone, Copy, Debug)]
pub struct Field<T> {
    pub(super) meta: FieldMeta,
    field_type: PhantomData<fn() -> T>,
}

impl<T> Field<T> {
    pub(super) const fn new(meta: FieldMeta) -> Self {
        Self { meta, field_type: PhantomData }
    }
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

    /// The `one_of` of the field number `INDEX` of the struct `S`, for a type of any crate.
    #[must_use]
    pub const fn one_of_at<S, const INDEX: usize>(mut self) -> Self
    where
        T: ConstChoices<S, INDEX>,
    {
        self.meta.rules.one_of = Some(T::CHOICES);
        self
    }
}

/// The values that `one_of` lists for the field number `INDEX`, of type `T`, as a constant of its struct.
pub trait OneOfAt<T: ConfigValue, const INDEX: usize> {
    /// The values.
    const ONE_OF: &'static [T::Constant];
}

/// A type whose `one_of` in the struct `S` can stand in the table of fields.
#[diagnostic::on_unimplemented(
    message = "`one_of` needs a numeric field, one of text or of an enum with `#[derive(Choice)]`",
    label = "there are no choices of this type"
)]
pub trait ConstChoices<S, const INDEX: usize> {
    /// Those values.
    const CHOICES: Choices;
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
        impl<S: OneOfAt<$type, INDEX>, const INDEX: usize> ConstChoices<S, INDEX> for $type {
            const CHOICES: Choices = Choices(List::$choices(S::ONE_OF));
        }

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
