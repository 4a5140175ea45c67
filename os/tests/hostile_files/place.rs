//! Hostile file systems, each with the files that the operations want.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fuse_server::{FuseMount, Gate, Kind, ROOT, ServerMode, bind, mount, unmount};
use crate::listener::{PRE_ACCESS, listen};
use crate::operations::{LARGE, prepare};

/// What the files stand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileSystemKind {
    /// A server.
    Served(ServerMode),
    /// Memory above a server.
    Overlay,
    /// Memory, and a listener that permits what is opened.
    Opened,
    /// Memory, and a listener that permits what is read.
    Read,
    /// The disk, and such a listener.
    ReadFromDisk,
    /// The disk, and a listener that permits before the content is used, as one that fetches it would.
    Fetched,
}

/// A hostile file system.
pub(crate) struct Place {
    /// The directory of the operations.
    pub(crate) at: PathBuf,
    pub(crate) gate: Arc<Gate>,
    /// The directory that all is in.
    directory: PathBuf,
    pub(crate) file_system: FileSystemKind,
    served: Option<FuseMount>,
    /// More options of an overlay.
    options: &'static str,
}

impl Place {
    /// A new one in `directory`, which is empty.
    ///
    /// # Errors
    /// What this system does not allow.
    pub(crate) fn new(file_system: FileSystemKind, directory: &Path) -> io::Result<Self> {
        let make = |name: &str| -> io::Result<PathBuf> {
            let path = directory.join(name);
            std::fs::create_dir_all(&path)?;
            Ok(path)
        };
        let mut place = Self {
            at: make("at")?,
            gate: Arc::new(Gate::new()),
            directory: directory.to_owned(),
            file_system,
            served: None,
            options: "",
        };
        let in_memory = || mount("tmpfs", &directory.join("at"), 0, "size=8m");
        match file_system {
            FileSystemKind::Served(manner) => place.serve("at", manner)?,
            FileSystemKind::Overlay => {
                make("lower")?;
                make("upper")?;
                place.serve("lower", ServerMode::Direct)?;
                place.served.iter().for_each(put_all);
                place.begin_to_lay_over()?;
            }
            FileSystemKind::Opened => {
                in_memory()?;
                let mask = libc::FAN_OPEN_PERM | libc::FAN_ONDIR;
                listen(&place.at, mask, &place.gate)?;
            }
            FileSystemKind::Fetched => {
                bind(&place.at)?;
                listen(&place.at, PRE_ACCESS, &place.gate)?;
            }
            FileSystemKind::Read | FileSystemKind::ReadFromDisk => {
                if file_system == FileSystemKind::Read {
                    in_memory()?;
                } else {
                    bind(&place.at)?;
                }
                listen(&place.at, libc::FAN_ACCESS_PERM, &place.gate)?;
            }
        }
        Ok(place)
    }

    fn serve(&mut self, name: &str, manner: ServerMode) -> io::Result<()> {
        let served = FuseMount::at(&self.directory.join(name), manner)?;
        self.gate = Arc::clone(&served.gate);
        self.served = Some(served);
        Ok(())
    }

    /// Lays fresh memory over the server.
    fn lay_over(&self) -> io::Result<()> {
        let upper = self.directory.join("upper");
        unmount(&self.at, libc::MNT_DETACH);
        unmount(&upper, libc::MNT_DETACH);
        mount("tmpfs", &upper, 0, "size=8m")?;
        std::fs::create_dir(upper.join("new"))?;
        std::fs::create_dir(upper.join("work"))?;
        let (directory, more) = (self.directory.display(), self.options);
        let options = format!(
            "lowerdir={directory}/lower,upperdir={directory}/upper/new,workdir={directory}/upper/work{more}"
        );
        mount("overlay", &self.at, 0, &options)
    }

    /// Lays memory over the server so that what is below can be removed.
    fn begin_to_lay_over(&mut self) -> io::Result<()> {
        for options in ["", ",userxattr"] {
            self.options = options;
            // An older one knows no such option, and in a user namespace nothing is removed without.
            let is_fit = self.lay_over().is_ok() && {
                let path = self.at.join("full");
                std::fs::remove_dir_all(&path).is_ok() && std::fs::create_dir(&path).is_ok()
            };
            if is_fit {
                return self.lay_over();
            }
        }
        Err(io::Error::other("what lies below cannot be removed"))
    }

    /// Makes the files as the operations find them.
    pub(crate) fn prepare(&self) -> io::Result<()> {
        match (self.file_system, &self.served) {
            (FileSystemKind::Served(_), Some(served)) => put_all(served),
            (FileSystemKind::Overlay, _) => self.lay_over()?,
            _ => prepare(&self.at)?,
        }
        Ok(())
    }

    /// All files are gone, without a word to the system.
    pub(crate) fn clear(&self) {
        if let Some(served) = &self.served {
            served.clear();
        }
    }

    /// The server dies, or the listener is gone.
    pub(crate) fn abort(&self) {
        self.gate.close();
        if let Some(served) = &self.served {
            served.abort();
        }
    }
}

/// The same as `prepare`, by the server itself.
fn put_all(served: &FuseMount) {
    served.clear();
    served.put(ROOT, "small", Kind::File(b"small"));
    served.put(ROOT, "large", Kind::File(&[7; LARGE]));
    served.put(ROOT, "empty", Kind::TempDir);
    let full = served.put(ROOT, "full", Kind::TempDir);
    served.put(full, "one", Kind::File(b"1"));
    served.put(ROOT, "link", Kind::Link("small"));
}

impl Drop for Place {
    fn drop(&mut self) {
        self.abort();
        unmount(&self.at, libc::MNT_DETACH);
        unmount(&self.directory.join("upper"), libc::MNT_DETACH);
    }
}
