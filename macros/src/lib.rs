//! The derive macros of ds-aio; use them through the `ds-aio` crate.
