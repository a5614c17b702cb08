//! After a mistake: stubs under the generated names, so that code using them adds no messages.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::expand;
use crate::ir::{Choice, Consts, Input, TEXTS};

/// Everything a user may name, with nothing behind it: compilation fails anyway.
pub(crate) fn config(input: &Input) -> TokenStream {
    let (ident, vis, krate) = (&input.ident, &input.vis, &input.krate);
    let builder = input.builder_ident();
    let consts = consts(input);
    let default = input.has_default().then(|| {
        let bounds = expand::default_bounds(input);
        quote! {
            #[automatically_derived]
            impl ::core::default::Default for #ident #bounds {
                fn default() -> Self { loop {} }
            }
        }
    });
    let engine = input.engine.then(|| {
        quote! {
            #[automatically_derived]
            impl #krate::EngineConfig for #ident {
                fn engine_settings(&self) -> #krate::EngineSettings { loop {} }
            }
        }
    });
    let setters = stub_setters(input);
    quote! {
        #consts
        #default
        #engine
        #[automatically_derived]
        impl #krate::ConfigSchema for #ident {
            const SECTION: &'static str = "";
            const ENV_PREFIX: ::core::option::Option<&'static str> = ::core::option::Option::None;
            const FIELDS: &'static [#krate::config::FieldMeta] = &[];
            fn from_values(_: #krate::private::Values) -> ::core::option::Option<Self> { loop {} }
            fn into_values(self) -> #krate::private::Values { loop {} }
        }
        #[allow(dead_code, missing_docs)]
        impl #ident {
            #vis fn from_env() -> ::core::result::Result<Self, #krate::ConfigErrors> { loop {} }
            #vis fn loader() -> #krate::Loader<Self> { loop {} }
            #vis fn builder() -> #builder { loop {} }
        }
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #[allow(dead_code, missing_docs)]
        #vis struct #builder;
        #[automatically_derived]
        impl ::core::convert::From<#ident> for #builder {
            fn from(_: #ident) -> Self { loop {} }
        }
        #[allow(dead_code, missing_docs, non_snake_case)]
        impl #builder {
            #setters
            #vis fn build(self) -> ::core::result::Result<#ident, #krate::ConfigErrors> { loop {} }
        }
    }
}

/// The same for an enum of names.
pub(crate) fn choice(choice: &Choice) -> TokenStream {
    let (ident, vis, krate) = (&choice.ident, &choice.vis, &choice.krate);
    let impls = expand::choice_impls(choice);
    quote! {
        #[allow(dead_code, missing_docs)]
        impl #ident {
            #vis const NAMES: &'static [&'static str] = &[];
            // Evaluated for defaults, where a loop would be one more mistake.
            #vis const fn name(self) -> &'static str { "" }
        }
        #[automatically_derived]
        impl #krate::private::Named for #ident {
            const NAMES: &'static [&'static str] = &[];
            const UNDERSTOOD: &'static [(&'static str, Self)] = &[];
            fn choice_name(&self) -> &'static str { loop {} }
        }
        #impls
    }
}

fn stub_setters(input: &Input) -> TokenStream {
    let vis = &input.vis;
    // A setter called `build` is among the mistakes already reported.
    let setters = input.fields.iter().filter(|field| field.name() != "build").map(|field| {
        let (name, ty, span) = (&field.ident, expand::setter_type(field), field.type_span());
        quote_spanned!(span=> #vis fn #name(self, _: #ty) -> Self { loop {} })
    });
    quote!(#(#setters)*)
}

fn consts(input: &Input) -> TokenStream {
    if input.consts == Consts::None {
        return TokenStream::new();
    }
    let mut names = Vec::new();
    let mut once = |suffix: &str, ty: &TokenStream, value: TokenStream| {
        let name = input.const_ident(suffix, Span::call_site());
        // Names that collide are among the mistakes already reported.
        let new = !names.contains(&name);
        let item = new.then(|| item(input, &name, ty, &value));
        names.push(name);
        item.unwrap_or_default()
    };
    let text = input.text_type(Span::call_site());
    let mut consts = once("", &text, quote!(""));
    for generated in &TEXTS {
        consts.extend(once(generated.suffix, &text, quote!("")));
    }
    for field in &input.fields {
        let upper = field.upper();
        consts.extend(once(&upper, &text, quote!("")));
        consts.extend(once(&format!("{upper}_ENV"), &text, quote!("")));
        if let Some(default) = field.default.clone() {
            let ty = field.const_type(input);
            consts.extend(once(&format!("{upper}_DEFAULT"), &ty, default));
        }
    }
    let ident = &input.ident;
    match input.consts {
        Consts::Assoc => quote! {
            #[allow(dead_code, missing_docs)]
            impl #ident { #consts }
        },
        Consts::Free | Consts::None => consts,
    }
}

fn item(input: &Input, name: &Ident, ty: &TokenStream, value: &TokenStream) -> TokenStream {
    let vis = &input.vis;
    quote! {
        #[allow(dead_code, missing_docs)]
        #vis const #name: #ty = #value;
    }
}
