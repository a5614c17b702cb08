//! The builder: a typed setter for each field over the untyped values of ds-aio.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::{each, inherent};
use crate::ir::{Field, Input};
use crate::types::Shape;

pub(crate) fn builder(input: &Input) -> TokenStream {
    let (vis, krate, of) = (&input.vis, &input.krate, input.self_type());
    let structure = structure(input);
    let builder_ident = input.builder_ident();
    let own = input.implement_for(quote!(#builder_ident), None);
    let from = input.implement_for(quote!(::core::convert::From<#of> for #builder_ident), None);
    let setters = setters(input);
    let (checked, hidden) = (inherent::checked(input), input.hidden_types());
    let new = input.new_builder(quote!(Self), quote!(#krate::ConfigSchema::to_values(&value)));
    quote! {
        #structure
        #[allow(dead_code, non_snake_case #hidden)]
        #own {
            #setters
            /// Checks every value and builds the struct.
            ///
            /// # Errors
            ///
            /// Every value that is not allowed, and every required field without one.
            #checked
            #vis fn build(self) -> #krate::config::Result<#of> {
                #krate::private::build(self.0)
            }
        }
        #[automatically_derived]
        #from {
            fn from(value: #of) -> Self {
                #new
            }
        }
    }
}

/// The builder's own struct, which is cloned and shown whatever its parameters are.
pub(crate) fn structure(input: &Input) -> TokenStream {
    let (ident, vis, krate) = (&input.ident, &input.vis, &input.krate);
    let builder = input.builder_ident();
    let doc = format!("Builds a [`{ident}`]: what is not set keeps its default.");
    let head = quote! {
        #[doc = #doc]
        #[must_use = "a builder does nothing until `build()`"]
    };
    if !input.is_generic() {
        return quote! {
            #head
            #[derive(::core::clone::Clone, ::core::fmt::Debug)]
            #vis struct #builder(#krate::private::Values);
        };
    }
    let (parameters, bounds) = (&input.generics, &input.generics.where_clause);
    let (of, name) = (input.self_type(), builder.to_string());
    let clone = input.implement_for(quote!(::core::clone::Clone for #builder), None);
    let debug = input.implement_for(quote!(::core::fmt::Debug for #builder), None);
    let quiet = input.quiet();
    quote! {
        #head
        #quiet
        #vis struct #builder #parameters(
            #krate::private::Values,
            ::core::marker::PhantomData<fn() -> #of>,
        ) #bounds;
        #krate::private::builder! { #name { #clone } { #debug } }
    }
}

fn setters(input: &Input) -> TokenStream {
    let mut setters = each(&input.fields, &mut |field| {
        let (index, ty, span) = (field.number(), &field.ty, field.type_span());
        let value = match takes_into(field) {
            true => quote_spanned!(span=> ::core::convert::Into::<#ty>::into(value)),
            false => quote_spanned!(span=> value),
        };
        let with = quote_spanned!(span=> self.0.with(#index, #value));
        Some(setter(input, field, setter_type(field), with))
    });
    setters.extend(each(&input.skipped, &mut |field| {
        let (index, ty, span) = (field.number(), &field.ty, field.type_span());
        let with = quote_spanned!(span=> self.0.with_skipped(#index, &value));
        Some(setter(input, field, quote!(#ty), with))
    }));
    setters
}

fn setter(input: &Input, field: &Field, argument: TokenStream, with: TokenStream) -> TokenStream {
    let (vis, name, docs) = (&input.vis, &field.ident, docs(field));
    let new = input.new_builder(quote!(Self), with);
    quote! {
        #docs
        #vis fn #name(self, value: #argument) -> Self {
            #new
        }
    }
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
    let is_text = field.shape() == Shape::Text && field.parse.is_none();
    let has_inside = field.inside_option().is_some() || field.inside_list().is_some();
    is_text || has_inside || field.is_secret()
}

/// What a setter takes: text in any form, an `Option` or the value inside, a list or an array,
/// anything else as it is.
pub(crate) fn setter_type(field: &Field) -> TokenStream {
    let (ty, span) = (&field.ty, field.type_span());
    match takes_into(field) {
        true => quote_spanned!(span=> impl ::core::convert::Into<#ty>),
        false => quote_spanned!(span=> #ty),
    }
}
