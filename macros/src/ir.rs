//! The struct as plain data: what [`crate::parse`] fills in and [`crate::expand`] reads.

use proc_macro2::{Ident, Literal, Span, TokenStream, TokenTree};
use syn::{Attribute, ExprPath, Generics, Lit, LitStr, Path, Type, Visibility};

use crate::types::Shape;

/// One annotated struct.
pub(crate) struct Input {
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) is_deprecated: bool,
    /// The path of ds-aio.
    pub(crate) krate: TokenStream,
    /// Whether the struct names that path itself.
    pub(crate) krate_given: bool,
    pub(crate) section: LitStr,
    pub(crate) env_prefix: Option<LitStr>,
    pub(crate) const_prefix: Option<LitStr>,
    pub(crate) key_suffix: Option<LitStr>,
    pub(crate) consts: Consts,
    pub(crate) engine: bool,
    /// Where `serialize` stands.
    pub(crate) serialize: Option<Span>,
    pub(crate) fixed: Vec<Fixed>,
    /// What is asked of the struct as a whole.
    pub(crate) check: Option<ExprPath>,
    /// The settings.
    pub(crate) fields: Vec<Field>,
    /// The fields that are none.
    pub(crate) skipped: Vec<Field>,
}

/// Where constants are generated.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Consts {
    Assoc,
    Free,
    None,
}

/// A text that is a constant of every struct.
pub(crate) struct Text {
    /// What the name of its constant ends in.
    pub(crate) suffix: &'static str,
    /// Its type in ds-aio.
    pub(crate) kind: &'static str,
    /// What messages call it.
    pub(crate) what: &'static str,
    pub(crate) doc: &'static str,
}

pub(crate) const TEXTS: [Text; 5] = [
    Text {
        suffix: "FORMAT",
        kind: "Format",
        what: "the section's text",
        doc: "The section in JSON with every default.",
    },
    Text {
        suffix: "TOML_TEMPLATE",
        kind: "TomlTemplate",
        what: "the section's TOML template",
        doc: "The section as a TOML file, to copy and edit.",
    },
    Text {
        suffix: "ENV_TEMPLATE",
        kind: "EnvTemplate",
        what: "the template of the section's variables",
        doc: "The variables as a file, to copy and edit.",
    },
    Text {
        suffix: "DOCS_TABLE",
        kind: "DocsTable",
        what: "the table of the section's settings",
        doc: "The settings as Markdown tables.",
    },
    Text {
        suffix: "JSON_SCHEMA",
        kind: "JsonSchema",
        what: "the section's JSON Schema",
        doc: "The JSON Schema of a file with the section.",
    },
];

/// `fixed(key = value)`.
pub(crate) struct Fixed {
    pub(crate) key: Ident,
    pub(crate) value: Lit,
}

/// One field.
pub(crate) struct Field {
    /// Its place among the settings, or among those that are none.
    pub(crate) index: usize,
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    pub(crate) docs: Vec<Attribute>,
    pub(crate) rename: Option<LitStr>,
    /// What `#[serde(rename_all = "…")]` makes of the name.
    pub(crate) by_case: Option<LitStr>,
    pub(crate) aliases: Vec<LitStr>,
    pub(crate) deprecated: Vec<Deprecated>,
    pub(crate) env: Env,
    pub(crate) default: Option<TokenStream>,
    /// Whether the default is the `None` of an `Option` that says nothing else.
    pub(crate) default_implied: bool,
    pub(crate) required: Option<Span>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) bytes: Option<Span>,
    pub(crate) sep: Option<LitStr>,
    pub(crate) parse: Option<ParseBy>,
    pub(crate) advanced: bool,
    pub(crate) auto: Option<Span>,
    pub(crate) check: Option<ExprPath>,
    /// Whether it is no setting.
    pub(crate) skip: bool,
    pub(crate) nested: Option<Nested>,
}

/// `nested`, or `nested(env_prefix = "…")`.
pub(crate) struct Nested {
    pub(crate) env_prefix: Option<LitStr>,
}

/// What reads the texts of a field, whose type the derive need not know.
pub(crate) enum ParseBy {
    FromStr,
    /// The crate `serde`, which knows values of every shape.
    Serde,
    /// A function.
    Path(Path),
}

/// `deprecated(alias = "…", note = "…")`.
pub(crate) struct Deprecated {
    pub(crate) alias: LitStr,
    pub(crate) note: LitStr,
}

/// The variable of a field.
pub(crate) enum Env {
    /// From the prefix, if the struct has one.
    Prefixed,
    Named(LitStr),
    Skip,
}

/// One annotated enum.
pub(crate) struct Choice {
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    /// The path of ds-aio.
    pub(crate) krate: TokenStream,
    pub(crate) variants: Vec<Variant>,
}

/// One variant of such an enum.
pub(crate) struct Variant {
    pub(crate) ident: Ident,
    pub(crate) rename: Option<LitStr>,
    /// What `#[serde(rename_all = "…")]` makes of the name.
    pub(crate) by_case: Option<LitStr>,
    pub(crate) aliases: Vec<LitStr>,
}

/// What a field admits.
pub(crate) struct Rule {
    pub(crate) span: Span,
    pub(crate) kind: RuleKind,
}

pub(crate) enum RuleKind {
    Range { min: Option<TokenStream>, max: Option<TokenStream>, max_excluded: bool },
    MultipleOf(TokenStream),
    PowerOfTwo,
    OneOf(Vec<TokenStream>),
}

impl Input {
    pub(crate) fn is_generic(&self) -> bool {
        !self.generics.params.is_empty()
    }

    /// Whether `Default` can be generated.
    pub(crate) fn has_default(&self) -> bool {
        self.fields.iter().all(|field| field.required.is_none() || field.default.is_some())
    }

    /// Whether the whole default can be a constant.
    pub(crate) fn has_const_default(&self) -> bool {
        self.has_default()
            && self.skipped.is_empty()
            && self.fields.iter().all(Field::has_const_value)
    }
}

impl Field {
    /// Its place among the fields, as code.
    pub(crate) fn number(&self) -> Literal {
        Literal::usize_unsuffixed(self.index)
    }

    /// The doc comment as text, each line without the blank that stands before all of them.
    pub(crate) fn doc_text(&self) -> String {
        let mut text = String::new();
        for attribute in &self.docs {
            if let syn::Meta::NameValue(doc) = &attribute.meta
                && let syn::Expr::Lit(syn::ExprLit { lit: Lit::Str(doc), .. }) = &doc.value
            {
                add_doc(&mut text, &doc.value());
            }
        }
        text.trim().to_owned()
    }

    /// Whether the default is `[]`.
    pub(crate) fn defaults_to_empty_list(&self) -> bool {
        let Some(TokenTree::Group(items)) = self.default.clone().into_iter().flatten().last()
        else {
            return false;
        };
        self.inside_list().is_some() && items.stream().is_empty()
    }

    /// Whether the field's own value at its default can be a constant.
    fn has_const_value(&self) -> bool {
        let owns =
            self.nested.is_some() || self.shape() == Shape::Text || self.inside_list().is_some();
        !owns || self.default_implied
    }
}

/// Adds one attribute's doc: a line, or all those of a `/** … */` without the stars or blanks before them.
fn add_doc(text: &mut String, doc: &str) {
    let rest = || doc.split('\n').skip(1).filter(|line| !line.trim().is_empty());
    let has_stars = rest().all(|line| line.trim_start().starts_with('*'));
    let blanks = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let indent = rest().map(blanks).min().unwrap_or(0);
    for (index, line) in doc.split('\n').enumerate() {
        let line = match line.trim_start().strip_prefix('*') {
            Some(starred) if has_stars && index > 0 => without_blank(starred),
            _ if index > 0 => line.get(indent..).unwrap_or_default(),
            _ => without_blank(line),
        };
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

fn without_blank(line: &str) -> &str {
    line.strip_prefix(' ').unwrap_or(line)
}
