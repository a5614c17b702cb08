//! From [`crate::ir`] to code: one file per generated thing.

use proc_macro2::TokenStream;
use quote::quote;

use crate::ir::{Consts, Input};

mod builder;
mod consts;
mod default;
mod engine;
mod inherent;
mod schema;

pub(crate) use builder::setter_type;

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
