//! The command line.

use std::num::NonZeroUsize;

use lexopt::prelude::{Long, Value, ValueExt};

/// What the command line says.
pub struct Arguments {
    /// The command and what it is about.
    pub words: Vec<String>,
    /// `--rounds N`
    pub rounds: Option<NonZeroUsize>,
    /// `--workers N,N,…`
    pub workers: Option<Vec<NonZeroUsize>>,
}

impl Arguments {
    /// Reads this program's command line.
    pub fn from_env() -> Result<Self, lexopt::Error> {
        let mut found = Self {
            words: Vec::new(),
            rounds: None,
            workers: None,
        };
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("rounds") => found.rounds = Some(parser.value()?.parse()?),
                Long("workers") => {
                    let list = |text: &str| text.split(',').map(str::parse).collect();
                    found.workers = Some(parser.value()?.parse_with(list)?);
                }
                Value(word) => found.words.push(word.string()?),
                _ => return Err(argument.unexpected()),
            }
        }
        Ok(found)
    }
}
