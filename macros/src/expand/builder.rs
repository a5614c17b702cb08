//! The builder: a typed setter for each field over the untyped values of ds-aio.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use crate::ir::{Field, Input, Shape};

pub(crate) fn builder(input: &Input) -> TokenStream {
    let (ident, vis, krate) = (&input.ident, &input.vis, &input.krate);
    let builder = input.builder_ident();
    let setters = setters(input);
    let doc = format!("Builds a [`{ident}`]: what is not set keeps its default.");
    quote! {
        #[doc = #doc]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #[must_use = "a builder does nothing until `build()`"]
        #vis struct #builder(#krate::private::Values);
        #[allow(dead_code, non_snake_case)]
        impl #builder {
            #setters
            /// Checks every value and builds the struct.
            ///
            /// # Errors
            ///
            /// Every value that is not allowed, and every required field without one.
            #vis fn build(self) -> ::core::result::Result<#ident, #krate::ConfigErrors> {
                #krate::private::build(self.0)
            }
        }
        #[automatically_derived]
        impl ::core::convert::From<#ident> for #builder {
            fn from(value: #ident) -> Self {
                Self(#krate::ConfigSchema::into_values(value))
            }
        }
    }
}

fn setters(input: &Input) -> TokenStream {
    let vis = &input.vis;
    let setters = input.fields.iter().enumerate().map(|(index, field)| {
        let (name, ty, span) = (&field.ident, &field.ty, field.type_span());
        let docs = if field.docs.is_empty() {
            let doc = format!("Sets `{}`.", field.name());
            quote!(#[doc = #doc])
        } else {
            let docs = &field.docs;
            quote!(#(#docs)*)
        };
        let argument = setter_type(field);
        let value = match field.shape() {
            _ if takes_into(field) => {
                quote_spanned!(span=> ::core::convert::Into::<#ty>::into(value))
            }
            Shape::Text => quote_spanned!(span=> ::core::convert::Into::<#ty>::into(value)),
            _ => quote_spanned!(span=> value),
        };
        let with = quote_spanned!(span=> self.0.with(#index, #value));
        quote! {
            #docs
            #vis fn #name(self, value: #argument) -> Self {
                Self(#with)
            }
        }
    });
    quote!(#(#setters)*)
}

fn takes_into(field: &Field) -> bool {
    field.inside_option().is_some() || field.inside_list().is_some()
}

/// What a setter takes: text in any form, an `Option` or the value inside, a list or an array,
/// anything else as it is.
pub(crate) fn setter_type(field: &Field) -> TokenStream {
    let (ty, span) = (&field.ty, field.type_span());
    match field.shape() {
        _ if takes_into(field) => {
            quote_spanned!(span=> impl ::core::convert::Into<#ty>)
        }
        Shape::Text => quote_spanned!(span=> impl ::core::convert::Into<#ty>),
        _ => quote_spanned!(span=> #ty),
    }
}
