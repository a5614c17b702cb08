//! `Default`, and the constant behind it where every value is one.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use crate::ir::{Input, Shape};

pub(crate) fn default(input: &Input) -> TokenStream {
    if !input.has_default() {
        return TokenStream::new();
    }
    let head = head(input);
    let value = if input.has_const_default() { quote!(Self::DEFAULT) } else { value(input) };
    quote! {
        #[automatically_derived]
        #head {
            fn default() -> Self {
                #value
            }
        }
    }
}

/// The head of the impl: there is a default if every nested struct has one. A bound that names a
/// lifetime may be false, and then there is none.
pub(crate) fn head(input: &Input) -> TokenStream {
    let nested = input.fields.iter().filter(|field| field.nested.is_some());
    let bounds = nested.map(|field| {
        let ty = &field.ty;
        quote_spanned!(field.type_span()=> for<'__nested> #ty: ::core::default::Default)
    });
    let bounds: Vec<_> = bounds.collect();
    let bounds = (!bounds.is_empty()).then(|| quote!(#(#bounds),*));
    input.implement(Some(quote!(::core::default::Default)), bounds)
}

/// `DEFAULT` among the struct's own items.
pub(crate) fn constant(input: &Input) -> Option<TokenStream> {
    let (vis, value) = (&input.vis, value(input));
    input.has_const_default().then(|| {
        quote! {
            /// Every field at its default.
            #vis const DEFAULT: Self = #value;
        }
    })
}

fn value(input: &Input) -> TokenStream {
    let fields = input.fields.iter().map(|field| {
        let (name, span) = (&field.ident, field.type_span());
        let default = input.default_path(field, span);
        if field.nested.is_some() {
            return quote_spanned!(span=> #name: ::core::default::Default::default());
        }
        if field.parse.is_some() && !field.default_implied {
            let (krate, index) = (input.krate_at(span), field.number());
            return quote_spanned!(span=> #name: #krate::private::parsed_default::<Self, _>(#index));
        }
        if field.inside_list().is_some() {
            let krate = input.krate_at(span);
            return quote_spanned!(span=> #name: #krate::private::owned(#default));
        }
        match field.shape() {
            Shape::Text if field.inside_option().is_some() && !field.default_implied => {
                quote_spanned!(span=> #name: ::core::option::Option::map(
                    #default, ::core::convert::From::from,
                ))
            }
            // A constant of that type would hold the `None` of another one.
            Shape::Text if field.default_implied => {
                quote_spanned!(span=> #name: ::core::option::Option::None)
            }
            Shape::Text => quote_spanned!(span=> #name: ::core::convert::From::from(#default)),
            _ => quote_spanned!(span=> #name: #default),
        }
    });
    let skipped = input.skipped.iter().map(|field| {
        let (name, span) = (&field.ident, field.type_span());
        let default = match &field.default {
            Some(default) => default.clone(),
            None => quote_spanned!(span=> ::core::default::Default::default()),
        };
        quote_spanned!(span=> #name: #default)
    });
    let fields = fields.chain(skipped);
    quote!(Self { #(#fields),* })
}
