//! Texts made from the field table at compile time: as constants they cannot drift from it.

use super::decimal::{Precision, digits_of};
use super::duration::in_units;
use super::scalar::{Integer, Scalar};
use super::{ConfigSchema, FieldMeta};

/// The length of [`format`]'s text for `T`: the counting pass.
#[must_use]
pub const fn format_len<T: ConfigSchema>() -> usize {
    format_into::<0>(T::SECTION, T::FIELDS).len
}

/// The section of a JSON file with every default, in DeepSpeed's layout: a newline, the fragment
/// with an indent of two spaces, a newline. A required field shows as `null`.
#[must_use]
pub const fn format<T: ConfigSchema, const LEN: usize>() -> [u8; LEN] {
    format_into::<LEN>(T::SECTION, T::FIELDS).bytes
}

/// The bytes of a text constant as the `str` they are.
#[must_use]
pub const fn as_str(bytes: &'static [u8]) -> &'static str {
    match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => "",
    }
}

const fn format_into<const LEN: usize>(section: &str, fields: &[FieldMeta]) -> Text<LEN> {
    let mut text = Text::<LEN>::new();
    text.str("\n");
    text.json_string(section);
    text.str(": {");
    let mut index = 0;
    let mut first = true;
    while index < fields.len() {
        let field = &fields[index];
        index += 1;
        if field.advanced {
            continue;
        }
        text.str(if first { "\n  " } else { ",\n  " });
        first = false;
        text.json_string(field.key);
        text.str(": ");
        match field.default {
            Some(default) => text.json(default),
            None => text.str("null"),
        }
    }
    text.str("\n}\n");
    text
}

/// Text of a length known from a pass with `LEN` 0, which only counts.
struct Text<const LEN: usize> {
    bytes: [u8; LEN],
    len: usize,
}

impl<const LEN: usize> Text<LEN> {
    const fn new() -> Self {
        Self { bytes: [0; LEN], len: 0 }
    }

    const fn byte(&mut self, byte: u8) {
        if self.len < LEN {
            self.bytes[self.len] = byte;
        }
        self.len += 1;
    }

    const fn str(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut index = 0;
        while index < bytes.len() {
            self.byte(bytes[index]);
            index += 1;
        }
    }

    const fn json(&mut self, value: Scalar<'_>) {
        match value {
            Scalar::Integer(integer) => self.integer(integer),
            Scalar::F32(number) => self.float(number as f64, Precision::Single),
            Scalar::F64(number) => self.float(number, Precision::Double),
            Scalar::Bool(true) => self.str("true"),
            Scalar::Bool(false) => self.str("false"),
            Scalar::Text(text) => self.json_string(text),
            Scalar::Char(character) => self.json_string(character.encode_utf8(&mut [0; 4])),
            Scalar::List(items) => {
                self.byte(b'[');
                let mut index = 0;
                while let Some(item) = items.get(index) {
                    if index > 0 {
                        self.str(", ");
                    }
                    self.json(item);
                    index += 1;
                }
                self.byte(b']');
            }
            Scalar::Duration(duration) => {
                let (number, unit) = in_units(duration);
                self.byte(b'"');
                self.digits(number);
                self.str(unit);
                self.byte(b'"');
            }
        }
    }

    const fn json_string(&mut self, text: &str) {
        self.byte(b'"');
        let bytes = text.as_bytes();
        let mut index = 0;
        while index < bytes.len() {
            match bytes[index] {
                b'"' => self.str("\\\""),
                b'\\' => self.str("\\\\"),
                b'\n' => self.str("\\n"),
                b'\r' => self.str("\\r"),
                b'\t' => self.str("\\t"),
                control @ 0..0x20 => {
                    self.str("\\u00");
                    self.byte(b'0' + control / 16);
                    self.byte(b"0123456789abcdef"[(control % 16) as usize]);
                }
                other => self.byte(other),
            }
            index += 1;
        }
        self.byte(b'"');
    }

    const fn integer(&mut self, integer: Integer) {
        if integer.is_negative() {
            self.byte(b'-');
        }
        self.digits(integer.magnitude());
    }

    const fn digits(&mut self, value: u128) {
        let mut unit = 1;
        while value / unit >= 10 {
            unit *= 10;
        }
        while unit > 0 {
            self.byte(b'0' + (value / unit % 10) as u8);
            unit /= 10;
        }
    }

    /// A number whose text reads back as the same number.
    const fn float(&mut self, number: f64, precision: Precision) {
        if number.is_nan() {
            return self.str("\"nan\"");
        }
        if number.is_sign_negative() && number.is_finite() {
            self.byte(b'-');
        }
        if number.is_infinite() {
            return self.str(if number > 0.0 { "\"inf\"" } else { "\"-inf\"" });
        }
        let number = number.abs();
        if number == 0.0 {
            return self.str("0.0");
        }
        let (digits, exponent) = digits_of(number, precision);
        self.decimal(digits, exponent);
    }

    /// `digits` × 10^`exponent`, with a point or, far from it, an exponent.
    const fn decimal(&mut self, digits: u64, exponent: i32) {
        let mut scale = 1;
        let mut places = 0;
        if exponent > 15 || exponent < -22 {
            self.digits(digits as u128);
            self.byte(b'e');
            self.integer(Integer::from_i128(exponent as i128));
            return;
        }
        if exponent >= 0 {
            while places < exponent {
                scale *= 10;
                places += 1;
            }
            self.digits(digits as u128 * scale);
            return self.str(".0");
        }
        while places < -exponent {
            scale *= 10;
            places += 1;
        }
        self.digits(digits as u128 / scale);
        self.byte(b'.');
        while places > 0 {
            scale /= 10;
            places -= 1;
            self.byte(b'0' + (digits as u128 / scale % 10) as u8);
        }
    }
}
