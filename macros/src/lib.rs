//! The derive macros of ds-aio; use them through the `ds-aio` crate.
//!
//! One chain: [`parse`] reads the struct or enum into the plain data of [`ir`], [`validate`] looks at
//! a struct as a whole, [`expand`] writes the code. Mistakes are collected on the way and reported
//! together; if there are any, [`fallback`] writes stubs instead, so that one mistake is one message.

use proc_macro::TokenStream;
use quote::quote;
use syn::{DeriveInput, parse_macro_input};

mod error;
mod expand;
mod fallback;
mod ir;
mod parse;
mod validate;

/// Generates key constants, defaults, environment overrides, a builder and layered loading.
///
/// On the struct, `#[config(…)]` takes
/// - `section = "…"`: the section of a file that holds the keys (required)
/// - `env_prefix = "…"`: fields get variables, the prefix and the key in capitals; without it only
///   fields with `env = "…"` have one
/// - `consts = assoc | free | none`: constants in the struct (`Self::BLOCK_SIZE`, the default), in
///   its module (`AIO_BLOCK_SIZE`), or not at all
/// - `const_prefix = "…"`: what the names of constants start with; for `free` the section unless
///   given
/// - `fixed(key = value, …)`: keys that other software knows, accepted with this value only
/// - `engine`: implements `EngineConfig`
/// - `crate = path`: where ds-aio is found, if not at `::ds_aio`
///
/// On a field it takes
/// - `default = <const expression>` or `required`
/// - `range = a..=b` (also `a..b`, `a..`, `..b`, `..=b`), `multiple_of = n`, `power_of_two`,
///   `one_of = [a, b]`
/// - `env = "NAME"`, or `env = skip` for none
/// - `rename = "key"`, and `alias = "key"` as often as needed
/// - `deprecated(alias = "key", note = "…")`, as often as needed: an old key of files that is
///   understood with a warning, which says the note; a variable made of it is not
/// - `sep = "…"`: what separates the items of a list in a variable, a comma unless given; blanks
///   around an item are no part of it, and nothing between two of them is an empty text
/// - `bytes`: the value may be written as a size, `4KiB`
/// - `nested`, or `nested(env_prefix = "…")`: the field holds another `Config` struct, see below
/// - `advanced`: loaded, overridden and explained like any other, but left out of `FORMAT`, and
///   after the others in the texts for people
///
/// A default that breaks a rule of its own field fails compilation.
///
/// The type of a field is an integer, `f32`, `f64`, `bool`, `char`, `String`, `PathBuf`, `Duration`
/// (written with its unit: `250ms`, `1.5s`, `5min`, `1h`), an enum with `#[derive(Choice)]`, or an
/// `Option` or a `Vec` of one of these. An `Option` needs neither `default` nor `required`, its rules
/// are about the value inside, and `null` in JSON is its `None`. The rules of a list are about each
/// item; its default is `[a, b]` or a constant slice. Write `Duration`, `Option` and `Vec` by these
/// names: the derive cannot see through an alias.
///
/// A `nested` struct is a table within the section, under the field's key: `[swap.io]` in TOML, an object
/// in JSON, and `io.block_size` is a key of it for `Loader::set`, `Loaded::origin` and in messages. Its own
/// section says nothing there. Its variables keep their names, so that one of them sets every place where
/// that struct is nested without a prefix of its own; with `nested(env_prefix = "…")` those that begin with
/// that struct's prefix begin with this one instead, and a struct without any prefix gets variables.
/// There is a `Default` if every nested struct has one, and no constant `DEFAULT`.
///
/// A struct may have type and const parameters, which no default can be of the type of. Its constants are
/// the keys, the variables and the defaults; the texts of a `Cfg<T>` are
/// `ds_aio::config::text::<Cfg<T>>(…)`. A default that breaks a rule is found where its parameters are known.
///
/// Constants for the whole struct are the name of the section, and texts that are made of its
/// fields while it is compiled, so that they always say what the code says:
/// - `FORMAT`: the section in JSON with every default
/// - `TOML_TEMPLATE`: the section as a TOML file, each setting with its doc comment, what is
///   allowed, its variable and its default
/// - `ENV_TEMPLATE`: the same as `NAME=value` lines, for `set -a; . file` in a shell; the formats
///   of systemd and Docker read it too, as long as no default needs quotes
/// - `DOCS_TABLE`: the settings as Markdown tables, with the first paragraph of each doc comment
/// - `JSON_SCHEMA`: the JSON Schema (draft 2020-12) of a file with the section: keys, types, ranges.
///   It requires no key, for a variable or another file may set it, and knows names of choices as
///   they are written, and no alias of them
///
/// Both templates load back to exactly the defaults; a required field is commented out in them.
#[proc_macro_derive(Config, attributes(config))]
pub fn derive_config(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let mut errors = error::Errors::default();
    let Some(parsed) = parse::input(&input, &mut errors) else {
        return errors.to_tokens().into();
    };
    validate::input(&parsed, &mut errors);
    if errors.is_empty() {
        return expand::config(&parsed).into();
    }
    let errors = errors.to_tokens();
    // What borrows could not be stubbed without more mistakes.
    let stubs = input.generics.lifetimes().next().is_none().then(|| fallback::config(&parsed));
    quote!(#errors #stubs).into()
}

/// Makes an enum the type of a `Config` struct's field, each variant by a name.
///
/// The variants have no fields, and the enum derives `Clone`. A variant's name is its identifier in
/// snake case: `IoUring` is `io_uring` in files and variables, where upper and lower case are the
/// same. Generated are `NAMES`, `name()`, `Display`, `FromStr` with an error that lists the names,
/// and `From` into `RawValue` for `Loader::set`.
///
/// On the enum, `#[config(…)]` takes
/// - `crate = path`: where ds-aio is found, if not at `::ds_aio`
///
/// On a variant it takes
/// - `rename = "name"`: the name instead
/// - `alias = "name"`, as often as needed: understood too, but never written
#[proc_macro_derive(Choice, attributes(config))]
pub fn derive_choice(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let mut errors = error::Errors::default();
    let parsed = parse::choice(&input, &mut errors);
    if errors.is_empty() {
        return expand::choice(&parsed).into();
    }
    let errors = errors.to_tokens();
    let stubs = input.generics.params.is_empty().then(|| fallback::choice(&parsed));
    quote!(#errors #stubs).into()
}
