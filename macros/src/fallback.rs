//! After a mistake: stubs under the generated names, so that code using them adds no messages.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::expand::{self, each};
use crate::ir::{Choice, Consts, Field, Input, TEXTS};

/// Everything a user may name, with nothing behind it: compilation fails anyway.
pub(crate) fn config(input: &Input) -> TokenStream {
    let (vis, krate, of) = (&input.vis, &input.krate, input.self_type());
    let (builder, structure) = (input.builder_ident(), expand::builder_structure(input));
    let builder_type = input.builder_type();
    let consts = consts(input);
    let default = input.has_default().then(|| expand::default_head(input));
    let engine = input.engine.then(|| input.implement(Some(quote!(#krate::EngineConfig)), None));
    let schema = input.implement(Some(quote!(#krate::ConfigSchema)), None);
    let own = input.implement(None, None);
    let from = input.implement_for(quote!(::core::convert::From<#of> for #builder), None);
    let of_builder = input.implement_for(quote!(#builder), None);
    let setters = stub_setters(input);
    let serialize = expand::serialize(input);
    let writing = expand::writing(input, true);
    quote! {
        #consts
        #serialize
        #[allow(dead_code)]
        #structure
        #krate::private::stubs! {
            { #default } { #engine } { #schema } { #from } #of, #vis #builder_type,
            { #own } { #writing }
            { #of_builder } { #setters }
        }
    }
}

/// The same for an enum of names.
pub(crate) fn choice(choice: &Choice) -> TokenStream {
    let (ident, vis, krate) = (&choice.ident, &choice.vis, &choice.krate);
    quote!(#krate::private::choice_stub! { #vis #ident })
}

fn stub_setters(input: &Input) -> TokenStream {
    let stub = |field: &Field, ty: TokenStream| {
        let (vis, name, span) = (&input.vis, &field.ident, field.type_span());
        // A setter called `build` is among the mistakes already reported.
        let is_free = field.name() != "build";
        is_free.then(|| quote_spanned!(span=> #vis fn #name(self, _: #ty) -> Self { loop {} }))
    };
    let mut setters = each(&input.fields, &mut |field| stub(field, expand::setter_type(field)));
    setters.extend(each(&input.skipped, &mut |field| {
        let ty = &field.ty;
        stub(field, quote!(#ty))
    }));
    setters
}

fn consts(input: &Input) -> TokenStream {
    // Free ones of a generic struct are a mistake that is reported, and nothing outside can know the
    // parameters.
    if input.consts == Consts::None || (input.consts == Consts::Free && input.is_generic()) {
        return TokenStream::new();
    }
    let (vis, mut names, mut consts) = (&input.vis, Vec::new(), TokenStream::new());
    let mut add = |suffix: &str, ty: &TokenStream, value: &TokenStream| {
        let name: Ident = input.const_ident(suffix, Span::call_site());
        // Names that collide are among the mistakes already reported.
        if !names.contains(&name) {
            consts.extend(quote! {
                #[allow(dead_code, missing_docs)]
                #vis const #name: #ty = #value;
            });
            names.push(name);
        }
    };
    let (text, empty) = (input.text_type(Span::call_site()), quote!(""));
    add("", &text, &empty);
    for generated in &TEXTS {
        add(generated.suffix, &text, &empty);
    }
    for field in &input.fields {
        let upper = field.upper();
        add(&input.key_ending(field), &text, &empty);
        add(&format!("{upper}_ENV"), &text, &empty);
        // One that a secret is given is among the mistakes, and of any type.
        if let Some(default) = field.default.as_ref().filter(|_| !field.is_secret()) {
            add(&format!("{upper}_DEFAULT"), &field.const_type(input), default);
        }
    }
    if input.consts == Consts::Free {
        return consts;
    }
    let head = input.implement(None, None);
    quote! {
        #[allow(dead_code, missing_docs)]
        #head { #consts }
    }
}
