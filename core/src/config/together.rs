//! What structs say of their settings together, once each is sound.

use core::any::Any;
use core::fmt::Display;

use super::diagnostic::{Diagnostic, DiagnosticKind};
use super::source::Place;
use super::{ConfigSchema, FieldMeta};

/// Goes through a struct and those nested in it, and gathers what their own checks say.
pub struct Together {
    /// The table that is looked at, with those around it; the section alone has one name.
    path: Vec<&'static str>,
    found: Vec<Diagnostic>,
}

impl Together {
    /// Every mistake in `value`, those of nested structs first.
    pub(crate) fn check<T: ConfigSchema>(value: &T) -> Vec<Diagnostic> {
        let mut together = Self { path: vec![T::SECTION], found: Vec::new() };
        value.check_together(&mut together);
        together.found
    }

    /// Looks at the struct nested in `field`.
    pub fn nested(&mut self, field: &'static FieldMeta, value: &dyn Any) {
        let Some(nested) = &field.nested else { return };
        self.path.push(field.key);
        (nested.check_together)(value, self);
        self.path.pop();
    }

    /// Takes what the check of the struct itself says.
    pub fn own<E: Display>(&mut self, said: Result<(), E>) {
        let Err(said) = said else { return };
        let kind = if self.path.len() == 1 { "section" } else { "table" };
        let message =
            format!("the settings of {kind} `{}` do not go together", self.path.join("."));
        let mut found = Diagnostic::new(DiagnosticKind::Inconsistent, message, Place::Memory)
            .with_help(Some(said.to_string()));
        if let [_, key @ ..] = &*self.path
            && !key.is_empty()
        {
            found = found.with_key(&key.join("."));
        }
        self.found.push(found);
    }
}
