//! Misuse of the derive, and what the compiler says to it.

#[test]
fn every_misuse_has_its_own_message() {
    trybuild::TestCases::new().compile_fail("ui/*.rs");
}
