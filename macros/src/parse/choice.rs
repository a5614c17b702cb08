//! An enum of names, read and checked as a whole.

use proc_macro2::Ident;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, LitStr, Path, Result};

use super::attributes::{Place, attributes, value};
use super::serde::Names;
use crate::case::Case;
use crate::error::{self, Errors};
use crate::ir::{Choice, Variant};

/// The attributes of an enum.
const ON_ENUM: &[&str] = &["crate"];

/// The attributes of a variant.
const ON_VARIANT: &[&str] = &["rename", "alias"];

/// Reads the enum; what is no enum has no variants.
pub(crate) fn choice(derive: DeriveInput, errors: &mut Errors) -> Choice {
    let mut choice = Choice {
        vis: derive.vis,
        ident: derive.ident,
        krate: quote!(::ds_aio),
        variants: Vec::new(),
    };
    let Data::Enum(data) = derive.data else {
        errors.push(error::not_an_enum(choice.ident.span()));
        return choice;
    };
    if !derive.generics.params.is_empty() {
        errors.push(error::generic_choice(derive.generics.span()));
    }
    let place = Place { name: "enum", known: ON_ENUM, other: "variant", elsewhere: ON_VARIANT };
    attributes(&derive.attrs, &place, errors, &mut |_, stream| {
        choice.krate = value::<Path>(stream)?.into_token_stream();
        Ok(())
    });
    if data.variants.is_empty() {
        errors.push(error::no_variants(choice.ident.span()));
    }
    let case = Names::of(&derive.attrs).case(errors);
    choice.variants = data.variants.iter().map(|syntax| variant(syntax, case, errors)).collect();
    names(&choice, errors);
    choice
}

fn variant(syntax: &syn::Variant, case: Option<Case>, errors: &mut Errors) -> Variant {
    let ident = syntax.ident.clone();
    let by_case = case.map(|case| case.of_variant(&ident.unraw().to_string()));
    let by_case = by_case.map(|name| LitStr::new(&name, ident.span()));
    let mut variant = Variant { ident, rename: None, by_case, aliases: Vec::new() };
    if !matches!(syntax.fields, Fields::Unit) {
        errors.push(error::variant_with_fields(&syntax.ident, syntax.fields.span()));
    }
    let place = Place { name: "variant", known: ON_VARIANT, other: "enum", elsewhere: ON_ENUM };
    attributes(&syntax.attrs, &place, errors, &mut |name, stream| {
        variant_attribute(&mut variant, name, stream)
    });
    let mut names = Names::of(&syntax.attrs);
    variant.rename = names.rename(variant.rename, variant.by_case.as_ref(), errors);
    names.add_aliases(&variant.name(), &mut variant.aliases, str::eq_ignore_ascii_case);
    variant
}

fn variant_attribute(variant: &mut Variant, name: &Ident, stream: ParseStream<'_>) -> Result<()> {
    let text: LitStr = value(stream)?;
    if name == "rename" {
        variant.rename = Some(text);
    } else {
        variant.aliases.push(text);
    }
    Ok(())
}

/// A name means one variant, in any case.
fn names(choice: &Choice, errors: &mut Errors) {
    let mut taken: Vec<(String, &Ident)> = Vec::new();
    for variant in &choice.variants {
        let name = variant.name();
        for name in core::iter::once(&name).chain(&variant.aliases) {
            let text = name.value();
            if text.trim().is_empty() || text.trim() != text {
                errors.push(error::bad_choice(name.span()));
                continue;
            }
            let lower = text.to_ascii_lowercase();
            match taken.iter().find(|(taken, _)| *taken == lower) {
                Some((_, by)) => errors.push(error::choice_taken(name.span(), &text, by)),
                None => taken.push((lower, &variant.ident)),
            }
        }
    }
}
