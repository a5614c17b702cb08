#[allow(dead_code, deprecated)]
impl Codec {
    /// The names in files and variables, in the order of the variants.
    pub const NAMES: &'static [&'static str] = &["plain", "zstd", "lz4-fast"];
    /// The name in files and variables.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Zstd => "zstd",
            Self::Lz4Fast => "lz4-fast",
        }
    }
}
#[automatically_derived]
#[allow(deprecated)]
impl ::ds_aio::private::Named for Codec {
    const NAMES: &'static [&'static str] = Self::NAMES;
    const UNDERSTOOD: &'static [(&'static str, Self)] = &[
        ("plain", Self::Plain),
        ("zstd", Self::Zstd),
        ("lz4-fast", Self::Lz4Fast),
        ("zst", Self::Zstd),
        ("lz4", Self::Lz4Fast),
        ("LZ4F", Self::Lz4Fast),
    ];
    fn choice_name(&self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Zstd => "zstd",
            Self::Lz4Fast => "lz4-fast",
        }
    }
}
#[automatically_derived]
impl ::ds_aio::private::Sealed for Codec {}
#[automatically_derived]
impl ::ds_aio::config::ConfigValue for Codec {
    type Field = ::ds_aio::private::Field<Self>;
    const KIND: ::ds_aio::config::Kind = ::ds_aio::config::Kind::Choice {
        names: <Self as ::ds_aio::private::Named>::NAMES,
    };
    const READS_AUTO: bool = ::ds_aio::private::reads_auto::<Self>();
    fn from_scalar(
        scalar: ::ds_aio::config::Scalar<'static>,
    ) -> ::core::option::Option<Self> {
        ::ds_aio::private::choice_from_scalar(scalar)
    }
    fn read(
        raw: &::ds_aio::config::RawValue,
        _: &::ds_aio::config::FieldMeta,
    ) -> ::core::result::Result<Self, ::ds_aio::private::Rejection> {
        ::ds_aio::private::read_choice(raw)
    }
    fn scalar(&self) -> ::core::option::Option<::ds_aio::config::Scalar<'_>> {
        ::core::option::Option::Some(::ds_aio::private::choice_scalar(self))
    }
}
#[automatically_derived]
impl<
    __Struct: ::ds_aio::private::DefaultAt<Codec, __INDEX>,
    const __INDEX: usize,
> ::ds_aio::private::ConstScalar<__Struct, __INDEX> for Codec {
    const SCALAR: ::core::option::Option<::ds_aio::config::Scalar<'static>> = match __Struct::DEFAULT {
        ::core::option::Option::Some(value) => {
            ::core::option::Option::Some(::ds_aio::config::Scalar::Text(value.name()))
        }
        ::core::option::Option::None => ::core::option::Option::None,
    };
}
#[automatically_derived]
impl ::core::fmt::Display for Codec {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.pad(::ds_aio::private::Named::choice_name(self))
    }
}
#[automatically_derived]
impl ::core::str::FromStr for Codec {
    type Err = ::ds_aio::config::UnknownName;
    fn from_str(text: &str) -> ::core::result::Result<Self, Self::Err> {
        ::ds_aio::private::parse_choice(text)
    }
}
#[automatically_derived]
impl ::core::convert::From<Codec> for ::ds_aio::config::RawValue {
    fn from(value: Codec) -> Self {
        ::ds_aio::private::choice_into_raw(&value)
    }
}
