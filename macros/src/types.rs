//! What the names of types say about fields.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{GenericArgument, PathArguments, Type};

use crate::ir::Field;

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

impl Field {
    /// Where a mistake about the type shows. Names in code at this span resolve as in the rest of the
    /// generated code, also where a `macro_rules` macro wrote the type and not the derive.
    pub(crate) fn type_span(&self) -> Span {
        self.ty.span().resolved_at(Span::call_site())
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
