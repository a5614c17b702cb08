//! The settings of a struct and of those nested in it, in one list, under their full names.

use super::nested::{Name, Variables};
use super::{AioConfig, ConfigSchema, FieldMeta, FixedKey, Schema};

/// What can be set, and where it stands.
#[derive(Debug)]
pub(crate) struct Outline {
    /// The section itself, then the tables within it.
    tables: Vec<Table>,
    /// In the order of declaration, those of a nested struct in its field's place.
    pub(crate) settings: Vec<Setting>,
}

/// A section, or a table within it.
#[derive(Debug)]
pub(crate) struct Table {
    /// `swap`, or `swap.io`.
    pub(crate) path: String,
    /// What its keys have in front of them: nothing, or `io.`.
    pub(crate) lead: String,
    pub(crate) env_prefix: Option<String>,
    pub(crate) fields: &'static [FieldMeta],
    pub(crate) fixed: &'static [FixedKey],
    /// Whether its settings are those of an engine.
    pub(crate) engine: bool,
    /// What each field is.
    members: Vec<Member>,
}

/// What a field of a table is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Member {
    /// The setting of that number.
    Setting(usize),
    /// The table of that number.
    Table(usize),
}

/// One setting.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) field: &'static FieldMeta,
    /// The table it is in.
    pub(crate) table: usize,
    /// The key with those of the tables around it: `io.block_size`.
    pub(crate) path: String,
    pub(crate) variable: Option<String>,
    /// The number of the field in its table, behind those of the fields around it.
    pub(crate) route: Vec<usize>,
}

/// The number of the section among the tables.
pub(crate) const SECTION: usize = 0;

impl Outline {
    pub(crate) fn of<T: ConfigSchema>() -> Self {
        let schema = Schema::of::<T>();
        let mut outline = Self { tables: Vec::new(), settings: Vec::new() };
        let path = schema.section.to_owned();
        outline.add(&schema, path, String::new(), &Variables::of(&schema), &[]);
        outline
    }

    fn add(
        &mut self,
        schema: &Schema,
        path: String,
        lead: String,
        variables: &Variables<'_>,
        route: &[usize],
    ) -> usize {
        let number = self.tables.len();
        self.tables.push(Table {
            path: path.clone(),
            lead: lead.clone(),
            env_prefix: variables.prefix.as_ref().map(Name::to_string),
            fields: schema.fields,
            fixed: schema.fixed,
            engine: schema.engine || path == AioConfig::SECTION,
            members: Vec::new(),
        });
        for (index, field) in schema.fields.iter().enumerate() {
            let route = [route, &[index]].concat();
            let member = match &field.nested {
                Some(nested) => {
                    let path = format!("{path}.{}", field.key);
                    let lead = format!("{lead}{}.", field.key);
                    let variables = variables.nested(nested);
                    Member::Table(self.add(&nested.schema, path, lead, &variables, &route))
                }
                None => {
                    self.settings.push(Setting {
                        field,
                        table: number,
                        path: format!("{lead}{}", field.key),
                        variable: variables.of_field(field).as_ref().map(Name::to_string),
                        route,
                    });
                    Member::Setting(self.settings.len() - 1)
                }
            };
            self.tables[number].members.push(member);
        }
        number
    }

    pub(crate) fn table(&self, number: usize) -> &Table {
        &self.tables[number]
    }

    /// Whether a value may be one that is never shown.
    pub(crate) fn has_secrets(&self) -> bool {
        self.settings.iter().any(|setting| setting.field.secret)
    }

    pub(crate) fn tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter()
    }

    /// The table in which `path` is a key, and that key: of `io.block_size` the one behind `io`.
    /// What cannot be followed is a key of the last table found.
    pub(crate) fn locate<'a>(&self, path: &'a str) -> (usize, &'a str) {
        let mut number = SECTION;
        let mut rest = path;
        while self.table(number).member(rest).is_none() {
            let inner = rest.match_indices('.').find_map(|(dot, _)| {
                match self.table(number).member(&rest[..dot])? {
                    Member::Table(inner) => Some((inner, &rest[dot + 1..])),
                    Member::Setting(_) => None,
                }
            });
            let Some(inner) = inner else { break };
            (number, rest) = inner;
        }
        (number, rest)
    }

    /// The table within the section that `path` means.
    pub(crate) fn table_at(&self, path: &str) -> Option<&Table> {
        let (table, key) = self.locate(path);
        match self.table(table).member(key)? {
            Member::Table(number) => Some(self.table(number)),
            Member::Setting(_) => None,
        }
    }

    /// The number of the setting that `path` means.
    pub(crate) fn setting_at(&self, path: &str) -> Option<usize> {
        let (table, key) = self.locate(path);
        match self.table(table).member(key)? {
            Member::Setting(number) => Some(number),
            Member::Table(_) => None,
        }
    }
}

impl Table {
    /// Every field, and what it is.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&'static FieldMeta, Member)> {
        self.fields.iter().zip(self.members.iter().copied())
    }

    /// What messages call it.
    pub(crate) fn kind(&self) -> &'static str {
        if self.lead.is_empty() { "section" } else { "table" }
    }

    /// The key of a table within the section, with those around it.
    pub(crate) fn key(&self) -> &str {
        self.lead.strip_suffix('.').unwrap_or(&self.path)
    }

    /// The index of the field that `key` means, by its name, an alias or an old key.
    pub(crate) fn index_of(&self, key: &str) -> Option<usize> {
        self.fields.iter().position(|field| {
            field.key == key || field.aliases.contains(&key) || field.deprecated_key(key).is_some()
        })
    }

    /// What `key` means in this table.
    pub(crate) fn member(&self, key: &str) -> Option<Member> {
        self.members.get(self.index_of(key)?).copied()
    }
}

impl Setting {
    /// The variable that sets it, and what is behind `prefix` in its name.
    pub(crate) fn variable_behind<'a>(&'a self, prefix: &str) -> Option<(&'a str, &'a str)> {
        let variable = self.variable.as_deref()?;
        let rest = variable.strip_prefix(prefix)?.strip_prefix('_')?;
        Some((variable, rest))
    }
}
