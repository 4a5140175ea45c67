//! The headings of documentation, which stand in one order.

use crate::source::Source;

/// Headings in their order.
const HEADINGS: [&str; 7] = [
    "Safety",
    "Errors",
    "Panics",
    "Cancel safety",
    "Cost",
    "Examples",
    "Source",
];

/// Documentation whose headings stand in another order than the others'.
pub(crate) fn disordered(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        let (mut last, mut is_code) = (0, false);
        for (number, line) in source.text.lines().enumerate() {
            let Some(line) = line
                .trim()
                .strip_prefix("//")
                .map(|line| line.trim_start_matches(['/', '!']))
            else {
                (last, is_code) = (0, false);
                continue;
            };
            is_code ^= line.starts_with(" ```");
            let Some(heading) = line.strip_prefix(" # ").filter(|_| !is_code) else {
                continue;
            };
            let rank = HEADINGS.iter().position(|known| *known == heading);
            let place = || format!("{}:{}: {heading}", source.path, number + 1);
            match rank {
                Some(rank) if rank < last => wrong.push(place()),
                Some(rank) => last = rank,
                None if heading == "Example" => wrong.push(place()),
                None => {}
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::{Source, disordered};

    #[test]
    fn headings_out_of_order_are_found() {
        let check = |docs: &str| disordered(&[Source::example("os/src/a.rs", docs)]).len();
        assert_eq!(
            check("/// # Errors\n/// # Examples\n/// ```\n/// # Errors\n/// ```\nfn f() {}\n"),
            0
        );
        assert_eq!(
            check("/// # Cost\n/// # Errors\nfn f() {}\n/// # Example\n"),
            2
        );
    }
}
