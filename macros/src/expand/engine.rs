//! `EngineConfig`: the fields that the engine knows by name, handed over with their own types.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};

use crate::ir::Input;

/// The keys of `EngineSettings`.
const SETTINGS: &[&str] = &[
    "block_size",
    "queue_depth",
    "thread_count",
    "single_submit",
    "overlap_events",
    "backend",
    "direct",
    "queue_capacity",
    "background_rate",
];

pub(crate) fn engine(input: &Input) -> TokenStream {
    if !input.engine {
        return TokenStream::new();
    }
    let krate = &input.krate;
    let head = input.implement(Some(quote!(#krate::EngineConfig)), None);
    let settings = input.fields.iter().filter_map(|field| {
        let key = field.key_before_case().value();
        let (mut name, span) = (field.ident.clone(), field.type_span());
        let is_setting = field.nested.is_none() && SETTINGS.contains(&key.as_str());
        is_setting.then(|| {
            let setting = format_ident!("{key}", span = span);
            // A type of another kind is the field's mistake, so its type is what is shown, and it
            // alone.
            name.set_span(name.span().located_at(span));
            quote_spanned!(span=> settings.#setting = self.#name;)
        })
    });
    let settings: Vec<_> = settings.collect();
    let for_deepspeed = for_deepspeed(
        input,
        &quote! {
            #krate::EngineConfig::engine_settings(self).to_deepspeed_json()
        },
    );
    let mutable = (!settings.is_empty()).then(|| quote!(mut));
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        #head {
            fn engine_settings(&self) -> #krate::EngineSettings {
                let #mutable settings: #krate::EngineSettings = ::core::default::Default::default();
                #(#settings)*
                settings
            }
        }
        #for_deepspeed
    }
}

/// The method that writes what DeepSpeed reads.
pub(crate) fn for_deepspeed(input: &Input, body: &TokenStream) -> TokenStream {
    let (vis, krate) = (&input.vis, &input.krate);
    let head = input.implement(None, None);
    quote! {
        #[allow(dead_code)]
        #head {
            /// The five settings as the section `aio` of a configuration for DeepSpeed, a JSON document:
            /// under the keys that its parser reads, and nothing that it does not know.
            #vis fn to_deepspeed_json(&self) -> #krate::private::String {
                #body
            }
        }
    }
}
