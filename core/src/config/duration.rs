//! Durations as people write them: `250ms`, `1.5s`, `5min`, `1h`. A number alone is none.

use core::time::Duration;

use super::scalar::ungrouped;

/// Why a text is no duration; the text that explains it is [`DurationError::hint`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DurationError {
    NotADuration,
    /// A number without a unit.
    NoUnit {
        number: String,
    },
    /// The duration is no whole number of nanoseconds.
    Inexact,
    TooLong,
}

impl DurationError {
    pub(crate) fn hint(&self) -> String {
        match self {
            DurationError::NotADuration => {
                "durations look like `250ms`, `1.5s`, `30s`, `5min` or `1h`; the units are ns, us, \
                 ms, s, min and h"
                    .into()
            }
            DurationError::NoUnit { number } => {
                format!("which unit? Write `{number}s` for seconds, `{number}ms` for milliseconds")
            }
            DurationError::Inexact => "that is not a whole number of nanoseconds".into(),
            DurationError::TooLong => "that is longer than any duration".into(),
        }
    }
}

/// The units by their length in nanoseconds.
const UNITS: [(&str, u128); 6] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", NANOS_PER_SECOND),
    ("min", 60 * NANOS_PER_SECOND),
    ("h", 3600 * NANOS_PER_SECOND),
];

const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// Reads a duration.
pub(crate) fn parse(text: &str) -> Result<Duration, DurationError> {
    let number_end =
        text.find(|c: char| !(c.is_ascii_digit() || c == '_' || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(number_end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let whole = ungrouped(whole).ok_or(DurationError::NotADuration)?;
    let fraction = ungrouped(fraction).ok_or(DurationError::NotADuration)?;
    let fraction = fraction.trim_end_matches('0');
    let unit = match unit.trim_start() {
        "" => return Err(DurationError::NoUnit { number: number.into() }),
        "µs" => "us",
        unit => unit,
    };
    let known = UNITS.iter().find(|(known, _)| *known == unit);
    let (_, length) = known.ok_or(DurationError::NotADuration)?;

    // nanoseconds = (whole.fraction) * length = digits * length / 10^places
    let places = u32::try_from(fraction.len()).map_err(|_| DurationError::Inexact)?;
    let divisor = 10u128.checked_pow(places).ok_or(DurationError::Inexact)?;
    let digits: u128 = format!("{whole}{fraction}").parse().map_err(|_| DurationError::TooLong)?;
    let scaled = digits.checked_mul(*length).ok_or(DurationError::TooLong)?;
    if scaled % divisor != 0 {
        return Err(DurationError::Inexact);
    }
    from_nanos(scaled / divisor).ok_or(DurationError::TooLong)
}

fn from_nanos(nanos: u128) -> Option<Duration> {
    let seconds = u64::try_from(nanos / NANOS_PER_SECOND).ok()?;
    let rest = u32::try_from(nanos % NANOS_PER_SECOND).ok()?;
    Some(Duration::new(seconds, rest))
}

/// The duration as a number of its largest exact unit: `90s` is 90 and `s`.
pub(crate) const fn in_units(duration: Duration) -> (u128, &'static str) {
    let nanos = duration.as_nanos();
    if nanos == 0 {
        return (0, "s");
    }
    let mut index = UNITS.len();
    while index > 0 {
        index -= 1;
        let (unit, length) = UNITS[index];
        if nanos.is_multiple_of(length) {
            return (nanos / length, unit);
        }
    }
    (nanos, "ns")
}

/// What [`parse`] reads back.
pub(crate) fn show(duration: Duration) -> String {
    let (number, unit) = in_units(duration);
    format!("{number}{unit}")
}
