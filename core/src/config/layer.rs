//! Merging layers of values into one, and reporting every mistake in every layer.

use core::fmt;

use super::diagnostic::{Diagnostic, DiagnosticKind, Severity, closest, quoted};
use super::raw::RawValue;
use super::scalar::Scalar;
use super::slot::{Slot, Values};
use super::source::Place;
use super::value::Rejection;
use super::{ConfigSchema, FieldMeta, FixedKey, Schema, auto};

/// One value that a source gives for a key.
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_place: Place,
    pub(crate) raw: RawValue,
    pub(crate) place: Place,
}

/// Without the value, which may be one that nobody is to see.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, place, .. } = self;
        f.debug_struct("Entry").field("key", key).field("place", place).finish_non_exhaustive()
    }
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
    /// For each field every sound value given for it, the effective one last.
    pub(crate) candidates: Vec<Vec<Candidate>>,
}

/// Merges `layers`, later ones over earlier ones, and adds every mistake to `diagnostics`.
pub(super) fn merge(
    schema: &Schema,
    layers: Vec<Layer>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Merged {
    let mut merged = Merged {
        values: Values::new(schema.fields),
        candidates: schema.fields.iter().map(|_| Vec::new()).collect(),
    };
    // A field whose only value is bad is not missing as well.
    let mut mentioned = vec![false; schema.fields.len()];
    for layer in layers {
        let mut found = layer.diagnostics;
        let mut seen: Vec<(usize, &Entry)> = Vec::new();
        for (position, entry) in layer.entries.iter().enumerate() {
            let Some(index) = schema.index_of(&entry.key) else {
                found.extend(foreign_key(schema, entry));
                continue;
            };
            let field = &schema.fields[index];
            // The last entry decides, so from there on it is as if the layer did not set the field.
            let is_unset = |entry: &Entry| {
                auto::means_unset(field, &entry.raw) && schema.index_of(&entry.key) == Some(index)
            };
            let unset = field.auto && layer.entries[position..].iter().any(is_unset);
            mentioned[index] |= !unset;
            found.extend(deprecated(field, entry));
            if layer.unique_keys {
                match seen.iter().find(|(seen, _)| *seen == index) {
                    Some((_, earlier)) => found.push(given_twice(field, earlier, entry)),
                    None => seen.push((index, entry)),
                }
            }
            if auto::means_unset(field, &entry.raw) {
                continue;
            }
            match read(field, entry) {
                Ok(_) if unset => {}
                Ok(slot) => {
                    let shown = slot.show();
                    merged.candidates[index].push(Candidate { shown, place: entry.place.clone() });
                    merged.values.put(index, slot);
                }
                Err(diagnostic) => found.push(diagnostic),
            }
        }
        let errors = found.iter().filter(|found| found.severity() == Severity::Error);
        for key in errors.filter_map(Diagnostic::key) {
            if let Some(index) = schema.index_of(key) {
                mentioned[index] = true;
            }
        }
        found.sort_by_key(Diagnostic::offset);
        diagnostics.append(&mut found);
    }
    // What a source that cannot be read would have set is unknown.
    if !diagnostics.iter().any(Diagnostic::hides_values) {
        let unset = schema.fields.iter().zip(mentioned).filter(|(_, mentioned)| !mentioned);
        diagnostics.extend(unset.filter_map(|(field, _)| mistake_unset(schema.section, field)));
    }
    merged
}

/// The mistake in a whole whose values are sound each.
pub(crate) fn inconsistent<T: ConfigSchema>(value: &T) -> Option<Diagnostic> {
    let said = value.check_together().err()?;
    let message = format!("the settings of section `{}` do not go together", T::SECTION);
    let diagnostic = Diagnostic::new(DiagnosticKind::Inconsistent, message, Place::Memory);
    Some(diagnostic.with_help(Some(said)))
}

/// Every rule that `values` break, and every required field they lack.
pub(crate) fn check_values(
    section: &str,
    fields: &[FieldMeta],
    values: &Values,
) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        match values.get(index) {
            Some(slot) => {
                let rejection = broken(slot, field, || None);
                diagnostics.extend(
                    rejection.map(|found| invalid(found, field, &slot.show(), Place::Memory)),
                );
            }
            None => diagnostics.extend(mistake_unset(section, field)),
        }
    }
    diagnostics
}

/// Why a value of the right type is not allowed: a rule, with the `hint` to that, or what the
/// program's own check says.
fn broken(
    slot: &Slot,
    field: &FieldMeta,
    hint: impl FnOnce() -> Option<String>,
) -> Option<Rejection> {
    if !slot.keeps_rules(field) {
        return Some(Rejection::not_allowed(hint()));
    }
    slot.check(field).err().map(Rejection::by_check)
}

/// What is wrong with a field that nothing sets.
fn mistake_unset(section: &str, field: &FieldMeta) -> Option<Diagnostic> {
    if field.required {
        return Some(missing(section, field));
    }
    let default = Slot::of_default(field)?;
    let said = default.check(field).err()?;
    let shown = default.show();
    let message = format!("the default {} of `{}` is not allowed", quoted(&shown), field.key);
    Some(
        Diagnostic::new(DiagnosticKind::NotAllowed, message, Place::Memory)
            .with_key(field.key)
            .with_value(&shown)
            .with_help(Some(said)),
    )
}

fn read(field: &FieldMeta, entry: &Entry) -> Result<Slot, Diagnostic> {
    let rejection = match field.read(&entry.raw) {
        Ok(slot) => match broken(&slot, field, || slot.hint(&entry.raw, field)) {
            None => return Ok(slot),
            Some(rejection) => rejection,
        },
        Err(rejection) => rejection,
    };
    Err(invalid(rejection, field, &entry.raw.to_string(), entry.place.clone()))
}

fn invalid(rejection: Rejection, field: &FieldMeta, shown: &str, place: Place) -> Diagnostic {
    let source = match &place {
        Place::Variable(name) => format!(" in variable {name}"),
        _ => String::new(),
    };
    let value = if field.secret { String::new() } else { format!(" {}", quoted(shown)) };
    let message = format!("invalid value{value} for `{}`{source}", field.key);
    // A hint of ours may quote the value.
    let hint = rejection.hint.filter(|_| rejection.by_check || !field.secret);
    let diagnostic = Diagnostic::new(rejection.kind, message, place)
        .with_key(field.key)
        .with_value_of(field, shown)
        .with_help(hint);
    // A value that its field's rules admit is what was expected.
    if rejection.by_check { diagnostic } else { diagnostic.expecting(field.allowed()) }
}

fn missing(section: &str, field: &FieldMeta) -> Diagnostic {
    let variable = field.env.map(|name| format!(", or the variable {name}")).unwrap_or_default();
    Diagnostic::new(
        DiagnosticKind::Missing,
        format!("`{}` is required, but nothing sets it", field.key),
        Place::Memory,
    )
    .with_key(field.key)
    .expecting(field.allowed())
    .with_help(Some(format!("set `{}` in section `{section}`{variable}", field.key)))
}

fn given_twice(field: &FieldMeta, earlier: &Entry, entry: &Entry) -> Diagnostic {
    let (kind, message) = if earlier.key == entry.key {
        (DiagnosticKind::DuplicateKey, format!("`{}` is given twice", entry.key))
    } else {
        let message =
            format!("`{}` and `{}` mean the same and are both given", earlier.key, entry.key);
        (DiagnosticKind::Conflict, message)
    };
    Diagnostic::new(kind, message, entry.key_place.clone())
        .with_key(field.key)
        .with_value_of(field, &entry.raw.to_string())
        .with_context(earlier.key_place.clone(), "first given here")
}

/// The warning about an old key.
fn deprecated(field: &FieldMeta, entry: &Entry) -> Option<Diagnostic> {
    let old = field.deprecated_key(&entry.key)?;
    let message = format!("`{}` is deprecated, its name now is `{}`", old.key, field.key);
    Some(
        Diagnostic::new(DiagnosticKind::Deprecated, message, entry.key_place.clone())
            .with_key(field.key)
            .with_value_of(field, &entry.raw.to_string())
            .with_help(Some(old.note.to_owned()))
            .warning(),
    )
}

/// The mistake in a key that is no field: an unknown one, or a fixed one with another value.
fn foreign_key(schema: &Schema, entry: &Entry) -> Option<Diagnostic> {
    match schema.fixed.iter().find(|fixed| fixed.key == entry.key) {
        Some(fixed) if matches_fixed(fixed, &entry.raw) => None,
        Some(fixed) => Some(unsupported(fixed, entry)),
        None => Some(unknown_key(schema, entry)),
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

fn unsupported(fixed: &FixedKey, entry: &Entry) -> Diagnostic {
    let shown = entry.raw.to_string();
    let message = format!("`{}` = {} is not supported", fixed.key, quoted(&shown));
    Diagnostic::new(DiagnosticKind::Unsupported, message, entry.place.clone())
        .with_key(fixed.key)
        .with_value(&shown)
        .expecting(format!("{}, the only value supported", fixed.value))
}

fn unknown_key(schema: &Schema, entry: &Entry) -> Diagnostic {
    let names =
        || schema.fields.iter().flat_map(|field| core::iter::once(&field.key).chain(field.aliases));
    let help = match closest(&entry.key, names().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => {
            let keys: Vec<_> = schema.fields.iter().map(|field| field.key).collect();
            format!("the keys are {}", keys.join(", "))
        }
    };
    let message = format!("unknown key {} in section `{}`", quoted(&entry.key), schema.section);
    let unknown = Diagnostic::new(DiagnosticKind::UnknownKey, message, entry.key_place.clone())
        .with_key(&entry.key)
        .with_help(Some(help));
    // Of a secret, perhaps, whose key is misspelt.
    if schema.has_secrets() { unknown } else { unknown.with_value(&entry.raw.to_string()) }
}
