//! What a crash may leave of one file.
//!
//! The model keeps all contents that each page has had since the last sync that succeeded, and all sizes. A crash chooses one of the
//! moments at which the size changed. Each page (each sector, if pages tear) is then any of its contents, cut as the file was cut
//! between that content and the moment; but contents that came after a cut which the moment does not know are lost.

use std::collections::{BTreeMap, BTreeSet};

pub(super) const PAGE: usize = 4096;
pub(super) const SECTOR: usize = 512;

/// The contents of a page, each with the step that made it.
type Versions = Vec<(usize, Vec<u8>)>;

/// What a file may have after a crash.
#[derive(Debug, Clone, Default)]
pub(super) struct FileModel {
    pub(super) live: Vec<u8>,
    /// The step that last changed its size or one of its entries.
    pub(super) changed: usize,
    /// Steps that changed the size, and to what.
    sizes: Vec<(usize, usize)>,
    /// Steps that cut the file, and to what.
    cuts: Vec<(usize, usize)>,
    versions: BTreeMap<usize, Versions>,
    /// Pages that a sync failed to write and that were not written since.
    lost: BTreeSet<usize>,
}

impl FileModel {
    /// A file of which all is durable at `step`.
    pub(super) fn of(live: Vec<u8>, step: usize) -> Self {
        let mut file = Self {
            live,
            ..Self::default()
        };
        file.promise(step);
        file
    }

    fn page(&self, index: usize) -> Vec<u8> {
        let from = (index * PAGE).min(self.live.len());
        let to = (from + PAGE).min(self.live.len());
        let mut page = self.live[from..to].to_vec();
        page.resize(PAGE, 0);
        page
    }

    /// A sync has succeeded: the live content is the only one, but of pages that were lost before.
    pub(super) fn promise(&mut self, step: usize) {
        let known = self.versions.keys().next_back().map_or(0, |last| last + 1);
        for index in 0..known.max(self.live.len().div_ceil(PAGE)) {
            let versions = if self.lost.contains(&index) {
                let versions = self.versions.remove(&index).unwrap_or_default();
                let cut = versions
                    .iter()
                    .map(|version| self.cut(index, version, step));
                let cut: BTreeSet<Vec<u8>> = cut.collect();
                cut.into_iter().map(|version| (step, version)).collect()
            } else {
                vec![(step, self.page(index))]
            };
            self.versions.insert(index, versions);
        }
        self.sizes = vec![(step, self.live.len())];
        self.cuts.clear();
    }

    /// A sync has failed: pages that it was to write may have any of their contents, and no later sync changes that.
    pub(super) fn lose(&mut self) {
        for (index, versions) in &self.versions {
            if versions.len() > 1 {
                self.lost.insert(*index);
            }
        }
    }

    pub(super) fn write(&mut self, offset: usize, bytes: &[u8], step: usize) {
        let end = offset + bytes.len();
        let pages = offset / PAGE..end.div_ceil(PAGE);
        for index in pages.clone() {
            self.versions
                .entry(index)
                .or_insert_with(|| vec![(0, vec![0; PAGE])]);
        }
        if end > self.live.len() {
            self.live.resize(end, 0);
            self.sizes.push((step, end));
        }
        self.live[offset..end].copy_from_slice(bytes);
        for index in pages {
            let page = self.page(index);
            self.versions.entry(index).or_default().push((step, page));
            self.lost.remove(&index);
        }
    }

    pub(super) fn truncate(&mut self, size: usize, step: usize) {
        if size < self.live.len() {
            self.cuts.push((step, size));
        }
        self.live.resize(size, 0);
        self.sizes.push((step, size));
    }

    /// A content of a page, cut as the file was until `moment`.
    fn cut(&self, index: usize, (made, version): &(usize, Vec<u8>), moment: usize) -> Vec<u8> {
        let mut version = version.clone();
        for (step, size) in &self.cuts {
            if made < step && *step <= moment {
                version[size.saturating_sub(index * PAGE).min(PAGE)..].fill(0);
            }
        }
        version
    }

    /// Fails if a crash may not leave `seen`, whose parts of `unit` bytes are written whole.
    pub(super) fn check(&self, seen: &[u8], unit: usize) {
        let moments = self.sizes.iter().filter(|(_, size)| *size == seen.len());
        let mut moments = moments.map(|(step, _)| *step);
        assert!(
            moments.any(|moment| self.is_allowed(seen, unit, moment)),
            "{} bytes, {:?}; sizes: {:?}; cuts: {:?}; contents: {:?}",
            seen.len(),
            starts(seen),
            self.sizes,
            self.cuts,
            self.versions
                .iter()
                .map(|(index, versions)| {
                    let versions = versions.iter();
                    (
                        index,
                        versions.map(|(made, page)| (*made, starts(page))).collect(),
                    )
                })
                .collect::<Vec<(_, Vec<_>)>>()
        );
    }

    fn is_allowed(&self, seen: &[u8], unit: usize, moment: usize) -> bool {
        seen.chunks(unit).enumerate().all(|(number, part)| {
            let (index, within) = (number * unit / PAGE, number * unit % PAGE);
            let zeros = vec![(0, vec![0; PAGE])];
            let versions = self.versions.get(&index).unwrap_or(&zeros);
            versions.iter().any(|version| {
                let mut before = self.cuts.iter().filter(|(step, _)| *step < version.0);
                let has_room = before.all(|(step, _)| *step <= moment);
                let page = self.cut(index, version, moment);
                has_room && page[within..within + part.len()] == *part
            })
        })
    }
}

/// The first byte of each sector.
fn starts(bytes: &[u8]) -> Vec<u8> {
    bytes.chunks(SECTOR).map(|sector| sector[0]).collect()
}
