//! What no single attribute can tell: names that collide, rules that do not suit their field.

use proc_macro2::{Ident, Span};

use crate::error::{self, Errors};
use crate::ir::{Consts, Env, Field, Input, RuleKind, Shape, TEXTS};

/// Checks the struct as a whole.
pub(crate) fn input(input: &Input, errors: &mut Errors) {
    if input.fields.is_empty() {
        errors.push(error::no_fields(input.ident.span()));
    }
    names(input, errors);
    generic(input, errors);
    for field in &input.fields {
        field_rules(field, errors);
    }
    keys(input, errors);
    variables(input, errors);
    constants(input, errors);
}

/// The names that constants and variables are made of.
fn names(input: &Input, errors: &mut Errors) {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let section = input.section.value();
    if !section.chars().all(|c| is_word(c) || c == '-') {
        errors.push(error::bad_section(input.section.span()));
    }
    let nested = input.fields.iter().filter_map(|field| field.nested.as_ref()?.env_prefix.as_ref());
    let nested = nested.map(|prefix| ("env_prefix", prefix));
    let own = [("env_prefix", &input.env_prefix), ("const_prefix", &input.const_prefix)];
    let own = own.into_iter().filter_map(|(attribute, prefix)| Some((attribute, prefix.as_ref()?)));
    for (attribute, prefix) in own.chain(nested) {
        let text = prefix.value();
        let digit_first = text.starts_with(|c: char| c.is_ascii_digit());
        if text.is_empty() || digit_first || !text.chars().all(is_word) {
            errors.push(error::bad_prefix(prefix.span(), attribute));
        }
    }
    let free = input.consts == Consts::Free && input.const_prefix.is_none();
    if free && section.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        errors.push(error::bad_prefix(input.section.span(), "const_prefix"));
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
    let names = input.fields.iter().filter(|field| {
        let of_names = field.inside_list().is_some() && field.shape() == Shape::Unknown;
        of_names && field.default.is_some() && !field.defaults_to_empty_list()
    });
    for field in names {
        errors.push(error::generic_default_names(field.ident.span()));
    }
}

fn field_rules(field: &Field, errors: &mut Errors) {
    if field.default.is_some()
        && !field.default_implied
        && let Some(required) = field.required
    {
        errors.push(error::default_and_required(required));
    }
    if field.name() == "build" {
        errors.push(error::setter_taken(&field.ident));
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
    let shape = field.shape();
    let is_integer = matches!(shape, Shape::Integer | Shape::Unknown);
    let is_ordered = is_integer || matches!(shape, Shape::Float | Shape::Duration);
    for rule in &field.rules {
        let (name, needs, fits) = match rule.kind {
            RuleKind::Range { .. } => ("range", "a numeric or `Duration`", is_ordered),
            RuleKind::MultipleOf(_) => ("multiple_of", "an integer", is_integer),
            RuleKind::PowerOfTwo => ("power_of_two", "an integer", is_integer),
            RuleKind::OneOf(_) => ("one_of", "a numeric or text", shape != Shape::Bool),
        };
        if !fits {
            errors.push(error::rule_does_not_apply(rule.span, name, needs));
        }
    }
    if let Some(span) = field.bytes.filter(|_| !is_integer) {
        errors.push(error::rule_does_not_apply(span, "bytes", "an integer"));
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
        claim(fixed.key.to_string(), fixed.key.span(), "`fixed`".to_owned());
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
    let mut taken: Vec<(Ident, String)> =
        vec![(input.const_ident("", at), "the section".to_owned())];
    taken.extend(
        TEXTS.iter().map(|text| (input.const_ident(text.suffix, at), text.what.to_owned())),
    );
    if input.consts == Consts::Assoc {
        taken.push((Ident::new("DEFAULT", at), "the struct's default".to_owned()));
    }
    for field in &input.fields {
        let upper = field.upper();
        for suffix in [upper.clone(), format!("{upper}_DEFAULT"), format!("{upper}_ENV")] {
            let ident = input.const_ident(&suffix, field.ident.span());
            match taken.iter().find(|(taken, _)| *taken == ident) {
                Some((_, by)) => {
                    let span = field.ident.span();
                    errors.push(error::constant_taken(span, &ident, &field.ident, by));
                }
                None => taken.push((ident, format!("field `{}`", field.name()))),
            }
        }
    }
}
