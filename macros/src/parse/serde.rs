//! Names that `#[serde(…)]` gives: a struct that derives both has one name for each thing.

use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Attribute, LitStr, Result, Token, parenthesized};

use super::attributes::skip_to_comma;
use crate::case::Case;
use crate::error::{self, Errors};

/// What the attributes of one thing say about names. Of a name that is written otherwise than it is
/// read, this is the one that is read.
#[derive(Default)]
pub(super) struct Names {
    pub(super) rename: Option<LitStr>,
    pub(super) aliases: Vec<LitStr>,
    pub(super) rename_all: Option<LitStr>,
}

impl Names {
    /// Passes over whatever else serde knows, and over mistakes: serde reports them.
    pub(super) fn of(attrs: &[Attribute]) -> Self {
        let mut names = Self::default();
        for attribute in attrs.iter().filter(|attribute| attribute.path().is_ident("serde")) {
            let _ = attribute.parse_args_with(|stream: ParseStream<'_>| {
                while !stream.is_empty() {
                    let _ = names.one(stream);
                    skip_to_comma(stream);
                    stream.parse::<Option<Token![,]>>()?;
                }
                Ok(())
            });
        }
        names
    }

    fn one(&mut self, stream: ParseStream<'_>) -> Result<()> {
        let name = stream.call(Ident::parse_any)?;
        match name.to_string().as_str() {
            "rename" => self.rename = read_name(stream)?.or(self.rename.take()),
            "rename_all" => self.rename_all = read_name(stream)?.or(self.rename_all.take()),
            "alias" => self.aliases.extend(read_name(stream)?),
            _ => {}
        }
        Ok(())
    }

    /// The case of the names within a struct or an enum.
    pub(super) fn case(&self, errors: &mut Errors) -> Option<Case> {
        let written = self.rename_all.as_ref()?;
        let case = Case::named(&written.value());
        if case.is_none() {
            errors.push(error::unknown_case(written.span()));
        }
        case
    }

    /// The name of one thing: ours, or else serde's. `by_case` is what `rename_all` makes of it.
    pub(super) fn rename(
        &mut self,
        ours: Option<LitStr>,
        by_case: Option<&LitStr>,
        errors: &mut Errors,
    ) -> Option<LitStr> {
        let theirs = self.rename.take();
        if let (Some(ours), Some(theirs)) = (&ours, theirs.as_ref().or(by_case))
            && ours.value() != theirs.value()
        {
            errors.push(error::renamed_otherwise(ours.span(), &theirs.value()));
        }
        ours.or(theirs)
    }

    /// Adds the aliases to `ours`, but for those that are known already.
    pub(super) fn add_aliases(
        self,
        key: &LitStr,
        ours: &mut Vec<LitStr>,
        is_same: fn(&str, &str) -> bool,
    ) {
        for alias in self.aliases {
            let text = alias.value();
            let mut known = core::iter::once(key).chain(&*ours);
            if !known.any(|known| is_same(&known.value(), &text)) {
                ours.push(alias);
            }
        }
    }
}

/// `= "…"`, or what `deserialize` is in `(serialize = "…", deserialize = "…")`.
fn read_name(stream: ParseStream<'_>) -> Result<Option<LitStr>> {
    if stream.peek(Token![=]) {
        stream.parse::<Token![=]>()?;
        return stream.parse().map(Some);
    }
    let parts;
    parenthesized!(parts in stream);
    let mut found = None;
    while !parts.is_empty() {
        let direction = parts.call(Ident::parse_any)?;
        parts.parse::<Token![=]>()?;
        let name: LitStr = parts.parse()?;
        if direction == "deserialize" {
            found = Some(name);
        }
        parts.parse::<Option<Token![,]>>()?;
    }
    parts.parse::<TokenStream>()?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use syn::{DeriveInput, parse_quote};

    use super::*;

    fn names(item: &DeriveInput) -> (Names, Errors) {
        (Names::of(&item.attrs), Errors::default())
    }

    #[test]
    fn the_direction_that_is_read_counts() {
        let (names, mut errors) = names(&parse_quote! {
            #[serde(default, rename_all(serialize = "lowercase", deserialize = "camelCase"))]
            #[serde(rename(serialize = "a"), bound = "x", alias = "b", with = "c", alias = "d")]
            struct S;
        });
        let case = names.case(&mut errors).unwrap();
        assert_eq!(case.of_field("queue_depth"), "queueDepth");
        assert!(names.rename.is_none() && errors.is_empty());
        let aliases: Vec<_> = names.aliases.iter().map(LitStr::value).collect();
        assert_eq!(aliases, ["b", "d"]);
    }

    #[test]
    fn what_serde_will_refuse_is_passed_over_but_an_unknown_case_is_not() {
        let (names, mut errors) = names(&parse_quote! {
            #[serde(rename = 1, alias, rename(deserialize), rename_all = "Title Case")]
            #[serde = "x"]
            struct S;
        });
        assert!(names.rename.is_none() && names.aliases.is_empty());
        assert!(names.case(&mut errors).is_none() && !errors.is_empty());
    }
}
