//! The table of fields, and the way from values to the struct and back.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::ir::{Field, Input, RuleKind};

pub(crate) fn schema(input: &Input) -> TokenStream {
    let (ident, krate) = (&input.ident, &input.krate);
    let section = input.const_path("", input.section.span());
    let env_prefix = match &input.env_prefix {
        Some(prefix) => quote!(::core::option::Option::Some(#prefix)),
        None => quote!(::core::option::Option::None),
    };
    let fields = input.fields.iter().map(|field| meta(input, field));
    let fixed = fixed(input);
    let from = input.fields.iter().enumerate().map(|(index, field)| {
        let (name, span) = (&field.ident, field.ty.span());
        quote_spanned!(span=> #name: values.take(#index)?)
    });
    let into = input.fields.iter().enumerate().map(|(index, field)| {
        let (name, span) = (&field.ident, field.ty.span());
        quote_spanned!(span=> .with(#index, self.#name))
    });
    quote! {
        #[automatically_derived]
        impl #krate::ConfigSchema for #ident {
            const SECTION: &'static str = #section;
            const ENV_PREFIX: ::core::option::Option<&'static str> = #env_prefix;
            const FIELDS: &'static [#krate::FieldMeta] = &[#(#fields),*];
            #fixed
            fn from_values(mut values: #krate::private::Values) -> ::core::option::Option<Self> {
                ::core::option::Option::Some(Self { #(#from),* })
            }
            fn into_values(self) -> #krate::private::Values {
                #krate::private::Values::of::<Self>() #(#into)*
            }
        }
    }
}

fn meta(input: &Input, field: &Field) -> TokenStream {
    let (krate, ty, span) = (&input.krate, &field.ty, field.ty.span());
    let (upper, doc) = (field.upper(), field.doc_text());
    let key = input.const_path(&upper, field.ident.span());
    let aliases = (!field.aliases.is_empty()).then(|| {
        let aliases = &field.aliases;
        quote!(.aliases(&[#(#aliases),*]))
    });
    let env = field.env_name(input).map(|_| {
        let name = input.const_path(&format!("{upper}_ENV"), field.ident.span());
        quote!(.env(#name))
    });
    let default = field.default.as_ref().map(|_| {
        let name = input.const_path(&format!("{upper}_DEFAULT"), field.ident.span());
        quote!(.default(#krate::private::Const(#name).scalar()))
    });
    let rules = (!field.rules.is_empty()).then(|| {
        let rules = field
            .rules
            .iter()
            .map(|rule| constraint(input, field, &rule.kind));
        quote!(.constraints(&[#(#rules),*]))
    });
    let bytes = field.bytes.map(|_| quote!(.bytes()));
    let advanced = field.advanced.then(|| quote!(.advanced()));
    let new = quote_spanned!(span=> #krate::FieldMeta::new::<#ty>);
    quote!(#new(#key, #doc) #aliases #env #default #rules #bytes #advanced)
}

fn constraint(input: &Input, field: &Field, kind: &RuleKind) -> TokenStream {
    let krate = &input.krate;
    let ty = field.const_type(input);
    let scalar = |value: &TokenStream| quote!(#krate::private::Const::<#ty>(#value).scalar());
    match kind {
        RuleKind::Range {
            min,
            max,
            max_excluded,
        } => {
            let bound = |bound: &Option<TokenStream>| match bound {
                Some(value) => {
                    let scalar = scalar(value);
                    quote!(::core::option::Option::Some(#scalar))
                }
                None => quote!(::core::option::Option::None),
            };
            let (min, max) = (bound(min), bound(max));
            quote! {
                #krate::Constraint::Range { min: #min, max: #max, max_excluded: #max_excluded }
            }
        }
        RuleKind::MultipleOf(unit) => {
            let unit = scalar(unit);
            quote!(#krate::Constraint::MultipleOf(#unit))
        }
        RuleKind::PowerOfTwo => quote!(#krate::Constraint::PowerOfTwo),
        RuleKind::OneOf(choices) => {
            let choices = choices.iter().map(scalar);
            quote!(#krate::Constraint::OneOf(&[#(#choices),*]))
        }
    }
}

fn fixed(input: &Input) -> Option<TokenStream> {
    let krate = &input.krate;
    let keys = input.fixed.iter().map(|fixed| {
        let (key, value) = (fixed.key.to_string(), &fixed.value);
        let ty = match value {
            syn::Lit::Int(_) => quote!(i64),
            syn::Lit::Float(_) => quote!(f64),
            syn::Lit::Bool(_) => quote!(bool),
            _ => quote!(&'static str),
        };
        quote!(#krate::private::FixedKey::new(#key, #krate::private::Const::<#ty>(#value).scalar()))
    });
    (!input.fixed.is_empty())
        .then(|| quote!(const FIXED: &'static [#krate::private::FixedKey] = &[#(#keys),*];))
}

/// One assertion a field, with the span of what may be wrong: the default, or else the rules.
pub(crate) fn checks(input: &Input) -> TokenStream {
    let checks = input.fields.iter().enumerate().map(|(index, field)| {
        let rule = field.rules.first().map(|rule| rule.span).or(field.bytes)?;
        let span = field.default.as_ref().map_or(rule, Spanned::span);
        let (mut ident, krate) = (input.ident.clone(), input.krate_at(span));
        ident.set_span(ident.span().located_at(span));
        Some(quote_spanned! {span=>
            const _: () = #krate::private::assert_sound(
                &<#ident as #krate::ConfigSchema>::FIELDS[#index],
            );
        })
    });
    let checks = checks.flatten();
    quote!(#(#checks)*)
}
