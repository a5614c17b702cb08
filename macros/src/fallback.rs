//! After a mistake: stubs under the generated names, so that code using them adds no messages.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use crate::expand;
use crate::ir::{Choice, Consts, Field, Input, TEXTS};

/// Everything a user may name, with nothing behind it: compilation fails anyway.
pub(crate) fn config(input: &Input) -> TokenStream {
    let (vis, krate, of) = (&input.vis, &input.krate, input.self_type());
    let (builder, structure) = (input.builder_ident(), expand::builder_structure(input));
    let builder_type = input.builder_type();
    let consts = consts(input);
    let default = input.has_default().then(|| {
        let head = expand::default_head(input);
        quote! {
            #[automatically_derived]
            #head {
                fn default() -> Self { loop {} }
            }
        }
    });
    let engine = input.engine.then(|| {
        let head = input.implement(Some(quote!(#krate::EngineConfig)), None);
        quote! {
            #[automatically_derived]
            #head {
                fn engine_settings(&self) -> #krate::EngineSettings { loop {} }
            }
        }
    });
    let schema = input.implement(Some(quote!(#krate::ConfigSchema)), None);
    let own = input.implement(None, None);
    let from = input.implement_for(quote!(::core::convert::From<#of> for #builder), None);
    let of_builder = input.implement_for(quote!(#builder), None);
    let setters = stub_setters(input);
    let serialize = expand::serialize(input);
    let writing = expand::writing(input, |_| quote!(loop {}));
    quote! {
        #consts
        #default
        #engine
        #serialize
        #[automatically_derived]
        #schema {
            const SECTION: &'static str = "";
            const ENV_PREFIX: ::core::option::Option<&'static str> = ::core::option::Option::None;
            const FIELDS: &'static [#krate::config::FieldMeta] = &[];
            fn from_values(_: #krate::private::Values) -> ::core::option::Option<Self> { loop {} }
            fn to_values(&self) -> #krate::private::Values { loop {} }
        }
        #[allow(dead_code, missing_docs)]
        #own {
            #vis fn from_env() -> #krate::config::Result<Self> { loop {} }
            #vis fn loader() -> #krate::Loader<Self> { loop {} }
            #vis fn builder() -> #builder_type { loop {} }
            #writing
        }
        #[allow(dead_code)]
        #structure
        #[automatically_derived]
        #from {
            fn from(_: #of) -> Self { loop {} }
        }
        #[allow(dead_code, missing_docs, non_snake_case)]
        #of_builder {
            #setters
            #vis fn build(self) -> #krate::config::Result<#of> { loop {} }
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
    let stub = |field: &Field, ty: &TokenStream| {
        let (name, span) = (&field.ident, field.type_span());
        // A setter called `build` is among the mistakes already reported.
        let is_free = field.name() != "build";
        is_free.then(|| quote_spanned!(span=> #vis fn #name(self, _: #ty) -> Self { loop {} }))
    };
    let setters = input.fields.iter().map(|field| stub(field, &expand::setter_type(field)));
    let skipped = input.skipped.iter().map(|field| stub(field, &field.ty.to_token_stream()));
    quote!(#(#setters)* #(#skipped)*)
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
        consts.extend(once(&input.key_ending(field), &text, quote!("")));
        consts.extend(once(&format!("{upper}_ENV"), &text, quote!("")));
        // One that a secret is given is among the mistakes, and of any type.
        if let Some(default) = field.default.clone().filter(|_| !field.is_secret()) {
            let ty = field.const_type(input);
            consts.extend(once(&format!("{upper}_DEFAULT"), &ty, default));
        }
    }
    let head = input.implement(None, None);
    match input.consts {
        Consts::Assoc => quote! {
            #[allow(dead_code, missing_docs)]
            #head { #consts }
        },
        // Such a mistake is reported, and nothing outside can know the parameters.
        Consts::Free if input.is_generic() => TokenStream::new(),
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
