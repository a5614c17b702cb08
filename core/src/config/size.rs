//! Sizes in bytes as people write them: `4K`, `1MiB`, `0.5GiB`, `1_048_576`. Binary units alone.

use super::scalar::{Integer, ungrouped};

/// Why a text is no size; the text that explains it is [`SizeError::hint`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SizeError {
    NotASize,
    /// `KB`, `MB`…: 1000 to some readers and 1024 to others.
    Ambiguous {
        written: String,
        binary: &'static str,
    },
    /// The size is no whole number of bytes.
    Inexact,
    TooLarge,
}

impl SizeError {
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            SizeError::NotASize => {
                Some("sizes look like `4K`, `4KiB`, `1MiB`, `0.5GiB` or `1_048_576`".into())
            }
            SizeError::Ambiguous { written, binary } => Some(format!(
                "`{written}` is 1000-based to some and 1024-based to others; units here are \
                 binary: write `{binary}`"
            )),
            SizeError::Inexact => Some("that is not a whole number of bytes".into()),
            SizeError::TooLarge => Some("that is more bytes than any integer holds".into()),
        }
    }
}

const UNITS: [(&str, u32); 6] =
    [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40), ("PiB", 50), ("EiB", 60)];

/// Reads a size. A bare number counts bytes.
pub(crate) fn parse(text: &str) -> Result<Integer, SizeError> {
    let text = text.strip_prefix('+').unwrap_or(text);
    let number_end =
        text.find(|c: char| !(c.is_ascii_digit() || c == '_' || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(number_end);
    let shift = unit_shift(unit.trim_start())?;

    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let whole = ungrouped(whole).ok_or(SizeError::NotASize)?;
    let fraction = ungrouped(fraction).ok_or(SizeError::NotASize)?;
    let fraction = fraction.trim_end_matches('0');

    // bytes = (whole.fraction) * 2^shift = digits * 2^shift / 10^places
    let places = u32::try_from(fraction.len()).map_err(|_| SizeError::Inexact)?;
    if places > shift {
        return Err(SizeError::Inexact); // 2^shift holds too few factors of two to clear them
    }
    let digits: u128 = format!("{whole}{fraction}").parse().map_err(|_| SizeError::TooLarge)?;
    let scaled = digits.checked_mul(1u128 << shift).ok_or(SizeError::TooLarge)?;
    let divisor = 10u128.checked_pow(places).ok_or(SizeError::Inexact)?;
    if scaled % divisor != 0 {
        return Err(SizeError::Inexact);
    }
    Ok(Integer::from_u128(scaled / divisor))
}

fn unit_shift(unit: &str) -> Result<u32, SizeError> {
    if unit.is_empty() || unit.eq_ignore_ascii_case("b") {
        return Ok(0);
    }
    for (binary, shift) in UNITS {
        let initial = &binary[..1];
        let accepted = [initial, &binary[..2], binary];
        if accepted.iter().any(|accepted| unit.eq_ignore_ascii_case(accepted)) {
            return Ok(shift);
        }
        if unit.eq_ignore_ascii_case(&format!("{initial}B")) {
            return Err(SizeError::Ambiguous { written: unit.into(), binary });
        }
    }
    Err(SizeError::NotASize)
}

/// The count of the largest unit that measures the size exactly; `None` where that is the byte.
pub(crate) const fn in_largest_unit(bytes: Integer) -> Option<(u128, &'static str)> {
    let magnitude = bytes.magnitude();
    if magnitude == 0 || bytes.is_negative() {
        return None;
    }
    // The units are 2^10 apart, the first one of them 2^10.
    let mut index = (magnitude.trailing_zeros() / 10) as usize;
    if index > UNITS.len() {
        index = UNITS.len();
    }
    if index == 0 {
        return None;
    }
    let (unit, shift) = UNITS[index - 1];
    Some((magnitude >> shift, unit))
}
