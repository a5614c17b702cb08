//! Plain values as constants: what defaults and constraints are made of, usable at compile time.

use core::cmp::Ordering;
use core::fmt;
use core::time::Duration;

use super::duration;
use super::raw::show_list;
use super::rules::Choices;

/// An integer of any Rust width.
///
/// Kept as sign and a magnitude of 128 bits, so that one type compares and renders every field at
/// compile time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Integer {
    /// Never set for zero, so that equality is equality of the value.
    negative: bool,
    magnitude: u128,
}

impl Integer {
    /// The integer `value`.
    #[must_use]
    pub const fn from_i128(value: i128) -> Self {
        Self { negative: value < 0, magnitude: value.unsigned_abs() }
    }

    /// The integer `value`.
    #[must_use]
    pub const fn from_u128(value: u128) -> Self {
        Self { negative: false, magnitude: value }
    }

    /// The value, if an `i128` holds it.
    #[must_use]
    pub const fn to_i128(self) -> Option<i128> {
        if self.negative {
            0i128.checked_sub_unsigned(self.magnitude)
        } else {
            0i128.checked_add_unsigned(self.magnitude)
        }
    }

    /// The value, if it is not negative.
    #[must_use]
    pub const fn to_u128(self) -> Option<u128> {
        if self.negative { None } else { Some(self.magnitude) }
    }

    /// Reads digits in `radix` with an optional sign; `_` may separate digits.
    ///
    /// `None` when the text is no integer, or one whose magnitude takes more than 128 bits.
    pub(crate) fn parse(text: &str, radix: u32) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let magnitude = u128::from_str_radix(&ungrouped(digits)?, radix).ok()?;
        Some(Self { negative: negative && magnitude != 0, magnitude })
    }

    pub(crate) const fn is_negative(self) -> bool {
        self.negative
    }

    pub(crate) const fn magnitude(self) -> u128 {
        self.magnitude
    }

    pub(crate) const fn compare(self, other: Self) -> Ordering {
        let (less, greater) = match (self.negative, other.negative) {
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => (Ordering::Less, Ordering::Greater),
            (true, true) => (Ordering::Greater, Ordering::Less),
        };
        if self.magnitude < other.magnitude {
            less
        } else if self.magnitude > other.magnitude {
            greater
        } else {
            Ordering::Equal
        }
    }

    pub(crate) const fn is_multiple_of(self, unit: Self) -> bool {
        unit.magnitude != 0 && self.magnitude.is_multiple_of(unit.magnitude)
    }

    pub(crate) const fn is_power_of_two(self) -> bool {
        !self.negative && self.magnitude.is_power_of_two()
    }

    /// The next smaller integer; `None` at `i128::MIN`.
    pub(crate) const fn predecessor(self) -> Option<Self> {
        if !self.negative && self.magnitude != 0 {
            return Some(Self::from_u128(self.magnitude - 1));
        }
        match self.to_i128() {
            Some(i128::MIN) | None => None,
            Some(value) => Some(Self::from_i128(value - 1)),
        }
    }
}

impl fmt::Display for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        write!(f, "{sign}{}", self.magnitude)
    }
}

/// The digits without their `_` separators; `None` unless every separator stands between digits.
pub(crate) fn ungrouped(digits: &str) -> Option<String> {
    let misplaced = digits.starts_with('_') || digits.ends_with('_');
    let sound = !digits.is_empty()
        && !misplaced
        && digits.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
    sound.then(|| digits.replace('_', ""))
}

/// One plain value: what a default, a bound or a permitted choice is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Scalar<'a> {
    /// An integer of any width.
    Integer(Integer),
    /// A single-precision number; apart from `F64`, because its shortest text differs.
    F32(f32),
    /// A double-precision number.
    F64(f64),
    /// A truth value.
    Bool(bool),
    /// Text, or a path that is valid UTF-8.
    Text(&'a str),
    /// One character.
    Char(char),
    /// A span of time.
    Duration(Duration),
    /// The items of a list.
    List(Choices),
}

impl Scalar<'_> {
    /// How the two compare; `None` for different kinds and for not-a-number.
    pub(crate) const fn compare(self, other: Scalar<'_>) -> Option<Ordering> {
        match (self, other) {
            (Scalar::Integer(a), Scalar::Integer(b)) => Some(a.compare(b)),
            (Scalar::F32(a), Scalar::F32(b)) => compare_floats(a as f64, b as f64),
            (Scalar::F64(a), Scalar::F64(b)) => compare_floats(a, b),
            (Scalar::Bool(a), Scalar::Bool(b)) => Some(match (a, b) {
                (false, true) => Ordering::Less,
                (true, false) => Ordering::Greater,
                _ => Ordering::Equal,
            }),
            (Scalar::Text(a), Scalar::Text(b)) => Some(compare_bytes(a.as_bytes(), b.as_bytes())),
            (Scalar::Char(a), Scalar::Char(b)) => Some(compare_unsigned(a as u128, b as u128)),
            (Scalar::Duration(a), Scalar::Duration(b)) => {
                Some(compare_unsigned(a.as_nanos(), b.as_nanos()))
            }
            _ => None,
        }
    }

    pub(crate) const fn equals(self, other: Scalar<'_>) -> bool {
        matches!(self.compare(other), Some(Ordering::Equal))
    }
}

/// Not `f64::partial_cmp`, which is no const fn.
const fn compare_floats(a: f64, b: f64) -> Option<Ordering> {
    if a < b {
        Some(Ordering::Less)
    } else if a > b {
        Some(Ordering::Greater)
    } else if a == b {
        Some(Ordering::Equal)
    } else {
        None
    }
}

const fn compare_unsigned(a: u128, b: u128) -> Ordering {
    Integer::from_u128(a).compare(Integer::from_u128(b))
}

const fn compare_bytes(a: &[u8], b: &[u8]) -> Ordering {
    let mut index = 0;
    while index < a.len() && index < b.len() {
        if a[index] < b[index] {
            return Ordering::Less;
        }
        if a[index] > b[index] {
            return Ordering::Greater;
        }
        index += 1;
    }
    if a.len() < b.len() {
        Ordering::Less
    } else if a.len() > b.len() {
        Ordering::Greater
    } else {
        Ordering::Equal
    }
}

impl fmt::Display for Scalar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scalar::Integer(value) => value.fmt(f),
            Scalar::F32(value) => value.fmt(f),
            Scalar::F64(value) => value.fmt(f),
            Scalar::Bool(value) => value.fmt(f),
            Scalar::Text(value) => f.write_str(value),
            Scalar::Char(value) => value.fmt(f),
            Scalar::Duration(value) => f.write_str(&duration::show(*value)),
            Scalar::List(items) => f.write_str(&show_list(items.iter())),
        }
    }
}
