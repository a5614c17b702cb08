//! Writing at compile time, where `format!` does not exist.

use crate::config::decimal::{Precision, digits_of};
use crate::config::duration::in_units;
use crate::config::nested::Name;
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
        self.raw(text.as_bytes());
    }

    /// Two spaces for each level.
    pub(super) const fn indent(&mut self, depth: usize) {
        let mut level = 0;
        while level < depth {
            self.str("  ");
            level += 1;
        }
    }

    const fn raw(&mut self, text: &[u8]) {
        let start = self.len;
        self.len += text.len();
        if self.len > self.bytes.len() {
            return;
        }
        if text.len() > SHORT {
            let (_, rest) = self.bytes.split_at_mut(start);
            let (place, _) = rest.split_at_mut(text.len());
            return place.copy_from_slice(text);
        }
        let mut index = 0;
        while index < text.len() {
            self.bytes[start + index] = text[index];
            index += 1;
        }
    }

    /// Text in double quotes, as JSON has it and TOML too.
    pub(super) const fn quoted(&mut self, text: &str) {
        self.byte(b'"');
        let bytes = text.as_bytes();
        let mut index = 0;
        loop {
            index = self.plain(text, index, [b'"', b'\\']);
            if index == bytes.len() {
                break;
            }
            match bytes[index] {
                b'"' => self.str("\\\""),
                b'\\' => self.str("\\\\"),
                control => self.escape(control),
            }
            index += 1;
        }
        self.byte(b'"');
    }

    /// Text on one line: control characters as escapes, all else as it is.
    pub(super) const fn one_line(&mut self, text: &str) {
        let mut index = 0;
        loop {
            index = self.plain(text, index, NONE);
            if index == text.len() {
                return;
            }
            self.escape(text.as_bytes()[index]);
            index += 1;
        }
    }

    pub(super) const fn name_on_one_line(&mut self, name: &Name<'_>) {
        if let Some((before, between)) = name.before {
            self.name_on_one_line(before);
            self.str(between);
        }
        self.one_line(name.last);
    }

    /// A comment of whole lines after `#`; nothing for an empty text.
    pub(super) const fn comment(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut index = 0;
        while index < bytes.len() {
            self.str(if bytes[index] == b'\n' { "#" } else { "# " });
            loop {
                index = self.plain(text, index, NONE);
                if index == bytes.len() || bytes[index] == b'\n' {
                    break;
                }
                match bytes[index] {
                    b'\t' => self.byte(b'\t'),
                    control => self.escape(control),
                }
                index += 1;
            }
            self.byte(b'\n');
            index += 1;
        }
    }

    /// Writes `text` from `start` to its end, or to the first control character or one of the
    /// `special` ones, and returns where that is.
    pub(super) const fn plain(&mut self, text: &str, start: usize, special: [u8; 2]) -> usize {
        let text = text.as_bytes();
        let end = plain_end(text, start, special);
        if start < end {
            self.raw(part(text, start, end));
        }
        end
    }

    /// The escape of a control character.
    pub(super) const fn escape(&mut self, control: u8) {
        match control {
            b'\n' => self.str("\\n"),
            b'\r' => self.str("\\r"),
            b'\t' => self.str("\\t"),
            control => {
                self.str("\\u00");
                self.byte(b'0' + control / 16);
                self.byte(b"0123456789abcdef"[(control % 16) as usize]);
            }
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
            Scalar::Char(character) => self.str(character.encode_utf8(&mut [0; 4])),
            Scalar::Duration(duration) => {
                let (number, unit) = in_units(duration);
                self.digits(number);
                self.str(unit);
            }
            Scalar::List(items) => {
                let mut index = 0;
                while let Some(item) = items.get(index) {
                    if index > 0 {
                        self.str(", ");
                    }
                    self.bare(item, floats);
                    index += 1;
                }
            }
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

    const fn digits(&mut self, mut value: u128) {
        // As many as 2^128 has.
        let mut digits = [b'0'; 39];
        let mut first = digits.len() - 1;
        while value >= 10 {
            digits[first] = b'0' + (value % 10) as u8;
            value /= 10;
            first -= 1;
        }
        digits[first] = b'0' + value as u8;
        self.raw(part(&digits, first, digits.len()));
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

/// No special characters but the control characters, of which this is one.
pub(super) const NONE: [u8; 2] = [0; 2];

/// A text of at most so many bytes is quicker to copy by hand: while the compiler evaluates it, a
/// call costs as much as some bytes do.
const SHORT: usize = 32;

/// The bytes from `start` to `end`: mostly all of them.
const fn part(bytes: &[u8], start: usize, end: usize) -> &[u8] {
    if start == 0 && end == bytes.len() {
        return bytes;
    }
    let (before, _) = bytes.split_at(end);
    let (_, part) = before.split_at(start);
    part
}

/// The end of `bytes`, or where the first control character or one of the `special` ones is.
pub(super) const fn plain_end(bytes: &[u8], start: usize, special: [u8; 2]) -> usize {
    let [first, second] = [EACH * special[0] as u64, EACH * special[1] as u64];
    let mut rest = part(bytes, start, bytes.len());
    // Eight at a time, for most of a text is plain. Of each that is not zero the sum or the byte
    // itself has its highest bit, and no sum goes beyond its byte.
    while let [a, b, c, d, e, f, g, h, after @ ..] = rest {
        let eight = u64::from_ne_bytes([*a, *b, *c, *d, *e, *f, *g, *h]);
        let (high, delete) = (eight & CONTROL, eight ^ DELETE);
        let (first, second) = (eight ^ first, eight ^ second);
        let none_is_zero = (((high & LOW) + LOW) | high)
            & (((delete & LOW) + LOW) | delete)
            & (((first & LOW) + LOW) | first)
            & (((second & LOW) + LOW) | second);
        if none_is_zero | LOW != u64::MAX {
            break;
        }
        rest = after;
    }
    while let [byte, after @ ..] = rest {
        if *byte < 0x20 || *byte == 0x7f || *byte == special[0] || *byte == special[1] {
            break;
        }
        rest = after;
    }
    bytes.len() - rest.len()
}

/// Each of eight bytes as one.
const EACH: u64 = u64::MAX / 0xff;

/// Of each byte all bits but the highest.
const LOW: u64 = EACH * 0x7f;

/// Of each byte the bits of which a control character has none, unless it is the last one.
const CONTROL: u64 = EACH * 0xe0;

/// Each of eight bytes as that one.
const DELETE: u64 = EACH * 0x7f;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_ends_at_the_first_special_byte_wherever_it_is() {
        let special = [b'"', b'|'];
        for byte in 0..=u8::MAX {
            for place in 0..20 {
                let mut bytes = *b"plain text, and more";
                bytes[place] = byte;
                let is_plain = byte >= 0x20 && byte != 0x7f && !special.contains(&byte);
                let expected = if is_plain { bytes.len() } else { place };
                assert_eq!(plain_end(&bytes, 0, special), expected, "{byte:#x} at {place}");
                let from_there = plain_end(&bytes, place, special);
                assert_eq!(from_there, expected, "{byte:#x} from {place}");
            }
        }
    }

    #[test]
    fn integers_have_all_their_digits() {
        for value in [0, 9, 10, 99, 1 << 20, i128::MAX, i128::MIN] {
            let mut bytes = [0; 40];
            let mut text = Writer::new(&mut bytes);
            text.integer(Integer::from_i128(value));
            let len = text.len();
            assert_eq!(core::str::from_utf8(&bytes[..len]).unwrap(), value.to_string());
        }
    }
}
