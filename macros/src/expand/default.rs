//! `Default`, and the constant behind it where every value is one.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use crate::ir::{Input, Shape};

pub(crate) fn default(input: &Input) -> TokenStream {
    if !input.has_default() {
        return TokenStream::new();
    }
    let (ident, vis) = (&input.ident, &input.vis);
    let fields = input.fields.iter().map(|field| {
        let (name, span) = (&field.ident, field.type_span());
        let default = input.default_path(field, span);
        match field.shape() {
            Shape::Text => quote_spanned!(span=> #name: ::core::convert::From::from(#default)),
            _ => quote_spanned!(span=> #name: #default),
        }
    });
    let value = quote!(Self { #(#fields),* });
    let constant = input.has_const_default().then(|| {
        quote! {
            #[allow(dead_code, deprecated)]
            impl #ident {
                /// Every field at its default.
                #vis const DEFAULT: Self = #value;
            }
        }
    });
    let value = if constant.is_some() {
        quote!(Self::DEFAULT)
    } else {
        value
    };
    quote! {
        #constant
        #[automatically_derived]
        impl ::core::default::Default for #ident {
            fn default() -> Self {
                #value
            }
        }
    }
}
