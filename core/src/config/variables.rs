//! The variables of a struct as a layer of values, and warnings about those that look misspelt.

use std::ffi::OsString;

use super::EnvSource;
use super::diagnostic::{Diagnostic, DiagnosticKind, closest, one_line, quoted};
use super::layer::{Entry, Layer};
use super::outline::{Outline, Setting};
use super::raw::RawValue;
use super::source::Place;

pub(super) fn layer(outline: &Outline, source: &(impl EnvSource + ?Sized)) -> Layer {
    let mut entries = Vec::new();
    let mut diagnostics = Vec::new();
    for setting in &outline.settings {
        let Some(name) = &setting.variable else { continue };
        let Some(value) = source.var(name).filter(|value| !value.is_empty()) else {
            continue;
        };
        let place = Place::Variable(name.clone());
        match value.into_string() {
            Ok(text) => entries.push(Entry {
                table: setting.table,
                key: setting.field.key.to_owned(),
                key_place: place.clone(),
                raw: RawValue::Untyped(text),
                place,
            }),
            Err(value) => diagnostics.push(not_unicode(setting, name, &value, place)),
        }
    }
    diagnostics.extend(misspelt(outline, source));
    Layer { entries, unique_keys: false, diagnostics }
}

fn not_unicode(setting: &Setting, name: &str, value: &OsString, place: Place) -> Diagnostic {
    let field = setting.field;
    let shown = value.to_string_lossy();
    let quote = if field.secret { String::new() } else { format!(" {}", quoted(&shown)) };
    let message = format!("the value{quote} of variable {name} is not valid UTF-8");
    Diagnostic::new(DiagnosticKind::NotUnicode, message, place)
        .with_key(&setting.path)
        .with_value_of(field, &shown)
        .with_help(Some("set it to a text in UTF-8, or unset it".to_owned()))
}

/// Warnings about variables with one of our prefixes, in any case, that look like misspelt ones of
/// ours or like another name of a key. Others with a prefix are left alone: orchestrators inject
/// variables of their own.
fn misspelt(outline: &Outline, source: &(impl EnvSource + ?Sized)) -> Vec<Diagnostic> {
    let mut prefixes: Vec<&str> =
        outline.tables().filter_map(|table| table.env_prefix.as_deref()).collect();
    // The longest first: what is behind it is the least.
    prefixes.sort_by_key(|prefix| (core::cmp::Reverse(prefix.len()), *prefix));
    prefixes.dedup();
    let candidates: Vec<_> =
        prefixes.into_iter().map(|prefix| (prefix, candidates(outline, prefix))).collect();
    let known = |name: &str| {
        let mut variables = outline.settings.iter().filter_map(|setting| setting.variable.as_ref());
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
        let variable = candidates.iter().find_map(|(prefix, candidates)| {
            let rest = without_prefix(&name, prefix)?;
            let meant = closest(rest, candidates.iter().map(|(written, _)| *written))?;
            let (_, variable) = candidates.iter().find(|(written, _)| *written == meant)?;
            Some(*variable)
        })?;
        let message = format!("variable {} is not known", one_line(&name));
        Some(
            Diagnostic::new(DiagnosticKind::UnknownVariable, message, Place::Variable(name))
                .with_help(Some(format!("did you mean {variable}?")))
                .warning(),
        )
    });
    warnings.collect()
}

/// What may be written behind `prefix`, and the variable that is meant by it.
fn candidates<'a>(outline: &'a Outline, prefix: &str) -> Vec<(&'a str, &'a str)> {
    let mut candidates = Vec::new();
    for setting in &outline.settings {
        if let Some((variable, rest)) = setting.variable_behind(prefix) {
            candidates.push((rest, variable));
        }
        let table = outline.table(setting.table);
        if table.env_prefix.as_deref() == Some(prefix)
            && let Some(variable) = &setting.variable
        {
            candidates.extend(names(setting).map(|name| (name, variable.as_str())));
        }
    }
    candidates
}

/// The names of a setting in its table.
fn names(setting: &Setting) -> impl Iterator<Item = &'static str> + use<> {
    let field = setting.field;
    let deprecated = field.deprecated.iter().map(|deprecated| deprecated.key);
    core::iter::once(field.key).chain(field.aliases.iter().copied()).chain(deprecated)
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
