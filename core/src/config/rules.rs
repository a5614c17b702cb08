//! What a field admits: one set of rules, checked by the same code when the struct is compiled and
//! when a value is loaded.

use core::cmp::Ordering;
use core::time::Duration;

use super::scalar::{Integer, Scalar};
use super::{FieldMeta, Kind};

/// The rules that a field's value keeps.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Rules {
    /// The smallest value allowed, if there is one.
    pub min: Option<Scalar<'static>>,
    /// The largest value allowed, or with `max_excluded` the first one above.
    pub max: Option<Scalar<'static>>,
    /// Whether `max` itself is refused (`..max`, not `..=max`).
    pub max_excluded: bool,
    /// The integer of which every value is a multiple.
    pub multiple_of: Option<Integer>,
    /// Whether every value is a power of two.
    pub power_of_two: bool,
    /// The only values allowed.
    pub one_of: Option<Choices>,
}

/// One rule, by its name in the attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    Range,
    MultipleOf,
    PowerOfTwo,
    OneOf,
}

impl Rules {
    pub(crate) const NONE: Self = Self {
        min: None,
        max: None,
        max_excluded: false,
        multiple_of: None,
        power_of_two: false,
        one_of: None,
    };

    /// Whether there is any rule.
    pub(crate) const fn is_empty(&self) -> bool {
        self.min.is_none()
            && self.max.is_none()
            && self.multiple_of.is_none()
            && !self.power_of_two
            && self.one_of.is_none()
    }

    /// The first rule that `value` breaks. Not-a-number keeps no range.
    pub(crate) const fn broken_by(&self, value: Scalar<'_>) -> Option<Rule> {
        if !self.in_range(value) {
            return Some(Rule::Range);
        }
        if let Some(unit) = self.multiple_of
            && !matches!(value, Scalar::Integer(value) if value.is_multiple_of(unit))
        {
            return Some(Rule::MultipleOf);
        }
        if self.power_of_two && !matches!(value, Scalar::Integer(value) if value.is_power_of_two())
        {
            return Some(Rule::PowerOfTwo);
        }
        if let Some(choices) = self.one_of
            && !choices.contains(value)
        {
            return Some(Rule::OneOf);
        }
        None
    }

    /// The first rule that an item of a list breaks.
    const fn broken_by_one_of(&self, items: Choices) -> Option<Rule> {
        let mut index = 0;
        while let Some(item) = items.get(index) {
            let broken = self.broken_by(item);
            if broken.is_some() {
                return broken;
            }
            index += 1;
        }
        None
    }

    const fn in_range(&self, value: Scalar<'_>) -> bool {
        let above = match self.min {
            Some(min) => matches!(value.compare(min), Some(Ordering::Equal | Ordering::Greater)),
            None => true,
        };
        let below = match self.max {
            Some(max) => match value.compare(max) {
                Some(Ordering::Less) => true,
                Some(Ordering::Equal) => !self.max_excluded,
                _ => false,
            },
            None => true,
        };
        above && below
    }

    /// A rule that nothing of that kind can keep, alone or beside the others.
    const fn contradiction(&self, kind: Kind) -> Option<&'static str> {
        if let (Some(min), Some(_)) = (self.min, self.max)
            && !self.in_range(min)
        {
            return Some("the `range` is empty");
        }
        if let Some(unit) = self.multiple_of
            && unit.magnitude() == 0
        {
            return Some("`multiple_of` must not be zero");
        }
        if let Kind::Integer { min, max } = kind {
            let (least, most) = integer_bounds(self, min, max);
            if matches!(least.compare(most), Ordering::Greater) {
                return Some("the `range` is empty");
            }
            if let Some(unit) = self.multiple_of
                && !any_multiple(unit, least, most)
            {
                return Some("the `range` holds no multiple of the field's `multiple_of`");
            }
            if self.power_of_two && !any_power_of_two(least, most) {
                return Some("the `range` holds no power of two, but the field says so");
            }
        }
        let Some(choices) = self.one_of else {
            return None;
        };
        if choices.get(0).is_none() {
            return Some("`one_of` lists no value");
        }
        match self.without_one_of().broken_by_one_of(choices) {
            None => None,
            Some(Rule::Range) => Some("`one_of` lists a value outside the field's `range`"),
            Some(_) => Some("`one_of` lists a value that breaks another rule of the field"),
        }
    }

    const fn without_one_of(mut self) -> Self {
        self.one_of = None;
        self
    }
}

/// The first mistake in a field's own declaration, found while the struct is compiled.
pub(crate) const fn mistake(field: &FieldMeta) -> Option<&'static str> {
    if let Some(contradiction) = field.rules.contradiction(field.kind) {
        return Some(contradiction);
    }
    let Some(default) = field.default else {
        return None;
    };
    let broken = match default {
        Scalar::List(items) => field.rules.broken_by_one_of(items),
        default => field.rules.broken_by(default),
    };
    match broken {
        None => None,
        Some(Rule::Range) => Some("the default lies outside the field's own `range`"),
        Some(Rule::MultipleOf) => Some("the default is no multiple of the field's `multiple_of`"),
        Some(Rule::PowerOfTwo) => Some("the default is no power of two, but the field says so"),
        Some(Rule::OneOf) => Some("the default is missing from the field's `one_of`"),
    }
}

/// The values of a `one_of`, or of a list's default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choices(pub(crate) List);

macro_rules! choices {
    ($($variant:ident: $type:ty, $value:ident => $scalar:expr;)*) => {
        /// The values of a `one_of` in the field's own type, as a constant can hold them.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub(crate) enum List {
            $($variant(&'static [$type]),)*
        }

        impl Choices {
            /// The choice at `index`; `None` behind the last one.
            #[must_use]
            pub const fn get(&self, index: usize) -> Option<Scalar<'static>> {
                match self.0 {
                    $(
                        List::$variant(values) => {
                            if index < values.len() {
                                let $value = values[index];
                                Some($scalar)
                            } else {
                                None
                            }
                        }
                    )*
                }
            }
        }
    };
}

choices! {
    U8: u8, value => Scalar::Integer(Integer::from_u128(value as u128));
    U16: u16, value => Scalar::Integer(Integer::from_u128(value as u128));
    U32: u32, value => Scalar::Integer(Integer::from_u128(value as u128));
    U64: u64, value => Scalar::Integer(Integer::from_u128(value as u128));
    U128: u128, value => Scalar::Integer(Integer::from_u128(value));
    Usize: usize, value => Scalar::Integer(Integer::from_u128(value as u128));
    I8: i8, value => Scalar::Integer(Integer::from_i128(value as i128));
    I16: i16, value => Scalar::Integer(Integer::from_i128(value as i128));
    I32: i32, value => Scalar::Integer(Integer::from_i128(value as i128));
    I64: i64, value => Scalar::Integer(Integer::from_i128(value as i128));
    I128: i128, value => Scalar::Integer(Integer::from_i128(value));
    Isize: isize, value => Scalar::Integer(Integer::from_i128(value as i128));
    F32: f32, value => Scalar::F32(value);
    F64: f64, value => Scalar::F64(value);
    Bool: bool, value => Scalar::Bool(value);
    Text: &'static str, value => Scalar::Text(value);
    Char: char, value => Scalar::Char(value);
    Duration: Duration, value => Scalar::Duration(value);
}

impl Choices {
    /// The values in the order of their declaration.
    pub fn iter(&self) -> impl Iterator<Item = Scalar<'static>> + use<> {
        let choices = *self;
        (0..).map_while(move |index| choices.get(index))
    }

    const fn contains(&self, value: Scalar<'_>) -> bool {
        let mut index = 0;
        while let Some(choice) = self.get(index) {
            if value.equals(choice) {
                return true;
            }
            index += 1;
        }
        false
    }
}

/// Whether there is a multiple of `unit` from `least` to `most`.
const fn any_multiple(unit: Integer, least: Integer, most: Integer) -> bool {
    // The one nearest to zero, which is the first to be in the range.
    let (near, far) = match (least.is_negative(), most.is_negative()) {
        (true, false) => return true,
        (false, _) => (least.magnitude(), most.magnitude()),
        (true, true) => (most.magnitude(), least.magnitude()),
    };
    match near.checked_next_multiple_of(unit.magnitude()) {
        Some(multiple) => multiple <= far,
        None => false,
    }
}

const fn any_power_of_two(least: Integer, most: Integer) -> bool {
    let near = if least.is_negative() { 1 } else { least.magnitude() };
    match near.checked_next_power_of_two() {
        Some(power) => !most.is_negative() && power <= most.magnitude(),
        None => false,
    }
}

/// The least and the greatest integer that keep a range, of a type with these bounds.
pub(crate) const fn integer_bounds(
    rules: &Rules,
    min: Integer,
    max: Integer,
) -> (Integer, Integer) {
    let least = match rules.min {
        Some(Scalar::Integer(least)) => least,
        _ => min,
    };
    let most = match rules.max {
        Some(Scalar::Integer(limit)) if rules.max_excluded => match limit.predecessor() {
            Some(most) => most,
            None => limit,
        },
        Some(Scalar::Integer(most)) => most,
        _ => max,
    };
    (least, most)
}
