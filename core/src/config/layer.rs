//! Merging layers of values into one, and reporting every mistake in every layer.

use super::diagnostic::{Diagnostic, DiagnosticKind, Severity, closest, quoted};
use super::outline::{Member, Outline, Setting, Table};
use super::raw::RawValue;
use super::scalar::Scalar;
use super::slot::{Slot, Values};
use super::source::Place;
use super::value::Rejection;
use super::{FieldMeta, FixedKey};

/// One value that a source gives for a key.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The number of the table that the key is in.
    pub(crate) table: usize,
    pub(crate) key: String,
    pub(crate) key_place: Place,
    pub(crate) raw: RawValue,
    pub(crate) place: Place,
}

/// The values of one source: a file, the environment, or the program's own calls.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) entries: Vec<Entry>,
    /// Whether a key may occur once only. In a program the later call simply wins.
    pub(crate) unique_keys: bool,
    /// What was wrong with the source itself, and warnings about it.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// A sound value and where it was written.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) shown: String,
    pub(crate) place: Place,
}

/// What all layers come to.
#[derive(Debug)]
pub(crate) struct Merged {
    pub(crate) values: Values,
    /// For each setting every sound value given for it, the effective one last.
    pub(crate) candidates: Vec<Vec<Candidate>>,
}

/// Merges `layers`, later ones over earlier ones, and adds every mistake to `diagnostics`.
pub(super) fn merge(
    outline: &Outline,
    mut values: Values,
    layers: Vec<Layer>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Merged {
    let mut candidates: Vec<_> = outline.settings.iter().map(|_| Vec::new()).collect();
    // A field whose only value is bad is not missing as well.
    let mut mentioned = vec![false; outline.settings.len()];
    for layer in layers {
        let mut found = layer.diagnostics;
        let mut seen: Vec<(usize, &Entry)> = Vec::new();
        for entry in &layer.entries {
            let table = outline.table(entry.table);
            let number = match table.member(&entry.key) {
                Some(Member::Setting(number)) => number,
                Some(Member::Table(inner)) => {
                    found.push(is_table(outline.table(inner), entry));
                    continue;
                }
                None => {
                    found.extend(foreign_key(table, entry));
                    continue;
                }
            };
            let setting = &outline.settings[number];
            mentioned[number] = true;
            let old = deprecated(setting.field, &table.lead, &entry.key, &entry.key_place);
            found.extend(old.map(|warning| warning.with_value(&entry.raw.to_string())));
            if layer.unique_keys {
                match seen.iter().find(|(seen, _)| *seen == number) {
                    Some((_, earlier)) => found.push(given_twice(setting, earlier, entry)),
                    None => seen.push((number, entry)),
                }
            }
            match read(setting, entry) {
                Ok(slot) => {
                    let shown = slot.show();
                    candidates[number].push(Candidate { shown, place: entry.place.clone() });
                    values.put(&setting.route, slot);
                }
                Err(diagnostic) => found.push(diagnostic),
            }
        }
        let errors = found.iter().filter(|found| found.severity() == Severity::Error);
        for key in errors.filter_map(Diagnostic::key) {
            if let Some(number) = outline.setting_at(key) {
                mentioned[number] = true;
            }
        }
        found.sort_by_key(Diagnostic::offset);
        diagnostics.append(&mut found);
    }
    // What a source that cannot be read would have set is unknown.
    if !diagnostics.iter().any(Diagnostic::hides_values) {
        let unset = outline.settings.iter().zip(mentioned).filter(|(_, mentioned)| !mentioned);
        let required = unset.filter(|(setting, _)| setting.field.required);
        diagnostics.extend(required.map(|(setting, _)| missing(outline, setting)));
    }
    Merged { values, candidates }
}

/// Every rule that `values` break, and every required field they lack.
pub(crate) fn check_values(outline: &Outline, values: &Values) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for setting in &outline.settings {
        match values.get(&setting.route) {
            Some(slot) if !slot.keeps_rules(setting.field) => {
                let shown = slot.show();
                diagnostics.push(invalid(
                    DiagnosticKind::NotAllowed,
                    setting,
                    &shown,
                    Place::Memory,
                    None,
                ));
            }
            None if setting.field.required => diagnostics.push(missing(outline, setting)),
            _ => {}
        }
    }
    diagnostics
}

fn read(setting: &Setting, entry: &Entry) -> Result<Slot, Diagnostic> {
    let field = setting.field;
    let rejection = match field.read(&entry.raw) {
        Ok(slot) if slot.keeps_rules(field) => return Ok(slot),
        Ok(slot) => {
            Rejection { kind: DiagnosticKind::NotAllowed, hint: slot.hint(&entry.raw, field) }
        }
        Err(rejection) => rejection,
    };
    let shown = entry.raw.to_string();
    Err(invalid(rejection.kind, setting, &shown, entry.place.clone(), rejection.hint))
}

fn invalid(
    kind: DiagnosticKind,
    setting: &Setting,
    shown: &str,
    place: Place,
    hint: Option<String>,
) -> Diagnostic {
    let source = match &place {
        Place::Variable(name) => format!(" in variable {name}"),
        _ => String::new(),
    };
    let message = format!("invalid value {} for `{}`{source}", quoted(shown), setting.path);
    Diagnostic::new(kind, message, place)
        .with_key(&setting.path)
        .with_value(shown)
        .expecting(setting.field.allowed())
        .with_help(hint)
}

fn missing(outline: &Outline, setting: &Setting) -> Diagnostic {
    let variable = setting.variable.as_ref();
    let variable = variable.map(|name| format!(", or the variable {name}")).unwrap_or_default();
    let section = &outline.table(setting.table).path;
    Diagnostic::new(
        DiagnosticKind::Missing,
        format!("`{}` is required, but nothing sets it", setting.path),
        Place::Memory,
    )
    .with_key(&setting.path)
    .expecting(setting.field.allowed())
    .with_help(Some(format!("set `{}` in section `{section}`{variable}", setting.field.key)))
}

fn given_twice(setting: &Setting, earlier: &Entry, entry: &Entry) -> Diagnostic {
    let (kind, message) = if earlier.key == entry.key {
        (DiagnosticKind::DuplicateKey, format!("`{}` is given twice", entry.key))
    } else {
        let message =
            format!("`{}` and `{}` mean the same and are both given", earlier.key, entry.key);
        (DiagnosticKind::Conflict, message)
    };
    Diagnostic::new(kind, message, entry.key_place.clone())
        .with_key(&setting.path)
        .with_value(&entry.raw.to_string())
        .with_context(earlier.key_place.clone(), "first given here")
}

/// The warning about an old key of `field`, if `key` is one.
pub(super) fn deprecated(
    field: &FieldMeta,
    lead: &str,
    key: &str,
    place: &Place,
) -> Option<Diagnostic> {
    let old = field.deprecated_key(key)?;
    let message = format!("`{}` is deprecated, its name now is `{}`", old.key, field.key);
    Some(
        Diagnostic::new(DiagnosticKind::Deprecated, message, place.clone())
            .with_key(&format!("{lead}{}", field.key))
            .with_help(Some(old.note.to_owned()))
            .warning(),
    )
}

/// A value where a table is.
fn is_table(inner: &Table, entry: &Entry) -> Diagnostic {
    let shown = entry.raw.to_string();
    let key = inner.key();
    let message = format!("`{key}` is no setting, but a table of several");
    let example = inner.fields.first().map(|field| format!("`{}{}`", inner.lead, field.key));
    Diagnostic::new(DiagnosticKind::WrongType, message, entry.place.clone())
        .with_key(key)
        .with_value(&shown)
        .with_help(example.map(|example| format!("set its keys one by one, as in {example}")))
}

/// The mistake in a key that is no field: an unknown one, or a fixed one with another value.
fn foreign_key(table: &Table, entry: &Entry) -> Option<Diagnostic> {
    match table.fixed.iter().find(|fixed| fixed.key == entry.key) {
        Some(fixed) if matches_fixed(fixed, &entry.raw) => None,
        Some(fixed) => Some(unsupported(table, fixed, entry)),
        None => Some(unknown_key(table, entry)),
    }
}

fn matches_fixed(fixed: &FixedKey, raw: &RawValue) -> bool {
    match (fixed.value, raw) {
        (Scalar::Bool(accepted), RawValue::Bool(given)) => accepted == *given,
        (Scalar::Integer(accepted), RawValue::Integer(given)) => accepted == *given,
        (Scalar::Text(accepted), RawValue::Text(given)) => accepted == given,
        (accepted, RawValue::Untyped(given)) => accepted.to_string() == *given,
        _ => false,
    }
}

fn unsupported(table: &Table, fixed: &FixedKey, entry: &Entry) -> Diagnostic {
    let shown = entry.raw.to_string();
    let message = format!("`{}` = {} is not supported", fixed.key, quoted(&shown));
    Diagnostic::new(DiagnosticKind::Unsupported, message, entry.place.clone())
        .with_key(&format!("{}{}", table.lead, fixed.key))
        .with_value(&shown)
        .expecting(format!("{}, the only value supported", fixed.value))
}

fn unknown_key(table: &Table, entry: &Entry) -> Diagnostic {
    let names =
        || table.fields.iter().flat_map(|field| core::iter::once(&field.key).chain(field.aliases));
    let help = match closest(&entry.key, names().copied()) {
        Some(meant) => format!("did you mean `{}{meant}`?", shown_lead(table, entry)),
        None => {
            let keys: Vec<_> = table.fields.iter().map(|field| field.key).collect();
            format!("the keys are {}", keys.join(", "))
        }
    };
    let message = format!("unknown key {} in section `{}`", quoted(&entry.key), table.path);
    Diagnostic::new(DiagnosticKind::UnknownKey, message, entry.key_place.clone())
        .with_key(&format!("{}{}", table.lead, entry.key))
        .with_value(&entry.raw.to_string())
        .with_help(Some(help))
}

/// In a call the whole path is written, in a file the key alone.
fn shown_lead<'a>(table: &'a Table, entry: &Entry) -> &'a str {
    match entry.key_place {
        Place::Explicit => &table.lead,
        _ => "",
    }
}
