//! The struct as plain data: what [`crate::parse`] fills in and [`crate::expand`] reads.

use proc_macro2::{Ident, Literal, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{
    Attribute, ExprPath, GenericArgument, GenericParam, Generics, Lit, LitStr, Path, PathArguments,
    Type, Visibility,
};

/// One annotated struct.
pub(crate) struct Input {
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
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

impl Variant {
    /// The name in files and variables.
    pub(crate) fn name(&self) -> LitStr {
        let named = || LitStr::new(&snake_case(&self.ident.unraw().to_string()), self.ident.span());
        self.rename.clone().or_else(|| self.by_case.clone()).unwrap_or_else(named)
    }
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

/// What the name of a type says about it; the compiler has the last word.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Shape {
    Integer,
    Float,
    Bool,
    Char,
    Duration,
    /// Owned text, whose default is a `&'static str`.
    Text,
    Unknown,
}

impl Input {
    /// The name of the constant for `suffix`; the struct's own with an empty one.
    pub(crate) fn const_ident(&self, suffix: &str, span: Span) -> Ident {
        let prefix = match (&self.const_prefix, self.consts) {
            (Some(prefix), _) => const_prefix(&prefix.value()),
            (None, Consts::Free) => const_prefix(&self.section.value()),
            (None, _) => String::new(),
        };
        match (prefix.as_str(), suffix) {
            ("", "") => Ident::new("SECTION", span),
            ("", suffix) => Ident::new(suffix, span),
            (prefix, "") => Ident::new(prefix, span),
            (prefix, suffix) => format_ident!("{prefix}_{suffix}", span = span),
        }
    }

    /// What the name of the constant with the key of `field` ends in: `BLOCK_SIZE`.
    pub(crate) fn key_ending(&self, field: &Field) -> String {
        match &self.key_suffix {
            Some(suffix) => format!("{}_{}", field.upper(), upper(&suffix.value())),
            None => field.upper(),
        }
    }

    /// How generated code names a text that is a constant for `suffix` where there are any.
    pub(crate) fn text_path(&self, suffix: &str, text: &LitStr, span: Span) -> TokenStream {
        match self.consts {
            Consts::None => quote!(#text),
            Consts::Assoc | Consts::Free => self.path(&self.const_ident(suffix, span), span),
        }
    }

    /// The name of the constant that holds the default of `field`.
    pub(crate) fn default_ident(&self, field: &Field, span: Span) -> Ident {
        match self.consts {
            // In nobody's way: of no name that a default is made of, nor of another field's.
            Consts::None => format_ident!("__DS_AIO_DEFAULT_{}", field.index, span = span),
            Consts::Assoc | Consts::Free => {
                self.const_ident(&format!("{}_DEFAULT", field.upper()), span)
            }
        }
    }

    /// How generated code names the default of `field`.
    pub(crate) fn default_path(&self, field: &Field, span: Span) -> TokenStream {
        self.path(&self.default_ident(field, span), span)
    }

    fn path(&self, ident: &Ident, span: Span) -> TokenStream {
        match self.has_own_consts() {
            true => quote_spanned!(span=> Self::#ident),
            false => quote_spanned!(span=> #ident),
        }
    }

    /// Whether constants are the struct's own, and no items beside it. Those of a generic struct
    /// may depend on its parameters.
    fn has_own_consts(&self) -> bool {
        self.consts == Consts::Assoc || self.is_generic()
    }

    pub(crate) fn is_generic(&self) -> bool {
        !self.generics.params.is_empty()
    }

    /// `impl … for` the struct, or without a trait the struct's own; `more` goes to the bounds.
    pub(crate) fn implement(
        &self,
        implemented: Option<TokenStream>,
        more: Option<TokenStream>,
    ) -> TokenStream {
        let ident = &self.ident;
        let implemented = implemented.map(|implemented| quote!(#implemented for));
        self.implement_for(quote!(#implemented #ident), more)
    }

    /// The same for another type that has the struct's parameters.
    pub(crate) fn implement_for(
        &self,
        target: TokenStream,
        more: Option<TokenStream>,
    ) -> TokenStream {
        let (parameters, arguments, _) = self.generics.split_for_impl();
        let bounds = self.bounds(more);
        quote!(impl #parameters #target #arguments #bounds)
    }

    /// The type of the struct with its parameters.
    pub(crate) fn self_type(&self) -> TokenStream {
        let (_, arguments, _) = self.generics.split_for_impl();
        let ident = &self.ident;
        quote!(#ident #arguments)
    }

    /// The struct's own bounds, those that its fields need of its parameters, and `more`.
    pub(crate) fn bounds(&self, more: Option<TokenStream>) -> Option<TokenStream> {
        let own = self.generics.where_clause.iter().flat_map(|clause| &clause.predicates);
        let mut bounds: Vec<TokenStream> = own.map(|bound| quote!(#bound)).collect();
        bounds.extend(self.fields.iter().filter_map(|field| self.field_bound(field)));
        bounds.extend(self.skipped.iter().filter_map(|field| self.skipped_bound(field)));
        bounds.extend(more);
        (!bounds.is_empty()).then(|| quote!(where #(#bounds),*))
    }

    fn field_bound(&self, field: &Field) -> Option<TokenStream> {
        let (ty, span) = (field.value_type(), field.type_span());
        if !self.mentions_parameter(quote!(#ty)) {
            return None;
        }
        let krate = self.krate_at(span);
        let is_shown = quote_spanned! {span=>
            ::core::fmt::Display + ::core::clone::Clone + ::core::marker::Send
                + ::core::marker::Sync + 'static
        };
        Some(match (&field.nested, &field.parse) {
            (Some(_), _) => quote_spanned! {span=>
                #ty: #krate::ConfigSchema
                    + ::core::marker::Send + ::core::marker::Sync + 'static
            },
            (None, Some(ParseBy::FromStr)) => quote_spanned! {span=>
                #ty: ::core::str::FromStr<Err: ::core::fmt::Display> + #is_shown
            },
            (None, Some(ParseBy::Path(_))) => quote_spanned!(span=> #ty: #is_shown),
            (None, Some(ParseBy::Serde)) => quote_spanned! {span=>
                #krate::private::Structured<#ty>: #krate::private::Access<Value = #ty>,
                #ty: ::core::marker::Send + ::core::marker::Sync + 'static
            },
            (None, None) => quote_spanned! {span=>
                #ty: #krate::config::ConfigValue<Field = #krate::private::Field<#ty>>
            },
        })
    }

    fn skipped_bound(&self, field: &Field) -> Option<TokenStream> {
        let (ty, span) = (&field.ty, field.type_span());
        let default = field.default.is_none().then(|| quote!(::core::default::Default+));
        self.mentions_parameter(quote!(#ty)).then(|| {
            quote_spanned! {span=>
                #ty: #default ::core::clone::Clone
                    + ::core::marker::Send + ::core::marker::Sync + 'static
            }
        })
    }

    fn mentions_parameter(&self, tokens: TokenStream) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(ident) => {
                self.generics.params.iter().any(|parameter| match parameter {
                    GenericParam::Type(parameter) => parameter.ident == ident,
                    GenericParam::Const(parameter) => parameter.ident == ident,
                    GenericParam::Lifetime(_) => false,
                })
            }
            TokenTree::Group(group) => self.mentions_parameter(group.stream()),
            _ => false,
        })
    }

    /// The path of ds-aio as if written at `span`, so that an error in code made of it shows there.
    /// What the path resolves to stays as it was: it may be somebody's `$crate`.
    pub(crate) fn krate_at(&self, span: Span) -> TokenStream {
        if !self.krate_given {
            return quote_spanned!(span=> ::ds_aio);
        }
        let located = self.krate.clone().into_iter().map(|mut token| {
            token.set_span(token.span().located_at(span));
            token
        });
        located.collect()
    }

    /// The type of a text constant; a free one may leave out the lifetime, and so it should.
    pub(crate) fn text_type(&self, span: Span) -> TokenStream {
        match self.has_own_consts() {
            true => quote_spanned!(span=> &'static str),
            false => quote_spanned!(span=> &str),
        }
    }

    pub(crate) fn builder_ident(&self) -> Ident {
        format_ident!("{}Builder", self.ident)
    }

    /// The type of the builder with the struct's parameters.
    pub(crate) fn builder_type(&self) -> TokenStream {
        let (_, arguments, _) = self.generics.split_for_impl();
        let builder = self.builder_ident();
        quote!(#builder #arguments)
    }

    /// A builder with these values, by the name that it has there: its own or `Self`.
    pub(crate) fn new_builder(&self, builder: TokenStream, values: TokenStream) -> TokenStream {
        let of = self.is_generic().then(|| quote!(, ::core::marker::PhantomData));
        quote!(#builder(#values #of))
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

    /// The name without `r#`.
    pub(crate) fn name(&self) -> String {
        self.ident.unraw().to_string()
    }

    pub(crate) fn key(&self) -> LitStr {
        let by_case = self.by_case.as_ref().filter(|_| self.rename.is_none());
        by_case.cloned().unwrap_or_else(|| self.key_before_case())
    }

    /// The key, but for `rename_all`: what the names of variables and settings are made of.
    pub(crate) fn key_before_case(&self) -> LitStr {
        let named = || LitStr::new(&self.name(), self.ident.span());
        self.rename.clone().unwrap_or_else(named)
    }

    /// Where a mistake about the type shows. Names in code at this span resolve as in the rest of the
    /// generated code, also where a `macro_rules` macro wrote the type and not the derive.
    pub(crate) fn type_span(&self) -> Span {
        self.ty.span().resolved_at(Span::call_site())
    }

    /// The name in constants: `BLOCK_SIZE`.
    pub(crate) fn upper(&self) -> String {
        upper(&self.name())
    }

    pub(crate) fn env_name(&self, input: &Input) -> Option<LitStr> {
        match (&self.env, &input.env_prefix) {
            (Env::Named(name), _) => Some(name.clone()),
            (Env::Prefixed, Some(prefix)) => {
                let key = self.env_key()?;
                let name = format!("{}_{}", prefix.value(), key.value());
                Some(LitStr::new(&name, key.span()))
            }
            _ => None,
        }
    }

    /// What stands behind a prefix in the name of the variable.
    pub(crate) fn env_key(&self) -> Option<LitStr> {
        let is_prefixed = matches!(self.env, Env::Prefixed) && self.nested.is_none();
        let key = self.key_before_case();
        is_prefixed.then(|| LitStr::new(&upper(&key.value()), key.span()))
    }

    /// The doc comment as text.
    pub(crate) fn doc_text(&self) -> String {
        let lines = self.docs.iter().filter_map(|attribute| {
            let syn::Meta::NameValue(doc) = &attribute.meta else {
                return None;
            };
            let syn::Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. }) = &doc.value else {
                return None;
            };
            Some(text.value().trim().to_owned())
        });
        lines.collect::<Vec<_>>().join("\n").trim().to_owned()
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

    /// The type inside of an `Option`, if the field is one.
    pub(crate) fn inside_option(&self) -> Option<&Type> {
        inside(&self.ty, "Option")
    }

    /// The type of the items, if the field is a list.
    pub(crate) fn inside_list(&self) -> Option<&Type> {
        inside(&self.ty, "Vec")
    }

    /// Whether the values are never shown.
    pub(crate) fn is_secret(&self) -> bool {
        inside(self.value_type(), "Secret").is_some()
    }

    /// The type of the values that rules are about.
    pub(crate) fn value_type(&self) -> &Type {
        self.inside_option().or_else(|| self.inside_list()).unwrap_or(&self.ty)
    }

    /// The type of the default constant.
    pub(crate) fn const_type(&self, input: &Input) -> TokenStream {
        let (ty, span) = (&self.ty, self.type_span());
        if let Some(item) = self.inside_list() {
            let text = input.text_type(span);
            let item = if self.shape() == Shape::Text { text } else { quote!(#item) };
            return match input.has_own_consts() {
                true => quote_spanned!(span=> &'static [#item]),
                false => quote_spanned!(span=> &[#item]),
            };
        }
        match self.shape() {
            Shape::Text => {
                let text = input.text_type(span);
                match self.inside_option() {
                    Some(_) => quote_spanned!(span=> ::core::option::Option<#text>),
                    None => text,
                }
            }
            _ => quote_spanned!(span=> #ty),
        }
    }

    /// What the name of the type says, of an `Option` or a list the name inside.
    pub(crate) fn shape(&self) -> Shape {
        if self.parse.is_some() {
            return Shape::Text;
        }
        let Type::Path(path) = ungrouped(self.value_type()) else {
            return Shape::Unknown;
        };
        let Some(last) = path.path.segments.last() else {
            return Shape::Unknown;
        };
        match last.ident.to_string().as_str() {
            "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => Shape::Integer,
            "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => Shape::Integer,
            "f32" | "f64" => Shape::Float,
            "bool" => Shape::Bool,
            "char" => Shape::Char,
            "Duration" => Shape::Duration,
            "String" | "PathBuf" => Shape::Text,
            _ => Shape::Unknown,
        }
    }
}

/// The type inside of `Outer<…>`.
fn inside<'a>(ty: &'a Type, outer: &str) -> Option<&'a Type> {
    let Type::Path(path) = ungrouped(ty) else {
        return None;
    };
    let last = path.path.segments.last().filter(|last| last.ident == outer)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first() {
        Some(GenericArgument::Type(inside)) if arguments.args.len() == 1 => Some(inside),
        _ => None,
    }
}

/// A `$t:ty` of a macro arrives in a group.
fn ungrouped(mut ty: &Type) -> &Type {
    while let Type::Group(group) = ty {
        ty = &group.elem;
    }
    ty
}

/// `block-size` as it stands in the names of constants and variables: `BLOCK_SIZE`.
pub(crate) fn upper(name: &str) -> String {
    name.chars()
        .flat_map(char::to_uppercase)
        .map(|c| if c.is_alphanumeric() { c } else { '_' })
        .collect()
}

/// `IoUring` as a name in a file: `io_uring`. A run of capitals is one word: `HTTPProxy` is
/// `http_proxy`.
pub(crate) fn snake_case(camel: &str) -> String {
    let mut snake = String::new();
    let mut before = None;
    let mut rest = camel.chars().peekable();
    while let Some(c) = rest.next() {
        let ends_a_word =
            before.is_some_and(|before: char| before.is_lowercase() || before.is_numeric());
        let starts_a_word = rest.peek().is_some_and(|next| next.is_lowercase());
        let follows_one = before.is_some_and(|before| before != '_');
        if c.is_uppercase() && follows_one && (ends_a_word || starts_a_word) {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
        before = Some(c);
    }
    snake
}

/// Always the start of an identifier, even of a section that is refused later.
fn const_prefix(text: &str) -> String {
    let upper: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
        .collect();
    if upper.starts_with(|c: char| c.is_ascii_digit()) { format!("_{upper}") } else { upper }
}
