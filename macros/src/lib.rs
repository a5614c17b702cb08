//! The derive macros of ds-aio; use them through the `ds-aio` crate.
//!
//! One chain: [`parse`] reads the struct or enum into the plain data of [`ir`], [`validate`] looks at
//! a struct as a whole, [`expand`] writes the code. Mistakes are collected on the way and reported
//! together; if there are any, [`fallback`] writes stubs instead, so that one mistake is one message.
//! [`names`] and [`types`] know what things are called, and what the names of types say. Code that is the
//! same for every struct or enum is a macro of ds-aio, which costs no build of this crate anything.

use proc_macro::TokenStream;
use quote::quote;
use syn::{DeriveInput, parse_macro_input};

mod case;
mod error;
mod expand;
mod fallback;
mod ir;
mod names;
mod parse;
mod types;
mod validate;

/// Generates key constants, defaults, environment overrides, a builder and layered loading.
///
/// On the struct, `#[config(…)]` takes
/// - `section = "…"`: the section of a file that holds the keys (required)
/// - `env_prefix = "…"`: fields get variables, the prefix, an underscore and the key in capitals;
///   without it only fields with `env = "…"` have one
/// - `consts = assoc | free | none`: constants in the struct (`Self::BLOCK_SIZE`, the default), in
///   its module (`AIO_BLOCK_SIZE`), or not at all
/// - `const_prefix = "…"`: what the names of constants start with; for `free` the section unless
///   given
/// - `key_suffix = "…"`: what the names of the constants with keys end in: `BLOCK_SIZE_KEY`; that of
///   the section stays as it is
/// - `fixed(key = value, …)`: keys that other software knows, accepted with this value only
/// - `engine`: implements `EngineConfig`, and `to_deepspeed_json()` writes the section `aio` that
///   DeepSpeed's own parser reads
/// - `serialize`: implements `Serialize` of the crate `serde`, a struct of the keys whose values the
///   loader reads from any format; needs ds-aio's feature `serde`
/// - `check = path`: a function `fn(&Self) -> Result<(), E>` with any `E: Display`, asked about every
///   struct that is loaded or built, also within another one, once nothing else is wrong
/// - `crate = path`: where ds-aio is found, if not at `::ds_aio`
///
/// On a field it takes
/// - `default = <const expression>` or `required`
/// - `range = a..=b` (also `a..b`, `a..`, `..b`, `..=b`), `multiple_of = n`, `power_of_two`,
///   `one_of = [a, b]`, of an enum too
/// - `env = "NAME"`, or `env = skip` for none
/// - `rename = "key"`, and `alias = "key"` as often as needed
/// - `deprecated(alias = "key", note = "…")`, as often as needed: an old key of files that is
///   understood with a warning, which says the note; a variable made of it is not
/// - `sep = "…"`: what separates the items of a list in a variable, a comma unless given; blanks
///   around an item are no part of it, and nothing between two of them is an empty text
/// - `parse = from_str`, or `parse = path` of a `fn(&str) -> Result<T, E>` with an `E: Display`: reads
///   the field, of any type with `Display`, `Clone`, `Send` and `Sync`, from texts, and its `Display`
///   writes it so that they are read back
/// - `parse = serde` (ds-aio's feature `serde`): reads the field, of any type with `Serialize`,
///   `DeserializeOwned`, `Clone`, `Send` and `Sync`, from a value of any shape, tables too. A text
///   becomes what the type asks for: a number, a truth value, or by way of JSON something with parts
/// - `bytes`: the value may be written as a size, `4KiB`
/// - `nested`, or `nested(env_prefix = "…")`: the field holds another `Config` struct, see below
/// - `advanced`: loaded, overridden and explained like any other, but left out of `FORMAT`, and
///   after the others in the texts for people
/// - `auto`: the text `auto` (in a variable in any case) means that the field is not set where it
///   stands: what comes before, or the default, holds. Not for texts without `one_of`, nor for an enum
///   with a variant of that name, where it could be meant as the value
/// - `check = path`: a function `fn(&T) -> Result<(), E>` with the field's type and any `E: Display`,
///   asked about every value that keeps the other rules. The default is asked about when it takes
///   effect, so a test that loads with nothing set finds a bad one
/// - `skip`: the field is no setting, and its type any; its value is `default = …`, which is any
///   expression of that type here, or else that of `Default`. The builder has a setter for it, and
///   keeps it: the type is `Clone + Send + Sync + 'static`. A struct with such a field has no `DEFAULT`
///
/// A default that breaks a rule of its own field fails compilation.
///
/// The doc comment of a field is that of its setter and stands in the texts, so that a link in it names the
/// struct and not `Self`. Docs that are no literals, as by `include_str!`, are the setter's alone.
///
/// `rename`, `alias` and `rename_all` of `#[serde(…)]` hold here too, so that a struct which derives
/// both has one name for each key; of a name that serde reads and writes differently it is the one
/// that is read. A `rename` here that says otherwise is refused. `rename_all` is about keys alone, not
/// about the names of variables and constants.
///
/// The type of a field is an integer, `f32`, `f64`, `bool`, `char`, `String`, `PathBuf`, `Duration`
/// (written with its unit: `250ms`, `1.5s`, `5min`, `1h`), an enum with `#[derive(Choice)]`, any of
/// these in a `Secret`, or an `Option` or a `Vec` of one of them, or of any other type with `parse`. An
/// `Option` needs neither `default` nor `required`, its rules are about the value inside, and `null` in
/// JSON is its `None`. The rules of a list are about each item; its default is `[a, b]` or a constant
/// slice. The value of a `Secret` shows nowhere, and it has neither rules nor a default. Write
/// `Duration`, `Option`, `Vec` and `Secret` by these names: the derive cannot see through an alias.
///
/// The default of a field with `parse` is a text, and its constant a `&'static str`. Whether it is
/// understood a test tells that the derive adds beside the struct (not within a function, where tests
/// do not run). A default that is not is an error of whatever loads or builds the struct; `Default` has
/// none to return, and panics.
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
/// Both templates load back to exactly the defaults; a required field is commented out in them. A variable
/// that sets several settings of nested structs is there once, commented out where their defaults differ.
///
/// Values are written back by `to_toml()` and `to_json()`, the section as a document, and `to_env()`,
/// the variables as `NAME=value` lines for a shell; fields without a variable are left out. Each loads
/// to the same values again. What breaks a rule of its field, and what TOML, JSON or a variable cannot
/// hold, is an error, unless it is the default and may be left out. A `Secret` is left out.
#[proc_macro_derive(Config, attributes(config))]
pub fn derive_config(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let mut errors = error::Errors::default();
    let borrows = input.generics.lifetimes().next().is_some();
    let Some(parsed) = parse::input(input, &mut errors) else {
        return errors.to_tokens().into();
    };
    validate::input(&parsed, &mut errors);
    if errors.is_empty() {
        return expand::config(&parsed).into();
    }
    let errors = errors.to_tokens();
    // What borrows could not be stubbed without more mistakes.
    let stubs = (!borrows).then(|| fallback::config(&parsed));
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
///
/// `rename`, `alias` and `rename_all` of `#[serde(…)]` hold here too. Without them the two differ, for
/// serde leaves `IoUring` as it is: `#[serde(rename_all = "snake_case")]` makes them agree.
#[proc_macro_derive(Choice, attributes(config))]
pub fn derive_choice(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let mut errors = error::Errors::default();
    let is_generic = !input.generics.params.is_empty();
    let parsed = parse::choice(input, &mut errors);
    if errors.is_empty() {
        return expand::choice(&parsed).into();
    }
    let errors = errors.to_tokens();
    let stubs = (!is_generic).then(|| fallback::choice(&parsed));
    quote!(#errors #stubs).into()
}
