//! Decimal digits of floating-point constants, at compile time, where `format!` does not exist.

/// Which type the digits have to read back as.
#[derive(Clone, Copy)]
pub(crate) enum Precision {
    Single,
    Double,
}

/// Digits and a power of ten that read back as exactly `number`, which is finite and positive.
pub(crate) const fn digits_of(number: f64, precision: Precision) -> (u64, i32) {
    let short = match precision {
        Precision::Single => short_single(number as f32),
        Precision::Double => short_double(number),
    };
    match short {
        Some((digits, exponent)) => without_trailing_zeros(digits, exponent),
        None => {
            let (digits, exponent) = seventeen_digits(number);
            without_trailing_zeros(digits, exponent)
        }
    }
}

/// Few digits, where they suffice.
///
/// `digits / 10^places` is one correctly rounded division of two exact numbers, which is how the
/// text is read: if it equals `number`, the text does.
const fn short_double(number: f64) -> Option<(u64, i32)> {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53: integers below are exact
    let mut scale = 1.0;
    let mut places = 0;
    while places <= 22 {
        let digits = number * scale + 0.5;
        if digits < EXACT {
            let digits = digits as u64;
            if digits as f64 / scale == number {
                return Some((digits, -places));
            }
        }
        let digits = number / scale + 0.5;
        if digits < EXACT {
            let digits = digits as u64;
            if digits as f64 * scale == number {
                return Some((digits, places));
            }
        }
        scale *= 10.0;
        places += 1;
    }
    None
}

/// The same in single precision, where 2^24 and 10^10 are the last exact ones.
const fn short_single(number: f32) -> Option<(u64, i32)> {
    const EXACT: f32 = 16_777_216.0;
    let mut scale = 1.0;
    let mut places = 0;
    while places <= 10 {
        let digits = number * scale + 0.5;
        if digits < EXACT {
            let digits = digits as u64;
            if digits as f32 / scale == number {
                return Some((digits, -places));
            }
        }
        let digits = number / scale + 0.5;
        if digits < EXACT {
            let digits = digits as u64;
            if digits as f32 * scale == number {
                return Some((digits, places));
            }
        }
        scale *= 10.0;
        places += 1;
    }
    None
}

const fn without_trailing_zeros(mut digits: u64, mut exponent: i32) -> (u64, i32) {
    while digits != 0 && digits.is_multiple_of(10) {
        digits /= 10;
        exponent += 1;
    }
    (digits, exponent)
}

/// The first seventeen digits, rounded: enough for any double, and exact arithmetic all the way.
const fn seventeen_digits(number: f64) -> (u64, i32) {
    let bits = number.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    let biased = (bits >> 52) as i32 & 0x7ff;
    // number = mantissa * 2^power
    let (mantissa, power) =
        if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, biased - 1075) };

    // number = integer * 10^exponent, since 2^-n = 5^n * 10^-n
    let mut integer = Natural::from_u64(mantissa);
    let mut exponent = 0;
    let mut remaining = power;
    while remaining > 0 {
        integer.multiply(2);
        remaining -= 1;
    }
    while remaining < 0 {
        integer.multiply(5);
        exponent -= 1;
        remaining += 1;
    }

    let mut last = 0;
    loop {
        if let Some(digits) = integer.to_u64()
            && digits < 100_000_000_000_000_000
        {
            let rounded = if last >= 5 { digits + 1 } else { digits };
            return (rounded, exponent);
        }
        last = integer.divide_by_ten();
        exponent += 1;
    }
}

/// A natural number of up to 2624 bits: 53 bits times 5^1074, or shifted by 971, fit.
struct Natural {
    /// The least significant first.
    limbs: [u32; 82],
    used: usize,
}

impl Natural {
    const fn from_u64(value: u64) -> Self {
        let mut limbs = [0; 82];
        limbs[0] = value as u32;
        limbs[1] = (value >> 32) as u32;
        Self { limbs, used: 2 }
    }

    const fn multiply(&mut self, factor: u64) {
        let mut carry = 0;
        let mut index = 0;
        while index < self.used {
            let product = self.limbs[index] as u64 * factor + carry;
            self.limbs[index] = product as u32;
            carry = product >> 32;
            index += 1;
        }
        if carry != 0 {
            self.limbs[self.used] = carry as u32;
            self.used += 1;
        }
    }

    /// Returns the remainder.
    const fn divide_by_ten(&mut self) -> u64 {
        let mut remainder = 0;
        let mut index = self.used;
        while index > 0 {
            index -= 1;
            let dividend = remainder << 32 | self.limbs[index] as u64;
            self.limbs[index] = (dividend / 10) as u32;
            remainder = dividend % 10;
        }
        if self.used > 2 && self.limbs[self.used - 1] == 0 {
            self.used -= 1;
        }
        remainder
    }

    const fn to_u64(&self) -> Option<u64> {
        if self.used > 2 {
            return None;
        }
        Some((self.limbs[1] as u64) << 32 | self.limbs[0] as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bit patterns of every magnitude, the same in each run.
    fn patterns() -> impl Iterator<Item = u64> {
        let mut state = 1u64;
        core::iter::repeat_with(move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        })
        .take(20_000)
    }

    fn text(number: f64, precision: Precision) -> String {
        let (digits, exponent) = digits_of(number, precision);
        format!("{digits}e{exponent}")
    }

    #[test]
    fn doubles_read_back() {
        let numbers = patterns().map(|bits| f64::from_bits(bits).abs());
        for number in numbers.filter(|number| number.is_finite() && *number > 0.0) {
            let text = text(number, Precision::Double);
            assert_eq!(text.parse::<f64>().unwrap(), number, "{text}");
        }
    }

    #[test]
    fn singles_read_back() {
        let numbers = patterns().map(|bits| f32::from_bits(bits as u32).abs());
        for number in numbers.filter(|number| number.is_finite() && *number > 0.0) {
            let text = text(f64::from(number), Precision::Single);
            assert_eq!(text.parse::<f32>().unwrap(), number, "{text}");
        }
    }

    #[test]
    fn short_decimals_stay_short() {
        for hundredths in 1..20_000u32 {
            let number = f64::from(hundredths) / 100.0;
            let (digits, _) = digits_of(number, Precision::Double);
            assert!(digits <= u64::from(hundredths), "{number} became {digits}");
        }
        assert_eq!(digits_of(1e22, Precision::Double), (1, 22));
        assert_eq!(digits_of(2.5e-20, Precision::Double), (25, -21));
    }
}
