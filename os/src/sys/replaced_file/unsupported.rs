//! The file that is to be replaced, on systems of which extended attributes are not copied.

use std::fs::File;
use std::io;

use crate::sys::directory::{Directory, Name, Owners};

/// The file that was found at a name.
#[derive(Debug)]
pub(crate) struct ReplacedFile(Owners);

impl ReplacedFile {
    /// The regular file at `name`, if there is one.
    #[inline]
    pub(crate) fn find(directory: &Directory, name: &Name) -> io::Result<Option<Self>> {
        Ok(directory.file_at(name)?.map(Self))
    }

    #[inline]
    pub(crate) fn owners(&self) -> Owners {
        self.0
    }

    #[inline]
    pub(crate) fn copy_attributes(&self, _: &File) -> io::Result<()> {
        Ok(())
    }

    /// Whether the mode alone says who may use the file: nothing else is looked at here.
    #[inline]
    pub(crate) fn move_access_list(&self, _: &File, _: bool) -> io::Result<bool> {
        Ok(true)
    }
}
