//! Values written back: as the section of a file, or as variables. What is written loads to the
//! same values again; what could not is an error.

use super::diagnostic::{ConfigErrors, Diagnostic, DiagnosticKind, quoted};
use super::layer::broken_rule;
use super::outline::{Member, Outline, SECTION, Setting};
use super::raw::RawValue;
use super::slot::Slot;
use super::source::Place;
use super::text;
use super::values::Values;

/// What values are written as.
#[derive(Clone, Copy, PartialEq)]
enum Format {
    Toml,
    Json,
    Variables,
}

/// The section with `values`, as a TOML document.
pub(super) fn toml(outline: &Outline, values: &Values) -> Result<String, ConfigErrors> {
    let entries = entries(outline, values, Format::Toml)?;
    Ok(text::toml_section(&outline.table(SECTION).path, &entries))
}

/// The section with `values`, as a JSON document.
pub(super) fn json(outline: &Outline, values: &Values) -> Result<String, ConfigErrors> {
    Ok(json_document(&outline.table(SECTION).path, entries(outline, values, Format::Json)?))
}

/// A JSON document of one section.
pub(super) fn json_document(section: &str, entries: Vec<(String, RawValue)>) -> String {
    let document = RawValue::table(vec![(section.to_owned(), RawValue::table(entries))]);
    text::json_document(&document)
}

/// `values` as variables, a line each.
pub(super) fn variables(outline: &Outline, values: &Values) -> Result<String, ConfigErrors> {
    let mut diagnostics = Vec::new();
    let mut lines = String::new();
    let mut seen: Vec<(&Setting, Option<RawValue>)> = Vec::new();
    for setting in &outline.settings {
        let (Some(variable), Some(slot)) = (&setting.variable, values.get(&setting.route)) else {
            continue;
        };
        if setting.field.secret {
            diagnostics.extend(broken_rule(setting, slot));
            continue;
        }
        let written = match written(setting, slot, Format::Variables) {
            Ok(written) => written,
            Err(diagnostic) => {
                diagnostics.push(diagnostic);
                continue;
            }
        };
        // One variable may set the same struct in several places.
        let earlier = seen.iter().find(|(other, _)| other.variable == setting.variable);
        match earlier {
            Some((_, value)) if *value == written => continue,
            Some((other, _)) => {
                let hint = format!("{variable} would set `{}` too, which differs", other.path);
                let kind = DiagnosticKind::NotWritable;
                let format = Format::Variables;
                diagnostics.push(not_writable(kind, setting, slot, format, Some(hint)));
                continue;
            }
            None => {}
        }
        lines += &match &written {
            Some(text) => text::assignment(variable, &text.to_string()),
            None if matches!(slot.raw(), Ok(RawValue::Null)) => String::new(),
            None => text::unheld(variable),
        };
        seen.push((setting, written));
    }
    ConfigErrors::check(diagnostics)?;
    Ok(lines)
}

/// Keys and values of a document; all that cannot be written is reported together.
fn entries(
    outline: &Outline,
    values: &Values,
    format: Format,
) -> Result<Vec<(String, RawValue)>, ConfigErrors> {
    let mut diagnostics = Vec::new();
    let entries = table(outline, SECTION, values, format, &mut diagnostics);
    ConfigErrors::check(diagnostics)?;
    Ok(entries)
}

/// Those of the table `number`.
fn table(
    outline: &Outline,
    number: usize,
    values: &Values,
    format: Format,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<(String, RawValue)> {
    let mut entries = Vec::new();
    for (field, member) in outline.table(number).members() {
        let value = match member {
            Member::Table(inner) => {
                Some(RawValue::table(table(outline, inner, values, format, diagnostics)))
            }
            Member::Setting(number) => {
                let setting = &outline.settings[number];
                let slot = values.get(&setting.route);
                slot.and_then(|slot| {
                    let written = written(setting, slot, format);
                    written.unwrap_or_else(|diagnostic| {
                        diagnostics.push(diagnostic);
                        None
                    })
                })
            }
        };
        entries.extend(value.map(|value| (field.key.to_owned(), value)));
    }
    entries
}

/// What stands for a value in the format; `None` of a secret, and where the format has nothing to say
/// it with, but the default is the same.
fn written(setting: &Setting, slot: &Slot, format: Format) -> Result<Option<RawValue>, Diagnostic> {
    if let Some(broken) = broken_rule(setting, slot) {
        return Err(broken);
    }
    let field = setting.field;
    if field.secret {
        return Ok(None);
    }
    let raw = slot
        .raw()
        .map_err(|rejection| not_writable(rejection.kind, setting, slot, format, rejection.hint))?;
    let written = match format {
        Format::Toml | Format::Json => in_document(&raw, format),
        Format::Variables => in_variable(&raw, setting).map(RawValue::Untyped),
    };
    let hint = match written {
        Some(written) => match field.read(&written).and_then(|again| again.raw()) {
            Ok(again) if is_same(&again, &raw) => return Ok(Some(written)),
            Ok(again) => Some(format!("it would load as {}", quoted(&again.to_string()))),
            Err(rejection) => rejection.hint,
        },
        None => None,
    };
    match Slot::of_default(field).map(|default| default.raw()) {
        Some(Ok(default)) if is_same(&default, &raw) => Ok(None),
        _ => Err(not_writable(DiagnosticKind::NotWritable, setting, slot, format, hint)),
    }
}

/// The value as a document has it; `None` where it is left out.
fn in_document(raw: &RawValue, format: Format) -> Option<RawValue> {
    match raw {
        RawValue::Null if format == Format::Toml => None,
        // `inf` and `nan`: what is no number in JSON.
        RawValue::Decimal(text) if format == Format::Json && !text.contains(char::is_numeric) => {
            Some(RawValue::Text(text.to_lowercase()))
        }
        RawValue::Decimal(text) => Some(RawValue::Decimal(text.to_lowercase())),
        RawValue::List { items, .. } => {
            let items = items.iter().map(|item| in_document(item, format));
            Some(items.collect::<Option<Vec<_>>>()?.into())
        }
        RawValue::Table { entries, .. } => {
            let entries = entries.iter().filter_map(|(key, value)| {
                in_document(value, format).map(|value| (key.clone(), value))
            });
            Some(RawValue::table(entries.collect()))
        }
        other => Some(other.clone()),
    }
}

/// The value of the variable; `None` where it is unset.
fn in_variable(raw: &RawValue, setting: &Setting) -> Option<String> {
    let text = match (raw, setting.field.separator) {
        (RawValue::Null, _) => return None,
        // Not nothing, which would be a variable that is not set.
        (RawValue::List { items, .. }, Some(_)) if items.is_empty() => " ".to_owned(),
        (RawValue::List { items, .. }, Some(separator)) => {
            let items: Vec<_> = items.iter().map(as_text).collect();
            items.join(separator)
        }
        (value, _) => as_text(value),
    };
    let is_settable = setting.variable.as_deref().is_some_and(text::is_shell_name);
    (is_settable && !text.is_empty() && !text.contains('\0')).then_some(text)
}

/// A text for itself, what has parts as JSON.
pub(super) fn as_text(value: &RawValue) -> String {
    match value {
        RawValue::List { .. } | RawValue::Table { .. } => {
            in_document(value, Format::Json).as_ref().map(text::json_value).unwrap_or_default()
        }
        value => value.to_string(),
    }
}

/// Whether both are the same value, in whichever order a set or a map told its parts.
fn is_same(one: &RawValue, other: &RawValue) -> bool {
    match (one, other) {
        (RawValue::List { items, .. }, RawValue::List { items: others, .. }) => {
            are_same(items, others, is_same)
        }
        (RawValue::Table { entries, .. }, RawValue::Table { entries: others, .. }) => {
            are_same(entries, others, |one, other| one.0 == other.0 && is_same(&one.1, &other.1))
        }
        (one, other) => one == other,
    }
}

fn are_same<T>(some: &[T], others: &[T], is_same: impl Fn(&T, &T) -> bool) -> bool {
    let mut left: Vec<&T> = others.iter().collect();
    let all_found = some.iter().all(|one| {
        let found = left.iter().position(|other| is_same(one, other));
        found.map(|index| left.remove(index)).is_some()
    });
    all_found && left.is_empty()
}

fn not_writable(
    kind: DiagnosticKind,
    setting: &Setting,
    slot: &Slot,
    format: Format,
    hint: Option<String>,
) -> Diagnostic {
    let shown = slot.show();
    let (place, advice) = match format {
        Format::Toml => ("in TOML", "write JSON, which has `null`"),
        Format::Json => ("in JSON", "give it another value"),
        Format::Variables => ("in a variable", "write a file, or set it otherwise"),
    };
    let message = format!("`{}` = {} cannot be written {place}", setting.path, quoted(&shown));
    let help = match (kind, hint) {
        (DiagnosticKind::NotUnicode, _) => "it is not valid UTF-8".to_owned(),
        (_, Some(hint)) => format!("{hint}; {advice}"),
        (_, None) => advice.to_owned(),
    };
    Diagnostic::new(kind, message, Place::Memory)
        .with_key(&setting.path)
        .with_value(&shown)
        .with_help(Some(help))
}
