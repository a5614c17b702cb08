//! How generated code names the constants, and of what types they are.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::LitStr;

use crate::ir::{Consts, Field, Input};
use crate::types::Shape;

impl Input {
    /// How generated code names a text that is a constant for `suffix` where there are any.
    pub(crate) fn text_path(&self, suffix: &str, text: &LitStr, span: Span) -> TokenStream {
        match self.consts {
            Consts::None => quote!(#text),
            Consts::Assoc | Consts::Free => self.path(&self.const_ident(suffix, span), span),
        }
    }

    /// How generated code names the default of `field`.
    pub(crate) fn default_path(&self, field: &Field, span: Span) -> TokenStream {
        self.path(&self.default_ident(field, span), span)
    }

    fn path(&self, ident: &Ident, span: Span) -> TokenStream {
        match self.has_own_consts() {
            true => quote_spanned!(span=> Self::#ident),
            false => quote_spanned!(span=> #ident),
        }
    }

    /// Whether constants are the struct's own, where defaults may say `Self`, and no items beside it.
    fn has_own_consts(&self) -> bool {
        self.consts != Consts::Free
    }

    /// The type of a text constant; a free one may leave out the lifetime, and so it should.
    pub(crate) fn text_type(&self, span: Span) -> TokenStream {
        match self.has_own_consts() {
            true => quote_spanned!(span=> &'static str),
            false => quote_spanned!(span=> &str),
        }
    }
}

impl Field {
    /// The type of the default constant.
    pub(crate) fn const_type(&self, input: &Input) -> TokenStream {
        let (ty, span) = (&self.ty, self.type_span());
        if let Some(item) = self.inside_list() {
            let text = input.text_type(span);
            let item = if self.shape() == Shape::Text { text } else { quote!(#item) };
            return match input.has_own_consts() {
                true => quote_spanned!(span=> &'static [#item]),
                false => quote_spanned!(span=> &[#item]),
            };
        }
        match self.shape() {
            Shape::Text => {
                let text = input.text_type(span);
                match self.inside_option() {
                    Some(_) => quote_spanned!(span=> ::core::option::Option<#text>),
                    None => text,
                }
            }
            _ => quote_spanned!(span=> #ty),
        }
    }
}
