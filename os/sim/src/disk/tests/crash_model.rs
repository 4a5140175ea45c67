//! What a crash may leave, by a small model: the versions of each page and size, and the states of the directories, since what was
//! last promised to be durable.
//!
//! The model knows nothing of journals and caches. Files are as `file_model.rs` says, and directories as they were at some moment
//! since the last one that was promised; with strict syncs, each name for itself.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_oneof, proptest};
use proptest::sample::select;

use super::super::{CrashMode, Disk, Fault, Ino, JournalMode, OpenFile, Operation, Profile};
use super::file_model::{FileModel, PAGE, SECTOR};
use super::script::config;
use crate::errno::Errno;
use crate::random::Random;

/// The names that scripts use.
const NAMES: [&str; 5] = ["/f", "/g", "/d/f", "/d/g", "/d/h"];

/// One call on the files of [`NAMES`].
#[derive(Debug, Clone)]
enum Step {
    Create(usize),
    Write(usize, usize, usize),
    Truncate(usize, usize),
    Sync(usize, bool),
    FailSync(usize),
    SyncDirectory(bool),
    SyncAll,
    Rename(usize, usize),
    Link(usize, usize),
    Unlink(usize),
    Crash(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let name = 0..NAMES.len();
    let offset = prop_oneof![0..9000_usize, select(vec![0, 512, 4096, 8192])];
    let length = prop_oneof![1..700_usize, 1..9000_usize, select(vec![512, 4096])];
    prop_oneof![
        4 => name.clone().prop_map(Step::Create),
        8 => (name.clone(), offset.clone(), length).prop_map(|(name, offset, length)| Step::Write(name, offset, length)),
        2 => (name.clone(), offset).prop_map(|(name, size)| Step::Truncate(name, size)),
        3 => (name.clone(), any::<bool>()).prop_map(|(name, is_data)| Step::Sync(name, is_data)),
        1 => name.clone().prop_map(Step::FailSync),
        2 => any::<bool>().prop_map(Step::SyncDirectory),
        1 => select(vec![Step::SyncAll]),
        2 => (name.clone(), name.clone()).prop_map(|(old, new)| Step::Rename(old, new)),
        1 => (name.clone(), name.clone()).prop_map(|(old, new)| Step::Link(old, new)),
        1 => name.prop_map(Step::Unlink),
        2 => any::<u64>().prop_map(Step::Crash),
    ]
}

/// Which file each name stands for.
type Names = BTreeMap<usize, Ino>;

/// A disk and the model of it.
struct World {
    disk: Disk,
    profile: Profile,
    files: BTreeMap<Ino, FileModel>,
    names: Names,
    /// The states that directories have had since the promised one, and the steps that made them.
    states: Vec<(usize, Names)>,
    /// Since when each name's history counts, by the sync of its directory alone.
    name_since: BTreeMap<usize, usize>,
    step: usize,
}

impl World {
    fn new(profile: Profile) -> Result<Self, Errno> {
        let mut disk = Disk::new(profile, &Random::new(9));
        let root = disk.root();
        disk.mkdir(root, b"/d", 0o755, 0)?;
        disk.sync_all();
        Ok(Self {
            disk,
            profile,
            files: BTreeMap::new(),
            names: Names::new(),
            states: vec![(0, Names::new())],
            name_since: BTreeMap::new(),
            step: 0,
        })
    }

    fn open(&mut self, name: usize, flags: i32) -> Result<OpenFile, Errno> {
        let root = self.disk.root();
        let path = NAMES[name].as_bytes();
        self.disk.open(root, path, flags | libc::O_RDWR, 0o644, 0)
    }

    /// Notes the state of the directories, and whom the step concerned.
    fn renamed(&mut self, ino: Ino) {
        self.states.push((self.step, self.names.clone()));
        self.files.entry(ino).or_default().changed = self.step;
    }

    fn run(&mut self, step: &Step) -> Result<(), Errno> {
        self.step += 1;
        let root = self.disk.root();
        match *step {
            Step::Create(name) => {
                let file = self.open(name, libc::O_CREAT)?;
                let ino = self.disk.stat_file(file)?.ino;
                self.disk.close(file)?;
                if self.names.insert(name, ino).is_none() {
                    self.files.insert(ino, FileModel::of(Vec::new(), self.step));
                    self.renamed(ino);
                }
            }
            Step::Write(name, offset, length) => self.write(name, offset, length)?,
            Step::Truncate(name, size) => self.truncate(name, size)?,
            Step::Sync(name, is_data) => self.sync(name, is_data)?,
            Step::FailSync(name) => {
                let file = self.open(name, 0)?;
                self.disk.inject(Fault {
                    only: Some(Operation::Sync),
                    ..Fault::next(1)
                });
                assert_eq!(self.disk.sync(file), Err(Errno(libc::EIO)));
                assert_eq!(self.disk.sync(file), Ok(()), "it is reported once");
                self.disk.close(file)?;
                self.model(name).lose();
                self.promise_file(name);
            }
            Step::SyncDirectory(is_root) => self.sync_directory(is_root)?,
            Step::SyncAll => self.sync_all(),
            Step::Rename(old, new) => {
                let (from, to) = (NAMES[old].as_bytes(), NAMES[new].as_bytes());
                self.disk.rename((root, from), (root, to), 0, 0)?;
                if self.names.get(&old) != self.names.get(&new) {
                    let ino = self.names.remove(&old).expect("it was renamed");
                    self.names.insert(new, ino);
                    self.renamed(ino);
                }
            }
            Step::Link(old, new) => {
                let (from, to) = (NAMES[old].as_bytes(), NAMES[new].as_bytes());
                self.disk.link((root, from), (root, to), false, 0)?;
                let ino = self.names[&old];
                self.names.insert(new, ino);
                self.renamed(ino);
            }
            Step::Unlink(name) => {
                self.disk.unlink(root, NAMES[name].as_bytes(), 0)?;
                self.names.remove(&name);
                self.states.push((self.step, self.names.clone()));
            }
            Step::Crash(seed) => {
                self.disk.crash(&mut Random::new(seed));
                self.check()?;
            }
        }
        Ok(())
    }

    fn model(&mut self, name: usize) -> &mut FileModel {
        self.files.entry(self.names[&name]).or_default()
    }

    fn write(&mut self, name: usize, offset: usize, length: usize) -> Result<(), Errno> {
        let file = self.open(name, 0)?;
        // No two writes have the same bytes, and none has zeros.
        let stamp = self.step % 255 + 1;
        let bytes: Vec<u8> = (0..length)
            .map(|at| {
                (if at % 2 == 0 {
                    stamp
                } else {
                    1 + self.step / 255
                }) as u8
            })
            .collect();
        assert_eq!(self.disk.pwrite(file, &bytes, offset as i64, 0)?, length);
        self.disk.close(file)?;
        let (now, model) = (self.step, self.model(name));
        let size = model.live.len();
        model.write(offset, &bytes, now);
        if model.live.len() > size {
            model.changed = now;
        }
        Ok(())
    }

    fn truncate(&mut self, name: usize, size: usize) -> Result<(), Errno> {
        let file = self.open(name, 0)?;
        self.disk.truncate(file, size as i64, 0)?;
        self.disk.close(file)?;
        let (now, model) = (self.step, self.model(name));
        // A size that the file has already is no change.
        if size != model.live.len() {
            model.truncate(size, now);
            model.changed = now;
        }
        Ok(())
    }

    fn sync_all(&mut self) {
        self.disk.sync_all();
        self.states = vec![(self.step, self.names.clone())];
        for file in self.files.values_mut() {
            file.promise(self.step);
        }
        let since = self.step;
        self.name_since = (0..NAMES.len()).map(|name| (name, since)).collect();
    }

    fn sync(&mut self, name: usize, is_data: bool) -> Result<(), Errno> {
        let file = self.open(name, 0)?;
        let done = if is_data {
            self.disk.sync_data(file)
        } else {
            self.disk.sync(file)
        };
        self.disk.close(file)?;
        done?;
        self.promise_file(name);
        Ok(())
    }

    fn promise_file(&mut self, name: usize) {
        let (now, model) = (self.step, self.model(name));
        model.promise(now);
        let changed = model.changed;
        if self.profile.journal == JournalMode::Ordered {
            self.promise_states(changed);
        }
    }

    /// All that happened in directories up to `step` is durable.
    fn promise_states(&mut self, step: usize) {
        let last = self.states.iter().rposition(|(made, _)| *made <= step);
        self.states.drain(..last.unwrap_or(0));
    }

    fn sync_directory(&mut self, is_root: bool) -> Result<(), Errno> {
        let root = self.disk.root();
        let path: &[u8] = if is_root { b"/" } else { b"/d" };
        let file = self.disk.open(root, path, libc::O_RDONLY, 0, 0)?;
        self.disk.sync(file)?;
        self.disk.close(file)?;
        let is_in = |name: &usize| NAMES[*name].starts_with("/d/") != is_root;
        for name in (0..NAMES.len()).filter(is_in) {
            self.name_since.insert(name, self.step);
        }
        if self.profile.journal == JournalMode::Ordered {
            // The last step that changed an entry of this directory.
            let of = |names: &Names| -> Names {
                let names = names.iter().filter(|(name, _)| is_in(name));
                names.map(|(name, ino)| (*name, *ino)).collect()
            };
            let mut pairs = self.states.windows(2);
            let changed = pairs.rfind(|pair| of(&pair[0].1) != of(&pair[1].1));
            if let Some(step) = changed.map(|pair| pair[1].0) {
                self.promise_states(step);
            }
        }
        Ok(())
    }

    /// Compares what a crash has left, and goes on from there.
    fn check(&mut self) -> Result<(), Errno> {
        let root = self.disk.root();
        let unit = if self.profile.crash == CrashMode::Sectors {
            SECTOR
        } else {
            PAGE
        };
        let mut seen = Names::new();
        for (name, path) in NAMES.iter().enumerate() {
            match self.disk.stat(root, path.as_bytes(), true) {
                Ok(found) => drop(seen.insert(name, found.ino)),
                Err(Errno(libc::ENOENT)) => {}
                Err(error) => return Err(error),
            }
        }
        self.check_names(&seen);
        let mut files = BTreeMap::new();
        for (name, ino) in &seen {
            let file = self.open(*name, 0)?;
            let mut bytes = vec![0; 1 << 16];
            let length = self.disk.read(file, &mut bytes, 0)?;
            bytes.truncate(length);
            let links = self.disk.stat_file(file)?.links as usize;
            let known = seen.values().filter(|other| *other == ino).count();
            assert_eq!(links, known, "links of {ino:?}");
            self.disk.close(file)?;
            self.files[ino].check(&bytes, unit);
            files.insert(*ino, FileModel::of(bytes, self.step));
        }
        self.files = files;
        self.states = vec![(self.step, seen.clone())];
        self.name_since = (0..NAMES.len()).map(|name| (name, self.step)).collect();
        self.names = seen;
        Ok(())
    }

    fn check_names(&self, seen: &Names) {
        match self.profile.journal {
            JournalMode::Ordered => {
                let is_it = |state: &(usize, Names)| state.1 == *seen;
                let states = &self.states;
                assert!(states.iter().any(is_it), "{seen:?} is none of {states:?}");
            }
            JournalMode::Strict => {
                for (name, path) in NAMES.iter().enumerate() {
                    let since = self.name_since.get(&name).copied().unwrap_or(0);
                    let first = self.states.iter().rposition(|(made, _)| *made <= since);
                    let mut states = self.states[first.unwrap_or(0)..].iter();
                    let is_it = states.any(|(_, names)| names.get(&name) == seen.get(&name));
                    assert!(is_it, "{path}: {:?}", seen.get(&name));
                }
            }
        }
    }
}

/// Profiles without faults by chance: the model does its own.
fn profile() -> impl Strategy<Value = Profile> {
    let modes = vec![CrashMode::Whole, CrashMode::Pages, CrashMode::Sectors];
    let journals = vec![JournalMode::Ordered, JournalMode::Strict];
    let writeback = vec![0.0, 0.0, 0.3];
    let chosen = (select(modes), select(journals), select(writeback));
    chosen.prop_map(|(crash, journal, writeback)| Profile {
        crash,
        journal,
        writeback,
        ..Profile::calm()
    })
}

proptest! {
    #![proptest_config(config(600))]

    #[test]
    fn what_was_synced_survives_and_nothing_else_appears(
        profile in profile(),
        steps in vec(step(), 1..60),
    ) {
        let mut world = World::new(profile).expect("an empty disk");
        for step in &steps {
            // Steps on names that are not there do nothing.
            match world.run(step) {
                Ok(()) | Err(Errno(libc::ENOENT | libc::EEXIST)) => {}
                Err(error) => panic!("{step:?}: {error}"),
            }
        }
        world.run(&Step::Crash(1)).expect("what is there can be read");
    }
}
