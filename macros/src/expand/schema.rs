//! The table of fields, and the way from values to the struct and back.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::{each, local, located, option, parsed};
use crate::ir::{Consts, Field, Input, Rule, RuleKind};
use crate::types::Shape;

pub(crate) fn schema(input: &Input) -> TokenStream {
    let krate = &input.krate;
    let head = input.implement(Some(quote!(#krate::ConfigSchema)), None);
    let section = input.text_path("", &input.section, input.section.span());
    let env_prefix = option(input.env_prefix.as_ref());
    let metas = each(&input.fields, &mut |field| Some(meta(input, field)));
    let defaults = each(&input.fields, &mut |field| default_at(input, field));
    let choices = each(&input.fields, &mut |field| one_of_at(input, field));
    let fixed = fixed(input);
    let engine = input.engine.then(|| {
        quote!(
            const ENGINE: bool = true;
        )
    });
    let checks = generic_checks(input);
    let (from, to) = (from_values(input), to_values(input));
    let check = check_together(input);
    let values = local("values", Span::call_site());
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        #head {
            const SECTION: &'static str = #section;
            const ENV_PREFIX: ::core::option::Option<&'static str> = #env_prefix;
            const FIELDS: &'static [#krate::config::FieldMeta] = &[#metas];
            #fixed
            #engine
            fn from_values(mut #values: #krate::private::Values) -> ::core::option::Option<Self> {
                #checks
                ::core::option::Option::Some(Self { #from })
            }
            fn to_values(&self) -> #krate::private::Values {
                #krate::private::Values::of::<Self>() #to
            }
            #check
        }
        #defaults
        #choices
    }
}

fn from_values(input: &Input) -> TokenStream {
    let mut from = each(&input.fields, &mut |field| {
        let (name, index, span) = (&field.ident, field.number(), field.type_span());
        let values = local("values", span);
        Some(quote_spanned!(span=> #name: #values.take(#index)?,))
    });
    from.extend(each(&input.skipped, &mut |field| {
        let (name, ty, index, span) = (&field.ident, &field.ty, field.number(), field.type_span());
        let or_default = match &field.default {
            Some(default) => quote_spanned!(span=> unwrap_or_else(|| #default)),
            None => quote_spanned!(span=> unwrap_or_else(::core::default::Default::default)),
        };
        let values = local("values", span);
        Some(quote_spanned!(span=> #name: #values.take_skipped::<#ty>(#index).#or_default,))
    }));
    from
}

fn to_values(input: &Input) -> TokenStream {
    let with = |field: &Field, method: &str| {
        let (name, index, span) = (&field.ident, field.number(), field.type_span());
        let method = Ident::new(method, span);
        Some(quote_spanned!(span=> .#method(#index, &self.#name)))
    };
    let mut to = each(&input.fields, &mut |field| with(field, "with_copy"));
    to.extend(each(&input.skipped, &mut |field| with(field, "with_skipped")));
    to
}

/// What is asked of the whole: nested structs their own checks, then this one its own.
fn check_together(input: &Input) -> Option<TokenStream> {
    let (krate, together) = (&input.krate, local("together", Span::call_site()));
    let mut asked = each(&input.fields, &mut |field| {
        field.nested.as_ref()?;
        let (name, index, span) = (&field.ident, field.number(), field.type_span());
        let meta = quote!(<Self as #krate::ConfigSchema>::FIELDS[#index]);
        Some(quote_spanned!(span=> #together.nested(&#meta, &self.#name);))
    });
    if let Some(check) = &input.check {
        let span = check.span().resolved_at(Span::call_site());
        asked.extend(quote_spanned!(span=> #together.own(#check(self));));
    }
    (!asked.is_empty()).then(|| {
        quote! {
            fn check_together(&self, #together: &mut #krate::private::Together) {
                #asked
            }
        }
    })
}

/// The default of a field whose type the derive does not know by name. A method for each type, as
/// `default` is, cannot be added by other crates, whose enums these types are.
fn default_at(input: &Input, field: &Field) -> Option<TokenStream> {
    let known = field.shape() != Shape::Unknown || field.inside_list().is_some();
    if field.default.is_none() || field.default_implied || known {
        return None;
    }
    let (krate, index) = (&input.krate, field.number());
    let span = field.type_span();
    let (ty, default) = (field.value_type(), input.default_path(field, span));
    let default = match field.inside_option() {
        Some(_) => default,
        None => quote_spanned!(span=> ::core::option::Option::Some(#default)),
    };
    let of_default = quote_spanned!(span=> #krate::private::DefaultAt<#ty, #index>);
    let head = input.implement(Some(of_default), None);
    Some(quote_spanned! {span=>
        #[automatically_derived]
        #[allow(deprecated)]
        #head {
            const DEFAULT: ::core::option::Option<#ty> = #default;
        }
    })
}

/// The choices of such a field.
fn one_of_at(input: &Input, field: &Field) -> Option<TokenStream> {
    let choices = field.rules.iter().find_map(|rule| match &rule.kind {
        RuleKind::OneOf(choices) if field.shape() == Shape::Unknown => Some(choices),
        _ => None,
    })?;
    let (ty, index, span) = (field.value_type(), field.number(), field.type_span());
    let krate = input.krate_at(span);
    let of_choices = quote_spanned!(span=> #krate::private::OneOfAt<#ty, #index>);
    let head = input.implement(Some(of_choices), None);
    let constant = quote_spanned!(span=> <#ty as #krate::config::ConfigValue>::Constant);
    Some(quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        #head {
            const ONE_OF: &'static [#constant] = &[#(#choices),*];
        }
    })
}

fn meta(input: &Input, field: &Field) -> TokenStream {
    let mut meta = new_meta(input, field);
    let mut call = |method: &str, span: Span, arguments: TokenStream| {
        let method = Ident::new(method, span);
        meta.extend(quote_spanned!(span=> .#method(#arguments)));
    };
    let at = Span::call_site();
    let doc = field.doc_text();
    if !doc.is_empty() {
        call("doc", at, quote!(#doc));
    }
    if !field.aliases.is_empty() {
        let aliases = &field.aliases;
        call("aliases", at, quote!(&[#(#aliases),*]));
    }
    if !field.deprecated.is_empty() {
        let (krate, mut keys) = (input.krate_at(field.type_span()), TokenStream::new());
        for deprecated in &field.deprecated {
            let (key, note) = (&deprecated.alias, &deprecated.note);
            keys.extend(quote!(#krate::config::DeprecatedKey { key: #key, note: #note },));
        }
        call("deprecated", at, quote!(&[#keys]));
    }
    if let Some(sep) = &field.sep {
        call("separator", at, quote!(#sep));
    }
    if let Some(name) = field.env_name(input) {
        let ending = format!("{}_ENV", field.upper());
        call("env", at, input.text_path(&ending, &name, field.ident.span()));
    } else if let Some(key) = field.env_key() {
        // Another struct that this one is nested in may give it a prefix.
        call("env_key", at, quote!(#key));
    }
    if field.default.is_some() && !field.default_implied {
        meta.extend(meta_default(input, field));
    }
    for rule in &field.rules {
        meta.extend(rule_calls(field, rule));
    }
    let advanced = field.advanced.then_some(at);
    for (flag, span) in [("bytes", field.bytes), ("advanced", advanced), ("auto", field.auto)] {
        if let Some(span) = span.map(|span| span.resolved_at(at)) {
            let flag = Ident::new(flag, span);
            meta.extend(quote_spanned!(span=> .#flag()));
        }
    }
    if let Some(check) = &field.check {
        let (ty, span) = (&field.ty, check.span().resolved_at(at));
        let (krate, value) = (input.krate_at(span), local("value", span));
        meta.extend(quote_spanned! {span=>
            .check(|#value| #krate::private::check(#value, |#value: &#ty| #check(#value)))
        });
    }
    quote!(#meta.meta(),)
}

/// The beginning of the chain. All of it at the type: an unsupported one is then one message, not one
/// for each token.
fn new_meta(input: &Input, field: &Field) -> TokenStream {
    let ty = field.value_type();
    let span = ty.span();
    let krate = input.krate_at(span);
    let key = input.text_path(&input.key_ending(field), &field.key(), field.ident.span());
    let access = parsed::access(input, field);
    let is_custom = access.is_some();
    let kind = match (field.inside_option(), field.inside_list()) {
        _ if field.nested.is_some() => "nested",
        (Some(_), _) if is_custom => "custom_optional",
        (_, Some(_)) if is_custom => "custom_list",
        _ if is_custom => "custom",
        (Some(_), _) => "optional",
        (_, Some(_)) => "list",
        _ => "new",
    };
    let (kind, ty) = (Ident::new(kind, span), located(&quote!(#ty), span));
    let of = access.unwrap_or(ty);
    let prefix = field.nested.as_ref().map(|nested| {
        let prefix = option(nested.env_prefix.as_ref());
        quote!(, #prefix)
    });
    quote_spanned!(span=> #krate::config::FieldMeta::#kind::<#of>(#key #prefix))
}

fn meta_default(input: &Input, field: &Field) -> TokenStream {
    if field.shape() == Shape::Unknown {
        if field.defaults_to_empty_list() {
            return quote!(.default_names(&[]));
        }
        if field.inside_list().is_some() {
            return default_names(input, field);
        }
        let (index, span) = (field.number(), field.type_span());
        return quote_spanned!(span=> .default_at::<Self, #index>());
    }
    let name = input.default_path(field, field.ident.span());
    let method = match (field.inside_option(), field.inside_list()) {
        (Some(_), _) => "default_or_none",
        (_, Some(_)) => "default_list",
        _ => "default",
    };
    let method = Ident::new(method, Span::call_site());
    quote!(.#method(#name))
}

/// The default of a list of enums: their names, which a constant of its own collects.
fn default_names(input: &Input, field: &Field) -> TokenStream {
    let span = field.type_span();
    let (ident, default) = (&input.ident, input.default_ident(field, span));
    let default = match input.consts {
        // `Self` does not reach into a constant within one.
        Consts::Assoc | Consts::None => quote_spanned!(span=> #ident::#default),
        Consts::Free => quote_spanned!(span=> #default),
    };
    quote_spanned! {span=>
        .default_names({
            const NAMES: [&str; #default.len()] = {
                let mut names = [""; #default.len()];
                let mut index = 0;
                while index < names.len() {
                    names[index] = #default[index].name();
                    index += 1;
                }
                names
            };
            &NAMES
        })
    }
}

/// The calls that tell of a rule, at its place: one that the type does not have shows there.
fn rule_calls(field: &Field, rule: &Rule) -> TokenStream {
    let span = rule.span.resolved_at(Span::call_site());
    let call = |method: &str, argument: &TokenStream| {
        let method = Ident::new(method, span);
        quote_spanned!(span=> .#method(#argument))
    };
    match &rule.kind {
        RuleKind::Range { min, max, max_excluded } => {
            let mut calls = TokenStream::new();
            if let Some(min) = min {
                calls.extend(call("at_least", min));
            }
            if let Some(max) = max {
                calls.extend(call(if *max_excluded { "below" } else { "at_most" }, max));
            }
            calls
        }
        RuleKind::MultipleOf(unit) => call("multiple_of", unit),
        RuleKind::PowerOfTwo => call("power_of_two", &TokenStream::new()),
        RuleKind::OneOf(_) if field.shape() == Shape::Unknown => {
            let index = field.number();
            quote_spanned!(span=> .one_of_at::<Self, #index>())
        }
        RuleKind::OneOf(choices) => call("one_of", &quote!(&[#(#choices),*])),
    }
}

fn fixed(input: &Input) -> Option<TokenStream> {
    let (krate, mut keys) = (&input.krate, TokenStream::new());
    for fixed in &input.fixed {
        let (key, value) = (fixed.key.unraw().to_string(), &fixed.value);
        let function = match value {
            syn::Lit::Bool(_) => "fixed_bool",
            syn::Lit::Int(_) => "fixed_integer",
            _ => "fixed_text",
        };
        let function = Ident::new(function, Span::call_site());
        keys.extend(quote!(#krate::private::#function(#key, #value),));
    }
    (!keys.is_empty())
        .then(|| quote!(const FIXED: &'static [#krate::private::FixedKey] = &[#keys];))
}

/// Assertions about fields, each with the span of what may be wrong: the default, or else the rules.
pub(crate) fn checks(input: &Input) -> TokenStream {
    let mut checks = TokenStream::new();
    if input.is_generic() {
        return checks;
    }
    let of = |span| {
        let mut ident = input.ident.clone();
        ident.set_span(ident.span().located_at(span));
        quote!(#ident)
    };
    let quiet = input.quiet();
    for assertion in assertions(input, &of) {
        checks.extend(quote!(#quiet const _: () = #assertion;));
    }
    checks
}

/// The same in a generic struct, where they are known once its parameters are.
fn generic_checks(input: &Input) -> TokenStream {
    let mut checks = TokenStream::new();
    if input.is_generic() {
        for assertion in assertions(input, &|span| quote_spanned!(span=> Self)) {
            checks.extend(quote!(const { #assertion };));
        }
    }
    checks
}

fn assertions(input: &Input, of: &dyn Fn(Span) -> TokenStream) -> Vec<TokenStream> {
    let mut assertions = Vec::new();
    for field in &input.fields {
        let mut assert = |span: Span, function: &str| {
            let (of, krate, index) = (of(span), input.krate_at(span), field.number());
            let function = Ident::new(function, span);
            assertions.push(quote_spanned!(span=> #krate::private::#function::<#of, #index>()));
        };
        if let Some(rule) = field.rules.first() {
            let default = field.default.as_ref().filter(|_| !field.default_implied);
            assert(default.map_or(rule.span, Spanned::span), "assert_sound");
        }
        if let Some(auto) = field.auto {
            assert(auto.resolved_at(Span::call_site()), "assert_auto");
        }
    }
    assertions
}
