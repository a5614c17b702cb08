//! `Default`, and the constant behind it where every value is one.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use super::each;
use crate::ir::{Field, Input};
use crate::types::Shape;

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
    let bounds = each(&input.fields, &mut |field| {
        field.nested.as_ref()?;
        let (ty, span) = (&field.ty, field.type_span());
        Some(quote_spanned!(span=> for<'__nested> #ty: ::core::default::Default,))
    });
    input.implement(Some(quote!(::core::default::Default)), Some(bounds))
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
    let mut fields = each(&input.fields, &mut |field| {
        let (name, value, span) = (&field.ident, field_value(input, field), field.type_span());
        Some(quote_spanned!(span=> #name: #value,))
    });
    fields.extend(each(&input.skipped, &mut |field| {
        let (name, span) = (&field.ident, field.type_span());
        let value = field.default.clone().unwrap_or_else(|| of_type(span));
        Some(quote_spanned!(span=> #name: #value,))
    }));
    quote!(Self { #fields })
}

fn field_value(input: &Input, field: &Field) -> TokenStream {
    let span = field.type_span();
    let default = input.default_path(field, span);
    if field.nested.is_some() {
        return of_type(span);
    }
    if field.parse.is_some() && !field.default_implied {
        let (krate, index) = (input.krate_at(span), field.number());
        return quote_spanned!(span=> #krate::private::parsed_default::<Self, _>(#index));
    }
    if field.inside_list().is_some() {
        let krate = input.krate_at(span);
        return quote_spanned!(span=> #krate::private::owned(#default));
    }
    if field.shape() != Shape::Text {
        return default;
    }
    // A constant of that type would hold the `None` of another one.
    if field.default_implied {
        return quote_spanned!(span=> ::core::option::Option::None);
    }
    match field.inside_option() {
        Some(_) => quote_spanned! {span=>
            ::core::option::Option::map(#default, ::core::convert::From::from)
        },
        None => quote_spanned!(span=> ::core::convert::From::from(#default)),
    }
}

fn of_type(span: Span) -> TokenStream {
    quote_spanned!(span=> ::core::default::Default::default())
}
