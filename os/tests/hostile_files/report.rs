//! How many points a part has tried, and which of them failed.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use crate::watchdog::Watchdog;

/// How many wrong points are printed.
const MOST_TOLD: usize = 30;

/// The account of one part.
pub(crate) struct PartReport {
    /// A directory that is the part's alone.
    directory: PathBuf,
    watchdog: Watchdog,
    what: String,
    points: usize,
    wrong: usize,
}

impl PartReport {
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            watchdog: Watchdog::new(),
            what: String::new(),
            points: 0,
            wrong: 0,
        }
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// A point begins.
    pub(crate) fn begin(&mut self, what: String) {
        self.watchdog.begin(&what);
        self.what = what;
        self.points += 1;
    }

    /// The point that was begun is none: it never came to it.
    pub(crate) fn take_back(&mut self) {
        self.points -= 1;
    }

    /// Something is wrong with this point, which does not keep the others from being tried.
    pub(crate) fn wrong(&mut self, why: impl Display) {
        self.wrong += 1;
        if self.wrong <= MOST_TOLD {
            println!("wrong: {}: {why}", self.what);
        }
    }

    pub(crate) fn expect(&mut self, is_right: bool, why: &str) {
        if !is_right {
            self.wrong(why);
        }
    }

    /// Says what was tried, and fails if anything was wrong.
    pub(crate) fn end(self) {
        println!("tried {} points", self.points);
        assert!(self.wrong == 0, "{} are wrong", self.wrong);
    }
}
