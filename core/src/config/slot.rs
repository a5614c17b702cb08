//! A value of any field type.

use core::any::Any;
use core::fmt;

use super::FieldMeta;
use super::access::Operations;
use super::numbers::in_bytes;
use super::raw::RawValue;
use super::rejection::Rejection;
use super::scalar::Scalar;

/// A value whose type only the generated code knows.
pub(crate) struct Slot {
    value: Box<dyn Any + Send + Sync>,
    operations: &'static Operations,
}

impl Slot {
    /// The value, which has to be of the type that `operations` are for.
    pub(super) fn new(value: Box<dyn Any + Send + Sync>, operations: &'static Operations) -> Self {
        Self { value, operations }
    }

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

    pub(super) fn into_any(self) -> Box<dyn Any> {
        self.value
    }

    pub(super) fn duplicate(&self) -> Option<Self> {
        let value = (self.operations.clone)(&*self.value)?;
        Some(Self { value, operations: self.operations })
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.show())
    }
}
