//! What the crate `serde` has to do with it: structs that it serializes, and fields of the types that
//! it knows, `parse = serde`.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::FieldMeta;
use super::access::Access;
use super::parsed::Structured;
use super::raw::RawValue;
use super::rejection::Rejection;
use super::scalar::Scalar;
use super::value::Kind;
use super::written::as_text;

mod deserialize;
mod raw;
mod serialize;

pub use serialize::serialize;

impl<T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static> Access for Structured<T> {
    type Value = T;
    const KIND: Kind = Kind::Any;

    fn from_default(default: Scalar<'static>) -> Option<T> {
        read(default.into()).ok()
    }

    fn read(raw: &RawValue, _: &FieldMeta) -> Result<T, Rejection> {
        read(raw.clone())
    }

    fn scalar(_: &T) -> Option<Scalar<'_>> {
        None
    }

    fn keeps_rules(_: &T, _: &FieldMeta) -> bool {
        true
    }

    fn show(value: &T) -> String {
        match raw::raw(value) {
            Ok(raw) => as_text(&raw),
            Err(error) => format!("({error})"),
        }
    }

    fn raw(value: &T) -> Result<RawValue, Rejection> {
        raw::raw(value).map_err(|error| Rejection::not_writable(&error))
    }
}

/// A text becomes what is asked for wherever it stands, as templates write every default as one.
fn read<T: DeserializeOwned>(raw: RawValue) -> Result<T, Rejection> {
    let raw = match raw {
        RawValue::Text(text) => RawValue::Untyped(text),
        other => other,
    };
    T::deserialize(deserialize::Raw(raw)).map_err(|error| Rejection::explained(&error))
}
