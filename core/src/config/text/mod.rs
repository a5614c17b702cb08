//! Texts made from the field table at compile time: as constants they cannot drift from it.
//!
//! Each is written twice by the same code: once into no memory, which counts, then into an array
//! of that length.

use core::marker::PhantomData;

use super::raw::RawValue;
use super::scalar::Scalar;
use super::{ConfigSchema, FieldMeta, Schema};
use writer::{NONE, Writer, plain_end};

mod env;
mod json;
mod markdown;
mod schema;
mod shared;
mod toml;
mod words;
mod writer;

/// A text that is generated for every struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKind {
    /// The section of a JSON file with every default, in DeepSpeed's layout: a newline, the
    /// fragment with an indent of two spaces, a newline. Without advanced fields; a required one
    /// shows as `null`.
    Format,
    /// The section of a TOML file with every default and what is to be known about it.
    TomlTemplate,
    /// The same as variables, for shells and for what starts programs with a list of variables.
    EnvTemplate,
    /// What is known about the fields as Markdown tables.
    DocsTable,
    /// The JSON Schema of a file that has the section.
    JsonSchema,
}

/// The length of the text for `T`: the counting pass.
#[must_use]
const fn text_len<T: ConfigSchema>(kind: TextKind) -> usize {
    let mut text = Writer::new(&mut []);
    write(&mut text, kind, &Schema::of::<T>());
    text.len()
}

/// The text for `T`, whose length is that of [`text_len`].
#[must_use]
const fn text<T: ConfigSchema, const LEN: usize>(kind: TextKind) -> [u8; LEN] {
    let mut bytes = [0; LEN];
    write(&mut Writer::new(&mut bytes), kind, &Schema::of::<T>());
    bytes
}

/// The text for `T` while the program runs, of a struct with parameters for example, which has no
/// constant for it.
///
/// ```
/// use ds_aio::AioConfig;
/// use ds_aio::config::{AIO_TOML_TEMPLATE, TextKind, text};
///
/// assert_eq!(text::<AioConfig>(TextKind::TomlTemplate), AIO_TOML_TEMPLATE);
/// ```
#[must_use]
pub fn text_of<T: ConfigSchema>(kind: TextKind) -> String {
    let mut bytes = vec![0; text_len::<T>(kind)];
    write(&mut Writer::new(&mut bytes), kind, &Schema::of::<T>());
    String::from_utf8(bytes).unwrap_or_default()
}

macro_rules! text_types {
    ($($kind:ident)*) => {$(
        /// One text of `T` as a type of its own, which generated code names once.
        #[derive(Debug)]
        pub struct $kind<T>(PhantomData<fn() -> T>);

        impl<T: ConfigSchema> $kind<T> {
            /// The length of the text.
            pub const LEN: usize = text_len::<T>(TextKind::$kind);

            /// The text, whose length is [`LEN`](Self::LEN).
            #[must_use]
            pub const fn bytes<const LEN: usize>() -> [u8; LEN] {
                text::<T, LEN>(TextKind::$kind)
            }

            /// The text of a constant as the `str` it is.
            #[must_use]
            pub const fn str(bytes: &'static [u8]) -> &'static str {
                match core::str::from_utf8(bytes) {
                    Ok(text) => text,
                    Err(_) => "",
                }
            }
        }
    )*};
}

text_types! { Format TomlTemplate EnvTemplate DocsTable JsonSchema }

/// What `field` admits, in words: `an integer from 1 to 65536`.
pub(super) fn allowed(field: &FieldMeta) -> String {
    string(|text| words::allowed(text, field, words::Place::Plain))
}

/// A section of a TOML file, with the tables within it.
pub(super) fn toml_section(name: &str, entries: &[(String, RawValue)]) -> String {
    string(|text| toml::values(text, &[name], entries))
}

/// A JSON file.
pub(super) fn json_document(value: &RawValue) -> String {
    string(|text| {
        json::indented(text, value, 0);
        text.byte(b'\n');
    })
}

/// A value in JSON, on one line.
pub(super) fn json_value(value: &RawValue) -> String {
    string(|text| json::raw(text, value))
}

/// The line that sets a variable.
pub(super) fn assignment(variable: &str, value: &str) -> String {
    string(|text| {
        text.str(variable);
        text.byte(b'=');
        env::assigned(text, Scalar::Text(value), "");
    })
}

/// The lines in place of that one where the value is the default, and no variable can hold it.
pub(super) fn unheld(variable: &str) -> String {
    string(|text| {
        text.str(env::UNHELD);
        text.str("# ");
        text.one_line(variable);
        text.str("=\n");
    })
}

/// Whether a shell can set a variable of this name.
pub(super) fn is_shell_name(variable: &str) -> bool {
    env::is_word_of_its_own(variable.as_bytes())
}

/// What `write` writes, at run time by the same two passes.
fn string(write: impl Fn(&mut Writer<'_>)) -> String {
    let mut counted = Writer::new(&mut []);
    write(&mut counted);
    let mut bytes = vec![0; counted.len()];
    write(&mut Writer::new(&mut bytes));
    String::from_utf8(bytes).unwrap_or_default()
}

const fn write(text: &mut Writer<'_>, kind: TextKind, schema: &Schema) {
    match kind {
        TextKind::Format => json::fragment(text, schema),
        TextKind::TomlTemplate => toml::template(text, schema),
        TextKind::EnvTemplate => env::template(text, schema),
        TextKind::DocsTable => markdown::tables(text, schema),
        TextKind::JsonSchema => self::schema::document(text, schema),
    }
}

/// Whether any setting is advanced, or with `false` whether any is not; those of nested structs
/// aside.
const fn any_advanced(fields: &[FieldMeta], advanced: bool) -> bool {
    let mut index = 0;
    while index < fields.len() {
        if fields[index].nested.is_none() && fields[index].advanced == advanced {
            return true;
        }
        index += 1;
    }
    false
}

/// The comment on a field that is not set in a template.
const fn without_default(field: &FieldMeta) -> &'static str {
    if field.required { "# Required, there is no default:\n" } else { "# Not set by default:\n" }
}

/// Where the first paragraph of a doc comment ends.
const fn paragraph_end(doc: &str) -> usize {
    let bytes = doc.as_bytes();
    let mut index = 0;
    loop {
        index = plain_end(bytes, index, NONE);
        if index == bytes.len() {
            return index;
        }
        if bytes[index] == b'\n' && index + 1 < bytes.len() && bytes[index + 1] == b'\n' {
            return index;
        }
        index += 1;
    }
}
