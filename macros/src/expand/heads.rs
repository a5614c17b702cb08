//! The heads of impls: parameters, bounds, and the names of types there.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};
use syn::GenericParam;

use super::{each, located};
use crate::ir::{Field, Input, ParseBy};
use crate::types::Shape;

impl Input {
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
        let (quiet, bounds) = (self.quiet(), self.bounds(more));
        quote!(#quiet impl #parameters #target #arguments #bounds)
    }

    /// What stands before items that name the struct, of which users are told themselves if it is old.
    pub(crate) fn quiet(&self) -> Option<TokenStream> {
        self.is_deprecated.then(|| quote!(#[allow(deprecated)]))
    }

    /// The lint that constants and setters break whose types not everybody sees who sees the struct.
    pub(crate) fn hidden_types(&self) -> Option<TokenStream> {
        let mut fields = self.fields.iter().chain(&self.skipped);
        let any = fields.any(|field| field.shape() == Shape::Unknown || field.parse.is_some());
        any.then(|| quote!(, private_interfaces))
    }

    /// The type of the struct with its parameters.
    pub(crate) fn self_type(&self) -> TokenStream {
        let (_, arguments, _) = self.generics.split_for_impl();
        let ident = &self.ident;
        quote!(#ident #arguments)
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

    /// The struct's own bounds, those that its fields need of its parameters, and `more`.
    fn bounds(&self, more: Option<TokenStream>) -> Option<TokenStream> {
        let mut bounds = TokenStream::new();
        if let Some(clause) = &self.generics.where_clause {
            for bound in &clause.predicates {
                bounds.extend(quote!(#bound,));
            }
        }
        bounds.extend(each(&self.fields, &mut |field| self.field_bound(field)));
        bounds.extend(each(&self.skipped, &mut |field| self.skipped_bound(field)));
        if let Some(more) = more {
            bounds.extend(more);
        }
        (!bounds.is_empty()).then(|| quote!(where #bounds))
    }

    fn field_bound(&self, field: &Field) -> Option<TokenStream> {
        let (ty, span) = (field.value_type(), field.type_span());
        if !self.mentions_parameter(quote!(#ty)) {
            return None;
        }
        let krate = self.krate_at(span);
        Some(match (&field.nested, &field.parse) {
            (Some(_), _) => {
                quote_spanned!(span=> #ty: #krate::ConfigSchema + #krate::private::Shared,)
            }
            (None, Some(ParseBy::FromStr)) => quote_spanned! {span=>
                #ty: ::core::str::FromStr<Err: ::core::fmt::Display> + #krate::private::Shown,
            },
            (None, Some(ParseBy::Path(_))) => quote_spanned!(span=> #ty: #krate::private::Shown,),
            (None, Some(ParseBy::Serde)) => quote_spanned! {span=>
                #krate::private::Structured<#ty>: #krate::private::Access<Value = #ty>,
                #ty: #krate::private::Shared,
            },
            (None, None) => quote_spanned! {span=>
                #ty: #krate::config::ConfigValue<Field = #krate::private::Field<#ty>>,
            },
        })
    }

    fn skipped_bound(&self, field: &Field) -> Option<TokenStream> {
        let (ty, span) = (&field.ty, field.type_span());
        let default = field.default.is_none().then(|| quote!(::core::default::Default+));
        let krate = self.krate_at(span);
        self.mentions_parameter(quote!(#ty)).then(
            || quote_spanned!(span=> #ty: #default ::core::clone::Clone + #krate::private::Shared,),
        )
    }

    fn mentions_parameter(&self, tokens: TokenStream) -> bool {
        for token in tokens {
            let mentions = match token {
                TokenTree::Ident(ident) => self.has_parameter(&ident),
                TokenTree::Group(group) => self.mentions_parameter(group.stream()),
                _ => false,
            };
            if mentions {
                return true;
            }
        }
        false
    }

    fn has_parameter(&self, name: &Ident) -> bool {
        self.generics.params.iter().any(|parameter| match parameter {
            GenericParam::Type(parameter) => parameter.ident == *name,
            GenericParam::Const(parameter) => parameter.ident == *name,
            GenericParam::Lifetime(_) => false,
        })
    }

    /// The path of ds-aio as if written at `span`, so that an error in code made of it shows there.
    /// What the path resolves to stays as it was: it may be somebody's `$crate`.
    pub(crate) fn krate_at(&self, span: Span) -> TokenStream {
        if !self.krate_given {
            return quote_spanned!(span=> ::ds_aio);
        }
        located(&self.krate, span)
    }
}
