//! The constants: keys, defaults, variables, and the section's texts.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::each;
use crate::ir::{Consts, Field, Input, TEXTS, Text};
use crate::types::Shape;

pub(crate) fn consts(input: &Input) -> TokenStream {
    let head = input.implement(None, None);
    if input.consts == Consts::None {
        let defaults = each(&input.fields, &mut |field| default(input, field));
        return quote! {
            #[allow(dead_code)]
            #head { #defaults }
        };
    }
    let mut consts = section(input);
    consts.extend(each(&input.fields, &mut |field| {
        let mut consts = texts(input, field);
        if let Some(default) = default(input, field) {
            consts.extend(default);
        }
        Some(consts)
    }));
    // Their lengths are constants, which in a generic struct there are none of.
    if !input.is_generic() {
        for text in &TEXTS {
            consts.extend(table_text(input, text));
        }
    }
    match input.consts {
        Consts::Assoc => {
            let hidden = input.hidden_types();
            quote! {
                #[allow(dead_code #hidden)]
                #head { #consts }
            }
        }
        Consts::Free | Consts::None => consts,
    }
}

/// A constant. Docs go on those that others can see; those in a function's own scope stay bare.
fn constant(
    input: &Input,
    doc: &str,
    name: Ident,
    ty: TokenStream,
    value: &dyn ToTokens,
) -> TokenStream {
    let (vis, span) = (&input.vis, name.span());
    let head = (input.consts != Consts::None).then(|| quote!(#[doc = #doc] #vis));
    quote_spanned!(span=> #head const #name: #ty = #value;)
}

fn section(input: &Input) -> TokenStream {
    let (section, span) = (&input.section, input.section.span());
    let doc = format!("The section `{}` of a file.", section.value());
    constant(input, &doc, input.const_ident("", span), input.text_type(span), section)
}

/// The key and the variable.
fn texts(input: &Input, field: &Field) -> TokenStream {
    let (span, key) = (field.ident.span(), field.key());
    let doc = format!("Key `{}`: {}", key.value(), summary(field));
    let name = input.const_ident(&input.key_ending(field), span);
    let mut texts = constant(input, &doc, name, input.text_type(span), &key);
    if let Some(variable) = field.env_name(input) {
        let doc = format!("Variable of `{}`.", key.value());
        let name = input.const_ident(&format!("{}_ENV", field.upper()), span);
        texts.extend(constant(input, &doc, name, input.text_type(span), &variable));
    }
    texts
}

fn default(input: &Input, field: &Field) -> Option<TokenStream> {
    let default = field.default.as_ref()?;
    let doc = format!("Default of `{}`.", field.key().value());
    let name = input.default_ident(field, field.ident.span());
    let constant = constant(input, &doc, name, field.const_type(input), default);
    if input.consts != Consts::Free {
        return Some(constant);
    }
    // The table of fields has no default for a field that needs none, and `Default` may be unused.
    let unused = field.default_implied.then(|| quote!(#[allow(dead_code)]));
    // Not everybody may see the type who sees the struct.
    let own = field.shape() == Shape::Unknown;
    let hidden = own.then(|| quote!(#[allow(private_interfaces)]));
    Some(quote!(#unused #hidden #constant))
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
    // The table of fields uses the other constants, but nothing this one.
    let unused = (input.consts == Consts::Free).then(|| quote!(#[allow(dead_code)]));
    let value = quote! {{
        type __T = #krate::private::#kind<#ident>;
        const TEXT: [u8; __T::LEN] = __T::bytes();
        __T::str(&TEXT)
    }};
    let (quiet, text) = (input.quiet(), constant(input, text.doc, name, text_type, &value));
    quote!(#quiet #unused #text)
}
