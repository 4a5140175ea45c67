//! What the compiler says when macros are used wrongly. `TRYBUILD=overwrite cargo test -p selkie-tests --test ui`
//! writes the texts again.

#[test]
fn mistakes_are_explained_where_they_are() {
    trybuild::TestCases::new().compile_fail("ui/cases/*.rs");
}
