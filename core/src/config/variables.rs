//! The variables of a struct as a layer of values, and warnings about those that look misspelt.

use std::ffi::OsString;

use super::diagnostic::{Diagnostic, DiagnosticKind, closest, one_line, quoted};
use super::layer::{Entry, Layer};
use super::raw::RawValue;
use super::source::Place;
use super::{EnvSource, FieldMeta, Schema};

pub(super) fn layer(schema: &Schema, source: &(impl EnvSource + ?Sized)) -> Layer {
    let mut entries = Vec::new();
    let mut diagnostics = Vec::new();
    for field in schema.fields {
        let Some(name) = field.env else { continue };
        let Some(value) = source.var(name).filter(|value| !value.is_empty()) else {
            continue;
        };
        let place = Place::Variable(name.to_owned());
        match value.into_string() {
            Ok(text) => entries.push(Entry {
                key: field.key.to_owned(),
                key_place: place.clone(),
                raw: RawValue::Untyped(text),
                place,
            }),
            Err(value) => diagnostics.push(not_unicode(field, name, &value, place)),
        }
    }
    diagnostics.extend(misspelt(schema, source));
    Layer { entries, unique_keys: false, diagnostics }
}

fn not_unicode(field: &FieldMeta, name: &str, value: &OsString, place: Place) -> Diagnostic {
    let shown = value.to_string_lossy();
    let quote = if field.secret { String::new() } else { format!(" {}", quoted(&shown)) };
    let message = format!("the value{quote} of variable {name} is not valid UTF-8");
    Diagnostic::new(DiagnosticKind::NotUnicode, message, place)
        .with_key(field.key)
        .with_value_of(field, &shown)
}

/// Warnings about variables with our prefix, in any case, that look like misspelt ones of ours or
/// like another name of a key. Others with the prefix are left alone: orchestrators inject
/// variables of their own.
fn misspelt(schema: &Schema, source: &(impl EnvSource + ?Sized)) -> Vec<Diagnostic> {
    let Some(prefix) = schema.env_prefix else {
        return Vec::new();
    };
    let candidates = candidates(schema, prefix);
    let known = |name: &str| {
        let mut variables = schema.fields.iter().filter_map(|field| field.env);
        variables.any(|variable| is_same(variable, name))
    };
    let mut names: Vec<_> = source
        .names()
        .into_iter()
        .filter_map(|name| name.into_string().ok())
        .filter(|name| !known(name))
        .collect();
    names.sort();
    let warnings = names.into_iter().filter_map(|name| {
        let rest = without_prefix(&name, prefix)?;
        let meant = closest(rest, candidates.iter().map(|(written, _)| *written))?;
        let (_, variable) = candidates.iter().find(|(written, _)| *written == meant)?;
        let message = format!("variable {} is not known", one_line(&name));
        Some(
            Diagnostic::new(DiagnosticKind::UnknownVariable, message, Place::Variable(name))
                .with_help(Some(format!("did you mean {variable}?")))
                .warning(),
        )
    });
    warnings.collect()
}

/// What may be written behind the prefix, and the variable that is meant by it.
fn candidates(schema: &Schema, prefix: &str) -> Vec<(&'static str, &'static str)> {
    let variables = schema.fields.iter().filter_map(|field| Some((field, field.env?)));
    let names = variables.flat_map(|(field, variable)| {
        let deprecated = field.deprecated.iter().map(|deprecated| deprecated.key);
        let others = field.aliases.iter().copied().chain(deprecated);
        let keys = core::iter::once(field.key).chain(others);
        let names = without_prefix(variable, prefix).into_iter().chain(keys);
        names.map(move |name| (name, variable))
    });
    names.collect()
}

fn without_prefix<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = name.split_at_checked(prefix.len())?;
    let rest = rest.strip_prefix('_')?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// On Windows two names that differ in case are one variable.
fn is_same(variable: &str, name: &str) -> bool {
    if cfg!(windows) { variable.eq_ignore_ascii_case(name) } else { variable == name }
}
