//! Structs that `macro_rules` macros write, in part or whole: names and types of either side.

use ds_aio::ConfigSchema;
use ds_aio::config::Kind;

/// The derive and the names from the caller, the types from the macro.
mod types_of_the_macro {
    macro_rules! with_types {
        ($(#[$meta:meta])* $name:ident, $field:ident) => {
            $(#[$meta])*
            pub(super) struct $name {
                #[config(default = 1, range = 1..=5)]
                pub(super) $field: usize,
                #[config(default = "x", check = check)]
                pub(super) text: String,
                #[config(default = 1, auto)]
                pub(super) auto: u8,
                #[config(skip, default = vec![1])]
                pub(super) skipped: Vec<u8>,
            }
            fn check(text: &str) -> Result<(), &'static str> {
                if text.is_empty() { Err("empty") } else { Ok(()) }
            }
        };
    }
    with_types! {
        #[derive(ds_aio::Config, Debug)]
        #[config(section = "a", env_prefix = "A", engine)]
        Types, queue_depth
    }
}

/// The derive from the macro, the types from the caller, as fragments.
mod types_of_the_caller {
    macro_rules! with_derive {
        ($name:ident, $type:ty, $default:expr, $check:path) => {
            #[derive(ds_aio::Config, Debug)]
            #[config(section = "a", env_prefix = "A", check = $check)]
            pub(super) struct $name {
                #[config(default = $default)]
                pub(super) value: $type,
                #[config(required, check = $check)]
                pub(super) own: $type,
                pub(super) perhaps: Option<$type>,
                #[config(skip)]
                pub(super) skipped: $type,
            }
        };
    }
    with_derive! { Number, usize, 1, any }
    with_derive! { Text, std::string::String, "s", super::types_of_the_caller::any }

    fn any<T>(_: &T) -> Result<(), String> {
        Ok(())
    }
}

/// A type as loose tokens.
mod loose_types {
    macro_rules! with_tokens {
        ($name:ident, $($type:tt)*) => {
            #[derive(ds_aio::Config, Debug)]
            #[config(section = "a", consts = free, const_prefix = "LOOSE")]
            pub(super) struct $name {
                #[config(default = $($type)*::MAX, one_of = [1, $($type)*::MAX])]
                pub(super) values: $($type)*,
            }
        };
    }
    with_tokens! { Loose, u64 }
}

/// An enum and the struct that has it, both from the macro.
mod all_of_the_macro {
    macro_rules! with_choice {
        ($choice:ident { $($variant:ident),* }, $default:ident, $config:ident) => {
            #[derive(ds_aio::Choice, Clone, Copy, Debug, PartialEq)]
            pub(super) enum $choice { $($variant),* }

            #[derive(ds_aio::Config, Debug)]
            #[config(section = "a", env_prefix = "A")]
            pub(super) struct $config {
                #[config(default = $choice::$default)]
                pub(super) choice: $choice,
                #[config(default = Some($choice::$default))]
                pub(super) perhaps: Option<$choice>,
            }
        };
    }
    with_choice! { Choice { First, LastOne }, LastOne, Chosen }
}

/// All fields from the caller, the derive from the macro.
mod fields_of_the_caller {
    macro_rules! with_body {
        ($name:ident { $($body:tt)* }) => {
            #[derive(ds_aio::Config, Debug)]
            #[config(section = "a", consts = none)]
            pub(super) struct $name { $($body)* }
        };
    }
    with_body! {
        Body {
            #[config(default = 1)]
            pub(super) number: u8,
            #[config(default = "x")]
            pub(super) text: String,
        }
    }
}

#[test]
fn every_part_may_come_from_either_side() {
    use ds_aio::EngineConfig;

    let types = types_of_the_macro::Types::builder().text("y").build();
    let types = types.unwrap();
    assert_eq!((types.queue_depth, types.text.as_str()), (1, "y"));
    assert_eq!(types.engine_settings().queue_depth, 1);

    let number = types_of_the_caller::Number::builder().own(2).build();
    let number = number.unwrap();
    assert_eq!((number.value, number.own, number.perhaps), (1, 2, None));

    let chosen = all_of_the_macro::Chosen::loader().set("perhaps", "first").load().unwrap().value;
    assert_eq!((chosen.choice.name(), chosen.perhaps.unwrap().name()), ("last_one", "first"));

    let loose = loose_types::Loose::loader().set("values", 1).load();
    assert_eq!(loose.unwrap().value.values, 1);
    assert_eq!(loose_types::LOOSE_VALUES_DEFAULT, u64::MAX);

    let body = fields_of_the_caller::Body::default();
    assert_eq!((body.number, body.text.as_str()), (1, "x"));
}

#[test]
fn a_text_behind_a_fragment_is_a_text() {
    use types_of_the_caller::Text;

    assert_eq!(Text::VALUE_DEFAULT, "s");
    let text = Text::builder().own("x").build().unwrap();
    assert_eq!((text.value.as_str(), text.own.as_str()), ("s", "x"));
    assert_eq!(Text::FIELDS[0].kind, Kind::Text);
}
