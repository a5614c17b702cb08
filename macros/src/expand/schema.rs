//! The table of fields, and the way from values to the struct and back.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::parsed;
use crate::ir::{Consts, Field, Input, RuleKind, Shape};

pub(crate) fn schema(input: &Input) -> TokenStream {
    let krate = &input.krate;
    let head = input.implement(Some(quote!(#krate::ConfigSchema)), None);
    let section = input.text_path("", &input.section, input.section.span());
    let env_prefix = match &input.env_prefix {
        Some(prefix) => quote!(::core::option::Option::Some(#prefix)),
        None => quote!(::core::option::Option::None),
    };
    let fields = input.fields.iter().map(|field| meta(input, field));
    let defaults = input.fields.iter().filter_map(|field| default_at(input, field));
    let fixed = fixed(input);
    let checks = generic_checks(input);
    let from = input.fields.iter().map(|field| {
        let index = field.number();
        let (name, span) = (&field.ident, field.type_span());
        quote_spanned!(span=> #name: values.take(#index)?)
    });
    let to = input.fields.iter().map(|field| {
        let index = field.number();
        let (name, span) = (&field.ident, field.type_span());
        quote_spanned!(span=> .with_copy(#index, &self.#name))
    });
    let from = from.chain(input.skipped.iter().enumerate().map(|(index, field)| {
        let index = Literal::usize_unsuffixed(index);
        let (name, ty, span) = (&field.ident, &field.ty, field.type_span());
        let or_default = match &field.default {
            Some(default) => quote_spanned!(span=> unwrap_or_else(|| #default)),
            None => quote_spanned!(span=> unwrap_or_else(::core::default::Default::default)),
        };
        quote_spanned!(span=> #name: values.take_skipped::<#ty>(#index).#or_default)
    }));
    let to = to.chain(input.skipped.iter().enumerate().map(|(index, field)| {
        let index = Literal::usize_unsuffixed(index);
        let (name, span) = (&field.ident, field.type_span());
        quote_spanned!(span=> .with_skipped(#index, &self.#name))
    }));
    let check = check_together(input);
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        #head {
            const SECTION: &'static str = #section;
            const ENV_PREFIX: ::core::option::Option<&'static str> = #env_prefix;
            const FIELDS: &'static [#krate::config::FieldMeta] = &[#(#fields),*];
            #fixed
            fn from_values(mut values: #krate::private::Values) -> ::core::option::Option<Self> {
                #checks
                ::core::option::Option::Some(Self { #(#from),* })
            }
            fn to_values(&self) -> #krate::private::Values {
                #krate::private::Values::of::<Self>() #(#to)*
            }
            #check
        }
        #(#defaults)*
    }
}

/// What is asked of the whole: nested structs their own checks, then this one its own.
fn check_together(input: &Input) -> Option<TokenStream> {
    let krate = &input.krate;
    let nested = input.fields.iter().filter(|field| field.nested.is_some()).map(|field| {
        let (name, index, span) = (&field.ident, field.number(), field.type_span());
        let meta = quote!(<Self as #krate::ConfigSchema>::FIELDS[#index]);
        quote_spanned!(span=> together.nested(&#meta, &self.#name);)
    });
    let nested: Vec<_> = nested.collect();
    let own = input.check.as_ref().map(|check| {
        let span = check.span().resolved_at(Span::call_site());
        quote_spanned!(span=> together.own(#check(self));)
    });
    (own.is_some() || !nested.is_empty()).then(|| {
        quote! {
            fn check_together(&self, together: &mut #krate::private::Together) {
                #(#nested)*
                #own
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

fn meta(input: &Input, field: &Field) -> TokenStream {
    let ty = field.value_type();
    let span = ty.span();
    let krate = input.krate_at(span);
    let upper = field.upper();
    let doc = Some(field.doc_text()).filter(|text| !text.is_empty());
    let doc = doc.map(|text| quote!(.doc(#text)));
    let key = input.text_path(&input.key_ending(field), &field.key(), field.ident.span());
    let aliases = (!field.aliases.is_empty()).then(|| {
        let aliases = &field.aliases;
        quote!(.aliases(&[#(#aliases),*]))
    });
    let deprecated = (!field.deprecated.is_empty()).then(|| {
        let keys = field.deprecated.iter().map(|deprecated| {
            let (key, note) = (&deprecated.alias, &deprecated.note);
            quote!(#krate::config::DeprecatedKey { key: #key, note: #note })
        });
        quote!(.deprecated(&[#(#keys),*]))
    });
    let env = field.env_name(input).map(|name| {
        let name = input.text_path(&format!("{upper}_ENV"), &name, field.ident.span());
        quote!(.env(#name))
    });
    // Another struct that this one is nested in may give it a prefix.
    let env_key = field.env_key().filter(|_| env.is_none()).map(|key| quote!(.env_key(#key)));
    let given = field.default.as_ref().filter(|_| !field.default_implied);
    let default = given.map(|_| match field.shape() {
        Shape::Unknown if field.defaults_to_empty_list() => quote!(.default_names(&[])),
        Shape::Unknown if field.inside_list().is_some() => default_names(input, field),
        Shape::Unknown => {
            let (index, span) = (field.number(), field.type_span());
            quote_spanned!(span=> .default_at::<Self, #index>())
        }
        _ => {
            let name = input.default_path(field, field.ident.span());
            let method = match (field.inside_option(), field.inside_list()) {
                (Some(_), _) => quote!(default_or_none),
                (_, Some(_)) => quote!(default_list),
                _ => quote!(default),
            };
            quote!(.#method(#name))
        }
    });
    let rules = field.rules.iter().map(|rule| rule_calls(&rule.kind));
    let bytes = field.bytes.map(|_| quote!(.bytes()));
    let advanced = field.advanced.then(|| quote!(.advanced()));
    let auto = field.auto.map(|_| quote!(.auto()));
    let check = field.check.as_ref().map(|check| {
        let (ty, span) = (&field.ty, check.span().resolved_at(Span::call_site()));
        let krate = input.krate_at(span);
        quote_spanned! {span=>
            .check(|value| #krate::private::check(value, |value: &#ty| #check(value)))
        }
    });
    let ty = quote!(#ty).into_iter().map(|mut token| {
        token.set_span(token.span().located_at(span));
        token
    });
    let ty: TokenStream = ty.collect();
    // All of it at the type: an unsupported one is then one message, not one for each token.
    let new = match (field.inside_option(), field.inside_list()) {
        (Some(_), _) => quote_spanned!(span=> optional),
        (_, Some(_)) => quote_spanned!(span=> list),
        _ => quote_spanned!(span=> new),
    };
    let sep = field.sep.as_ref().map(|sep| quote!(.separator(#sep)));
    let new = match (&field.nested, parsed::access(input, field)) {
        (Some(nested), _) => {
            let prefix = match &nested.env_prefix {
                Some(prefix) => quote!(::core::option::Option::Some(#prefix)),
                None => quote!(::core::option::Option::None),
            };
            quote_spanned!(span=> #krate::config::FieldMeta::nested::<#ty>(#key, #prefix))
        }
        (None, Some(access)) => {
            let custom = match (field.inside_option(), field.inside_list()) {
                (Some(_), _) => quote_spanned!(span=> custom_optional),
                (_, Some(_)) => quote_spanned!(span=> custom_list),
                _ => quote_spanned!(span=> custom),
            };
            quote_spanned!(span=> #krate::config::FieldMeta::#custom::<#access>(#key))
        }
        (None, None) => quote_spanned!(span=> #krate::config::FieldMeta::#new::<#ty>(#key)),
    };
    quote!(#new #doc #aliases #deprecated #sep #env #env_key #default #(#rules)* #bytes #advanced #auto #check .meta())
}

/// The default of a list of enums: their names, which a constant of its own collects.
fn default_names(input: &Input, field: &Field) -> TokenStream {
    let span = field.type_span();
    let (ident, default) = (&input.ident, input.default_ident(field, span));
    let default = match input.consts {
        // `Self` does not reach into a constant within one.
        Consts::Assoc => quote_spanned!(span=> #ident::#default),
        Consts::Free | Consts::None => quote_spanned!(span=> #default),
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

fn rule_calls(kind: &RuleKind) -> TokenStream {
    match kind {
        RuleKind::Range { min, max, max_excluded } => {
            let min = min.as_ref().map(|min| quote!(.at_least(#min)));
            let max = max.as_ref().map(|max| match max_excluded {
                true => quote!(.below(#max)),
                false => quote!(.at_most(#max)),
            });
            quote!(#min #max)
        }
        RuleKind::MultipleOf(unit) => quote!(.multiple_of(#unit)),
        RuleKind::PowerOfTwo => quote!(.power_of_two()),
        RuleKind::OneOf(choices) => quote!(.one_of(&[#(#choices),*])),
    }
}

fn fixed(input: &Input) -> Option<TokenStream> {
    let krate = &input.krate;
    let keys = input.fixed.iter().map(|fixed| {
        let (key, value) = (fixed.key.to_string(), &fixed.value);
        let function = match value {
            syn::Lit::Bool(_) => quote!(fixed_bool),
            syn::Lit::Int(_) => quote!(fixed_integer),
            _ => quote!(fixed_text),
        };
        quote!(#krate::private::#function(#key, #value))
    });
    (!input.fixed.is_empty())
        .then(|| quote!(const FIXED: &'static [#krate::private::FixedKey] = &[#(#keys),*];))
}

/// One assertion a field, with the span of what may be wrong: the default, or else the rules.
pub(crate) fn checks(input: &Input) -> TokenStream {
    if input.is_generic() {
        return TokenStream::new();
    }
    let ident = &input.ident;
    let checks = assertions(input, |span| {
        let mut ident = ident.clone();
        ident.set_span(ident.span().located_at(span));
        quote!(#ident)
    });
    let checks = checks.map(|check| quote!(const _: () = #check;));
    quote!(#(#checks)*)
}

/// The same in a generic struct, where they are known once its parameters are.
fn generic_checks(input: &Input) -> Option<TokenStream> {
    let checks = assertions(input, |span| quote_spanned!(span=> Self));
    input.is_generic().then(|| quote!(#(const { #checks };)*))
}

fn assertions(
    input: &Input,
    of: impl Fn(Span) -> TokenStream,
) -> impl Iterator<Item = TokenStream> {
    input.fields.iter().flat_map(move |field| {
        let assertion = |span: Span, assert: &str| {
            let (of, krate, index) = (of(span), input.krate_at(span), field.number());
            let assert = Ident::new(assert, span);
            quote_spanned!(span=> #krate::private::#assert::<#of, #index>())
        };
        let default = field.default.as_ref().filter(|_| !field.default_implied);
        let sound = field
            .rules
            .first()
            .map(|rule| assertion(default.map_or(rule.span, Spanned::span), "assert_sound"));
        let auto =
            field.auto.map(|auto| assertion(auto.resolved_at(Span::call_site()), "assert_auto"));
        [sound, auto].into_iter().flatten()
    })
}
