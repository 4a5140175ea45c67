//! The workflow file of a hosted CI runs the steps of `.ci/run`: all of them, and no other.

use std::collections::BTreeSet;

/// The words of the lines between `begin` and `end`.
fn words<'a>(text: &'a str, begin: &str, end: &str) -> BTreeSet<&'a str> {
    let (_, rest) = text.split_once(begin).expect("it begins");
    let (part, _) = rest.split_once(end).expect("it ends");
    let words = part.split(|c: char| c.is_whitespace() || c == '"');
    words
        .filter(|word| !word.is_empty() && *word != "-")
        .collect()
}

/// Steps of one that the other has not.
pub(crate) fn differences() -> Vec<String> {
    let gate = words(include_str!("../../.ci/run"), "ROWS=(", ")");
    let workflow = include_str!("../../.github/workflows/ci.yml");
    let hosted = words(workflow, "        steps:\n", "    steps:");
    let only = |step: &&str, of: &str| format!("only {of} has {step}");
    let mut differences: Vec<_> = gate
        .difference(&hosted)
        .map(|step| only(step, ".ci/run"))
        .collect();
    differences.extend(hosted.difference(&gate).map(|step| only(step, "ci.yml")));
    differences
}
