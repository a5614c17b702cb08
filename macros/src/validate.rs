//! What no single attribute can tell: names that collide, rules that do not suit their field.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Lit, LitStr};

use crate::error::{self, Errors};
use crate::ir::{Consts, Env, Field, Fixed, Input, ParseBy, RuleKind, TEXTS};
use crate::types::Shape;

/// Checks the struct as a whole.
pub(crate) fn input(input: &Input, errors: &mut Errors) {
    if input.fields.is_empty() {
        errors.push(error::no_fields(input.ident.span()));
    }
    names(input, errors);
    generic(input, errors);
    free_defaults(input, errors);
    for field in &input.fields {
        field_rules(field, errors);
    }
    setters(input, errors);
    keys(input, errors);
    variables(input, errors);
    constants(input, errors);
}

/// The names that constants and variables are made of.
fn names(input: &Input, errors: &mut Errors) {
    let section = input.section.value();
    if !section.chars().all(|c| is_word(c) || c == '-') {
        errors.push(error::bad_section(input.section.span()));
    }
    env_prefix(input.env_prefix.as_ref(), errors);
    for (attribute, part) in
        [("const_prefix", &input.const_prefix), ("key_suffix", &input.key_suffix)]
    {
        name_part(attribute, part.as_ref(), errors);
        if let Some(part) = part.as_ref().filter(|_| input.consts == Consts::None) {
            errors.push(error::no_constants(part.span(), attribute));
        }
    }
    for field in &input.fields {
        if let Some(nested) = &field.nested {
            env_prefix(nested.env_prefix.as_ref(), errors);
        }
    }
    let free = input.consts == Consts::Free && input.const_prefix.is_none();
    if free && section.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        errors.push(error::bad_name_part(input.section.span(), "const_prefix"));
    }
}

fn env_prefix(prefix: Option<&LitStr>, errors: &mut Errors) {
    name_part("env_prefix", prefix, errors);
    if let Some(prefix) = prefix
        && let Some(before) = prefix.value().strip_suffix('_')
    {
        errors.push(error::prefix_with_underscore(prefix.span(), before.trim_end_matches('_')));
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn name_part(attribute: &str, part: Option<&LitStr>, errors: &mut Errors) {
    let Some(part) = part else {
        return;
    };
    let text = part.value();
    let digit_first = text.starts_with(|c: char| c.is_ascii_digit());
    if text.is_empty() || digit_first || !text.chars().all(is_word) {
        errors.push(error::bad_name_part(part.span(), attribute));
    }
}

/// What the compiler cannot do with the constants of a generic struct.
fn generic(input: &Input, errors: &mut Errors) {
    if !input.is_generic() {
        return;
    }
    if input.consts == Consts::Free {
        errors.push(error::generic_and_free(input.ident.span()));
    }
    for field in &input.fields {
        let of_names = field.inside_list().is_some() && field.shape() == Shape::Unknown;
        if of_names && field.default.is_some() && !field.defaults_to_empty_list() {
            errors.push(error::generic_default_names(field.ident.span()));
        }
    }
}

/// Defaults that say `Self` where there is none.
fn free_defaults(input: &Input, errors: &mut Errors) {
    if input.consts != Consts::Free {
        return;
    }
    for field in &input.fields {
        if let Some(span) = field.default.as_ref().and_then(|default| self_type(default.clone())) {
            errors.push(error::self_outside(span));
        }
    }
}

/// Where `Self` is named.
fn self_type(tokens: TokenStream) -> Option<Span> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) => (ident == "Self").then(|| ident.span()),
        TokenTree::Group(group) => self_type(group.stream()),
        _ => None,
    })
}

fn field_rules(field: &Field, errors: &mut Errors) {
    if field.default.is_some()
        && !field.default_implied
        && let Some(required) = field.required
    {
        errors.push(error::default_and_required(required));
    }
    if let Env::Named(name) = &field.env {
        let text = name.value();
        if text.is_empty() || text.contains(['=', '\0']) {
            errors.push(error::bad_variable(name.span()));
        }
    }
    if let Some(sep) = &field.sep {
        if field.inside_list().is_none() {
            errors.push(error::rule_does_not_apply(sep.span(), "sep", "a `Vec`"));
        } else if sep.value().is_empty() {
            errors.push(error::bad_separator(sep.span()));
        }
    }
    if field.is_secret() {
        return secret_rules(field, errors);
    }
    let shape = field.shape();
    let has_few_forms = shape != Shape::Bool && !matches!(field.parse, Some(ParseBy::Serde));
    let is_integer = matches!(shape, Shape::Integer | Shape::Unknown);
    let is_ordered = is_integer || matches!(shape, Shape::Float | Shape::Duration);
    for rule in &field.rules {
        let (name, needs, fits) = match rule.kind {
            RuleKind::Range { .. } => ("range", "a numeric or `Duration`", is_ordered),
            RuleKind::MultipleOf(_) => ("multiple_of", "an integer", is_integer),
            RuleKind::PowerOfTwo => ("power_of_two", "an integer", is_integer),
            RuleKind::OneOf(_) => ("one_of", "a numeric or text", has_few_forms),
        };
        if !fits {
            errors.push(error::rule_does_not_apply(rule.span, name, needs));
        }
    }
    let is_listed = field.rules.iter().any(|rule| matches!(rule.kind, RuleKind::OneOf(_)));
    if let Some(span) = field.auto
        && shape == Shape::Text
        && !is_listed
    {
        errors.push(error::ambiguous_auto(span));
    }
    if let Some(span) = field.bytes.filter(|_| !is_integer) {
        errors.push(error::rule_does_not_apply(span, "bytes", "an integer"));
    }
}

/// A secret has no rules, which would tell of it, and no default, which would be no secret.
fn secret_rules(field: &Field, errors: &mut Errors) {
    for span in field.rules.iter().map(|rule| rule.span).chain(field.bytes) {
        errors.push(error::rule_of_secret(span));
    }
    if field.parse.is_some() {
        errors.push(error::parser_of_secret(field.ty.span()));
    }
    if let Some(default) = field.default.as_ref().filter(|_| !field.default_implied) {
        errors.push(error::default_of_secret(default.span()));
    }
}

fn setters(input: &Input, errors: &mut Errors) {
    for field in input.fields.iter().chain(&input.skipped) {
        if field.name() == "build" {
            errors.push(error::setter_taken(field));
        }
    }
}

fn keys(input: &Input, errors: &mut Errors) {
    let mut taken: Vec<(String, String)> = Vec::new();
    let mut claim = |key: String, span: Span, owner: String| {
        if key.is_empty() {
            errors.push(error::bad_key(span));
        } else if let Some((_, by)) = taken.iter().find(|(taken, _)| *taken == key) {
            errors.push(error::key_taken(span, &key, by));
        } else {
            taken.push((key, owner));
        }
    };
    for field in &input.fields {
        let owner = format!("field `{}`", field.name());
        claim(field.key().value(), field.key().span(), owner.clone());
        let deprecated = field.deprecated.iter().map(|deprecated| &deprecated.alias);
        for alias in field.aliases.iter().chain(deprecated) {
            claim(alias.value(), alias.span(), owner.clone());
        }
    }
    for fixed in &input.fixed {
        claim(fixed.key.unraw().to_string(), fixed.key.span(), "`fixed`".to_owned());
    }
    for Fixed { value, .. } in &input.fixed {
        let is_known = match value {
            Lit::Bool(_) | Lit::Str(_) => true,
            Lit::Int(number) => number.suffix().is_empty() && number.base10_parse::<i128>().is_ok(),
            _ => false,
        };
        if !is_known {
            errors.push(error::bad_fixed(value.span()));
        }
    }
}

fn variables(input: &Input, errors: &mut Errors) {
    let mut taken: Vec<(String, &Field)> = Vec::new();
    for field in &input.fields {
        let Some(name) = field.env_name(input) else {
            continue;
        };
        match taken.iter().find(|(taken, _)| *taken == name.value()) {
            // Two fields of one key are one mistake, reported as such.
            Some((_, by)) if by.key().value() == field.key().value() => {}
            Some((_, by)) => {
                errors.push(error::variable_taken(name.span(), &name.value(), &by.ident));
            }
            None => taken.push((name.value(), field)),
        }
    }
}

fn constants(input: &Input, errors: &mut Errors) {
    if input.consts == Consts::None {
        return;
    }
    let at = Span::call_site();
    let mut taken = vec![Constant::new(input.const_ident("", at), "the section")];
    if !input.is_generic() {
        let texts = TEXTS.iter();
        taken
            .extend(texts.map(|text| Constant::new(input.const_ident(text.suffix, at), text.what)));
    }
    if input.has_const_default() && input.consts == Consts::Assoc {
        taken.push(Constant::new(Ident::new("DEFAULT", at), "the struct's default"));
    }
    for field in &input.fields {
        let (upper, owner) = (field.upper(), format!("field `{}`", field.name()));
        let key = Some(input.key_ending(field));
        let default = field.default.is_some().then(|| format!("{upper}_DEFAULT"));
        let variable = field.env_name(input).map(|_| format!("{upper}_ENV"));
        for (ending, is_key) in [(key, true), (default, false), (variable, false)] {
            let Some(ending) = ending else { continue };
            let span = field.ident.span();
            let name = input.const_ident(&ending, span);
            match taken.iter().find(|taken| taken.name == name) {
                Some(by) => {
                    let suffix_helps = input.key_suffix.is_none() && (is_key || by.is_key);
                    errors.push(error::constant_taken(
                        &name,
                        &field.ident,
                        &by.owner,
                        suffix_helps,
                    ));
                }
                None => taken.push(Constant { name, owner: owner.clone(), is_key }),
            }
        }
    }
}

/// A constant, and what it is generated for.
struct Constant {
    name: Ident,
    owner: String,
    is_key: bool,
}

impl Constant {
    fn new(name: Ident, owner: &str) -> Self {
        Self { name, owner: owner.to_owned(), is_key: false }
    }
}
