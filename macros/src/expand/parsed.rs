//! Fields whose texts a parser of the user's reads.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::{each, local};
use crate::ir::{Field, Input, ParseBy};
use crate::names::snake_case;

/// How each of them is read.
pub(crate) fn parsers(input: &Input) -> TokenStream {
    each(&input.fields, &mut |field| {
        let index = field.number();
        let (ty, span) = (field.value_type(), field.type_span());
        let (krate, text) = (input.krate_at(span), local("text", span));
        let parse = match field.parse.as_ref()? {
            ParseBy::Serde => return None,
            ParseBy::FromStr => quote_spanned!(span=> #krate::private::from_str::<#ty>(#text)),
            ParseBy::Path(function) => {
                quote_spanned!(span=> #krate::private::parsed(#function(#text)))
            }
        };
        let parsed_at = quote_spanned!(span=> #krate::private::ParsedAt<#ty, #index>);
        let head = input.implement(Some(parsed_at), None);
        Some(quote_spanned! {span=>
            #[automatically_derived]
            #head {
                fn parse(
                    #text: &str,
                ) -> ::core::result::Result<#ty, #krate::private::Rejection> {
                    #parse
                }
            }
        })
    })
}

/// What knows how to read the field, or each item of it; `None` where that is its type alone.
pub(crate) fn access(input: &Input, field: &Field) -> Option<TokenStream> {
    let ty = field.value_type();
    let span = ty.span();
    // At the type as well, or a mistake in it would show at the derive.
    let mut index = field.number();
    index.set_span(span);
    let krate = input.krate_at(span);
    Some(match field.parse.as_ref()? {
        ParseBy::Serde => quote_spanned!(span=> #krate::private::Structured::<#ty>),
        ParseBy::FromStr | ParseBy::Path(_) => {
            quote_spanned!(span=> #krate::private::Parsed::<Self, #ty, #index>)
        }
    })
}

/// The test of the defaults that parsers read, if there are any.
pub(crate) fn test(input: &Input) -> Option<TokenStream> {
    let is_read = |field: &&Field| field.parse.is_some() && !field.default_implied;
    input.fields.iter().filter(is_read).find(|field| field.default.is_some())?;
    // Of a generic struct there is no one type to test.
    if input.is_generic() {
        return None;
    }
    let (ident, krate) = (&input.ident, &input.krate);
    let name = format_ident!("defaults_of_{}", snake_case(&ident.unraw().to_string()));
    Some(quote!(#krate::private::test_defaults! { #name #ident }))
}
