//! A struct's values for the serializers of others.

use serde::ser::{Error, Serialize, SerializeStruct, Serializer};

use crate::config::outline::{Member, Outline, SECTION};
use crate::config::raw::RawValue;
use crate::config::values::Values;
use crate::config::{ConfigSchema, Integer};

/// Serializes `config` as a struct of its keys, with each value as the loader reads it from any
/// format: durations and names as texts, and `inf` and `nan` too, which are no numbers in JSON. A
/// secret is left out.
///
/// # Errors
///
/// Those of the serializer, and a path that is not valid UTF-8.
pub fn serialize<T: ConfigSchema, S: Serializer>(
    config: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let (outline, values) = (Outline::of::<T>(), config.to_values());
    Table { name: T::SECTION, number: SECTION, outline: &outline, values: &values }
        .serialize(serializer)
}

/// The section, or a table within it.
struct Table<'a> {
    name: &'static str,
    number: usize,
    outline: &'a Outline,
    values: &'a Values,
}

impl Serialize for Table<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let table = self.outline.table(self.number);
        // Some formats begin with it, so that it has to be that of the fields that follow.
        let shown = table.fields.iter().filter(|field| !field.secret).count();
        let mut fields = serializer.serialize_struct(self.name, shown)?;
        for (field, member) in table.members() {
            match member {
                Member::Table(number) => {
                    let inner = Table { name: field.key, number, ..*self };
                    fields.serialize_field(field.key, &inner)?;
                }
                Member::Setting(number) => {
                    let route = &self.outline.settings[number].route;
                    let slot = self.values.get(route).filter(|_| !field.secret);
                    let Some(slot) = slot else {
                        fields.skip_field(field.key)?;
                        continue;
                    };
                    let raw = slot.raw().map_err(|_| {
                        let (key, shown) = (field.key, slot.show());
                        S::Error::custom(format!("`{key}` = {shown} is not valid UTF-8"))
                    })?;
                    fields.serialize_field(field.key, &raw)?;
                }
            }
        }
        fields.end()
    }
}

impl Serialize for RawValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            RawValue::Integer(integer) => serialize_integer(*integer, serializer),
            RawValue::Decimal(text) => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => serializer.serialize_f64(number),
                _ => serializer.serialize_str(&text.to_lowercase()),
            },
            RawValue::Bool(value) => serializer.serialize_bool(*value),
            RawValue::Null => serializer.serialize_none(),
            RawValue::List { items, .. } => serializer.collect_seq(items),
            RawValue::Table { entries, .. } => {
                serializer.collect_map(entries.iter().map(|(key, value)| (key, value)))
            }
            RawValue::Text(text) | RawValue::Untyped(text) | RawValue::Other { text, .. } => {
                serializer.serialize_str(text)
            }
        }
    }
}

/// In the width that most serializers have, where it has room.
fn serialize_integer<S: Serializer>(integer: Integer, serializer: S) -> Result<S::Ok, S::Error> {
    match (integer.to_u128(), integer.to_i128()) {
        (Some(value), _) => match u64::try_from(value) {
            Ok(value) => serializer.serialize_u64(value),
            Err(_) => serializer.serialize_u128(value),
        },
        (None, Some(value)) => match i64::try_from(value) {
            Ok(value) => serializer.serialize_i64(value),
            Err(_) => serializer.serialize_i128(value),
        },
        (None, None) => Err(S::Error::custom("an integer that no type holds")),
    }
}
