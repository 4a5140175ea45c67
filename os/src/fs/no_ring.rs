//! No ring here: all goes to the pool.

use super::open_file::OpenFile;
use std::io;
use std::sync::Arc;

pub(super) async fn read_at<B>(
    _file: &Arc<OpenFile>,
    buf: B,
    _offset: u64,
) -> Result<(io::Result<usize>, B), B> {
    Err(buf)
}

pub(super) async fn write_at<B>(
    _file: &Arc<OpenFile>,
    buf: B,
    _from: usize,
    _offset: u64,
) -> Result<(io::Result<usize>, B), B> {
    Err(buf)
}

pub(super) async fn sync(_file: &Arc<OpenFile>, _only_data: bool) -> Option<io::Result<()>> {
    None
}
