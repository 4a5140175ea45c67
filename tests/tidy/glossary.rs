//! `docs/glossary.md`: the terms, and the rooms of those that belong to some rooms only.
//!
//! The page has two tables, told apart by their headings: `| term | meaning | from |` and `| term | rooms |`,
//! whose second column lists paths. A row is a line, so that lists merge.

/// The terms of the glossary.
#[derive(Debug)]
pub(crate) struct Glossary {
    /// The words of each term.
    terms: Vec<Vec<String>>,
    /// Terms and the paths in which alone they may be used.
    rooms: Vec<(Vec<String>, Vec<String>)>,
}

impl Glossary {
    /// Reads the text of the page.
    pub(crate) fn parse(text: &str) -> Self {
        let (mut terms, mut rooms) = (Vec::new(), Vec::new());
        let mut is_rooms = false;
        for line in text.lines().filter(|line| line.starts_with('|')) {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let Some(&[term, second]) = cells.get(..2) else {
                continue;
            };
            if term == "term" {
                is_rooms = second == "rooms";
            } else if term.starts_with("---") {
                continue;
            } else if is_rooms {
                let paths = second.split([',', ' ']).map(|path| path.trim_matches('`'));
                let paths = paths.filter(|path| !path.is_empty());
                rooms.push((words(term), paths.map(str::to_owned).collect()));
            } else {
                // A row may have several names of one thing.
                terms.extend(term.split(',').map(words));
            }
        }
        Self { terms, rooms }
    }

    /// Whether a term's noun is `word`.
    pub(crate) fn has_noun(&self, word: &str) -> bool {
        let noun = |words: &Vec<String>| words.last().is_some_and(|last| last == word);
        self.terms.iter().any(noun) || self.rooms.iter().any(|(words, _)| noun(words))
    }

    /// The term that the name made of `name` ends with, and its rooms, if `path` is in none of them.
    pub(crate) fn elsewhere(&self, name: &[String], path: &str) -> Option<(String, String)> {
        let ends_with = |term: &[String]| {
            let Some((noun, before)) = term.split_last() else {
                return false;
            };
            let Some((last, first)) = name.split_last() else {
                return false;
            };
            (last == noun || last.strip_suffix('s') == Some(noun)) && first.ends_with(before)
        };
        self.rooms
            .iter()
            .filter(|(term, _)| ends_with(term))
            .find(|(_, rooms)| !rooms.iter().any(|room| path.starts_with(room.as_str())))
            .map(|(term, rooms)| (term.join(" "), rooms.join(", ")))
    }
}

/// The words of a term.
fn words(term: &str) -> Vec<String> {
    let is_letter = |c: char| c.is_alphanumeric();
    term.split(|c| !is_letter(c))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}
