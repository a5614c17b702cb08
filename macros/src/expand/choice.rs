//! An enum of names: its table, and the impls on top of it.

use proc_macro2::TokenStream;
use quote::quote;

use crate::ir::Choice;

/// Everything that `#[derive(Choice)]` generates.
pub(crate) fn choice(choice: &Choice) -> TokenStream {
    let (ident, vis, krate) = (&choice.ident, &choice.vis, &choice.krate);
    let names: Vec<_> = choice.variants.iter().map(|variant| variant.name()).collect();
    let variants: Vec<_> = choice.variants.iter().map(|variant| &variant.ident).collect();
    let aliases = choice.variants.iter().flat_map(|variant| {
        let ident = &variant.ident;
        variant.aliases.iter().map(move |alias| quote!((#alias, Self::#ident)))
    });
    let impls = choice_impls(choice);
    quote! {
        #[allow(dead_code, deprecated)]
        impl #ident {
            /// The names in files and variables, in the order of the variants.
            #vis const NAMES: &'static [&'static str] = &[#(#names),*];
            /// The name in files and variables.
            #[must_use]
            #vis const fn name(&self) -> &'static str {
                match self { #(Self::#variants => #names,)* }
            }
        }
        #[automatically_derived]
        #[allow(deprecated)]
        impl #krate::private::Named for #ident {
            const NAMES: &'static [&'static str] = Self::NAMES;
            const UNDERSTOOD: &'static [(&'static str, Self)] =
                &[#((#names, Self::#variants),)* #(#aliases),*];
            fn choice_name(&self) -> &'static str {
                match self { #(Self::#variants => #names,)* }
            }
        }
        #impls
    }
}

/// What is the same for every enum.
pub(crate) fn choice_impls(choice: &Choice) -> TokenStream {
    let (ident, krate) = (&choice.ident, &choice.krate);
    quote! {
        #[automatically_derived]
        impl #krate::private::Sealed for #ident {}
        #[automatically_derived]
        impl #krate::config::ConfigValue for #ident {
            type Field = #krate::private::Field<Self>;
            const KIND: #krate::config::Kind =
                #krate::config::Kind::Choice { names: <Self as #krate::private::Named>::NAMES };
            const READS_AUTO: bool = #krate::private::reads_auto::<Self>();
            fn from_scalar(
                scalar: #krate::config::Scalar<'static>,
            ) -> ::core::option::Option<Self> {
                #krate::private::choice_from_scalar(scalar)
            }
            fn read(
                raw: &#krate::config::RawValue,
                _: &#krate::config::FieldMeta,
            ) -> ::core::result::Result<Self, #krate::private::Rejection> {
                #krate::private::read_choice(raw)
            }
            fn scalar(&self) -> ::core::option::Option<#krate::config::Scalar<'_>> {
                ::core::option::Option::Some(#krate::private::choice_scalar(self))
            }
        }
        #[automatically_derived]
        impl<__Struct: #krate::private::DefaultAt<#ident, __INDEX>, const __INDEX: usize>
            #krate::private::ConstScalar<__Struct, __INDEX> for #ident
        {
            const SCALAR: ::core::option::Option<#krate::config::Scalar<'static>> =
                match __Struct::DEFAULT {
                    ::core::option::Option::Some(value) => ::core::option::Option::Some(
                        #krate::config::Scalar::Text(value.name()),
                    ),
                    ::core::option::Option::None => ::core::option::Option::None,
                };
        }
        #[automatically_derived]
        impl ::core::fmt::Display for #ident {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad(#krate::private::Named::choice_name(self))
            }
        }
        #[automatically_derived]
        impl ::core::str::FromStr for #ident {
            type Err = #krate::config::UnknownName;
            fn from_str(text: &str) -> ::core::result::Result<Self, Self::Err> {
                #krate::private::parse_choice(text)
            }
        }
        #[automatically_derived]
        impl ::core::convert::From<#ident> for #krate::config::RawValue {
            fn from(value: #ident) -> Self {
                #krate::private::choice_into_raw(&value)
            }
        }
    }
}
