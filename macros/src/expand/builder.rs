//! The builder: a typed setter for each field over the untyped values of ds-aio.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use crate::ir::{Field, Input, Shape};

pub(crate) fn builder(input: &Input) -> TokenStream {
    let (ident, vis, krate) = (&input.ident, &input.vis, &input.krate);
    let builder = input.builder_ident();
    let setters = setters(input);
    let doc = format!("Builds a [`{ident}`]: what is not set keeps its default.");
    let checked = input.check.as_ref().map(
        |_| quote!(#[doc = " If there is nothing of that, what the struct's own check says."]),
    );
    quote! {
        #[doc = #doc]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #[must_use = "a builder does nothing until `build()`"]
        #vis struct #builder {
            values: #krate::private::Values,
        }
        #[allow(dead_code, non_snake_case)]
        impl #builder {
            #setters
            /// Checks every value and builds the struct.
            ///
            /// # Errors
            ///
            /// Every value that is not allowed, and every required field without one.
            #checked
            #vis fn build(self) -> ::core::result::Result<#ident, #krate::ConfigErrors> {
                #krate::private::build(self.values)
            }
        }
        #[automatically_derived]
        impl ::core::convert::From<#ident> for #builder {
            fn from(value: #ident) -> Self {
                Self { values: #krate::ConfigSchema::into_values(value) }
            }
        }
    }
}

fn setters(input: &Input) -> TokenStream {
    let vis = &input.vis;
    let setters = input.fields.iter().enumerate().map(|(index, field)| {
        let (name, ty, span) = (&field.ident, &field.ty, field.type_span());
        let (docs, argument) = (docs(field), setter_type(field));
        let value = match field.shape() {
            _ if takes_into(field) => {
                quote_spanned!(span=> ::core::convert::Into::<#ty>::into(value))
            }
            Shape::Text => quote_spanned!(span=> ::core::convert::Into::<#ty>::into(value)),
            _ => quote_spanned!(span=> value),
        };
        let with = quote_spanned!(span=> self.values.with(#index, #value));
        quote! {
            #docs
            #vis fn #name(self, value: #argument) -> Self {
                Self { values: #with }
            }
        }
    });
    let skipped = input.skipped.iter().enumerate().map(|(index, field)| {
        let (name, ty, docs, span) = (&field.ident, &field.ty, docs(field), field.type_span());
        let with = quote_spanned!(span=> self.values.with_skipped(#index, value));
        quote! {
            #docs
            #vis fn #name(self, value: #ty) -> Self {
                Self { values: #with }
            }
        }
    });
    quote!(#(#setters)* #(#skipped)*)
}

fn docs(field: &Field) -> TokenStream {
    if field.docs.is_empty() {
        let doc = format!("Sets `{}`.", field.name());
        quote!(#[doc = #doc])
    } else {
        let docs = &field.docs;
        quote!(#(#docs)*)
    }
}

fn takes_into(field: &Field) -> bool {
    field.inside_option().is_some() || field.inside_list().is_some() || field.is_secret()
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
