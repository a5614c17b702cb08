//! Generated code that is the same whatever it is generated for: what the derives need not spell out.

/// What `#[config(serialize)]` expands to: a derive cannot see the features of this crate.
#[cfg(feature = "serde")]
#[doc(hidden)]
#[macro_export]
macro_rules! __impl_serialize {
    ($($head:tt)*) => {
        #[automatically_derived]
        $($head)* {
            fn serialize<__S: $crate::private::serde::Serializer>(
                &self,
                serializer: __S,
            ) -> ::core::result::Result<__S::Ok, __S::Error> {
                $crate::private::serialize(self, serializer)
            }
        }
    };
}

#[cfg(not(feature = "serde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __impl_serialize {
    ($($head:tt)*) => {
        ::core::compile_error! { "`serialize` needs the feature `serde` of ds-aio" }
    };
}

/// What `#[derive(Choice)]` expands to.
#[doc(hidden)]
#[macro_export]
macro_rules! __choice {
    (
        $vis:vis $ident:ident
        names { $($name:literal = $variant:ident,)* }
        aliases { $($alias:literal = $meant:ident,)* }
    ) => {
        #[allow(dead_code, deprecated)]
        impl $ident {
            /// The names in files and variables, in the order of the variants.
            $vis const NAMES: &'static [&'static str] = &[$($name),*];
            /// The name in files and variables.
            #[must_use]
            $vis const fn name(&self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
        #[automatically_derived]
        #[allow(deprecated)]
        impl $crate::private::Named for $ident {
            const NAMES: &'static [&'static str] = Self::NAMES;
            const UNDERSTOOD: &'static [(&'static str, Self)] =
                &[$(($name, Self::$variant),)* $(($alias, Self::$meant),)*];
            fn choice_name(&self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
        $crate::private::choice_impls! { $ident }
    };
}

/// The same after a mistake: compilation fails anyway.
#[doc(hidden)]
#[macro_export]
macro_rules! __choice_stub {
    ($vis:vis $ident:ident) => {
        #[allow(dead_code, missing_docs)]
        impl $ident {
            $vis const NAMES: &'static [&'static str] = &[];
            // Evaluated for defaults, where a loop would be one more mistake.
            $vis const fn name(&self) -> &'static str { "" }
        }
        #[automatically_derived]
        impl $crate::private::Named for $ident {
            const NAMES: &'static [&'static str] = &[];
            const UNDERSTOOD: &'static [(&'static str, Self)] = &[];
            fn choice_name(&self) -> &'static str { loop {} }
        }
        $crate::private::choice_impls! { $ident }
    };
}

/// What holds for every such enum.
#[doc(hidden)]
#[macro_export]
macro_rules! __choice_impls {
    ($ident:ident) => {
        #[automatically_derived]
        #[allow(deprecated)]
        impl $crate::private::Sealed for $ident {}
        #[automatically_derived]
        #[allow(deprecated)]
        impl $crate::config::ConfigValue for $ident {
            type Field = $crate::private::Field<Self>;
            type Constant = Self;
            const KIND: $crate::config::Kind =
                $crate::config::Kind::Choice { names: <Self as $crate::private::Named>::NAMES };
            const READS_AUTO: bool = $crate::private::reads_auto::<Self>();
            fn from_scalar(
                scalar: $crate::config::Scalar<'static>,
            ) -> ::core::option::Option<Self> {
                $crate::private::choice_from_scalar(scalar)
            }
            fn read(
                raw: &$crate::config::RawValue,
                _: &$crate::config::FieldMeta,
            ) -> ::core::result::Result<Self, $crate::private::Rejection> {
                $crate::private::read_choice(raw)
            }
            fn scalar(&self) -> ::core::option::Option<$crate::config::Scalar<'_>> {
                ::core::option::Option::Some($crate::private::choice_scalar(self))
            }
        }
        #[automatically_derived]
        #[allow(deprecated)]
        impl<__Struct: $crate::private::DefaultAt<$ident, __INDEX>, const __INDEX: usize>
            $crate::private::ConstScalar<__Struct, __INDEX> for $ident
        {
            const SCALAR: ::core::option::Option<$crate::config::Scalar<'static>> =
                match __Struct::DEFAULT {
                    ::core::option::Option::Some(value) => {
                        ::core::option::Option::Some($crate::config::Scalar::Text(value.name()))
                    }
                    ::core::option::Option::None => ::core::option::Option::None,
                };
        }
        #[automatically_derived]
        #[allow(deprecated)]
        impl<__Struct: $crate::private::OneOfAt<$ident, __INDEX>, const __INDEX: usize>
            $crate::private::ConstChoices<__Struct, __INDEX> for $ident
        {
            const CHOICES: $crate::config::Choices = $crate::private::Chosen::choices(
                &const {
                    let mut chosen = $crate::private::Chosen::<{ $ident::NAMES.len() }>::NONE;
                    let mut index = 0;
                    while index < __Struct::ONE_OF.len() {
                        chosen.add(__Struct::ONE_OF[index].name());
                        index += 1;
                    }
                    chosen
                },
            );
        }
        #[automatically_derived]
        #[allow(deprecated)]
        impl ::core::fmt::Display for $ident {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad($crate::private::Named::choice_name(self))
            }
        }
        #[automatically_derived]
        #[allow(deprecated)]
        impl ::core::str::FromStr for $ident {
            type Err = $crate::config::UnknownName;
            fn from_str(text: &str) -> ::core::result::Result<Self, Self::Err> {
                $crate::private::parse_choice(text)
            }
        }
        #[automatically_derived]
        #[allow(deprecated)]
        impl ::core::convert::From<$ident> for $crate::config::RawValue {
            fn from(value: $ident) -> Self {
                $crate::private::choice_into_raw(&value)
            }
        }
    };
}

/// The builder of a struct with parameters is cloned and shown whatever these are.
#[doc(hidden)]
#[macro_export]
macro_rules! __builder {
    ($name:literal { $($clone:tt)* } { $($debug:tt)* }) => {
        #[automatically_derived]
        $($clone)* {
            fn clone(&self) -> Self {
                Self(::core::clone::Clone::clone(&self.0), ::core::marker::PhantomData)
            }
        }
        #[automatically_derived]
        $($debug)* {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_tuple($name).field(&self.0).finish()
            }
        }
    };
}

/// A test beside the struct that its defaults are texts that their parsers accept: no constant can tell.
/// It cannot run within a function, and only a module around it keeps the lint that says so quiet. What
/// such a module cannot name there, the struct, an impl brings into it.
#[doc(hidden)]
#[macro_export]
macro_rules! __test_defaults {
    ($name:ident $ident:ident) => {
        #[cfg(test)]
        #[allow(unnameable_test_items, non_snake_case)]
        mod $name {
            pub(super) struct Defaults;
            #[::core::prelude::v1::test]
            fn are_understood() {
                Defaults::check();
            }
        }
        #[cfg(test)]
        #[allow(deprecated)]
        impl $name::Defaults {
            fn check() {
                $crate::private::assert_defaults::<$ident>();
            }
        }
    };
}

/// What `#[derive(Config)]` expands to after a mistake: compilation fails anyway.
#[doc(hidden)]
#[macro_export]
macro_rules! __stubs {
    (
        { $($default:tt)* } { $($engine:tt)* } { $($schema:tt)* } { $($from:tt)* }
        $of:ty, $vis:vis $builder:ty,
        { $($own:tt)* } { $($writing:tt)* }
        { $($of_builder:tt)* } { $($setters:tt)* }
    ) => {
        $crate::__stub! { { $($default)* } fn default() -> Self { loop {} } }
        $crate::__stub! {
            { $($engine)* } fn engine_settings(&self) -> $crate::EngineSettings { loop {} }
        }
        #[automatically_derived]
        $($schema)* {
            const SECTION: &'static str = "";
            const ENV_PREFIX: ::core::option::Option<&'static str> = ::core::option::Option::None;
            const FIELDS: &'static [$crate::config::FieldMeta] = &[];
            fn from_values(_: $crate::private::Values) -> ::core::option::Option<Self> { loop {} }
            fn to_values(&self) -> $crate::private::Values { loop {} }
        }
        #[automatically_derived]
        $($from)* {
            fn from(_: $of) -> Self { loop {} }
        }
        #[allow(dead_code, missing_docs)]
        $($own)* {
            $vis fn from_env() -> $crate::config::Result<Self> { loop {} }
            $vis fn loader() -> $crate::Loader<Self> { loop {} }
            $vis fn builder() -> $builder { loop {} }
            $($writing)*
        }
        #[allow(dead_code, missing_docs, non_snake_case)]
        $($of_builder)* {
            $($setters)*
            $vis fn build(self) -> $crate::config::Result<$of> { loop {} }
        }
    };
}

/// An impl of one function, if there is to be one.
#[doc(hidden)]
#[macro_export]
macro_rules! __stub {
    ({} $($function:tt)*) => {};
    ({ $($head:tt)+ } $($function:tt)*) => {
        #[automatically_derived]
        $($head)+ {
            $($function)*
        }
    };
}
