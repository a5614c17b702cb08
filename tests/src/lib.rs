//! Holds the integration tests; they live in `it` and `ui`.
