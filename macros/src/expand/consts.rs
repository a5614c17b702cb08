//! The constants: keys, defaults, variables, and the section's texts.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use crate::ir::{Consts, Field, Input, TEXTS, Text};

pub(crate) fn consts(input: &Input) -> TokenStream {
    let defaults = input.fields.iter().map(|field| default(input, field));
    let head = input.implement(None, None);
    if input.consts == Consts::None {
        let defaults = quote!(#(#defaults)*);
        return match input.is_generic() {
            true => quote!(#head { #defaults }),
            false => defaults,
        };
    }
    let section = section(input);
    let texts = input.fields.iter().map(|field| texts(input, field));
    // Their lengths are constants, which in a generic struct there are none of.
    let texts_of_table = if input.is_generic() { &[][..] } else { &TEXTS };
    let table_texts = texts_of_table.iter().map(|text| table_text(input, text));
    let consts = quote!(#section #(#texts #defaults)* #(#table_texts)*);
    match input.consts {
        Consts::Assoc => {
            quote! {
                #[allow(dead_code)]
                #head { #consts }
            }
        }
        Consts::Free | Consts::None => consts,
    }
}

/// What stands before the name of a constant. Docs go on those that others can see; those in a
/// function's own scope stay bare.
fn head(input: &Input, doc: &str) -> TokenStream {
    let vis = &input.vis;
    match input.consts {
        Consts::Assoc => quote!(#[doc = #doc] #vis),
        Consts::Free => quote!(#[doc = #doc] #vis),
        Consts::None => TokenStream::new(),
    }
}

fn section(input: &Input) -> TokenStream {
    let section = &input.section;
    let text_type = input.text_type(section.span());
    let name = input.const_ident("", section.span());
    let doc = format!("The section `{}` of a file.", section.value());
    let head = head(input, &doc);
    quote!(#head const #name: #text_type = #section;)
}

/// The key and the variable.
fn texts(input: &Input, field: &Field) -> TokenStream {
    let span = field.ident.span();
    let text_type = input.text_type(span);
    let (upper, key) = (field.upper(), field.key());
    let constant = |name: Ident, doc: &str, value| {
        let head = head(input, doc);
        quote_spanned!(span=> #head const #name: #text_type = #value;)
    };
    let about = format!("Key `{}`: {}", key.value(), summary(field));
    let env = field.env_name(input).map(|variable| {
        let about = format!("Variable of `{}`.", key.value());
        let name = input.const_ident(&format!("{upper}_ENV"), span);
        constant(name, &about, variable)
    });
    let key = constant(input.const_ident(&input.key_ending(field), span), &about, key);
    quote!(#key #env)
}

fn default(input: &Input, field: &Field) -> TokenStream {
    let Some(default) = &field.default else {
        return TokenStream::new();
    };
    let span = field.ident.span();
    let head = head(input, &format!("Default of `{}`.", field.key().value()));
    let (name, ty) = (input.default_ident(field, span), field.const_type(input));
    quote_spanned!(span=> #head const #name: #ty = #default;)
}

/// The first paragraph of the doc comment.
fn summary(field: &Field) -> String {
    let doc = field.doc_text();
    let paragraph = doc.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    if paragraph.is_empty() { "a setting.".to_owned() } else { paragraph }
}

/// What is made of the whole table of fields.
fn table_text(input: &Input, text: &Text) -> TokenStream {
    let (krate, ident) = (&input.krate, &input.ident);
    let kind = Ident::new(text.kind, ident.span());
    let name = input.const_ident(text.suffix, ident.span());
    let text_type = input.text_type(ident.span());
    let head = head(input, text.doc);
    // The table of fields uses the other constants, but nothing this one.
    let unused = (input.consts == Consts::Free).then(|| quote!(#[allow(dead_code)]));
    quote! {
        #unused
        #head const #name: #text_type = {
            type __T = #krate::private::#kind<#ident>;
            const TEXT: [u8; __T::LEN] = __T::bytes();
            __T::str(&TEXT)
        };
    }
}
