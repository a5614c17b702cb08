//! Rules that nothing can keep fail compilation at the field.

use ds_aio::Config;

#[derive(Config)]
#[config(section = "rules")]
struct Rules {
    #[config(required, range = ..0)]
    below_the_type: u8,
    #[config(required, range = 5..=7, multiple_of = 4)]
    between_multiples: u32,
    #[config(required, range = -7..=-5, multiple_of = 4)]
    between_negative_multiples: i32,
    #[config(required, range = 5..=7, power_of_two)]
    between_powers: usize,
    #[config(required, range = 1..=8, one_of = [4, 16])]
    choice_out_of_range: u64,
    #[config(required, power_of_two, one_of = [4, 6])]
    choice_of_no_power: u64,
    #[config(range = 1.0..2.0, one_of = [1.5, 2.0])]
    excluded_choice: Option<f64>,
    // These can be kept.
    #[config(required, range = -3..=3, multiple_of = 4)]
    zero: i8,
    #[config(required, range = ..1)]
    only_zero: u8,
    #[config(required, range = ..=-4, multiple_of = 4)]
    negative: i64,
    #[config(required, range = 5..=8, power_of_two, one_of = [8])]
    eight: u128,
}

fn main() {}
