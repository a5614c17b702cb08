//! The text `auto`: of a field that takes it, it means that nothing is set where it stands.

use super::FieldMeta;
use super::raw::RawValue;
use super::scalar::Scalar;

/// Whether `raw` sets nothing. In a file the word is exact; a variable may have it in any case.
pub(super) fn means_unset(field: &FieldMeta, raw: &RawValue) -> bool {
    match raw {
        RawValue::Text(text) => field.auto && text == "auto",
        RawValue::Untyped(text) => field.auto && is_auto(text.trim()),
        _ => false,
    }
}

/// Whether the field has a value of its own that is written as `auto`.
pub(crate) const fn is_a_value(field: &FieldMeta) -> bool {
    let Some(choices) = field.rules.one_of else {
        return field.reads_auto;
    };
    let mut index = 0;
    while let Some(choice) = choices.get(index) {
        if matches!(choice, Scalar::Text(text) if is_auto(text)) {
            return true;
        }
        index += 1;
    }
    false
}

/// In any case.
pub(crate) const fn is_auto(text: &str) -> bool {
    matches!(text.as_bytes(), [b'a' | b'A', b'u' | b'U', b't' | b'T', b'o' | b'O'])
}
