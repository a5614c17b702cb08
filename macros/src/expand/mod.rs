//! From [`crate::ir`] to code: one file per generated thing.

use proc_macro2::TokenStream;
use quote::quote;

use crate::ir::{Consts, Input};

mod builder;
mod choice;
mod consts;
mod default;
mod engine;
mod inherent;
mod schema;

pub(crate) use builder::{setter_type, structure as builder_structure};
pub(crate) use choice::{choice, choice_impls};
pub(crate) use default::head as default_head;

/// Everything that `#[derive(Config)]` generates.
pub(crate) fn config(input: &Input) -> TokenStream {
    let consts = consts::consts(input);
    let schema = schema::schema(input);
    let checks = schema::checks(input);
    let default = default::default(input);
    let inherent = inherent::inherent(input);
    let builder = builder::builder(input);
    let engine = engine::engine(input);
    let impls = quote!(#consts #schema #checks #default #inherent #engine);
    match input.consts {
        // The default constants are needed still, but nobody else sees them.
        Consts::None => quote!(#builder const _: () = { #impls };),
        Consts::Assoc | Consts::Free => quote!(#builder #impls),
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use crate::error::Errors;

    #[test]
    fn a_given_crate_path_is_the_only_one_used() {
        let input = parse_quote! {
            #[config(section = "s", env_prefix = "S", engine, crate = elsewhere, fixed(k = 1))]
            struct S {
                #[config(default = 1, range = 1..=2, multiple_of = 1, one_of = [1], bytes)]
                block_size: usize,
                #[config(default = "")]
                text: String,
                #[config(default = 1)]
                other: Alias,
            }
        };
        let choice = parse_quote! {
            #[config(crate = elsewhere)]
            enum E { #[config(alias = "x")] A }
        };
        let mut errors = Errors::default();
        let choice = crate::parse::choice(&choice, &mut errors);
        let code = super::choice(&choice).to_string();
        assert!(code.contains("elsewhere :: private :: Named"));
        assert!(!code.contains("ds_aio"), "{code}");
        let input = crate::parse::input(&input, &mut errors);
        assert!(errors.is_empty(), "{}", errors.to_tokens());
        let code = super::config(&input.unwrap()).to_string();
        assert!(code.contains("elsewhere :: config :: FieldMeta"));
        assert!(!code.contains("ds_aio"), "{code}");
    }
}
