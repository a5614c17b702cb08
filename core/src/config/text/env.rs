//! The variables as a file to copy: for `set -a; . file` in a shell, and, where no value needs
//! quotes, for what takes a list of `NAME=value` lines as it is.

use super::shared::Shared;
use super::without_default;
use super::words::{self, Place};
use super::writer::{Floats, Writer};
use crate::config::nested::{Name, Variables};
use crate::config::scalar::Scalar;
use crate::config::{FieldMeta, Schema};

pub(super) const fn template(text: &mut Writer<'_>, schema: &Schema) {
    let mut template = Template { schema, place: 0 };
    template.settings(text, false);
    let mut advanced = Writer::new(&mut []);
    Template { ..template }.settings(&mut advanced, true);
    if advanced.len() > 0 {
        if text.len() > 0 {
            text.byte(b'\n');
        }
        text.str("# Advanced settings.\n");
        template.settings(text, true);
    }
}

/// A template in progress.
struct Template<'a> {
    schema: &'a Schema,
    /// How many settings with variables there were.
    place: usize,
}

impl Template<'_> {
    const fn settings(&mut self, text: &mut Writer<'_>, advanced: bool) {
        self.table(text, self.schema.fields, &Variables::of(self.schema), advanced);
    }

    /// The settings of one table whose variables no setting before has, each set off from what comes before
    /// it.
    const fn table(
        &mut self,
        text: &mut Writer<'_>,
        fields: &[FieldMeta],
        variables: &Variables<'_>,
        advanced: bool,
    ) {
        let mut index = 0;
        while index < fields.len() {
            let field = &fields[index];
            index += 1;
            if let Some(nested) = &field.nested {
                self.table(text, nested.schema.fields, &variables.nested(nested), advanced);
            } else if field.advanced == advanced
                && let Some(variable) = variables.of_field(field)
            {
                let shared = Shared::of(self.schema, &variable, self.place);
                if shared.first == self.place {
                    if text.len() > 0 {
                        text.byte(b'\n');
                    }
                    setting(text, field, &variable, shared.differs);
                }
                self.place += 1;
            }
        }
    }
}

const fn setting(text: &mut Writer<'_>, field: &FieldMeta, variable: &Name<'_>, differs: bool) {
    text.comment(field.doc);
    text.str("# Allowed: ");
    words::allowed(text, field, Place::Plain);
    text.byte(b'\n');
    if differs {
        text.str("# Sets several settings, whose defaults differ:\n");
        return unset(text, variable);
    }
    let Some(default) = field.default else {
        text.str(without_default(field));
        return unset(text, variable);
    };
    if !is_shell_name(variable) {
        text.str("# No shell can set a variable of this name:\n");
        return unset(text, variable);
    }
    if !can_hold(field, default) {
        text.str(UNHELD);
        return unset(text, variable);
    }
    text.name_on_one_line(variable);
    text.byte(b'=');
    assigned(text, default, separator(field));
}

/// The value behind its variable, in quotes if it takes them.
pub(super) const fn assigned(text: &mut Writer<'_>, value: Scalar<'_>, separator: &str) {
    let quoted = !is_plain_value(value, separator);
    if quoted {
        text.byte(b'\'');
    }
    self::value(text, value, separator);
    if quoted {
        text.byte(b'\'');
    }
    text.byte(b'\n');
}

/// The comment on a variable that cannot have the default as its value.
pub(super) const UNHELD: &str = "# No variable can hold the default:\n";

/// The variable in a comment, for somebody to fill in.
const fn unset(text: &mut Writer<'_>, variable: &Name<'_>) {
    text.str("# ");
    text.name_on_one_line(variable);
    text.str("=\n");
}

const fn is_shell_name(name: &Name<'_>) -> bool {
    match name.before {
        Some((before, _)) => is_shell_name(before) && is_word(name.last.as_bytes()),
        None => is_word_of_its_own(name.last.as_bytes()),
    }
}

pub(super) const fn is_word_of_its_own(name: &[u8]) -> bool {
    !matches!(name, [] | [b'0'..=b'9', ..]) && is_word(name)
}

const fn is_word(name: &[u8]) -> bool {
    let mut index = 0;
    while index < name.len() {
        if !matches!(name[index], b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_') {
            return false;
        }
        index += 1;
    }
    true
}

/// What stands between the items of a list.
const fn separator(field: &FieldMeta) -> &'static str {
    match field.separator {
        Some(separator) => separator,
        None => "",
    }
}

/// Whether the value of a variable can be this one: it has no NUL, and the items of a list are found
/// again, since none is empty, has blanks around it or anything of what stands between them.
const fn can_hold(field: &FieldMeta, value: Scalar<'_>) -> bool {
    match value {
        Scalar::Text(text) => !shares_a_byte(text.as_bytes(), b"\0"),
        Scalar::Char(character) => character != '\0',
        Scalar::List(items) => {
            let separator = separator(field).as_bytes();
            let mut index = 0;
            while let Some(item) = items.get(index) {
                let character = &mut [0; 4];
                let item = match item {
                    Scalar::Text(text) => text.as_bytes(),
                    Scalar::Char(item) => item.encode_utf8(character).as_bytes(),
                    // All that numbers, durations and truth values are written with.
                    _ => b"-+.0123456789abcdefghijklmnopqrstuvwxyz",
                };
                let is_whole = !(item.is_empty() || begins_blank(item) || ends_blank(item));
                if !is_whole || shares_a_byte(item, b"\0") || shares_a_byte(item, separator) {
                    return false;
                }
                index += 1;
            }
            index < 2 || !shares_a_byte(separator, b"\0")
        }
        _ => true,
    }
}

const fn shares_a_byte(bytes: &[u8], others: &[u8]) -> bool {
    let mut index = 0;
    while index < bytes.len() * others.len() {
        if bytes[index / others.len()] == others[index % others.len()] {
            return true;
        }
        index += 1;
    }
    false
}

/// Whether the first character is one that the loader trims.
const fn begins_blank(text: &[u8]) -> bool {
    matches!(
        text,
        [b'\t'..=b'\r' | b' ', ..]
            | [0xc2, 0x85 | 0xa0, ..]
            | [0xe1, 0x9a, 0x80, ..]
            | [0xe2, 0x80, 0x80..=0x8a | 0xa8 | 0xa9 | 0xaf, ..]
            | [0xe2, 0x81, 0x9f, ..]
            | [0xe3, 0x80, 0x80, ..]
    )
}

const fn ends_blank(text: &[u8]) -> bool {
    let mut start = text.len();
    while start > 0 {
        start -= 1;
        // Not within a character.
        if text[start] & 0xc0 != 0x80 {
            break;
        }
    }
    let (_, last) = text.split_at(start);
    begins_blank(last)
}

/// Whether the value means itself to a shell, without quotes.
const fn is_plain_value(value: Scalar<'_>, separator: &str) -> bool {
    match value {
        Scalar::Text(text) => is_plain(text),
        Scalar::Char(character) => is_plain(character.encode_utf8(&mut [0; 4])),
        Scalar::List(items) => {
            let mut index = 0;
            while let Some(item) = items.get(index) {
                if !is_plain_value(item, separator) {
                    return false;
                }
                index += 1;
            }
            is_plain(separator)
        }
        _ => true,
    }
}

/// The value, within single quotes or not in need of them.
const fn value(text: &mut Writer<'_>, value: Scalar<'_>, separator: &str) {
    match value {
        Scalar::Text(content) => within_single_quotes(text, content),
        Scalar::Char(character) => {
            within_single_quotes(text, character.encode_utf8(&mut [0; 4]));
        }
        Scalar::List(items) => {
            let mut index = 0;
            while let Some(item) = items.get(index) {
                if index > 0 {
                    within_single_quotes(text, separator);
                }
                self::value(text, item, separator);
                index += 1;
            }
        }
        other => text.bare(other, Floats::Typed),
    }
}

/// Whether the text means itself to a shell, without quotes.
const fn is_plain(text: &str) -> bool {
    let text = text.as_bytes();
    let mut index = 0;
    while index < text.len() {
        let byte = text[index];
        let is_sign = matches!(byte, b'_' | b'-' | b'.' | b'/' | b':' | b',' | b'+' | b'@' | b'%');
        if !(byte.is_ascii_alphanumeric() || is_sign) {
            return false;
        }
        index += 1;
    }
    true
}

const fn within_single_quotes(text: &mut Writer<'_>, value: &str) {
    let bytes = value.as_bytes();
    let mut index = 0;
    loop {
        index = text.plain(value, index, [b'\''; 2]);
        if index == bytes.len() {
            break;
        }
        match bytes[index] {
            // Nothing escapes within: the quotes end, and begin anew.
            b'\'' => text.str("'\\''"),
            control => text.byte(control),
        }
        index += 1;
    }
}
