//! Values of any field type in one list, for the merging code that knows none of the types.

use core::any::Any;
use core::fmt;

use super::raw::{RawValue, show_list};
use super::scalar::Scalar;
use super::value::{ConfigValue, Rejection, in_bytes};
use super::{ConfigSchema, FieldMeta};

/// What the merging code does with the values of one type; found through [`FieldMeta`].
///
/// The bound on the type stands here and nowhere else in generated code, so that a type that is
/// not supported is one message.
#[derive(Debug)]
pub(crate) struct Operations {
    pub(crate) read: fn(&RawValue, &FieldMeta) -> Result<Slot, Rejection>,
    /// The value of a default, or the one that a field has without any.
    from_default: fn(Option<Scalar<'static>>) -> Option<Box<dyn Any + Send + Sync>>,
    keeps_rules: fn(&dyn Any, &FieldMeta) -> bool,
    scalar: for<'a> fn(&'a dyn Any) -> Option<Scalar<'a>>,
    show: fn(&dyn Any) -> String,
    clone: fn(&dyn Any) -> Option<Box<dyn Any + Send + Sync>>,
}

impl Operations {
    pub(crate) const fn of<T: ConfigValue>() -> &'static Self {
        &Self {
            read: |raw, field| {
                let value = Box::new(T::read(raw, field)?);
                Ok(Slot { value, operations: Self::of::<T>() })
            },
            from_default: |default| Some(Box::new(T::from_scalar(default?)?)),
            keeps_rules: |value, field| {
                value.downcast_ref::<T>().is_some_and(|value| keeps(value, field))
            },
            scalar: |value| value.downcast_ref::<T>()?.scalar(),
            show: |value| value.downcast_ref::<T>().map(T::show).unwrap_or_default(),
            clone: |value| Some(Box::new(value.downcast_ref::<T>()?.clone())),
        }
    }

    /// For a `Vec<T>`.
    pub(crate) const fn of_list<T: ConfigValue>() -> &'static Self {
        &Self {
            read: |raw, field| {
                let value = Box::new(read_list::<T>(raw, field)?);
                Ok(Slot { value, operations: Self::of_list::<T>() })
            },
            from_default: |default| {
                let Scalar::List(items) = default? else { return None };
                let items: Option<Vec<T>> = items.iter().map(T::from_scalar).collect();
                Some(Box::new(items?))
            },
            keeps_rules: |value, field| {
                let items = value.downcast_ref::<Vec<T>>();
                items.is_some_and(|items| items.iter().all(|item| keeps(item, field)))
            },
            scalar: |_| None,
            show: |value| {
                let items = value.downcast_ref::<Vec<T>>();
                items.map(|items| show_list(items.iter().map(T::show))).unwrap_or_default()
            },
            clone: |value| Some(Box::new(value.downcast_ref::<Vec<T>>()?.clone())),
        }
    }

    /// For a nested struct, whose values are those of its own fields.
    pub(crate) const fn of_table() -> &'static Self {
        &Self {
            read: |raw, _| Err(Rejection::wrong_type(raw)),
            from_default: |_| None,
            keeps_rules: |_, _| true,
            scalar: |_| None,
            show: |_| String::new(),
            clone: |_| None,
        }
    }

    /// For an `Option<T>`.
    pub(crate) const fn of_optional<T: ConfigValue>() -> &'static Self {
        &Self {
            read: |raw, field| {
                let value = match raw {
                    RawValue::Null => None,
                    raw => Some(T::read(raw, field)?),
                };
                Ok(Slot { value: Box::new(value), operations: Self::of_optional::<T>() })
            },
            from_default: |default| match default {
                Some(default) => Some(Box::new(Some(T::from_scalar(default)?))),
                None => Some(Box::new(None::<T>)),
            },
            keeps_rules: |value, field| inside::<T>(value).is_none_or(|value| keeps(value, field)),
            scalar: |value| inside::<T>(value)?.scalar(),
            show: |value| inside(value).map_or_else(|| ABSENT.to_owned(), T::show),
            clone: |value| Some(Box::new(value.downcast_ref::<Option<T>>()?.clone())),
        }
    }
}

fn keeps<T: ConfigValue>(value: &T, field: &FieldMeta) -> bool {
    match value.scalar() {
        Some(scalar) => field.rules.broken_by(scalar).is_none(),
        // A path that is no text is none of the listed ones.
        None => field.rules.is_empty(),
    }
}

/// The items of a list as a source wrote it: in a variable between separators.
fn read_list<T: ConfigValue>(raw: &RawValue, field: &FieldMeta) -> Result<Vec<T>, Rejection> {
    let split: Vec<RawValue>;
    let items = match (raw, field.separator) {
        (RawValue::List { items, .. }, _) => items,
        (RawValue::Untyped(text), Some(_)) if text.trim().is_empty() => return Ok(Vec::new()),
        (RawValue::Untyped(text), Some(separator)) => {
            let parts = text.split(separator).map(|part| RawValue::Untyped(part.trim().to_owned()));
            split = parts.collect();
            &split
        }
        _ => return Err(Rejection::wrong_type(raw)),
    };
    let read = items.iter().enumerate().map(|(index, item)| {
        read_item(item, field).map_err(|rejection| rejection.of_item(index + 1, item))
    });
    read.collect()
}

/// An item that keeps the rules: which one of them does not is known here alone.
fn read_item<T: ConfigValue>(item: &RawValue, field: &FieldMeta) -> Result<T, Rejection> {
    let value = T::read(item, field)?;
    if keeps(&value, field) {
        return Ok(value);
    }
    let hint = match (value.scalar(), item) {
        (Some(Scalar::Integer(bytes)), RawValue::Text(_) | RawValue::Untyped(_)) => {
            in_bytes(item, bytes, field)
        }
        _ => None,
    };
    Err(Rejection::not_allowed(hint))
}

/// What stands in tables and messages for an `Option` without a value.
pub(crate) const ABSENT: &str = "(none)";

fn inside<T: ConfigValue>(value: &dyn Any) -> Option<&T> {
    value.downcast_ref::<Option<T>>()?.as_ref()
}

/// A value whose type only the generated code knows.
pub(crate) struct Slot {
    value: Box<dyn Any + Send + Sync>,
    operations: &'static Operations,
}

impl Slot {
    pub(crate) fn show(&self) -> String {
        (self.operations.show)(&*self.value)
    }

    fn scalar(&self) -> Option<Scalar<'_>> {
        (self.operations.scalar)(&*self.value)
    }

    /// Whether the value keeps the rules of `field`.
    pub(crate) fn keeps_rules(&self, field: &FieldMeta) -> bool {
        (self.operations.keeps_rules)(&*self.value, field)
    }

    pub(crate) fn hint(&self, raw: &RawValue, field: &FieldMeta) -> Option<String> {
        match (self.scalar(), raw) {
            (Some(Scalar::Integer(integer)), RawValue::Text(_) | RawValue::Untyped(_)) => {
                in_bytes(raw, integer, field)
            }
            _ => None,
        }
    }

    fn duplicate(&self) -> Option<Self> {
        let value = (self.operations.clone)(&*self.value)?;
        Some(Self { value, operations: self.operations })
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.show())
    }
}

/// The values of a struct's fields by their index in its table, some perhaps absent.
#[derive(Clone, Debug)]
pub struct Values {
    fields: &'static [FieldMeta],
    places: Vec<Place>,
}

/// What is known of one field's value.
#[derive(Debug)]
enum Place {
    Absent,
    Value(Slot),
    /// The values of a nested struct.
    Table(Values),
}

impl Values {
    /// No value yet for the fields of `T`.
    #[must_use]
    pub fn of<T: ConfigSchema>() -> Self {
        Self::new(T::FIELDS)
    }

    pub(crate) fn new(fields: &'static [FieldMeta]) -> Self {
        let places = fields.iter().map(|field| match &field.nested {
            Some(nested) => Place::Table(Self::new(nested.fields())),
            None => Place::Absent,
        });
        Self { fields, places: places.collect() }
    }

    /// These values, and `value` for the field `index`.
    #[must_use]
    pub fn with<T: Any + Send + Sync>(mut self, index: usize, value: T) -> Self {
        if let (Some(field), Some(place)) = (self.fields.get(index), self.places.get_mut(index)) {
            let value = Box::new(value);
            *place = match &field.nested {
                Some(nested) => (nested.into_values)(value).map_or(Place::Absent, Place::Table),
                None => Place::Value(Slot { value, operations: field.operations }),
            };
        }
        self
    }

    /// Takes the field's value, or its default; `None` where it has neither, or is a nested struct
    /// that lacks a required value.
    pub fn take<T: Any>(&mut self, index: usize) -> Option<T> {
        let field = self.fields.get(index)?;
        let place = core::mem::replace(self.places.get_mut(index)?, Place::Absent);
        let value: Box<dyn Any> = match (place, &field.nested) {
            (Place::Value(slot), _) => slot.value,
            (Place::Table(values), Some(nested)) => (nested.from_values)(values)?,
            _ => (field.operations.from_default)(field.default)?,
        };
        value.downcast().ok().map(|value| *value)
    }

    /// Sets the value of the field that `route` leads to, through nested structs.
    pub(crate) fn put(&mut self, route: &[usize], slot: Slot) {
        let Some((index, rest)) = route.split_first() else { return };
        match self.places.get_mut(*index) {
            Some(Place::Table(inner)) => inner.put(rest, slot),
            Some(place) => *place = Place::Value(slot),
            None => {}
        }
    }

    /// The value of the field that `route` leads to, through nested structs.
    pub(crate) fn get(&self, route: &[usize]) -> Option<&Slot> {
        let (index, rest) = route.split_first()?;
        match self.places.get(*index)? {
            Place::Table(inner) => inner.get(rest),
            Place::Value(slot) => Some(slot),
            Place::Absent => None,
        }
    }
}

impl Clone for Place {
    fn clone(&self) -> Self {
        match self {
            Place::Absent => Place::Absent,
            Place::Value(slot) => slot.duplicate().map_or(Place::Absent, Place::Value),
            Place::Table(values) => Place::Table(values.clone()),
        }
    }
}
