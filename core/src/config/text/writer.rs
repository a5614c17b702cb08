//! Writing at compile time, where `format!` does not exist.

use crate::config::decimal::{Precision, digits_of};
use crate::config::scalar::{Integer, Scalar};
use crate::config::size;

/// Text in memory of its exact length, or in none, to count that length.
pub(super) struct Writer<'a> {
    bytes: &'a mut [u8],
    len: usize,
}

/// How a number says that it is none of the integers.
#[derive(Clone, Copy)]
pub(super) enum Floats {
    /// `1.0`: never taken for an integer.
    Typed,
    /// `1`, as people write it.
    Short,
}

impl<'a> Writer<'a> {
    pub(super) const fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, len: 0 }
    }
}

impl Writer<'_> {
    /// The length of all that was written or would have been.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) const fn byte(&mut self, byte: u8) {
        if self.len < self.bytes.len() {
            self.bytes[self.len] = byte;
        }
        self.len += 1;
    }

    pub(super) const fn str(&mut self, text: &str) {
        let text = text.as_bytes();
        let end = self.len + text.len();
        if end <= self.bytes.len() {
            let (_, rest) = self.bytes.split_at_mut(self.len);
            let (place, _) = rest.split_at_mut(text.len());
            place.copy_from_slice(text);
        }
        self.len = end;
    }

    /// Text in double quotes, as JSON has it and TOML too.
    pub(super) const fn quoted(&mut self, text: &str) {
        self.byte(b'"');
        let bytes = text.as_bytes();
        let mut index = 0;
        while index < bytes.len() {
            match bytes[index] {
                b'"' => self.str("\\\""),
                b'\\' => self.str("\\\\"),
                byte => self.visible(byte),
            }
            index += 1;
        }
        self.byte(b'"');
    }

    /// Text on one line: control characters as escapes, all else as it is.
    pub(super) const fn one_line(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut index = 0;
        while index < bytes.len() {
            self.visible(bytes[index]);
            index += 1;
        }
    }

    /// A byte of text, or the escape of a control character.
    pub(super) const fn visible(&mut self, byte: u8) {
        match byte {
            b'\n' => self.str("\\n"),
            b'\r' => self.str("\\r"),
            b'\t' => self.str("\\t"),
            control @ (0..0x20 | 0x7f) => {
                self.str("\\u00");
                self.byte(b'0' + control / 16);
                self.byte(b"0123456789abcdef"[(control % 16) as usize]);
            }
            other => self.byte(other),
        }
    }

    /// A comment of whole lines after `#`; nothing for an empty text.
    pub(super) const fn comment(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut index = 0;
        let mut starts = true;
        while index < bytes.len() {
            if starts {
                self.str(if bytes[index] == b'\n' { "#" } else { "# " });
            }
            starts = bytes[index] == b'\n';
            match bytes[index] {
                plain @ (b'\n' | b'\t') => self.byte(plain),
                other => self.visible(other),
            }
            index += 1;
        }
        if !starts {
            self.byte(b'\n');
        }
    }

    /// A number, a truth value or a text as it is, without quotes.
    pub(super) const fn bare(&mut self, value: Scalar<'_>, floats: Floats) {
        match value {
            Scalar::Integer(integer) => self.integer(integer),
            Scalar::F32(number) => self.float(number as f64, Precision::Single, floats),
            Scalar::F64(number) => self.float(number, Precision::Double, floats),
            Scalar::Bool(true) => self.str("true"),
            Scalar::Bool(false) => self.str("false"),
            Scalar::Text(text) => self.str(text),
        }
    }

    pub(super) const fn integer(&mut self, integer: Integer) {
        if integer.is_negative() {
            self.byte(b'-');
        }
        self.digits(integer.magnitude());
    }

    /// A size in its largest whole unit, where that is shorter: `1MiB` for 1048576.
    pub(super) const fn size(&mut self, bytes: Integer) {
        match size::in_largest_unit(bytes) {
            Some((count, unit)) => {
                self.digits(count);
                self.str(unit);
            }
            None => self.integer(bytes),
        }
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

    /// A number whose text reads back as the same number; `inf`, `-inf` and `nan` as they are.
    const fn float(&mut self, number: f64, precision: Precision, floats: Floats) {
        if number.is_nan() {
            return self.str("nan");
        }
        if number.is_sign_negative() {
            self.byte(b'-');
        }
        if number.is_infinite() {
            return self.str("inf");
        }
        let number = number.abs();
        let (digits, exponent) = if number == 0.0 { (0, 0) } else { digits_of(number, precision) };
        self.decimal(digits, exponent, floats);
    }

    /// `digits` × 10^`exponent`, with a point or, far from it, an exponent.
    const fn decimal(&mut self, digits: u64, exponent: i32, floats: Floats) {
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
            if matches!(floats, Floats::Typed) {
                self.str(".0");
            }
            return;
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
