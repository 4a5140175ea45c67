//! What the tasks have used that have ended, by the place that spawned them.
//!
//! Invariants  I1 no more than [`MOST_PLACES`] places have a row of their own; the tasks of all others share one.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::panic::Location;

use super::super::number_hasher::NumberHasher;
use super::record::Usage;

/// How many spawn places are distinguished.
const MOST_PLACES: usize = 4096;

/// A spawn place; `None` stands for all those beyond [`MOST_PLACES`].
pub(super) type Place = Option<&'static Location<'static>>;

/// What the ended tasks of one spawn place have used.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Total {
    pub(super) living: usize,
    pub(super) ended: u64,
    pub(super) usage: Usage,
}

impl Total {
    #[inline]
    pub(super) fn add(&mut self, other: &Self) {
        self.living += other.living;
        self.ended += other.ended;
        self.usage.add(&other.usage);
    }
}

/// The rows of one shard.
#[derive(Debug, Default)]
pub(super) struct EndedTasks {
    /// By the address of the location, which the compiler may have several of for one place.
    rows: HashMap<usize, (&'static Location<'static>, Total), BuildHasherDefault<NumberHasher>>,
    others: Total,
}

impl EndedTasks {
    /// One more task has ended.
    #[inline]
    pub(super) fn add(&mut self, location: &'static Location<'static>, usage: &Usage) {
        let row = self.row(location);
        row.ended += 1;
        row.usage.add(usage);
    }

    /// What some tasks of `place` have used is counted, too.
    #[inline]
    pub(super) fn merge(&mut self, place: Place, total: &Total) {
        match place {
            Some(location) => self.row(location).add(total),
            None => self.others.add(total),
        }
    }

    #[inline]
    fn row(&mut self, location: &'static Location<'static>) -> &mut Total {
        let (key, has_room) = (
            std::ptr::from_ref(location).addr(),
            self.rows.len() < MOST_PLACES,
        );
        if has_room {
            let row = self.rows.entry(key);
            return &mut row.or_insert((location, Total::default())).1;
        }
        match self.rows.get_mut(&key) {
            Some((_, total)) => total,
            None => &mut self.others,
        }
    }

    /// All rows.
    #[inline]
    pub(super) fn rows(&self) -> Vec<(Place, Total)> {
        let mut rows = Vec::with_capacity(self.rows.len() + 1);
        for (place, total) in self.rows.values() {
            rows.push((Some(*place), *total));
        }
        if self.others.ended > 0 || self.others.living > 0 {
            rows.push((None, self.others));
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use std::panic::Location;

    use super::super::record::Usage;
    use super::EndedTasks;

    #[test]
    fn tasks_of_one_place_share_a_row() {
        let (mut ended, here) = (EndedTasks::default(), Location::caller());
        let mut usage = Usage::default();
        usage.add_poll(5);
        ended.add(here, &usage);
        ended.add(here, &usage);
        let rows = ended.rows();
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].1.ended, rows[0].1.usage.polls), (2, 2));
    }
}
