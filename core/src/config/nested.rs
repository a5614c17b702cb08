//! Structs within structs: what is known of one when the outer struct is compiled, and the names
//! that its settings have there.

use core::any::Any;
use core::fmt;

use super::together::Together;
use super::values::Values;
use super::{ConfigSchema, FieldMeta, Schema};

/// The struct that a field marked `nested` holds: a table within the section.
#[derive(Clone, Copy, Debug)]
pub struct Nested {
    pub(crate) schema: Schema,
    /// The prefix that the field names for the variables, instead of the struct's own.
    pub(crate) env_prefix: Option<&'static str>,
    // The bound on the type stands in the making of these, and nowhere else in generated code.
    pub(crate) to_values: fn(&dyn Any) -> Option<Values>,
    pub(crate) from_values: fn(Values) -> Option<Box<dyn Any>>,
    pub(crate) check_together: fn(&dyn Any, &mut Together),
}

impl Nested {
    pub(super) const fn of<T: ConfigSchema + 'static>(env_prefix: Option<&'static str>) -> Self {
        Self {
            schema: Schema::of::<T>(),
            env_prefix,
            to_values: |value| Some(value.downcast_ref::<T>()?.to_values()),
            from_values: |values| Some(Box::new(T::from_values(values)?)),
            check_together: |value, together| {
                if let Some(value) = value.downcast_ref::<T>() {
                    value.check_together(together);
                }
            },
        }
    }

    /// The fields of that struct.
    #[must_use]
    pub const fn fields(&self) -> &'static [FieldMeta] {
        self.schema.fields
    }
}

/// A name put together of parts that constants hold: `swap.io`, `SWAP_IO_BLOCK_SIZE`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name<'a> {
    /// What stands before, and between the two.
    pub(super) before: Option<(&'a Name<'a>, &'static str)>,
    pub(super) last: &'static str,
}

impl<'a> Name<'a> {
    pub(super) const fn new(last: &'static str) -> Self {
        Self { before: None, last }
    }

    pub(super) const fn behind(
        before: &'a Self,
        between: &'static str,
        last: &'static str,
    ) -> Self {
        Self { before: Some((before, between)), last }
    }

    pub(super) const fn is_same(&self, other: &Name<'_>) -> bool {
        let mut index = self.len();
        if index != other.len() {
            return false;
        }
        // Names with one prefix differ at their ends.
        while index > 0 {
            index -= 1;
            if self.byte(index) != other.byte(index) {
                return false;
            }
        }
        true
    }

    const fn len(&self) -> usize {
        match self.before {
            Some((before, between)) => before.len() + between.len() + self.last.len(),
            None => self.last.len(),
        }
    }

    const fn byte(&self, index: usize) -> u8 {
        let start = self.len() - self.last.len();
        match self.before {
            _ if index >= start => self.last.as_bytes()[index - start],
            Some((before, _)) if index < before.len() => before.byte(index),
            Some((before, between)) => between.as_bytes()[index - before.len()],
            None => 0,
        }
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((before, between)) = self.before {
            write!(f, "{before}{between}")?;
        }
        f.write_str(self.last)
    }
}

/// How the variables of one table are called.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variables<'a> {
    /// The prefix by the struct's own declaration.
    own: Option<&'static str>,
    /// The prefix where it stands.
    pub(super) prefix: Option<Name<'a>>,
}

impl<'a> Variables<'a> {
    pub(super) const fn of(schema: &Schema) -> Self {
        let prefix = match schema.env_prefix {
            Some(own) => Some(Name::new(own)),
            None => None,
        };
        Self { own: schema.env_prefix, prefix }
    }

    /// The variables of a struct within this one. A prefix that the field gives begins anew with
    /// the one of this table if it began with this struct's own.
    pub(super) const fn nested(&'a self, nested: &Nested) -> Self {
        let own = nested.schema.env_prefix;
        let Some(given) = nested.env_prefix else {
            return Self::of(&nested.schema);
        };
        let prefix = match (self.own, &self.prefix) {
            (Some(outer), Some(here)) => match after(given, outer) {
                Some(rest) => Name::behind(here, "_", rest),
                None => Name::new(given),
            },
            _ => Name::new(given),
        };
        Self { own, prefix: Some(prefix) }
    }

    /// The variable of `field` in this table.
    pub(super) const fn of_field(&'a self, field: &FieldMeta) -> Option<Name<'a>> {
        let key = match (field.env, field.env_key, self.own) {
            (_, Some(key), _) => Some(key),
            (Some(variable), None, Some(own)) => after(variable, own),
            _ => None,
        };
        match (&self.prefix, key, field.env) {
            (Some(prefix), Some(key), _) => Some(Name::behind(prefix, "_", key)),
            (_, _, Some(variable)) => Some(Name::new(variable)),
            _ => None,
        }
    }
}

/// What `name` has behind `prefix` and an underscore.
const fn after(name: &'static str, prefix: &str) -> Option<&'static str> {
    let (bytes, prefix) = (name.as_bytes(), prefix.as_bytes());
    if bytes.len() <= prefix.len() || bytes[prefix.len()] != b'_' {
        return None;
    }
    let mut index = 0;
    while index < prefix.len() {
        if bytes[index] != prefix[index] {
            return None;
        }
        index += 1;
    }
    let (_, rest) = name.split_at(prefix.len() + 1);
    Some(rest)
}
