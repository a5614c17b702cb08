//! What users call on the struct itself, with no trait to import.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::default;
use crate::ir::Input;

/// The methods that write the values, and their docs.
const WRITING: [(&str, &str); 3] = [
    (
        "to_toml",
        "The section with these values, secrets aside, as a TOML document, which loads to them again.",
    ),
    ("to_json", "What `to_toml()` writes, as a JSON document."),
    ("to_env", "The variables with these values, as `NAME=value` lines for a shell."),
];

/// Those methods, and the one for DeepSpeed if there are settings for it; with `stub` nothing is behind
/// them.
pub(crate) fn writing(input: &Input, stub: bool) -> TokenStream {
    let (vis, krate) = (&input.vis, &input.krate);
    let stub = stub.then(|| quote!(loop {}));
    let mut methods = TokenStream::new();
    for (name, doc) in WRITING {
        let name = Ident::new(name, Span::call_site());
        let body = stub.clone().unwrap_or_else(|| quote!(#krate::ConfigSchema::#name(self)));
        methods.extend(quote! {
            #[doc = #doc]
            ///
            /// # Errors
            ///
            /// Every value that breaks a rule, or that cannot be written so.
            #vis fn #name(&self) -> #krate::config::Result<#krate::private::String> {
                #body
            }
        });
    }
    if input.engine {
        let body = stub.unwrap_or_else(
            || quote!(#krate::EngineConfig::engine_settings(self).to_deepspeed_json()),
        );
        methods.extend(quote! {
            /// The section `aio` for DeepSpeed, a JSON document: the keys that its parser reads.
            #vis fn to_deepspeed_json(&self) -> #krate::private::String {
                #body
            }
        });
    }
    methods
}

/// What is an error besides, once each value is sound.
pub(crate) fn checked(input: &Input) -> Option<TokenStream> {
    let has_nested = input.fields.iter().any(|field| field.nested.is_some());
    let checks = match (input.check.is_some(), has_nested) {
        (false, false) => return None,
        (true, false) => "the struct's own check says",
        (false, true) => "the checks of the structs within say",
        (true, true) => "the struct's own check and those of the structs within say",
    };
    let doc = format!(" If there is nothing of that, what {checks}.");
    Some(quote!(#[doc = #doc]))
}

pub(crate) fn inherent(input: &Input) -> TokenStream {
    let (vis, krate) = (&input.vis, &input.krate);
    let head = input.implement(None, None);
    let builder = input.builder_type();
    let new = {
        let (name, values) = (input.builder_ident(), quote!(#krate::private::Values::of::<Self>()));
        input.new_builder(quote!(#name), values)
    };
    let (default, checked) = (default::constant(input), checked(input));
    let writing = writing(input, false);
    quote! {
        #[allow(dead_code, deprecated)]
        #head {
            #default
            /// Loads this process's environment over the defaults; `loader().env()` keeps warnings.
            ///
            /// # Errors
            ///
            /// Every variable with a bad value, and every required field without one.
            #checked
            #vis fn from_env() -> #krate::config::Result<Self> {
                #krate::private::from_env()
            }
            /// Loads files, the environment and explicit values over the defaults.
            #vis fn loader() -> #krate::Loader<Self> {
                #krate::Loader::new()
            }
            /// Sets fields one by one, checked at the end.
            #vis fn builder() -> #builder {
                #new
            }
            #writing
        }
    }
}
