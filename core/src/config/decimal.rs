//! Decimal digits of floating-point constants, at compile time, where `format!` does not exist.

/// Which type the digits have to read back as.
#[derive(Clone, Copy)]
pub(crate) enum Precision {
    Single,
    Double,
}

impl Precision {
    /// Integers below are exact.
    const fn exact_below(self) -> f64 {
        match self {
            Self::Single => 16_777_216.0,            // 2^24
            Self::Double => 9_007_199_254_740_992.0, // 2^53
        }
    }

    /// The last power of ten that is exact.
    const fn exact_places(self) -> i32 {
        match self {
            Self::Single => 10,
            Self::Double => 22,
        }
    }

    const fn round(self, number: f64) -> f64 {
        match self {
            Self::Single => number as f32 as f64,
            Self::Double => number,
        }
    }
}

/// Digits and a power of ten that read back as exactly `number`, which is finite and positive.
pub(crate) const fn digits_of(number: f64, precision: Precision) -> (u64, i32) {
    match short(number, precision) {
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
/// text is read: if it equals `number`, the text does. In single precision it is rounded twice, to 53
/// bits and to 24; as 53 are not less than 2 × 24 + 2, that is the same as once.
const fn short(number: f64, precision: Precision) -> Option<(u64, i32)> {
    let mut scale = 1.0;
    let mut places = 0;
    while places <= precision.exact_places() {
        let digits = number * scale + 0.5;
        if digits < precision.exact_below() {
            let digits = digits as u64;
            if precision.round(digits as f64 / scale) == number {
                return Some((digits, -places));
            }
        }
        let digits = number / scale + 0.5;
        if digits < precision.exact_below() {
            let digits = digits as u64;
            if precision.round(digits as f64 * scale) == number {
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
        for thousandths in 1..20_000_u32 {
            let number = f64::from((f64::from(thousandths) / 1000.0) as f32);
            let (digits, _) = digits_of(number, Precision::Single);
            assert!(digits <= u64::from(thousandths), "{number} became {digits}");
        }
        let small = f64::from(4.883573e-4_f32);
        assert_eq!(digits_of(small, Precision::Single), (4_883_573, -10));
        assert_eq!(digits_of(1e22, Precision::Double), (1, 22));
        assert_eq!(digits_of(2.5e-20, Precision::Double), (25, -21));
    }
}
