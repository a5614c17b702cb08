//! Fields that are numbers.

use super::describe::Field;
use super::field::FieldMeta;
use super::raw::RawValue;
use super::rejection::Rejection;
use super::scalar::{Integer, Scalar};
use super::size;
use super::value::{ConfigValue, Kind, sealed};

macro_rules! integer {
    ($($type:ty: $wide:ty, $from:ident, $to:ident;)*) => {$(
        impl sealed::Sealed for $type {}

        impl ConfigValue for $type {
            type Field = Field<Self>;
            type Constant = Self;
            const KIND: Kind = Kind::Integer {
                min: Integer::$from(<$type>::MIN as $wide),
                max: Integer::$from(<$type>::MAX as $wide),
            };
            fn from_scalar(scalar: Scalar<'static>) -> Option<Self> {
                let Scalar::Integer(integer) = scalar else { return None };
                <$type>::try_from(integer.$to()?).ok()
            }
            fn read(raw: &RawValue, field: &FieldMeta) -> Result<Self, Rejection> {
                let integer = read_integer(raw, field)?;
                integer
                    .$to()
                    .and_then(|wide| <$type>::try_from(wide).ok())
                    .ok_or_else(|| Rejection::not_allowed(in_bytes(raw, integer, field)))
            }
            fn scalar(&self) -> Option<Scalar<'_>> {
                Some(Scalar::Integer(Integer::$from(*self as $wide)))
            }
        }

        impl From<$type> for RawValue {
            fn from(value: $type) -> Self {
                RawValue::Integer(Integer::$from(value as $wide))
            }
        }
    )*};
}

integer! {
    u8: u128, from_u128, to_u128;
    u16: u128, from_u128, to_u128;
    u32: u128, from_u128, to_u128;
    u64: u128, from_u128, to_u128;
    u128: u128, from_u128, to_u128;
    usize: u128, from_u128, to_u128;
    i8: i128, from_i128, to_i128;
    i16: i128, from_i128, to_i128;
    i32: i128, from_i128, to_i128;
    i64: i128, from_i128, to_i128;
    i128: i128, from_i128, to_i128;
    isize: i128, from_i128, to_i128;
}

macro_rules! float {
    ($($type:ty: $scalar:ident;)*) => {$(
        impl sealed::Sealed for $type {}

        impl ConfigValue for $type {
            type Field = Field<Self>;
            type Constant = Self;
            const KIND: Kind = Kind::Float;
            fn from_scalar(scalar: Scalar<'static>) -> Option<Self> {
                if let Scalar::$scalar(value) = scalar { Some(value) } else { None }
            }
            fn read(raw: &RawValue, _: &FieldMeta) -> Result<Self, Rejection> {
                let text = match raw {
                    RawValue::Integer(_) | RawValue::Decimal(_) => raw.to_string(),
                    RawValue::Untyped(text) => text.trim().to_owned(),
                    // JSON has no other way to write these.
                    RawValue::Text(text) if is_non_finite_name(text) => text.clone(),
                    other => return Err(Rejection::wrong_type(other)),
                };
                let value: $type =
                    text.parse().map_err(|_| Rejection::wrong_type(raw))?;
                if value.is_infinite() && !is_non_finite_name(&text) {
                    let hint = concat!("that is more than an `", stringify!($type), "` holds");
                    return Err(Rejection::not_allowed(Some(hint.to_owned())));
                }
                Ok(value)
            }
            fn scalar(&self) -> Option<Scalar<'_>> {
                Some(Scalar::$scalar(*self))
            }
        }

        impl From<$type> for RawValue {
            fn from(value: $type) -> Self {
                RawValue::Decimal(format!("{value:?}"))
            }
        }
    )*};
}

float! {
    f32: F32;
    f64: F64;
}

pub(super) fn is_non_finite_name(text: &str) -> bool {
    let name = text.strip_prefix(['-', '+']).unwrap_or(text);
    ["inf", "infinity", "nan"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn read_integer(raw: &RawValue, field: &FieldMeta) -> Result<Integer, Rejection> {
    match raw {
        RawValue::Integer(value) => Ok(*value),
        RawValue::Text(text) | RawValue::Untyped(text) if field.bytes => {
            let text = text.trim();
            // Sizes have no sign; a number of a field that has one may.
            let is_signed = matches!(raw, RawValue::Untyped(_)) && text.starts_with('-');
            match is_signed.then(|| Integer::parse(text, 10)).flatten() {
                Some(number) => Ok(number),
                None => size::parse(text).map_err(|error| Rejection::malformed(error.hint())),
            }
        }
        RawValue::Untyped(text) => {
            Integer::parse(text.trim(), 10).ok_or_else(|| Rejection::wrong_type(raw))
        }
        other => Err(Rejection::wrong_type(other)),
    }
}

/// How many bytes a size with a unit came to, for the message that refuses it.
pub(super) fn in_bytes(raw: &RawValue, bytes: Integer, field: &FieldMeta) -> Option<String> {
    let shown = bytes.to_string();
    (field.bytes && raw.to_string() != shown).then(|| format!("that is {shown} bytes"))
}
