//! Tidy: the style that no compiler checks. See `CONTRIBUTING.md`.

mod crates;
mod examples;
mod facade;
mod floors;
mod foreign_code;
mod formats;
mod glossary;
mod graph;
mod headings;
mod imports;
mod inline_functions;
mod names;
mod operations;
mod pages;
mod pending;
mod prints;
mod prose;
mod rules;
mod source;
mod workflow;

use glossary::Glossary;
use source::Source;

/// Fails with one line a violation.
fn report(rule: &str, mut violations: Vec<String>) {
    violations.sort();
    violations.dedup();
    assert!(
        violations.is_empty(),
        "{rule}:\n  {}\n",
        violations.join("\n  ")
    );
}

#[test]
fn rooms_stand_on_their_floors() {
    report(
        "a room imports what floors.rs does not allow",
        graph::rooms(Source::crates()),
    );
}

#[test]
fn whatever_waits_is_shown_by_a_dump_of_tasks() {
    report(
        "a file waits without a word",
        pending::silent(Source::crates()),
    );
}

#[test]
fn no_files_of_a_room_import_each_other_in_a_circle() {
    report("files in a circle", graph::circles(Source::all()));
}

#[test]
fn no_file_imports_its_own_door() {
    report(
        "a file imports its own door",
        graph::own_doors(Source::all()),
    );
}

#[test]
fn doors_hold_docs_mods_and_uses() {
    report(
        "more than docs, `mod` and `use` in a mod.rs",
        rules::doors(Source::all()),
    );
}

#[test]
fn files_are_short() {
    report("a file is too long", rules::file_lengths(Source::all()));
}

#[test]
fn functions_are_short() {
    report(
        "a function is too long",
        rules::function_lengths(Source::all()),
    );
}

#[test]
fn the_platform_is_chosen_once() {
    report(
        "a platform cfg out of its place",
        rules::platform_cfgs(Source::crates()),
    );
}

#[test]
fn unsafe_code_says_why_it_is_sound() {
    report("unsafe without `SAFETY:`", rules::safety(Source::all()));
}

#[test]
fn nothing_is_left_undone() {
    report("unfinished code", rules::unfinished(Source::all()));
}

#[test]
fn nothing_prints_that_panics_when_it_cannot() {
    report("a macro that panics", prints::panicking(Source::crates()));
}

#[test]
fn imports_are_explicit() {
    report("a glob import", rules::globs(Source::all()));
}

#[test]
fn no_path_of_a_machine_is_written_down() {
    report(
        "a path of one machine",
        rules::machine_paths(Source::texts()),
    );
}

#[test]
fn wakers_stand_under_counted_locks() {
    report(
        "a mutex beside wakers that is not `platform::Lock`",
        rules::uncounted_mutexes(Source::crates()),
    );
}

#[test]
fn atomics_of_64_bits_come_from_the_platform() {
    report(
        "an atomic that some targets have not",
        rules::wide_atomics(Source::all()),
    );
}

#[test]
fn what_can_be_awaited_says_what_a_drop_does() {
    report(
        "a public async fn without `# Cancel safety`",
        operations::without_cancel_safety(Source::crates()),
    );
}

#[test]
fn every_type_is_shown_by_an_example() {
    report(
        "a public type without an example",
        examples::types_without(Source::crates()),
    );
}

#[test]
fn most_functions_are_shown_by_an_example() {
    report(
        "fewer examples than there were",
        examples::functions_without(Source::crates()),
    );
}

#[test]
fn examples_are_programs_on_selkie() {
    report(
        "an example that names selkie_core",
        examples::below(Source::crates()),
    );
}

#[test]
fn headings_of_documentation_stand_in_one_order() {
    report(
        "a heading out of its order (Safety, Errors, Panics, Cancel safety, Cost, Examples, Source)",
        headings::disordered(Source::crates()),
    );
}

#[test]
fn every_operation_is_swept() {
    report(
        "a public async fn that os/tests/sweeps/operations.rs has not",
        operations::unswept(Source::all()),
    );
}

#[test]
fn every_public_type_of_the_core_formats_for_defmt() {
    report(
        "neither `defmt::Format` derived, nor a line in core/src/format.rs",
        formats::without(Source::crates()),
    );
}

#[test]
fn a_type_that_does_not_format_is_found() {
    assert_eq!(formats::example(), ["example.rs: Bare"]);
}

#[test]
fn every_call_of_foreign_code_is_tried() {
    report(
        "tests/tidy/foreign_code.rs and the code part ways",
        foreign_code::unlisted(Source::all()),
    );
}

#[test]
fn a_file_that_wakes_is_found() {
    assert_eq!(foreign_code::example(), 1);
}

#[test]
fn what_few_programs_need_is_compiled_where_it_is_used() {
    report(
        "compiled for everybody: `#[inline]` is missing",
        inline_functions::for_everybody(Source::crates()),
    );
}

#[test]
fn a_function_that_is_compiled_for_everybody_is_found() {
    assert_eq!(inline_functions::example(), 1);
}

#[test]
fn the_facade_has_tokios_features() {
    report("features of os/tokio", facade::features());
}

#[test]
fn the_facade_names_what_it_offers() {
    report("a glob hides which feature is missing", facade::exports());
}

#[test]
fn lock_files_of_programs_on_tokio_fit() {
    report(
        "a version that Tokio's users may not have",
        facade::floors(),
    );
}

#[test]
fn changes_of_tokios_name_tests_that_there_are() {
    report("no such test", facade::changes(Source::all()));
}

#[test]
fn names_are_the_fields() {
    let page = include_str!("../../docs/glossary.md");
    let wrong = names::unknown(Source::all(), &Glossary::parse(page));
    report("a name that the field does not know", wrong);
}

#[test]
fn prose_uses_the_fields_words() {
    report("an old word", prose::phrases(Source::texts()));
}

#[test]
fn every_decision_is_listed_with_its_state() {
    report("docs/decisions/README.md", pages::unlisted(Source::texts()));
}

#[test]
fn links_of_pages_lead_somewhere() {
    report("a link to nothing", pages::broken_links(Source::texts()));
}

#[test]
fn files_that_pages_name_are_there() {
    report("no such file", pages::missing_files(Source::texts()));
}

#[test]
fn the_hosted_workflow_runs_every_step_of_the_gate() {
    report(
        "a step that only one of the two has",
        workflow::differences(),
    );
}
