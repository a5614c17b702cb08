//! Misuse of the derive, and what the compiler says to it.

use trybuild::TestCases;

use crate::capabilities::require;

#[test]
fn every_misuse_has_its_own_message() {
    TestCases::new().compile_fail("ui/*.rs");
}

/// These show the compiler's own words as well, which change from version to version.
#[test]
fn what_the_compiler_finds_it_finds_at_the_field() {
    if require("ui") {
        TestCases::new().compile_fail("ui/worded/*.rs");
    }
}
