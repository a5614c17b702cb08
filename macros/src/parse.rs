//! From syntax to [`crate::ir`]: reads every attribute, and goes on after a mistake in one.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Data, DataStruct, DeriveInput, Fields, LitStr, Path, Result, Token, bracketed, parenthesized,
};

use crate::case::Case;
use crate::error::{self, Errors};
use crate::ir::{Consts, Deprecated, Env, Field, Fixed, Input, Nested, ParseBy, Rule, RuleKind};

mod attributes;
mod choice;
mod expression;
mod serde;

pub(crate) use choice::choice;

use attributes::{Place, Seen, attributes, flag, value};
use expression::{Expression, expression_value, range};
use serde::Names;

/// The attributes of a struct; [`struct_attribute`] reads them.
const ON_STRUCT: &[&str] = &[
    "section",
    "env_prefix",
    "const_prefix",
    "key_suffix",
    "consts",
    "fixed",
    "engine",
    "serialize",
    "check",
    "crate",
];

/// What stands in `deprecated(…)`.
const IN_DEPRECATED: &[&str] = &["alias", "note"];

/// The attributes of a field; [`field_attribute`] reads them.
const ON_FIELD: &[&str] = &[
    "default",
    "required",
    "range",
    "multiple_of",
    "power_of_two",
    "one_of",
    "env",
    "rename",
    "alias",
    "deprecated",
    "sep",
    "parse",
    "bytes",
    "advanced",
    "auto",
    "check",
    "skip",
    "nested",
];

/// The attributes of a field that suit a nested struct too.
const BESIDE_NESTED: &[&str] = &["nested", "rename", "alias", "deprecated", "advanced"];

/// What stands in `nested(…)`.
const IN_NESTED: &[&str] = &["env_prefix"];

/// Reads the struct; `None` when it is nothing that fields could be read from.
pub(crate) fn input(derive: DeriveInput, errors: &mut Errors) -> Option<Input> {
    let DeriveInput { attrs, vis, ident, generics, data } = derive;
    let Data::Struct(DataStruct { fields: Fields::Named(named), .. }) = data else {
        errors.push(error::not_a_struct(ident.span()));
        return None;
    };
    for lifetime in generics.lifetimes() {
        errors.push(error::borrows(lifetime.span()));
    }
    let at = ident.span();
    let mut input = Input {
        vis,
        ident,
        generics,
        is_deprecated: attrs.iter().any(|attribute| attribute.path().is_ident("deprecated")),
        krate: quote!(::ds_aio),
        krate_given: false,
        section: LitStr::new("", at),
        env_prefix: None,
        const_prefix: None,
        key_suffix: None,
        consts: Consts::Assoc,
        engine: false,
        serialize: None,
        fixed: Vec::new(),
        check: None,
        fields: Vec::new(),
        skipped: Vec::new(),
    };
    let place = Place { name: "struct", known: ON_STRUCT, other: "field", elsewhere: ON_FIELD };
    let seen = attributes(&attrs, &place, errors, &mut |name, stream| {
        struct_attribute(&mut input, name, stream)
    });
    // What could not be read may have been the section.
    if !seen.unclear && !seen.has("section") {
        errors.push(error::no_section(at, &input.ident));
    }
    let case = Names::of(&attrs).case(errors);
    for syntax in named.named {
        let Some(mut field) = field(syntax, case, errors) else { continue };
        let fields = if field.skip { &mut input.skipped } else { &mut input.fields };
        field.index = fields.len();
        fields.push(field);
    }
    Some(input)
}

fn field(syntax: syn::Field, case: Option<Case>, errors: &mut Errors) -> Option<Field> {
    let mut field = Field {
        index: 0,
        ident: syntax.ident?,
        ty: syntax.ty,
        docs: Vec::new(),
        rename: None,
        by_case: None,
        aliases: Vec::new(),
        deprecated: Vec::new(),
        env: Env::Prefixed,
        default: None,
        default_implied: false,
        required: None,
        rules: Vec::new(),
        bytes: None,
        sep: None,
        parse: None,
        advanced: false,
        auto: None,
        check: None,
        skip: false,
        nested: None,
    };
    let place = Place { name: "field", known: ON_FIELD, other: "struct", elsewhere: ON_STRUCT };
    let seen = attributes(&syntax.attrs, &place, errors, &mut |name, stream| {
        field_attribute(&mut field, name, stream)
    });
    let mut names = Names::of(&syntax.attrs);
    field.docs = syntax.attrs;
    field.docs.retain(|attribute| attribute.path().is_ident("doc"));
    if field.skip {
        let others = seen.names().filter(|name| *name != "skip" && *name != "default");
        others.for_each(|other| errors.push(error::beside_skip(other)));
        return Some(field);
    }
    let by_case = case.map(|case| case.of_field(&field.name()));
    field.by_case = by_case.map(|name| LitStr::new(&name, field.ident.span()));
    field.rename = names.rename(field.rename, field.by_case.as_ref(), errors);
    names.add_aliases(&field.key(), &mut field.aliases, |a, b| a == b);
    if field.nested.is_some() {
        nested(&field, &seen, errors);
    } else if field.inside_option().is_some() && field.default.is_none() {
        if let Some(required) = field.required {
            errors.push(error::optional_and_required(required));
        }
        field.default = Some(quote!(::core::option::Option::None));
        field.default_implied = true;
    } else if !seen.unclear && !seen.has("default") && !seen.has("required") {
        errors.push(error::neither_default_nor_required(&field.ident));
    }
    if field.inside_list().is_some() {
        field.default = field.default.map(borrowed_list);
    }
    Some(field)
}

/// What else stands on the field that holds a nested struct.
fn nested(field: &Field, seen: &Seen, errors: &mut Errors) {
    let foreign = seen.names().filter(|name| !BESIDE_NESTED.iter().any(|known| name == known));
    foreign.for_each(|name| errors.push(error::not_beside_nested(name)));
    if field.inside_option().is_some() || field.inside_list().is_some() {
        errors.push(error::nested_within(field.ty.span()));
    }
}

/// The constant of a list is a slice, which `[a, b]` may stand for.
fn borrowed_list(default: TokenStream) -> TokenStream {
    let mut tokens = default.clone().into_iter();
    match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::Bracket => {
            quote_spanned!(group.span()=> &#group)
        }
        _ => default,
    }
}

fn struct_attribute(input: &mut Input, name: &Ident, stream: ParseStream<'_>) -> Result<()> {
    match name.to_string().as_str() {
        "section" => {
            input.section = value(stream)?;
            if input.section.value().is_empty() {
                return Err(error::bad_section(input.section.span()));
            }
        }
        "env_prefix" => input.env_prefix = Some(value(stream)?),
        "const_prefix" => input.const_prefix = Some(value(stream)?),
        "key_suffix" => input.key_suffix = Some(value(stream)?),
        "engine" => {
            flag(name, stream)?;
            input.engine = true;
        }
        "serialize" => {
            flag(name, stream)?;
            input.serialize = Some(name.span());
        }
        "crate" => {
            input.krate = value::<Path>(stream)?.into_token_stream();
            input.krate_given = true;
        }
        "check" => input.check = Some(value(stream)?),
        "consts" => {
            stream.parse::<Token![=]>()?;
            let style = stream.call(Ident::parse_any)?;
            input.consts = match style.to_string().as_str() {
                "assoc" => Consts::Assoc,
                "free" => Consts::Free,
                "none" => Consts::None,
                _ => return Err(error::unknown_consts(style.span())),
            };
        }
        "fixed" => {
            let keys;
            parenthesized!(keys in stream);
            let fixed = Punctuated::<Fixed, Token![,]>::parse_terminated(&keys)?;
            input.fixed.extend(fixed);
        }
        _ => {}
    }
    Ok(())
}

fn field_attribute(field: &mut Field, name: &Ident, stream: ParseStream<'_>) -> Result<()> {
    let rule = |kind| Rule { span: name.span(), kind };
    match name.to_string().as_str() {
        "default" => field.default = Some(expression_value(stream)?),
        "required" => {
            flag(name, stream)?;
            field.required = Some(name.span());
        }
        "range" => {
            stream.parse::<Token![=]>()?;
            field.rules.push(rule(range(stream)?));
        }
        "multiple_of" => {
            field.rules.push(rule(RuleKind::MultipleOf(expression_value(stream)?)));
        }
        "power_of_two" => {
            flag(name, stream)?;
            field.rules.push(rule(RuleKind::PowerOfTwo));
        }
        "one_of" => {
            stream.parse::<Token![=]>()?;
            let choices;
            bracketed!(choices in stream);
            let choices = Punctuated::<Expression, Token![,]>::parse_terminated(&choices)?;
            let choices = choices.into_iter().map(|choice| choice.0).collect();
            field.rules.push(rule(RuleKind::OneOf(choices)));
        }
        "env" => {
            stream.parse::<Token![=]>()?;
            field.env = if stream.peek(LitStr) {
                Env::Named(stream.parse()?)
            } else {
                let skip = stream.call(Ident::parse_any)?;
                if skip != "skip" {
                    return Err(error::bad_env(skip.span()));
                }
                Env::Skip
            };
        }
        "rename" => field.rename = Some(value(stream)?),
        "sep" => field.sep = Some(value(stream)?),
        "parse" => {
            stream.parse::<Token![=]>()?;
            let start = stream.span();
            let function: Path = stream.parse().map_err(|_| error::bad_parse(start))?;
            field.parse = Some(match function.get_ident().map(Ident::to_string).as_deref() {
                Some("from_str") => ParseBy::FromStr,
                Some("serde") => ParseBy::Serde,
                _ => ParseBy::Path(function),
            });
        }
        "alias" => field.aliases.push(value(stream)?),
        "deprecated" => {
            let content;
            parenthesized!(content in stream);
            let deprecated = deprecated(name, &content);
            // What is left unread would be one more mistake.
            content.parse::<TokenStream>()?;
            field.deprecated.push(deprecated?);
        }
        "bytes" => {
            flag(name, stream)?;
            field.bytes = Some(name.span());
        }
        "advanced" => {
            flag(name, stream)?;
            field.advanced = true;
        }
        "auto" => {
            flag(name, stream)?;
            field.auto = Some(name.span());
        }
        "check" => field.check = Some(value(stream)?),
        "skip" => {
            field.skip = true;
            flag(name, stream)?;
        }
        "nested" => {
            let nested = field.nested.insert(Nested { env_prefix: None });
            if stream.peek(syn::token::Paren) {
                let content;
                parenthesized!(content in stream);
                let given = nested_prefix(&content);
                // What is left unread would be one more mistake.
                content.parse::<TokenStream>()?;
                nested.env_prefix = Some(given?);
            } else {
                flag(name, stream)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn nested_prefix(stream: ParseStream<'_>) -> Result<LitStr> {
    let part = stream.call(Ident::parse_any)?;
    if part != "env_prefix" {
        return Err(error::unknown_attribute(&part, IN_NESTED, "`nested(…)`"));
    }
    let prefix = value(stream)?;
    if stream.is_empty() { Ok(prefix) } else { Err(error::expected_nothing_more(stream.span())) }
}

fn deprecated(name: &Ident, stream: ParseStream<'_>) -> Result<Deprecated> {
    let (mut alias, mut note) = (None, None);
    while !stream.is_empty() {
        let part = stream.call(Ident::parse_any)?;
        let place = match part.to_string().as_str() {
            "alias" => &mut alias,
            "note" => &mut note,
            _ => return Err(error::unknown_attribute(&part, IN_DEPRECATED, "`deprecated(…)`")),
        };
        if place.replace(value(stream)?).is_some() {
            return Err(error::repeated_attribute(&part));
        }
        if !stream.is_empty() {
            stream.parse::<Token![,]>()?;
        }
    }
    match (alias, note) {
        (Some(alias), Some(note)) => Ok(Deprecated { alias, note }),
        _ => Err(error::incomplete_deprecated(name.span())),
    }
}

impl Parse for Fixed {
    fn parse(stream: ParseStream<'_>) -> Result<Self> {
        let key = stream.call(Ident::parse_any)?;
        Ok(Self { key, value: value(stream)? })
    }
}
