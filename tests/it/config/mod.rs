//! The configuration half: constants, loading, diagnostics, the derive on structs of others.

mod choices;
mod constants;
mod deprecated;
mod diagnostics;
mod direct;
mod downstream;
mod durations;
mod environment;
mod files;
mod generics;
mod hygiene;
mod lists;
mod macro_made;
mod nested;
mod options;
mod precedence;
mod robustness;
mod rules;
mod schema;
mod sections;
mod settings;
mod sizes;
mod support;
mod templates;
mod texts_of_types;
