//! What users call on the struct itself, with no trait to import.

use proc_macro2::TokenStream;
use quote::quote;

use super::default;
use crate::ir::Input;

pub(crate) fn inherent(input: &Input) -> TokenStream {
    let (vis, krate) = (&input.vis, &input.krate);
    let head = input.implement(None, None);
    let builder = input.builder_type();
    let new = input.new_builder(quote!(#krate::private::Values::of::<Self>()));
    let default = default::constant(input);
    quote! {
        #[allow(dead_code, deprecated)]
        #head {
            #default
            /// Loads the defaults and the environment of this process over them. Warnings (variables
            /// that look misspelt) are dropped when it succeeds; `loader().env()` keeps them.
            ///
            /// # Errors
            ///
            /// Every variable with a bad value, and every required field without one.
            #vis fn from_env() -> ::core::result::Result<Self, #krate::ConfigErrors> {
                #krate::private::from_env()
            }
            /// Loads files, the environment and explicit values over the defaults.
            #vis fn loader() -> #krate::Loader<Self> {
                #krate::Loader::new()
            }
            /// Sets fields one by one, checked together at the end.
            #vis fn builder() -> #builder {
                #new
            }
        }
    }
}
