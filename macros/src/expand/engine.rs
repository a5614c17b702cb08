//! `EngineConfig`: the fields that the engine knows by name, handed over with their own types.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use super::each;
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
    let settings = each(&input.fields, &mut |field| {
        let key = field.key_before_case().value();
        if field.nested.is_some() || !SETTINGS.contains(&key.as_str()) {
            return None;
        }
        let (mut name, span) = (field.ident.clone(), field.type_span());
        let setting = Ident::new(&key, span);
        // A type of another kind is the field's mistake, so its type is what is shown, and it
        // alone.
        name.set_span(name.span().located_at(span));
        Some(quote_spanned!(span=> settings.#setting = self.#name;))
    });
    let mutable = (!settings.is_empty()).then(|| quote!(mut));
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        #head {
            fn engine_settings(&self) -> #krate::EngineSettings {
                let #mutable settings = #krate::private::engine_settings();
                #settings
                settings
            }
        }
    }
}
