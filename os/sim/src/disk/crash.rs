//! What a crash leaves.
//!
//! The journal's survivors are its first records, as many as chance says; with strict syncs, any of its records, but in their order for
//! each name. Of the pages that were not written, chance says for each. A page that has its place only since a record that did not
//! survive does not either: nothing leads to it. What results is the durable image, repaired as a check of the file system does, and the
//! live image is a copy of it.
//!
//! What one sync too few costs shows best when all but a little survives. So each crash draws first how much it keeps.

use super::cache::Cache;
use super::disk::{Disk, ROOT};
use super::event::DiskEvent;
use super::ino::Ino;
use super::journal::Journal;
use super::pages::{PAGE, SECTOR};
use super::profile::{CrashMode, JournalMode};
use crate::random::Random;

/// All sectors of a page.
const WHOLE: u8 = u8::MAX;

impl Disk {
    /// Loses the power: all open files and locks are gone, and of what was not synced, what `random` and the profile say.
    pub fn crash(&mut self, random: &mut Random) {
        // Drawn whatever the profile is.
        let keeps_all = random.chance(0.5);
        let records = self.journal.len();
        let survivors = match (self.profile.crash, self.profile.journal) {
            (CrashMode::Whole, _) if keeps_all => self.journal.take_first(records),
            (CrashMode::Whole, _) => Vec::new(),
            (_, JournalMode::Ordered) if random.below(4) == 0 => self.journal.take_first(records),
            (_, JournalMode::Ordered) => {
                let count = random.below(records as u64 + 1);
                self.journal.take_first(count as usize)
            }
            (_, JournalMode::Strict) => {
                let chance = share(random);
                self.journal.take_some(|| random.chance(chance))
            }
        };
        let chance = share(random);
        let kept = survivors.len();
        self.commit(&survivors);
        let (mut pages_kept, mut pages_lost) = (0, 0);
        let mut torn = Vec::new();
        for (ino, index, is_reachable) in self.dirty_pages() {
            let sectors = match self.profile.crash {
                CrashMode::Whole if keeps_all => WHOLE,
                CrashMode::Whole => 0,
                CrashMode::Pages if random.chance(chance) => WHOLE,
                CrashMode::Pages => 0,
                CrashMode::Sectors => sectors(chance, random),
            };
            let is_kept = sectors != 0 && is_reachable && self.keep(ino, index, sectors);
            if !is_kept {
                pages_lost += 1;
                continue;
            }
            pages_kept += 1;
            if sectors != WHOLE {
                torn.push((ino, index, sectors));
            }
        }
        self.restart();
        for (ino, page, sectors) in torn {
            let path = self.any_path(ino);
            self.events.push(DiskEvent::Torn {
                path,
                page,
                sectors,
            });
        }
        self.events.push(DiskEvent::Crashed {
            changes_kept: kept as u64,
            changes_lost: (records - kept) as u64,
            pages_kept,
            pages_lost,
        });
    }

    /// All dirty pages, and whether what made room for each is durable.
    fn dirty_pages(&self) -> Vec<(Ino, u64, bool)> {
        let files = self.cache.files();
        let pages = files.flat_map(|(ino, dirty)| dirty.pages.iter().map(move |page| (ino, page)));
        let found =
            pages.map(|(ino, (index, needs))| (ino, *index, !self.journal.is_pending(*needs)));
        found.collect()
    }

    /// Brings sectors of a page to the durable image, if it has the file.
    fn keep(&mut self, ino: Ino, index: u64, sectors: u8) -> bool {
        let (Ok(live), Ok(durable)) = (self.live.pages(ino), self.durable.pages_mut(ino)) else {
            return false;
        };
        let Some(new) = live.written(index) else {
            return false;
        };
        if sectors == WHOLE {
            durable.insert(index, new.clone());
            return true;
        }
        let Ok(page) = durable.page_mut(index, self.lower.as_deref()) else {
            return false;
        };
        for sector in (0..PAGE / SECTOR).filter(|sector| sectors & (1 << sector) != 0) {
            let range = sector * SECTOR..(sector + 1) * SECTOR;
            page[range.clone()].copy_from_slice(&new[range]);
        }
        true
    }

    /// Starts again with the durable image.
    fn restart(&mut self) {
        self.durable.repair(ROOT);
        self.live = self.durable.clone();
        self.journal = Journal::default();
        self.cache = Cache::default();
        self.files.clear();
        self.locks.clear();
        self.used_pages = self.live.page_count();
    }

    /// A path that leads to `ino`; empty if there is none.
    fn any_path(&self, ino: Ino) -> Vec<u8> {
        let found = self.live.entry_of(ino);
        found.map_or_else(Vec::new, |(directory, name)| {
            self.full_path(directory, &name)
        })
    }
}

/// The probability with which each of many things survives: one of 0, 1/16, … 1.
fn share(random: &mut Random) -> f64 {
    random.below(17) as f64 / 16.0
}

/// Sectors that a device has written of a page: every other page is whole, or not there.
fn sectors(chance: f64, random: &mut Random) -> u8 {
    match (random.chance(0.5), random.chance(chance)) {
        (true, true) => WHOLE,
        (true, false) => 0,
        (false, _) => random.next_u64() as u8,
    }
}
