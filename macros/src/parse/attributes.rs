//! The attributes of one struct, field, enum or variant, each in its turn.

use proc_macro2::{Ident, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Result, Token};

use crate::error::{self, Errors};

/// The attributes that may be repeated.
const REPEATABLE: &[&str] = &["alias", "deprecated", "fixed"];

/// Where an attribute stands, and what is known there and elsewhere.
pub(super) struct Place {
    pub(super) name: &'static str,
    pub(super) known: &'static [&'static str],
    pub(super) other: &'static str,
    pub(super) elsewhere: &'static [&'static str],
}

/// What stood in the attributes of one struct or field.
#[derive(Default)]
pub(super) struct Seen {
    names: Vec<Ident>,
    /// Whether there was something that is known nowhere, and could have been anything.
    pub(super) unclear: bool,
}

impl Seen {
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|seen| *seen == name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &Ident> {
        self.names.iter()
    }
}

/// Hands every attribute of every `#[config(…)]` to `apply`; after a mistake in one it goes on
/// behind the next comma. Returns the names that were seen.
pub(super) fn attributes(
    attrs: &[Attribute],
    place: &Place,
    errors: &mut Errors,
    apply: &mut dyn FnMut(&Ident, ParseStream<'_>) -> Result<()>,
) -> Seen {
    let mut seen = Seen::default();
    for attribute in attrs.iter().filter(|attribute| attribute.path().is_ident("config")) {
        let parsed = attribute.parse_args_with(|stream: ParseStream<'_>| {
            while !stream.is_empty() {
                if let Err(error) = one_attribute(stream, place, &mut seen, apply) {
                    errors.push(error);
                    skip_to_comma(stream);
                }
                if !stream.is_empty() {
                    stream.parse::<Token![,]>()?;
                }
            }
            Ok(())
        });
        if let Err(error) = parsed {
            errors.push(error);
            seen.unclear = true;
        }
    }
    seen
}

fn one_attribute(
    stream: ParseStream<'_>,
    place: &Place,
    seen: &mut Seen,
    apply: &mut dyn FnMut(&Ident, ParseStream<'_>) -> Result<()>,
) -> Result<()> {
    let name = stream.call(Ident::parse_any)?;
    let written = name.to_string();
    if !place.known.contains(&written.as_str()) {
        if place.elsewhere.contains(&written.as_str()) {
            return Err(error::misplaced_attribute(&name, place.other, place.name));
        }
        seen.unclear = true;
        return Err(error::unknown_attribute(&name, place.known, place.name));
    }
    if seen.has(&written) && !REPEATABLE.contains(&written.as_str()) {
        return Err(error::repeated_attribute(&name));
    }
    seen.names.push(name.clone());
    apply(&name, stream)?;
    if stream.is_empty() || stream.peek(Token![,]) {
        Ok(())
    } else {
        Err(error::expected_comma(stream.span()))
    }
}

pub(super) fn skip_to_comma(stream: ParseStream<'_>) {
    while !stream.is_empty() && !stream.peek(Token![,]) {
        if stream.parse::<TokenTree>().is_err() {
            return;
        }
    }
}

pub(super) fn value<T: Parse>(stream: ParseStream<'_>) -> Result<T> {
    stream.parse::<Token![=]>()?;
    stream.parse()
}

pub(super) fn flag(name: &Ident, stream: ParseStream<'_>) -> Result<()> {
    if stream.is_empty() || stream.peek(Token![,]) {
        Ok(())
    } else {
        Err(error::takes_no_value(name, stream.span()))
    }
}
