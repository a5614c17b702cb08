//! The constants: keys, defaults, variables, and the section's text.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use crate::ir::{Consts, Field, Input};

pub(crate) fn consts(input: &Input) -> TokenStream {
    let section = section(input);
    let fields = input.fields.iter().map(|field| of_field(input, field));
    let format = (input.consts != Consts::None).then(|| format(input));
    let ident = &input.ident;
    let consts = quote!(#section #(#fields)* #format);
    match input.consts {
        Consts::Assoc => quote! {
            #[allow(dead_code)]
            impl #ident { #consts }
        },
        Consts::Free | Consts::None => consts,
    }
}

/// Docs go on constants that others can see; those in a function's own scope stay bare.
fn attributes(input: &Input, doc: &str) -> TokenStream {
    match input.consts {
        Consts::Assoc => quote!(#[doc = #doc]),
        Consts::Free => quote!(#[doc = #doc] #[allow(dead_code)]),
        Consts::None => TokenStream::new(),
    }
}

fn section(input: &Input) -> TokenStream {
    let (vis, section) = (visibility(input), &input.section);
    let text_type = input.text_type(section.span());
    let name = input.const_ident("", section.span());
    let attributes = attributes(input, &format!("The section `{}` of a file.", section.value()));
    quote!(#attributes #vis const #name: #text_type = #section;)
}

fn visibility(input: &Input) -> TokenStream {
    let vis = &input.vis;
    if input.consts == Consts::None { TokenStream::new() } else { quote!(#vis) }
}

fn of_field(input: &Input, field: &Field) -> TokenStream {
    let (vis, span) = (visibility(input), field.ident.span());
    let text_type = input.text_type(span);
    let (upper, key) = (field.upper(), field.key());
    let text = key.value();

    let name = input.const_ident(&upper, span);
    let about = attributes(input, &format!("Key `{text}`: {}", summary(field)));
    let key = quote_spanned!(span=> #about #vis const #name: #text_type = #key;);

    let default = field.default.as_ref().map(|default| {
        let name = input.const_ident(&format!("{upper}_DEFAULT"), span);
        let about = attributes(input, &format!("Default of `{text}`."));
        let ty = field.const_type(input);
        quote_spanned!(span=> #about #vis const #name: #ty = #default;)
    });
    let env = field.env_name(input).map(|variable| {
        let name = input.const_ident(&format!("{upper}_ENV"), span);
        let about = attributes(input, &format!("Variable that sets `{text}`."));
        quote_spanned!(span=> #about #vis const #name: #text_type = #variable;)
    });
    quote!(#key #default #env)
}

/// The first paragraph of the doc comment.
fn summary(field: &Field) -> String {
    let doc = field.doc_text();
    let paragraph = doc.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    if paragraph.is_empty() { "a setting.".to_owned() } else { paragraph }
}

fn format(input: &Input) -> TokenStream {
    let (vis, krate, ident) = (&input.vis, &input.krate, &input.ident);
    let name = input.const_ident("FORMAT", ident.span());
    let text_type = input.text_type(ident.span());
    let about = attributes(input, "The section in JSON with every default.");
    quote! {
        #about
        #vis const #name: #text_type = {
            const TEXT: [u8; #krate::private::format_len::<#ident>()] =
                #krate::private::format::<#ident, { #krate::private::format_len::<#ident>() }>();
            #krate::private::as_str(&TEXT)
        };
    }
}
