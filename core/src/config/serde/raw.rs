//! Types that the crate `serde` serializes, as values of a source.

use serde::de::value::Error;
use serde::ser::{self, Error as _, Serialize, Serializer};

use crate::config::raw::RawValue;

/// What `value` looks like in a document.
pub(super) fn raw<T: Serialize + ?Sized>(value: &T) -> Result<RawValue, Error> {
    value.serialize(ToRaw)
}

struct ToRaw;

/// The items of a list, within the variant of an enum that has a name.
struct Items {
    variant: Option<&'static str>,
    items: Vec<RawValue>,
}

/// The keys and values of a table, likewise.
struct Entries {
    variant: Option<&'static str>,
    entries: Vec<(String, RawValue)>,
}

/// The value of a variant, under its name.
fn of_variant(variant: Option<&'static str>, value: RawValue) -> RawValue {
    match variant {
        Some(variant) => RawValue::table(vec![(variant.to_owned(), value)]),
        None => value,
    }
}

impl Items {
    fn push<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), Error> {
        self.items.push(raw(item)?);
        Ok(())
    }

    fn finish(self) -> Result<RawValue, Error> {
        Ok(of_variant(self.variant, self.items.into()))
    }
}

impl Entries {
    fn push<T: Serialize + ?Sized>(&mut self, key: String, value: &T) -> Result<(), Error> {
        self.entries.push((key, raw(value)?));
        Ok(())
    }

    fn finish(self) -> Result<RawValue, Error> {
        Ok(of_variant(self.variant, RawValue::table(self.entries)))
    }
}

macro_rules! values {
    ($($method:ident: $type:ty;)*) => {$(
        fn $method(self, value: $type) -> Result<RawValue, Error> {
            Ok(value.into())
        }
    )*};
}

impl Serializer for ToRaw {
    type Ok = RawValue;
    type Error = Error;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Entries;
    type SerializeStruct = Entries;
    type SerializeStructVariant = Entries;

    values! {
        serialize_bool: bool;
        serialize_i8: i8;
        serialize_i16: i16;
        serialize_i32: i32;
        serialize_i64: i64;
        serialize_i128: i128;
        serialize_u8: u8;
        serialize_u16: u16;
        serialize_u32: u32;
        serialize_u64: u64;
        serialize_u128: u128;
        serialize_f32: f32;
        serialize_f64: f64;
        serialize_char: char;
    }

    fn serialize_str(self, text: &str) -> Result<RawValue, Error> {
        Ok(RawValue::Text(text.to_owned()))
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<RawValue, Error> {
        Ok(bytes.to_vec().into())
    }

    fn serialize_none(self) -> Result<RawValue, Error> {
        Ok(RawValue::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<RawValue, Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<RawValue, Error> {
        Ok(RawValue::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<RawValue, Error> {
        Ok(RawValue::Null)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<RawValue, Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<RawValue, Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<RawValue, Error> {
        Ok(of_variant(Some(variant), raw(value)?))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items, Error> {
        Ok(Items { variant: None, items: Vec::new() })
    }

    fn serialize_tuple(self, _: usize) -> Result<Items, Error> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Items, Error> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Items, Error> {
        Ok(Items { variant: Some(variant), items: Vec::new() })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries, Error> {
        Ok(Entries { variant: None, entries: Vec::new() })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Entries, Error> {
        self.serialize_map(None)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Entries, Error> {
        Ok(Entries { variant: Some(variant), entries: Vec::new() })
    }
}

macro_rules! items {
    ($($trait:ident::$method:ident;)*) => {$(
        impl ser::$trait for Items {
            type Ok = RawValue;
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), Error> {
                self.push(item)
            }

            fn end(self) -> Result<RawValue, Error> {
                self.finish()
            }
        }
    )*};
}

items! {
    SerializeSeq::serialize_element;
    SerializeTuple::serialize_element;
    SerializeTupleStruct::serialize_field;
    SerializeTupleVariant::serialize_field;
}

macro_rules! entries {
    ($($trait:ident;)*) => {$(
        impl ser::$trait for Entries {
            type Ok = RawValue;
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.push(key.to_owned(), value)
            }

            fn end(self) -> Result<RawValue, Error> {
                self.finish()
            }
        }
    )*};
}

entries! {
    SerializeStruct;
    SerializeStructVariant;
}

impl ser::SerializeMap for Entries {
    type Ok = RawValue;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        let key = match raw(key)? {
            RawValue::Text(key) => key,
            key @ (RawValue::Integer(_) | RawValue::Bool(_)) => key.to_string(),
            other => return Err(Error::custom(format!("{} is no key", other.what()))),
        };
        self.entries.push((key, RawValue::Null));
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        if let Some((_, place)) = self.entries.last_mut() {
            *place = raw(value)?;
        }
        Ok(())
    }

    fn end(self) -> Result<RawValue, Error> {
        self.finish()
    }
}
