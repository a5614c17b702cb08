//! Values of any field type in one list, for the merging code that knows none of the types.

use core::any::Any;
use core::fmt;
use core::marker::PhantomData;

use super::raw::{RawValue, show_list};
use super::scalar::Scalar;
use super::value::{ConfigValue, Kind, Rejection, in_bytes};
use super::{ConfigSchema, FieldMeta};

/// How the values of one type are read, compared and written.
#[cfg_attr(
    not(feature = "serde"),
    diagnostic::on_unimplemented(message = "`parse = serde` needs the feature `serde` of ds-aio")
)]
pub trait Access: 'static {
    /// The type.
    type Value: Clone + Send + Sync + 'static;
    /// What messages and texts say of it.
    const KIND: Kind;

    /// The value that a default stands for; `None` if it stands for none.
    fn from_default(default: Scalar<'static>) -> Option<Self::Value>;

    /// What a source wrote.
    ///
    /// # Errors
    ///
    /// It is no such value.
    fn read(raw: &RawValue, field: &FieldMeta) -> Result<Self::Value, Rejection>;

    /// The value as rules compare it; `None` where it has no such form.
    fn scalar(value: &Self::Value) -> Option<Scalar<'_>>;

    /// Whether the value keeps the rules of its field.
    fn keeps_rules(value: &Self::Value, field: &FieldMeta) -> bool;

    /// The value as tables and messages show it.
    fn show(value: &Self::Value) -> String;

    /// The value as a document holds it.
    ///
    /// # Errors
    ///
    /// No document can.
    fn raw(value: &Self::Value) -> Result<RawValue, Rejection>;
}

/// That of the types that `T` stands for itself.
pub(crate) struct Plain<T>(PhantomData<T>);

impl<T: ConfigValue> Access for Plain<T> {
    type Value = T;
    const KIND: Kind = T::KIND;

    fn from_default(default: Scalar<'static>) -> Option<T> {
        T::from_scalar(default)
    }

    fn read(raw: &RawValue, field: &FieldMeta) -> Result<T, Rejection> {
        T::read(raw, field)
    }

    fn scalar(value: &T) -> Option<Scalar<'_>> {
        value.scalar()
    }

    fn keeps_rules(value: &T, field: &FieldMeta) -> bool {
        match value.scalar() {
            Some(scalar) => field.rules.broken_by(scalar).is_none(),
            // A path that is no text is none of the listed ones.
            None => field.rules.is_empty(),
        }
    }

    fn show(value: &T) -> String {
        value.show()
    }

    fn raw(value: &T) -> Result<RawValue, Rejection> {
        value.scalar().map(RawValue::from).ok_or_else(Rejection::not_unicode)
    }
}

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
    raw: fn(&dyn Any) -> Result<RawValue, Rejection>,
    clone: fn(&dyn Any) -> Option<Box<dyn Any + Send + Sync>>,
}

impl Operations {
    pub(crate) const fn of<A: Access>() -> &'static Self {
        &Self {
            read: |raw, field| {
                let value = Box::new(A::read(raw, field)?);
                Ok(Slot { value, operations: Self::of::<A>() })
            },
            from_default: |default| Some(Box::new(A::from_default(default?)?)),
            keeps_rules: |value, field| {
                one::<A>(value).is_some_and(|value| A::keeps_rules(value, field))
            },
            scalar: |value| A::scalar(one::<A>(value)?),
            show: |value| one::<A>(value).map(A::show).unwrap_or_default(),
            raw: |value| one::<A>(value).map_or(Ok(RawValue::Null), A::raw),
            clone: |value| Some(Box::new(one::<A>(value)?.clone())),
        }
    }

    /// For a `Vec`.
    pub(crate) const fn of_list<A: Access>() -> &'static Self {
        &Self {
            read: |raw, field| {
                let value = Box::new(read_list::<A>(raw, field)?);
                Ok(Slot { value, operations: Self::of_list::<A>() })
            },
            from_default: |default| {
                let Scalar::List(items) = default? else { return None };
                let items: Option<Vec<A::Value>> = items.iter().map(A::from_default).collect();
                Some(Box::new(items?))
            },
            keeps_rules: |value, field| {
                list::<A>(value).iter().all(|item| A::keeps_rules(item, field))
            },
            scalar: |_| None,
            show: |value| show_list(list::<A>(value).iter().map(A::show)),
            raw: |value| {
                let items = list::<A>(value).iter().map(A::raw);
                let items: Vec<RawValue> = items.collect::<Result<_, _>>()?;
                Ok(items.into())
            },
            clone: |value| Some(Box::new(value.downcast_ref::<Vec<A::Value>>()?.clone())),
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
            raw: |_| Ok(RawValue::Null),
            clone: |_| None,
        }
    }

    /// For an `Option`.
    pub(crate) const fn of_optional<A: Access>() -> &'static Self {
        &Self {
            read: |raw, field| {
                let value = match raw {
                    RawValue::Null => None,
                    raw => Some(A::read(raw, field)?),
                };
                Ok(Slot { value: Box::new(value), operations: Self::of_optional::<A>() })
            },
            from_default: |default| match default {
                Some(default) => Some(Box::new(Some(A::from_default(default)?))),
                None => Some(Box::new(None::<A::Value>)),
            },
            keeps_rules: |value, field| {
                inside::<A>(value).is_none_or(|value| A::keeps_rules(value, field))
            },
            scalar: |value| A::scalar(inside::<A>(value)?),
            show: |value| inside::<A>(value).map_or_else(|| ABSENT.to_owned(), A::show),
            raw: |value| inside::<A>(value).map_or(Ok(RawValue::Null), A::raw),
            clone: |value| Some(Box::new(value.downcast_ref::<Option<A::Value>>()?.clone())),
        }
    }
}

fn one<A: Access>(value: &dyn Any) -> Option<&A::Value> {
    value.downcast_ref()
}

fn list<A: Access>(value: &dyn Any) -> &[A::Value] {
    value.downcast_ref::<Vec<A::Value>>().map_or(&[], Vec::as_slice)
}

fn inside<A: Access>(value: &dyn Any) -> Option<&A::Value> {
    value.downcast_ref::<Option<A::Value>>()?.as_ref()
}

/// The items of a list as a source wrote it: in a variable between separators.
fn read_list<A: Access>(raw: &RawValue, field: &FieldMeta) -> Result<Vec<A::Value>, Rejection> {
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
        read_item::<A>(item, field).map_err(|rejection| rejection.of_item(index + 1, item))
    });
    read.collect()
}

/// An item that keeps the rules: which one of them does not is known here alone.
fn read_item<A: Access>(item: &RawValue, field: &FieldMeta) -> Result<A::Value, Rejection> {
    let value = A::read(item, field)?;
    if A::keeps_rules(&value, field) {
        return Ok(value);
    }
    let hint = match (A::scalar(&value), item) {
        (Some(Scalar::Integer(bytes)), RawValue::Text(_) | RawValue::Untyped(_)) => {
            in_bytes(item, bytes, field)
        }
        _ => None,
    };
    Err(Rejection::not_allowed(hint))
}

/// What stands in tables and messages for an `Option` without a value.
pub(crate) const ABSENT: &str = "(none)";

/// A value whose type only the generated code knows.
pub(crate) struct Slot {
    value: Box<dyn Any + Send + Sync>,
    operations: &'static Operations,
}

impl Slot {
    /// Why the default of `field` is no value; `None` where it is one, or there is none.
    pub(crate) fn default_mistake(field: &FieldMeta) -> Option<Rejection> {
        let default = field.default.filter(|_| Self::of_default(field).is_none())?;
        field.read(&default.into()).err()
    }

    pub(crate) fn show(&self) -> String {
        (self.operations.show)(&*self.value)
    }

    /// The value as a document would hold it.
    pub(crate) fn raw(&self) -> Result<RawValue, Rejection> {
        (self.operations.raw)(&*self.value)
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

    /// The value that `field` has when nothing sets it.
    pub(crate) fn of_default(field: &FieldMeta) -> Option<Self> {
        let value = (field.operations.from_default)(field.default)?;
        Some(Self { value, operations: field.operations })
    }

    /// What the program's own check says.
    pub(crate) fn check(&self, field: &FieldMeta) -> Result<(), String> {
        field.check.map_or(Ok(()), |check| check(&*self.value))
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
                None => {
                    (operations.clone)(value).map(|value| Place::Value(Slot { value, operations }))
                }
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
                None => Place::Value(Slot { value: Box::new(value), operations: field.operations }),
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
            _ => Slot::of_default(field)?.value,
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

impl Clone for Box<dyn Kept> {
    fn clone(&self) -> Self {
        (**self).duplicate()
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
