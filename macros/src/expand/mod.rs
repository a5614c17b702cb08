//! From [`crate::ir`] to code: one file per generated thing.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::LitStr;

use crate::ir::{Consts, Field, Input};

mod builder;
mod choice;
mod consts;
mod default;
mod engine;
mod heads;
mod inherent;
mod parsed;
mod paths;
mod schema;

pub(crate) use builder::{setter_type, structure as builder_structure};
pub(crate) use choice::choice;
pub(crate) use default::head as default_head;
pub(crate) use inherent::writing;

/// Everything that `#[derive(Config)]` generates.
pub(crate) fn config(input: &Input) -> TokenStream {
    let consts = consts::consts(input);
    let schema = schema::schema(input);
    let checks = schema::checks(input);
    let default = default::default(input);
    let inherent = inherent::inherent(input);
    let builder = builder::builder(input);
    let engine = engine::engine(input);
    let serialize = serialize(input);
    let parsers = parsed::parsers(input);
    let test = parsed::test(input);
    let impls = quote!(#consts #schema #checks #default #inherent #engine #serialize #parsers);
    match input.consts {
        // The default constants are needed still, but nobody else sees them.
        Consts::None => quote!(#builder #test const _: () = { #impls };),
        Consts::Assoc | Consts::Free => quote!(#builder #test #impls),
    }
}

/// What `code` makes of each of the fields, one after the other. One function for all: an iterator and a
/// repetition of `quote` of its own for each use is what makes derives slow to build.
pub(crate) fn each(
    fields: &[Field],
    code: &mut dyn FnMut(&Field) -> Option<TokenStream>,
) -> TokenStream {
    let mut all = TokenStream::new();
    for field in fields {
        if let Some(code) = code(field) {
            all.extend(code);
        }
    }
    all
}

/// The text as a constant `Option`.
fn option(text: Option<&LitStr>) -> TokenStream {
    match text {
        Some(text) => quote!(::core::option::Option::Some(#text)),
        None => quote!(::core::option::Option::None),
    }
}

/// A name for a variable in generated code, out of the way of what is called so around the struct.
fn local(name: &str, span: Span) -> Ident {
    Ident::new(name, Span::mixed_site().located_at(span))
}

/// The same tokens as if they stood at `span`; what they resolve to stays as it was.
fn located(tokens: &TokenStream, span: Span) -> TokenStream {
    let mut located = TokenStream::new();
    for mut token in tokens.clone() {
        token.set_span(token.span().located_at(span));
        located.extend([token]);
    }
    located
}

/// `Serialize` of the crate `serde`.
pub(crate) fn serialize(input: &Input) -> Option<TokenStream> {
    let span = input.serialize?;
    let krate = input.krate_at(span);
    let head = input.implement(Some(quote!(#krate::private::serde::Serialize)), None);
    Some(quote_spanned!(span=> #krate::private::impl_serialize! { #head }))
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use crate::error::Errors;

    #[test]
    fn a_given_crate_path_is_the_only_one_used() {
        let input = parse_quote! {
            #[config(
                section = "s", env_prefix = "S", engine, serialize, crate = elsewhere, fixed(k = 1),
                check = check
            )]
            struct S {
                #[config(default = 1, range = 1..=2, multiple_of = 1, one_of = [1], bytes)]
                block_size: usize,
                #[config(default = "")]
                text: String,
                #[config(default = 1, auto, check = check)]
                other: Alias,
                #[config(nested)]
                inner: Inner,
                #[config(skip)]
                skipped: Skipped,
            }
        };
        let choice = parse_quote! {
            #[config(crate = elsewhere)]
            enum E { #[config(alias = "x")] A }
        };
        let mut errors = Errors::default();
        let choice = crate::parse::choice(choice, &mut errors);
        let code = super::choice(&choice).to_string();
        assert!(code.contains("elsewhere :: private :: choice"));
        assert!(!code.contains("ds_aio"), "{code}");
        let input = crate::parse::input(input, &mut errors);
        assert!(errors.is_empty(), "{}", errors.to_tokens());
        let code = super::config(&input.unwrap()).to_string();
        assert!(code.contains("elsewhere :: config :: FieldMeta"));
        assert!(!code.contains("ds_aio"), "{code}");
    }
}
