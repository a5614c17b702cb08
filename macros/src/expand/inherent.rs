//! What users call on the struct itself, with no trait to import.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::default;
use crate::ir::Input;

/// The methods that write the values, and their docs.
const WRITING: [(&str, &str); 3] = [
    ("to_toml", "The section with these values as a TOML document, which loads to them again."),
    ("to_json", "The section with these values as a JSON document, which loads to them again."),
    (
        "to_env",
        "These values as `NAME=value` lines, quoted for a shell; those of fields without a variable \
         are left out.",
    ),
];

/// Those methods, with a body for each.
pub(crate) fn writing(input: &Input, body: impl Fn(&Ident) -> TokenStream) -> TokenStream {
    let (vis, krate) = (&input.vis, &input.krate);
    let methods = WRITING.iter().map(|(name, doc)| {
        let name = Ident::new(name, Span::call_site());
        let body = body(&name);
        quote! {
            #[doc = #doc]
            ///
            /// # Errors
            ///
            /// Every value that breaks a rule of its field, or that cannot be written so.
            #vis fn #name(&self) -> ::core::result::Result<
                #krate::private::String,
                #krate::ConfigErrors,
            > {
                #body
            }
        }
    });
    quote!(#(#methods)*)
}

pub(crate) fn inherent(input: &Input) -> TokenStream {
    let (vis, krate) = (&input.vis, &input.krate);
    let head = input.implement(None, None);
    let builder = input.builder_type();
    let new = input.new_builder(quote!(#krate::private::Values::of::<Self>()));
    let default = default::constant(input);
    let writing = writing(input, |name| quote!(#krate::ConfigSchema::#name(self)));
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
            #writing
        }
    }
}
