//! What a replica must not forget, in a file that only grows: votes, and entries of its log.
//!
//! Invariant   A line that was synced is there after a crash; a part of a line at the end was not, and is cut off.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use super::message::Entry;

const FOLDER: &str = "/var/lib";
const FILE: &str = "/var/lib/raft.journal";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Record {
    /// The replica is in this term, and has voted for this candidate.
    Vote { term: u64, vote: Option<String> },
    /// The entry stands behind so many others, and nothing stands behind it.
    Entry { before: usize, entry: Entry },
}

/// What was kept.
#[derive(Debug, Default)]
pub(super) struct KeptState {
    pub(super) term: u64,
    pub(super) vote: Option<String>,
    pub(super) log: Vec<Entry>,
}

impl KeptState {
    fn add(&mut self, record: Record) {
        match record {
            Record::Vote { term, vote } => (self.term, self.vote) = (term, vote),
            Record::Entry { before, entry } => {
                self.log.truncate(before);
                self.log.push(entry);
            }
        }
    }
}

#[derive(Debug)]
pub(super) struct Journal {
    file: File,
}

impl Journal {
    /// Opens it, and reads what it has kept.
    pub(super) async fn open() -> io::Result<(Self, KeptState)> {
        let bytes = match fs::read(FILE).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read?,
        };
        let mut kept = KeptState::default();
        let mut length = 0;
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            let Ok(record) = serde_json::from_slice(line) else {
                break;
            };
            if !line.ends_with(b"\n") {
                break;
            }
            kept.add(record);
            length += line.len() as u64;
        }
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(false);
        let mut file = options.open(Path::new(FILE)).await?;
        file.set_len(length).await?;
        file.seek(io::SeekFrom::Start(length)).await?;
        file.sync_all().await?;
        File::open(FOLDER).await?.sync_all().await?;
        Ok((Self { file }, kept))
    }

    /// Writes records behind those that are there; they are kept when they are synced.
    pub(super) async fn write(&mut self, records: &[Record], is_synced: bool) -> io::Result<()> {
        let mut lines = Vec::new();
        for record in records {
            serde_json::to_writer(&mut lines, record)?;
            lines.push(b'\n');
        }
        self.file.write_all(&lines).await?;
        self.file.flush().await?;
        if is_synced {
            self.file.sync_data().await?;
        }
        Ok(())
    }
}
