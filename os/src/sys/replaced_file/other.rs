//! A file that is to be replaced, where extended attributes are not kept.

use std::fs::File;
use std::io;

use crate::sys::directory::{Directory, Name, Owners};

/// What was at a name, as it was then.
#[derive(Debug)]
pub(crate) struct ReplacedFile(Owners);

impl ReplacedFile {
    /// What is at `name`, if it is a regular file.
    pub(crate) fn find(directory: &Directory, name: &Name) -> io::Result<Option<Self>> {
        Ok(directory.file_at(name)?.map(Self))
    }

    pub(crate) fn owners(&self) -> Owners {
        self.0
    }

    pub(crate) fn copy_attributes(&self, _: &File) -> io::Result<()> {
        Ok(())
    }

    /// Whether the mode alone says who may use the file: that is all that is looked at here.
    pub(crate) fn move_access_list(&self, _: &File, _: bool) -> io::Result<bool> {
        Ok(true)
    }
}
