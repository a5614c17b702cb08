//! What a source wrote, for types that the crate `serde` deserializes.

use serde::de::value::{Error, MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, Error as _, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use crate::config::Integer;
use crate::config::file::json;
use crate::config::numbers::is_non_finite_name;
use crate::config::raw::{DATE_OR_TIME, RawValue};
use crate::config::value::truth;

/// A value to be deserialized. One that is untyped becomes what is asked for: a number, a truth
/// value, or by way of JSON something with parts.
pub(super) struct Raw(pub(super) RawValue);

impl Raw {
    /// A text that stands for something with parts.
    fn unfolded(text: &str) -> Result<Self, Error> {
        json::value(text).map(Self).map_err(Error::custom)
    }
}

impl<'de> IntoDeserializer<'de, Error> for Raw {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

fn visit_integer<'de, V: Visitor<'de>>(integer: Integer, visitor: V) -> Result<V::Value, Error> {
    match (integer.to_u128(), integer.to_i128()) {
        (Some(value), _) => match u64::try_from(value) {
            Ok(value) => visitor.visit_u64(value),
            Err(_) => visitor.visit_u128(value),
        },
        (None, Some(value)) => match i64::try_from(value) {
            Ok(value) => visitor.visit_i64(value),
            Err(_) => visitor.visit_i128(value),
        },
        (None, None) => Err(Error::custom("an integer that no type holds")),
    }
}

fn map(
    entries: Vec<(String, RawValue)>,
) -> MapDeserializer<'static, impl Iterator<Item = (Raw, Raw)>, Error> {
    // A key is a text in every format, whatever it stands for.
    let pairs = entries.into_iter().map(|(key, value)| (Raw(RawValue::Untyped(key)), Raw(value)));
    MapDeserializer::new(pairs)
}

macro_rules! numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.0 {
                RawValue::Untyped(text) => match Integer::parse(text.trim(), 10) {
                    Some(integer) => visit_integer(integer, visitor),
                    None => Err(Error::invalid_value(Unexpected::Str(&text), &visitor)),
                },
                typed => Raw(typed).deserialize_any(visitor),
            }
        }
    )*};
}

macro_rules! floats {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.0 {
                RawValue::Untyped(text) => match text.trim().parse() {
                    Ok(number) => visitor.visit_f64(number),
                    Err(_) => Err(Error::invalid_value(Unexpected::Str(&text), &visitor)),
                },
                // JSON has no other way to write these.
                RawValue::Text(text) if is_non_finite_name(&text) => {
                    Raw(RawValue::Untyped(text)).$method(visitor)
                }
                typed => Raw(typed).deserialize_any(visitor),
            }
        }
    )*};
}

macro_rules! with_parts {
    ($($method:ident($($argument:ident: $type:ty),*);)*) => {$(
        fn $method<V: Visitor<'de>>(
            self,
            $($argument: $type,)*
            visitor: V,
        ) -> Result<V::Value, Error> {
            match self.0 {
                RawValue::Untyped(text) => {
                    Raw::unfolded(&text)?.$method($($argument,)* visitor)
                }
                typed => Raw(typed).deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Raw {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            RawValue::Integer(integer) => visit_integer(integer, visitor),
            RawValue::Decimal(text) => match text.parse() {
                Ok(number) => visitor.visit_f64(number),
                Err(_) => Err(Error::invalid_value(Unexpected::Other(&text), &visitor)),
            },
            RawValue::Bool(value) => visitor.visit_bool(value),
            RawValue::Text(text) | RawValue::Untyped(text) => visitor.visit_string(text),
            RawValue::Null => visitor.visit_unit(),
            RawValue::List { items, .. } => {
                let mut items = SeqDeserializer::new(items.into_iter().map(Raw));
                let value = visitor.visit_seq(&mut items)?;
                items.end()?;
                Ok(value)
            }
            RawValue::Table { entries, .. } => {
                let mut entries = map(entries);
                let value = visitor.visit_map(&mut entries)?;
                entries.end()?;
                Ok(value)
            }
            RawValue::Other { what: DATE_OR_TIME, text } => visitor.visit_string(text),
            RawValue::Other { what, .. } => {
                Err(Error::invalid_type(Unexpected::Other(what), &visitor))
            }
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            RawValue::Untyped(text) => match truth(&text) {
                Some(value) => visitor.visit_bool(value),
                None => Err(Error::invalid_value(Unexpected::Str(&text), &visitor)),
            },
            typed => Raw(typed).deserialize_any(visitor),
        }
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    floats! {
        deserialize_f32 deserialize_f64
    }

    with_parts! {
        deserialize_seq();
        deserialize_tuple(len: usize);
        deserialize_tuple_struct(name: &'static str, len: usize);
        deserialize_map();
        deserialize_struct(name: &'static str, fields: &'static [&'static str]);
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            RawValue::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            RawValue::Untyped(text) if text.trim_start().starts_with('{') => {
                Raw::unfolded(&text)?.deserialize_enum(name, variants, visitor)
            }
            RawValue::Text(text) | RawValue::Untyped(text) => {
                visitor.visit_enum(text.into_deserializer())
            }
            RawValue::Table { entries, .. } => {
                visitor.visit_enum(MapAccessDeserializer::new(map(entries)))
            }
            other => Raw(other).deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct identifier ignored_any
    }
}
