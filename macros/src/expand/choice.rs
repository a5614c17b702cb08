//! An enum of names: handed to a macro of ds-aio, for all that is generated of it is the same for every
//! enum but the names.

use proc_macro2::TokenStream;
use quote::quote;

use crate::ir::Choice;

/// Everything that `#[derive(Choice)]` generates.
pub(crate) fn choice(choice: &Choice) -> TokenStream {
    let (ident, vis, krate) = (&choice.ident, &choice.vis, &choice.krate);
    let (mut names, mut aliases) = (TokenStream::new(), TokenStream::new());
    for variant in &choice.variants {
        let (ident, name) = (&variant.ident, variant.name());
        names.extend(quote!(#name = #ident,));
        for alias in &variant.aliases {
            aliases.extend(quote!(#alias = #ident,));
        }
    }
    quote! {
        #krate::private::choice! {
            #vis #ident
            names { #names }
            aliases { #aliases }
        }
    }
}
