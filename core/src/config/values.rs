//! The values of a struct's fields.

use core::any::Any;
use core::fmt;

use super::slot::Slot;
use super::{ConfigSchema, FieldMeta};

/// The values of a struct's fields by their index in its table, some perhaps absent; and those of
/// fields that are no settings, by their index among these.
#[derive(Clone)]
pub struct Values {
    fields: &'static [FieldMeta],
    places: Vec<Place>,
    skipped: Vec<Option<Box<dyn Kept>>>,
}

/// What is known of one field's value.
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
        Self { fields, places: places.collect(), skipped: Vec::new() }
    }

    /// These values, and a copy of `value` for the field `index`.
    #[must_use]
    pub fn with_copy(mut self, index: usize, value: &dyn Any) -> Self {
        if let (Some(field), Some(place)) = (self.fields.get(index), self.places.get_mut(index)) {
            let operations = field.operations;
            let copy = match &field.nested {
                Some(nested) => (nested.to_values)(value).map(Place::Table),
                None => (operations.clone)(value)
                    .map(|value| Place::Value(Slot::new(value, operations))),
            };
            *place = copy.unwrap_or(Place::Absent);
        }
        self
    }

    /// These values, and `value` for the field `index`.
    #[must_use]
    pub fn with<T: Any + Send + Sync>(mut self, index: usize, value: T) -> Self {
        if let (Some(field), Some(place)) = (self.fields.get(index), self.places.get_mut(index)) {
            *place = match &field.nested {
                Some(nested) => (nested.to_values)(&value).map_or(Place::Absent, Place::Table),
                None => Place::Value(Slot::new(Box::new(value), field.operations)),
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
            (Place::Value(slot), _) => slot.into_any(),
            (Place::Table(values), Some(nested)) => (nested.from_values)(values)?,
            _ => Slot::of_default(field)?.into_any(),
        };
        value.downcast().ok().map(|value| *value)
    }

    /// These values, and a copy of `value` for the field `index` of those that are no settings.
    #[must_use]
    pub fn with_skipped<T: Clone + Send + Sync + 'static>(
        mut self,
        index: usize,
        value: &T,
    ) -> Self {
        while self.skipped.len() <= index {
            self.skipped.push(None);
        }
        self.skipped[index] = Some(Box::new(value.clone()));
        self
    }

    /// Takes the value of the field `index` of those that are no settings; `None` unless it was
    /// given.
    pub fn take_skipped<T: Any>(&mut self, index: usize) -> Option<T> {
        let value = self.skipped.get_mut(index)?.take()?;
        value.into_any().downcast().ok().map(|value| *value)
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

/// The settings that were given, by their keys.
impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut values = f.debug_struct("Values");
        for (field, place) in self.fields.iter().zip(&self.places) {
            match place {
                Place::Absent => {}
                Place::Value(slot) => {
                    values.field(field.key, slot);
                }
                Place::Table(inner) => {
                    values.field(field.key, inner);
                }
            }
        }
        values.finish_non_exhaustive()
    }
}

/// A value of a field that is no setting.
trait Kept: Any + Send + Sync {
    fn duplicate(&self) -> Box<dyn Kept>;
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

impl<T: Any + Clone + Send + Sync> Kept for T {
    fn duplicate(&self) -> Box<dyn Kept> {
        Box::new(self.clone())
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

impl Clone for Box<dyn Kept> {
    fn clone(&self) -> Self {
        (**self).duplicate()
    }
}
