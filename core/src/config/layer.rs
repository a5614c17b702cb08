//! Merging layers of values into one, and reporting every mistake in every layer.

use core::fmt;

use super::diagnostic::{Diagnostic, DiagnosticKind, Severity, closest, one_line, quoted};
use super::outline::{Member, Outline, Setting, Table};
use super::raw::RawValue;
use super::rejection::{By, Rejection};
use super::scalar::Scalar;
use super::slot::Slot;
use super::source::Place;
use super::values::Values;
use super::{AioConfig, ConfigSchema, FieldMeta, FixedKey, auto};

/// One value that a source gives for a key.
pub(crate) struct Entry {
    /// The number of the table that the key is in.
    pub(crate) table: usize,
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
        for (position, entry) in layer.entries.iter().enumerate() {
            let table = outline.table(entry.table);
            let number = match table.member(&entry.key) {
                Some(Member::Setting(number)) => number,
                Some(Member::Table(inner)) => {
                    found.push(is_table(outline, outline.table(inner), entry));
                    continue;
                }
                None => {
                    found.extend(foreign_key(outline, table, entry));
                    continue;
                }
            };
            let setting = &outline.settings[number];
            let field = setting.field;
            // The last entry decides, so from there on it is as if the layer did not set the field.
            let is_unset = |later: &Entry| {
                auto::means_unset(field, &later.raw)
                    && outline.table(later.table).member(&later.key)
                        == Some(Member::Setting(number))
            };
            let last = if layer.unique_keys { position } else { layer.entries.len() - 1 };
            let unset = field.auto && layer.entries[position..=last].iter().any(is_unset);
            mentioned[number] |= !unset;
            let old = deprecated(field, &table.lead, &entry.key, &entry.key_place);
            found.extend(old.map(|warning| warning.with_value_of(field, &entry.raw.to_string())));
            if layer.unique_keys {
                match seen.iter().find(|(seen, _)| *seen == number) {
                    Some((_, earlier)) => {
                        let place_of = |entry: &Entry| entry.key_place.clone();
                        let earlier = (&*earlier.key, place_of(earlier));
                        let twice =
                            given_twice(&setting.path, earlier, (&entry.key, place_of(entry)));
                        found.push(twice.with_value_of(field, &entry.raw.to_string()));
                    }
                    None => seen.push((number, entry)),
                }
            }
            if auto::means_unset(field, &entry.raw) {
                continue;
            }
            match read(setting, entry) {
                Ok(_) if unset => {}
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
        diagnostics.extend(unset.filter_map(|(setting, _)| mistake_unset(outline, setting)));
    }
    Merged { values, candidates }
}

/// Every rule that `values` break, and every required field they lack.
pub(crate) fn check_values(outline: &Outline, values: &Values) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for setting in &outline.settings {
        match values.get(&setting.route) {
            Some(slot) => diagnostics.extend(broken_rule(setting, slot)),
            None => diagnostics.extend(mistake_unset(outline, setting)),
        }
    }
    diagnostics
}

/// What is wrong with a value of a program, if anything is.
pub(super) fn broken_rule(setting: &Setting, slot: &Slot) -> Option<Diagnostic> {
    let rejection = broken(slot, setting.field, || None)?;
    Some(invalid(rejection, setting, &slot.show(), Place::Memory))
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

/// What is wrong with a setting that nothing sets.
fn mistake_unset(outline: &Outline, setting: &Setting) -> Option<Diagnostic> {
    let field = setting.field;
    if field.required {
        return Some(missing(outline, setting));
    }
    if let Some(found) = bad_default(setting) {
        return Some(found);
    }
    let default = field.check.and_then(|_| Slot::of_default(field))?;
    let said = default.check(field).err()?;
    let shown = default.show();
    let message = format!("the default {} of `{}` is not allowed", quoted(&shown), setting.path);
    Some(
        Diagnostic::new(DiagnosticKind::NotAllowed, message, Place::Memory)
            .with_key(&setting.path)
            .with_value_of(field, &shown)
            .with_help(Some(said)),
    )
}

fn read(setting: &Setting, entry: &Entry) -> Result<Slot, Diagnostic> {
    let field = setting.field;
    let rejection = match field.read(&entry.raw) {
        Ok(slot) => match broken(&slot, field, || slot.hint(&entry.raw, field)) {
            None => return Ok(slot),
            Some(rejection) => rejection,
        },
        Err(rejection) => rejection,
    };
    Err(invalid(rejection, setting, &entry.raw.to_string(), entry.place.clone()))
}

fn invalid(rejection: Rejection, setting: &Setting, shown: &str, place: Place) -> Diagnostic {
    let field = setting.field;
    let source = match &place {
        Place::Variable(name) => format!(" in variable {name}"),
        _ => String::new(),
    };
    let value = if field.secret { String::new() } else { format!(" {}", quoted(shown)) };
    let message = format!("invalid value{value} for `{}`{source}", setting.path);
    let diagnostic = |message| {
        Diagnostic::new(rejection.kind, message, place)
            .with_key(&setting.path)
            .with_value_of(field, shown)
    };
    match (rejection.by, rejection.hint) {
        (By::Parser, Some(said)) => diagnostic(format!("{message}: {}", one_line(&said))),
        // A value that its field's rules admit is what was expected.
        (By::Check, said) => diagnostic(message).with_help(said),
        // A hint of ours may quote the value.
        (_, hint) => {
            diagnostic(message).expecting(field.allowed()).with_help(hint.filter(|_| !field.secret))
        }
    }
}

/// The mistake in a default that only its field's own parser can find.
pub(crate) fn bad_default(setting: &Setting) -> Option<Diagnostic> {
    let shown = setting.field.default?.to_string();
    let hint = Slot::default_mistake(setting.field)?.hint.unwrap_or_default();
    let (path, default) = (&setting.path, quoted(&shown));
    let message = format!("the default {default} of `{path}` is none: {}", one_line(&hint));
    let diagnostic = Diagnostic::new(DiagnosticKind::WrongType, message, Place::Memory);
    Some(diagnostic.with_key(path).with_value(&shown))
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

/// A key is given again, as it was (`earlier`) or by another name for it; `setting` is its path.
pub(super) fn given_twice(
    setting: &str,
    (earlier, first): (&str, Place),
    (key, again): (&str, Place),
) -> Diagnostic {
    let (kind, message) = if earlier == key {
        (DiagnosticKind::DuplicateKey, format!("{} is given twice", quoted(key)))
    } else {
        let (earlier, key) = (quoted(earlier), quoted(key));
        (DiagnosticKind::Conflict, format!("{earlier} and {key} mean the same and are both given"))
    };
    Diagnostic::new(kind, message, again).with_key(setting).with_context(first, "first given here")
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
fn is_table(outline: &Outline, inner: &Table, entry: &Entry) -> Diagnostic {
    let key = inner.key();
    let message = format!("`{key}` is no setting, but a table of several");
    let example = inner.fields.first().map(|field| format!("`{}{}`", inner.lead, field.key));
    let found = Diagnostic::new(DiagnosticKind::WrongType, message, entry.place.clone())
        .with_key(key)
        .with_help(example.map(|example| format!("set its keys one by one, as in {example}")));
    with_strange_value(outline, found, entry)
}

/// The mistake in a key that is no field: an unknown one, or a fixed one with another value.
fn foreign_key(outline: &Outline, table: &Table, entry: &Entry) -> Option<Diagnostic> {
    match table.fixed.iter().find(|fixed| fixed.key == entry.key) {
        Some(fixed) if matches_fixed(fixed, &entry.raw) => None,
        Some(fixed) => Some(unsupported(table, fixed, entry)),
        None => Some(unknown_key(outline, table, entry)),
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

fn unknown_key(outline: &Outline, table: &Table, entry: &Entry) -> Diagnostic {
    let names =
        || table.fields.iter().flat_map(|field| core::iter::once(&field.key).chain(field.aliases));
    let help = match (closest(&entry.key, names().copied()), engine_setting(&entry.key)) {
        (Some(meant), _) => format!("did you mean `{}{meant}`?", shown_lead(table, entry)),
        (None, Some(setting)) => format!(
            "the struct does not have this setting of engines: remove the key, or give the struct a field \
             `{setting}`; `AioConfig` has all of them"
        ),
        (None, None) => {
            let keys: Vec<_> = table.fields.iter().map(|field| field.key).collect();
            format!("remove it, or write one of the keys {}", keys.join(", "))
        }
    };
    let message = format!("unknown key {} in section `{}`", quoted(&entry.key), table.path);
    let found = Diagnostic::new(DiagnosticKind::UnknownKey, message, entry.key_place.clone())
        .with_key(&format!("{}{}", table.lead, entry.key))
        .with_help(Some(help));
    with_strange_value(outline, found, entry)
}

/// The name of the setting that an engine knows by that key.
fn engine_setting(key: &str) -> Option<&'static str> {
    let mut fields = AioConfig::FIELDS.iter();
    let field = fields.find(|field| field.key == key || field.aliases.contains(&key));
    field.map(|field| field.key)
}

/// The value of what is no setting, unless it may be a secret whose key is misspelt.
fn with_strange_value(outline: &Outline, found: Diagnostic, entry: &Entry) -> Diagnostic {
    if outline.has_secrets() { found } else { found.with_value(&entry.raw.to_string()) }
}

/// In a call the whole path is written, in a file the key alone.
fn shown_lead<'a>(table: &'a Table, entry: &Entry) -> &'a str {
    match entry.key_place {
        Place::Explicit => &table.lead,
        _ => "",
    }
}
