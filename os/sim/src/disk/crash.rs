//! What a crash leaves.
//!
//! The journal's survivors are its first records, as many as chance says; with strict syncs, any of its records, but in their order for
//! each name. Of the pages that were not written, chance says for each. A
//! page that has its place only since a record that did not survive does not either: nothing leads to it. What results is the durable
//! image, repaired as a check of the file system does, and the live image is a copy of it.

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
            (_, JournalMode::Ordered) => {
                let count = random.below(records as u64 + 1);
                self.journal.take_first(count as usize)
            }
            (_, JournalMode::Strict) => {
                // From almost all to almost none, so that one that is lost, or kept, alone is not rare.
                let chance = f64::from(random.below(17) as u32) / 16.0;
                self.journal.take_some(|| random.chance(chance))
            }
        };
        let kept = survivors.len();
        self.commit(&survivors);
        let (mut pages_kept, mut pages_lost) = (0, 0);
        let mut torn = Vec::new();
        for (ino, index, is_reachable) in self.dirty_pages() {
            let sectors = match self.profile.crash {
                CrashMode::Whole if keeps_all => WHOLE,
                CrashMode::Whole => 0,
                CrashMode::Pages if random.chance(0.5) => WHOLE,
                CrashMode::Pages => 0,
                CrashMode::Sectors => sectors(random),
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

/// Sectors that a device has written of a page: often all or none.
fn sectors(random: &mut Random) -> u8 {
    match random.below(4) {
        0 => WHOLE,
        1 => 0,
        _ => random.next_u64() as u8,
    }
}
