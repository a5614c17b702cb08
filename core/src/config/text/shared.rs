//! Variables that set the same struct in several places.

use crate::config::nested::{Name, Variables};
use crate::config::scalar::Scalar;
use crate::config::{FieldMeta, Schema};

/// The settings of a section that one variable sets.
pub(super) struct Shared {
    /// The number of the first one among the settings with variables, in the order of the template.
    pub(super) first: usize,
    /// Whether their defaults differ.
    pub(super) differs: bool,
}

impl Shared {
    /// Those of `variable`, which is that of the setting number `place`.
    pub(super) const fn of(schema: &Schema, variable: &Name<'_>, place: usize) -> Self {
        // In one table each has its own.
        if !any_nested(schema.fields) {
            return Self { first: place, differs: false };
        }
        let mut search = Search { variable, seen: 0, first: None, differs: false };
        let variables = Variables::of(schema);
        search.table(schema.fields, &variables, false);
        search.table(schema.fields, &variables, true);
        match search.first {
            Some((first, _)) => Self { first, differs: search.differs },
            None => Self { first: place, differs: false },
        }
    }
}

const fn any_nested(fields: &[FieldMeta]) -> bool {
    let mut index = 0;
    while index < fields.len() {
        if fields[index].nested.is_some() {
            return true;
        }
        index += 1;
    }
    false
}

struct Search<'a> {
    variable: &'a Name<'a>,
    /// How many settings with variables were looked at.
    seen: usize,
    first: Option<(usize, &'static FieldMeta)>,
    differs: bool,
}

impl Search<'_> {
    const fn table(
        &mut self,
        fields: &'static [FieldMeta],
        variables: &Variables<'_>,
        advanced: bool,
    ) {
        let mut index = 0;
        while index < fields.len() {
            let field = &fields[index];
            index += 1;
            if let Some(nested) = &field.nested {
                self.table(nested.schema.fields, &variables.nested(nested), advanced);
            } else if field.advanced == advanced
                && let Some(variable) = variables.of_field(field)
            {
                if variable.is_same(self.variable) {
                    match self.first {
                        Some((_, first)) => self.differs |= !have_same_default(first, field),
                        None => self.first = Some((self.seen, field)),
                    }
                }
                self.seen += 1;
            }
        }
    }
}

/// Whether the variable is left alone for both, or has one value that is the default of either.
const fn have_same_default(one: &FieldMeta, other: &FieldMeta) -> bool {
    match (one.default, other.default) {
        (Some(Scalar::List(items)), Some(Scalar::List(others))) => {
            let mut index = 0;
            while let (Some(item), Some(other)) = (items.get(index), others.get(index)) {
                if !is_same(item, other) {
                    return false;
                }
                index += 1;
            }
            let are_of_one_length = items.get(index).is_none() && others.get(index).is_none();
            are_of_one_length && have_same_separator(one, other)
        }
        (Some(one), Some(other)) => is_same(one, other),
        (None, None) => true,
        _ => false,
    }
}

const fn have_same_separator(one: &FieldMeta, other: &FieldMeta) -> bool {
    match (one.separator, other.separator) {
        (Some(one), Some(other)) => Scalar::Text(one).equals(Scalar::Text(other)),
        _ => false,
    }
}

/// Whether the two are written alike.
const fn is_same(one: Scalar<'_>, other: Scalar<'_>) -> bool {
    match (one, other) {
        (Scalar::F32(one), Scalar::F32(other)) => one.to_bits() == other.to_bits(),
        (Scalar::F64(one), Scalar::F64(other)) => one.to_bits() == other.to_bits(),
        (one, other) => one.equals(other),
    }
}
