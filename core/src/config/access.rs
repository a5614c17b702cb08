//! Reading, comparing and writing the values of any field type, for the merging code that knows none of
//! the types.

use core::any::Any;
use core::marker::PhantomData;

use super::FieldMeta;
use super::numbers::in_bytes;
use super::raw::{RawValue, show_list};
use super::rejection::{RejectedItems, Rejection};
use super::scalar::Scalar;
use super::slot::Slot;
use super::value::{ConfigValue, Kind};

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
    pub(super) read: fn(&RawValue, &FieldMeta) -> Result<Slot, Rejection>,
    /// The value of a default, or the one that a field has without any.
    pub(super) from_default: fn(Option<Scalar<'static>>) -> Option<Box<dyn Any + Send + Sync>>,
    pub(super) keeps_rules: fn(&dyn Any, &FieldMeta) -> bool,
    pub(super) scalar: for<'a> fn(&'a dyn Any) -> Option<Scalar<'a>>,
    pub(super) show: fn(&dyn Any) -> String,
    pub(super) raw: fn(&dyn Any) -> Result<RawValue, Rejection>,
    pub(super) clone: fn(&dyn Any) -> Option<Box<dyn Any + Send + Sync>>,
}

impl Operations {
    pub(crate) const fn of<A: Access>() -> &'static Self {
        &Self {
            read: |raw, field| {
                let value = Box::new(A::read(raw, field)?);
                Ok(Slot::new(value, Self::of::<A>()))
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
                Ok(Slot::new(value, Self::of_list::<A>()))
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
                Ok(Slot::new(Box::new(value), Self::of_optional::<A>()))
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
    let (mut values, mut rejected) = (Vec::with_capacity(items.len()), RejectedItems::default());
    for (index, item) in items.iter().enumerate() {
        match read_item::<A>(item, field) {
            Ok(value) => values.push(value),
            Err(rejection) => rejected.push(index + 1, item, rejection),
        }
    }
    rejected.check()?;
    Ok(values)
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
